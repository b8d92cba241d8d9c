"""Second pass over a sheet: its XML with results, block by block.

Besides the rows only `dimension`, `cols` (where columns are new) and merged ranges over result cells change.
"""

from collections.abc import Iterator

from xlsx2opeasy.ooxml.address import LAST_COLUMN, Area, union
from xlsx2opeasy.ooxml.sheet_edits import Edit, edited_rows
from xlsx2opeasy.ooxml.stream import SheetStream
from xlsx2opeasy.ooxml.xml import Element, decimal, parsed, spliced, with_attribute
from xlsx2opeasy.workbook.results.rows import ResultRows
from xlsx2opeasy.workbook.results.survey import Survey

_PADDING = 0.7109375
"""What Excel adds to a width for the margins of a cell (18.3.1.13, at the default font)."""


def rewritten(stream: SheetStream, layout: Survey, rows: ResultRows) -> Iterator[bytes]:
    """The sheet with its results, as UTF-8."""
    yield _head(stream, layout, rows)
    yield from edited_rows(stream, rows)
    yield _tail(stream, layout)


def _head(stream: SheetStream, layout: Survey, rows: ResultRows) -> bytes:
    """The part before the rows, with a true `dimension` and with widths for new columns."""
    edits: list[Edit] = []
    dimension, numbers = stream.root.child("dimension"), rows.numbers
    if dimension and numbers:
        ours = Area(numbers[0], min(layout.columns), numbers[-1], max(layout.columns))
        reference = union([layout.cells, ours]).reference
        tag = stream.head[dimension.start : dimension.inside]
        edits.append((dimension.start, dimension.inside, with_attribute(tag, "ref", reference)))
    if layout.new:
        edits.append(_columns(stream, layout, rows.widths()))
    return spliced(stream.head, edits)


def _columns(stream: SheetStream, layout: Survey, widths: dict[int, int]) -> tuple[int, int, bytes]:
    """The edit that gives the new columns their widths; other columns keep theirs (18.3.1.13, 18.3.1.17)."""
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
    return decimal(element, "min", 1), decimal(element, "max", LAST_COLUMN)


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
