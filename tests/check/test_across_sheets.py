"""Rows of other sheets about a user whom the same workbook deletes and adds again."""

from pathlib import Path

import pytest

from workbooks import write_workbook
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.workbook.read import read_workbook

ANNA = "anna.able@example.com"


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
