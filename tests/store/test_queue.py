"""The queue and its workers, through the installed command."""

import asyncio
import re
import signal
import socket
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from procrastinate.schema import SchemaManager

from cli.test_schemas import schema
from foreign.messages import Answer, Cut, Request, general_error
from foreign.server import ForeignServer
from load.books import numbers_then_users, user_book, users, write_rows
from load.rig import Rig, executed, on_call
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.load.service import LoadContext
from xlsx2opeasy.settings.store import STORE_VARIABLE
from xlsx2opeasy.store import worker as workers
from xlsx2opeasy.store.items import (
    add_item,
    item_of,
    list_items,
    note_begun,
    note_failing,
    options_of,
    steps_of,
)
from xlsx2opeasy.store.jobs import RESULTS, PostgresStore
from xlsx2opeasy.store.queue import Queue, opened_queue
from xlsx2opeasy.store.worker import Worker

from .fleet import Machine, ended, until
from .test_contract import frozen

ITEM = {"job", "enterprise", "workbook", "state", "priority", "at", "rows"}


def test_a_workbook_goes_through_the_queue_to_another_machine(
    machine: Callable[[str], Machine], server: ForeignServer, tmp_path: Path
) -> None:
    one, other = machine("one"), machine("other")
    book = user_book(tmp_path / "new branch.xlsx", 3)
    (item,) = one.json("queue", "add", book, "--yes", "--priority", 7)["items"]
    assert set(item) == ITEM
    assert (item["workbook"], item["state"], item["priority"], item["rows"]) == (
        "new branch.xlsx",
        "queued",
        7,
        None,
    )
    assert item["enterprise"] == server.settings.enterprise_id
    assert datetime.fromisoformat(item["at"]) <= datetime.now(UTC) + timedelta(seconds=1)
    assert one.json("queue", "list")["items"] == [item]
    (job,) = other.json("jobs")["items"]
    assert (job["id"], job["loadStatus"]) == (item["job"], "queued")
    schema("jobs").validate({"items": [job]})
    one.run("resume", code=2)  # it waits for a worker
    one.run("load", book, "--yes", code=6)
    one.run("queue", "add", book, "--yes", code=6)
    one.run("queue", "fetch", item["job"], "--output", tmp_path / "early.xlsx", code=6)
    book.unlink()
    other.run("worker", "--drain")
    (shown,) = one.json("queue", "show", item["job"])["items"]
    assert set(shown) == ITEM | {"steps"}
    assert (shown["state"], shown["rows"]["succeeded"], shown["rows"]["total"]) == ("done", 3, 3)
    assert [set(each) for each in shown["steps"]] == [{"at", "what"}] * 3
    assert executed(server) == {f"user{number:04}@example.com": 1 for number in range(3)}
    fetched = tmp_path / "fetched.xlsx"
    for _ in range(2):
        (brought,) = other.json("queue", "fetch", item["job"], "--output", fetched)["items"]
        assert brought["state"] == "done"
        other.run("report", item["job"], "--output", tmp_path / f"{_}.html")
        other.run("undo", item["job"], "--output", tmp_path / f"{_}.xlsx")
    sheet = openpyxl.load_workbook(fetched)["Users"]
    assert [row[-4].value for row in sheet.iter_rows(min_row=2)] == ["SUCCESS"] * 3
    one.run("queue", "cancel", item["job"], code=6)
    other.run("worker", "--drain")
    assert server.calls("POST", "/v1/scheduledoperations") == 1


