"""What is in the database at any time: no password, no key, no token, also where the server repeats them."""

import base64
import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from foreign.messages import Answer, Request
from foreign.server import ForeignServer
from installed import run
from load.books import read_results, user_book, users, write_rows
from load.command import environment
from load.rig import Rig, executed
from postgres import PASSWORD, PostgresServer
from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.opeasy.exchange import Timeouts
from xlsx2opeasy.settings.store import STORE_VARIABLE, selected_store, shared_store
from xlsx2opeasy.store import schema
from xlsx2opeasy.store.care import status_of
from xlsx2opeasy.store.jobs import PostgresStore
from xlsx2opeasy.store.keyfile import KEY_VARIABLE
from xlsx2opeasy.store.schema import SCHEMA_VERSION

from .conftest import write_key
from .fleet import Machine, until
from .test_contract import frozen

NewStore = Callable[[], PostgresStore]
SECRET = "Tr0ub4dor-geheim"
STATUS = {
    *("store", "version", "postgresql", "durable", "jobs", "unfinished", "queued", "resultsWaiting", "bytes"),
    "cutOffSeconds",
}


def test_no_secret_is_ever_in_the_database(
    postgres: PostgresServer,
    new_store: NewStore,
    server: ForeignServer,
    store_url: str,
    tmp_path: Path,
    key_file: Path,
) -> None:
    seen: list[bytes] = []

    def look(request: Request) -> None:
        is_login = request.path == "/v1/authsessions"  # whose first answer is not waited for as long
        if request.method != "GET" and not is_login and len(seen) < 4:
            seen.append(postgres.everything(store_url))

    server.settings.before = look  # type: ignore[assignment]
    server.settings.fail = lambda name, task: ("100", f"refused: {SECRET}") if "0001" in str(task) else None
    rig = Rig(server, new_store(), timeouts=Timeouts())  # type: ignore[arg-type]
    result = rig.load(user_book(tmp_path / "book.xlsx", 3, user__userPassword=SECRET))
    assert result.rows["failed"] == 1, result.message
    seen.append(postgres.everything(store_url))
    assert len(seen) >= 4
    for content in seen:
        for secret in (SECRET, server.settings.api_key, key_file.read_text().strip()):
            assert secret.encode() not in content
            assert secret.encode("utf-16-le") not in content
    assert SECRET not in "".join(map(repr, read_results(Path(str(result.results))).values()))


