"""A sheet with marked cells: their format changes and nothing else, and the drawing of its comments is named.

ECMA-376 part 1, 18.3.1.4 (c), 18.3.1.73 (row). Called by `write.py`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from xlsx2opeasy.ooxml.parts import RELATION_TYPES
from xlsx2opeasy.ooxml.row_xml import Cell, Tags, area, area_reference, column_letters
from xlsx2opeasy.ooxml.sheet_edits import Edit, edited_rows
from xlsx2opeasy.ooxml.stream import Block, Row, SheetStream
from xlsx2opeasy.ooxml.xml import Element, parsed, spliced, with_attribute
from xlsx2opeasy.problems import Severity
from xlsx2opeasy.workbook.annotate.marks import SheetMarks
from xlsx2opeasy.workbook.annotate.styles import MarkStyles, Wanted
from xlsx2opeasy.workbook.results.survey import union

FormatOf = Callable[[int, Severity], int]
"""Gives the marked format for a cell's own."""

_STYLE = re.compile(rb"""(\ss\s*=\s*["']\s*)([0-9]{1,9})(\s*["'])""")
_ROW_FORMAT = re.compile(rb"""\scustomFormat\s*=\s*["'](?:1|true)["']""")
_SPANS = re.compile(rb"""\sspans\s*=\s*(?:"[^"]*"|'[^']*')""")
_AFTER_DRAWING = {
    *("legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts"),
    *("extLst", "AlternateContent"),
}


