"""Corrected cells in a copy of a workbook: they hold what was typed, and nothing else changed."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from foreign_shapes import closed_xml, google_sheets, numbers
from openpyxl.worksheet.table import Table

from compared import changed_entries
from workbooks import signed
from xlsx2opeasy.workbook.corrections import write_corrections
from xlsx2opeasy.workbook.edited_copy import UnwritableWorkbook
from xlsx2opeasy.workbook.read import read_workbook
from xlsx_lint import lint


@pytest.mark.parametrize("make", [google_sheets, numbers, closed_xml], ids=lambda each: each.__name__)
def test_cells_of_every_shape_are_corrected(make: Callable[[Path], Path], tmp_path: Path) -> None:
    source = make(tmp_path / "book.xlsx")
    (before,) = read_workbook(source).sheets
    first, second = before.rows.index
    target = tmp_path / "corrected.xlsx"
    texts = {first: {3: "jane & <b>", 4: "0042"}, second: {2: "", 5: "TRUE"}, second + 7: {1: "DeleteUser"}}
    changed = write_corrections(source, target, {"Users": texts})
    assert set(changed) == {"xl/worksheets/sheet1.xml"} == changed_entries(source, target)
    assert not lint(target)
    (after,) = read_workbook(target).sheets
    rows = after.rows
    assert list(rows.loc[first, ["user.userId", "user.extension"]]) == ["jane & <b>", "0042"]
    assert list(rows.loc[second, ["groupId", "user.vmTranscription"]]) == ["", "TRUE"]
    assert rows.loc[second + 7, "command"] == "DeleteUser"
    untouched = ["command", "groupId", "user.vmTranscription"]
    assert list(rows.loc[first, untouched]) == list(before.rows.loc[first, untouched])


def _book(path: Path) -> tuple[openpyxl.Workbook, "openpyxl.worksheet.worksheet.Worksheet"]:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Users"
    for row in (("comand", "groupId"), ("AddUser", "Dallas"), ("AddUser", "=A1")):
        sheet.append(row)
    return book, sheet


def test_a_header_of_a_table_is_renamed_in_the_table(tmp_path: Path) -> None:
    book, sheet = _book(tmp_path / "book.xlsx")
    sheet.add_table(Table(displayName="People", ref="A1:B3"))
    book.save(tmp_path / "book.xlsx")
    target = tmp_path / "corrected.xlsx"
    changed = write_corrections(tmp_path / "book.xlsx", target, {"Users": {1: {1: "command"}}})
    assert set(changed) == {"xl/worksheets/sheet1.xml", "xl/tables/table1.xml"}
    found = openpyxl.load_workbook(target)["Users"]
    assert found["A1"].value == "command"
    assert [each.name for each in found.tables["People"].tableColumns] == ["command", "groupId"]
    with pytest.raises(UnwritableWorkbook, match="cannot have the header"):
        write_corrections(tmp_path / "book.xlsx", target, {"Users": {1: {1: "GroupID"}}})


def test_a_formula_gives_way_to_the_text(tmp_path: Path) -> None:
    book, _ = _book(tmp_path / "book.xlsx")
    book.save(tmp_path / "book.xlsx")
    write_corrections(tmp_path / "book.xlsx", tmp_path / "new.xlsx", {"Users": {3: {2: "=SUM(1)"}}})
    cell = openpyxl.load_workbook(tmp_path / "new.xlsx")["Users"]["B3"]
    assert (cell.value, cell.data_type) in (("=SUM(1)", "s"), ("=SUM(1)", "inlineStr"))


def test_a_formula_that_other_cells_share_is_left_alone(tmp_path: Path) -> None:
    book, sheet = _book(tmp_path / "book.xlsx")
    from openpyxl.worksheet.formula import ArrayFormula

    sheet["B2"] = ArrayFormula("B2:B3", "=A2:A3")
    book.save(tmp_path / "book.xlsx")
    with pytest.raises(UnwritableWorkbook, match="B2 cannot be corrected here"):
        write_corrections(tmp_path / "book.xlsx", tmp_path / "new.xlsx", {"Users": {2: {2: "x"}}})
    assert not (tmp_path / "new.xlsx").exists()


def test_a_signed_workbook_is_not_corrected(tmp_path: Path) -> None:
    book, _ = _book(tmp_path / "book.xlsx")
    book.save(tmp_path / "book.xlsx")
    with pytest.raises(UnwritableWorkbook, match="signed"):
        write_corrections(signed(tmp_path / "book.xlsx"), tmp_path / "new.xlsx", {"Users": {2: {2: "x"}}})