def test_a_destroyed_key_and_the_results_for_a_while(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    store = new_store()
    rig = Rig(server, store)  # type: ignore[arg-type]
    result = rig.load(user_book(tmp_path / "book.xlsx", 2, user__userPassword=SECRET))
    stored = store.job(str(result.job))
    query = "SELECT secrets_key, results_key, results_until - now() FROM xlsx2opeasy_job"
    secrets_key, results_key, left = store.session.run(lambda c: c.execute(query).fetchone())
    assert secrets_key is None
    assert results_key is not None
    assert 29 <= left.days <= 30
    noted = "SELECT finished, status, counts FROM xlsx2opeasy_job"
    assert store.session.run(lambda c: c.execute(noted).fetchone()) == (True, "completed", result.rows)
    found = stored.results()
    assert found is not None
    assert found[0] == Path(str(result.results)).read_bytes()
    store.session.run(
        lambda c: c.execute("UPDATE xlsx2opeasy_job SET results_until = now() - interval '1 s'")
    )
    store.new_job(rehearsal=False)
    assert stored.results() is None
    assert store.session.run(lambda c: c.execute(query).fetchone())[1] is None
    stored.keep_results(b"once more", ".xlsx")
    assert stored.results() == (b"once more", ".xlsx")
    stored.keep_results(b"again", ".xlsx")
    assert stored.results() == (b"once more", ".xlsx"), "they are kept already"


def test_a_backup_is_of_no_use_for_what_was_forgotten(
    new_store: NewStore, server: ForeignServer, tmp_path: Path
) -> None:
    """Rows of an old dump that are put back are sealed under keys that are destroyed; the facts are read."""
    store = new_store()
    book = user_book(tmp_path / "book.xlsx", 2, user__userPassword=SECRET)
    stored = frozen(Rig(server, store), book)  # type: ignore[arg-type]
    stored.share_results(b"results", ".xlsx")  # type: ignore[attr-defined]
    backup = "CREATE TABLE backup AS SELECT * FROM xlsx2opeasy_file"
    names = [name for name in stored.names("") if name.startswith(("chunks/", "workbook", "results"))]
    assert {"chunks/empty.json", "workbook.xlsx", "results-workbook.xlsx"} < set(names)
    store.session.run(lambda c: c.execute(backup))
    stored.forget_secrets()
    assert stored.where("rows.jsonl") == f"rows.jsonl of job {stored.job_id} in the store {store.address}"
    store.session.run(
        lambda c: c.execute("UPDATE xlsx2opeasy_job SET results_until = now() - interval '1 s'")
    )
    store.new_job(rehearsal=False)
    assert not any(map(stored.exists, names))
    store.session.run(lambda c: c.execute("INSERT INTO xlsx2opeasy_file TABLE backup ON CONFLICT DO NOTHING"))
    for name in names:
        assert stored.exists(name)
        with pytest.raises(FileNotFoundError):
            stored.read(name)
    assert json.loads(stored.read("job.json"))["job"] == stored.job_id


# -- the store's password ---------------------------------------------------------------------------------

KEPT = "loads@127.0.0.1:1/loads"
UNREADABLE = [
    "host=127.0.0.1 port=1 password=SECRETpw99 dbname=loads",
    "postgresql://loads:SECRET@pw99@127.0.0.1:1/loads",
    "postgresql://loads:SEC/RETpw99@127.0.0.1:1/loads",
    "postgresql://loads:12/SECRETpw99@127.0.0.1:1/loads",
    "postgresql://loads:SEC?RETpw99@127.0.0.1:1/loads",
    "postgresql://loads:12?SECRETpw99@127.0.0.1:1/loads",
    "postgresql://loads:12@SECRET?pw99=@127.0.0.1:1/loads",
    "postgresql://loads:12@SECRET/?pw99=@127.0.0.1:1/loads",
    "postgresql://loads:SEC#RETpw99@127.0.0.1:1/loads",
    "postgresql://loads:12#SECRETpw99@127.0.0.1:1/loads",
    "postgresql://loads:SEC RETpw99@127.0.0.1:1/loads",
    f"postgresql://{KEPT}?pass%77ord=SECRETpw99",
    f"postgresql://{KEPT}?SECRETpw99",
    f"mysql://{KEPT}?password=SECRETpw99",
]
READABLE = {
    "postgresql://loads:SEC:RETpw99@127.0.0.1:1/loads": "postgresql://loads:***@127.0.0.1:1/loads",
    "postgres://loads:SECRET%40pw99@127.0.0.1:1/loads": "postgres://loads:***@127.0.0.1:1/loads",
    "postgresql://loads:%5ESECRETpw99%zz@127.0.0.1:1/loads": "postgresql://loads:***@127.0.0.1:1/loads",
    f"postgresql://{KEPT}?sslpassword=SECRETpw99": f"postgresql://{KEPT}?sslpassword=***",
    f"postgresql://{KEPT}?sslmode=prefer&PASSWORD=SECRETpw99": f"postgresql://{KEPT}?sslmode=prefer&PASSWORD=***",
    f"postgresql://{KEPT}?options=-c%20x.y%3DSECRETpw99": f"postgresql://{KEPT}?options=***",
    f"postgresql://{KEPT}?passfile=/home/me@corp/.pgpass": f"postgresql://{KEPT}?passfile=/home/me@corp/.pgpass",
    "postgresql://[::1]:1,b.example.com/loads?target_session_attrs=read-write": (
        "postgresql://[::1]:1,b.example.com/loads?target_session_attrs=read-write"
    ),
    "postgresql:///loads?host=/run/postgresql": "postgresql:///loads?host=/run/postgresql",
}


@pytest.mark.parametrize("address", [*UNREADABLE, *READABLE])
def test_the_password_is_shown_in_no_form_of_an_address(
    store_url: str, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(STORE_VARIABLE, address)
    settings = json.loads(run("config", "show", "--json").stdout)["settings"]
    shown = next(each["value"] for each in settings if each["name"] == "store")
    scheme = address.partition("://")[0]
    nothing = f"{scheme}://***" if scheme == "postgresql" else "***"
    assert shown == READABLE.get(address, nothing)
    status = run("store", "status")
    assert status.returncode == (
        5 if address in READABLE and "PASSWORD" not in address and "%zz" not in address else 2
    )
    if address in UNREADABLE:
        assert "@ / ? # % and blanks within a password as %40 %2F %3F %23 %25 %20" in status.stderr
    doctor = run("doctor", "--json")
    for said in (json.dumps(settings), status.stderr, doctor.stdout):
        assert not any(each in said for each in ("SEC", "RETpw99", "pw99", "mysql"))


@pytest.mark.parametrize("password", ["postgresql://loads:x@db/loads", "postgresql://db/loads?Password=x"])
def test_config_takes_no_address_with_a_password(password: str) -> None:
    done = run("config", "set", "store", password)
    assert (done.returncode, "holds a password" in done.stderr) == (2, True)
    assert run("config", "set", "store", f"postgresql://{KEPT}?sslmode=require").returncode == 0


# -- the store's key --------------------------------------------------------------------------------------


def test_keys_that_are_missing_open_or_wrong(
    store: PostgresStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key_file: Path
) -> None:
    assert list(store.jobs()) == []
    for content in ("", "abc", "A" * 43 + "=\n" * 3, "not base64 at all !!", key_file.read_text() * 3):
        path = tmp_path / "wrong.key"
        path.write_text(content)
        path.chmod(0o600)
        monkeypatch.setenv(KEY_VARIABLE, str(path))
        with pytest.raises(UsageError, match="32 random bytes"):
            selected_store()
    monkeypatch.setenv(KEY_VARIABLE, str(write_key(tmp_path / "other.key", os.urandom(32))))
    other = shared_store()
    with pytest.raises(UsageError, match="another key"):
        list(other.jobs())
    other.close()
    key_file.chmod(0o640)
    monkeypatch.setenv(KEY_VARIABLE, str(key_file))
    with pytest.raises(UsageError, match="others than you can read"):
        selected_store()
    key_file.chmod(0o600)
    for name in (str(tmp_path / "none"), None):
        monkeypatch.delenv(KEY_VARIABLE) if name is None else monkeypatch.setenv(KEY_VARIABLE, name)
        with pytest.raises(UsageError):
            selected_store()


def test_the_key_is_exchanged_while_jobs_are_done_queued_and_cut_off(
    machine: Callable[[str], Machine], server: ForeignServer, store_url: str, tmp_path: Path, key_file: Path
) -> None:
    old, new = base64.b64decode(key_file.read_text()), os.urandom(32)
    here, there = machine("here"), machine("there")
    there.env[KEY_VARIABLE] = str(write_key(tmp_path / "there.key", old))
    done = here.json("load", user_book(tmp_path / "done.xlsx", 2), "--yes")["job"]
    server.settings.polls_processing = 10**6
    cut = here.json(
        "load", write_rows(tmp_path / "cut.xlsx", {"Users": users(2, first=10)}), "--yes", "--wait", 0, code=8
    )["job"]
    server.settings.polls_processing = 1
    queued = write_rows(tmp_path / "queued.xlsx", {"Users": users(2, first=20)})
    here.run("queue", "add", queued, "--yes")

    status = here.json("store", "status")
    assert {name: status[name] for name in ("jobs", "unfinished", "queued", "resultsWaiting")} == {
        "jobs": 3,
        "unfinished": 2,
        "queued": 1,
        "resultsWaiting": 2,
    }
    assert set(status) == STATUS
    write_key(key_file, new)
    refused = here.run("store", "rotate-key", code=2).stderr
    assert "another key" in refused
    assert "after a rotation its second line may hold the previous key" in refused
    write_key(key_file, new, old)
    here.run("jobs")
    with psycopg.connect(store_url) as connection:
        wrapped = "SELECT count(records_key), count(secrets_key), count(results_key) FROM xlsx2opeasy_job"
        keys = connection.execute(wrapped).fetchone()
        assert keys is not None
        assert keys[1] == 2, "that of the job which is done is destroyed"
        assert f"{sum(keys)} keys" in here.run("store", "rotate-key").stdout
        assert connection.execute(wrapped).fetchone() == keys
    assert "0 keys" in here.run("store", "rotate-key").stdout
    assert "another key" in there.run("jobs", code=2).stderr
    write_key(key_file, new)
    write_key(tmp_path / "there.key", new)
    there.run("queue", "fetch", done, "--output", tmp_path / "fetched.xlsx")
    assert there.json("resume", cut)["rows"]["succeeded"] == 2
    there.run("worker", "--drain")
    assert [each["state"] for each in there.json("queue", "list")["items"]] == ["done"]
    assert len(executed(server)) == 6
    assert set(executed(server).values()) == {1}
    assert old not in key_file.read_bytes()
    write_key(key_file, old)
    assert "another key" in here.run("jobs", code=2).stderr


def test_a_worker_that_runs_finds_the_new_key_in_the_key_file(
    machine: Callable[[str], Machine], server: ForeignServer, store_url: str, tmp_path: Path, key_file: Path
) -> None:
    old, new = base64.b64decode(key_file.read_text()), os.urandom(32)
    here, there = machine("here"), machine("there")
    added = []
    with there.working():
        for number, keys in enumerate(((old,), (new, old), (new, old))):
            write_key(key_file, *keys)
            if number == 2:
                assert "; run it again:" in here.run("store", "rotate-key").stdout
            book = write_rows(tmp_path / f"{number}.xlsx", {"Users": users(2, first=10 * number)})
            added.append(here.json("queue", "add", book, "--yes")["items"][0]["job"])
            until(lambda: here.state(added[-1]) == "done")
        assert "0 keys wrapped again: the key file's second line" in here.run("store", "rotate-key").stdout
    write_key(key_file, new)
    for job in added:
        here.run("queue", "fetch", job, "--output", tmp_path / f"{job}.xlsx")
    assert set(executed(server).values()) == {1}


def test_a_load_that_began_before_the_key_was_exchanged_leaves_nothing_under_the_old_one(
    machine: Callable[[str], Machine], server: ForeignServer, store_url: str, tmp_path: Path, key_file: Path
) -> None:
    old, new = base64.b64decode(key_file.read_text()), os.urandom(32)
    here = machine("here")

    def exchange(request: Request) -> None:
        if request.method == "POST" and "scheduled" in request.path:
            write_key(key_file, new, old)
            here.run("store", "rotate-key")

    server.settings.before = exchange  # type: ignore[assignment]
    book = write_rows(tmp_path / "book.xlsx", {"Users": users(2)})
    job = machine("there").json("load", book, "--yes")["job"]
    assert "0 keys" in here.run("store", "rotate-key").stdout
    write_key(key_file, new)
    here.run("queue", "fetch", job, "--output", tmp_path / "fetched.xlsx")


def test_results_that_are_kept_while_the_key_is_exchanged_wait_for_it(
    new_store: NewStore, server: ForeignServer, store_url: str, tmp_path: Path
) -> None:
    store = new_store()
    stored = store.job(str(Rig(server, store).load(user_book(tmp_path / "book.xlsx", 2)).job))  # type: ignore[arg-type]

    def keep() -> None:
        with stored.working():
            stored.share_results(b"theirs", ".xlsx")

    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
    with ThreadPoolExecutor() as pool, psycopg.connect(store_url) as exchange:
        exchange.execute("UPDATE xlsx2opeasy_meta SET value = value WHERE name = 'key_check'")
        kept = pool.submit(keep)
        until(lambda: exchange.execute(waiting).fetchone())
        exchange.execute("SELECT 1 FROM xlsx2opeasy_job FOR UPDATE")
        exchange.commit()
        kept.result(60)
    assert stored.results() == (b"theirs", ".xlsx")


def test_a_worker_whose_key_does_not_fit_leaves_jobs_to_others(
    machine: Callable[[str], Machine], server: ForeignServer, store_url: str, tmp_path: Path, key_file: Path
) -> None:
    old, new = base64.b64decode(key_file.read_text()), os.urandom(32)
    here, there = machine("here"), machine("there")
    there.env[KEY_VARIABLE] = str(write_key(tmp_path / "there.key", old))
    with there.working() as worker:
        here.json("jobs")
        write_key(key_file, new, old)
        book = write_rows(tmp_path / "a.xlsx", {"Users": users(2)})
        job = here.json("queue", "add", book, "--yes")["items"][0]["job"]
        until(lambda: "another key" in repr(here.json("queue", "show", job)["items"][0]["steps"]))
        assert here.state(job) == "queued"
        with here.working():
            until(lambda: here.state(job) == "done")
        here.run("store", "rotate-key")
        book = write_rows(tmp_path / "b.xlsx", {"Users": users(2, first=10)})
        job = here.json("queue", "add", book, "--yes")["items"][0]["job"]
        _, said = worker.communicate(timeout=300)
    assert (worker.returncode, here.state(job)) == (2, "queued"), said
    assert said.count("another key") <= 10, "tries of the first job, whose waits double, and the end"
    assert "b.xlsx" not in said
    here.run("worker", "--drain")
    assert here.state(job) == "done"
    assert set(executed(server).values()) == {1}


# -- tables -----------------------------------------------------------------------------------------------


def test_tables_are_made_by_several_machines_at_once(store_url: str, tmp_path: Path) -> None:
    machines = [Machine(tmp_path / str(number), {}) for number in range(4)]
    running = [each.start("store", "init") for each in machines]
    for process in running:
        out, said = process.communicate(timeout=600)
        assert process.returncode == 0, said
        assert f"version {SCHEMA_VERSION}" in out
        assert PASSWORD not in out + said
    status = machines[0].json("store", "status")
    assert (status["version"], status["jobs"], status["durable"]) == (SCHEMA_VERSION, 0, True)
    assert PASSWORD not in json.dumps(status)
    shown = machines[0].run("config", "show").stdout
    assert PASSWORD not in shown
    assert "loads:***@" in shown


def test_tables_of_a_newer_version_are_left_alone(store: PostgresStore, new_store: NewStore) -> None:
    assert status_of(store)["version"] == SCHEMA_VERSION
    statement = "UPDATE xlsx2opeasy_meta SET value = '99' WHERE name = 'schema_version'"
    store.session.run(lambda c: c.execute(statement))
    with pytest.raises(UsageError, match="version 99"):
        list(new_store().jobs())


def test_tables_of_an_older_version_are_brought_forward_and_keep_what_is_in_them(
    new_store: NewStore, server: ForeignServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the next version would: its first use migrates, by several machines at once; this version then refuses."""
    result = Rig(server, new_store()).load(user_book(tmp_path / "book.xlsx", 2))  # type: ignore[arg-type]
    older = new_store()
    assert [each.job_id for each in older.jobs()] == [result.job]
    monkeypatch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    further = "ALTER TABLE xlsx2opeasy_job ADD COLUMN further integer NOT NULL DEFAULT 7"
    monkeypatch.setitem(schema._MIGRATIONS, SCHEMA_VERSION + 1, further)  # type: ignore[index]
    with ThreadPoolExecutor() as pool:
        found = list(
            pool.map(lambda store: [each.job_id for each in store.jobs()], [new_store() for _ in "123"])
        )
    assert found == [[result.job]] * 3
    newer = new_store()
    query = "SELECT further FROM xlsx2opeasy_job"
    assert newer.session.run(lambda c: c.execute(query).fetchone()) == (7,)
    assert newer.job(str(result.job)).results() is not None
    monkeypatch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION)
    with pytest.raises(UsageError, match=f"of version {SCHEMA_VERSION + 1}, this program understands"):
        list(new_store().jobs())


def test_files_of_the_moment_are_for_their_owner_and_gone_afterwards(
    store: PostgresStore, server: ForeignServer, tmp_path: Path, home: Path
) -> None:
    modes: set[int] = set()

    def look(request: Request) -> None:
        modes.update(stat.S_IMODE(each.stat().st_mode) for each in (home / "work").rglob("*"))

    server.settings.before = look  # type: ignore[assignment]
    result = Rig(server, store).load(user_book(tmp_path / "book.xlsx", 2, user__userPassword=SECRET))  # type: ignore[arg-type]
    assert result.exit_code == 0
    assert modes == {0o700, 0o600}
    assert list((home / "work").iterdir()) == []
    assert not (home / "loads").exists()


def test_results_wait_in_the_store_where_the_workbook_has_no_place(
    new_store: NewStore, server: ForeignServer, store_url: str, tmp_path: Path
) -> None:
    """Ended by a machine that has neither the workbook nor its folder."""
    known = environment(server.url, server.settings.enterprise_id, server.settings.api_key)
    folder = tmp_path / "of the first machine"
    folder.mkdir()
    server.settings.before = lambda request: Answer(503) if "scheduled" in request.path else None  # type: ignore[assignment]
    first = Machine(tmp_path / "one", known)
    stopped = first.json("load", user_book(folder / "book.xlsx", 2), "--yes", "--wait", 0, code=None)
    server.settings.before = lambda request: None
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    second = Machine(tmp_path / "two", known)
    ended = second.json("resume", stopped["job"])
    assert (ended["status"], ended["results"], ended["rows"]["succeeded"]) == ("completed", None, 2)
    second.run("queue", "fetch", stopped["job"], "--output", tmp_path / "fetched.xlsx")
    assert {row[0] for row in read_results(tmp_path / "fetched.xlsx").values()} == {"SUCCESS"}
    with pytest.raises(LocalFailure):
        new_store().job(stopped["job"]).write("workbook.xlsx", b"")


def test_doctor_tells_about_the_store(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> dict[str, str]:
        checks = json.loads(run("doctor", "--json").stdout)["checks"]
        return next(each for each in checks if each["name"] == "store")

    fresh = told()
    assert (fresh["status"], "made at first use" in fresh["message"]) == ("ok", True)
    with psycopg.connect(store_url) as connection:
        found = connection.execute("SELECT to_regclass('xlsx2opeasy_meta')").fetchone()
    assert found == (None,), "nothing is changed"
    assert run("store", "init").returncode == 0
    made = told()
    assert (made["status"], "the key fits" in made["message"]) == ("ok", True)
    monkeypatch.setenv(KEY_VARIABLE, str(write_key(tmp_path / "other.key", os.urandom(32))))
    other = told()
    assert (other["status"], "another key" in other["message"]) == ("failed", True)
    monkeypatch.setenv(STORE_VARIABLE, "postgresql://loads:geheim@127.0.0.1:1/loads")
    away = told()
    assert (away["status"], "geheim" in repr(away)) == ("failed", False)


def test_a_role_that_may_only_read_is_told_what_it_lacks(
    machine: Callable[[str], Machine], store_url: str, tmp_path: Path
) -> None:
    owner, other = machine("owner"), machine("other")
    other.env[STORE_VARIABLE] = store_url.replace("loads:", "reader:", 1)
    with psycopg.connect(store_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM public")
        for command in ("store init", "doctor"):
            refused = other.run(*command.split(), code=5)
            assert "permission denied" in refused.stdout + refused.stderr
        owner.run("store", "init")
        owner.run("worker", "--drain")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        book = user_book(tmp_path / "book.xlsx", 2)
        for command in (
            "store init",
            "doctor",
            f"load {book} --yes",
            f"queue add {book} --yes",
            "worker --drain",
        ):
            refused = other.run(*command.split(), code=5)
            assert "permission denied for table" in refused.stdout + refused.stderr
            assert "must own the store's tables, or be granted them" in refused.stdout + refused.stderr
        assert other.json("jobs")["items"] == []
        connection.execute("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader")
        assert "permission denied for sequence" in other.run("store", "init", code=5).stderr
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO reader")
        other.run("store", "init")
        other.run("queue", "add", book, "--yes")
        other.run("worker", "--drain")
        assert [each["state"] for each in other.json("queue", "list")["items"]] == ["done"]
        with other.working() as worker:
            until(lambda: connection.execute("SELECT 1 FROM procrastinate_workers").fetchone())
            connection.execute("REVOKE UPDATE ON procrastinate_workers, procrastinate_jobs FROM reader")
            connection.execute("REVOKE SELECT ON xlsx2opeasy_item FROM reader")
            _, said = worker.communicate(timeout=300)
        assert (worker.returncode, "must own the store's tables" in said) == (5, True), said


def test_resume_says_that_the_store_has_no_unfinished_job(store_url: str) -> None:
    done = run("resume")
    assert done.returncode == 2
    assert "there is no unfinished job in this store" in done.stderr
