"""Second pass over a sheet: its XML with results, block by block.

Called by `results.py` with what the first pass (`results_survey.py`) found. Besides the rows only
`dimension`, `cols` (where columns are new) and merged ranges over result cells change.
"""

from collections.abc import Iterator

from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS
from xlsx2opeasy.workbook.results_cells import Area, column_letters
from xlsx2opeasy.workbook.results_rows import Edit, ResultRows
from xlsx2opeasy.workbook.results_stream import Block, SheetStream
from xlsx2opeasy.workbook.results_survey import Survey, union
from xlsx2opeasy.workbook.results_xml import Element, parsed, spliced, with_attribute

WIDTHS: dict[str, float] = dict(zip(RESULT_COLUMNS, (12.0, 11.0, 70.0, 36.0), strict=True))
"""Widths of the result columns, in characters."""

_PADDING = 0.7109375
"""What Excel adds to a width for the margins of a cell (18.3.1.13, at the default font)."""


def rewritten(stream: SheetStream, layout: Survey, rows: ResultRows) -> Iterator[bytes]:
    """The sheet with its results, as UTF-8."""
    yield _head(stream, layout, rows.numbers)
    prefix = stream.tags.prefix
    yield stream.opening if stream.has_rows else b"<%bsheetData>" % prefix
    waiting = _Waiting(rows)
    for block in stream.rows():
        yield b"".join(waiting.pieces(block))
    yield waiting.rest()
    if not stream.has_rows:
        yield b"</%bsheetData>" % prefix
    yield _tail(stream, layout)


class _Waiting:
    """The rows that still wait for their result, in order."""

    def __init__(self, rows: ResultRows) -> None:
        self._rows = rows
        self._numbers = iter(rows.numbers)
        self._next: int | None = next(self._numbers, None)

    def pieces(self, block: Block) -> Iterator[bytes]:
        """A block with the results of its rows, and with the rows that it lacks."""
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
                yield row.start, row.start, self._rows.absent(self._take())
            if self._next == row.number:
                yield from self._rows.edits(block, row)
                self._take()

    def rest(self) -> bytes:
        """The rows below the last row of the sheet."""
        pieces = []
        while self._next is not None:
            pieces.append(self._rows.absent(self._take()))
        return b"".join(pieces)

    def _take(self) -> int:
        number, self._next = self._next, next(self._numbers, None)
        assert number is not None
        return number


def _head(stream: SheetStream, layout: Survey, numbers: list[int]) -> bytes:
    """The part before the rows, with a true `dimension` and with widths for new columns."""
    edits: list[Edit] = []
    dimension = stream.root.child("dimension")
    if dimension and numbers:
        ours = Area(numbers[0], min(layout.columns), numbers[-1], max(layout.columns))
        reference = _reference(union(layout.cells, (ours,)))
        tag = stream.head[dimension.start : dimension.inside]
        edits.append((dimension.start, dimension.inside, with_attribute(tag, "ref", reference)))
    if layout.new:
        edits.append(_columns(stream, layout))
    return spliced(stream.head, edits)


def _reference(area: Area) -> str:
    first, last = f"{column_letters(area.left)}{area.top}", f"{column_letters(area.right)}{area.bottom}"
    return first if first == last else f"{first}:{last}"


def _columns(stream: SheetStream, layout: Survey) -> tuple[int, int, bytes]:
    """The edit that gives the new columns their widths; other columns keep theirs (18.3.1.13, 18.3.1.17)."""
    widths = {column: WIDTHS[name] for name, column in zip(RESULT_COLUMNS, layout.columns, strict=True)}
    prefix = stream.root.prefix
    there = stream.root.child("cols")
    ranges = list(there.all("col")) if there else []
    pieces: list[tuple[int, bytes]] = []
    for each in ranges:
        pieces += _uncovered(stream.head, each, layout.new)
    for column in layout.new:
        style = next((f' style="{style}"' for each in ranges if (style := _style_at(each, column))), "")
        place = f'min="{column}" max="{column}" width="{widths[column] + _PADDING}"{style} customWidth="1"'
        pieces.append((column, f"<{prefix}col {place}/>".encode()))
    content = b"".join(piece for _, piece in sorted(pieces))
    if there and there.inside < there.end:
        return there.inside, there.close, content
    block = f"<{prefix}cols>".encode() + content + f"</{prefix}cols>".encode()
    return (there.start, there.end, block) if there else (len(stream.head), len(stream.head), block)


def _uncovered(head: bytes, element: Element, new: frozenset[int]) -> Iterator[tuple[int, bytes]]:
    """A `col` without the new columns: itself, or its parts at their left and right, each with its first."""
    first, last = _range(element)
    tag = head[element.start : element.end]
    if not any(first <= column <= last for column in new):
        yield first, tag
        return
    for start, end in ((first, min(new) - 1), (max(new) + 1, last)):
        if start <= end:
            yield start, with_attribute(with_attribute(tag, "min", str(start)), "max", str(end))


def _style_at(element: Element, column: int) -> str:
    """The format that a `col` gives to a column, "" for none."""
    first, last = _range(element)
    return element.attributes.get("style", "") if first <= column <= last else ""


def _range(element: Element) -> tuple[int, int]:
    return int(element.attributes["min"]), int(element.attributes["max"])


def _tail(stream: SheetStream, layout: Survey) -> bytes:
    """The part after the rows, without the merged ranges that would hide results."""
    tail = stream.tail()
    if not layout.unmerged:
        return tail
    data = stream.around_tail + tail
    edits: list[Edit] = []
    for merges in parsed(data, stream.part).all("mergeCells"):
        cells = list(merges.all("mergeCell"))
        gone = [each for each in cells if each.attributes.get("ref", "") in layout.unmerged]
        if len(gone) == len(cells):
            edits.append((merges.start, merges.end, b""))
            continue
        tag = with_attribute(data[merges.start : merges.inside], "count", str(len(cells) - len(gone)))
        edits += [(merges.start, merges.inside, tag), *((each.start, each.end, b"") for each in gone)]
    return spliced(data, edits)[len(stream.around_tail) :]
