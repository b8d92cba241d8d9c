"""Stores that cannot be used, through the installed command: a sentence, the contract's exit code, and nothing sent
that is not journalled."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from foreign.messages import Request
from foreign.server import ForeignServer
from load.books import user_book, users, write_rows
from load.rig import executed
from postgres import PASSWORD, PostgresServer, running_postgres
from xlsx2opeasy.settings.store import STORE_VARIABLE
from xlsx2opeasy.store.keyfile import KEY_VARIABLE

from .conftest import write_key
from .fleet import Machine

NewMachine = Callable[[str], Machine]
_WITHOUT = """
import importlib.machinery
original = importlib.machinery.PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] == {name!r} else original(name, path, target)
importlib.machinery.PathFinder.find_spec = staticmethod(find_spec)
"""


def commands(book: Path) -> list[tuple[object, ...]]:
    return [
        ("load", book, "--yes", "--json"),
        ("queue", "add", book, "--yes", "--json"),
        ("worker", "--drain"),
        ("queue", "list", "--json"),
        ("queue", "show", "L20261122-none", "--json"),
        ("jobs", "--json"),
        ("resume", "--json"),
        ("store", "status", "--json"),
        ("store", "init"),
        ("store", "rotate-key"),
    ]


def refused(
    machine: Machine, book: Path, code: int, *words: str, few: bool = False, script: bool = False
) -> None:
    """Every command, or the first three, end with the code and the words, and with no password."""
    run = machine.run_script if script else machine.run
    for command in commands(book)[: 3 if few else None]:
        done = run(*command, code=code)
        said = done.stdout + done.stderr
        for word in words:
            assert word in said, (command, said)
        assert PASSWORD not in said
        assert done.stderr.count("\n") <= 3, said
        if command[-1] == "--json":
            assert words[0] in json.loads(done.stdout)["message"], (command, said)


# -- settings (2) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["psycopg", "cryptography", "procrastinate"])
def test_without_the_extra(machine: NewMachine, server: ForeignServer, tmp_path: Path, missing: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(_WITHOUT.format(name=missing))
    here = machine("here")
    here.env["PYTHONPATH"] = str(tmp_path)
    refused(
        here,
        user_book(tmp_path / "book.xlsx"),
        2,
        "extra fleet",
        'pip install "xlsx2opeasy[fleet]"',
        few=missing == "procrastinate",
        script=True,
    )
    assert server.requests == []


@pytest.mark.parametrize("key", ["none named", "not there", "open to others", "no key", "another"])
def test_a_key_that_is_missing_or_wrong(
    machine: NewMachine, server: ForeignServer, tmp_path: Path, key: str
) -> None:
    here = machine("here")
    here.run("store", "init")
    path = tmp_path / "wrong.key"
    here.env[KEY_VARIABLE] = "" if key == "none named" else str(path)
    if key in ("another", "open to others"):
        write_key(path, os.urandom(32))
    elif key == "no key":
        path.write_text("secret\n")
        path.chmod(0o600)
    if key == "open to others":
        path.chmod(0o644)
    said = {
        "none named": (KEY_VARIABLE, "head -c 32 /dev/urandom"),
        "not there": ("wrong.key cannot be read", "head -c 32 /dev/urandom"),
        "open to others": ("others than you can read", "chmod 600"),
        "no key": ("does not hold 32 random bytes", "head -c 32 /dev/urandom"),
        "another": ("made with another key", KEY_VARIABLE),
    }
    refused(here, user_book(tmp_path / "book.xlsx"), 2, *said[key], few=key != "another")
    assert server.requests == []


def test_tables_of_a_newer_version(
    machine: NewMachine, server: ForeignServer, store_url: str, tmp_path: Path
) -> None:
    here = machine("here")
    here.run("store", "init")
    with psycopg.connect(store_url) as connection:
        connection.execute("UPDATE xlsx2opeasy_meta SET value = '99' WHERE name = 'schema_version'")
    refused(here, user_book(tmp_path / "book.xlsx"), 2, "are of version 99", "install the version")
    assert server.requests == []


@pytest.mark.parametrize(("mode", "connections"), [("transaction", 1), ("transaction", 5), ("statement", 5)])
def test_a_pooler_through_which_no_lock_lasts(
    machine: NewMachine,
    server: ForeignServer,
    postgres: PostgresServer,
    store_url: str,
    tmp_path: Path,
    mode: str,
    connections: int,
) -> None:
    here = machine("here")
    with postgres.pooled(store_url, mode, connections) as here.env[STORE_VARIABLE]:
        refused(
            here,
            user_book(tmp_path / "book.xlsx"),
            2,
            "a pooler in transaction mode",
            "give the address of PostgreSQL itself, or of a pooler in session mode",
            few=True,
        )
    assert server.requests == []


def test_through_a_pooler_in_session_mode_all_is_as_without(
    machine: NewMachine, server: ForeignServer, postgres: PostgresServer, store_url: str, tmp_path: Path
) -> None:
    here = machine("here")
    with postgres.pooled(store_url, "session", 10) as here.env[STORE_VARIABLE]:
        here.run("load", user_book(tmp_path / "book.xlsx"), "--yes")
        queued = write_rows(tmp_path / "queued.xlsx", {"Users": users(2, first=10)})
        here.run("queue", "add", queued, "--yes")
        here.run("worker", "--drain")
        assert {each["state"] for each in here.json("queue", "list")["items"]} == {"done"}
    assert set(executed(server).values()) == {1}


# -- stores that fail (5) ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["refuses", "no such host", "another password", "no such database"])
def test_a_store_that_cannot_be_reached(
    machine: NewMachine, server: ForeignServer, store_url: str, tmp_path: Path, how: str
) -> None:
    here = machine("here")
    here.env[STORE_VARIABLE] = {
        "refuses": f"postgresql://loads:{PASSWORD}@127.0.0.1:1/store",
        "no such host": f"postgresql://loads:{PASSWORD}@no-such-host.invalid/store",
        "another password": store_url.replace(PASSWORD, f"x{PASSWORD}"),
        "no such database": f"{store_url}_x",
    }[how]
    refused(
        here,
        user_book(tmp_path / "book.xlsx"),
        5,
        "the store postgresql://loads:***@",
        "failed",
        few=how != "refuses",
    )
    assert server.requests == []


@contextmanager
def pair() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A primary, and a standby that has what the primary confirmed."""
    with running_postgres() as primary, running_postgres(primary) as standby:
        with psycopg.connect(primary.url("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("ALTER SYSTEM SET synchronous_commit = 'remote_apply'")
            connection.execute("SELECT pg_reload_conf()")
        yield primary, standby


@pytest.mark.parametrize("moment", ["create", "schedule"])
def test_a_failover_while_a_load_runs(
    machine: NewMachine, server: ForeignServer, tmp_path: Path, moment: str
) -> None:
    """The primary dies with a call under way, and the standby takes its place; both are in the address."""
    here = machine("here")
    path = {"create": "/v1/operations", "schedule": "/v1/scheduledoperations"}[moment]
    with pair() as (primary, standby):
        name = primary.new_database().rpartition("/")[2]
        hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        url = f"postgresql://loads:{PASSWORD}@{hosts}/{name}"
        here.env[STORE_VARIABLE] = f"{url}?target_session_attrs=read-write"
        alone = machine("alone")
        alone.env[STORE_VARIABLE] = standby.url(name)
        here.run("store", "init")
        refused(
            alone,
            user_book(tmp_path / "never.xlsx"),
            5,
            "standby",
            "the store postgresql://loads:***@",
            few=True,
        )
        assert server.requests == []

        def fail_over(request: Request) -> None:
            if request.call == f"POST {path}" and server.calls("POST", path) == 1:
                primary.stop("immediate")
                standby.promote()

        server.settings.before = fail_over  # type: ignore[assignment]
        result = here.json("load", user_book(tmp_path / "book.xlsx", 4), "--yes")
        assert (result["status"], result["rows"]["succeeded"]) == ("completed", 4)
        assert set(executed(server).values()) == {1}
        assert [each["loadStatus"] for each in alone.json("jobs")["items"]] == ["completed"]


def fill(url: str) -> None:
    """Fills the disk of the database, and what is left of the pages of the journal."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO xlsx2opeasy_job (job, rehearsal, records_key) VALUES ('filler', true, '')"
            " ON CONFLICT DO NOTHING"
        )
        seq = 0
        for size in (7000, 1000, 100, 0):
            try:
                while True:
                    seq += 1
                    connection.execute(
                        "INSERT INTO xlsx2opeasy_record VALUES ('filler', %s, '', '', 0, '', 0, %s, '', '')",
                        [seq, os.urandom(size)],
                    )
            except psycopg.errors.DiskFull:
                continue


@pytest.mark.parametrize("moment", ["before", "POST /v1/operations", "PATCH", "POST /v1/scheduledoperations"])
def test_a_disk_of_the_database_that_is_full(
    machine: NewMachine, server: ForeignServer, tmp_path: Path, moment: str
) -> None:
    here = machine("here")
    book = user_book(tmp_path / "book.xlsx", 4)
    # a server of its own, as a full disk can end it
    with running_postgres() as postgres, postgres.on_small_disk(24) as url:
        here.env[STORE_VARIABLE] = url
        here.run("store", "init")

        def look(request: Request) -> None:
            if request.call.startswith(moment) and not server.state.scheduled:
                fill(url)

        if moment == "before":
            fill(url)
        server.settings.before = look  # type: ignore[assignment]
        failed = here.run("load", book, "--yes", "--json", code=5)
        document = json.loads(failed.stdout)
        assert "No space left on device" in document["message"], document
        changed = [
            each for each in server.requests if each.method != "GET" and "authsessions" not in each.path
        ]
        if moment == "before":
            assert changed == []
            here.run("queue", "add", book, "--yes", code=5)
        else:
            assert changed[-1].call.startswith(moment), "nothing is sent after what could not be journalled"
        server.settings.before = lambda request: None
        postgres.make_room()
        again: tuple[object, ...] = ("load", book, "--yes") if moment == "before" else ("resume",)
        if "scheduled" in moment:
            assert here.json("resume", code=1)["status"] == "unknown"
            (scheduled,) = server.state.scheduled
            assert f"with id {scheduled}: note it down" in document["message"]
            again = ("resume", document["job"], "--scheduled-id", scheduled)
        result = here.json(*again)
        assert (result["status"], result["rows"]["succeeded"]) == ("completed", 4)
        assert set(executed(server).values()) == {1}
