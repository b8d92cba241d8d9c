"""Sheets whose XML is unusual, and sheets that cannot be written."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, Outcome, RowResult

from .books import (
    CHAIN,
    FAILED,
    MAIN,
    ROWS,
    SHEET,
    STRICT,
    STYLES,
    SUCCESS,
    book,
    by_calamine,
    by_openpyxl,
    contents,
    part,
    sheet_xml,
    text_cell,
    without_entry,
    write,
)

HEADER = f'<row r="1">{text_cell("A1", "command")}{text_cell("B1", "user.userId")}</row>'
RESULT_HEADER = HEADER.replace("</row>", "") + "".join(
    text_cell(f"{letter}1", name) for letter, name in zip("CDEF", RESULT_COLUMNS, strict=True)
)
FAILED_CELLS = ["FAILED", "101", "User does not exist.", "job 7"]


def cells(xml: str) -> dict[str, str]:
    """Texts by address of a sheet's XML, read as XML; addresses must be explicit and ascending."""
    root = ET.fromstring(xml)
    found = {}
    for cell in root.iter(f"{{{root.tag[1:].partition('}')[0]}}}c"):
        found[cell.attrib["r"]] = "".join(cell.itertext())
    return found


def written_xml(tmp_path: Path, content: str, **options: object) -> str:
    path = book(tmp_path / "book.xlsx", sheet_xml(content))
    return part(write(path, {2: FAILED}, **options).target, SHEET)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(f'{HEADER}<row r="2">{text_cell("A2", "AddUser")}</row>', id="plain"),
        pytest.param(
            f'{HEADER}<row r="2" spans="1:2" ht="20">{text_cell("A2", "AddUser")}</row>', id="spans"
        ),
        pytest.param(f"{HEADER}<row r='2'  spans = '1:2' >{text_cell('A2', 'AddUser')}</row >", id="quotes"),
        pytest.param(
            f'{HEADER}<row r="2">{text_cell("A2", "AddUser")}<c r="B2" s="0"/></row>', id="empty cell"
        ),
        pytest.param(f'{HEADER}\n <row r="2">\n  {text_cell("A2", "AddUser")}\n </row>\n', id="white space"),
        pytest.param(f'{HEADER}<row ht="9" r="2">{text_cell("A2", "AddUser")}</row>', id="r not first"),
        pytest.param(
            f'{HEADER}<row r="2" x="a>b">{text_cell("A2", "AddUser")}</row>', id="> in an attribute"
        ),
        pytest.param(
            re.sub(r' r="\w+"', "", HEADER) + "<row><c t='inlineStr'><is><t>AddUser</t></is></c></row>",
            id="no r",
        ),
        pytest.param(
            f'{HEADER}<!-- <row r="9"> --><row r="2">{text_cell("A2", "AddUser")}<!--</row>--></row>',
            id="comments",
        ),
        pytest.param(
            f'{HEADER}<?p <row?><row r="2">{text_cell("A2", "<![CDATA[AddUser]]>")}</row>', id="CDATA"
        ),
        pytest.param(f'{HEADER}<row r="2">{text_cell("A2", "AddUser")}<extLst/></row>', id="extLst"),
        pytest.param(
            f'{HEADER}<row r="2"><c r="A2" t="str"><f>"Add"&amp;"User"</f><v>AddUser</v></c></row>',
            id="formula",
        ),
    ],
)
def test_every_form_of_a_row_takes_its_result(tmp_path: Path, rows: str) -> None:
    path = book(tmp_path / "book.xlsx", sheet_xml(f"<sheetData>{rows}</sheetData>"))
    written = write(path, {2: FAILED}).target
    ET.fromstring(part(written, SHEET))
    assert by_calamine(written)[1] == ["AddUser", "", *FAILED_CELLS]
    texts = by_openpyxl(written)
    assert [texts[f"{letter}2"] for letter in "CDEF"] == FAILED_CELLS


