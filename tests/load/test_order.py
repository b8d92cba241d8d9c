"""In which operation rows of different sheets run: whatever rows a load has, each finds what it needs."""

import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlsx2opeasy.load.plan.phases import phases_of
from xlsx2opeasy.tasks.build import Task
from xlsx2opeasy.tasks.chunks import in_processing_order

USERS = ("anna.able@example.com", "bert.bold@example.com", "cora.cole@example.com")
EVENTS = ("AddUser", "DeleteUser", "DeleteUserAndDevices", "SuspendUser", "RestoreUser", "ModifyUser")
OTHERS = {
    "CallCenterAgent": ("agentId", ("Assign", "Modify", "Remove")),
    "CallForwarding": ("userId", ("Modify",)),
    "CallRecording": ("userId", ("Modify",)),
}


def users_row(row: int, command: str, user: str, **values: str) -> Task:
    return Task.of("Users", command, {"user": {"userId": user, **values}}, "Users", row)


def other_row(row: int, sheet: str, user: str, command: str = "Modify") -> Task:
    return Task.of(sheet, command, {OTHERS[sheet][0]: user}, sheet, row)


def operations(*tasks: Task) -> list[list[str]]:
    """By operation, what runs in it in the order in which it does: `DeleteUser anna`, `CallForwarding anna`."""
    return [[spelt(task) for task in in_processing_order(phase.tasks)] for phase in phases_of(tasks, {})]


def spelt(task: Task) -> str:
    content = task.content
    user = content.get("agentId") or content.get("userId") or content["user"]["userId"]
    return f"{task.command if task.type == 'Users' else task.type} {user.split('.')[0].lower()}"


A, B, C = USERS


@pytest.mark.parametrize("sheet", OTHERS)
@pytest.mark.parametrize("end", ["DeleteUser", "DeleteUserAndDevices", "SuspendUser"])
def test_rows_about_a_leaver_run_before_the_user_goes(sheet: str, end: str) -> None:
    rows = users_row(2, end, A), users_row(3, "AddUser", B), other_row(2, sheet, A.upper())
    assert operations(*rows) == [[f"{sheet} anna"], [f"{end} anna", "AddUser bert"]]


@pytest.mark.parametrize(
    ("end", "begin"), [("DeleteUser", "AddUser"), ("DeleteUserAndDevices", "AddUserDevice")]
)
def test_rows_about_a_user_who_comes_again_run_afterwards(end: str, begin: str) -> None:
    rows = users_row(2, end, A), users_row(3, begin, A), other_row(2, "CallForwarding", A)
    assert operations(*rows) == [[f"{end} anna", f"{begin} anna", "CallForwarding anna"]]


def test_a_user_who_is_restored_and_then_suspended_is_worked_on_between() -> None:
    rows = users_row(2, "RestoreUser", A), users_row(3, "SuspendUser", A), other_row(2, "CallRecording", A)
    assert operations(*rows) == [["RestoreUser anna", "CallRecording anna"], ["SuspendUser anna"]]


def test_a_user_who_is_added_and_deleted_is_worked_on_between() -> None:
    rows = users_row(2, "AddUser", A), users_row(3, "DeleteUser", A), other_row(2, "CallForwarding", A)
    assert operations(*rows) == [["AddUser anna", "CallForwarding anna"], ["DeleteUser anna"]]


def test_a_hundred_leavers_need_two_operations() -> None:
    users = [f"user{number:03}.x@example.com" for number in range(100)]
    rows = [users_row(2 + place, "DeleteUser", user) for place, user in enumerate(users)]
    rows += [other_row(2 + place, "CallForwarding", user) for place, user in enumerate(users)]
    rows += [users_row(102 + place, "RestoreUser", f"r{user}") for place, user in enumerate(users)]
    assert [len(phase.tasks) for phase in phases_of(rows, {})] == [100, 200]


def test_what_needs_no_order_stays_in_one_operation() -> None:
    rows = users_row(2, "DeleteUser", A), other_row(2, "CallForwarding", B), other_row(3, "CallRecording", C)
    assert len(phases_of(rows, {})) == 1


def test_a_joiner_does_not_overtake_the_deletion_that_may_free_a_number() -> None:
    """Bert is pulled before his own deletion; Anna's deletion, which may free his number, goes along."""
    rows = [
        users_row(2, "DeleteUser", A),
        users_row(3, "AddUser", B, phoneNumber="2145550100"),
        users_row(4, "DeleteUser", B),
        other_row(2, "CallForwarding", A),
        other_row(3, "CallForwarding", B),
    ]
    assert operations(*rows) == [
        ["CallForwarding anna"],
        ["DeleteUser anna", "AddUser bert", "CallForwarding bert"],
        ["DeleteUser bert"],
    ]


