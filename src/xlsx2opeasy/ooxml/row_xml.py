"""The cells of a row as byte ranges of a sheet's XML, so that some can be replaced.

ECMA-376 Part 1, 18.3.1.4 (c) and 18.3.1.73 (row): without `r` a row or cell follows the one before.
"""

import re
from typing import NamedTuple

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import LAST_COLUMN, column_of
from xlsx2opeasy.ooxml.package import RESAVE
from xlsx2opeasy.ooxml.xml import ATTRIBUTES

_LEADING_LETTERS = re.compile(rb"[A-Z]{1,3}")
_CELL_REFERENCE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{1,3})([0-9]{1,7})\s*["']""")


class Cell(NamedTuple):
    """A cell of a row: its column from 1, and its place; `opened` is the end of its start tag."""

    column: int
    start: int
    opened: int
    end: int
    has_reference: bool

    @property
    def empty(self) -> bool:
        """Whether it holds no value: a self-closing tag, which has a format only."""
        return self.opened == self.end


class Tags:
    """The patterns of a sheet's tags, for its namespace prefix (`b"x:"`, mostly empty)."""

    def __init__(self, prefix: bytes) -> None:
        p = re.escape(prefix)
        self.prefix = prefix
        attributes = (
            rb'(?: r="([0-9]{1,7})")?((?: spans="[0-9:]+")?' + ATTRIBUTES + rb")"
        )  # the usual ones first
        self.row = re.compile(rb"\s*(<)" + p + rb"row" + attributes + rb"\s*(/?)>")
        self.row_end = b"</" + prefix + b"row"
        self.data_end = re.compile(rb"\s*</" + p + rb"sheetData\s*>")
        self.cell = re.compile(rb"<" + p + rb"c(" + ATTRIBUTES + rb")\s*(/?)>")
        self.cell_end = re.compile(rb"</" + p + rb"c\s*>")
        self.plain_cell_end = b"</" + prefix + b"c>"
        self.cell_start = b"<" + prefix + b"c"
        self.plain_cell = self.cell_start + b' r="'
        self.formula_start = b"<" + prefix + b"f"
        self.formula = re.compile(rb"<" + p + rb"f(" + ATTRIBUTES + rb")\s*/?>")

    def cells(self, masked: bytes, start: int, end: int, before: int = 0) -> list[Cell]:
        """The cells between two positions of a row, the first of them right of column `before`."""
        cells, position = [], start
        while found := self.cell.search(masked, position, end):
            reference = _CELL_REFERENCE.search(found[1])
            column = column_of(reference[1].decode()) if reference else before + 1
            if column <= before or column > LAST_COLUMN:
                raise WorkbookUnusable(
                    "Cells of a row are out of order, repeated or outside the grid.", RESAVE
                )
            position = found.end() if found[2] else _after(masked, self.cell_end, found.end(), end)
            cells.append(Cell(column, found.start(), found.end(), position, reference is not None))
            before = column
        return cells

    def last_used(self, masked: bytes, start: int, end: int) -> int:
        """The column of a row's last cell that holds anything, 0 if none does; for rows of plain cells."""
        close = masked.rfind(self.plain_cell_end[:-1], start, end)
        cell = masked.rfind(self.plain_cell, start, close) if close >= 0 else -1
        return self._column_at(masked, cell) if cell >= 0 else 0

    def from_column(
        self, masked: bytes, start: int, end: int, first: int, *, plain: bool
    ) -> tuple[int, list[Cell]]:
        """Where a cell of column `first` belongs in a row, and the row's cells from that column on.

        `plain` says that every cell of the sheet begins `<c r="A1"`: then they are looked for from the end.
        """
        if not plain:
            cells = self.cells(masked, start, end)
            later = [cell for cell in cells if cell.column >= first]
            return later[0].start if later else cells[-1].end if cells else start, later
        place, cell = end, masked.rfind(self.plain_cell, start, end)
        while cell >= 0 and self._column_at(masked, cell) >= first:
            place, cell = cell, masked.rfind(self.plain_cell, start, cell)
        if place < end:
            return place, self.cells(masked, place, end, first - 1)
        if cell < 0:
            return start, []
        if masked.endswith(self.plain_cell_end, cell, end):
            return end, []
        return self.cells(masked, cell, end)[0].end, []

    def _column_at(self, masked: bytes, cell: int) -> int:
        """The column of the plain cell that begins here."""
        letters = _LEADING_LETTERS.match(masked, cell + len(self.plain_cell))
        return column_of(letters[0].decode()) if letters else 0


def _after(masked: bytes, end_tag: re.Pattern[bytes], start: int, end: int) -> int:
    """The position after an end tag."""
    found = end_tag.search(masked, start, end)
    if found is None:
        raise WorkbookUnusable("A cell of the workbook has no end.", RESAVE)
    return found.end()