@dataclass(frozen=True, slots=True)
class NewDrawing:
    """The relationship's id of a drawing, and the namespace of that attribute."""

    relation: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first pass finds: the formats of marked cells, the relationship's id of the legacy drawing
    that the sheet has ("" for none), and the sheet's head.
    """

    wanted: frozenset[Wanted]
    drawing: str
    root: Element


def survey(stream: SheetStream, marks: SheetMarks) -> Survey:
    """Reads a sheet through."""
    wanted: set[Wanted] = set()

    def noted(index: int, severity: Severity) -> int:
        wanted.add((index, severity))
        return index

    for _ in edited_rows(stream, _MarkedRows(stream, marks, noted)):
        pass
    element = parsed(stream.around_tail + stream.tail(), stream.part).child("legacyDrawing")
    ids = [element.attributes.get(f"{base} id", "") for base in RELATION_TYPES] if element else []
    return Survey(frozenset(wanted), "".join(ids), stream.root)


def marked_sheet(
    stream: SheetStream, marks: SheetMarks, styles: MarkStyles, drawing: NewDrawing | None
) -> Iterator[bytes]:
    """The sheet with its marks, as UTF-8; `drawing` is a legacy drawing that is new to it."""

    def marked(index: int, severity: Severity) -> int:
        return styles.marked[index, severity]

    yield _head(stream, marks)
    yield from edited_rows(stream, _MarkedRows(stream, marks, marked))
    tail = stream.tail()
    yield tail if drawing is None else _with_drawing(stream, tail, drawing)


class _MarkedRows:
    """Makes the rows with marked cells anew; a cell that is absent is made, blank."""

    def __init__(self, stream: SheetStream, marks: SheetMarks, format_of: FormatOf) -> None:
        self.numbers = sorted(marks.rows)
        self._tags: Tags = stream.tags
        self._marks, self._format_of = marks, format_of
        self._columns = _column_formats(stream)
        self._prefix = stream.tags.prefix

    def absent(self, number: int) -> bytes:
        """A row that the sheet lacks."""
        cells = b"".join(self._blank(number, column, b"") for column in sorted(self._marks.rows[number]))
        return b'<%brow r="%d">%b</%brow>' % (self._prefix, number, cells, self._prefix)

    def edits(self, block: Block, row: Row) -> Iterator[Edit]:
        """The formats of the marked cells, and the cells that are made."""
        opening = block.data[row.start : row.inside]
        cells = self._tags.cells(block.masked, row.inside, row.close)
        columns = sorted(self._marks.rows[row.number])
        there = {cell.column for cell in cells}
        new = [column for column in columns if column not in there]
        if row.inside == row.end:
            content = b"".join(self._blank(row.number, column, opening) for column in new)
            tag = _SPANS.sub(b"", opening).removesuffix(b"/>").rstrip()
            yield row.start, row.end, tag + b">" + content + b"</%brow>" % self._prefix
            return
        if new:
            yield row.start, row.inside, _SPANS.sub(b"", opening)
        restyled = (
            self._restyled(block.data, cell, self._marks.severity(row.number, cell.column))
            for cell in cells
            if cell.column in self._marks.rows[row.number]
        )
        yield from sorted((*self._made(row, opening, cells, new), *restyled), key=itemgetter(0, 1))

    def _made(self, row: Row, opening: bytes, cells: list[Cell], new: list[int]) -> Iterator[Edit]:
        """The cells that a row lacks; a cell without `r` after one of them gets it, or it would move."""

        def place(column: int) -> int:
            return sum(cell.column < column for cell in cells)

        for index, columns in groupby(new, place):
            content = b"".join(self._blank(row.number, column, opening) for column in columns)
            position = cells[index - 1].end if index else row.inside
            yield position, position, content
            if index < len(cells) and not cells[index].has_reference:
                cell, name = cells[index], len(self._prefix) + len(b"<c")
                reference = f' r="{column_letters(cell.column)}{row.number}"'.encode()
                yield cell.start + name, cell.start + name, reference

    def _blank(self, row: int, column: int, opening: bytes) -> bytes:
        """A blank cell in the format that it had as a blank: of its row, else of its column."""
        own = _STYLE.search(opening) if _ROW_FORMAT.search(opening) else None
        index = int(own[2]) if own else self._columns(column)
        style = self._format_of(index, self._marks.severity(row, column))
        return b'<%bc r="%b%d" s="%d"/>' % (self._prefix, column_letters(column).encode(), row, style)

    def _restyled(self, data: bytes, cell: Cell, severity: Severity) -> Edit:
        """The edit that gives a cell its format, at the narrowest place, so that others may touch its tag."""
        tag = data[cell.start : cell.opened]
        if found := _STYLE.search(tag):
            style = self._format_of(int(found[2]), severity)
            return cell.start + found.start(2), cell.start + found.end(2), b"%d" % style
        end = cell.opened - (2 if tag.endswith(b"/>") else 1)
        return end, end, b' s="%d"' % self._format_of(0, severity)


def _column_formats(stream: SheetStream) -> Callable[[int], int]:
    """The format that a column gives to its blank cells, 0 for none."""
    there = stream.root.child("cols")
    ranges = [
        (int(each.attributes["min"]), int(each.attributes["max"]), int(each.attributes["style"]))
        for each in (there.all("col") if there else ())
        if "style" in each.attributes
    ]
    return lambda column: next((style for first, last, style in ranges if first <= column <= last), 0)


def _head(stream: SheetStream, marks: SheetMarks) -> bytes:
    """The part before the rows, with a `dimension` that holds the marked cells."""
    dimension = stream.root.child("dimension")
    before = area(dimension.attributes.get("ref", "")) if dimension else None
    if dimension is None or before is None:
        return stream.head
    after = union(before, (marks.area(),))
    if after == before:
        return stream.head
    tag = with_attribute(stream.head[dimension.start : dimension.inside], "ref", area_reference(after))
    return spliced(stream.head, [(dimension.start, dimension.inside, tag)])


def _with_drawing(stream: SheetStream, tail: bytes, drawing: NewDrawing) -> bytes:
    """The part after the rows with `legacyDrawing` in its place (18.3.1.99, the schema's order)."""
    data = stream.around_tail + tail
    root = parsed(data, stream.part)
    later = (each.start for each in root.children if each.name in _AFTER_DRAWING)
    place = next(later, root.close)
    element = (
        f'<{root.prefix}legacyDrawing xmlns:r="{drawing.namespace}" r:id="{drawing.relation}"/>'.encode()
    )
    return spliced(data, [(place, place, element)])[len(stream.around_tail) :]
