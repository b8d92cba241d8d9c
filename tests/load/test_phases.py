"""Which rows go into an operation of their own before the others."""

import pytest

from xlsx2opeasy.load.plan.phases import phases_of
from xlsx2opeasy.tasks.build import Task


def numbers(row: int, command: str, group: str) -> Task:
    content = {"phoneNumbers": {"groupId": group, "phoneNumbers": "2145550100"}}
    return Task.of("PhoneNumbers", command, content, "PhoneNumbers", row)


def user(row: int, command: str, user_id: str, **values: str) -> Task:
    content = {"user": {"userId": user_id, **values}} | ({"groupId": "New"} if command == "AddUser" else {})
    return Task.of("Users", command, content, "Users", row)


MOVED = [numbers(2, "Unassign", "Old"), numbers(3, "Assign", "New")]
NEWCOMER = user(9, "AddUser", "bert.bold@example.com", phoneNumber="+1 214-555-0100")


@pytest.mark.parametrize("same_user", ["anna.able@example.com", "Anna.Able@Example.com"])
def test_a_deletion_stays_behind_the_rows_of_its_user(same_user: str) -> None:
    leaver = [user(2, "ModifyUser", same_user, title="x"), user(3, "DeleteUser", "anna.able@example.com")]
    phases = phases_of([*leaver, NEWCOMER, *MOVED], {})
    assert [phase.tasks for phase in phases] == [tuple(MOVED), (*leaver, NEWCOMER)]


def test_a_deletion_that_frees_a_number_goes_before() -> None:
    leaver = user(3, "DeleteUser", "anna.able@example.com")
    phases = phases_of([leaver, NEWCOMER, *MOVED], {})
    assert [phase.tasks for phase in phases] == [(leaver, *MOVED), (NEWCOMER,)]
