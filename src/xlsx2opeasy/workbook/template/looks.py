"""How a blank workbook looks: its colours and cell formats.

The marks differ in lightness, not only in hue, so that colour-blind people tell them apart, and grey print
does.
"""

from dataclasses import dataclass, field

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from xlsx2opeasy.spec.model import Kind

Look = dict[str, object]
"""The properties of a format, as XlsxWriter names them."""

_EDGE_COLOUR = "#BF8F00"
_EDGES: Look = {
    **dict.fromkeys(("left", "right", "bottom"), 1),
    **{f"{side}_color": _EDGE_COLOUR for side in ("left", "right", "bottom")},
}
"""Not the top edge, which would hide the underline of the header above row 2."""

MARKS: dict[str, Look] = {
    "wrong": {"bg_color": "#C00000", "font_color": "#FFFFFF"},
    "missing": {"bg_color": "#FFD966"} | _EDGES,
    "one of": {"bg_color": "#FFF4CC"} | _EDGES,
    "unused": {"bg_color": "#D0D3D9", "font_color": "#8A8F98"},
}
"""Live help on a cell: it breaks a rule, it is needed, one of several is needed, it is not used."""

_SHADES: dict[str, tuple[str, str]] = {
    "user": ("#1F4E78", "#2E75B6"),
    "device": ("#375623", "#548235"),
    "": ("#203864", "#44546A"),
}
"""Header colours by the object that a field belongs to; families of columns take the two in turn."""

_HEADER: Look = {
    "bold": True,
    "font_size": 10,
    "font_color": "#FFFFFF",
    "valign": "vcenter",
    "indent": 1,
    "border": 1,
    "border_color": "#BFBFBF",
}
_NEEDED: Look = {"bottom": 5, "bottom_color": "#FFC000"}
_RESULT: Look = {"bg_color": "#595959", "italic": True}
_BODY: Look = {"valign": "top"}
_NUMBER_FORMATS = {Kind.INTEGER: "0"}
"""All else is text, so that Excel takes no zero, no plus and no date out of what is typed."""


@dataclass(slots=True)
class Looks:
    """The formats of one workbook, each made once."""

    book: Workbook
    _made: dict[tuple[tuple[str, object], ...], Format] = field(default_factory=dict)

    def of(self, look: Look) -> Format:
        """The format with these properties."""
        key = tuple(sorted(look.items(), key=lambda item: item[0]))
        if key not in self._made:
            self._made[key] = self.book.add_format(look)
        return self._made[key]

    def mark(self, name: str) -> Format:
        """The format of a conditional format."""
        return self.of(MARKS[name])

    def header(self, of: str, *, odd: bool = False, needed: bool = False) -> Format:
        """A header of the object `of` (`user`); underlined where some command needs the field."""
        colour = _SHADES.get(of, _SHADES[""])[odd]
        return self.of(_HEADER | {"bg_color": colour} | (_NEEDED if needed else {}))

    def result_header(self) -> Format:
        """A header of the result columns, which are the program's."""
        return self.of(_HEADER | _RESULT)

    def body(self, kind: Kind = Kind.TEXT) -> Format:
        """The cells of a whole column."""
        if kind in _NUMBER_FORMATS:
            return self.of(_BODY | {"num_format": _NUMBER_FORMATS[kind]})
        return self.of(_BODY | {"num_format": "@", "indent": 1})
