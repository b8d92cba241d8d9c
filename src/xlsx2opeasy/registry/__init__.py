"""Every rule that the reader and the check apply, by its code: `rules`, `--allow`, `docs/rules.md` read it."""

from collections.abc import Iterable
from difflib import get_close_matches

from xlsx2opeasy.registry.entry import READING_THE_FILE, Entry, Sentence, Severity
from xlsx2opeasy.registry.files import FILES
from xlsx2opeasy.registry.rows import ROWS
from xlsx2opeasy.registry.values import VALUES

__all__ = ["READING_THE_FILE", "RULES", "Entry", "Sentence", "Severity", "refusal_of"]

RULES: dict[str, Entry] = {each.code: each for each in (*VALUES, *ROWS, *FILES)}
"""All rules by code, in the order in which they are listed."""

if len(RULES) != len(VALUES) + len(ROWS) + len(FILES):
    raise ValueError("a rule is in the registry twice")


def refusal_of(codes: Iterable[str]) -> tuple[str, str] | None:
    """Why one of `codes` cannot be allowed, with a remedy; None where all can."""
    for code in codes:
        entry = RULES.get(code)
        if entry is None:
            near = get_close_matches(code, RULES, n=1)
            remedy = f"did you mean {near[0]}?" if near else "xlsx2opeasy rules lists them"
            return f'there is no rule "{code}"', remedy
        if not entry.allowed:
            return (
                f'the rule "{code}" cannot be allowed: {entry.why}',
                f"xlsx2opeasy rules {code} explains it",
            )
    return None