def test_what_is_refused_and_with_which_code(machine: Callable[[str], Machine], tmp_path: Path) -> None:
    here = machine("here")
    wrong = write_rows(tmp_path / "wrong.xlsx", {"Users": [{"command": "AddUser", "groupId": "Dallas"}]})
    book = user_book(tmp_path / "book.xlsx", 2)
    assert here.json("queue", "add", wrong, "--yes", code=3)["items"] == []
    here.run("queue", "add", tmp_path / "none.xlsx", "--yes", code=7)
    here.run("queue", "add", book, "--yes", "--at", "tomorrow", code=2)
    here.run("queue", "add", book, "--output", tmp_path / "x.xlsx", code=2)
    for command in ("show", "cancel"):
        assert here.json("queue", command, "L20261122-none", code=2)["items"] == []
    here.run("queue", "fetch", "L20261122-none", "--output", tmp_path / "x.xlsx", code=2)
    assert here.json("queue", "list")["items"] == []
    alone = Machine(tmp_path / "alone", {"XLSX2OPEASY_STORE": ""})
    for command in (
        ("queue", "list"),
        ("queue", "add", book, "--yes"),
        ("worker", "--drain"),
        ("store", "init"),
    ):
        assert "postgresql://" in alone.run(*command, code=2).stderr


def steps(machine: Machine, job: str) -> list[str]:
    return [each["what"] for each in machine.json("queue", "show", job)["items"][0]["steps"]]


def test_order_time_and_cancelling(
    machine: Callable[[str], Machine], server: ForeignServer, tmp_path: Path
) -> None:
    here = machine("here")

    def add(name: str, first: int, *options: object) -> str:
        book = write_rows(tmp_path / f"{name}.xlsx", {"Users": users(1, first=first)})
        return str(here.json("queue", "add", book, "--yes", *options)["items"][0]["job"])

    later = (datetime.now().astimezone() + timedelta(hours=1)).isoformat()
    tomorrow = add("tomorrow", 1, "--at", later, "--priority", 99)
    low = add("low", 2, "--priority", -1)
    high = add("high", 3, "--priority", 5, "--at", "2020-01-01")
    gone = add("gone", 4)
    (cancelled,) = here.json("queue", "cancel", gone)["items"]
    assert (set(cancelled), cancelled["state"], cancelled["rows"]["notSent"]) == (ITEM, "cancelled", 1)
    again = here.run("queue", "cancel", gone, code=6)
    assert f"job {gone} is cancelled already" in again.stderr
    here.run("worker", "--drain")
    assert {job: here.state(job) for job in (tomorrow, low, high, gone)} == {
        tomorrow: "queued",
        low: "done",
        high: "done",
        gone: "cancelled",
    }
    assert [task["content"]["user"]["userId"] for _, task in server.state.executed] == [
        "user0003@example.com",
        "user0002@example.com",
    ]
    assert steps(here, gone) == ["added", "cancelled"]
    added, taken_up, ended_so = steps(here, low)
    assert added == "added"
    assert re.fullmatch(rf"taken up by {re.escape(socket.gethostname())} \(process \d+\)", taken_up)
    assert ended_so.startswith("completed: ")
    here.run("queue", "add", tmp_path / "gone.xlsx", "--yes")  # as if it had never been there


def test_results_that_are_not_there_are_refused_with_what_is(
    machine: Callable[[str], Machine], store: PostgresStore, tmp_path: Path
) -> None:
    here = machine("here")
    book = user_book(tmp_path / "gone for now.xlsx", 1)
    cancelled = here.json("queue", "add", book, "--yes")["items"][0]["job"]
    here.run("queue", "cancel", cancelled)
    refused = here.run("queue", "fetch", cancelled, "--output", tmp_path / "x.xlsx", code=2)
    assert "nothing of it was sent" in refused.stderr
    assert "30 days" not in refused.stderr
    assert "xlsx2opeasy queue add 'gone for now.xlsx'" in refused.stderr
    done = here.json("queue", "add", book, "--yes")["items"][0]["job"]
    here.run("worker", "--drain")
    here.run("queue", "fetch", done, "--output", tmp_path / "x.xlsx")
    expired = "DELETE FROM xlsx2opeasy_file WHERE job = %s AND starts_with(name, %s)"
    store.session.run(lambda connection: connection.execute(expired, [done, RESULTS]))
    refused = here.run("queue", "fetch", done, "--output", tmp_path / "y.xlsx", code=2)
    assert f"xlsx2opeasy report {done}" in refused.stderr
    here.run("report", done, "--output", tmp_path / "done.html")


