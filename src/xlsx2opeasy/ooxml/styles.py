"""Cell styles for results, appended to a workbook's `styles.xml` without touching what is there.

ECMA-376 part 1, 18.8.39 (styleSheet). The fills differ in lightness (CIE L*),
not only in hue, so that colour-blind people can tell them apart, also in grey print; the outcome is bold
besides.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import RESAVE
from xlsx2opeasy.ooxml.xml import Element, parsed, quoted, spliced, with_attribute
from xlsx2opeasy.spec.outcomes import Outcome

OUTCOME_COLOURS: dict[Outcome, tuple[str, str]] = {
    Outcome.SUCCESS: ("E6F5EC", "14532D"),
    Outcome.INVALID: ("FFE08A", "4A3500"),
    Outcome.NOT_SENT: ("C9CED6", "1F2937"),
    Outcome.REJECTED: ("F29E4C", "3D1C00"),
    Outcome.FAILED: ("B42318", "FFFFFF"),
    Outcome.RUNNING: ("5AA2DB", "04182B"),
    Outcome.UNKNOWN: ("3B2A6B", "FFFFFF"),
}
"""Fill and text colour (RGB) of each outcome's cell."""

MOST_STYLES = 64_000
"""Excel's limit of cell styles in a workbook."""

_ORDER: tuple[str, ...] = (
    *("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles"),
    *("colors", "extLst"),
)
_TEXT_FORMAT = 49
_DEFAULT_FONT = '<font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
_RESERVED_FILLS = tuple(f'<fill><patternFill patternType="{kind}"/></fill>' for kind in ("none", "gray125"))
_NO_BORDER = "<border><left/><right/><top/><bottom/><diagonal/></border>"
_NORMAL_STYLE = (
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
)
_FONT_PARTS = ("i", "sz", "color", "name", "family", "charset", "scheme")
_TAG_NAME = re.compile(r"(</?)(?=[a-zA-Z])")


def empty_styles(namespace: str) -> bytes:
    """A style sheet for a workbook that has none; `namespace` is the workbook's."""
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f'{declaration}\n<styleSheet xmlns="{namespace}">{_NORMAL_STYLE}</styleSheet>'.encode()


@dataclass(frozen=True, slots=True)
class ResultStyles:
    """Indices into `cellXfs`: for the outcome, for the other texts, and for a header that has no look."""

    outcomes: Mapping[Outcome, int]
    text: int
    header: int


def with_result_styles(styles: bytes, part: str) -> tuple[bytes, ResultStyles]:
    """`styles.xml` (UTF-8) with the styles for results, and their indices; those there already are used.

    `WorkbookUnusable` where it is no style sheet or the workbook's cell styles are used up.
    """
    root = style_sheet(styles, part)
    sections = fonts, fills, _, formats = style_sections(root)
    parent = ' xfId="0"' if root.child("cellStyleXfs") else ""
    base = base_font(root)

    def outcome_format(fill: str, colour: str) -> int:
        font_id, fill_id = fonts.index(bold(base, colour)), fills.index(solid(fill))
        return formats.index(_format(font_id, fill_id, parent))

    indices = ResultStyles(
        {outcome: outcome_format(*colours) for outcome, colours in OUTCOME_COLOURS.items()},
        formats.index(_format(0, 0, parent)),
        formats.index(_format(fonts.index(bold(base)), 0, parent, quoted=False)),
    )
    return with_sections(styles, root, sections), indices


def style_sections(root: Element) -> tuple["Section", "Section", "Section", "Section"]:
    """Fonts, fills, borders and cell formats, each with the first entries that it must have."""
    parent = ' xfId="0"' if root.child("cellStyleXfs") else ""
    return (
        Section(root, "fonts", (_DEFAULT_FONT,)),
        Section(root, "fills", _RESERVED_FILLS),
        Section(root, "borders", (_NO_BORDER,)),
        Section(root, "cellXfs", (f'<xf numFmtId="0" fontId="0" fillId="0" borderId="0"{parent}/>',)),
    )


def style_sheet(styles: bytes, part: str) -> Element:
    """The tree of `styles.xml`; `WorkbookUnusable` where it is no style sheet."""
    root = parsed(styles, part)
    if root.name != "styleSheet":
        raise WorkbookUnusable(f"The part {part} of the workbook is no style sheet.", RESAVE)
    return root


class Section:
    """One list of the style sheet (`fonts`, `fills`, …): what it holds, and what is appended to it."""

    def __init__(self, root: Element, name: str, first: tuple[str, ...]) -> None:
        """`first` are the entries that the list must begin with where the workbook lacks them."""
        self.name = name
        self.element = root.child(name)
        self.added: list[bytes] = []
        self._prefix = root.prefix
        there = self.element.children if self.element else []
        self._known = {_canonical(each): index for index, each in reversed(list(enumerate(there)))}
        self.count = len(there)
        for entry in first[self.count :]:
            self._append(entry)

    def index(self, entry: str) -> int:
        """The index of an entry equal to this one, which is appended if there is none."""
        known = self._known.get(_canonical(parsed(entry.encode(), self.name)))
        return self._append(entry) if known is None else known

    def _append(self, entry: str) -> int:
        self._known.setdefault(_canonical(parsed(entry.encode(), self.name)), self.count)
        return self.append(_tagged(entry, self._prefix))

    def append(self, entry: bytes) -> int:
        """The index of an entry that is appended as it is, with the part's own prefixes."""
        self.added.append(entry)
        self.count += 1
        return self.count - 1


