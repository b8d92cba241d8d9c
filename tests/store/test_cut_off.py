"""A machine whose line to the database is cut, while its line to the server of its load is not."""

from collections.abc import Callable
from pathlib import Path

import psycopg

from foreign.messages import Request
from foreign.server import ForeignServer
from installed import LOCK_MODULE, Run
from load.books import user_book
from load.rig import executed
from postgres import PostgresServer
from xlsx2opeasy.settings.store import STORE_VARIABLE
from xlsx2opeasy.store.connection import lock_number
from xlsx2opeasy.store.items import item_of
from xlsx2opeasy.store.jobs import PostgresStore

from .fleet import Machine, until

CONNECTION = "xlsx2opeasy.store.connection"
_HOLDERS = """
SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND ((l.classid::bigint << 32) | l.objid::bigint) = %s
"""


def test_another_takes_over_and_who_was_cut_off_changes_nothing_more(
    machine: Callable[[str], Machine],
    postgres: PostgresServer,
    store: PostgresStore,
    server: ForeignServer,
    tmp_path: Path,
) -> None:
    """With a keepalive of 3 s in place of 25 (docs/several-machines.md has the measured figure)."""
    server.settings.polls_processing = 10**6
    changing: list[str] = []

    def look(request: Request) -> None:
        if request.method != "GET" and "authsessions" not in request.path:
            changing.append(request.call)

    server.settings.before = look  # type: ignore[assignment]
    one, other = machine("one"), machine("other")
    url = other.env[STORE_VARIABLE]
    one.env[STORE_VARIABLE] = url.replace("127.0.0.1", postgres.other_address)
    job = one.json("queue", "add", user_book(tmp_path / "book.xlsx", 4), "--yes")["items"][0]["job"]
    soon = {CONNECTION: {"KEEPALIVE": (1, 1, 2), "RECONNECT_SECONDS": 600}}
    elsewhere = {LOCK_MODULE: {"_PREFIX": "lock-of-another-machine-"}}
    with psycopg.connect(url, autocommit=True) as database:

        def holder_is(run: Run) -> bool:
            rows = database.execute(_HOLDERS, [lock_number("job", job)]).fetchall()
            return any(f" {run.pid} " in row[0] for row in rows)

        first = Run("worker", env=one.env, limits=soon)
        second = None
        try:
            until(lambda: holder_is(first) and server.calls("POST", "/v1/scheduledoperations") == 1)
            second = Run("worker", env=other.env, limits=soon | elsewhere)
            with postgres.cut_off():
                until(lambda: holder_is(second))
                before = len(changing)
                server.settings.polls_processing = 1
                until(lambda: item_of(store, job).state == "done")
                assert len(changing) > before, "the one that took over cleans up"
        finally:
            ends = [run.stopped() for run in (first, second) if run is not None]
    assert [each.returncode for each in ends] == [0, 0], ends
    assert not any("Traceback" in each.stderr for each in ends)
    assert len(changing) == len(set(changing)), changing
    assert set(executed(server).values()) == {1}
