"""The legacy drawing (VML) with the boxes in which a sheet's comments show.

ECMA-376 part 4, 19.4 (ClientData) and part 1, 18.7. Old drawings are VML as Excel
writes it, which is not always XML: so they are never parsed, only added to before their last end tag.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import LAST_COLUMN, LAST_ROW
from xlsx2opeasy.ooxml.package import RESAVE
from xlsx2opeasy.ooxml.xml import Element
from xlsx2opeasy.workbook.annotate.marks import Comment

CLUSTER = 1024
"""Shape ids come in clusters; a drawing tells in `o:idmap` which are its own."""

NO_DRAWING = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    b'<o:idmap v:ext="edit" data=""/></o:shapelayout></xml>'
)
"""A drawing without any shape."""

_NAMESPACES = {
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
}
_TYPE = "_x0000_t202"
_SHAPE_TYPE = (
    f'<v:shapetype id="{_TYPE}" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"{{0}}>'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape id="_x0000_s{id}" type="#' + _TYPE + '" style="position:absolute;visibility:hidden" '
    'fillcolor="#ffffe1" o:insetmode="auto"{namespaces}><v:fill color2="#ffffe1"/>'
    '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_IDMAP = re.compile(rb"""(<o:idmap\b[^>]*?\sdata\s*=\s*["'])([0-9, ]*)(["'])""")
_END = re.compile(rb"</(?:[A-Za-z]+:)?xml\s*>\s*\Z")
_SELF_CLOSING = re.compile(rb"<xml\b[^>]*/>\s*\Z")

_WIDTH, _LINE_HEIGHT, _CHARACTERS = 340, 16, 50
"""Pixels of a box and of a line in it, and the characters that a line takes."""

_ROW_HEIGHT, _COLUMN_WIDTH, _PIXELS = 20, 64, 7.0
"""Pixels of a row, of a column without a width of its own, and of a character of such a width."""


@dataclass(frozen=True, slots=True)
class Widths:
    """The widths of a sheet's columns in pixels, by number from 1."""

    ranges: Sequence[tuple[int, int, int]]
    other: int

    def __getitem__(self, column: int) -> int:
        return next((width for first, last, width in self.ranges if first <= column <= last), self.other)


def column_widths(root: Element) -> Widths:
    """The widths that the head of a sheet tells (18.3.1.13, 18.3.1.81); hidden columns have none."""
    columns, defaults = root.child("cols"), root.child("sheetFormatPr")
    ranges = [
        (int(each.attributes["min"]), int(each.attributes["max"]), _pixels(each.attributes))
        for each in (columns.all("col") if columns else ())
    ]
    other = defaults.attributes.get("defaultColWidth") if defaults else None
    return Widths(ranges, round(float(other) * _PIXELS) if other else _COLUMN_WIDTH)


def clusters_used(drawing: bytes) -> set[int]:
    """The clusters that a drawing says are its own, or takes ids from."""
    listed = {int(number) for found in _IDMAP.findall(drawing) for number in re.findall(rb"\d+", found[1])}
    taken = {int(number) // CLUSTER for number in re.findall(rb"_x0000_[si](\d{1,9})", drawing)}
    return listed | taken


def with_shapes(
    drawing: bytes, comments: Sequence[Comment], widths: Widths, first_cluster: int
) -> tuple[bytes, int]:
    """The drawing with a hidden box for each comment, and the first cluster that is still free.

    `first_cluster` and those after it are free. `WorkbookUnusable` where the drawing has no end.
    """
    if _SELF_CLOSING.search(drawing):
        drawing = drawing.rstrip().removesuffix(b"/>") + b"></xml>"
    end = _END.search(drawing)
    if end is None:
        raise WorkbookUnusable("The drawing of a sheet's comments has no end.", RESAVE)
    used = range(first_cluster, first_cluster + -(-len(comments) // (CLUSTER - 1)))
    namespaces = _undeclared(drawing)
    ids = (cluster * CLUSTER + number for cluster in used for number in range(1, CLUSTER))
    shapes = "".join(
        _shape(each, identity, widths, namespaces) for each, identity in zip(comments, ids, strict=False)
    )
    has_type = f'"{_TYPE}"'.encode() in drawing
    content = ("" if has_type else _SHAPE_TYPE.format(namespaces)) + shapes
    grown = drawing[: end.start()] + content.encode() + drawing[end.start() :]
    return _IDMAP.sub(lambda found: found[1] + _joined(found[2], used) + found[3], grown, count=1), used.stop


def _joined(listed: bytes, used: Iterable[int]) -> bytes:
    """The clusters of a drawing with more."""
    return b",".join((*filter(None, [listed.strip()]), *(b"%d" % cluster for cluster in used)))


def _undeclared(drawing: bytes) -> str:
    """Declarations of the namespaces whose usual prefixes the drawing's root lacks."""
    root = drawing[: drawing.find(b">", max(drawing.find(b"<xml"), 0)) + 1].decode(errors="replace")
    missing = {prefix: uri for prefix, uri in _NAMESPACES.items() if f"xmlns:{prefix}=" not in root}
    return "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in missing.items())


def _shape(comment: Comment, identity: int, widths: Widths, namespaces: str) -> str:
    row, column = comment.row - 1, comment.column - 1
    anchor = ", ".join(map(str, _anchor(comment, widths)))
    return _SHAPE.format(id=identity, anchor=anchor, row=row, column=column, namespaces=namespaces)


def _anchor(comment: Comment, widths: Widths) -> tuple[int, ...]:
    """Left column, its offset, top row, its offset, then right and bottom (19.4.2.1), right of the cell."""
    lines = sum(1 + len(line) // _CHARACTERS for line in comment.words.split("\n"))
    height = min(lines * _LINE_HEIGHT + 10, 400)
    left = min(comment.column, LAST_COLUMN - 4)
    right, inset = left, 15 + _WIDTH
    while right < LAST_COLUMN - 1 and inset > widths[right + 1]:
        inset, right = inset - widths[right + 1], right + 1
    top = max(comment.row - 2, 0)
    rows, rest = divmod(height + 4, _ROW_HEIGHT)
    top = min(top, LAST_ROW - 2 - rows)
    return left, 15, top, 4, right, inset, top + rows, rest


def _pixels(attributes: dict[str, str]) -> int:
    hidden = attributes.get("hidden") in {"1", "true"}
    return 0 if hidden else round(float(attributes.get("width", 9.14)) * _PIXELS)
