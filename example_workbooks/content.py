"""What an example workbook holds, apart from how it looks."""

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class FailedFormula:
    """A formula whose result, as Excel stored it, is an error such as `#N/A`."""

    formula: str
    error: str

    def __str__(self) -> str:
        return self.error


@dataclass(frozen=True)
class Sheet:
    """One task sheet. A row is its cells by header; `frozen_columns` stay in view at the left."""

    task_type: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    frozen_columns: int = 1


@dataclass(frozen=True)
class Example:
    """One workbook; a `careful` one has text columns and dropdowns."""

    file_name: str
    title: str
    sheets: tuple[Sheet, ...]
    careful: bool = True


def row(headers: tuple[str, ...], *values: object) -> Row:
    """The cells of a row in the order of its headers; None leaves one blank."""
    return {header: value for header, value in zip(headers, values, strict=True) if value is not None}


def mac_address(number: int) -> str:
    """An invented MAC address: 02 says that it is locally administered, so that nobody owns it."""
    return f"02005E{number:06X}"
