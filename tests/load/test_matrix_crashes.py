"""F01-F21: kill -9, power loss, full disks, signals and closed streams at any moment (docs/safety.md)."""

import contextlib
import hashlib
import hmac
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foreign.messages import Request
from foreign.server import ForeignServer
from xlsx2opeasy import operating_system
from xlsx2opeasy.errors import Interrupted, LocalFailure, UsageError
from xlsx2opeasy.load import service
from xlsx2opeasy.load.abandon import abandon
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.sqlite_journal import SqliteJournal, read_sqlite_journal
from xlsx2opeasy.load.job.store import DIGEST_KEY
from xlsx2opeasy.load.jobs.listing import list_jobs

from .books import outcomes, read_results, user_book, users, write_rows
from .command import run, start, until
from .crash import Frozen, finish, freeze_job, run_and_die, thaw
from .rig import Rig, executed, kept_promise

STEPS = range(1, 30)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Frozen:
    folder = tmp_path_factory.mktemp("crashes")
    return freeze_job(folder, user_book(folder / "three.xlsx", 3))


@pytest.mark.parametrize("side", ["before", "after"])
def test_f01_to_f10_a_process_that_dies_at_any_step_is_resumed(
    frozen: Frozen, tmp_path: Path, side: str
) -> None:
    died = 0
    for step in STEPS:
        with ForeignServer() as server:
            rig = thaw(frozen, tmp_path / f"{side}-{step}", server)
            if not run_and_die(rig, frozen.job, f"{side}:{step}"):
                break
            died += 1
            finish(rig, frozen)
    assert 15 <= died < len(STEPS)


@pytest.mark.parametrize("first", range(1, 21, 4))
def test_f10_a_process_that_dies_again_while_it_resumes_is_resumed(
    frozen: Frozen, tmp_path: Path, first: int
) -> None:
    for second in (1, 2, 4):
        with ForeignServer() as server:
            rig = thaw(frozen, tmp_path / f"again-{second}", server)
            run_and_die(rig, frozen.job, f"after:{first}")
            run_and_die(rig, frozen.job, f"before:{second}")
            run_and_die(rig, frozen.job, f"after:{second}")
            finish(rig, frozen)


def test_f06_f10_a_start_in_doubt_is_not_forgotten_by_dying_in_the_fence(
    frozen: Frozen, tmp_path: Path
) -> None:
    """Whatever step of the fence it dies at, and however often: the start is never sent again."""
    with ForeignServer() as server:
        rig = thaw(frozen, tmp_path / "home", server)
        server.settings.polls_processing = 10**6
        step = _step_of(rig, frozen, tmp_path, "intent", "schedule")
        rig = thaw(frozen, tmp_path / "again", server)
        before = rig.schedules()
        run_and_die(rig, frozen.job, f"before:{step + 1}")  # the answer came, and is not on disk
        for again in (1, 2, 1, 3):
            run_and_die(rig, frozen.job, f"after:{again}")
        assert rig.schedules() == before + 1
        assert rig.resume(frozen.job).status == "unknown"
        assert rig.schedules() == before + 1


def _step_of(rig: Rig, frozen: Frozen, tmp_path: Path, kind: str, call: str) -> int:
    """At which step of a run of its own the job comes to this record; one is there before the run."""
    home = tmp_path / "dry"
    shutil.copytree(rig.home.path, home)
    with ForeignServer() as server:
        result = Rig(server, type(rig.home)(home)).resume(frozen.job)
    records = read_sqlite_journal(home / "loads" / str(result.job) / "journal.sqlite")
    return next(each.seq - 1 for each in records if (each.kind, each.call) == (kind, call))


def test_f08_half_a_results_file_is_thrown_away(frozen: Frozen, tmp_path: Path) -> None:
    with ForeignServer() as server:
        rig = thaw(frozen, tmp_path / "home", server)
        step = _step_of(rig, frozen, tmp_path, "note", "ended")
        run_and_die(rig, frozen.job, f"after:{step}")
        results = rig.home.loads / frozen.job / "results"
        (results / ".phase-1-Users-results.json.0a1b2c3d.part").write_bytes(b"[{")
        (results / "phase-1-Users-results.json").write_bytes(b"[")
        finish(rig, frozen)
        assert sorted(each.name for each in results.iterdir()) == ["phase-1-Users-results.json"]