@pytest.mark.parametrize(
    "data", ["<sheetData/>", "<sheetData />", "<sheetData></sheetData>", "<sheetData>\n</sheetData>"]
)
def test_a_sheet_without_rows_gets_them(tmp_path: Path, data: str) -> None:
    xml = written_xml(
        tmp_path, f'<dimension ref="A1"/>{data}<pageMargins left="1" right="1" top="1" bottom="1"/>'
    )
    assert cells(xml) == dict(
        zip(["A1", "B1", "C1", "D1", "A2", "B2", "C2", "D2"], [*RESULT_COLUMNS, *FAILED_CELLS], strict=True)
    )
    assert '<dimension ref="A1:D2"/>' in xml


@pytest.mark.parametrize(
    "rows", ['<row r="2"/>', '<row r="2" spans="1:2" ht="30" customHeight="1"/>', '<row r="2"></row>', ""]
)
def test_a_row_without_cells_or_not_there_at_all_takes_its_result(tmp_path: Path, rows: str) -> None:
    after = f'<row r="5">{text_cell("A5", "x")}</row>'
    xml = written_xml(tmp_path, f"<sheetData>{HEADER}{rows}{after}</sheetData>")
    assert [cells(xml)[f"{letter}2"] for letter in "CDEF"] == FAILED_CELLS
    assert re.findall(r'<row r="(\d+)"', xml) == ["1", "2", "5"]
    assert "ht=" not in rows or 'ht="30" customHeight="1"' in xml


def test_rows_of_results_below_the_last_row_and_in_gaps_are_made(tmp_path: Path) -> None:
    path = book(
        tmp_path / "book.xlsx",
        sheet_xml(f'<sheetData>{HEADER}<row r="4">{text_cell("A4", "x")}</row></sheetData>'),
    )
    xml = part(write(path, {2: FAILED, 3: SUCCESS, 4: SUCCESS, 9: FAILED}).target, SHEET)
    assert re.findall(r'<row r="(\d+)"', xml) == ["1", "2", "3", "4", "9"]


def test_spans_are_widened_and_odd_ones_dropped(tmp_path: Path) -> None:
    rows = f'<row r="2" spans="1:2">{text_cell("A2", "x")}</row><row r="3" spans="1:1 2:2">{text_cell("A3", "x")}</row>'
    path = book(tmp_path / "book.xlsx", sheet_xml(f"<sheetData>{HEADER}{rows}</sheetData>"))
    xml = part(write(path, {2: SUCCESS, 3: SUCCESS}).target, SHEET)
    assert '<row r="2" spans="1:6">' in xml
    assert '<row r="3">' in xml


def test_a_lying_dimension_becomes_true_and_a_missing_one_stays_away(tmp_path: Path) -> None:
    assert '<dimension ref="A1:F2"/>' in written_xml(tmp_path, f'<dimension ref="A1:XFD1048576"/>{ROWS}')
    assert "dimension" not in written_xml(tmp_path, ROWS)


def test_cells_right_of_the_results_stay_where_they_are(tmp_path: Path) -> None:
    row = f'<row r="2">{text_cell("A2", "AddUser")}{text_cell("C2", "old")}<c r="H2"><v>8</v></c></row>'
    xml = written_xml(tmp_path, f"<sheetData>{RESULT_HEADER}</row>{row}</sheetData>")
    assert list(cells(xml)) == ["A1", "B1", "C1", "D1", "E1", "F1", "A2", "C2", "D2", "E2", "F2", "H2"]
    assert cells(xml)["C2"] == "FAILED"
    assert '<c r="H2"><v>8</v></c>' in xml


