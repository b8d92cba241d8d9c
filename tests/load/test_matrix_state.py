"""F67-F86: two loads, the same workbook again, changed files, changed settings, clocks (docs/safety.md)."""

import fcntl
import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from foreign.messages import Answer, Cut, Request
from xlsx2opeasy.errors import LoadRefused, LocalFailure, UsageError, WorkbookUnusable
from xlsx2opeasy.http.protocol import RequestEvent
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.run.connection import ClockWatch

from .books import outcomes, read_results, user_book, users, write_rows
from .command import run, start, until
from .rig import Rig, executed, kept_promise, on_call


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return user_book(tmp_path / "three.xlsx")


def cut_off(rig: Rig, book: Path, at: int = 4) -> str:
    """A job that lost its server at the `at`th call."""
    rig.server.settings.before = lambda request: Cut() if len(rig.server.requests) > at else None
    result = rig.load(book, chunk_tasks=2)
    assert result.exit_code == 5
    rig.server.settings.before = lambda request: None
    return str(result.job)


def test_f67_a_second_process_is_refused_and_the_lock_dies_with_the_first(
    rig: Rig, env: dict[str, str], book: Path, tmp_path: Path
) -> None:
    rig.server.settings.polls_processing = 10**6
    first = start("load", book, env=env)
    until(lambda: any(each.path.endswith("/status") for each in rig.server.requests))
    other = user_book(tmp_path / "other.xlsx", 2, user__title="other")
    with pytest.raises(LoadRefused, match=f"process {first.pid} on "):
        rig.load(other)
    first.kill()
    first.communicate(timeout=120)
    rig.server.settings.polls_processing = 0
    assert rig.resume().status == "completed"
    assert rig.load(other).status == "completed"


def test_f67_a_lock_whose_holder_has_not_written_its_name_yet_is_refused_all_the_same(
    rig: Rig, book: Path
) -> None:
    target = rig.target
    with rig.home.enterprise_lock(target.origin, target.enterprise_id):
        for each in rig.home.locks.glob("*.json"):
            each.unlink()
        with pytest.raises(LoadRefused, match="another load runs at enterprise"):
            rig.load(book)


def test_f68_f69_the_same_tasks_under_any_name_are_loaded_once(rig: Rig, book: Path, tmp_path: Path) -> None:
    done = rig.load(book)
    renamed = Path(shutil.copy(book, tmp_path / "renamed.xlsx"))
    saved_again = write_rows(tmp_path / "saved.xlsx", {"USERS": list(reversed(users(3)))})
    for same in (book, renamed, saved_again):
        with pytest.raises(LoadRefused) as refused:
            rig.load(same)
        assert str(done.job) in refused.value.message
        assert str(done.results) in refused.value.message
    assert executed(rig.server).total() == 3
    assert rig.load(book, again=True).status == "completed"
    assert executed(rig.server).total() == 6


def test_f68_an_unfinished_job_stands_in_the_way_whatever_is_said(
    rig: Rig, book: Path, tmp_path: Path
) -> None:
    job = cut_off(rig, book)
    results = tmp_path / "three.results.xlsx"
    changed = write_rows(book, {"Users": users(4)})  # F71: edited since
    for path in (results, changed):
        for options in ({}, {"again": True}, {"all_rows": True}):
            with pytest.raises(LoadRefused, match=job):
                rig.load(path, **options)
    assert rig.resume().status == "completed"
    assert "was changed since the load began" in rig.notices
    assert executed(rig.server).total() == 3


def test_a_workbook_whose_rows_are_undecided_is_never_loaded(rig: Rig, book: Path) -> None:
    rig.server.settings.after = on_call("POST", "/scheduledoperations", Answer(503))
    result = rig.load(book)
    assert result.status == "unknown"
    for path in (book, Path(str(result.results))):
        for options in ({}, {"again": True}, {"all_rows": True}):
            with pytest.raises(LoadRefused) as refused:
                rig.load(path, **options)
            assert f"xlsx2opeasy resume {result.job}" in refused.value.hint + refused.value.message


