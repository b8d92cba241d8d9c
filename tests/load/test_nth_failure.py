"""The disk refuses the first, second, third … call of a load, until a load comes through without meeting it.

Whatever was refused: nothing is lost, nothing is sent twice, a sentence says what is wrong, and once the disk
works again the job comes to its end.
"""

import errno
import itertools
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from foreign.messages import Answer
from foreign.server import ForeignServer
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.sqlite_journal import SqliteJournal
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling

from .books import outcomes, user_book
from .rig import Rig, executed, kept_promise, on_call

Fault = Callable[[int], AbstractContextManager[Callable[[], int]]]

ERRORS = (errno.ENOSPC, errno.EIO, errno.EINTR)
SQLITE_ERRORS = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY")


def error_of(number: int) -> int:
    """Each call of a kind fails once, and one after another in another way."""
    return ERRORS[number % len(ERRORS)]


@contextmanager
def refused(
    owner: Any, name: str, number: int, code: int, below: Path | None = None
) -> Iterator[Callable[[], int]]:
    """The call of this number fails with this error, and so does no other; gives how many calls there were.

    Only calls of files `below` a folder count, where one is given: of the load's, not of the libraries'.
    """
    original, calls = getattr(owner, name), itertools.count(1)
    seen = [0]

    def call(*arguments: Any, **options: Any) -> Any:
        if below is not None and below not in arguments[0].parents:
            return original(*arguments, **options)
        seen[0] = next(calls)
        if seen[0] == number:
            raise OSError(code, os.strerror(code))
        return original(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, call)
        yield lambda: seen[0]


def attempted(rig: Rig, book: Path) -> tuple[LoadResult | None, str, int]:
    """A load, what it says, and its exit code."""
    try:
        result = rig.load(book)
    except Xlsx2OpeasyError as error:
        return None, error.message, error.exit_code
    return result, result.message, result.exit_code


def ended(rig: Rig, book: Path, stopped: LoadResult | None) -> LoadResult:
    """The load's end once the disk works again."""
    if stopped is not None and stopped.exit_code == 0:
        return stopped
    jobs = [each.job_id for each in rig.home.jobs()]
    return rig.resume(jobs[0]) if jobs else rig.load(book)


@contextmanager
def half_written(number: int) -> Iterator[Callable[[], int]]:
    """Of the file opened under this number half is written, then the disk is full."""
    original, seen = os.fdopen, [0]

    def opened(*arguments: Any, **options: Any) -> Any:
        file = original(*arguments, **options)
        seen[0] += 1
        return HalfWritten(file) if seen[0] == number else file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fdopen", opened)
        yield lambda: seen[0]


class HalfWritten:
    """A file whose first write is a short one."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, content: Any) -> int:
        self._file.write(content[: len(content) // 2])
        self._file.flush()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "HalfWritten":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        *((os, name) for name in ("fsync", "replace", "open", "mkdir", "unlink")),
        (Path, "touch"),
        (SqliteJournal, "_execute"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_nth_call_fails(tmp_path: Path, owner: Any, name: str) -> None:
    until_clean(tmp_path, lambda number: refused(owner, name, number, error_of(number)))


@contextmanager
def database_fails(number: int) -> Iterator[Callable[[], int]]:
    """The statement of this number fails as SQLite itself says it, in journals that are written and read."""
    seen, name = [0], SQLITE_ERRORS[number % len(SQLITE_ERRORS)]

    class Failing(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            seen[0] += 1
            if seen[0] == number:
                error = sqlite3.OperationalError(name)
                error.sqlite_errorname = name
                raise error
            return super().execute(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Failing))
        yield lambda: seen[0]


def test_the_nth_statement_of_the_database_fails(tmp_path: Path) -> None:
    until_clean(tmp_path, database_fails)


@pytest.mark.parametrize("name", ["read_bytes", "open"])
def test_the_nth_file_cannot_be_read(tmp_path: Path, name: str) -> None:
    until_clean(tmp_path, lambda number: refused(Path, name, number, error_of(number), tmp_path))


def test_the_nth_file_is_half_written(tmp_path: Path) -> None:
    until_clean(tmp_path, half_written)


@pytest.mark.parametrize(
    "fault",
    [
        *(lambda n, name=name: refused(os, name, n, error_of(n)) for name in ("replace", "open", "unlink")),
        half_written,
    ],
    ids=["replace", "open", "unlink", "half written"],
)
def test_the_nth_call_fails_where_chunks_are_cut_again(tmp_path: Path, fault: Fault) -> None:
    until_clean(tmp_path, fault, Answer(413))


def until_clean(tmp_path: Path, fault: Fault, first_append: Answer | None = None) -> None:
    """A load for each number of a call, until one meets no fault."""
    for number in itertools.count(1):
        folder = tmp_path / str(number)
        folder.mkdir()
        with ForeignServer() as server:
            server.settings.before = on_call("PATCH", "", first_append)
            rig, book = Rig(server, Home(folder / "home")), user_book(folder / "book.xlsx", 2)
            with fault(number) as calls:
                stopped, words, exit_code = attempted(rig, book)
            assert words.strip()
            assert exit_code in (0, 5, 7)
            done = ended(rig, book, stopped)
            if (
                done.status == "unknown"
            ):  # the start's answer could not be recorded: its id was in the message
                (run,) = server.state.scheduled
                assert run in words
                done = rig.resume(done.job, settling=Settling(scheduled_id=run))
            assert (done.status, done.rows["succeeded"]) == ("completed", 2), (number, done.message)
            assert outcomes(Path(str(done.results))) == ["SUCCESS", "SUCCESS"]
            assert set(executed(server).values()) == {1}
            kept_promise(server, done)
            if calls() < number:
                return