def test_cells_without_reference_do_not_move(tmp_path: Path) -> None:
    plain = "<c t='inlineStr'><is><t>{}</t></is></c>"
    header = "".join(plain.format(name) for name in ("command", *RESULT_COLUMNS, "user.userId"))
    row = "".join(plain.format(text) for text in ("AddUser", "SUCCESS", "", "", "old", "anna"))
    path = book(
        tmp_path / "book.xlsx", sheet_xml(f"<sheetData><row>{header}</row><row>{row}</row></sheetData>")
    )
    written = write(path, {2: SUCCESS}).target
    assert by_calamine(written)[1] == ["AddUser", "SUCCESS", "", "", "job 7", "anna"]
    assert by_openpyxl(written)["F2"] == "anna"


def test_an_empty_text_empties_the_cell_of_an_earlier_load(tmp_path: Path) -> None:
    row = "".join(text_cell(f"{letter}2", "old") for letter in "ABCDEF")
    xml = written_xml(tmp_path, f'<sheetData>{RESULT_HEADER}</row><row r="2">{row}</row></sheetData>')
    assert "old" not in [cells(xml)[f"{letter}2"] for letter in "CDEF"]
    path = book(tmp_path / "second.xlsx", xml)
    assert "D2" not in cells(part(write(path, {2: SUCCESS}).target, SHEET))


def test_result_headers_are_found_in_any_spelling_and_place(tmp_path: Path) -> None:
    names = ["Job", "command", " ERROR  Code", "result", "user.userId"]
    header = "".join(text_cell(f"{letter}1", name) for letter, name in zip("ABCDE", names, strict=True))
    xml = written_xml(tmp_path, f'<sheetData><row r="1">{header}</row><row r="2"/></sheetData>')
    found = cells(xml)
    assert [found[f"{letter}1"] for letter in "ABCDEF"] == [*names, "Error detail"]
    assert [found[f"{letter}2"] for letter in "ACDF"] == ["job 7", "101", "FAILED", "User does not exist."]


def test_headers_in_shared_strings_are_found_rich_text_too(tmp_path: Path) -> None:
    strings = "<si><t>command</t></si><si><r><t>Res</t></r><r><t>ult</t></r><rPh sb='0' eb='1'><t>x</t></rPh></si><si><t>no"
    header = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    path = book(
        tmp_path / "book.xlsx",
        sheet_xml(f'<sheetData>{header}<row r="2"/></sheetData>'),
        {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</t></si></sst>'},
        related={"sharedStrings": "sharedStrings.xml"},
    )
    xml = part(write(path, {2: FAILED}).target, SHEET)
    assert list(cells(xml)) == ["A1", "B1", "C1", "D1", "E1", "B2", "C2", "D2", "E2"]


def test_columns_stand_right_of_the_data_and_of_merged_data_but_not_of_bare_formats(tmp_path: Path) -> None:
    rows = f'{HEADER}<row r="2">{text_cell("D2", "legend")}<c r="K2" s="0"/></row><row r="3"><c r="XFD3" s="0"/></row>'
    assert cells(written_xml(tmp_path, f"<sheetData>{rows}</sheetData>"))["E2"] == "FAILED"
    merged = '<mergeCells count="2"><mergeCell ref="D2:F2"/><mergeCell ref="A9:Z9"/></mergeCells>'
    assert cells(written_xml(tmp_path, f"<sheetData>{rows}</sheetData>{merged}"))["G2"] == "FAILED"


def test_a_full_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkbookUnusable, match="no room"):
        written_xml(tmp_path, f'<sheetData>{HEADER}<row r="2">{text_cell("XFA2", "x")}</row></sheetData>')


def test_merged_result_cells_are_unmerged(tmp_path: Path) -> None:
    merged = '<mergeCells count="2"><mergeCell ref="C2:D2"/><mergeCell ref="A7:B7"/></mergeCells>'
    xml = written_xml(tmp_path, f'<sheetData>{RESULT_HEADER}</row><row r="2"/></sheetData>{merged}')
    assert '<mergeCells count="1"><mergeCell ref="A7:B7"/></mergeCells>' in xml
    alone = '<mergeCells count="1"><mergeCell ref="C2:C3"/></mergeCells>'
    assert "merge" not in written_xml(
        tmp_path, f'<sheetData>{RESULT_HEADER}</row><row r="2"/></sheetData>{alone}'
    )