def test_f09_a_load_that_dies_right_after_its_end_is_found_by_resume(frozen: Frozen, tmp_path: Path) -> None:
    """Its passwords are still on the disk, and its operation at the server."""
    with ForeignServer() as server:
        rig = thaw(frozen, tmp_path / "home", server)
        step = _step_of(rig, frozen, tmp_path, "note", "finished")
        assert run_and_die(rig, frozen.job, f"after:{step}")
        assert (rig.home.loads / frozen.job / "workbook.xlsx").exists()
        assert rig.resume().status == "completed"
        assert not (rig.home.loads / frozen.job / "workbook.xlsx").exists()
        assert (server.state.operations, server.state.scheduled) == ({}, {})
        with pytest.raises(UsageError, match="there is no unfinished job"):
            rig.resume()


def test_f12_a_torn_last_record_was_never_written(frozen: Frozen, tmp_path: Path) -> None:
    """What a process that died in mid-commit left in the write-ahead log counts for nothing."""
    with ForeignServer() as server:
        rig = thaw(frozen, tmp_path / "home", server)
        run_and_die(rig, frozen.job, "after:6")
        journal = rig.home.loads / frozen.job / "journal.sqlite"
        known = len(read_sqlite_journal(journal))
        _tear(journal)
        assert len(read_sqlite_journal(journal)) == known
        finish(rig, frozen)


def _tear(journal: Path) -> None:
    """Leaves a record half committed: its pages in the write-ahead log, and no commit behind them."""
    log = journal.with_name("journal.sqlite-wal")
    database = sqlite3.connect(journal, isolation_level=None)
    database.execute("PRAGMA cache_size=1")
    database.execute("BEGIN IMMEDIATE")
    insert = "INSERT INTO record VALUES (?, '', 'note', 0, 'torn', NULL, ?, '')"
    for seq in range(1000, 1200):
        database.execute(insert, (seq, "x" * 4000))
    files = {path: path.read_bytes() for path in (journal, log)}
    assert b"torn" in files[log]
    database.execute("ROLLBACK")
    database.close()
    for path, content in files.items():
        path.write_bytes(content)


@pytest.mark.parametrize("step", [4, 6, 7, 8, 9, 10, 12])
@pytest.mark.parametrize("damage", ["lost", "cut", "overwritten"])
def test_f13_a_damaged_write_ahead_log_loses_no_row_and_starts_nothing_twice(
    frozen: Frozen, tmp_path: Path, damage: str, step: int
) -> None:
    with ForeignServer() as server:
        rig = thaw(frozen, tmp_path / "home", server)
        run_and_die(rig, frozen.job, f"after:{step}")
        log = rig.home.loads / frozen.job / "journal.sqlite-wal"
        content = log.read_bytes()
        middle = len(content) // 2
        log.write_bytes(content[:middle] + {"cut": b"", "overwritten": b"?" * middle}.get(damage, b""))
        if damage == "lost":
            log.unlink()
        result = rig.resume(frozen.job)
        kept_promise(server, result)
        if result.exit_code == 5:
            assert "or this machine's state is an old copy. Nothing was done" in result.message
            assert executed(server).total() == 0
        else:
            finish(rig, frozen)


@pytest.mark.parametrize("name", ["job.json", "rows.jsonl", "journal.sqlite", "chunk"])
def test_f13_f84_damaged_files_are_named_and_nothing_is_guessed(
    frozen: Frozen, tmp_path: Path, name: str
) -> None:
    with ForeignServer() as server:
        rig = thaw(frozen, tmp_path / "home", server)
        run_and_die(rig, frozen.job, "after:5")
        folder = rig.home.loads / frozen.job
        path = next((folder / "chunks").glob("operation-1-chunk-0002*")) if name == "chunk" else folder / name
        content = path.read_bytes()
        path.write_bytes(content.replace(b"user0002", b"user0009").replace(b"create", b"crEate"))
        if name == "journal.sqlite":
            path.with_name("journal.sqlite-wal").unlink()  # it has the damaged page whole
        if name == "job.json":
            path.write_bytes(content.replace(b'"keep": false', b'"keep": true'))
        if name == "rows.jsonl":
            path.write_bytes(content.replace(b'"row":3', b'"row":4'))
        assert path.read_bytes() != content
        sent = len(server.requests)
        if name == "chunk":
            result = rig.resume(frozen.job)
            assert (result.exit_code, executed(server).total()) == (5, 0)
            said = result.message
        else:
            with pytest.raises(LocalFailure) as failure:
                rig.resume(frozen.job)
            assert len(server.requests) == sent
            said = failure.value.message
        assert path.name in said


