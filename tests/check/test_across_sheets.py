"""Rows of other sheets about a user whom the same workbook deletes and adds again."""

from pathlib import Path

import pytest

from workbooks import write_workbook
from xlsx2opeasy.check.across_sheets import Window, windows_of
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.workbook.read import read_workbook

ANNA, BERT, CARL = "anna.able@example.com", "bert.bold@example.com", "carl.cook@example.com"
(USERS, *_) = TASK_TYPES


def found(tmp_path: Path, *users: str, forwarding: str = ANNA) -> list[Problem]:
    """The problems of a row of CallForwarding beside Users rows with these commands about Anna."""
    lines = [f"| {command} | Dallas | {ANNA} |" for command in users]
    lines = [line.replace("Dallas", "") if "Add" not in line else line for line in lines]
    path = write_workbook(
        tmp_path / "a.xlsx",
        {
            "Users": "\n".join(["| command | groupId | user.userId |", *lines]),
            "CallForwarding": "| command | userId | callforwarding.callFwdAllActive |\n"
            f"| Modify | {forwarding} | no |",
        },
    )
    problems = check_workbook(read_workbook(path)).problems
    return [each for each in problems if each.sheet == "CallForwarding"]


@pytest.mark.parametrize("forwarding", [ANNA, ANNA.upper()])
@pytest.mark.parametrize(
    "users",
    [
        ("DeleteUser", "AddUser", "DeleteUserAndDevices"),
        ("AddUser", "DeleteUser", "AddUser", "DeleteUser"),
        ("SuspendUser", "DeleteUser", "AddUser", "SuspendUser", "DeleteUser"),
    ],
)
def test_which_of_two_deleted_users_is_meant_cannot_be_determined(
    users: tuple[str, ...], forwarding: str, tmp_path: Path
) -> None:
    (problem,) = found(tmp_path, *users, forwarding=forwarding)
    assert (problem.rule, problem.severity, problem.cell) == ("unclear-user", "error", "B2")
    deleted = [str(row) for row, command in enumerate(users, 2) if command.startswith("Delete")]
    assert f"is deleted in the Users rows {', '.join(deleted)}, so" in problem.message


@pytest.mark.parametrize(
    ("users", "deleted", "added"),
    [
        (("DeleteUser", "AddUser"), "2", 3),
        (("DeleteUser", "AddUser", "SuspendUser"), "2", 3),
        (("DeleteUser", "AddUser", "SuspendUser", "RestoreUser"), "2", 3),
        (("SuspendUser", "DeleteUserAndDevices", "AddUser"), "3", 4),
        (("DeleteUser", "AddUser", "DeleteUserAndDevices", "AddUser"), "2, 4", 5),
    ],
)
def test_a_user_who_comes_again_is_meant_with_a_warning(
    users: tuple[str, ...], deleted: str, added: int, tmp_path: Path
) -> None:
    (problem,) = found(tmp_path, *users)
    assert (problem.rule, problem.severity) == ("user-again", "warning")
    assert f"is deleted in Users row {deleted} and added again in row {added}: " in problem.message


@pytest.mark.parametrize(
    "users",
    [
        ("DeleteUser",),
        ("SuspendUser", "RestoreUser"),
        ("SuspendUser", "RestoreUser", "SuspendUser"),
        ("AddUser",),
        ("AddUser", "DeleteUser"),
        ("RestoreUser", "DeleteUser"),
        ("ModifyUser",),
    ],
)
def test_nothing_is_said_where_only_one_user_can_be_meant(users: tuple[str, ...], tmp_path: Path) -> None:
    assert found(tmp_path, *users) == []