def test_cells_merged_across_the_users_columns_and_ours_are_refused(tmp_path: Path) -> None:
    merged = '<mergeCells count="1"><mergeCell ref="B2:C2"/></mergeCells>'
    with pytest.raises(WorkbookUnusable, match="B2:C2"):
        written_xml(tmp_path, f'<sheetData>{RESULT_HEADER}</row><row r="2"/></sheetData>{merged}')


def test_new_columns_get_widths_and_hidden_ones_show(tmp_path: Path) -> None:
    columns = '<cols><col min="1" max="2" width="20"/><col min="3" max="16384" width="9" style="0" hidden="1"/></cols>'
    xml = written_xml(tmp_path, columns + ROWS)
    found = re.findall(r'<col min="(\d+)" max="(\d+)"[^>]*width="([\d.]+)"[^>]*>', xml)
    assert found == [
        ("1", "2", "20"),
        *[
            (str(3 + place), str(3 + place), f"{width}.7109375")
            for place, width in enumerate((12, 11, 40, 36))
        ],
        ("7", "16384", "9"),
    ]
    assert xml.count("hidden") == 1
    assert '<col min="1" max="2" width="20"/>' in xml


@pytest.mark.parametrize(("length", "width"), [(0, 40), (38, 40), (39, 41), (108, 110), (500, 110)])
def test_error_detail_is_as_wide_as_its_longest_line_within_bounds(
    tmp_path: Path, length: int, width: int
) -> None:
    results = {2: FAILED, 3: RowResult(Outcome.FAILED, "1", "short\n" + "x" * length, "job 7")}
    xml = part(write(book(tmp_path / "book.xlsx", sheet_xml()), results).target, SHEET)
    assert f'<col min="5" max="5" width="{width}.7109375"' in xml


def test_a_second_load_leaves_the_widths_alone(tmp_path: Path) -> None:
    first = write(book(tmp_path / "book.xlsx", sheet_xml()), {2: FAILED}).target
    wide = part(first, SHEET).replace("40.7109375", "99")
    assert 'width="99"' in wide
    second = write(book(tmp_path / "second.xlsx", wide), {2: SUCCESS}).target
    assert part(second, SHEET).partition("<sheetData>")[0] == wide.partition("<sheetData>")[0]


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("namespace", [MAIN, STRICT])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_prefixes_namespaces_and_encodings(
    tmp_path: Path, prefix: str, namespace: str, encoding: str
) -> None:
    rows = ROWS.replace("AddUser", "Münster")
    tags = re.sub(r"(</?)(?=\w)", rf"\g<1>{prefix}", f'<dimension ref="A1:B2"/>{rows}<mergeCells/>')
    name = {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16"}.get(encoding, encoding)
    xmlns = f"xmlns{':' if prefix else ''}{prefix.rstrip(':')}"
    root = f'<?xml version="1.0" encoding="{name}"?><{prefix}worksheet {xmlns}="{namespace}">'
    xml = f"{root}{tags}</{prefix}worksheet>".encode(encoding)
    path = book(tmp_path / "book.xlsx", xml, strict=namespace == STRICT)
    written = write(path, {2: FAILED}).target
    found = cells(part(written, SHEET).removeprefix("\ufeff"))
    assert list(found.values()) == ["command", "user.userId", *RESULT_COLUMNS, "Münster", "12", *FAILED_CELLS]
    assert by_calamine(written)[1] == ["Münster", 12.0, *FAILED_CELLS]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/xl/worksheets/sheet1.xml", SHEET),
        ("worksheets/Sheet1.xml", SHEET),
        ("../xl/worksheets/./sheet1.xml", SHEET),
        ("worksheets/my%20sheet.xml", "xl/worksheets/my sheet.xml"),
        ("worksheets/sheet1.xml", "xl\\worksheets\\sheet1.xml"),
    ],
)
def test_the_sheet_is_found_through_the_relationships(tmp_path: Path, target: str, name: str) -> None:
    parts = {SHEET: "<decoy/>", name: sheet_xml()} if name != SHEET else {}
    path = book(tmp_path / "book.xlsx", sheet_xml(), parts, sheet_target=target)
    if "\\" in name:
        path = without_entry(path, SHEET)
    written = write(path, {2: FAILED})
    assert name in written.changed_parts
    assert cells(part(written.target, name))["C2"] == "FAILED"


