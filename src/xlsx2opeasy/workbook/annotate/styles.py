"""Cell formats for marks: each cell's own with another fill; and those of the sheet that lists the problems.

ECMA-376 part 1, 18.8.45 (xf).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xlsx2opeasy.ooxml.styles import (
    Section,
    base_font,
    bold,
    solid,
    style_sections,
    style_sheet,
    underlined,
    with_sections,
)
from xlsx2opeasy.ooxml.xml import Element, with_attribute
from xlsx2opeasy.problems import Severity

FILLS = {Severity.ERROR: "FFB3B3", Severity.WARNING: "FFE699"}
"""The fills (RGB) of marked cells; they differ in lightness too."""

_LINK = "0563C1"
_LIGHT, _DARK = "FFFFFF", "1F4E78"
_TEXT_FORMAT = 49

Wanted = tuple[int, Severity]
"""A cell format of the workbook, by its index, and the mark it is wanted with."""


@dataclass(frozen=True, slots=True)
class MarkStyles:
    """Indices into `cellXfs`: of marked cells, and of the cells of the problem sheet."""

    marked: Mapping[Wanted, int]
    title: int
    heading: int
    text: int
    link: int
    severities: Mapping[Severity, int]


def with_mark_styles(styles: bytes, part: str, wanted: Iterable[Wanted]) -> tuple[bytes, MarkStyles]:
    """`styles.xml` (UTF-8) with a format for each of `wanted`, and for the problem sheet.

    `WorkbookUnusable` where it is no style sheet or the workbook's cell formats are used up.
    """
    root = style_sheet(styles, part)
    sections = fonts, fills, _, formats = style_sections(root)
    parent = ' xfId="0"' if root.child("cellStyleXfs") else ""
    fill_ids = {severity: fills.index(solid(colour)) for severity, colour in FILLS.items()}
    own = _own_formats(styles, root)
    marked = {
        (index, severity): _marked(own, index, fill_ids[severity], formats, parent)
        for index, severity in sorted(set(wanted))
    }
    base = base_font(root)

    def listed(font: int = 0, fill: int = 0) -> int:
        applied = f'applyNumberFormat="1"{_applied("Font", font)}{_applied("Fill", fill)} applyAlignment="1"'
        ids = f'numFmtId="{_TEXT_FORMAT}" fontId="{font}" fillId="{fill}" borderId="0"{parent}'
        return formats.index(
            f'<xf {ids} quotePrefix="1" {applied}><alignment vertical="top" wrapText="1"/></xf>'
        )

    def headed(font: int, fill: int) -> int:
        ids = f'numFmtId="0" fontId="{font}" fillId="{fill}" borderId="0"{parent} applyFont="1"'
        return formats.index(f"<xf {ids}{_applied('Fill', fill)}/>")

    found = MarkStyles(
        marked,
        headed(fonts.index(bold(base)), 0),
        headed(fonts.index(bold(base, _LIGHT)), fills.index(solid(_DARK))),
        listed(),
        listed(fonts.index(underlined(base, _LINK))),
        {severity: listed(fill=fill) for severity, fill in fill_ids.items()},
    )
    return with_sections(styles, root, sections), found


def _own_formats(styles: bytes, root: Element) -> list[tuple[bytes, bytes]]:
    """The tag and the rest of each cell format that the workbook has."""
    formats = root.child("cellXfs")
    return [
        (styles[each.start : each.inside], styles[each.inside : each.end])
        for each in (formats.children if formats else ())
    ]


def _marked(own: list[tuple[bytes, bytes]], index: int, fill: int, formats: Section, parent: str) -> int:
    """The index of a format like `index` with that fill; one that is not there is taken for the first."""
    if not own:
        ids = f'numFmtId="0" fontId="0" fillId="{fill}" borderId="0"{parent}'
        return formats.index(f'<xf {ids} applyFill="1"/>')
    tag, rest = own[index if index < len(own) else 0]
    return formats.append(with_attribute(with_attribute(tag, "fillId", str(fill)), "applyFill", "1") + rest)


def _applied(what: str, index: int) -> str:
    return f' apply{what}="1"' if index else ""
