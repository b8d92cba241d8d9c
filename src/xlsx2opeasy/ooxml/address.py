"""Addresses of cells and areas (`F7`, `A1:C9`), within Excel's grid (S04)."""

import re
from typing import NamedTuple

from xlsx2opeasy.errors import WorkbookUnusable

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


class Area(NamedTuple):
    """A rectangle of cells, both corners included; rows and columns count from 1."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def words(self) -> str:
        """The area as Excel writes it."""
        first = f"{letters_of(self.first_column)}{self.first_row}"
        last = f"{letters_of(self.last_column)}{self.last_row}"
        return first if first == last else f"{first}:{last}"


def letters_of(column: int) -> str:
    """The letters of a column that counts from 1: 1 is A, 27 is AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def outside_grid(address: str) -> WorkbookUnusable:
    """The error for an address that no sheet has."""
    return WorkbookUnusable(
        f"The workbook has a cell with the address {address[:20]!r}, which is outside Excel's grid.",
        "Open the workbook in Excel, let it repair the file, and save it.",
    )


def parse_address(address: str) -> tuple[int, int]:
    """Row and column of `F7`, from 1; raise WorkbookUnusable where it is outside the grid."""
    if not (found := _ADDRESS.fullmatch(address)):
        raise outside_grid(address)
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    row = int(found[2])
    if not (1 <= row <= LAST_ROW and column <= LAST_COLUMN):
        raise outside_grid(address)
    return row, column


def parse_area(reference: str) -> Area:
    """The area of `A1:C9` or `F7`; it is never expanded into its cells."""
    first, _, last = reference.partition(":")
    top, left = parse_address(first)
    bottom, right = parse_address(last or first)
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))
