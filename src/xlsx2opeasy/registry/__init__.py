"""Every rule that the reader and the check apply, by its code: `rules`, `--allow`, `docs/rules.md` read it."""

from collections.abc import Iterable
from difflib import get_close_matches

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.registry.entry import READING_THE_FILE, Entry, Sentence, Severity
from xlsx2opeasy.registry.files import FILES
from xlsx2opeasy.registry.rows import ROWS
from xlsx2opeasy.registry.values import VALUES

__all__ = ["READING_THE_FILE", "RULES", "Entry", "Sentence", "Severity"]

RULES: dict[str, Entry] = {each.code: each for each in (*VALUES, *ROWS, *FILES)}
"""All rules by code, in the order in which they are listed."""

if len(RULES) != len(VALUES) + len(ROWS) + len(FILES):
    raise ValueError("a rule is in the registry twice")


def allowed_rules(*codes: Iterable[str]) -> frozenset[str]:
    """All of `codes`. Raises UsageError for one that is no rule, or that cannot be allowed."""
    found = frozenset(code for each in codes for code in each)
    for code in sorted(found):
        entry = RULES.get(code)
        if entry is None:
            raise unknown_rule(code)
        if not entry.allowed:
            raise UsageError(
                f'the rule "{code}" cannot be allowed: {entry.why}',
                f"what it asks for: xlsx2opeasy rules {code}",
            )
    return found


def unknown_rule(code: str) -> UsageError:
    """The error for a code that no rule has."""
    near = get_close_matches(code.casefold(), RULES, n=1)
    return UsageError(
        f'there is no rule "{code}"', f"did you mean {near[0]}?" if near else "all of them: xlsx2opeasy rules"
    )