def test_what_is_finished_is_not_given_up(machine: Callable[[str], Machine], tmp_path: Path) -> None:
    """Its workbook cannot be opened any more: the key is destroyed."""
    here = machine("here")
    jobs = []
    for name, ends in (("gone", ["queue", "cancel"]), ("given up", ["jobs", "abandon"]), ("done", [])):
        book = write_rows(tmp_path / f"{name}.xlsx", {"Users": users(1, first=len(jobs) + 1)})
        jobs += [here.json("queue", "add", book, "--yes")["items"][0]["job"]]
        if ends:
            here.run(*ends, jobs[-1])
    here.run("worker", "--drain")
    assert [here.state(job) for job in jobs] == ["cancelled", "cancelled", "done"]
    for job in jobs:
        for options in ([], ["--undecided", "--yes"]):
            refused = here.run("jobs", "abandon", job, *options, code=2)
            assert f"job {job} is finished" in refused.stderr


def test_everybody_sees_who_loads_what_and_how_far_it_is(
    machine: Callable[[str], Machine], server: ForeignServer, tmp_path: Path
) -> None:
    """While the second of two operations runs, in the queue, in the list of jobs, and in the page's history."""
    one, other = machine("one"), machine("other")
    one.env["LOGNAME"] = "anna"
    one.run("queue", "add", numbers_then_users(tmp_path / "both.xlsx"), "--yes")

    def look(request: Request) -> None:
        if request.call == "POST /v1/scheduledoperations" and server.state.scheduled:
            server.settings.polls_processing = 10**6

    server.settings.before = look  # type: ignore[assignment]
    with one.working():
        until(lambda: server.calls("POST", "/v1/scheduledoperations") == 2)
        until(lambda: [run.polls for run in server.state.scheduled.values()][-1] > 1)
        (item,) = other.json("queue", "list")["items"]
        assert (item["state"], item["rows"]["total"]) == ("running", 3)
        assert {name: number for name, number in item["rows"].items() if number and name != "total"} in (
            {"succeeded": 1, "running": 2},
            {"succeeded": 2, "running": 1},
        )
        (job,) = other.json("jobs")["items"]
        assert job["counts"] == item["rows"]
        for shown in (other.run("queue", "list").stdout, page(other, "/jobs")):
            for word in ("both.xlsx", server.settings.enterprise_id, "anna", "running", " succeeded"):
                assert word in shown, shown
        server.settings.polls_processing = 1


def page(machine: Machine, path: str) -> str:
    """What the page shows on that machine."""
    with machine.start("web", "--no-browser") as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            opener.open(address).read()
            shown: str = opener.open(address.partition("/?")[0] + path).read().decode()
            return shown
        finally:
            process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, None])
