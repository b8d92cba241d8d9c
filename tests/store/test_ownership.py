"""Who may work on a job, when the database restarts, a machine sleeps, or another takes over."""

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

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
from xlsx2opeasy.store.address import checked_address
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
    hints: list[str] = []
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
                with pytest.raises(TakenOver) as taken:
                    attempt()
                hints.append(taken.value.hint)
        with contextlib.suppress(TakenOver):
            job.journal.require_ownership()
    assert sent == []
    assert hints[0] == "nothing further was sent from here; xlsx2opeasy jobs shows how the job goes on"
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


def test_a_record_of_the_end_and_what_lists_show_are_written_both_or_neither(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    store = new_store()
    stored = frozen(Rig(server, store), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    with stored.working():
        journal = stored.open_journal()
        rename = "ALTER TABLE xlsx2opeasy_job RENAME COLUMN {} TO {}"
        store.session.run(lambda c: c.execute(rename.format("status", "hidden")))
        with pytest.raises(LocalFailure, match="status"):
            journal.note(JOB, Fact.STOPPED, status="interrupted")
        store.session.run(lambda c: c.execute(rename.format("hidden", "status")))
    assert [each.call for each in stored.read_journal()] == ["begun"]


def test_an_outcome_that_was_held_and_the_next_record_are_written_both_or_neither(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    store = new_store()
    stored = frozen(Rig(server, store), user_book(tmp_path / "book.xlsx"))  # type: ignore[arg-type]
    with stored.working():
        journal = stored.open_journal()
        intent = journal.intent(1, "append")
        journal.outcome(intent, Verdict.APPLIED, held=True)
        there = "INSERT INTO xlsx2opeasy_record SELECT job, 4, at, kind, phase, call, answers, detail, detail_digest, digest"
        store.session.run(lambda c: c.execute(f"{there} FROM xlsx2opeasy_record WHERE seq = 2"))
        with pytest.raises(TakenOver):
            journal.note(1, "verified")
        store.session.run(lambda c: c.execute("DELETE FROM xlsx2opeasy_record WHERE seq = 4"))
    assert [each.call for each in stored.read_journal()] == ["begun", "append"]


def test_either_side_notices_within_25_seconds_that_a_machine_is_cut_off(new_store: NewStore) -> None:
    session = new_store().session
    here = session.run(lambda c: c.info.get_parameters())
    there = session.run(
        lambda c: c.execute(
            "SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_keepalives_interval'),"
            " current_setting('tcp_keepalives_count'), current_setting('tcp_user_timeout')"
        ).fetchone()
    )
    names = ("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "keepalives")
    assert [here[name] for name in names] == ["10", "5", "3", "25000", "1"]
    assert there == ("10", "5", "3", "25000")


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
        with pytest.raises(LocalFailure, match="came back without records") as failed:
            journal.intent(1, "schedule")
        assert failed.value.hint == (
            "nothing further was sent: it failed over to a copy that lagged behind; look in the portal for what"
            " became of the job"
        )
    assert len(stored.read_journal()) == 2


def test_a_store_that_is_not_there(monkeypatch: pytest.MonkeyPatch, store_url: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for url, why in (
        (f"postgresql://loads:geheim@127.0.0.1:{port}/store", "Connection refused"),
        (store_url.replace("loads:s3", "loads:x3"), "password authentication failed"),
    ):
        monkeypatch.setenv(STORE_VARIABLE, url)
        with pytest.raises(LocalFailure) as failed:
            list(shared_store().jobs())
        said = f"{failed.value.message} {failed.value.hint}"
        assert "geheim" not in said
        assert "cret-of-the-store" not in said
        assert "postgresql://loads:***@" in said
        assert why in failed.value.message
        assert "\n" not in said
    for url in ("mysql://a/b", "postgresql://[::1/b", "postgres"):
        monkeypatch.setenv(STORE_VARIABLE, url)
        with pytest.raises(UsageError, match="postgresql://"):
            shared_store()
    monkeypatch.setenv(STORE_VARIABLE, store_url + "?nonsense=1")
    with pytest.raises(UsageError, match='invalid URI query parameter: "nonsense"'):
        list(shared_store().jobs())


def test_a_database_that_starts_is_waited_for_and_any_other_failure_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, store_url: str
) -> None:
    address, really = checked_address(store_url), psycopg.connect
    tries: list[object] = []

    def fails(error: psycopg.Error, times: float) -> None:
        tries.clear()

        def connect(url: str, **how: Any) -> psycopg.Connection:
            tries.append(how["connect_timeout"])
            if len(tries) <= times:
                raise error
            return really(url, **how)

        monkeypatch.setattr(psycopg, "connect", connect)

    starting = psycopg.OperationalError("the database system is starting up")
    for error in (starting, errors.CannotConnectNow(""), errors.TooManyConnections("")):
        fails(error, 2)
        connections.connect(address).close()
        assert tries == [connections.CONNECT_SECONDS] * 3
    fails(psycopg.OperationalError("no route to host"), 2)
    with pytest.raises(psycopg.OperationalError):
        connections.connect(address)
    assert len(tries) == 1
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 0.2)
    fails(starting, math.inf)
    with pytest.raises(psycopg.OperationalError):
        connections.connect(address)
    assert 1 < len(tries) < 9
