"""A sheet's rows with some of them edited, block by block; rows that it lacks are inserted."""

from collections.abc import Iterator
from typing import Protocol

from xlsx2opeasy.ooxml.stream import Block, Row, SheetStream

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
