"""What every store promises, held by the same tests over both kinds: a folder, and PostgreSQL."""

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from foreign.server import ForeignServer
from foreign.state import Settings
from load.books import user_book, users, write_rows
from load.crash import start_forkserver
from load.rig import Rig, executed, kept_promise
from xlsx2opeasy.errors import LoadRefused, LocalFailure, UsageError
from xlsx2opeasy.load.job.facts import read_facts, read_rows
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.journal import FAILPOINT_VARIABLE, Verdict
from xlsx2opeasy.load.job.store import FACTS, SHELL, WORKBOOK, Store, StoredJob, chunk_place
from xlsx2opeasy.load.jobs.forget import forget
from xlsx2opeasy.load.jobs.listing import list_jobs
from xlsx2opeasy.load.plan.freeze import candidate_of, freeze
from xlsx2opeasy.load.plan.prepare import LoadOptions, prepare
from xlsx2opeasy.settings.store import selected_store
from xlsx2opeasy.tasks.limits import ChunkLimits

_PROCESSES = multiprocessing.get_context("forkserver")


@dataclass
class Kind:
    """A kind of store; `another` is the store as another process sees it."""

    name: str
    another: Callable[[], Store]
    damage: Callable[[StoredJob, str], None]


@pytest.fixture(params=["folder", "postgres"])
def kind(request: pytest.FixtureRequest, home: Path) -> Kind:
    if request.param == "folder":
        return Kind("folder", lambda: Home(home), _damage_folder)
    new_store = request.getfixturevalue("new_store")
    return Kind("postgres", new_store, _damage_rows)


def _damage_folder(stored: StoredJob, name: str) -> None:
    path = Path(stored.where(name))
    if name == "journal":
        import sqlite3

        with sqlite3.connect(path.with_name("journal.sqlite")) as db:
            db.execute("UPDATE record SET phase = phase + 1 WHERE seq = 2")
        db.close()
        return
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _damage_rows(stored: StoredJob, name: str) -> None:
    import psycopg

    with psycopg.connect(os.environ["XLSX2OPEASY_STORE"]) as db:
        if name == "journal":
            done = db.execute(
                "UPDATE xlsx2opeasy_record SET phase = phase + 1 WHERE seq = 2 AND job = %s", [stored.job_id]
            )
        else:
            done = db.execute(
                "UPDATE xlsx2opeasy_file SET content = set_byte(content, 20, get_byte(content, 20) # 1)"
                " WHERE job = %s AND name = %s",
                [stored.job_id, name],
            )
        assert done.rowcount == 1


@pytest.fixture
def job(kind: Kind, server: ForeignServer, tmp_path: Path) -> StoredJob:
    """A job that was frozen and not begun."""
    return frozen(Rig(server, kind.another()), user_book(tmp_path / "book.xlsx", 3))  # type: ignore[arg-type]


def frozen(rig: Rig, book: Path) -> StoredJob:
    options = LoadOptions(limits=ChunkLimits(tasks=2))
    prepared = prepare(book, rig.target, options)
    return freeze(rig.home, book, rig.target, options, prepared, candidate_of(book, rig.target, prepared))


# -- rows -------------------------------------------------------------------------------------------------


def test_rows_are_read_as_they_were_before_they_were_written(
    kind: Kind, server: ForeignServer, tmp_path: Path
) -> None:
    """A load works on those in memory, a resume on those on disk: rows of every kind are the same."""
    rig, options = Rig(server, kind.another()), LoadOptions(skip_invalid=True)  # type: ignore[arg-type]
    sync = {"command": "SyncAddedModifiedTeamsUsers"}
    results = Path(str(rig.load(write_rows(tmp_path / "book.xlsx", {"Users": users(3)})).results))
    workbook = openpyxl.load_workbook(results)
    sheet = workbook.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    sheet.cell(2, headers.index("groupId") + 1).value = None
    for values in (*users(1, first=7), {"command": "AddUser"}, sync, sync):
        sheet.append([values.get(str(header)) for header in headers])
    workbook.save(results)
    prepared = prepare(results, rig.target, options)
    candidate = candidate_of(results, rig.target, prepared)
    stored = freeze(rig.home, results, rig.target, options, prepared, candidate)
    rows = read_rows(stored, read_facts(stored))
    assert rows == list(prepared.rows)
    assert {
        (row.phase > 0, row.outcome, row.skipped, bool(row.earlier), bool(row.same_as)) for row in rows
    } == {
        (True, "", False, False, False),
        (False, "INVALID", False, True, False),
        (False, "INVALID", False, False, False),
        (False, "", True, False, False),
        (False, "", False, False, True),
    }


