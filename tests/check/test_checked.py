"""What the check hands on: values as they are sent, the rows that become no task, and its problems in their order."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import openpyxl

from workbooks import write_workbook
from xlsx2opeasy.check.checked import Checked, check_workbook
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.workbook.read import read_workbook

ANNA, BERT, CARL = "anna.able@example.com", "bert.bold@example.com", "carl.cook@example.com"


def checked(tmp_path: Path, sheets: dict[str, str], allowed: Collection[str] = ()) -> Checked:
    return check_workbook(read_workbook(write_workbook(tmp_path / "a.xlsx", sheets)), allowed)


def cells(problems: Collection[Problem]) -> list[str]:
    return [f"{each.sheet}!{each.cell} {each.severity} {each.rule}" for each in problems]


def test_commands_and_values_are_in_the_spelling_that_is_sent(tmp_path: Path) -> None:
    users = f"| Command | user.userId | user.vmTranscription |\n| modify user | {ANNA} | YES |\n| Modify it | {BERT} | no |\n"
    (sheet,) = checked(tmp_path, {"Users": users}).sheets
    assert sheet.values.to_dict("index") == {
        2: {"command": "ModifyUser", "user.userId": ANNA, "user.vmTranscription": "true"},
        3: {"command": "Modify it", "user.userId": BERT, "user.vmTranscription": "false"},
    }
    assert sheet.sheet.rows["user.vmTranscription"].tolist() == ["YES", "no"]
    assert sheet.invalid == {3}


UNUSED = (
    "| command | groupId | user.userId | user.title | device.type |\n"
    f"| SuspendUser | D | {ANNA} | x | |\n| AddUser | E | {BERT} | Boss | Mitel 6930 |\n| RestoreUser | | {CARL} | | |\n"
)


def test_cells_that_are_not_used_are_left_out_where_that_is_allowed(tmp_path: Path) -> None:
    found = checked(tmp_path, {"Users": UNUSED}, {"unused"})
    assert found.sheets[0].values.to_dict("index") == {
        2: {
            "command": "SuspendUser",
            "groupId": "",
            "user.userId": ANNA,
            "user.title": "",
            "device.type": "",
        },
        3: {
            "command": "AddUser",
            "groupId": "E",
            "user.userId": BERT,
            "user.title": "Boss",
            "device.type": "",
        },
        4: {
            "command": "RestoreUser",
            "groupId": "",
            "user.userId": CARL,
            "user.title": "",
            "device.type": "",
        },
    }
    assert found.invalid == 0
    assert cells(found.problems) == [
        "Users!B2 warning unused",
        "Users!D2 warning unused",
        "Users!E3 warning unused",
    ]


def test_a_cell_that_is_left_out_has_no_other_problem(tmp_path: Path) -> None:
    """Nor does what it holds count for other rows."""
    users = (
        "| command | groupId | user.userId | user.extension | user.phoneNumber |\n"
        f"| AddUser | D | {ANNA} | | 2145550100 |\n"
        f"| SuspendUser | | {BERT} | 12a | 2145550100 |\n"
        f"| DeleteUser | | {CARL} | | 214-844-6611 to 214-844-6612 |\n"
    )
    assert cells(checked(tmp_path, {"Users": users}, {"unused"}).problems) == [
        "Users!D3 warning unused",
        "Users!E3 warning unused",
        "Users!E4 warning unused",
    ]
    assert cells(checked(tmp_path, {"Users": users}).problems) == [
        "Users!D3 error unused",
        "Users!E3 error unused",
        "Users!E3 warning given-twice",
        "Users!E4 error unused",
    ]


MIXED = {
    "Users": "| command | groupId | user.userId | user.lastName | user.extension |\n"
    f"| AddUser | D | {ANNA} | {'x' * 31} | 1a |\n| DeleteUser | | {BERT} | | |\n| Add | | {CARL} | | |\n"
    f"| AddUser | D | {BERT} | | |\n| DeleteUserAndDevices | | {BERT} | | |\n",
    "CallForwarding": "| command | userId | callforwarding.callFwdAllActive |\n"
    f"| Modify | {BERT} | no |\n| Modify | {CARL} | no |\n",
}


def test_rows_with_an_error_become_no_task(tmp_path: Path) -> None:
    found = checked(tmp_path, MIXED)
    assert [each.invalid for each in found.sheets] == [{2, 4}, {2}]
    assert (found.total, found.invalid) == (7, 3)
    assert cells(found.problems) == [
        "Users!D2 error max-length",
        "Users!E2 error digits",
        "Users!A4 error command",
        "CallForwarding!B2 error unclear-user",
    ]
    assert found.errors == found.problems
    assert found.unskippable == ()


def test_what_is_allowed_is_a_warning_and_its_row_a_task(tmp_path: Path) -> None:
    found = checked(tmp_path, MIXED, ["max-length", "digits"])
    assert [each.invalid for each in found.sheets] == [{4}, {2}]
    assert cells(found.problems)[:2] == ["Users!D2 warning max-length", "Users!E2 warning digits"]
    assert cells(found.errors) == cells(found.problems)[2:]


def test_what_the_reader_found_stands_among_the_rest(tmp_path: Path) -> None:
    """An error of the workbook is at no row: leaving rows out does not help."""
    sheets = {
        "Users": "| command | user.userId | user.titel | user.title |\n"
        f"| ModifyUser | {ANNA} | x | =1 |\n| Modify | {BERT} | y | |\n",
    }
    found = checked(tmp_path, sheets)
    assert cells(found.problems) == ["Users!C1 error unknown-header", "Users!A3 error command"]
    assert cells(found.unskippable) == ["Users!C1 error unknown-header"]


def test_problems_are_in_the_order_of_the_sheet(tmp_path: Path) -> None:
    """Column Z before AA, whichever was found first; the sheets in the order of the reader."""
    notes = " | ".join(f"#{number}" for number in range(23))
    blank = " |" * 23
    users = (
        f"| command | user.userId | {notes} | user.lastName | user.firstName |\n"
        f"| ModifyUser | {ANNA} |{blank} {'x' * 31} | {'y' * 31} |\n| ModifyUser | |{blank} {'x' * 31} | |\n"
    )
    numbers = "| command | groupId | phoneNumbers |\n| Assign | D | x |\n"
    assert cells(checked(tmp_path, {"PhoneNumbers": numbers, "Users": users}).problems) == [
        *("Users!Z2 error max-length", "Users!AA2 error max-length"),
        *("Users!B3 error required", "Users!Z3 error max-length"),
        "PhoneNumbers!C2 error number-or-range",
    ]


def test_what_is_said_of_the_workbook_comes_first(tmp_path: Path) -> None:
    workbook = read_workbook(write_workbook(tmp_path / "a.xlsx", MIXED))
    of_workbook = Problem("", "macros", "It has macros.", severity=Severity.WARNING)
    found = check_workbook(replace(workbook, problems=(*workbook.problems, of_workbook)))
    assert found.problems[0] == of_workbook
    assert cells(found.problems[1:]) == cells(check_workbook(workbook).problems)


def test_a_cell_that_could_not_be_read_has_no_second_error(tmp_path: Path) -> None:
    """It counts as filled; of a row whose command could not be read nothing else is said."""
    book = openpyxl.Workbook()
    book.active.title = "Users"
    for row in (
        ("command", "groupId", "user.userId", "user.lastName", "user.msTeamsXsiPlugin"),
        ("AddUser", "=A9", ANNA, "x" * 31, None),
        ("=A9", "D", BERT, "x" * 31, "maybe"),
        ("ModifyUser", None, CARL, None, "=A9"),
        ("SuspendUser", None, ANNA, "=A9", None),
    ):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    found = check_workbook(read_workbook(tmp_path / "a.xlsx"))
    assert cells(found.problems) == [
        *("Users!B2 error formula-without-value", "Users!D2 error max-length"),
        *("Users!A3 error formula-without-value", "Users!E4 error formula-without-value"),
        "Users!D5 error formula-without-value",
    ]
    assert found.sheets[0].invalid == {2, 3, 4, 5}
