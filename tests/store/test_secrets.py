"""What is in the database at any time: no password, no key, no token, also where the server repeats them."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from foreign.messages import Answer, Request
from foreign.server import ForeignServer
from installed import run
from load.books import read_results, user_book
from load.command import environment
from load.rig import Rig
from postgres import PASSWORD, PostgresServer
from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.opeasy.exchange import Timeouts
from xlsx2opeasy.settings.store import STORE_VARIABLE, selected_store, shared_store
from xlsx2opeasy.store.care import rotate, status_of
from xlsx2opeasy.store.jobs import PostgresStore
from xlsx2opeasy.store.keyfile import KEY_VARIABLE
from xlsx2opeasy.store.schema import SCHEMA_VERSION

from .conftest import write_key
from .fleet import Machine

NewStore = Callable[[], PostgresStore]
SECRET = "Tr0ub4dor-geheim"


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
        if request.method != "GET" and len(seen) < 4:
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
    found = stored.results()
    assert found is not None
    assert found[0] == Path(str(result.results)).read_bytes()
    store.session.run(
        lambda c: c.execute("UPDATE xlsx2opeasy_job SET results_until = now() - interval '1 s'")
    )
    store.new_job(rehearsal=False)
    assert stored.results() is None
    assert store.session.run(lambda c: c.execute(query).fetchone())[1] is None


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


def test_the_key_is_exchanged_and_the_one_before_is_no_longer_needed(
    new_store: NewStore, server: ForeignServer, tmp_path: Path, key_file: Path
) -> None:
    import base64

    old = base64.b64decode(key_file.read_text())
    new = os.urandom(32)
    result = Rig(server, new_store()).load(user_book(tmp_path / "book.xlsx", 2))  # type: ignore[arg-type]
    write_key(key_file, new, old)
    assert new_store().job(str(result.job)).results() is not None
    assert rotate(new_store()) == 2  # of the records and of the results: that of the secrets is destroyed
    write_key(key_file, new)
    assert new_store().job(str(result.job)).results() is not None
    assert rotate(new_store()) == 0
    write_key(key_file, old)
    with pytest.raises(UsageError, match="another key"):
        list(new_store().jobs())


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


def test_what_a_disk_that_is_full_says(
    store: PostgresStore, server: ForeignServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PostgreSQL says it: nothing is sent that could not be journalled."""
    store.session.run(
        lambda c: c.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
            " USING ERRCODE = '53100', MESSAGE = 'could not extend file: No space left on device'; END $$;"
            " CREATE TRIGGER full_disk BEFORE INSERT ON xlsx2opeasy_record FOR EACH ROW"
            " WHEN (NEW.call = 'schedule') EXECUTE FUNCTION full_disk()"
        )
    )
    result = Rig(server, store).load(user_book(tmp_path / "book.xlsx", 2))  # type: ignore[arg-type]
    assert (result.exit_code, result.status) == (5, "failed")
    assert "No space left on device" in result.message
    assert server.state.scheduled == {}
    store.session.run(lambda c: c.execute("DROP TRIGGER full_disk ON xlsx2opeasy_record"))
    assert Rig(server, store).resume(result.job).exit_code == 0  # type: ignore[arg-type]


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


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, store_url: str) -> None:
    monkeypatch.setattr("xlsx2opeasy.settings.store.find_spec", lambda name: None)
    with pytest.raises(UsageError) as failed:
        selected_store()
    assert failed.value.hint == 'install it: pip install "xlsx2opeasy[fleet]"'
    monkeypatch.setenv(STORE_VARIABLE, "")
    selected_store()


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


def test_resume_says_that_the_store_has_no_unfinished_job(store_url: str) -> None:
    done = run("resume")
    assert done.returncode == 2
    assert "there is no unfinished job in this store" in done.stderr