# -- files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024 - 1, 3 * 1024 * 1024 + 7])
def test_a_file_comes_back_as_it_was_written(job: StoredJob, size: int) -> None:
    content = os.urandom(size)
    job.write("results/phase-1-Users.json", content)
    assert job.read("results/phase-1-Users.json") == content
    job.write("results/phase-1-Users.json", b"another")
    assert job.read("results/phase-1-Users.json") == b"another"
    assert job.names("results/") == ["results/phase-1-Users.json"]
    with job.as_path("results/phase-1-Users.json") as path:
        assert path.read_bytes() == b"another"
        assert path.stat().st_mode & 0o077 == 0


def test_what_is_not_there_is_not_found(job: StoredJob) -> None:
    assert not job.exists("results/none.json")
    with pytest.raises(FileNotFoundError):
        job.read("results/none.json")
    assert job.names("results/") == []


def test_secrets_are_forgotten_and_the_rest_stays(job: StoredJob) -> None:
    assert job.names("chunks/") == [
        "chunks/digest.key",
        SHELL,
        "chunks/operation-1-chunk-0001.json",
        "chunks/operation-1-chunk-0002.json",
    ]
    job.forget_secrets()
    assert job.names("chunks/") == []
    for name in (SHELL, WORKBOOK):
        assert not job.exists(name)
        with pytest.raises(FileNotFoundError):
            job.read(name)
    assert job.exists(FACTS)
    job.forget_secrets()


def test_half_a_job_is_no_job_and_a_removed_one_is_gone(kind: Kind, job: StoredJob) -> None:
    store = kind.another()
    half = store.new_job(rehearsal=False)
    half.write("rows.jsonl", b"")
    assert [each.job_id for each in store.jobs()] == [job.job_id]
    assert (half.job_id[0], store.new_job(rehearsal=True).job_id[0]) == ("L", "R")
    for unknown in (half.job_id, "L20261122-none", "../loads", "", "L2026\0"):
        with pytest.raises(UsageError, match="there is no job"):
            store.job(unknown)
    store.job(job.job_id).remove()
    assert list(kind.another().jobs()) == []


# -- the journal ------------------------------------------------------------------------------------------


def test_the_journal_is_read_by_another_as_it_was_written(kind: Kind, job: StoredJob) -> None:
    with job.working():
        journal = job.open_journal()
        intent = journal.intent(1, "create", file="a.json")
        outcome = journal.outcome(intent, Verdict.APPLIED, id="operation-ü")
        note = journal.note(1, "verified")
        seen = kind.another().job(job.job_id).read_journal()
        journal.close()
    assert [(each.seq, each.kind, each.call) for each in seen] == [
        (1, "note", "begun"),
        (2, "intent", "create"),
        (3, "outcome", "create"),
        (4, "note", "verified"),
    ]
    assert [intent, outcome, note] == list(seen[1:])
    assert seen[2].answers == 2
    assert seen[2].detail == {"verdict": "APPLIED", "id": "operation-ü"}
    with job.working():
        journal = job.open_journal()
        assert list(journal.records()) == list(seen)
        assert journal.note(1, "ended", status="completed").seq == 5
        journal.close()


@pytest.mark.parametrize("name", [FACTS, "rows.jsonl", "journal", "chunk"])
def test_a_damaged_job_is_not_believed(kind: Kind, server: ForeignServer, tmp_path: Path, name: str) -> None:
    rig = Rig(server, kind.another())  # type: ignore[arg-type]
    stored = frozen(rig, user_book(tmp_path / "book.xlsx", 3))
    if name == "journal":
        with stored.working():
            journal = stored.open_journal()
            journal.note(1, "gone")
            journal.note(1, "gone")
            journal.close()
    chunks = [each for each in stored.names("chunks/") if each.endswith(".json") and each != SHELL]
    place = chunks[0] if name == "chunk" else name
    kind.damage(stored, place)
    if name == "chunk":
        assert rig.resume(stored.job_id).exit_code == 5
        assert server.state.scheduled == {}
        return
    with pytest.raises(LocalFailure, match=r"damaged|not what this job wrote") as failed:
        rig.resume(stored.job_id)
    if name == "journal":
        assert failed.value.hint == "nothing was done with this job: look in the portal for what became of it"
    elif kind.name == "postgres":
        assert failed.value.hint == "nothing further was sent: look in the portal for what became of the job"
    assert server.state.operations == {}