def test_a_formula_in_a_result_cell_goes_with_its_calc_chain_entry(tmp_path: Path) -> None:
    rows = '<row r="2"><c r="B2"><f>1+1</f><v>2</v></c><c r="C2"><f>1+2</f><v>3</v></c></row>'
    rows += '<row r="3"><c r="C3"><f>1+3</f><v>4</v></c></row>'
    chain = f'<calcChain xmlns="{MAIN}"><c r="C2" i="1"/><c r="B2"/><c r="C3" l="1"/><c r="C2" i="2"/></calcChain>'
    path = book(
        tmp_path / "book.xlsx",
        sheet_xml(f"<sheetData>{RESULT_HEADER}</row>{rows}</sheetData>"),
        {CHAIN: chain},
        related={"calcChain": "calcChain.xml"},
    )
    written = write(path, {2: FAILED})
    assert part(written.target, CHAIN) == chain.replace('<c r="C2" i="1"/><c r="B2"/>', '<c r="B2" i="1"/>')
    assert "<f>1+2</f>" not in part(written.target, SHEET)
    assert "<f>1+3</f>" in part(written.target, SHEET)


def test_a_calc_chain_left_empty_goes_with_its_content_type_and_relationship(tmp_path: Path) -> None:
    rows = '<row r="2"><c r="C2"><f>1+2</f><v>3</v></c></row>'
    path = book(
        tmp_path / "book.xlsx",
        sheet_xml(f"<sheetData>{RESULT_HEADER}</row>{rows}</sheetData>"),
        {CHAIN: f'<calcChain xmlns="{MAIN}"><c r="C2" i="1"/></calcChain>'},
        related={"calcChain": "calcChain.xml"},
    )
    written = write(path, {2: FAILED}).target
    assert CHAIN not in contents(written)
    assert b"calcChain" not in b"".join(contents(written).values())
    assert by_openpyxl(written)["C2"] == "FAILED"


@pytest.mark.parametrize(
    "formula", ['<f t="shared" ref="C2:C9" si="0">A2</f>', '<f t="array" ref="B2:C2">A2:B2</f>']
)
def test_a_formula_that_other_cells_need_is_refused(tmp_path: Path, formula: str) -> None:
    row = f'<row r="2"><c r="C2">{formula}<v>3</v></c></row>'
    with pytest.raises(WorkbookUnusable, match="C2 cannot be written"):
        written_xml(tmp_path, f"<sheetData>{RESULT_HEADER}</row>{row}</sheetData>")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('<sheetData><row r="2"/><row r="1"/></sheetData>', "row 1 is repeated, out of order"),
        ('<sheetData><row r="2"/><row r="2"/></sheetData>', "row 2 is repeated"),
        ('<sheetData><row r="1048577"/></sheetData>', "outside the grid"),
        (
            f'<sheetData><row r="2">{text_cell("B2", "x")}{text_cell("A2", "x")}</row></sheetData>',
            "out of order",
        ),
        (f'<sheetData><row r="2">{text_cell("B2", "x")}{text_cell("B2", "x")}</row></sheetData>', "repeated"),
        (f'<sheetData><row r="2">{text_cell("XFE2", "x")}</row></sheetData>', "outside the grid"),
        ("<sheetData><other/></sheetData>", "no end"),
        ('<sheetData><row r="2">', "no end|no valid XML"),
        ("", "no rows"),
    ],
)
def test_a_sheet_that_would_be_damaged_is_refused_and_nothing_is_written(
    tmp_path: Path, content: str, words: str
) -> None:
    path = book(tmp_path / "book.xlsx", sheet_xml(content))
    with pytest.raises(WorkbookUnusable, match=words):
        write(path, {2: FAILED})
    assert [each.name for each in tmp_path.iterdir()] == ["book.xlsx"]


