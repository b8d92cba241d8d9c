"""Addresses of cells and areas (`F7`, `A1:C9`) within Excel's grid. Rows and columns count from 1."""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from xlsx2opeasy.errors import WorkbookUnusable

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
_ADDRESS = re.compile(r"\s*\$?([A-Za-z]{1,3})\$?([0-9]{1,7})\s*")


class Area(NamedTuple):
    """A rectangle of cells, both corners included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def reference(self) -> str:
        """The area as Excel writes it: `B2:D7`, or `B2` for one cell."""
        first, last = f"{letters_of(self.left)}{self.top}", f"{letters_of(self.right)}{self.bottom}"
        return first if first == last else f"{first}:{last}"


@cache
def letters_of(column: int) -> str:
    """The letters of a column: 1 is `A`, 16,384 `XFD`."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@cache
def column_of(letters: str) -> int:
    """The number of a column by its letters in either case; 0 where the grid has no such column."""
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column if column <= LAST_COLUMN else 0


def outside_grid(address: str) -> WorkbookUnusable:
    """The error for an address that no sheet has."""
    return WorkbookUnusable(
        f"The workbook has a cell with the address {address[:20]!r}, which is outside Excel's grid.",
        "Open the workbook in Excel, let it repair the file, and save it.",
    )


def parse_address(address: str) -> tuple[int, int]:
    """Row and column of `F7`; raise WorkbookUnusable where it is outside the grid."""
    found = _ADDRESS.fullmatch(address)
    row, column = (int(found[2]), column_of(found[1])) if found else (0, 0)
    if not (column and 1 <= row <= LAST_ROW):
        raise outside_grid(address)
    return row, column


def parse_area(reference: str) -> Area:
    """The area of `A1:C9` or `F7`, never expanded; raise WorkbookUnusable as `parse_address` does."""
    first, _, last = reference.partition(":")
    top, left = parse_address(first)
    bottom, right = parse_address(last or first)
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def areas_of(references: Iterable[str]) -> dict[str, Area]:
    """The areas by their references; references that are none of a grid's are omitted."""
    found = {}
    for reference in references:
        try:
            found[reference] = parse_area(reference)
        except WorkbookUnusable:
            continue
    return found


def union(areas: Iterable[Area | None]) -> Area:
    """The smallest area that holds all of these, of which there is at least one."""
    tops, lefts, bottoms, rights = zip(*filter(None, areas), strict=True)
    return Area(min(tops), min(lefts), max(bottoms), max(rights))
