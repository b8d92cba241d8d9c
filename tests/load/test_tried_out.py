"""What is kept of tasks with secrets: nothing with which a password can be tried out without the API key."""

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from foreign.messages import Answer
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.store import DIGEST_KEY
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.spec.outcomes import JOB_CELL

from .books import read_results, users, write_rows
from .rig import Rig, executed, on_call

SECRET = "user.voicePortalPasscode"


def book_with(path: Path, *passcodes: str) -> Path:
    rows = [row | {SECRET: code} for row, code in zip(users(len(passcodes)), passcodes, strict=True)]
    return write_rows(path, {"Users": rows})


def set_secret(path: Path, row: int, value: str) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["Users"]
    column = next(cell.column for cell in sheet[1] if cell.value == SECRET)
    sheet.cell(row, column).value = value
    book.save(path)


def kept(home: Path) -> Iterator[tuple[str, str]]:
    """All texts in the home and all names of files, with where they are."""
    for path in home.rglob("*"):
        yield path.name, path.name
        if path.name == "journal.sqlite":
            with sqlite3.connect(path) as database:
                for record in database.execute("SELECT * FROM record"):
                    yield path.name, json.dumps(record)
        elif path.is_file():
            yield path.name, path.read_bytes().decode("latin-1")


def guesses(result: LoadResult, rig: Rig, book: Path, content: dict[str, object]) -> Iterator[str]:
    """Hashes that somebody could make who knows everything of the task."""
    origin, enterprise = rig.target.origin, rig.target.enterprise_id
    task = {"command": "AddUser", "content": content}
    places = [[origin, enterprise], [enterprise], [str(result.job)], []]
    shapes: list[object] = [task, content, {"tasks": {"Users": [task]}}]
    shapes += [[*place, "Users", "AddUser", content] for place in places]
    for shape, sort in itertools.product(shapes, (True, False)):
        for separators in ((",", ":"), (", ", ": ")):
            text = json.dumps(shape, sort_keys=sort, separators=separators)
            yield hashlib.sha256(text.encode()).hexdigest()
    yield hashlib.sha256(book.read_bytes()).hexdigest()


def hold(home: Path, digits: set[str]) -> None:
    for (where, text), each in itertools.product(list(kept(home)), digits):
        assert each[:12] not in text, f"{where} has a hash that can be tried out"


def test_nothing_in_the_home_can_be_tried_out(rig: Rig, tmp_path: Path) -> None:
    """Neither while the job is unfinished nor afterwards, when its key is gone as well."""
    book = book_with(tmp_path / "book.xlsx", "482915")
    digits = hashlib.sha256(book.read_bytes()).hexdigest()
    rig.server.settings.polls_processing = 10**6
    result = rig.load(book, wait=1)
    (_, task) = rig.server.state.executed[0]
    tried = {*guesses(result, rig, book, task["content"]), digits}
    hold(rig.home.path, tried)
    assert rig.folder(result).exists(DIGEST_KEY)
    rig.server.settings.polls_processing = 1
    done = rig.resume(result.job)
    assert done.status == "completed"
    hold(rig.home.path, tried)
    assert not rig.folder(result).exists(DIGEST_KEY)
    cell = read_results(Path(str(done.results)))["Users", 2][3]
    assert not any(each[:12] in cell for each in tried)


def test_the_cell_has_a_second_part_where_the_task_has_secrets(rig: Rig, tmp_path: Path) -> None:
    book = book_with(tmp_path / "book.xlsx", "482915", "", "482915")
    told = [JOB_CELL.fullmatch(each[3]) for each in read_results(Path(str(rig.load(book).results))).values()]
    assert all(told)
    (first, without, third) = (each.groupdict() for each in told if each)
    assert first["key"] == third["key"]
    assert first["secrets"] != third["secrets"]
    assert (without["key"], without["secrets"]) == (None, None)


def test_a_rehearsal_writes_no_second_part(tmp_path: Path, home: Path) -> None:
    """The sandbox's key is known to everybody."""
    from .command import run

    book = book_with(tmp_path / "book.xlsx", "482915")
    assert run("load", book, "--sandbox", env={"XLSX2OPEASY_HOME": str(home)}).code == 0
    (told,) = read_results(tmp_path / "book.rehearsal.xlsx").values()
    found = JOB_CELL.fullmatch(told[3])
    assert found is not None
    assert (found["job"][0], found["secrets"]) == ("R", None)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_changed_passcode_is_sent_with_the_same_key(rig: Rig, tmp_path: Path, *, elsewhere: bool) -> None:
    result = rig.load(book_with(tmp_path / "book.xlsx", "482915", "482915"))
    results = Path(str(result.results))
    machine = Rig(rig.server, Home(tmp_path / "elsewhere")) if elsewhere else rig
    set_secret(results, 3, "482916")
    again = machine.load(results)
    assert (again.rows["skipped"], again.rows["succeeded"]) == (1, 1)
    assert "could not be compared" not in machine.notices


@pytest.mark.parametrize("elsewhere", [False, True])
def test_with_another_key_rows_count_as_unchanged_and_a_warning_is_given(
    rig: Rig, tmp_path: Path, *, elsewhere: bool
) -> None:
    result = rig.load(book_with(tmp_path / "book.xlsx", "482915", "482915", ""))
    results = Path(str(result.results))
    machine = Rig(rig.server, Home(tmp_path / "elsewhere")) if elsewhere else rig
    machine.api_key = rig.server.settings.api_key = "another-key-since"
    set_secret(results, 3, "482916")
    again = machine.load(results)
    assert (again.status, again.rows["skipped"], rig.schedules()) == ("completed", 3, 1)
    assert "passwords of 2 rows could not be compared" in machine.notices


def test_with_another_key_the_same_workbook_is_still_refused(rig: Rig, tmp_path: Path) -> None:
    from xlsx2opeasy.errors import LoadRefused

    rig.load(book_with(tmp_path / "book.xlsx", "482915"))
    rig.api_key = rig.server.settings.api_key = "another-key-since"
    with pytest.raises(LoadRefused):
        rig.load(book_with(tmp_path / "copy.xlsx", "482915"))
    assert set(executed(rig.server).values()) == {1}


def test_a_workbook_that_differs_in_a_passcode_is_another_one(rig: Rig, tmp_path: Path) -> None:
    rig.load(book_with(tmp_path / "book.xlsx", "482915"))
    other = rig.load(book_with(tmp_path / "copy.xlsx", "482916"))
    assert other.status == "completed"


def test_a_secret_that_is_new_or_gone_is_seen_without_any_key(rig: Rig, tmp_path: Path) -> None:
    result = rig.load(book_with(tmp_path / "book.xlsx", "482915", ""))
    results = Path(str(result.results))
    rig.api_key = rig.server.settings.api_key = "another-key-since"
    set_secret(results, 2, "")
    set_secret(results, 3, "482915")
    again = rig.load(results)
    assert (again.rows["skipped"], again.rows["succeeded"]) == (0, 2)


def test_chunks_that_were_changed_are_refused_with_the_key_of_the_job(rig: Rig, tmp_path: Path) -> None:
    rig.server.settings.before = on_call("POST", "/v1/operations", Answer(403))
    stopped = rig.load(book_with(tmp_path / "book.xlsx", "482915"))
    chunk = next((rig.folder(stopped).path / "chunks").glob("operation-*.json"))
    chunk.write_bytes(chunk.read_bytes().replace(b"482915", b"482916"))
    assert "digest differs" in rig.resume(stopped.job).message
    assert executed(rig.server) == {}