@pytest.mark.parametrize("skip_invalid", [False, True])
def test_a_row_that_succeeded_stays_so_where_a_new_row_goes_against_it(
    rig: Rig, book: Path, tmp_path: Path, *, skip_invalid: bool
) -> None:
    results = Path(str(rig.load(book).results))
    typed = openpyxl.load_workbook(results)
    typed["Users"].insert_rows(2)
    for column, text in enumerate(("AddUser", "Dallas", "user0001@example.com"), 1):
        typed["Users"].cell(2, column).value = text
    typed.save(results)
    other_machine = Rig(rig.server, Home(tmp_path / "other"))
    told = other_machine.load(results, skip_invalid=skip_invalid)
    assert (told.status, told.exit_code, told.rows["skipped"]) == ("invalid", 3, 3)
    assert [text for text, *_ in read_results(results).values()] == ["NOT SENT", *3 * ["SUCCESS"]]
    typed = openpyxl.load_workbook(results)
    typed["Users"].delete_rows(2)
    typed.save(results)
    assert other_machine.load(results).rows["skipped"] == 3
    assert max(executed(rig.server).values()) == 1


def test_a_mistake_in_a_header_loses_no_success(rig: Rig, tmp_path: Path) -> None:
    results = Path(str(rig.load(user_book(tmp_path / "titles.xlsx", user__title="x")).results))
    other_machine = Rig(rig.server, Home(tmp_path / "other"))
    for header, ended in (("user.tilte", "invalid"), ("user.title", "completed")):
        typed = openpyxl.load_workbook(results)
        typed["Users"]["D1"].value = header
        typed.save(results)
        assert other_machine.load(results).status == ended
        assert {text for text, *_ in read_results(results).values()} == {"SUCCESS"}
    assert max(executed(rig.server).values()) == 1


@pytest.mark.parametrize("skip_invalid", [False, True])
def test_a_slip_of_the_keyboard_loses_no_success(
    rig: Rig, book: Path, tmp_path: Path, *, skip_invalid: bool
) -> None:
    results = Path(str(rig.load(book).results))
    jobs = [job for *_, job in read_results(results).values()]
    other_machine = Rig(rig.server, Home(tmp_path / "other"))
    for command, ended, told in (
        ("AddUsr", "invalid", "INVALID"),
        ("AddUser2", "invalid", "INVALID"),
        ("AddUser", "completed", "SUCCESS"),
    ):
        typed = openpyxl.load_workbook(results)
        typed["Users"]["A3"].value = command
        typed.save(results)
        result = other_machine.load(results, skip_invalid=skip_invalid)
        expected = "completedWithErrors" if skip_invalid and ended == "invalid" else ended
        assert result.status == expected
        assert [text for text, *_ in read_results(results).values()] == ["SUCCESS", told, "SUCCESS"]
        assert [job for *_, job in read_results(results).values()] == jobs
    assert result.rows["skipped"] == 3
    assert max(executed(rig.server).values()) == 1


def test_a_row_that_succeeded_against_a_rule_is_invalid_where_the_rule_counts_again(
    rig: Rig, tmp_path: Path
) -> None:
    rows = [{"command": "AddUser", "groupId": "Dallas", "user.userId": "ann@example.com"}, *users(1)]
    book = write_rows(tmp_path / "short.xlsx", {"Users": rows})
    rig.server.settings.validate = lambda name, task: []
    done = rig.load(book, allowed=frozenset({"email-style"}))
    assert done.rows["succeeded"] == 2
    again = rig.load(Path(str(done.results)))
    assert (again.rows["invalid"], again.rows["skipped"], rig.schedules()) == (1, 1, 1), again.message
    assert outcomes(Path(str(again.results))) == ["INVALID", "SUCCESS"]


def test_a_row_that_never_succeeded_is_sent_once_its_slip_is_mended(rig: Rig, tmp_path: Path) -> None:
    results = Path(str(rig.load(user_book(tmp_path / "slip.xlsx", command="AddUsr")).results))
    typed = openpyxl.load_workbook(results)
    for row in (2, 3, 4):
        typed["Users"].cell(row, 1).value = "AddUser"
    typed.save(results)
    assert rig.load(results).rows["succeeded"] == 3


