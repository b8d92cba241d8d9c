"""Workbooks as openpyxl, XlsxWriter and LibreOffice write them: results arrive, everything else stays."""

import base64
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.table import Table

from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, Outcome, RowResult
from xlsx2opeasy.workbook.results.write import SheetResults, write_results

from .books import (
    FAILED,
    SUCCESS,
    by_calamine,
    by_libreoffice,
    by_openpyxl,
    compressed,
    saved_by_libreoffice,
    write,
)

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one point."""

HEADERS = ["command", "user.userId", "#note"]
ROWS = [
    ["AddUser", "anna@example.com", "é ü 漢"],
    ["AddUser", "0012", "a < b & c"],
    ["DeleteUser", "  x ", '"q"'],
]


def openpyxl_book(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Users"
    for row in (HEADERS, *ROWS):
        sheet.append(row)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = "A1:C4"
    sheet.column_dimensions["A"].width = 33
    book.create_sheet("Notes")["A1"] = "keep me"
    book.save(path)
    return path


def xlsxwriter_book(path: Path, **options: object) -> Path:
    book = xlsxwriter.Workbook(path, options)
    sheet = book.add_worksheet("Users")
    bold = book.add_format({"bold": True, "bg_color": "#1F4E79"})
    for number, row in enumerate((HEADERS, *ROWS)):
        for column, text in enumerate(row):
            sheet.write_string(number, column, text, bold if number == 0 else None)
    sheet.data_validation("A2:A100", {"validate": "list", "source": ["AddUser", "DeleteUser"]})
    sheet.conditional_format("B2:B9", {"type": "duplicate", "format": bold})
    book.add_worksheet("Notes").write_formula("A1", "=1+1", None, 2)
    book.close()
    return path


def constant_memory_book(path: Path) -> Path:
    return xlsxwriter_book(path, constant_memory=True)


def busy_book(path: Path) -> Path:
    """With macros, a picture, a chart, a comment, a table, sparklines, a button, groups and protection."""
    macros = path.with_suffix(".bin")
    macros.write_bytes(b"\xd0\xcf\x11\xe0 macros")
    book = xlsxwriter.Workbook(path.with_suffix(".xlsm"))
    book.add_vba_project(macros)
    sheet, notes = book.add_worksheet("Users"), book.add_worksheet("Notes")
    for number, row in enumerate((HEADERS, *ROWS)):
        sheet.write_row(number, 0, row)
    sheet.write_comment("B3", "ask Anna")
    sheet.insert_image("J2", "dot.png", {"image_data": BytesIO(DOT)})
    sheet.insert_button("J6", {"macro": "go", "caption": "Go"})
    sheet.set_row(2, 33, None, {"level": 1})
    sheet.set_column("H:XFD", None, None, {"hidden": True})
    sheet.protect("secret", {"autofilter": True})
    notes.add_table("A1:B3", {"columns": [{"header": "n"}, {"header": "m"}], "data": [[1, 2], [3, 4]]})
    notes.add_sparkline("D2", {"range": "Notes!A2:B2"})
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Notes!$A$2:$A$3"})
    notes.insert_chart("F2", chart)
    book.define_name("Sales", "=Notes!$A$2")
    book.close()
    return path.with_suffix(".xlsm")


def libreoffice_book(path: Path) -> Path:
    folder = path.parent / "saved"
    folder.mkdir()
    return saved_by_libreoffice(openpyxl_book(path), folder)


BOOKS = [openpyxl_book, xlsxwriter_book, constant_memory_book, libreoffice_book]


@pytest.fixture(params=BOOKS, ids=lambda each: each.__name__)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make: Callable[[Path], Path] = request.param
    return make(tmp_path / "book.xlsx")


RESULTS = {2: SUCCESS, 3: FAILED, 4: RowResult(Outcome.NOT_SENT, "", "The load stopped before.", "job 7")}
EXPECTED = [
    [*HEADERS, *RESULT_COLUMNS],
    [*ROWS[0], "SUCCESS", "", "", "job 7"],
    [*ROWS[1], "FAILED", "101", "User does not exist.", "job 7"],
    [*ROWS[2], "NOT SENT", "", "The load stopped before.", "job 7"],
]


def test_three_readers_see_the_users_cells_and_the_results(source: Path, tmp_path: Path) -> None:
    written = write(source, RESULTS).target
    assert by_calamine(written) == EXPECTED
    assert by_libreoffice(written, tmp_path) == EXPECTED
    texts = by_openpyxl(written)
    for row, expected in enumerate(EXPECTED, start=1):
        assert [texts.get(f"{letter}{row}", "") for letter in "ABCDEFG"] == expected


def test_only_the_sheet_and_the_styles_change(source: Path) -> None:
    before, written = compressed(source), write(source, RESULTS)
    after = compressed(written.target)
    assert list(after) == list(before)
    assert {name for name in before if before[name] != after[name]} == set(written.changed_parts)
    assert set(written.changed_parts) == {"xl/worksheets/sheet1.xml", "xl/styles.xml"}


def test_nothing_of_a_busy_workbook_with_macros_is_touched(tmp_path: Path) -> None:
    source = busy_book(tmp_path / "book.xlsm")
    before, written = compressed(source), write(source, RESULTS)
    after = compressed(written.target)
    assert {"xl/vbaProject.bin", "xl/media/image1.png", "xl/comments1.xml", "xl/tables/table1.xml"} <= set(
        before
    )
    assert {name for name in before if before[name] != after[name]} == set(written.changed_parts)
    assert set(written.changed_parts) == {"xl/worksheets/sheet1.xml", "xl/styles.xml"}
    assert [row[:7] for row in by_calamine(written.target)] == EXPECTED


def test_the_same_results_again_change_nothing(source: Path) -> None:
    first = write(source, RESULTS).target
    second = write(first, RESULTS)
    assert second.changed_parts == ("xl/worksheets/sheet1.xml",)
    assert second.target.read_bytes() == first.read_bytes()


def test_later_results_replace_earlier_ones_and_leave_other_rows(source: Path) -> None:
    first = write(source, RESULTS).target
    write(first, {3: RowResult(Outcome.SUCCESS, "", "", "job 8")}, first)
    expected = [*EXPECTED[:2], [*ROWS[1], "SUCCESS", "", "", "job 8"], EXPECTED[3]]
    assert by_calamine(first) == expected


def test_a_workbook_saved_by_libreoffice_in_between_keeps_its_columns(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in-between"
    folder.mkdir()
    saved = saved_by_libreoffice(write(source, RESULTS).target, folder)
    written = write(saved, {2: FAILED}).target
    assert by_calamine(written) == [EXPECTED[0], [*ROWS[0], *EXPECTED[2][3:]], *EXPECTED[2:]]


def test_a_second_sheet_gets_its_own_results(tmp_path: Path) -> None:
    path = openpyxl_book(tmp_path / "book.xlsx")
    sheets = [SheetResults("Notes", 1, {2: FAILED}), SheetResults("Users", 1, {2: SUCCESS})]
    written = write_results(path, path, sheets).target
    assert by_calamine(written, "Notes") == [["keep me", *RESULT_COLUMNS], ["", *EXPECTED[2][3:]]]
    assert by_calamine(written)[1] == EXPECTED[1]


def test_a_table_is_never_widened_and_the_columns_stand_right_of_it(tmp_path: Path) -> None:
    path = openpyxl_book(tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(path)
    book["Users"].add_table(Table(displayName="Tasks", ref="A1:C4"))
    book.save(path)
    book.close()
    before = compressed(path)
    written = write(path, RESULTS)
    assert compressed(written.target)["xl/tables/table1.xml"] == before["xl/tables/table1.xml"]
    assert by_openpyxl(written.target)["D1"] == "Result"


def test_result_columns_inside_a_table_keep_their_headers(tmp_path: Path) -> None:
    path = write(openpyxl_book(tmp_path / "book.xlsx"), RESULTS).target
    book = openpyxl.load_workbook(path)
    book["Users"].add_table(Table(displayName="Tasks", ref="A1:G4"))
    book.save(path)
    book.close()
    written = write(path, {2: FAILED})
    assert "xl/tables/table1.xml" not in written.changed_parts
    again = openpyxl.load_workbook(written.target)
    names = [column.name for column in again["Users"].tables["Tasks"].tableColumns]
    assert names == [cell.value for cell in again["Users"][1]] == [*HEADERS, *RESULT_COLUMNS]
    again.close()