def with_sections(styles: bytes, root: Element, sections: Iterable[Section]) -> bytes:
    """The style sheet with every section's additions in place and its count true.

    `WorkbookUnusable` where the cell formats are more than Excel's limit.
    """
    edits: list[tuple[int, int, bytes]] = []
    missing: dict[int, bytes] = {}
    for section in sections:
        if not section.added:
            continue
        if section.name == "cellXfs" and section.count > MOST_STYLES:
            raise WorkbookUnusable("The workbook has used up Excel's cell styles; none can be added.", RESAVE)
        entries = b"".join(section.added)
        name = f"{root.prefix}{section.name}"
        if (element := section.element) is None:
            place = _place(root, section.name)
            block = f'<{name} count="{section.count}">'.encode() + entries + f"</{name}>".encode()
            missing[place] = missing.get(place, b"") + block
            continue
        opening = with_attribute(styles[element.start : element.inside], "count", str(section.count))
        if element.end == element.inside:
            edits.append((element.start, element.end, _opened(opening) + entries + f"</{name}>".encode()))
        else:
            edits += [(element.start, element.inside, opening), (element.close, element.close, entries)]
    if root.end == root.inside:
        closing = f"</{root.prefix}styleSheet>".encode()
        opening = _opened(styles[root.start : root.end])
        return styles[: root.start] + opening + b"".join(missing.values()) + closing + styles[root.end :]
    return spliced(styles, edits + [(place, place, block) for place, block in missing.items()])


def _place(root: Element, name: str) -> int:
    """Where a missing section belongs: before the first one that must follow it."""
    later = _ORDER[_ORDER.index(name) + 1 :]
    return next((each.start for each in root.children if each.name in later), root.close)


def _format(font: int, fill: int, parent: str, *, quoted: bool = True) -> str:
    """A cell format; `quoted` ones are text whatever they begin with."""
    number = f'numFmtId="{_TEXT_FORMAT}"' if quoted else 'numFmtId="0"'
    applied = (' quotePrefix="1" applyNumberFormat="1"' if quoted else "") + (
        ' applyFont="1"' if font else ""
    )
    applied += ' applyFill="1"' if fill else ""
    return f'<xf {number} fontId="{font}" fillId="{fill}" borderId="0"{parent}{applied}/>'


def solid(colour: str) -> str:
    """A fill of one colour (RGB)."""
    pattern = f'<fgColor rgb="FF{colour}"/><bgColor indexed="64"/>'
    return f'<fill><patternFill patternType="solid">{pattern}</patternFill></fill>'


def bold(base: Mapping[str, str], colour: str = "") -> str:
    """The workbook's own font in bold, and in `colour` if given (18.8.22; the order is the schema's)."""
    parts = dict(base) | ({"color": f'<color rgb="FF{colour}"/>'} if colour else {})
    return "<font><b/>" + "".join(parts[name] for name in _FONT_PARTS if name in parts) + "</font>"


def underlined(base: Mapping[str, str], colour: str) -> str:
    """The workbook's own font underlined and in `colour` (RGB), as links are."""
    parts = dict(base) | {"color": f'<color rgb="FF{colour}"/>'}
    rest = "".join(parts[name] for name in _FONT_PARTS if name in parts and name != "i")
    return f"<font>{parts.get('i', '')}<u/>{rest}</font>"


def base_font(root: Element) -> dict[str, str]:
    """The parts of the workbook's default font, each as an element without prefix."""
    fonts = root.child("fonts")
    first = fonts.children[0] if fonts and fonts.children else parsed(_DEFAULT_FONT.encode(), "font")
    return {each.name: _element(each) for each in first.children if each.name in _FONT_PARTS}


def _element(element: Element) -> str:
    attributes = "".join(f" {name}={quoted(value)}" for name, value in element.attributes.items())
    return f"<{element.name}{attributes}/>"


def _canonical(element: Element) -> tuple[object, ...]:
    """An element without its place, for comparing."""
    return (
        element.name,
        tuple(sorted(element.attributes.items())),
        tuple(_canonical(each) for each in element.children),
    )


def _tagged(fragment: str, prefix: str) -> bytes:
    """Our own fragment with the part's namespace prefix at every tag."""
    return _TAG_NAME.sub(rf"\g<1>{prefix}", fragment).encode() if prefix else fragment.encode()


def _opened(tag: bytes) -> bytes:
    """A self-closing tag as a start tag."""
    return tag.removesuffix(b"/>").rstrip() + b">"
