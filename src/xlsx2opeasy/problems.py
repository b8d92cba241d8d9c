"""What is wrong at one cell, as the reader and the check report it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from xlsx2opeasy.registry import RULES, Severity

__all__ = ["MASK", "Problem", "Severity", "problem"]

MASK = "********"
"""What is shown in the place of a secret."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where it is, which rule it breaks, what the cell holds, and what to do.

    `row` is Excel's row number and `column` the column's letters; both are None where the finding is about
    the sheet or the workbook. `value` is masked where the field is secret. `field` is the header in its
    canonical spelling. `lowered` says that an error was made a warning by `--allow`. Raises ValueError where
    the registry has no such rule, or the rule has no problems of this severity.
    """

    sheet: str
    rule: str
    message: str
    hint: str = ""
    row: int | None = None
    column: str | None = None
    field: str | None = None
    value: str | None = None
    severity: Severity = Severity.ERROR
    lowered: bool = False

    def __post_init__(self) -> None:
        entry = RULES.get(self.rule)
        if entry is None:
            raise ValueError(f"the registry has no rule {self.rule}")
        if not (entry.allowed if self.lowered else entry.permits(self.severity)):
            raise ValueError(f"the rule {self.rule} has no {self.severity}s")

    @property
    def cell(self) -> str | None:
        """The address within the sheet (`F7`), where it is about one cell."""
        return f"{self.column}{self.row}" if self.row is not None and self.column is not None else None

    def under(self, allowed: Collection[str]) -> "Problem":
        """The problem where these rules are allowed: their errors are warnings."""
        if self.severity is Severity.WARNING or self.rule not in allowed:
            return self
        return replace(self, severity=Severity.WARNING, lowered=True)

    @property
    def words(self) -> str:
        """Message and hint as one: `"12a" holds more than digits, write digits only, such as 0101`."""
        if not self.hint:
            return self.message
        return f"{self.message}{'' if self.message.endswith('.') else ','} {self.hint}"

    def as_json(self) -> dict[str, Any]:
        """The shape of `check --json`."""
        return {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "cell": self.cell,
            "field": self.field,
            "severity": self.severity.value,
            "rule": self.rule,
            "value": self.value,
            "message": self.message,
            "hint": self.hint,
        }


def problem(
    rule: str,
    sheet: str,
    *,
    row: int | None = None,
    column: str | None = None,
    field: str | None = None,
    shown: str | None = None,
    variant: str = "",
    severity: Severity | None = None,
    places: Mapping[str, object],
) -> Problem:
    """A problem in the registry's words; `variant` names the sentence, `places` fill it.

    `shown` is its `value`. The severity is the rule's own where none is given.
    """
    entry = RULES[rule]
    words = entry.filled(variant, places)
    of = entry.severity if severity is None else severity
    return Problem(sheet, entry.code, words.message, words.remedy, row, column, field, shown, of)