def test_a_row_that_is_changed_and_changed_back_is_sent_each_time(rig: Rig, tmp_path: Path) -> None:
    book = user_book(tmp_path / "titles.xlsx", user__title="Agent")
    results = Path(str(rig.load(book).results))
    older = tmp_path / "older.xlsx"
    for number, title in enumerate(("Boss", "Agent", "Boss"), 2):
        typed = openpyxl.load_workbook(results)
        typed["Users"]["D3"].value = title
        typed.save(results)
        shutil.copy(results, older)
        rows = rig.load(results).rows
        assert (rows["succeeded"], rows["skipped"]) == (1, 2)
        assert rig.load(results).rows["skipped"] == 3
        assert sorted(executed(rig.server).values()) == [1, 1, number]
    with pytest.raises(LoadRefused, match="the same tasks were loaded by job"):
        rig.load(older)  # as it was before the last load: that one's success does not stand in it


def test_why_a_row_failed_is_not_lost_where_the_next_load_sends_nothing(rig: Rig, book: Path) -> None:
    rig.server.settings.fail = lambda task_type, task: (
        ("102", "User already exists.") if task["content"]["user"]["userId"].startswith("user0001") else None
    )
    results = Path(str(rig.load(book).results))
    assert outcomes(results) == ["SUCCESS", "FAILED", "SUCCESS"]
    for command in ("AddUsr", "AddUser2"):
        typed = openpyxl.load_workbook(results)
        typed["Users"]["A4"].value = command
        typed.save(results)
        assert rig.load(results).status == "invalid"
        result, code, detail, _ = read_results(results)[("Users", 3)]
        assert (result, code) == ("NOT SENT", "")
        assert detail.startswith(
            "nothing was sent: the workbook has 1 error; before: FAILED 102 User already"
        )
        assert detail.count("before:") == 1


def test_why_nothing_was_sent_stands_beside_the_rows_that_are_valid(rig: Rig, tmp_path: Path) -> None:
    rows = [*users(1), {"command": "AddUser", "groupId": "Dallas", "user.userId": "short@x"}]
    result = rig.load(write_rows(tmp_path / "short.xlsx", {"Users": rows}))
    told = read_results(Path(str(result.results)))
    assert [each[0] for each in told.values()] == ["NOT SENT", "INVALID"]
    assert told[("Users", 2)][2] == "nothing was sent: the workbook has 1 error"


def test_f70_another_machine_cannot_be_seen(rig: Rig, book: Path, tmp_path: Path) -> None:
    """Stated, not solved: without the results in the workbook, a second machine loads it again."""
    rig.load(book)
    elsewhere = Rig(rig.server, Home(tmp_path / "elsewhere"))
    assert elsewhere.load(book).status == "completed"
    assert set(executed(rig.server).values()) == {2}
    with_results = Path(shutil.copy(tmp_path / "three.results.xlsx", tmp_path / "sent by mail.xlsx"))
    third = Rig(rig.server, Home(tmp_path / "third"))
    assert third.load(with_results).rows["skipped"] == 3
    assert set(executed(rig.server).values()) == {2}


def test_rows_that_succeeded_are_sent_again_where_all_rows_are_asked_for(rig: Rig, book: Path) -> None:
    done = rig.load(book)
    assert rig.load(Path(str(done.results))).rows["skipped"] == 3
    assert rig.load(Path(str(done.results)), all_rows=True).rows["succeeded"] == 3
    assert set(executed(rig.server).values()) == {2}


def test_f71_a_results_workbook_that_was_edited_meanwhile_is_left_alone(
    rig: Rig, book: Path, tmp_path: Path
) -> None:
    cut_off(rig, book)
    mine = tmp_path / "three.results.xlsx"
    write_rows(mine, {"Users": users(1)})
    before = mine.read_bytes()
    done = rig.resume()
    assert mine.read_bytes() == before
    assert done.results == str(tmp_path / "three.results-2.xlsx")
    assert "The results are in" in rig.notices
    kept_promise(rig.server, done)


def test_f71_an_input_that_changed_is_not_overwritten_in_place(rig: Rig, book: Path, tmp_path: Path) -> None:
    def change(request: Request) -> None:
        if request.method == "PATCH":
            write_rows(book, {"Users": users(9)})

    rig.server.settings.before = change
    done = rig.load(book, in_place=True)
    assert outcomes(book) == []
    assert done.results == str(tmp_path / "three.results.xlsx")
    kept_promise(rig.server, done)


