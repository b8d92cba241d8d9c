"""Changes cells of a sheet, block by block: cells that exist are edited, missing cells and rows are inserted.

ECMA-376 part 1, 18.3.1.4 (c), 18.3.1.73 (row): without `r` a cell follows the one before.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from xlsx2opeasy.ooxml.address import LAST_COLUMN, Area, areas_of, letters_of, union
from xlsx2opeasy.ooxml.stream import Block, Cell, Row, SheetStream, Tags
from xlsx2opeasy.ooxml.xml import decimal, spliced, with_attribute

Edit = tuple[int, int, bytes]
"""Where a replacement begins and ends, and what it is."""


class RowEditor(Protocol):
    """Says what becomes of some rows; `numbers` are these rows, sorted."""

    numbers: list[int]

    def absent(self, number: int) -> bytes:
        """A row that the sheet lacks."""

    def edits(self, block: Block, row: Row) -> Iterator[Edit]:
        """What changes in a row of the sheet, in order."""


def edited_rows(stream: SheetStream, editor: RowEditor) -> Iterator[bytes]:
    """The sheet from the tag of `sheetData` to where `stream.tail()` goes on, as UTF-8."""
    prefix = stream.tags.prefix
    yield stream.opening if stream.has_rows else b"<%bsheetData>" % prefix
    waiting = _Waiting(editor)
    for block in stream.rows():
        yield b"".join(waiting.pieces(block))
    yield waiting.rest()
    if not stream.has_rows:
        yield b"</%bsheetData>" % prefix


class _Waiting:
    """The rows that still wait for their edits, in order."""

    def __init__(self, editor: RowEditor) -> None:
        self._editor = editor
        self._numbers = iter(editor.numbers)
        self._next: int | None = next(self._numbers, None)

    def pieces(self, block: Block) -> Iterator[bytes]:
        """A block with the edits of its rows, and with the rows that it lacks."""
        position = 0
        for start, end, content in self._edits(block):
            yield block.data[position:start]
            yield content
            position = end
        yield block.data[position:]

    def _edits(self, block: Block) -> Iterator[Edit]:
        """The changes of a block, in order."""
        for row in block.rows:
            if self._next is None or row.number < self._next:
                continue
            while self._next is not None and self._next < row.number:
                yield row.start, row.start, self._editor.absent(self._take())
            if self._next == row.number:
                yield from self._editor.edits(block, row)
                self._take()

    def rest(self) -> bytes:
        """The rows below the last row of the sheet."""
        pieces = []
        while self._next is not None:
            pieces.append(self._editor.absent(self._take()))
        return b"".join(pieces)

    def _take(self) -> int:
        number, self._next = self._next, next(self._numbers, None)
        assert number is not None
        return number


CELL_STYLE = re.compile(rb"""(\ss\s*=\s*["']\s*)([0-9]{1,9})(\s*["'])""")
_ROW_FORMAT = re.compile(rb"""\scustomFormat\s*=\s*["'](?:1|true)["']""")
_SPANS = re.compile(rb"""\sspans\s*=\s*(?:"[^"]*"|'[^']*')""")


class CellChange(Protocol):
    """What becomes of the cells; a format is the index that the cell has, or had as a blank one."""

    def new(self, row: int, column: int, style: int) -> bytes:
        """The whole cell where there is none."""

    def edit(self, data: bytes, row: int, cell: Cell) -> Edit:
        """What changes in a cell that is there."""


class CellEdits:
    """Edits the cells of one sheet that `cells` names: columns by row, both from 1."""

    def __init__(self, stream: SheetStream, cells: Mapping[int, Collection[int]], change: CellChange) -> None:
        self.numbers = sorted(cells)
        self._cells, self._change = cells, change
        self._tags: Tags = stream.tags
        self._prefix = stream.tags.prefix
        self._columns = _column_formats(stream)

    def absent(self, number: int) -> bytes:
        """A row that the sheet lacks."""
        cells = b"".join(self._new(number, column, b"") for column in sorted(self._cells[number]))
        return b'<%brow r="%d">%b</%brow>' % (self._prefix, number, cells, self._prefix)

    def edits(self, block: Block, row: Row) -> Iterator[Edit]:
        """The edits of the cells that are there, and the cells that are made."""
        opening = block.data[row.start : row.inside]
        cells = self._tags.cells(block.masked, row.inside, row.close)
        columns = sorted(self._cells[row.number])
        there = {cell.column for cell in cells}
        new = [column for column in columns if column not in there]
        if row.inside == row.end:
            content = b"".join(self._new(row.number, column, opening) for column in new)
            tag = _SPANS.sub(b"", opening).removesuffix(b"/>").rstrip()
            yield row.start, row.end, tag + b">" + content + b"</%brow>" % self._prefix
            return
        if new:
            yield row.start, row.inside, _SPANS.sub(b"", opening)
        changed = (
            self._change.edit(block.data, row.number, cell)
            for cell in cells
            if cell.column in self._cells[row.number]
        )
        yield from sorted((*self._made(row, opening, cells, new), *changed), key=itemgetter(0, 1))

    def _made(self, row: Row, opening: bytes, cells: list[Cell], new: list[int]) -> Iterator[Edit]:
        """The cells that a row lacks; a cell without `r` after one of them gets it, or it would move."""

        def place(column: int) -> int:
            return sum(cell.column < column for cell in cells)

        for index, columns in groupby(new, place):
            content = b"".join(self._new(row.number, column, opening) for column in columns)
            position = cells[index - 1].end if index else row.inside
            yield position, position, content
            if index < len(cells) and not cells[index].has_reference:
                cell, name = cells[index], len(self._prefix) + len(b"<c")
                reference = f' r="{letters_of(cell.column)}{row.number}"'.encode()
                yield cell.start + name, cell.start + name, reference

    def _new(self, row: int, column: int, opening: bytes) -> bytes:
        """A cell in the format that it had as a blank one: of its row, else of its column."""
        own = CELL_STYLE.search(opening) if _ROW_FORMAT.search(opening) else None
        return self._change.new(row, column, int(own[2]) if own else self._columns(column))


def head_with(stream: SheetStream, changed: Area) -> bytes:
    """The part before the rows, with a `dimension` that holds the changed cells."""
    dimension = stream.root.child("dimension")
    reference = dimension.attributes.get("ref", "") if dimension else ""
    before = areas_of([reference]).get(reference)
    if dimension is None or before is None:
        return stream.head
    after = union([before, changed])
    if after == before:
        return stream.head
    tag = with_attribute(stream.head[dimension.start : dimension.inside], "ref", after.reference)
    return spliced(stream.head, [(dimension.start, dimension.inside, tag)])


def _column_formats(stream: SheetStream) -> Callable[[int], int]:
    """The format that a column gives to its blank cells, 0 for none."""
    there = stream.root.child("cols")
    ranges = [
        (decimal(each, "min", 1), decimal(each, "max", LAST_COLUMN), decimal(each, "style", 0))
        for each in (there.all("col") if there else ())
        if "style" in each.attributes
    ]
    return lambda column: next((style for first, last, style in ranges if first <= column <= last), 0)