def test_a_doctype_is_refused(tmp_path: Path) -> None:
    path = book(
        tmp_path / "book.xlsx",
        sheet_xml().replace("<worksheet", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet', 1),
    )
    with pytest.raises(WorkbookUnusable, match="DOCTYPE"):
        write(path, {2: FAILED})


def test_entities_in_shared_strings_and_deep_nesting_are_refused(tmp_path: Path) -> None:
    header = '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>'
    strings = f'<!DOCTYPE sst [<!ENTITY a "Result">]><sst xmlns="{MAIN}"><si><t>&a;</t></si></sst>'
    shared = {"sharedStrings": "sharedStrings.xml"}
    path = book(tmp_path / "one.xlsx", sheet_xml(header), {"xl/sharedStrings.xml": strings}, related=shared)
    with pytest.raises(WorkbookUnusable, match="DOCTYPE"):
        write(path, {2: FAILED})
    deep = f'<styleSheet xmlns="{MAIN}">{"<a>" * 5000}{"</a>" * 5000}</styleSheet>'
    path = book(tmp_path / "two.xlsx", sheet_xml(), {STYLES: deep}, related={"styles": "styles.xml"})
    with pytest.raises(WorkbookUnusable, match="too deeply"):
        write(path, {2: FAILED})


def test_a_chartsheet_or_an_unknown_title_is_refused(tmp_path: Path) -> None:
    chart = book(tmp_path / "chart.xlsx", f'<chartsheet xmlns="{MAIN}"/>')
    with pytest.raises(WorkbookUnusable, match="no worksheet"):
        write(chart, {2: FAILED})
    with pytest.raises(WorkbookUnusable, match='no sheet "users"'):
        write(book(tmp_path / "book.xlsx", sheet_xml()), {2: FAILED}, title="users")


def test_a_workbook_without_styles_gets_them(tmp_path: Path) -> None:
    written = write(book(tmp_path / "book.xlsx", sheet_xml()), {2: FAILED})
    assert written.changed_parts[-1] == STYLES
    cell = openpyxl.load_workbook(written.target)["Users"]["C2"]
    assert (cell.number_format, cell.quotePrefix, cell.font.bold) == ("@", True, True)


def test_a_row_that_is_longer_than_what_is_read_at_a_time_takes_its_result(tmp_path: Path) -> None:
    long = "".join(text_cell(f"{letter}2", letter * 500_000) for letter in "BCDEF")
    rows = "".join(
        f'<row r="{number}">{text_cell(f"A{number}", "AddUser")}{long if number == 2 else ""}</row>'
        for number in range(2, 6)
    )
    path = book(tmp_path / "book.xlsx", sheet_xml(f"<sheetData>{HEADER}{rows}</sheetData>"))
    results = {number: FAILED if number % 2 else SUCCESS for number in range(2, 6)}
    found = cells(part(write(path, results).target, SHEET))
    assert [found[f"G{number}"] for number in range(2, 6)] == ["SUCCESS", "FAILED", "SUCCESS", "FAILED"]
    assert [found[f"A{number}"] for number in range(2, 6)] == ["AddUser"] * 4
    assert {letter: found[f"{letter}2"] for letter in "BCDEF"} == {each: each * 500_000 for each in "BCDEF"}