def test_in_place_results_stay_in_place_over_a_crash(rig: Rig, book: Path) -> None:
    rig.server.settings.before = lambda request: Cut() if len(rig.server.requests) > 4 else None
    assert rig.load(book, in_place=True).results == str(book)
    rig.server.settings.before = lambda request: None
    done = rig.resume()
    assert (done.results, outcomes(book)) == (str(book), ["SUCCESS"] * 3)


def test_f72_a_workbook_that_changes_while_it_is_read_stops_before_anything_is_sent(
    rig: Rig, book: Path
) -> None:
    from xlsx2opeasy.load.plan import prepare

    def confirm(_: object) -> bool:
        write_rows(book, {"Users": users(4)})
        return True

    from xlsx2opeasy.load.service import load

    with pytest.raises(WorkbookUnusable, match="changed while") as refused:
        load(book, rig.target, prepare.LoadOptions(), rig.around(), confirm)
    assert refused.value.hint == "close it in other programs, then load it again"
    assert rig.server.requests == []
    assert list(rig.home.jobs()) == []


def test_f73_the_workbook_is_not_needed_to_go_on(rig: Rig, book: Path, tmp_path: Path) -> None:
    cut_off(rig, book)
    book.unlink()
    done = rig.resume()
    assert (done.status, outcomes(tmp_path / "three.results.xlsx")) == ("completed", ["SUCCESS"] * 3)


def test_f74_server_enterprise_and_wire_names_are_pinned(
    rig: Rig, env: dict[str, str], book: Path, home: Path
) -> None:
    job = cut_off(rig, book)
    sent = len(rig.server.requests)
    for other in (("--url", "http://127.0.0.1:9"), ("--enterprise-id", "another")):
        done = run("resume", job, "--json", *other, env=env)
        assert (done.code, done.json["status"]) == (6, "refused")
    for wire in ('"user.title" = "user.jobTitle"', '"enterpriseId" = "enterpriseld"'):
        home.joinpath("config.toml").write_text(f"[wire]\n{wire}\n")
        done = run("resume", job, "--json", env=env)
        assert (done.code, len(rig.server.requests)) == (2, sent)
        assert "wire names" in done.json["message"]
    home.joinpath("config.toml").unlink()
    assert run("resume", job, env=env | {"OPEASY_ENTERPRISE_ID": "ignored"}).code == 0


@pytest.mark.parametrize("what", ["facts", "journal"])
def test_f75_a_job_of_another_version_is_refused_never_misread(rig: Rig, book: Path, what: str) -> None:
    folder = rig.home.job(cut_off(rig, book))
    if what == "facts":
        facts = json.loads((folder.path / "job.json").read_bytes())
        (folder.path / "job.json").write_text(
            json.dumps(facts | {"schema_version": 99, "tool_version": "9.9"})
        )
    else:
        with sqlite3.connect(folder.journal) as database:
            database.execute("PRAGMA user_version=99")
        database.close()
    with pytest.raises(LocalFailure, match=r"a format that this version does not know|version 99"):
        rig.resume()


def test_f76_an_old_copy_of_the_state_is_refused_where_the_draft_tells(
    rig: Rig, book: Path, tmp_path: Path
) -> None:
    rig.server.settings.before = on_call("PATCH", "", None, Answer(403))
    job = rig.load(book, chunk_tasks=2).job  # the draft has its first chunk
    shutil.copytree(rig.home.path, tmp_path / "backup")
    rig.server.settings.before = on_call("GET", "/users", Answer(403))
    rig.resume(job)  # goes on to the second chunk
    rig.server.settings.before = lambda request: None
    restored = Rig(rig.server, Home(tmp_path / "backup"))
    result = restored.resume(job)
    assert (result.exit_code, rig.schedules()) == (5, 0)
    assert "old copy" in result.message
    assert f"xlsx2opeasy jobs abandon {job}" in result.message
    assert rig.resume(job).status == "completed"


def test_f77_a_draft_that_somebody_deleted_is_built_again(rig: Rig, book: Path) -> None:
    job = cut_off(rig, book)
    rig.server.state.operations.clear()
    done = rig.resume(job)
    assert done.status == "completed"
    kept_promise(rig.server, done)


