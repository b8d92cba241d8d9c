"""Document properties and sheet titles of a company's own are never taken for this program's marks."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from openpyxl.packaging.custom import StringProperty

from xlsx2opeasy.load.job.fingerprint import enterprise_digits
from xlsx2opeasy.workbook.own_sheets import (
    COPY_NOTE,
    ENTERPRISE_PROPERTY,
    VERSION_PROPERTY,
    WORDS_PROPERTY,
)
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.task_workbook import NotePage, filled_bytes
from xlsx2opeasy.workbook.template.file import template_bytes

PLAIN_WORDS = {
    VERSION_PROPERTY: "Template version",
    WORDS_PROPERTY: "Sheets of words",
    ENTERPRISE_PROPERTY: "Enterprise",
}
OURS = enterprise_digits("https://opeasy.example.com", "acme")


def company_book(path: Path, properties: dict[str, str], *, titles: tuple[str, ...] = ()) -> Path:
    """A company's own workbook: one user, some properties, some sheets of words."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Users"
    for row in (("command", "groupId", "user.userId"), ("AddUser", "Dallas", "a@example.com")):
        sheet.append(row)
    for title in titles:
        book.create_sheet(title).append(["Words of our own about xlsx2opeasy check"])
    for name, value in properties.items():
        book.custom_doc_props.append(StringProperty(name=name, value=value))
    book.save(path)
    return path


def as_before(path: Path, content: bytes) -> Path:
    """A workbook of ours with the properties' names of version 1.0."""
    whole = path.with_suffix(".now")
    whole.write_bytes(content)
    with ZipFile(whole) as now, ZipFile(path, "w", ZIP_DEFLATED) as before:
        for name in now.namelist():
            part = now.read(name)
            if name == "docProps/custom.xml":
                for new, old in PLAIN_WORDS.items():
                    part = part.replace(new.encode(), old.encode())
            before.writestr(name, part)
    return path


@pytest.mark.parametrize("value", ["ACME Corp", "1.0", "0.9", "2.0", OURS, "", "Read me", "Users/Read me"])
@pytest.mark.parametrize("name", [*PLAIN_WORDS.values(), *PLAIN_WORDS, "xlsx2opeasy"])
def test_a_company_s_property_is_no_mark(tmp_path: Path, name: str, value: str) -> None:
    if name == ENTERPRISE_PROPERTY and value == OURS:
        pytest.skip("that one is ours")
    if name == VERSION_PROPERTY and value[1:2] == ".":
        pytest.skip("that one is ours")
    found = read_workbook(company_book(tmp_path / "a.xlsx", {name: value}, titles=("Notes", "Problems")))
    assert found.meant_for == ""
    assert [each.rule for each in found.problems] == []
    assert found.other_sheets == ("Notes", "Problems")


def test_all_their_properties_at_once_are_none_either(tmp_path: Path) -> None:
    properties = dict.fromkeys(PLAIN_WORDS.values(), "1.0") | {"Enterprise": OURS}
    found = read_workbook(company_book(tmp_path / "a.xlsx", properties, titles=("Read me", "Problems")))
    assert (found.meant_for, found.problems, found.other_sheets) == ("", (), ("Read me", "Problems"))


def test_what_an_earlier_version_made_is_known(tmp_path: Path) -> None:
    undo = filled_bytes([], [NotePage("Read me", ["About this undo"])], meant_for=OURS)
    assert read_workbook(as_before(tmp_path / "undo.xlsx", undo)).meant_for == OURS
    blank = read_workbook(as_before(tmp_path / "blank.xlsx", template_bytes()))
    assert blank.other_sheets == ()


def test_their_list_of_problems_beside_ours_is_theirs(tmp_path: Path) -> None:
    path = company_book(tmp_path / "a.xlsx", {}, titles=("Problems", "Problems 2"))
    book = openpyxl.load_workbook(path)
    book["Problems 2"].append([f"{COPY_NOTE} Correct a.xlsx itself."])
    book.save(path)
    assert read_workbook(path).other_sheets == ("Problems",)