def test_numbers_and_leavers_share_operations() -> None:
    given = {"phoneNumbers": {"groupId": "New", "phoneNumbers": "2145550100"}}
    freed = {"phoneNumbers": {"groupId": "Old", "phoneNumbers": "2145550100"}}
    joiner = {"groupId": "New", "user": {"userId": B, "phoneNumber": "+1 214-555-0100"}}
    rows = [
        users_row(2, "DeleteUser", A),
        Task.of("Users", "AddUser", joiner, "Users", 3),
        other_row(2, "CallForwarding", A),
        Task.of("PhoneNumbers", "Unassign", freed, "PhoneNumbers", 2),
        Task.of("PhoneNumbers", "Assign", given, "PhoneNumbers", 3),
    ]
    phases = phases_of(rows, {})
    assert [[task.command for task in phase.tasks] for phase in phases] == [
        ["Modify"],
        ["DeleteUser", "Unassign", "Assign"],
        ["AddUser"],
    ]
    assert [phase.why for phase in phases] == [
        "rows of other sheets about users that Users rows delete or suspend",
        "phone numbers that Users rows of this workbook take",
        "everything else",
    ]


ROWS = st.lists(
    st.one_of(
        st.tuples(st.just("Users"), st.sampled_from(EVENTS), st.sampled_from(USERS)),
        st.sampled_from(sorted(OTHERS)).flatmap(
            lambda sheet: st.tuples(st.just(sheet), st.sampled_from(OTHERS[sheet][1]), st.sampled_from(USERS))
        ),
        st.tuples(st.just("Users"), st.sampled_from(["SyncDeletedTeamsUsers"]), st.just("")),
    ),
    max_size=14,
)


@given(rows=ROWS, seed=st.integers(0, 3))
@settings(max_examples=300)
def test_whatever_rows_there_are_each_runs_once_and_in_order(
    rows: list[tuple[str, str, str]], seed: int
) -> None:
    tasks = []
    for row, (sheet, command, user) in enumerate(rows, 2):
        spelling = user.upper() if random.Random(seed + row).random() < 0.3 else user
        content = {"user": {"userId": spelling}} if sheet == "Users" else {OTHERS[sheet][0]: spelling}
        tasks.append(Task.of(sheet, command, content if user else {}, sheet, row))
    phases = phases_of(tasks, {})
    ran = [task for phase in phases for task in in_processing_order(phase.tasks)]
    assert sorted(map(id, ran)) == sorted(map(id, tasks))
    assert [phase.number for phase in phases] == list(range(1, len(phases) + 1))
    assert all(phase.tasks for phase in phases)
    assert all(phase.why for phase in phases) or len(phases) == 1
    last = [
        task.command.startswith("Sync") for phase in phases for task in phase.tasks if task.type == "Users"
    ]
    assert last == sorted(last)
    _users_in_turn(ran)
    _others_find_their_user(ran)


def _users_in_turn(ran: list[Task]) -> None:
    """Rows about one user keep their order, sheet by sheet."""
    by_user: dict[tuple[str, str], list[int]] = defaultdict(list)
    for task in ran:
        if not task.command.startswith("Sync"):
            by_user[task.sheet, spelt(task).split()[1]].append(task.row)
    for sheet_and_user, in_turn in by_user.items():
        assert in_turn == sorted(in_turn), sheet_and_user


def _others_find_their_user(ran: list[Task]) -> None:
    """The rule as an outsider reads it: before the deletion or suspension, unless the user comes again."""
    for place, task in enumerate(ran):
        if task.type == "Users":
            continue
        mine = spelt(task).split()[1]
        events = [
            (where, each.command)
            for where, each in enumerate(ran)
            if each.type == "Users" and each.command in EVENTS[:-1] and spelt(each).split()[1] == mine
        ]
        begins = [where for where, command in events if command in ("AddUser", "RestoreUser")]
        ends = [where for where, command in events if command not in ("AddUser", "RestoreUser")]
        if begins:
            assert place > begins[-1], (spelt(task), events)
        later_ends = [where for where in ends if where > (begins[-1] if begins else -1)]
        if later_ends:
            assert place < later_ends[0], (spelt(task), events)