def test_a_file_that_cannot_be_read_ends_the_load(kind: Kind, server: ForeignServer, tmp_path: Path) -> None:
    rig = Rig(server, kind.another())  # type: ignore[arg-type]
    stored = frozen(rig, user_book(tmp_path / "book.xlsx", 3))
    if kind.name == "folder":
        Path(stored.where("rows.jsonl")).unlink()
    else:
        gone = "DELETE FROM xlsx2opeasy_file WHERE name = 'rows.jsonl'"
        stored.store.session.run(lambda c: c.execute(gone))  # type: ignore[attr-defined]
    with pytest.raises(LocalFailure, match=r"rows\.jsonl.* cannot be read: ") as failed:
        rig.resume(stored.job_id)
    assert failed.value.hint == "nothing further was sent"
    assert server.requests == []


# -- locks ------------------------------------------------------------------------------------------------


def test_an_enterprise_is_held_by_one_at_a_time(kind: Kind) -> None:
    one, other = kind.another(), kind.another()
    with one.enterprise_lock("https://a.example", "acme"):
        with pytest.raises(LoadRefused, match="another load runs at enterprise acme"):
            other.enterprise_lock("https://a.example", "acme").__enter__()
        with other.enterprise_lock("https://a.example", "other"):
            pass
    with other.enterprise_lock("https://a.example", "acme"):
        pass


def test_a_job_is_worked_on_by_one_at_a_time(kind: Kind, job: StoredJob) -> None:
    other = kind.another().job(job.job_id)
    assert not other.is_worked_on()
    with job.working():
        assert other.is_worked_on()
        with pytest.raises(LoadRefused, match=f"another process works on job {job.job_id}"):
            other.working().__enter__()
    assert not other.is_worked_on()


# -- whole loads ------------------------------------------------------------------------------------------


def _resume(settings: dict[str, str], job: str, url: str, enterprise_id: str, api_key: str) -> None:
    for name in [name for name in os.environ if name.startswith("XLSX2OPEASY_")]:
        del os.environ[name]  # of the test in which the first of these processes was started
    os.environ.update(settings)
    elsewhere = _Elsewhere(url, enterprise_id, api_key)
    Rig(elsewhere, selected_store()).resume(job)  # type: ignore[arg-type]


class _Elsewhere:
    def __init__(self, url: str, enterprise_id: str, api_key: str) -> None:
        self.url = url
        self.settings = Settings(enterprise_id=enterprise_id, api_key=api_key)


@pytest.fixture
def settings(kind: Kind) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("XLSX2OPEASY_")}


@pytest.mark.parametrize(
    "failpoint", [f"{side}:{step}" for side in ("before", "after") for step in (2, 4, 7, 9)]
)
def test_a_load_that_dies_is_ended_by_another(
    kind: Kind, server: ForeignServer, tmp_path: Path, settings: dict[str, str], failpoint: str
) -> None:
    rig = Rig(server, kind.another())  # type: ignore[arg-type]
    stored = frozen(rig, user_book(tmp_path / "book.xlsx", 3))
    known = server.settings
    arguments = (
        settings | {FAILPOINT_VARIABLE: failpoint},
        stored.job_id,
        server.url,
        known.enterprise_id,
        known.api_key,
    )
    process = _PROCESSES.Process(target=_resume, args=arguments)
    start_forkserver()
    process.start()
    process.join(300)
    assert process.exitcode == -9
    (tmp_path / "book.xlsx").unlink()
    other = Rig(server, kind.another())  # type: ignore[arg-type]
    result = other.resume()
    kept_promise(server, result)
    if result.status != "unknown":
        assert (result.status, result.rows["succeeded"]) == ("completed", 3), result.message
        assert set(executed(server).values()) == {1}
        assert not other.home.job(stored.job_id).exists(SHELL)


def test_a_load_is_known_to_all_lists_and_refusals(kind: Kind, server: ForeignServer, tmp_path: Path) -> None:
    book = user_book(tmp_path / "book.xlsx", 3)
    done = Rig(server, kind.another()).load(book)  # type: ignore[arg-type]
    assert (done.status, done.rows["succeeded"]) == ("completed", 3), done.message
    copy = tmp_path / "elsewhere" / "copy.xlsx"
    copy.parent.mkdir()
    copy.write_bytes(book.read_bytes())
    other = Rig(server, kind.another())  # type: ignore[arg-type]
    with pytest.raises(LoadRefused, match=str(done.job)):
        other.load(copy)
    (listed,) = list_jobs(other.home)
    assert (listed.id, listed.results) == (done.job, done.results)
    assert forget(other.home, timedelta(0)).removed == ()
    with pytest.raises(UsageError, match="no unfinished job"):
        other.resume()
    lines, position = other.home.job(str(done.job)).events(0)
    assert b'"JobEnded"' in lines[-1]
    assert other.home.job(str(done.job)).events(position) == ([], position)
    assert chunk_place("a.json") == "chunks/a.json"