@pytest.mark.parametrize("name", ["job.json", "journal.sqlite", "outcomes.jsonl"])
def test_a_damaged_job_keeps_every_workbook_out_until_its_folder_is_moved_away(
    rig: Rig, tmp_path: Path, name: str
) -> None:
    folder = rig.folder(rig.load(user_book(tmp_path / "loaded.xlsx"))).path
    folder.joinpath(name).write_bytes(b"{" * 8192)
    another = write_rows(tmp_path / "another.xlsx", {"Users": users(2, first=10)})
    sent = len(rig.server.requests)
    with pytest.raises(LocalFailure, match=name) as failure:
        rig.load(another)
    assert len(rig.server.requests) == sent
    assert f"move its folder {folder} away" in failure.value.hint
    folder.rename(tmp_path / folder.name)
    assert rig.load(another).status == "completed"


@pytest.mark.parametrize("steps", [0, 9])
@pytest.mark.parametrize("loss", ["removed", "emptied", "without records"])
def test_a_journal_that_lost_everything_is_refused(
    frozen: Frozen, tmp_path: Path, server: ForeignServer, loss: str, steps: int
) -> None:
    """Neither is the job run from its beginning, nor given up, nor does its workbook count as never loaded."""
    rig = thaw(frozen, tmp_path / "home", server)
    if steps:
        run_and_die(rig, frozen.job, f"after:{steps}")
    journal = rig.home.loads / frozen.job / "journal.sqlite"
    if loss == "without records":
        with sqlite3.connect(journal) as database:
            database.execute("DELETE FROM record")
        database.close()
    else:
        for each in journal.parent.glob("journal.sqlite-*"):
            each.unlink()
        journal.write_bytes(b"")
        if loss == "removed":
            journal.unlink()
    sent = len(server.requests)
    for attempt in (rig.resume, lambda job: abandon(job, rig.around()), lambda _: rig.load(frozen.book)):
        with pytest.raises(LocalFailure, match="is empty: it was removed, emptied or replaced"):
            attempt(frozen.job)
    assert len(server.requests) == sent
    (listed,) = list_jobs(rig.home)
    assert (listed.latest_execution_status, "is empty" in listed.message) == ("FAILED", True)


def test_facts_that_were_changed_before_the_first_run_are_refused(
    frozen: Frozen, tmp_path: Path, server: ForeignServer
) -> None:
    rig = thaw(frozen, tmp_path / "home", server)
    facts = rig.home.loads / frozen.job / "job.json"
    facts.write_bytes(facts.read_bytes().replace(b'"keep": false', b'"keep": true'))
    for attempt in (rig.resume, lambda job: abandon(job, rig.around()), lambda _: rig.load(frozen.book)):
        with pytest.raises(LocalFailure, match="is not what this job wrote"):
            attempt(frozen.job)
    assert server.requests == []


def test_f14_a_home_that_cannot_be_written_stops_before_anything_is_sent(rig: Rig, tmp_path: Path) -> None:
    rig.home.path.joinpath("loads").write_text("a file where a folder belongs")
    with pytest.raises(LocalFailure, match=r"cannot be (written|read)"):
        rig.load(user_book(tmp_path / "three.xlsx"))
    assert rig.server.requests == []


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A disk of its own; only where this user may mount one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_f14_a_home_on_a_full_disk_stops_before_anything_is_sent(rig: Rig, tmp_path: Path) -> None:
    book = user_book(tmp_path / "three.xlsx")
    with small_disk(tmp_path / "disk", 256) as disk:
        with contextlib.suppress(OSError), (disk / "other").open("wb", buffering=0) as other:
            while True:
                other.write(b"x" * 4096)
        full = Rig(rig.server, Home(disk))
        with pytest.raises(LocalFailure, match="the disk is full"):
            full.load(book)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(LocalFailure, match="cannot be written: the disk is read-only"):
            full.load(book)
    assert rig.server.requests == []


