"""A canary and a budget of failures: how many rows reach the back end, and how a load that they stop ends."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign.server import ForeignServer
from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.load.events import CanaryEnded, StoppedByBudget
from xlsx2opeasy.load.plan.phases import Phase, phases_of
from xlsx2opeasy.load.plan.stages import staged
from xlsx2opeasy.load.plan.staging import CANARY, Staging, StopAfter
from xlsx2opeasy.load.plan.subjects import Reader
from xlsx2opeasy.tasks.build import Task
from xlsx2opeasy.tasks.chunks import in_processing_order

from .books import outcomes, read_results, user_book, users, write_rows
from .crash import finish, freeze_job, run_and_die, thaw
from .rig import Rig, executed, kept_promise

FAILED = ("106", "Validation Error")


def staging(canary: int | None = None, stop_after: str | None = None) -> Staging:
    return Staging(canary, None if stop_after is None else StopAfter.parse(stop_after))


def user_task(row: int, command: str, user: int, **values: str) -> Task:
    return Task.of("Users", command, {"user": {"userId": f"u{user}@example.com", **values}}, "Users", row)


def forwarding(row: int, user: int) -> Task:
    return Task.of("CallForwarding", "Modify", {"userId": f"U{user}@example.com"}, "CallForwarding", row)


def cut(tasks: list[Task], how: Staging) -> list[Phase]:
    return list(staged(phases_of(tasks, {}), how, Reader({})))


def test_the_canary_is_the_first_rows_of_each_command() -> None:
    rows = [user_task(row, ("AddUser", "ModifyUser")[row % 2], row) for row in range(2, 42)]
    first, rest = cut(rows, staging(canary=3))
    assert [task.row for task in first.tasks] == [2, 3, 4, 5, 6, 7]
    assert (first.stage, rest.stage, len(rest.tasks)) == (CANARY, "stage 1", 34)


def test_a_row_that_needs_an_earlier_one_is_passed_over_as_canary() -> None:
    rows = [user_task(row, "AddUser", row) for row in range(2, 12)]
    forwardings = [forwarding(2, 11), forwarding(3, 2), forwarding(4, 3), forwarding(5, 99)]
    first, _ = cut([*rows, *forwardings], staging(canary=2))
    assert [(task.type, task.row) for task in first.tasks] == [
        ("Users", 2),
        ("Users", 3),
        ("CallForwarding", 3),
        ("CallForwarding", 4),
    ]


def test_a_number_makes_a_row_need_another() -> None:
    rows = [user_task(2, "ModifyUser", 2, phoneNumber="+1 214-555-0101"), user_task(3, "ModifyUser", 3)]
    content = {"phoneNumbers": {"phoneNumbers": "2145550100 - 2145550109", "groupId": "Dallas"}}
    numbers = [Task.of("PhoneNumbers", "Unassign", content, "PhoneNumbers", 2)]
    first, _ = cut([user_task(1, "ModifyUser", 1), *rows, *numbers], staging(canary=1))
    assert [task.row for task in first.tasks] == [1]


def test_a_supervisor_makes_a_row_need_another() -> None:
    rows = [user_task(row, "AddUser", row) for row in range(2, 5)]
    agents = [
        Task.of(
            "CallCenterAgent",
            "Modify",
            {
                "agentId": f"agent{row}@example.com",
                "callCenterInfo": [{"supervisors": [f"u{row}@example.com"]}],
            },
            "CallCenterAgent",
            row,
        )
        for row in (4, 3, 2)
    ]
    first, _ = cut([*rows, *agents], staging(canary=1))
    assert [(task.type, task.row) for task in first.tasks] == [("Users", 2), ("CallCenterAgent", 2)]


def test_a_sync_is_last_and_no_canary_unless_all_are() -> None:
    rows = [user_task(row, "AddUser", row) for row in range(2, 5)]
    sync = Task.of("Users", "SyncAddedModifiedTeamsUsers", {}, "Users", 5)
    assert [len(each.tasks) for each in cut([sync, *rows], staging(canary=3))] == [4]
    first, rest = cut([sync, *rows], staging(canary=2))
    assert [task.row for task in first.tasks] == [2, 3]
    assert [task.row for task in rest.tasks] == [4, 5]


@pytest.mark.parametrize("total", [1, 2, 3, 9, 10, 11, 100, 2000])
@pytest.mark.parametrize(
    "how", [staging(None, "5"), staging(10, "2%"), staging(1, "0"), staging(None, "100%")]
)
def test_no_stage_is_larger_than_a_tenth_until_half_is_done(total: int, how: Staging) -> None:
    operations = cut([user_task(row, "AddUser", row) for row in range(2, 2 + total)], how)
    done = 0
    for each in operations:
        if each.stage != CANARY and 2 * done < total:
            assert len(each.tasks) <= max(1, total / 10)
        done += len(each.tasks)
    assert done == total
    assert len(operations) <= 12


@pytest.mark.parametrize(
    ("total", "how", "sizes"),
    [
        (101, staging(None, "2"), [5, 10, 10, 10, 10, 10, 26, 20]),
        (101, staging(None, "7"), [8, 10, 10, 10, 10, 10, 26, 17]),
        (101, staging(None, "9%"), [10, 10, 10, 10, 10, 10, 26, 15]),
        (101, staging(1, "7"), [1, 10, 10, 10, 10, 10, 26, 24]),
        (20, staging(None, "0"), [1, 2, 2, 2, 2, 2, 5, 4]),
    ],
    ids=str,
)
def test_a_stage_is_a_tenth_of_all_rows_and_a_quarter_once_half_is_done(
    total: int, how: Staging, sizes: list[int]
) -> None:
    operations = cut([user_task(row, "AddUser", row) for row in range(2, 2 + total)], how)
    assert [len(each.tasks) for each in operations] == sizes


TASKS = st.lists(
    st.tuples(st.sampled_from(["AddUser", "ModifyUser", "DeleteUser", "forward"]), st.integers(0, 9)),
    max_size=40,
)


@given(rows=TASKS, canary=st.none() | st.integers(1, 4), stop=st.none() | st.sampled_from(["0", "3", "10%"]))
@settings(max_examples=300)
def test_every_row_runs_once_and_after_the_rows_it_needs(
    rows: list[tuple[str, int]], canary: int | None, stop: str | None
) -> None:
    tasks = [
        forwarding(row, user) if command == "forward" else user_task(row, command, user)
        for row, (command, user) in enumerate(rows, 2)
    ]
    phases = phases_of(tasks, {})
    operations = staged(phases, staging(canary, stop), Reader({}))
    ran = [task for each in operations for task in in_processing_order(each.tasks)]
    unstaged = [task for each in phases for task in in_processing_order(each.tasks)]
    assert sorted(map(id, ran)) == sorted(map(id, unstaged))
    reader = Reader({})
    place = {id(task): number for number, task in enumerate(ran)}
    for later, task in enumerate(unstaged):
        for earlier in unstaged[:later]:
            if reader.subjects(earlier).names & reader.subjects(task).names:
                assert place[id(earlier)] < place[id(task)]
    for each in operations:
        if each.stage == CANARY:
            counts = Counter((task.type, task.command) for task in each.tasks)
            assert max(counts.values()) <= (canary or 0)


@pytest.mark.parametrize(
    "text", ["120%", "0%", "-1", "five", "2.5", "2.5%", "", "%", "5 %", "٣", "1e3", "9" * 5000]
)
def test_what_is_no_budget_is_said(text: str) -> None:
    with pytest.raises(UsageError):
        StopAfter.parse(text)


@pytest.mark.parametrize(("text", "rows"), [("0", 0), ("7", 7), ("2%", 4), ("1%", 2), ("100%", 250)])
def test_a_percentage_is_of_the_rows_and_rounded_down(text: str, rows: int) -> None:
    assert StopAfter.parse(text).rows(250 if text != "2%" else 249) == rows
    assert StopAfter.parse("1%").rows(3) == 1


# -- against a server -------------------------------------------------------------------------------------------


def fail_all(server: ForeignServer) -> None:
    server.settings.fail = lambda task_type, task: FAILED


def fail_users(server: ForeignServer, *numbers: int) -> None:
    failing = {f"user{number:04}@example.com" for number in numbers}
    server.settings.fail = lambda task_type, task: (
        FAILED if task["content"]["user"]["userId"] in failing else None
    )


def test_a_mistake_in_every_row_stops_after_the_canary(
    rig: Rig, server: ForeignServer, tmp_path: Path
) -> None:
    fail_all(server)
    book = write_rows(
        tmp_path / "a.xlsx",
        {"Users": [*users(300), *({**each, "command": "ModifyUser"} for each in users(300, first=500))]},
    )
    result = rig.load(book, staging=staging(10, "5"))
    kept_promise(server, result)
    assert Counter(task["command"] for _, task in server.state.executed) == {"AddUser": 10, "ModifyUser": 10}
    assert (result.status, result.exit_code) == ("completedWithErrors", 1)
    assert (result.rows["failed"], result.rows["notSent"]) == (20, 580)
    assert "--canary 10 --stop-after 5" in result.message
    told = set(read_results(Path(str(result.results))).values())
    details = {each[2] for each in told if each[0] == "NOT SENT"}
    assert details == {"not sent: 20 of the 20 rows of the canary failed, so nothing further was started"}
    assert (rig.drafts(), server.state.scheduled) == ([], {})
    with pytest.raises(UsageError, match="done"):
        rig.resume(result.job)
    with pytest.raises(UsageError):
        rig.resume()


def test_the_results_workbook_sends_the_rows_left(rig: Rig, server: ForeignServer, tmp_path: Path) -> None:
    fail_users(server, 1, 2, 3)
    result = rig.load(user_book(tmp_path / "a.xlsx", 40), staging=staging(2, "1"))
    assert (result.rows["failed"], result.rows["succeeded"]) == (3, 3)
    assert [type(each) for each in rig.events if isinstance(each, CanaryEnded | StoppedByBudget)] == [
        CanaryEnded,
        StoppedByBudget,
    ]
    server.settings.fail = lambda task_type, task: None
    again = rig.load(Path(str(result.results)), staging=staging(2, "1"))
    assert (again.status, again.rows["succeeded"], again.rows["skipped"]) == ("completed", 37, 3)
    assert set(executed(server).values()) == {1, 2}
    assert sum(executed(server).values()) == 43


def test_failures_within_the_budget_stop_nothing(rig: Rig, server: ForeignServer, tmp_path: Path) -> None:
    fail_users(server, 5, 25)
    result = rig.load(user_book(tmp_path / "a.xlsx", 100), staging=staging(10, "2%"))
    kept_promise(server, result)
    assert (result.status, result.rows["failed"], result.rows["succeeded"]) == ("completedWithErrors", 2, 98)
    assert server.calls("POST", "/v1/scheduledoperations") > 5


def test_a_canary_alone_counts_its_own_failures_only(rig: Rig, server: ForeignServer, tmp_path: Path) -> None:
    fail_users(server, 20, 21, 22)
    result = rig.load(user_book(tmp_path / "a.xlsx", 30), staging=staging(10))
    assert (result.rows["failed"], result.rows["succeeded"]) == (3, 27)
    assert server.calls("POST", "/v1/scheduledoperations") == 2


def test_a_budget_of_none_stops_after_the_first_failure(
    rig: Rig, server: ForeignServer, tmp_path: Path
) -> None:
    fail_users(server, 3)
    result = rig.load(user_book(tmp_path / "a.xlsx", 50), staging=staging(None, "0"))
    assert result.rows["failed"] == 1
    assert result.rows["notSent"] >= 40


@pytest.mark.parametrize("drop", [False, True])
def test_a_rejected_row_anywhere_stops_all_unless_rejected_rows_are_dropped(
    rig: Rig, server: ForeignServer, tmp_path: Path, *, drop: bool
) -> None:
    server.settings.validate = lambda task_type, task: (
        ["no"] if task["content"]["user"]["userId"] == "user0059@example.com" else []
    )
    result = rig.load(
        user_book(tmp_path / "a.xlsx", 60), staging=staging(3, "5"), drop_rejected=drop, chunk_tasks=4
    )
    kept_promise(server, result)
    assert result.rows["rejected"] == 1
    assert result.rows["succeeded"] == (59 if drop else 0)
    calls = [each.call for each in server.requests]
    first_start = calls.index("POST /v1/scheduledoperations") if drop else len(calls)
    uploads_after = any(call.startswith("PATCH") for call in calls[first_start:])
    assert uploads_after == drop


def test_a_person_can_go_on_in_spite_of_the_canary(rig: Rig, server: ForeignServer, tmp_path: Path) -> None:
    fail_users(server, 0, 1, 2)
    asked = []

    def go_on(ended: CanaryEnded, _: object) -> bool:
        asked.append(ended)
        return True

    rig.after_canary = go_on
    result = rig.load(user_book(tmp_path / "a.xlsx", 30), staging=staging(10))
    assert [(each.rows, each.failed) for each in asked] == [(10, 3)]
    assert (result.rows["failed"], result.rows["succeeded"]) == (3, 27)


def test_a_person_can_stop_after_the_canary(rig: Rig, server: ForeignServer, tmp_path: Path) -> None:
    rig.after_canary = lambda ended, interruption: False
    result = rig.load(user_book(tmp_path / "a.xlsx", 30), staging=staging(10))
    assert (result.rows["succeeded"], result.rows["notSent"]) == (10, 20)
    assert outcomes(Path(str(result.results))) == ["SUCCESS"] * 10 + ["NOT SENT"] * 20


# -- cut off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drop", [False, True])
def test_wherever_it_is_killed_a_staged_load_does_every_row_once(
    tmp_path: Path, server: ForeignServer, *, drop: bool
) -> None:
    book = user_book(tmp_path / "a.xlsx", 12)
    frozen = freeze_job(tmp_path, book, staging=staging(2, "100%"), drop_rejected=drop)
    died = 0
    for step in range(3, 75, 9):
        server.state.executed.clear()
        rig = thaw(frozen, tmp_path / f"home-{step}", server)
        died += run_and_die(rig, frozen.job, f"{('before', 'after')[step % 2]}:{step}")
        finish(rig, frozen)
    assert died >= 6


def test_wherever_it_is_killed_a_spent_budget_stays_spent(tmp_path: Path, server: ForeignServer) -> None:
    fail_all(server)
    frozen = freeze_job(tmp_path, user_book(tmp_path / "a.xlsx", 12), staging=staging(2, "1"))
    died = 0
    for step in range(40, 70, 3):
        server.state.executed.clear()
        rig = thaw(frozen, tmp_path / f"home-{step}", server)
        died += run_and_die(rig, frozen.job, f"after:{step}")
        try:
            result = rig.resume(frozen.job)
        except UsageError:
            continue  # it had come to its end
        assert (result.status, result.rows["failed"], result.rows["notSent"]) == (
            "completedWithErrors",
            2,
            10,
        )
        assert len(server.state.executed) == 2
        assert rig.drafts() == []
    assert died >= 3
