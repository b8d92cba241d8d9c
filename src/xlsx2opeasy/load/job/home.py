"""Jobs in folders of this machine, and nothing about what is in them.

Not beside the workbook: network folders and synchronised ones cannot be trusted with locks and fsync.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO

from xlsx2opeasy.durable import make_folder, what_helps, why_refused, write_file
from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.load.job import locks
from xlsx2opeasy.load.job.journal import Record
from xlsx2opeasy.load.job.sqlite_journal import SqliteJournal, read_sqlite_journal
from xlsx2opeasy.load.job.store import FACTS, WORKBOOK
from xlsx2opeasy.operating_system import HOME_VARIABLE, sync_folder

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_job_id(*, rehearsal: bool) -> str:
    """A name for a new job: L (R for a rehearsal), the date, and four letters."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(4))
    return f"{'R' if rehearsal else 'L'}{datetime.now(UTC):%Y%m%d}-{letters}"


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The files of one job in a folder of its own; a `StoredJob`."""

    path: Path

    @property
    def job_id(self) -> str:
        """The folder's name is the job's."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """See `sqlite_journal`."""
        return self.path / "journal.sqlite"

    def where(self, name: str = "") -> str:
        """The file's path, or the folder's."""
        return str(self.path / name)

    @property
    def way_out(self) -> str:
        """To move the folder away, and what is lost by that."""
        return (
            "nothing is loaded from here while that is so, as the job may have sent the same rows. Once you"
            f" know what became of it, move its folder {self.path} away: the job can neither be resumed nor"
            " undone then, and nothing here keeps its rows from being sent twice"
        )

    def read(self, name: str) -> bytes:
        """A file's content."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: OSError) -> LocalFailure:
        return LocalFailure(
            f"{self.where(name)} cannot be read: {error.strerror or error}",
            f"once it can be read, go on with: xlsx2opeasy resume {self.job_id}",
        )

    def write(self, name: str, content: bytes) -> None:
        """Writes a file; what a process that died left half written of it is removed."""
        file = self.path / name
        for half in file.parent.glob(f".{file.name}.*"):
            half.unlink()
        write_file(file, content)

    def exists(self, name: str) -> bool:
        """Whether there is such a file. Raises LocalFailure where that cannot be determined."""
        try:
            return (self.path / name).exists()
        except OSError as error:
            raise self._unreadable(name, error) from error

    def names(self, prefix: str) -> list[str]:
        """The files of a folder of the job."""
        folder = self.path / prefix
        return sorted(f"{prefix}{each.name}" for each in folder.iterdir()) if folder.exists() else []

    @contextlib.contextmanager
    def as_path(self, name: str) -> Iterator[Path]:
        """The file itself."""
        yield self.path / name

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """The job's own folder."""
        yield self.path

    def share_results(self, content: bytes, suffix: str) -> None:
        """No other machine sees this folder."""

    def keep_results(self, content: bytes, suffix: str) -> Path:
        """Puts them into the job's folder."""
        kept = self.path / f"results{suffix}"
        write_file(kept, content)
        return kept

    def has_results(self) -> bool:
        """Never: no other machine sees this folder."""
        return False

    def results(self) -> None:
        """None, for the same reason."""

    def forget_secrets(self) -> None:
        """Removes the chunk files and the workbook's copy."""
        shutil.rmtree(self.path / "chunks", ignore_errors=True)
        with contextlib.suppress(OSError):
            (self.path / WORKBOOK).unlink(missing_ok=True)
            sync_folder(self.path)

    def remove(self) -> None:
        """Removes the facts, then the folder, whose files may hold passwords, also where the disk is full."""
        (self.path / FACTS).unlink(missing_ok=True)
        try:
            sync_folder(self.path)
        finally:
            shutil.rmtree(self.path)

    def open_journal(self, *, stay_in_log: frozenset[str] = frozenset()) -> SqliteJournal:
        """The journal's file."""
        return SqliteJournal(self.journal, stay_in_log=stay_in_log)

    def read_journal(self) -> list[Record]:
        """The records so far."""
        return read_sqlite_journal(self.journal)

    def working(self) -> AbstractContextManager[None]:
        """A lock that the kernel frees when the process dies."""
        return locks.job_lock(self._lock, self.job_id)

    def is_worked_on(self) -> bool:
        """Whether a process holds that lock."""
        return locks.is_held(self._lock)

    def is_queued(self) -> bool:
        """Never: a folder has no queue."""
        return False

    def begin_events(self) -> "_EventFile":
        """A file that is not synchronised."""
        return _EventFile(self._events)

    def events(self, after: int) -> tuple[list[bytes], int]:
        """Whole lines; positions are bytes, and a file that is shorter is that of another run."""
        try:
            with self._events.open("rb") as file:
                if file.seek(0, os.SEEK_END) < after:
                    after = 0
                file.seek(after)
                content = file.read()
        except FileNotFoundError:
            return [], 0
        whole = content[: content.rfind(b"\n") + 1]
        return whole.splitlines(), after + len(whole)

    @property
    def _lock(self) -> Path:
        return self.path / "lock"

    @property
    def _events(self) -> Path:
        return self.path / "events.jsonl"


