"""Rows of a task sheet that are no tasks: titles above the headers, and remarks on the columns below them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from handmade import inline, number, parts, row, worksheet, write

from xlsx2opeasy.problems import MASK, Problem, Severity
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.workbook.mapping import ListMapping, SheetMapping
from xlsx2opeasy.workbook.model import Sheet
from xlsx2opeasy.workbook.read import read_workbook

SECRET = "S3cret-canary"
HEADS = ["command", "user.userPassword", "user.userId"]
ANN = ["ModifyUser", "", "ann.able@example.com"]


def file_of(folder: Path, title: str, rows: Iterable[list[str]]) -> Path:
    """A workbook with these texts in the rows of its one sheet, from row 1 on; digits are numbers."""

    def content(text: str) -> str:
        return number(text) if text.isdecimal() else inline(text) if text else ""

    listed = "".join(row(at, list(map(content, texts))) for at, texts in enumerate(rows, 1))
    return write(folder, parts({title: worksheet(listed)}))


def sheet_of(folder: Path, *rows: list[str]) -> Sheet:
    """The sheet Users with these rows."""
    return read_workbook(file_of(folder, "Users", rows)).sheets[0]


STAFF = {"First name": "user.firstName", "Last name": "user.lastName", "Mail": "user.userId"}
LIST = [*STAFF]
ERIKA = ["Erika", "Mustermann", "erika.mustermann@example.com"]


def list_of(folder: Path, *rows: list[str], columns: Mapping[str, str] = STAFF, **constants: str) -> Sheet:
    """A list of people with headers of its own, whose rows all add a user where nothing else is given."""
    folded_columns = {folded(header): name for header, name in columns.items()}
    same = constants or {"command": "AddUser"}
    mapping = SheetMapping("Staff", BY_NAME["Users"], folded_columns, same, frozenset())
    return read_workbook(file_of(folder, "Staff", rows), mapping=ListMapping((mapping,))).sheets[0]


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


@pytest.mark.parametrize(
    "remark",
    [
        ["", "max 30 characters", "Text (30)", "string"],
        ["", "Max. 30 Zeichen", "min: 6", "Text 30"],
        ["", "Example: Ann", "e.g. Doe", "z. B. Boss"],
        ["(any)", "text, required", "string(20); optional", "max.30 chars/(any)"],
        ["1", "2", "3", "4"],
    ],
    ids="|".join,
)
def test_what_only_a_remark_says_is_left_alone(tmp_path: Path, remark: list[str]) -> None:
    heads = ["command", "user.firstName", "user.lastName", "user.title"]
    sheet = sheet_of(tmp_path, heads, remark, ["ModifyUser", "Ann"])
    assert only(sheet, "second-header-row").row == 2
    assert sheet.rows.index.tolist() == [3]


@pytest.mark.parametrize(
    "person",
    [
        ["", "Max", "Min", "max.min@example.com"],
        ["", "Max", "Int", ""],
        ["", "Max", "Text", "Example"],
        ["", "Text", "string", "<ann.able@example.com>"],
        ["", "Example: Ann", "e.g. Able", "Example: ann.able@example.com"],
        ["", "(2145550101)", "(required)", "[Text]"],
        ["", "max-Able", "min77", "Int4711"],
        ["", "100", "101", "102"],
    ],
    ids="|".join,
)
def test_a_person_without_a_command_is_a_task(tmp_path: Path, person: list[str]) -> None:
    heads = ["command", "user.firstName", "user.lastName", "user.userId"]
    assert sheet_of(tmp_path, heads, person, ["ModifyUser", "Ann"]).rows.index.tolist() == [2, 3]


@pytest.mark.parametrize(
    "person",
    [
        ["Max", "Mustermann", "max.mustermann@example.com"],
        ["Max", "Min", "max.min@example.com"],
        ["Max", "", "max.min@example.com"],
        ["", "", "max.min@example.com"],
        ["Max", "", ""],
        ["Max", "Mustermann", ""],
        ["100", "102", "103"],
        ["First name", "Mustermann", ""],
    ],
    ids="|".join,
)
def test_a_person_of_a_list_is_a_task(tmp_path: Path, person: list[str]) -> None:
    sheet = list_of(tmp_path, LIST, person, ERIKA)
    assert "remark-row" not in {each.rule for each in sheet.problems}
    assert sheet.rows.index.tolist() == [2, 3]


@pytest.mark.parametrize(
    "remark",
    [
        ["(required)", "(optional)", "(required)"],
        ["max 30 characters", "max 30 characters", "string"],
        ["Max", "Int", ""],
        ["Text as on the contract", "Text", "Example: ann@example.com"],
        ["1", "2", "3"],
        ["First name", "Last name", "Mail"],
        ["", "last  name", "user.userId"],
    ],
    ids="|".join,
)
def test_what_may_be_a_remark_on_a_list_is_an_error(tmp_path: Path, remark: list[str]) -> None:
    sheet = list_of(tmp_path, LIST, remark, ERIKA)
    (problem,) = [each for each in sheet.problems if each.rule == "remark-row"]
    assert (problem.row, problem.severity) == (2, Severity.ERROR)
    assert "begin it" not in problem.hint
    assert "Delete the row" in problem.hint
    assert sheet.rows.index.tolist() == [2, 3], "where the rule is allowed, it is a task"
    assert problem.under({"remark-row"}).severity is Severity.WARNING


def test_headers_again_are_found_in_every_row_of_a_list(tmp_path: Path) -> None:
    sheet = list_of(tmp_path, LIST, ERIKA, ERIKA, ERIKA, ERIKA, LIST, ERIKA)
    assert only(sheet, "remark-row").row == 6


def test_what_may_be_a_remark_shows_no_secret(tmp_path: Path) -> None:
    columns = {"Password": "user.userPassword", "Mail": "user.userId"}
    remark = [f"max {SECRET}", "Example"]
    problem = only(list_of(tmp_path, [*columns], remark, columns=columns), "remark-row")
    assert (problem.value, SECRET in problem.message) == ("Example", False)


def test_a_list_with_a_column_of_commands_may_repeat_its_headers(tmp_path: Path) -> None:
    columns = {"What": "command", **STAFF}
    again = list_of(tmp_path, [*columns], ["AddUser", *ERIKA], [*columns], columns=columns, groupId="D")
    assert only(again, "second-header-row").row == 3
    assert again.rows.index.tolist() == [2]


LOWER = ["command", "user.userId", "user.lastName", "user.title", "user.city"]
DOE = ["ModifyUser", "someone@example.com", "Doe", "Boss", "Dallas"]
ADD = ["addUser", "Dallas", "block.one@example.com"]


@pytest.mark.parametrize(
    ("above", "tasks"),
    [
        ([["command", "groupId", "user.userId"], ADD, ADD, []], "rows 2 and 3 above them have tasks"),
        (
            [["command", "groupId"], ADD, [], ["Leavers"], ADD, ADD, []],
            "rows 2, 5 and 6 above them have tasks",
        ),
        ([["groupId", "Command"], ["Dallas", "AddUser"]], "row 2 above them has a task"),
        ([["command"], ["SuspendUser"]], "row 2 above them has a task"),
        ([ADD, ["Dallas", "AddUser"]], "row 1 above them has a task"),
        ([["Teams"], ["SyncAddedModifiedTeamsUsers"]], "row 2 above them has a task"),
    ],
)
def test_tasks_above_the_headers_are_an_error(tmp_path: Path, above: list[list[str]], tasks: str) -> None:
    problem = only(sheet_of(tmp_path, *above, LOWER, DOE), "tasks-above-headers")
    assert problem.severity is Severity.ERROR
    assert tasks in problem.message
    assert problem.row == len(above) + 1
    with_headers = any(folded("command") in map(folded, each) for each in above)
    assert ("workbook of their own" in problem.hint) == with_headers


@pytest.mark.parametrize(
    "above",
    [
        [["Modify the users of Dallas"], ["AddUser"]],
        [["command", "groupId"], ["what is done", "where"]],
        [["command"], ["AddUsers", "Dallas"]],
        [["Staff", "AddUser"], ["Dallas", "ann.able@example.com"]],
    ],
)
def test_titles_above_the_headers_are_left_alone(tmp_path: Path, above: list[list[str]]) -> None:
    only(sheet_of(tmp_path, *above, LOWER, DOE), "title-rows")


def test_tasks_above_the_headers_of_a_list_are_an_error(tmp_path: Path) -> None:
    columns = {"Mail": "user.userId", "Phone": "user.phoneNumber", "Room": "user.lastName"}
    for above in (["ann.able@example.com", "", "Able"], ["", "+1 214 555 0101", "Able"]):
        sheet = list_of(tmp_path, ["Staff"], above, [*columns], [ERIKA[2]], columns=columns)
        assert "row 2 above them has a task" in only(sheet, "tasks-above-headers").message
    for title in (["hr@example.com"], ["Staff", "March 2026"], ["Staff", "", "hr@example.com"]):
        sheet = list_of(tmp_path, title, [*columns], [ERIKA[2]], columns=columns)
        assert "title-rows" in {each.rule for each in sheet.problems}, title


def test_tasks_above_the_headers_of_a_list_with_commands(tmp_path: Path) -> None:
    columns = {"What": "command", **STAFF}
    upper = [["Mail", "What"], [ERIKA[2], "AddUser"]]
    sheet = list_of(tmp_path, *upper, [*columns], ["AddUser", *ERIKA], columns=columns, groupId="D")
    assert "Row 1 has headers too." in only(sheet, "tasks-above-headers").message


@pytest.mark.parametrize(
    "lower",
    [
        ["command", "user.title", "user.lastName"],
        [" COMMAND", "user.userId"],
        ["command", "", "user.userId", "user.title"],
        ["command", "what is left"],
    ],
)
def test_other_headers_below_the_headers_are_an_error(tmp_path: Path, lower: list[str]) -> None:
    upper = ["command", "user.lastName", "user.title", "user.userId"]
    sheet = sheet_of(tmp_path, upper, ["ModifyUser", "Able"], lower, ["ModifyUser", "Boss"])
    problem = next(each for each in sheet.problems if each.rule == "other-headers")
    assert (problem.row, problem.severity) == (3, Severity.ERROR)
    assert sheet.rows.index.tolist() == [2, 4], "the error is at no row that could be skipped"