def test_what_runs_at_the_server_ends_before_another_load_of_the_enterprise_begins(
    machine: Callable[[str], Machine],
    store: PostgresStore,
    server: ForeignServer,
    tmp_path: Path,
    ending: signal.Signals | None,
) -> None:
    """A worker that dies, stops, or waits no longer, leaves an operation behind; a job of higher priority waits."""
    server.settings.polls_processing = 10**6
    one, other = machine("one"), machine("other")
    waits = () if ending else ("--wait", "0")
    one.run("queue", "add", user_book(tmp_path / "first.xlsx", 2), "--yes", *waits)
    second = write_rows(tmp_path / "second.xlsx", {"Users": users(2, first=10)})
    overlaps: list[str] = []

    def look(request: Request) -> None:
        if request.call in ("POST /v1/operations", "POST /v1/scheduledoperations"):
            overlaps.extend(run.id for run in server.state.scheduled.values() if not run.is_complete)

    server.settings.before = look  # type: ignore[assignment]
    with one.working() as worker:
        until(lambda: server.calls("POST", "/v1/scheduledoperations") == 1)
        one.run("queue", "add", second, "--yes", "--priority", 9)
        if ending:
            worker.send_signal(ending)
            worker.communicate(timeout=300)
        with other.working():
            until(lambda: overlaps or next(iter(server.state.scheduled.values())).polls > 5)
            server.settings.polls_processing = 1
            until(lambda: {each.state for each in list_items(store)} == {"done"})
    assert overlaps == []
    assert set(executed(server).values()) == {1}


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_is_replaced(
    machine: Callable[[str], Machine], server: ForeignServer, tmp_path: Path, sent: signal.Signals
) -> None:
    server.settings.polls_processing = 10**6
    one, other = machine("one"), machine("other")
    job = one.json("queue", "add", user_book(tmp_path / "book.xlsx", 4), "--yes")["items"][0]["job"]
    worker = one.start("worker", "--drain")
    until(lambda: server.calls("POST", "/v1/scheduledoperations") == 1)
    assert other.state(job) == "running"
    refused = other.json("queue", "cancel", job, code=6)
    assert refused == {"items": [], "message": f"job {job} has begun, so it cannot be cancelled"}
    worker.send_signal(sent)
    _, said = worker.communicate(timeout=300)
    if sent == signal.SIGTERM:
        assert worker.returncode == 0, said
        assert other.state(job) == "queued"
        assert other.json("queue", "cancel", job, code=6) == refused, "it waits, and has begun"
    (item,) = other.json("queue", "show", job)["items"]
    assert (item["rows"]["total"], item["rows"]["running"]) == (4, 4), "how far it came is known of either"
    server.settings.polls_processing = 1
    other.run("worker", "--drain")
    (item,) = other.json("queue", "show", job)["items"]
    assert (item["state"], item["rows"]["succeeded"]) == ("done", 4), item
    assert set(executed(server).values()) == {1}
    assert server.calls("POST", "/v1/scheduledoperations") == 1


def test_a_server_that_is_away_is_tried_again(
    machine: Callable[[str], Machine], store: PostgresStore, tmp_path: Path, server: ForeignServer
) -> None:
    here = machine("here")
    job = here.json("queue", "add", user_book(tmp_path / "book.xlsx", 2), "--yes")["items"][0]["job"]
    server.stop()
    worker = here.start("worker")
    until(lambda: item_of(store, job).state == "running")
    assert ended(worker) == 0
    assert here.state(job) == "queued"
    assert "interrupted" in steps(here, job)[-1]


def test_a_server_that_stays_away_is_tried_again_with_waits_that_double_for_a_day(
    store: PostgresStore, server: ForeignServer, tmp_path: Path
) -> None:
    job = frozen(Rig(server, store), user_book(tmp_path / "book.xlsx")).job_id  # type: ignore[arg-type]
    add_item(store, job, 0, datetime.now(UTC), {"wait": 7})
    assert options_of(store, job) == {"wait": 7}
    assert options_of(store, "L20261122-none") == {}
    waits = []
    for number in range(1, 13):
        note_begun(store, job, "here")
        assert note_failing(store, job, 5, f"try {number} failed")
        query = "SELECT extract(epoch FROM i.at - s.at) FROM xlsx2opeasy_item i JOIN xlsx2opeasy_step s USING (job)"
        row = store.session.run(lambda c, query=query: c.execute(f"{query} ORDER BY s.id DESC").fetchone())
        waits.append(round(row[0]))
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 1800]
    store.session.run(
        lambda c: c.execute("UPDATE xlsx2opeasy_item SET failing_since = now() - interval '23 h'")
    )
    assert note_failing(store, job, 5, "once more")
    store.session.run(
        lambda c: c.execute("UPDATE xlsx2opeasy_item SET failing_since = now() - interval '25 h'")
    )
    assert not note_failing(store, job, 5, "given up")
    assert item_of(store, job).state == "failed"
    assert steps_of(store, job)[-1]["what"] == "given up"
    query = "SELECT ended, exit_code FROM xlsx2opeasy_item"
    assert store.session.run(lambda c: c.execute(query).fetchone()) == (True, 5)


