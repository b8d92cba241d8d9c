"""A sheet with marked cells: their format changes and nothing else, and the drawing of its comments is named.

ECMA-376 part 1, 18.3.1.4 (c), 18.3.1.73 (row).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.ooxml.relations import relation_id
from xlsx2opeasy.ooxml.sheet_edits import CELL_STYLE, CellEdits, Edit, edited_rows, head_with
from xlsx2opeasy.ooxml.stream import Cell, SheetStream
from xlsx2opeasy.ooxml.xml import Element, parsed, spliced
from xlsx2opeasy.problems import Severity
from xlsx2opeasy.workbook.annotate.marks import SheetMarks
from xlsx2opeasy.workbook.annotate.styles import MarkStyles, Wanted

FormatOf = Callable[[int, Severity], int]
"""Gives the marked format for a cell's own."""

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
class MarkSurvey:
    """What the first pass finds: the formats of marked cells, the relationship's id of the legacy drawing
    that the sheet has ("" for none), and the sheet's head.
    """

    wanted: frozenset[Wanted]
    drawing: str
    root: Element


def survey(stream: SheetStream, marks: SheetMarks) -> MarkSurvey:
    """Reads a sheet through."""
    wanted: set[Wanted] = set()

    def noted(index: int, severity: Severity) -> int:
        wanted.add((index, severity))
        return index

    for _ in edited_rows(stream, _marked_rows(stream, marks, noted)):
        pass
    element = parsed(stream.around_tail + stream.tail(), stream.part).child("legacyDrawing")
    return MarkSurvey(frozenset(wanted), relation_id(element) if element else "", stream.root)


def marked_sheet(
    stream: SheetStream, marks: SheetMarks, styles: MarkStyles, drawing: NewDrawing | None
) -> Iterator[bytes]:
    """The sheet with its marks, as UTF-8; `drawing` is a legacy drawing that is new to it."""

    def marked(index: int, severity: Severity) -> int:
        return styles.marked[index, severity]

    yield head_with(stream, marks.area())
    yield from edited_rows(stream, _marked_rows(stream, marks, marked))
    tail = stream.tail()
    yield tail if drawing is None else _with_drawing(stream, tail, drawing)


class _Marked:
    """Gives the marked cells their format; a cell that is absent is made, blank."""

    def __init__(self, stream: SheetStream, marks: SheetMarks, format_of: FormatOf) -> None:
        self._marks, self._format_of = marks, format_of
        self._prefix = stream.tags.prefix

    def new(self, row: int, column: int, style: int) -> bytes:
        """A blank cell in the marked format of the one that it had."""
        marked = self._format_of(style, self._marks.severity(row, column))
        return b'<%bc r="%b%d" s="%d"/>' % (self._prefix, letters_of(column).encode(), row, marked)

    def edit(self, data: bytes, row: int, cell: Cell) -> Edit:
        """The edit that gives a cell its format, at the narrowest place, so that others may touch its tag."""
        severity = self._marks.severity(row, cell.column)
        tag = data[cell.start : cell.opened]
        if found := CELL_STYLE.search(tag):
            style = self._format_of(int(found[2]), severity)
            return cell.start + found.start(2), cell.start + found.end(2), b"%d" % style
        end = cell.opened - (2 if tag.endswith(b"/>") else 1)
        return end, end, b' s="%d"' % self._format_of(0, severity)


def _marked_rows(stream: SheetStream, marks: SheetMarks, format_of: FormatOf) -> CellEdits:
    return CellEdits(stream, marks.rows, _Marked(stream, marks, format_of))


def _with_drawing(stream: SheetStream, tail: bytes, drawing: NewDrawing) -> bytes:
    """The part after the rows with `legacyDrawing` in its place (18.3.1.99, the schema's order)."""
    data = stream.around_tail + tail
    root = parsed(data, stream.part)
    dangling = [(each.start, each.end, b"") for each in root.all("legacyDrawing")]
    later = (each.start for each in root.children if each.name in _AFTER_DRAWING)
    place = next(later, root.close)
    element = (
        f'<{root.prefix}legacyDrawing xmlns:r="{drawing.namespace}" r:id="{drawing.relation}"/>'.encode()
    )
    return spliced(data, [*dangling, (place, place, element)])[len(stream.around_tail) :]