def test_f78_a_home_without_locks_is_refused(rig: Rig, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises((LocalFailure, LoadRefused), match="does not take locks"):
        rig.load(book)
    assert rig.server.requests == []


def test_f79_f80_a_day_that_passes_between_two_calls_changes_nothing(rig: Rig, book: Path) -> None:
    rig.server.settings.polls_processing = 5
    slept: list[float] = []

    def oversleep(request: Request) -> None:
        if request.path.endswith("/status") and len(slept) < 2:
            slept.append(1)
            rig.interruption._skipped += 8 * 3600  # the machine slept for eight hours
            if len(slept) == 1:
                rig.server.expire_tokens()

    rig.server.settings.before = oversleep
    done = rig.load(book)
    assert (done.status, len(slept)) == ("completed", 2), done.message
    kept_promise(rig.server, done)


def test_f81_a_clock_that_is_wrong_is_told_once_and_nothing_depends_on_it() -> None:
    now = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
    told: list[str] = []
    watch = ClockWatch(lambda: now, told.append)
    for minutes, said in ((4, 0), (-4, 0), (7, 1), (90, 1)):
        at = now + timedelta(minutes=minutes)
        watch(RequestEvent("GET", "/v1", 200, 1, "x", f"{at:%a, %d %b %Y %H:%M:%S} GMT"))
        assert len(told) == said
    watch(RequestEvent("GET", "/v1", 200, 1, "x", "yesterday"))
    assert "7 minutes behind" in told[0]


def test_f85_what_is_left_of_a_finished_job_is_deleted_under_the_lock(rig: Rig, book: Path) -> None:
    rig.server.settings.before = on_call("DELETE", "", *[Answer(403)])
    done = rig.load(book)
    assert done.status == "completed"
    assert f"It is deleted by: xlsx2opeasy resume {done.job}" in rig.notices
    assert rig.resume(done.job).status == "completed"
    assert (rig.server.state.operations, rig.server.state.scheduled) == ({}, {})


def test_f86_deletions_that_were_interrupted_between_them_go_on_in_order(rig: Rig, book: Path) -> None:
    rig.server.settings.before = lambda request: (
        Answer(403) if request.method == "DELETE" and "/operations/" in request.path else None
    )
    done = rig.load(book)
    assert (rig.server.state.scheduled, len(rig.server.state.operations)) == ({}, 1)
    rig.server.settings.before = lambda request: None
    rig.resume(done.job)
    assert rig.server.state.operations == {}
    assert (
        sum("scheduledoperations" in each.path for each in rig.server.requests if each.method == "DELETE")
        == 1
    )
    assert read_results(Path(str(done.results)))


def test_a_run_whose_deletion_was_only_said_is_deleted_again(rig: Rig, book: Path) -> None:
    lies = [Answer(204)]

    def lie(request: Request) -> Answer | None:
        is_deleted = request.method == "DELETE" and "/scheduledoperations/" in request.path
        return lies.pop() if is_deleted and lies else None

    rig.server.settings.before = lie
    result = rig.load(book)
    assert lies == []
    assert result.status == "completed"
    assert (rig.server.state.operations, rig.server.state.scheduled) == ({}, {})
    assert "left at the server" not in rig.notices
    records = rig.records(result)
    (run_id,) = (each.detail["id"] for each in records if (each.kind, each.call) == ("outcome", "schedule"))
    deletions = [each for each in records if each.kind == "intent" and "delete" in each.call]
    assert [(each.call, each.detail["id"]) for each in deletions] == [
        ("delete-scheduled", run_id),
        ("delete-operation", result.operations[0]),
    ] * 2


def test_secrets_of_a_finished_job_are_gone_although_the_server_refuses_its_deletion(
    rig: Rig, book: Path
) -> None:
    rig.server.settings.before = lambda request: Answer(403) if request.method == "DELETE" else None
    done = rig.load(book)
    assert f"It is deleted by: xlsx2opeasy resume {done.job}" in rig.notices
    folder = rig.folder(done)
    assert not folder.exists("chunks")
    assert not folder.exists("workbook.xlsx")
    rig.server.settings.before = lambda request: None
    assert rig.resume(done.job).rows == done.rows
    assert (rig.server.state.operations, rig.server.state.scheduled) == ({}, {})


def test_a_job_that_needs_nothing_is_said(rig: Rig, book: Path) -> None:
    with pytest.raises(UsageError, match="no unfinished job"):
        rig.resume()
    done = rig.load(book)
    assert rig.resume(done.job).rows == done.rows
    with pytest.raises(UsageError):
        rig.resume()
