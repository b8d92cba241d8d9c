"""Numbers whose format shows other digits: what a person sees is read, or the stored number, or it is an error."""

from pathlib import Path

import pytest
import xlsxwriter

from xlsx2opeasy.problems import Severity
from xlsx2opeasy.workbook.read import read_workbook

PHONE = "user.phoneNumber"
READ = [
    ('0#" "##" "##" "##" "##', 123456789, "0123456789", "leading-zeros-restored"),
    ("00-00-00-00-00", 123456789, "0123456789", "leading-zeros-restored"),
    (r"(000)\ 000\-0000", 145550101, "0145550101", "leading-zeros-restored"),
    ("00000 000000", 7911123456, "07911123456", "leading-zeros-restored"),
    ('"0"0', 2079460000, "02079460000", "leading-zeros-restored"),
    (r"\+0", 12145550101, "+12145550101", "shown-text"),
    ('"+1 "(000) 000-0000', 2145550101, "+12145550101", "shown-text"),
    ('[<1000000]"214"0000000;0', 5550, "2140005550", "shown-text"),
    ("0.00", 101, "101", "shown-otherwise"),
    ("000.000.0000", 145550101, "145550101", "shown-otherwise"),
    ("0E+00", 101, "101", "shown-otherwise"),
    ("000/000000", 30123456, "30123456", "shown-otherwise"),
    ("dd/mm/yyyy", 45000, "45000", "shown-otherwise"),
    ("0%", 5, "5", "percent"),
]
PLAIN = [
    ("[<=9999999]###-####;(###) ###-####", 2145550101),
    ("(###) ###-####", 2145550101),
    ("#,##0", 2145550101),
    ('"Tel "0', 2145550101),
    ("General", 2145550101),
    ("@", 2145550101),
]
UNCLEAR = [('"x"0000', 101), (";;;", 101), ('[<1000]"ask";0', 101), ('0" ext 5"', 101)]


def book(folder: Path, code: str, number: int) -> Path:
    path = folder / "book.xlsx"
    made = xlsxwriter.Workbook(str(path))
    page = made.add_worksheet("Users")
    page.write_row(0, 0, ["command", "user.userId", PHONE])
    page.write_row(1, 0, ["ModifyUser", "ann@example.com"])
    page.write_number(1, 2, number, made.add_format({"num_format": code}))
    made.close()
    return path


@pytest.mark.parametrize(("code", "number", "read", "rule"), READ)
def test_what_goes_out_has_a_warning_at_its_cell(
    tmp_path: Path, code: str, number: int, read: str, rule: str
) -> None:
    sheet = read_workbook(book(tmp_path, code, number)).sheets[0]
    assert sheet.rows.loc[2, PHONE] == read
    assert [(each.rule, each.cell, each.severity) for each in sheet.problems] == [
        (rule, "C2", Severity.WARNING)
    ]


@pytest.mark.parametrize(("code", "number"), PLAIN)
def test_a_format_that_shows_the_same_digits_is_no_matter(tmp_path: Path, code: str, number: int) -> None:
    sheet = read_workbook(book(tmp_path, code, number)).sheets[0]
    assert sheet.rows.loc[2, PHONE] == str(number)
    assert [each.rule for each in sheet.problems] == ["number-in-text-column"]


@pytest.mark.parametrize(("code", "number"), UNCLEAR)
def test_what_is_not_clear_is_an_error_at_its_cell(tmp_path: Path, code: str, number: int) -> None:
    sheet = read_workbook(book(tmp_path, code, number)).sheets[0]
    assert [(each.rule, each.cell, each.severity) for each in sheet.problems] == [
        ("shown-unclear", "C2", Severity.ERROR)
    ]
    assert (2, PHONE) in sheet.unreadable
