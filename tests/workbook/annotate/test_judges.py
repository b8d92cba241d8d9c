"""Marked workbooks before the judges: Open XML SDK and LibreOffice; and many wrong rows."""

import time
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from judges import open_xml_errors, saved_by_libreoffice
from xlsx2opeasy.workbook.annotate.write import write_annotated
from xlsx2opeasy.workbook.template.file import template_bytes

from .made import comments, fills, problem, rich_book, warning

PROBLEMS = [problem("A2", "a & b\n\x01"), warning("B3"), problem("C2"), problem("F40")]


def xlsxwriter_book(path: Path) -> Path:
    """Comments, a button, a table and a conditional format, as XlsxWriter writes them."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Users")
    sheet.write_row(0, 0, ["command", "groupId"])
    sheet.write_comment("C2", "mine")
    sheet.insert_button("D2", {"caption": "Press"})
    sheet.add_table("A1:B4", {"columns": [{"header": "command"}, {"header": "groupId"}]})
    sheet.conditional_format("A2:A9", {"type": "no_blanks"})
    other = book.add_worksheet("Other")
    other.write_comment("A1", "of another sheet")
    book.close()
    return path


def blank_template(path: Path) -> Path:
    path.write_bytes(template_bytes())
    return path


@pytest.mark.parametrize("make", [rich_book, xlsxwriter_book, blank_template])
def test_the_validator_finds_nothing_new(make: object, tmp_path: Path) -> None:
    source = make(tmp_path / "book.xlsx")
    target = write_annotated(source, tmp_path / "marked.xlsx", PROBLEMS).target
    assert set(open_xml_errors(target)) <= set(open_xml_errors(source))


@pytest.mark.parametrize("make", [rich_book, xlsxwriter_book])
def test_libreoffice_keeps_marks_comments_and_links(make: object, tmp_path: Path) -> None:
    target = write_annotated(make(tmp_path / "book.xlsx"), tmp_path / "marked.xlsx", PROBLEMS).target
    saved = saved_by_libreoffice(target, tmp_path)
    assert fills(saved).keys() == {"A2", "B3", "C2", "F40"}
    found = comments(saved)
    assert {"A2", "B3", "C2", "F40"} <= found.keys()
    assert "Error: is wrong" in found["C2"]
    sheet = openpyxl.load_workbook(saved).worksheets[-1]
    assert sheet["C4"].hyperlink.location.replace("'", "").replace("$", "") in {
        "Users!A2",
        "#Users.A2",
        "Users.A2",
    }


def test_fifty_thousand_wrong_rows_are_quick(tmp_path: Path) -> None:
    source = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(source, {"constant_memory": True})
    sheet = book.add_worksheet("Users")
    for row in range(50_001):
        sheet.write_row(row, 0, ["AddUser", "Dallas", "x"])
    book.close()
    problems = [problem(f"C{row}", value="x", hint="please mend it") for row in range(2, 50_002)]
    start = time.process_time()
    done = write_annotated(source, tmp_path / "marked.xlsx", problems)
    assert (done.marked, done.commented) == (50_000, 2_000)
    assert time.process_time() - start < 60, (
        "seconds of CPU: it takes two, looking at each of the others for each takes minutes"
    )
