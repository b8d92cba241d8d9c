"""Rows of a task sheet that are no tasks: titles above the headers, and remarks on the columns below them."""

from pathlib import Path

import pytest
from handmade import inline, number, parts, row, worksheet, write

from xlsx2opeasy.problems import MASK, Problem
from xlsx2opeasy.workbook.model import Sheet
from xlsx2opeasy.workbook.read import read_workbook

SECRET = "S3cret-canary"
HEADS = ["command", "user.userPassword", "user.userId"]
ANN = ["ModifyUser", "", "ann.able@example.com"]


def sheet_of(folder: Path, *rows: list[str]) -> Sheet:
    """The sheet Users with these texts in its rows, from row 1 on; digits are numbers."""

    def content(text: str) -> str:
        return number(text) if text.isdecimal() else inline(text) if text else ""

    listed = "".join(row(at, list(map(content, texts))) for at, texts in enumerate(rows, 1))
    return read_workbook(write(folder, parts({"Users": worksheet(listed)}))).sheets[0]


def only(sheet: Sheet, rule: str) -> Problem:
    (problem,) = sheet.problems
    assert problem.rule == rule
    return problem


@pytest.mark.parametrize(
    ("remark", "value"),
    [
        (["", f"({SECRET})", "(required)"], "(required)"),
        ([f"({SECRET})", "(required)", ""], f"({SECRET})"),
        (["", f"({SECRET})", "(required)", "(any)"], "(required)"),
    ],
)
def test_what_is_below_a_secret_header_is_not_shown(tmp_path: Path, remark: list[str], value: str) -> None:
    problem = only(sheet_of(tmp_path, [*HEADS, "user.title"], remark, ANN), "second-header-row")
    assert problem.value == value
    assert f'("{value}")' in problem.message


def test_a_row_of_secrets_alone_is_masked(tmp_path: Path) -> None:
    heads = ["command", "user.userPassword", "user.sipAuthPassword", "user.userId"]
    remark = ["", f"({SECRET})", f"({SECRET})"]
    problem = only(sheet_of(tmp_path, heads, remark, [ANN[0], "", "", ANN[2]]), "second-header-row")
    assert problem.value == MASK
    assert problem.message == "Row 2 says something of its columns and is left alone."


@pytest.mark.parametrize(
    ("above", "value"),
    [
        (["", SECRET], MASK),
        (["", "123456789"], MASK),
        (["", SECRET, "Staff"], "Staff"),
        (["Staff", SECRET], "Staff"),
    ],
)
def test_what_is_above_a_secret_header_is_not_shown(tmp_path: Path, above: list[str], value: str) -> None:
    problem = only(sheet_of(tmp_path, above, HEADS, ANN), "title-rows")
    assert problem.value == value
    assert SECRET not in problem.message


def test_what_is_below_a_secret_header_of_other_headers_is_not_shown(tmp_path: Path) -> None:
    upper = [[], ["", "", SECRET], ["user.userId", "", "User.UserPassword"]]
    problem = only(
        sheet_of(
            tmp_path, *upper, ["command", "user.userId", "user.title"], ["ModifyUser", "ann.able@example.com"]
        ),
        "title-rows",
    )
    assert problem.value == MASK
