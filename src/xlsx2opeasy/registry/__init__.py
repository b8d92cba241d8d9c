"""Every rule that the reader and the check apply, by its code: `rules`, `--allow`, `docs/rules.md` read it."""

from xlsx2opeasy.registry.entry import READING_THE_FILE, Entry, Sentence, Severity
from xlsx2opeasy.registry.files import FILES
from xlsx2opeasy.registry.rows import ROWS
from xlsx2opeasy.registry.values import VALUES

__all__ = ["READING_THE_FILE", "RULES", "Entry", "Sentence", "Severity"]

RULES: dict[str, Entry] = {each.code: each for each in (*VALUES, *ROWS, *FILES)}
"""All rules by code, in the order in which they are listed."""

if len(RULES) != len(VALUES) + len(ROWS) + len(FILES):
    raise ValueError("a rule is in the registry twice")