def test_only_a_job_that_no_process_works_on_is_given_to_another_worker(
    store: PostgresStore, server: ForeignServer, tmp_path: Path
) -> None:
    stored = frozen(Rig(server, store), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    add_item(store, stored.job_id, 0, datetime.now(UTC), {})

    async def look(queue: Queue) -> tuple[int, str | None]:
        """How many jobs two looks give back, and which job can be taken then."""
        given = await queue.tend([])
        await asyncio.sleep(1.1)
        given += await queue.tend([])
        taken = await queue.take()
        return given, taken and taken.job

    async def two_workers() -> None:
        async with opened_queue(store.address) as one, opened_queue(store.address) as other:
            await one.tend([])
            taken = await one.take()
            assert taken is not None
            with stored.working():
                assert await look(other) == (0, None)
                assert not other.has_orphans
            assert await look(other) == (1, stored.job_id)
            await one.release(taken)
            assert await one.take() is None, "the other worker has it by now"

    asyncio.run(two_workers())


@pytest.mark.parametrize("mistake", [False, True])
def test_a_try_that_fails_keeps_nobody_waiting_and_ends_with_its_code_after_a_day(
    store: PostgresStore,
    server: ForeignServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    mistake: bool,
) -> None:
    """A server that is away, or a mistake of ours: where nothing runs at the server, others may begin."""
    seen: list[Waiting] = []

    def fails(_: str, context: LoadContext) -> None:
        seen.append(context.waiting)
        raise ZeroDivisionError if mistake else LocalFailure("away")

    rig = Rig(server, store)  # type: ignore[arg-type]
    job = frozen(rig, user_book(tmp_path / "book.xlsx")).job_id
    add_item(store, job, 0, datetime.now(UTC), {"poll_interval": 0.5, "wait": 7.0})
    monkeypatch.setattr(workers, "resume", fails)
    for ended_with in (None, 5):
        Worker(store, rig.connect, lambda _: None, lambda _: None, drain=True).run()
        offered = "SELECT count(*) FROM procrastinate_jobs"
        assert store.session.run(lambda c, offered=offered: c.execute(offered).fetchone()) == (0,)
        code = "SELECT exit_code FROM xlsx2opeasy_item"
        assert store.session.run(lambda c, code=code: c.execute(code).fetchone()) == (ended_with,)
        late = "UPDATE xlsx2opeasy_item SET at = now(), failing_since = now() - interval '25 h'"
        store.session.run(lambda c, late=late: c.execute(late))
    assert seen == [Waiting(0.5, 7.0)] * 2


def test_newer_migrations_of_the_queue_s_tables_are_applied_once(
    store: PostgresStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def open_it() -> None:
        async with opened_queue(store.address):
            pass

    assert store.session is not None  # makes the store's own tables
    asyncio.run(open_it())
    newer = tmp_path / "99.00.00_01_further.sql"
    newer.write_text("CREATE TABLE further (share text DEFAULT '100 % ü')", encoding="utf-8")
    monkeypatch.setattr(SchemaManager, "get_migrations_path", staticmethod(lambda: str(tmp_path)))
    for _ in range(2):
        asyncio.run(open_it())
    further = "INSERT INTO further DEFAULT VALUES RETURNING share"
    assert store.session.run(lambda c: c.execute(further).fetchone()) == ("100 % ü",)
    known = "SELECT value FROM xlsx2opeasy_meta WHERE name = 'procrastinate_migrations'"
    assert store.session.run(lambda c: c.execute(known).fetchone()) == (newer.name,)


def two_loads(here: Machine, tmp_path: Path) -> str:
    """Puts two workbooks of the enterprise into the queue; the job that is taken first."""
    first = here.json("queue", "add", user_book(tmp_path / "first.xlsx", 2), "--yes", "--priority", 9)
    here.run("queue", "add", write_rows(tmp_path / "second.xlsx", {"Users": users(2, first=10)}), "--yes")
    return str(first["items"][0]["job"])


def assert_one_try_failed(here: Machine, job: str) -> None:
    happened = steps(here, job)
    assert sum(each.startswith("failed:") for each in happened) == 1, happened


def test_an_enterprise_whose_operation_runs_is_kept_also_by_a_try_that_ended_with_5(
    machine: Callable[[str], Machine], store: PostgresStore, server: ForeignServer, tmp_path: Path
) -> None:
    """The server refuses to tell the worker the status of what it runs; the next job waits all the same."""
    server.settings.polls_processing = 10**6
    here = machine("here")
    first = two_loads(here, tmp_path)
    refused, drafts = list[Request](), list[Request]()

    def look(request: Request) -> Answer | None:
        if request.call == "POST /v1/operations":
            drafts.append(request)
        if request.method == "GET" and "/scheduledoperations/" in request.path and not refused:
            refused.append(request)
            return general_error(400, "Bad request")
        return None

    server.settings.before = look
    with here.working():
        until(lambda: refused)
        (run,) = server.state.scheduled.values()
        until(lambda: run.polls > 1 or len(drafts) > 1)
        assert len(drafts) == 1
        server.settings.polls_processing = 1
        until(lambda: {each.state for each in list_items(store)} == {"done"})
    assert_one_try_failed(here, first)
    assert set(executed(server).values()) == {1}


def test_an_enterprise_whose_start_is_in_doubt_is_kept_also_by_a_try_that_ended_with_5(
    machine: Callable[[str], Machine], store: PostgresStore, server: ForeignServer, tmp_path: Path
) -> None:
    """The start got no answer, and its draft's deletion one that is not true: the operation may run."""
    server.settings.polls_processing = 10**6
    here = machine("here")
    first = two_loads(here, tmp_path)
    drafts = list[Request]()
    deletions: list[int] = []  # how many drafts there were by then

    def look(request: Request) -> Answer | None:
        if request.call == "POST /v1/operations":
            drafts.append(request)
        if request.method == "DELETE" and "/v1/operations/" in request.path:
            deletions.append(len(drafts))
            return Answer(200, b"") if len(deletions) == 1 else None
        return None

    server.settings.before = look
    server.settings.after = on_call("POST", "/v1/scheduledoperations", Cut())
    with here.working():
        until(lambda: len(deletions) > 1)
        assert deletions == [1, 1], "another load began while the operation may have run"
        server.settings.polls_processing = 1
        until(lambda: [each.state for each in list_items(store)] == ["done", "undecided"])
    assert_one_try_failed(here, first)
    assert set(executed(server).values()) == {1}


_AT_IMPORT = """
import importlib.machinery, os, signal
original = importlib.machinery.PathFinder.find_spec
def find_spec(name, path=None, target=None):
    if name == {module!r}:
        os.kill(os.getpid(), signal.{sent})
    return original(name, path, target)
importlib.machinery.PathFinder.find_spec = staticmethod(find_spec)
"""


@pytest.mark.parametrize(
    ("module", "sent"),
    [
        ("xlsx2opeasy.cli.main", "SIGTERM"),
        ("click", "SIGHUP"),
        ("xlsx2opeasy.cli.worker", "SIGTERM"),
        ("psycopg", "SIGTERM"),
        ("procrastinate", "SIGINT"),
    ],
)
def test_a_worker_that_is_stopped_before_it_is_ready_says_so(
    machine: Callable[[str], Machine], tmp_path: Path, module: str, sent: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_AT_IMPORT.format(module=module, sent=sent))
    here = machine("here")
    here.env["PYTHONPATH"] = str(tmp_path)
    done = here.run_script("worker", code=130)
    assert done.stdout == ""
    assert done.stderr.strip() in ("", "error: interrupted")


def test_a_worker_that_waits_for_its_store_is_stopped(machine: Callable[[str], Machine]) -> None:
    here = machine("here")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        here.env[STORE_VARIABLE] = f"postgresql://loads@127.0.0.1:{silent.getsockname()[1]}/loads"
        worker = here.start("worker")
        connection, _ = silent.accept()
        with connection:
            assert ended(worker) == 130


def test_a_worker_is_stopped_as_soon_as_it_says_that_it_is_ready(machine: Callable[[str], Machine]) -> None:
    worker = machine("here").start("worker")
    assert worker.stderr is not None
    assert worker.stderr.readline().startswith("waits for loads in")
    assert ended(worker) == 0
