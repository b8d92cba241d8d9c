"""Cell styles are appended, found again, and can be told apart."""

import itertools
import re
from pathlib import Path

import openpyxl
import pytest

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.styles import OUTCOME_COLOURS, with_result_styles
from xlsx2opeasy.ooxml.xml import parsed
from xlsx2opeasy.spec.outcomes import Outcome, RowResult

from .books import DECLARATION, FAILED, MAIN, SHEET, STYLES, book, part, sheet_xml, text_cell, write

SECTIONS = (
    '<fonts count="1"><font><sz val="9"/><name val="Arial"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
)
AFTER = (
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles><dxfs count="0"/>'
)


def style_sheet(content: str) -> str:
    return f'{DECLARATION}<styleSheet xmlns="{MAIN}">{content}</styleSheet>'


def styled_book(path: Path, styles: str, sheet: str | None = None) -> Path:
    return book(path, sheet or sheet_xml(), {STYLES: styles}, related={"styles": "styles.xml"})


def sections(xml: bytes) -> dict[str, int]:
    """Each list with the number of its entries; its count must be that number."""
    root = parsed(xml, STYLES)
    for each in root.children:
        assert each.attributes.get("count", str(len(each.children))) == str(len(each.children))
    return {each.name: len(each.children) for each in root.children}


def test_all_outcomes_are_shown_in_their_colours_and_as_text(tmp_path: Path) -> None:
    results = {row: RowResult(outcome, "1", "2", "3") for row, outcome in enumerate(Outcome, start=2)}
    path = write(styled_book(tmp_path / "book.xlsx", style_sheet(SECTIONS + AFTER)), results).target
    sheet = openpyxl.load_workbook(path)["Users"]
    for row, outcome in enumerate(Outcome, start=2):
        cell = sheet[f"C{row}"]
        fill, colour = OUTCOME_COLOURS[outcome]
        assert (cell.fill.fgColor.rgb, cell.font.color.rgb) == (f"FF{fill}", f"FF{colour}")
        assert (cell.font.b, cell.font.name, cell.font.sz) == (True, "Arial", 9)
        for each in sheet[row][2:]:
            assert (each.data_type, each.number_format, each.quotePrefix) == ("s", "@", True)
            assert not each.alignment.wrap_text


def test_what_was_there_keeps_its_bytes_and_counts_are_true(tmp_path: Path) -> None:
    before = style_sheet(SECTIONS + AFTER)
    after = part(write(styled_book(tmp_path / "book.xlsx", before), {2: FAILED}).target, STYLES)
    assert after.endswith(f"</cellXfs>{AFTER}</styleSheet>")
    added = {
        "fonts": 7,
        "fills": 7,
        "borders": 0,
        "cellStyleXfs": 0,
        "cellXfs": 9,
        "cellStyles": 0,
        "dxfs": 0,
    }
    old, new = sections(before.encode()), sections(after.encode())
    assert {name: new[name] - old[name] for name in old} == added
    for entry in re.findall(r"<(?:font|fill|border|xf)>.*?</(?:font|fill|border|xf)>", before):
        assert entry in after


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<fonts/>",
        '<fills count="0"/>',
        AFTER,
        "<cellXfs></cellXfs><extLst/>",
        SECTIONS,
        "<numFmts/><borders/><dxfs/>",
    ],
)
def test_missing_and_empty_lists_are_made_in_the_schemas_order(content: str) -> None:
    xml, styles = with_result_styles(style_sheet(content).encode(), STYLES)
    found = sections(xml)
    order = [
        "numFmts",
        "fonts",
        "fills",
        "borders",
        "cellStyleXfs",
        "cellXfs",
        "cellStyles",
        "dxfs",
        "extLst",
    ]
    assert list(found) == [name for name in order if name in found]
    root = parsed(xml, STYLES)
    formats = root.child("cellXfs").children
    assert len({*styles.outcomes.values(), styles.text, styles.header}) == 9
    for index in (*styles.outcomes.values(), styles.text, styles.header):
        assert int(formats[index].attributes["fontId"]) < found["fonts"]
        assert int(formats[index].attributes["fillId"]) < found["fills"]
        assert ("xfId" in formats[index].attributes) == ("cellStyleXfs" in found)
    fills = [each.children[0].attributes["patternType"] for each in root.child("fills").children]
    assert fills[:2] == ["none", "gray125"]
    assert {styles.outcomes[outcome] for outcome in Outcome}.isdisjoint({0})


def test_a_self_closing_style_sheet_and_a_prefix() -> None:
    xml, _ = with_result_styles(f'<x:styleSheet xmlns:x="{MAIN}"/>'.encode(), STYLES)
    assert sections(xml).keys() == {"fonts", "fills", "borders", "cellXfs"}
    assert {each.prefix for each in parsed(xml, STYLES).children} == {"x:"}


def test_the_same_styles_are_used_again() -> None:
    first, styles = with_result_styles(style_sheet(SECTIONS + AFTER).encode(), STYLES)
    assert with_result_styles(first, STYLES) == (first, styles)


def test_the_new_headers_look_like_the_users_last_one(tmp_path: Path) -> None:
    look = SECTIONS.replace(
        '<cellXfs count="1">', '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="1" borderId="0"/>'
    )
    cell = text_cell("A1", "command").replace("<c ", '<c s="1" ')
    header = f'<row r="1">{cell}</row>'
    styled = styled_book(
        tmp_path / "one.xlsx", style_sheet(look), sheet_xml(f"<sheetData>{header}</sheetData>")
    )
    xml = part(write(styled, {2: FAILED}).target, SHEET)
    assert re.findall(r'r="[B-E]1" s="(\d+)"', xml) == ["1"] * 4
    plain = styled_book(tmp_path / "two.xlsx", style_sheet(SECTIONS + AFTER))
    sheet = openpyxl.load_workbook(write(plain, {2: FAILED}).target)["Users"]
    assert [cell.font.b for cell in sheet[1]] == [False, False, True, True, True, True]


def test_a_workbook_whose_styles_are_used_up_is_refused(tmp_path: Path) -> None:
    full = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>' * 64_000
    styles = style_sheet(re.sub("<cellXfs.*</cellXfs>", f"<cellXfs>{full}</cellXfs>", SECTIONS))
    path = styled_book(tmp_path / "book.xlsx", styles)
    with pytest.raises(WorkbookUnusable, match="cell styles"):
        write(path, {2: FAILED})
    assert list(tmp_path.iterdir()) == [path]


def test_colours_differ_in_lightness_and_their_text_can_be_read() -> None:
    lightness = {
        outcome: 116 * luminance(fill) ** (1 / 3) - 16 for outcome, (fill, _) in OUTCOME_COLOURS.items()
    }
    assert set(lightness) == set(Outcome)
    for one, other in itertools.combinations(lightness, 2):
        assert abs(lightness[one] - lightness[other]) > 5, (one, other, lightness)
    for fill, colour in OUTCOME_COLOURS.values():
        lighter, darker = sorted((luminance(fill), luminance(colour)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) > 6


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
