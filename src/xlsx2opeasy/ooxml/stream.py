"""A sheet's XML as a stream: its head up to the rows, blocks of whole rows, and its tail.

Rows are found by their tags alone, not parsed: raw text cannot hold a `<`, and comments, CDATA and processing
instructions are masked. So 100,000 rows take tenths of a second.

The cells of a row are byte ranges of the XML, so that some can be replaced.

ECMA-376 Part 1, 18.3.1.4 (c) and 18.3.1.73 (row): without `r` a row or cell follows the one before.
"""

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import LAST_COLUMN, LAST_ROW, column_of
from xlsx2opeasy.ooxml.package import BLOCK, RESAVE
from xlsx2opeasy.ooxml.relations import MAIN_NAMESPACES
from xlsx2opeasy.ooxml.xml import ATTRIBUTES, Element, masked, parsed, utf8_blocks

LONGEST_HEAD = 32 << 20
"""The part before the rows may not be longer than this; a real head has a few KB."""

LONGEST_ROW = 128 << 20
"""Nor may one row, with what is between it and the one before."""

_END = re.compile(rb"\s*>")
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["']\s*([0-9]{1,9})\s*["']""")


class Row(NamedTuple):
    """A row of a block: its number, and the places of its tag, its cells, its end tag and its end."""

    number: int
    start: int
    inside: int
    close: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes of `sheetData` that end with a row, the same bytes masked, and the rows within them."""

    data: bytes
    masked: bytes
    rows: list[Row]


class KnownRows:
    """The rows of one block, in a tenth of the memory."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._numbers = array("q", chain.from_iterable(rows))

    def rows(self) -> list[Row]:
        """The rows."""
        each = iter(self._numbers)
        return [Row(*numbers) for numbers in zip(each, each, each, each, each, strict=True)]


class SheetStream:
    """One reading of a sheet. Take `rows()` to its end before `tail()`.

    A second reading of the same blocks takes the rows as `known` from the first, block by block.

    `head` ends before the `sheetData` tag, `opening` is that tag, `root_tag` the sheet's; `around_tail`
    followed by `tail()` is XML again. `WorkbookUnusable` where the part is no
    worksheet, or its rows are repeated, out of order or outside the grid.
    """

    def __init__(self, blocks: Iterable[bytes], part: str, known: Iterable[KnownRows] = ()) -> None:
        self.part = part
        self._known = iter(known)
        self._blocks = iter(utf8_blocks(blocks, part))
        data, self.root, rows = self._read_head()
        self.head, self.opening = data[: rows.start], data[rows.start : rows.inside]
        self.root_tag = data[self.root.start : self.root.inside]
        self.has_rows = not self.opening.endswith(b"/>")
        self.around_tail = self.root_tag + (self.opening if self.has_rows else b"")
        self.tags = Tags(self.root.prefix.encode())
        self._buffer = data[rows.inside :]

    def rows(self) -> Iterator[Block]:
        """The rows, in blocks; one has none where a row is longer than what is read at a time."""
        number, ended = 0, not self.has_rows
        while not ended:
            block = self._block(number)
            number = block.rows[-1].number if block.rows else number
            yield block
            ended = self.tags.data_end.match(masked(self._buffer)) is not None
            if not ended and not self._more(max(BLOCK, len(self._buffer))):
                raise self._damaged("its rows have no end")

    def tail(self) -> bytes:
        """Everything after the rows, from the end tag of `sheetData` where there is one."""
        return b"".join((self._buffer, *self._blocks))

    def _read_head(self) -> tuple[bytes, Element, Element]:
        """The bytes read until `sheetData`'s tag was complete, the root, and that element."""
        data = b""
        for block in self._blocks:
            data += block
            root = parsed(data, self.part, until="sheetData")
            if root.name != "worksheet" or root.namespace not in MAIN_NAMESPACES:
                raise self._damaged("it is no worksheet")
            rows = root.child("sheetData")
            if rows and rows.prefix == root.prefix:
                return data, root, rows
            if len(data) > LONGEST_HEAD:
                break
        raise self._damaged("it has no rows of the usual form")

    def _block(self, number: int) -> Block:
        """The whole rows that the buffer begins with; the rest stays in the buffer."""
        data, hidden = self._buffer, masked(self._buffer)
        known = next(self._known, None)
        rows = self._rows_in(hidden, number) if known is None else known.rows()
        position = rows[-1].end if rows else 0
        self._buffer = data[position:]
        whole = position == len(data)
        return Block(data if whole else data[:position], hidden if whole else hidden[:position], rows)

    def _rows_in(self, hidden: bytes, number: int) -> list[Row]:
        row_at, row_end = self.tags.row.match, self.tags.row_end
        rows: list[Row] = []
        position = 0
        while tag := row_at(hidden, position):
            inside = end = tag.end()
            before = number
            _, digits, attributes, alone = tag.groups()
            number = int(digits) if digits else _implied(attributes, before)
            if not before < number <= LAST_ROW:
                raise self._damaged(f"row {number} is repeated, out of order or outside the grid")
            close = inside
            if not alone:
                close = hidden.find(row_end, inside)
                if close < 0 or not (end := _tag_end(hidden, close + len(row_end))):
                    break
            rows.append(Row(number, tag.start(1), inside, close, end))
            position = end
        return rows

    def _more(self, size: int) -> bool:
        """Reads about `size` bytes on; False at the end of the part."""
        if len(self._buffer) > LONGEST_ROW:
            raise self._damaged("one of its rows is too long")
        pieces, length = [self._buffer], 0
        while length < size and (block := next(self._blocks, b"")):
            pieces.append(block)
            length += len(block)
        self._buffer = b"".join(pieces)
        return length > 0

    def _damaged(self, why: str) -> WorkbookUnusable:
        return WorkbookUnusable(f"The sheet in {self.part} cannot be written: {why}.", RESAVE)


def _implied(attributes: bytes, before: int) -> int:
    """The number of a row whose first attribute is not a plain `r`."""
    found = _ROW_NUMBER.search(attributes)
    return int(found[1]) if found else before + 1


def _tag_end(hidden: bytes, position: int) -> int:
    """The end of a tag whose name ends here, 0 where it is not complete."""
    if hidden[position : position + 1] == b">":
        return position + 1
    rare = _END.match(hidden, position)
    return rare.end() if rare else 0


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
