"""Blank workbooks of other versions than this program's, and the sheets that are its own words."""

import shutil
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest

from filling import BRANCH, fill
from judges import saved_by_libreoffice
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.workbook.annotate.write import write_annotated
from xlsx2opeasy.workbook.own_sheets import TEMPLATE_VERSION
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.task_workbook import FilledRow, FilledSheet, NotePage, filled_bytes
from xlsx2opeasy.workbook.template.file import template_bytes

PROPERTIES = "docProps/custom.xml"


def template(path: Path) -> Path:
    path.write_bytes(template_bytes())
    return fill(path, BRANCH)


def of_version(path: Path, version: str) -> Path:
    """The workbook with another version in its properties."""
    original = path.with_name(f"before{path.name}")
    shutil.move(path, original)
    with ZipFile(original) as before, ZipFile(path, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            if name == PROPERTIES:
                content = content.replace(f">{TEMPLATE_VERSION}<".encode(), f">{version}<".encode())
            after.writestr(name, content)
    return path


def older(path: Path) -> Path:
    """A workbook as an older template would have made it: a column fewer, others spelt as they once were."""
    template(path)
    book = openpyxl.load_workbook(path)
    sheet = book["Users"]
    headers = {cell.value: cell for cell in sheet[1]}
    headers["user.voicemailAccount"].value = "user.voicemailAccout"
    headers["user.userId"].value = " USER.userid "
    sheet.delete_cols(headers["user.vmTranscription"].column)
    book.save(path)
    return of_version(path, "0.9")


def told(path: Path) -> list[tuple[str, Severity]]:
    return [(problem.rule, problem.severity) for problem in read_workbook(path).problems]


def test_one_of_this_version_has_nothing_to_tell(tmp_path: Path) -> None:
    assert told(template(tmp_path / "now.xlsx")) == []


def test_an_older_one_loads_with_a_note_though_a_column_is_missing_and_others_are_spelt_otherwise(
    tmp_path: Path,
) -> None:
    book = read_workbook(older(tmp_path / "older.xlsx"))
    (problem,) = book.problems
    assert (problem.rule, problem.severity) == ("template-older", Severity.WARNING)
    assert f"(version 0.9; now {TEMPLATE_VERSION})" in problem.message
    assert "xlsx2opeasy template" in problem.hint
    assert check_workbook(book).errors == ()
    users = book.sheets[0]
    assert "user.vmTranscription" not in users.rows
    assert {"user.voicemailAccount", "user.userId"} <= {*users.rows}


@pytest.mark.parametrize("version", ["1.2", "2.0", "10.0"])
def test_a_newer_one_says_so_and_is_read(version: str, tmp_path: Path) -> None:
    book = read_workbook(of_version(template(tmp_path / "newer.xlsx"), version))
    (problem,) = book.problems
    assert (problem.rule, problem.severity) == ("template-newer", Severity.WARNING)
    assert version in problem.message
    assert "Install the newest xlsx2opeasy" in problem.hint
    assert check_workbook(book).errors == ()


@pytest.mark.parametrize("version", ["", "one", "1", "99999.0", "1.0.1"])
def test_what_is_no_version_tells_nothing(version: str, tmp_path: Path) -> None:
    assert told(of_version(template(tmp_path / "odd.xlsx"), version)) == []


def test_broken_properties_are_no_reason_to_refuse_the_tasks(tmp_path: Path) -> None:
    path = of_version(template(tmp_path / "broken.xlsx"), "1.0</broken")
    assert told(path) == []
    assert read_workbook(path).sheets[0].rows.shape[0] == 2


def test_the_version_survives_libreoffice(tmp_path: Path) -> None:
    saved = saved_by_libreoffice(older(tmp_path / "older.xlsx"), tmp_path)
    assert told(saved) == [("template-older", Severity.WARNING)]
    assert read_workbook(saved).other_sheets == ()


def test_sheets_of_our_own_words_are_not_told_as_left_alone(tmp_path: Path) -> None:
    path = template(tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(path)
    book.create_sheet("Holidays")
    book.save(path)
    assert read_workbook(path).other_sheets == ("Holidays",)
    problem = Problem("Users", "digits", "is wrong", row=2, column="B")
    marked = write_annotated(path, tmp_path / "marked.xlsx", [problem]).target
    assert read_workbook(marked).other_sheets == ("Holidays",)


def test_pages_of_words_in_a_filled_workbook_are_our_own(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    page, rows = NotePage("Not undone", ["Not undone"]), [FilledRow("Assign", {"groupId": "Dallas"})]
    sheet = FilledSheet(BY_NAME["PhoneNumbers"], ("groupId",), rows)
    path.write_bytes(filled_bytes([sheet], [NotePage("Read me", ["Read me"])], [page]))
    assert read_workbook(path).other_sheets == ()
    assert read_workbook(saved_by_libreoffice(path, tmp_path)).other_sheets == ()


def test_sheets_of_the_user_with_such_names_are_told(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "Problems"
    book.create_sheet("Read me")
    book.create_sheet("Users").append(["command", "user.userId"])
    book.save(path)
    assert read_workbook(path).other_sheets == ("Problems", "Read me")