class _EventFile:
    """The events of a run in a file; where the disk refuses, the run cannot be followed."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] | None = None
        with contextlib.suppress(OSError):
            path.touch(mode=0o600)
            self._file = path.open("w", encoding="utf-8")

    def write(self, line: str) -> None:
        """Writes a line, or ends the file."""
        if self._file is None:
            return
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError:
            self.close()

    def close(self) -> None:
        """Lets go of the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


@dataclass(frozen=True, slots=True)
class Home:
    """All jobs of this machine's user; a `Store`."""

    here = "on this machine"
    machine = ""

    path: Path

    @property
    def loads(self) -> Path:
        """One folder a job."""
        return self.path / "loads"

    @property
    def locks(self) -> Path:
        """Lock files; empty but for who holds them."""
        return self.path / "locks"

    def where(self) -> str:
        """The folder."""
        return str(self.path)

    def new_job(self, *, rehearsal: bool) -> JobFolder:
        """Makes the folder of a new job."""
        try:
            make_folder(self.loads)
            while (folder := self.loads / new_job_id(rehearsal=rehearsal)).exists():
                pass
            for each in (folder, folder / "chunks", folder / "results"):
                each.mkdir(mode=0o700)
            sync_folder(self.loads)
        except OSError as error:
            raise LocalFailure(
                f"the folder {self.loads} cannot be written: {why_refused(error)}",
                f"nothing was sent; {what_helps(error, self.path)}",
            ) from error
        return JobFolder(folder)

    def job(self, job_id: str) -> JobFolder:
        """The folder of a job. Raises UsageError where there is none of that name."""
        folder = JobFolder(self.loads / job_id)
        if Path(job_id).name != job_id or not folder.exists(FACTS):
            raise UsageError(f"there is no job {job_id} on this machine", "xlsx2opeasy jobs lists them")
        return folder

    def jobs(
        self,
        *,
        enterprise: tuple[str, str] | None = None,  # noqa: ARG002
        unfinished: bool = False,  # noqa: ARG002
        latest: int | None = None,
    ) -> Iterator[JobFolder]:
        """The folders of all jobs, the latest day first. Raises LocalFailure where they cannot be read."""
        try:
            paths = list(self.loads.iterdir()) if self.loads.exists() else []
        except OSError as error:
            raise LocalFailure(
                f"the folder {self.loads} cannot be read: {error.strerror or error}",
                f"set {HOME_VARIABLE} to a folder of your own",
            ) from error
        paths.sort(key=lambda path: path.name[1:], reverse=True)
        folders = (JobFolder(path) for path in paths)
        yield from islice((folder for folder in folders if folder.exists(FACTS)), latest)

    def freeze_lock(self, origin: str, enterprise_id: str) -> AbstractContextManager[None]:  # noqa: ARG002
        """Nothing more: who freezes a job here holds the enterprise's lock."""
        return contextlib.nullcontext()

    def enterprise_lock(self, origin: str, enterprise_id: str) -> AbstractContextManager[None]:
        """One load at a time at an enterprise on this machine."""
        return locks.enterprise_lock(self.locks, origin, enterprise_id)