WINDOWS: list[tuple[str, list[Window]]] = [
    ("", []),
    ("ModifyUser", []),
    ("AddUser", [Window(2, user=1)]),
    ("DeleteUser", [Window(None, 2, deleted=True)]),
    ("SuspendUser", [Window(None, 2)]),
    ("RestoreUser", [Window(2)]),
    ("AddUser SuspendUser", [Window(2, 3, user=1)]),
    ("AddUserDevice DeleteUserAndDevices", [Window(2, 3, deleted=True, user=1)]),
    # Who is suspended is gone already when the deletion comes.
    ("AddUser SuspendUser DeleteUser", [Window(2, 3, deleted=True, user=1)]),
    ("AddUser DeleteUser SuspendUser", [Window(2, 3, deleted=True, user=1)]),
    ("SuspendUser SuspendUser", [Window(None, 2)]),
    ("SuspendUser RestoreUser SuspendUser", [Window(None, 2), Window(3, 4)]),
    ("SuspendUser RestoreUser DeleteUser", [Window(None, 2), Window(3, 4, deleted=True)]),
    ("DeleteUser AddUser ModifyUser", [Window(None, 2, deleted=True), Window(3, user=1)]),
    (
        "AddUser DeleteUser AddUser DeleteUser",
        [Window(2, 3, deleted=True, user=1), Window(4, 5, deleted=True, user=2)],
    ),
    ("AddUser AddUser", [Window(2, user=1), Window(3, user=2)]),
]


@pytest.mark.parametrize(("commands", "windows"), WINDOWS)
def test_when_a_user_can_be_worked_on(commands: str, windows: list[Window]) -> None:
    rows = [(row, USERS.by_command[each]) for row, each in enumerate(commands.split(), 2)]
    found = windows_of(rows)
    assert list(found.windows) == windows
    assert found.chosen == (windows[-1] if windows else None)


@pytest.mark.parametrize(
    ("commands", "comes_again", "ambiguous"),
    [
        ("ModifyUser", False, False),
        ("DeleteUser AddUser", True, False),
        ("AddUser DeleteUser", False, False),
        ("SuspendUser RestoreUser", False, False),
        ("DeleteUser RestoreUser", False, False),
        ("AddUser AddUser", False, False),
        ("DeleteUser AddUser DeleteUser", True, True),
        ("AddUser DeleteUser AddUser DeleteUser AddUser", True, False),
        ("AddUser DeleteUser RestoreUser DeleteUser", False, False),
    ],
)
def test_who_comes_again_and_who_may_be_meant(commands: str, comes_again: bool, ambiguous: bool) -> None:
    found = windows_of([(row, USERS.by_command[each]) for row, each in enumerate(commands.split(), 2)])
    assert (found.comes_again, found.ambiguous) == (comes_again, ambiguous)


def test_each_place_of_a_user_is_looked_at(tmp_path: Path) -> None:
    """In every sheet that has a column for users, in every row that becomes a task, and only for who comes again."""
    path = write_workbook(
        tmp_path / "a.xlsx",
        {
            "Users": "| command | groupId | user.userId |\n"
            f"| DeleteUser | | {ANNA} |\n| AddUser | D | {ANNA.title()} |\n| DeleteUser | | {BERT} |\n"
            f"| SuspendUser | | {CARL} |\n| Delete | | {CARL} |\n| AddUser | D | {CARL} |\n",
            "CallCenterAgent": "| command | agentId | callCenterInfo[0].callCenterId |\n"
            f"| Remove | {BERT} | sales |\n| Remove | {ANNA} | sales |\n",
            "CallRecording": "| command | userId | callRecording.recordCall |\n"
            f"| Modify | {ANNA} | Always |\n| Modify | {ANNA} | Sometimes |\n| Modify | {CARL} | Always |\n",
            "CallForwarding": f"| command | userId | callforwarding.callFwdAllActive |\n| Modify | {ANNA} | no |\n",
        },
    )
    problems = check_workbook(read_workbook(path)).problems
    assert [f"{each.sheet}!{each.cell} {each.rule}" for each in problems] == [
        "Users!A6 command",
        "CallCenterAgent!B3 user-again",
        *("CallRecording!B2 user-again", "CallRecording!C3 one-of"),
        "CallForwarding!B2 user-again",
    ]
