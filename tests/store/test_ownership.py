"""Who may work on a job, when the database restarts, a machine sleeps, or another takes over."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from foreign.server import ForeignServer
from load.books import user_book
from load.rig import Rig, executed, kept_promise
from postgres import PostgresServer
from xlsx2opeasy.errors import LoadRefused, LocalFailure, TakenOver, UsageError
from xlsx2opeasy.load.job.journal import Fact, Verdict
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.settings.store import STORE_VARIABLE, shared_store
from xlsx2opeasy.store import connection as connections
from xlsx2opeasy.store.connection import Session
from xlsx2opeasy.store.jobs import PostgresStore

from .test_contract import frozen

NewStore = Callable[[], PostgresStore]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that stays away is not waited for as long as in earnest."""
    monkeypatch.setattr(connections, "RECONNECT_SECONDS", 4.0)
    monkeypatch.setattr(connections, "KEEPALIVE", (1, 1, 1))


def cut(store: PostgresStore) -> None:
    """The server ends the connection of this thread, as where it was cut off."""
    pid = store.session.run(lambda c: c.execute("SELECT pg_backend_pid()").fetchone())[0]
    with psycopg.connect(store.address.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
            time.sleep(0.01)


def test_a_lost_connection_is_made_again_with_its_locks(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    one, other = new_store(), new_store()
    stored = frozen(Rig(server, one), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    with one.enterprise_lock("https://a.example", "acme"), stored.working():
        journal = stored.open_journal()
        journal.note(1, "gone")
        cut(one)
        assert journal.note(1, "gone").seq == 3
        assert other.job(stored.job_id).is_worked_on()
        with pytest.raises(LoadRefused):
            other.enterprise_lock("https://a.example", "acme").__enter__()
    assert [each.seq for each in stored.read_journal()] == [1, 2, 3]


@pytest.mark.usefixtures("quick")
def test_who_wakes_after_a_take_over_journals_and_sends_nothing(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    one, other = new_store(), new_store()
    stored = frozen(Rig(server, one), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    sent: list[str] = []
    with contextlib.ExitStack() as sleeping:
        sleeping.enter_context(stored.working())
        job = OpenJob(stored)
        job.mutate(1, "create", lambda request: "a", lambda answer: {"id": answer}, file="a.json")  # type: ignore[arg-type]
        cut(one)  # the machine sleeps; the server sees its connection end, and another takes over
        with other.job(stored.job_id).working():
            for attempt in (
                lambda: job.mutate(1, "append", sent.append, id="a", chunk=0),  # type: ignore[arg-type]
                job.journal.require_ownership,
                lambda: stored.write("outcomes.jsonl", b"stale"),
                lambda: stored.share_results(b"stale", ".xlsx"),
                stored.forget_secrets,
            ):
                with pytest.raises(TakenOver):
                    attempt()
        with contextlib.suppress(TakenOver):
            job.journal.require_ownership()
    assert sent == []
    assert not stored.exists("outcomes.jsonl")
    assert stored.exists("workbook.xlsx")
    assert [each.call for each in stored.read_journal()] == ["begun", "create", "create"]


@pytest.mark.usefixtures("quick")
def test_the_epoch_alone_refuses_where_the_lock_is_free_again(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    one, other = new_store(), new_store()
    stored = frozen(Rig(server, one), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    with stored.working():
        journal = stored.open_journal()
        intent = journal.intent(1, "create")
        cut(one)
        with other.job(stored.job_id).working():
            theirs = other.job(stored.job_id)
        assert not theirs.is_worked_on()
        for refused in (
            lambda: journal.outcome(intent, Verdict.APPLIED),
            journal.require_ownership,
            lambda: stored.write("outcomes.jsonl", b"stale"),
            lambda: stored.share_results(b"stale", ".xlsx"),
            stored.forget_secrets,
        ):
            with pytest.raises(TakenOver):
                refused()
    assert not stored.exists("outcomes.jsonl")
    assert stored.exists("workbook.xlsx")


def test_an_intent_that_is_being_written_is_seen_by_who_takes_over(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    """The epoch changes only after the insert that was under way, so that none is missed."""
    one, other = new_store(), new_store()
    stored = frozen(Rig(server, one), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    with stored.working(), psycopg.connect(one.address.url) as slow:
        query = "SELECT 1 FROM xlsx2opeasy_job WHERE job = %s AND epoch = %s FOR SHARE"
        assert slow.execute(query, [stored.job_id, stored.epoch]).fetchone()
        done = threading.Event()

        def take_over() -> None:
            statement = "UPDATE xlsx2opeasy_job SET epoch = epoch + 1 WHERE job = %s"
            other.session.run(lambda c: c.execute(statement, [stored.job_id]))
            other.close()
            done.set()

        thread = threading.Thread(target=take_over)
        thread.start()
        assert not done.wait(0.3)
        slow.commit()
        assert done.wait(10)
        thread.join()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_load_outlives_a_restart_of_the_database(
    postgres: PostgresServer, new_store: NewStore, server: ForeignServer, tmp_path: Path, mode: str
) -> None:
    rig = Rig(server, new_store())  # type: ignore[arg-type]
    calls: list[str] = []

    def restart(request: object) -> None:
        calls.append("")
        if len(calls) in (2, 5):
            postgres.restart(mode)

    server.settings.before = restart  # type: ignore[assignment]
    result = rig.load(user_book(tmp_path / "book.xlsx", 4), chunk_tasks=2)
    assert (result.status, result.rows["succeeded"]) == ("completed", 4), result.message
    kept_promise(server, result)


@pytest.mark.usefixtures("quick")
def test_a_load_whose_database_stays_away_ends_and_is_resumed(
    postgres: PostgresServer, new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    rig = Rig(server, new_store())  # type: ignore[arg-type]
    stopped: list[str] = []

    def stop(request: object) -> None:
        if not stopped:
            stopped.append("")
            postgres.stop("immediate")

    server.settings.before = stop  # type: ignore[assignment]
    try:
        with pytest.raises(LocalFailure) as failed:
            raise LocalFailure(rig.load(user_book(tmp_path / "book.xlsx", 4)).message)
    finally:
        postgres.start()
    assert "resume" in f"{failed.value.message} {failed.value.hint}"
    assert server.state.scheduled == {}
    result = Rig(server, new_store()).resume()  # type: ignore[arg-type]
    assert (result.status, result.rows["succeeded"]) == ("completed", 4), result.message
    assert set(executed(server).values()) == {1}


def test_a_record_whose_commit_was_not_answered_is_written_once(
    new_store: NewStore, server: ForeignServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    stored = frozen(Rig(server, store), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    once = Session.run

    def twice(session: Session, work: Callable[[psycopg.Connection], object]) -> object:
        once(session, work)  # is committed; the connection breaks before its answer is here
        return once(session, work)

    with stored.working():
        journal = stored.open_journal()
        monkeypatch.setattr(Session, "run", twice)
        journal.note(1, "gone")
        journal.note(JOB, Fact.STOPPED, status="interrupted")  # in a transaction with what lists show
        monkeypatch.undo()
    assert [each.seq for each in stored.read_journal()] == [1, 2, 3]


def test_a_store_that_came_back_with_less_is_not_sent_on(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    """A failover to a copy that lagged behind: what was confirmed is gone."""
    stored = frozen(Rig(server, new_store()), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    with stored.working():
        journal = stored.open_journal()
        journal.note(1, "gone")
        journal.note(1, "gone")
        with psycopg.connect(stored.store.address.url) as failover:  # type: ignore[attr-defined]
            failover.execute("DELETE FROM xlsx2opeasy_record WHERE job = %s AND seq = 3", [stored.job_id])
        with pytest.raises(LocalFailure, match="came back without records"):
            journal.intent(1, "schedule")
    assert len(stored.read_journal()) == 2


def test_a_store_that_is_not_there(monkeypatch: pytest.MonkeyPatch, store_url: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for url in (
        f"postgresql://loads:geheim@127.0.0.1:{port}/store",
        store_url.replace("loads:s3", "loads:x3"),
    ):
        monkeypatch.setenv(STORE_VARIABLE, url)
        with pytest.raises(LocalFailure) as failed:
            list(shared_store().jobs())
        said = f"{failed.value.message} {failed.value.hint}"
        assert "geheim" not in said
        assert "cret-of-the-store" not in said
        assert "postgresql://loads:***@" in said
    for url in ("mysql://a/b", "postgresql://[::1/b", "postgres"):
        monkeypatch.setenv(STORE_VARIABLE, url)
        with pytest.raises(UsageError, match="postgresql://"):
            shared_store()
    monkeypatch.setenv(STORE_VARIABLE, store_url + "?nonsense=1")
    with pytest.raises(UsageError, match="nonsense"):
        list(shared_store().jobs())