def test_f15_the_reserve_lets_an_outcome_be_recorded_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1024) as disk:
        journal = SqliteJournal(disk / "journal.sqlite")
        intent = journal.intent(1, "schedule", id="operation")
        with contextlib.suppress(OSError), (disk / "other").open("wb") as other:
            while True:
                other.write(b"x" * 512)
                other.flush()
        journal.outcome(intent, journal_verdict("APPLIED"), id="run", said="x" * 9000)
        journal.close()
        assert [each.kind for each in read_sqlite_journal(disk / "journal.sqlite")] == ["intent", "outcome"]
        assert not (disk / "reserve").exists()


def journal_verdict(word: str) -> object:
    from xlsx2opeasy.load.job.journal import Verdict

    return Verdict(word)


def test_f15_an_outcome_that_no_disk_takes_is_told_with_its_id(rig: Rig, tmp_path: Path) -> None:
    def fill(request: Request) -> None:
        if request.path == "/v1/scheduledoperations":
            (folder,) = rig.home.loads.iterdir()
            with sqlite3.connect(folder / "journal.sqlite") as database:
                database.execute(
                    "CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'x'); END"
                )
            database.close()

    rig.server.settings.before = fill
    result = rig.load(user_book(tmp_path / "three.xlsx"))
    (run_id,) = rig.server.state.scheduled
    assert (result.status, result.exit_code) == ("failed", 5)
    assert run_id in result.message
    assert outcomes(Path(result.results or "")) == ["UNKNOWN"] * 3
    kept_promise(rig.server, result)


FSYNC = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
static int calls = 0;
static int counted(void) {
    char *at = getenv("FAIL_FSYNC_AT");
    return at && ++calls == atoi(at);
}
int fsync(int f) { if (counted()) { errno = EIO; return -1; } return syscall(SYS_fsync, f); }
int fdatasync(int f) { if (counted()) { errno = EIO; return -1; } return syscall(SYS_fdatasync, f); }
"""


@pytest.fixture(scope="module")
def failing_fsync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose n-th fsync fails, as of a disk that lost its writes."""
    folder = tmp_path_factory.mktemp("fsync")
    (folder / "fsync.c").write_text(FSYNC)
    if shutil.which("gcc") is None or os.uname().sysname != "Linux":
        pytest.skip("no compiler for Linux here")
    library = folder / "fsync.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, folder / "fsync.c"], check=True)
    return library


@pytest.mark.parametrize("at", [2, 9, 20, 34, 50])
def test_f16_an_fsync_that_fails_stops_at_once_and_is_never_repeated(
    rig: Rig, env: dict[str, str], tmp_path: Path, failing_fsync: Path, at: int
) -> None:
    book = user_book(tmp_path / "three.xlsx")
    broken = env | {"LD_PRELOAD": str(failing_fsync), "FAIL_FSYNC_AT": str(at)}
    done = run("load", book, "--json", "--poll-interval", "0.05", env=broken)
    assert done.code in (0, 5, 7), done.err
    assert executed(rig.server).total() in (0, 3)
    if done.code:
        later = run("resume", "--json", "--poll-interval", "0.05", env=env)
        if later.code == 2:  # it never became a job, so nothing was sent
            assert rig.server.calls("POST", "/v1/operations") == 0
        elif later.json["status"] == "unknown":
            assert rig.schedules() == 1
        else:
            assert later.code == 0, later.err
    assert max(executed(rig.server).values(), default=0) <= 1


def test_after_a_failure_the_journal_takes_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    with sqlite3.connect(tmp_path / "journal.sqlite") as other:
        other.execute("CREATE TRIGGER broken BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'x'); END")
    other.close()
    with pytest.raises(LocalFailure):
        journal.note(0, "begun")
    with sqlite3.connect(tmp_path / "journal.sqlite") as other:
        other.execute("DROP TRIGGER broken")
    other.close()
    with pytest.raises(LocalFailure):
        journal.note(0, "begun")
    journal.close()


# -- signals, in the process that people run ---------------------------------------------------------------


def hold_first(rig: Rig, call: str) -> tuple[list[Request], threading.Event]:
    """Keeps the server from answering the first request of a kind until the event; the list has it then."""
    under_way, let_go = list[Request](), threading.Event()

    def slowly(request: Request) -> float:
        if request.call.startswith(call) and not under_way:
            under_way.append(request)
            let_go.wait(120)
            return 0.2
        return 0.0

    rig.server.settings.delay = slowly
    return under_way, let_go


