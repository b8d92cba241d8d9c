"""What is wrong at one cell, as the reader and the check tell it; every room above `spec` may use it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """An error stops the row; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


MASK = "********"
"""Stands wherever a secret would show."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where it is, which rule it breaks, what stands there, and what to do.

    `row` is Excel's row number and `column` the column's letters; both are None where the finding is about
    the sheet or the workbook. `value` is masked where the field is secret. `field` is the header in its
    canonical spelling.
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

    @property
    def cell(self) -> str | None:
        """The address within the sheet (`F7`), where it is about one cell."""
        return f"{self.column}{self.row}" if self.row is not None and self.column is not None else None

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