@pytest.mark.parametrize("call", ["POST /v1/operations", "PATCH", "POST /v1/scheduledoperations"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_f18_f20_the_request_under_way_is_finished_and_recorded(
    rig: Rig, env: dict[str, str], tmp_path: Path, call: str, number: signal.Signals
) -> None:
    under_way, signalled = hold_first(rig, call)
    process = start("load", user_book(tmp_path / "three.xlsx"), "--json", env=env)
    until(lambda: under_way)
    process.send_signal(number)
    signalled.set()
    out, err = process.communicate(timeout=120)
    told = json.loads(out)
    assert (process.returncode, told["status"]) == (130, "interrupted"), err
    assert told["message"].endswith(f"xlsx2opeasy resume {told['job']}")
    last = read_sqlite_journal(rig.home.job(told["job"]).journal)
    assert [each.detail["verdict"] for each in last if each.kind == "outcome"][-1] == "APPLIED"
    done = rig.resume()
    assert done.status == "completed"
    assert rig.server.calls("POST", "/v1/operations") == 1
    kept_promise(rig.server, done)


def test_a_load_started_by_nohup_goes_on_when_its_terminal_is_closed(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    under_way, signalled = hold_first(rig, "POST /v1/operations")
    earlier = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; what is started inherits it
    try:
        process = start("load", user_book(tmp_path / "three.xlsx"), "--json", env=env)
    finally:
        signal.signal(signal.SIGHUP, earlier)
    until(lambda: under_way)
    process.send_signal(signal.SIGHUP)
    signalled.set()
    out, err = process.communicate(timeout=120)
    assert (process.returncode, json.loads(out)["status"]) == (0, "completed"), err


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_f18_f20_a_signal_that_was_lost_in_an_import_stops_the_load_before_it_sends(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """What a handler raises while Python runs a callback of a weak reference is lost: locks of imports have such."""
    monkeypatch.setattr(operating_system, "_heard", [])
    module = type("Module", (), {})()
    _lock = weakref.ref(module, lambda _: operating_system.raise_interrupt(number, None))
    del module
    book = user_book(tmp_path / "book.xlsx")
    with pytest.raises(Interrupted):
        rig.load(book)
    assert rig.server.requests == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_f18_a_signal_that_is_lost_while_the_workbook_is_read_stops_the_load_too(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = service.prepare

    def interrupted(*asked: Any) -> Any:
        module = type("Module", (), {})()
        _lock = weakref.ref(module, lambda _: signal.raise_signal(signal.SIGINT))
        del module
        return reading(*asked)

    monkeypatch.setattr(service, "prepare", interrupted)
    with pytest.raises(Interrupted):
        rig.load(user_book(tmp_path / "book.xlsx"))
    assert rig.server.requests == []


def test_f19_the_second_signal_leaves_at_once_and_the_call_is_in_doubt(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    under_way, gone = hold_first(rig, "PATCH")
    process = start("load", user_book(tmp_path / "three.xlsx"), env=env)
    until(lambda: under_way)
    process.send_signal(signal.SIGINT)
    for _ in range(60):  # Python drops a signal that arrives while it frees an object
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=1)
            break
    gone.set()
    assert process.returncode == 130
    done = rig.resume()
    assert done.status == "completed"
    kept_promise(rig.server, done)


def test_f21_closed_streams_stop_no_load(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    process = start("load", user_book(tmp_path / "three.xlsx"), "--poll-interval", "0.05", env=env)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    process.wait(timeout=30)
    (job,) = rig.home.loads.iterdir()
    assert executed(rig.server).total() == 3
    assert set(outcomes(tmp_path / "three.results.xlsx")) == {"SUCCESS"}
    assert job.name in next(iter(read_results(tmp_path / "three.results.xlsx").values()))[3]


def test_a_chunk_file_is_what_the_manifest_says(frozen: Frozen) -> None:
    folder = frozen.home / "loads" / frozen.job
    facts = json.loads((folder / "job.json").read_bytes())
    key = (folder / DIGEST_KEY).read_bytes()
    for chunk in facts["phases"][0]["chunks"]:
        content = (folder / "chunks" / chunk["file"]).read_bytes()
        assert hmac.new(key, content, "sha256").hexdigest() == chunk["sha256"]
        assert hashlib.sha256(content).hexdigest() != chunk["sha256"], "passwords could be tried out"
