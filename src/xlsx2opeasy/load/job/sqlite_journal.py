"""The journal of a job in a SQLite file: one row a record.

WAL with `synchronous=FULL` (and `fullfsync` on macOS) puts a commit on the platter before it returns, with
one wait for the disk; NORMAL would not. A torn last record was never written. All records but those of
calls that may be lost are brought into the database file at once, since SQLite ends a damaged write-ahead log
at the damage, without a word.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.journal import Journal, Record, Written, checked_records

SCHEMA_VERSION = 1
RESERVE_BYTES = 256 * 1024
"""Held beside the journal and given back when the disk is full, so that an outcome can still be recorded."""
_SELECT = "SELECT seq, at, kind, phase, call, answers, detail, digest FROM record ORDER BY seq"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS record (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL,"
    " phase INTEGER NOT NULL, call TEXT NOT NULL, answers INTEGER, detail TEXT NOT NULL,"
    " digest TEXT NOT NULL) STRICT"
)
_INSERT = "INSERT INTO record (seq, at, kind, phase, call, answers, detail, digest) VALUES "
_VALUES = "(?, ?, ?, ?, ?, ?, ?, ?)"
_CALL = 4


class SqliteJournal(Journal):
    """A journal in a file of this machine."""

    def __init__(self, path: Path, *, stay_in_log: frozenset[str] = frozenset()) -> None:
        """Opens the journal at `path`, or makes it.

        Records of the calls of `stay_in_log` stay in the write-ahead log until one of another call follows.

        Raises LocalFailure where the disk does not allow it, the journal is damaged or of another version.
        """
        self._path = path
        self._stay_in_log = stay_in_log
        with _reporting(path):
            path.touch(mode=0o600)
            self._reserve()
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA fullfsync=1")
            _require_version(self._db, path)
            self._db.execute(_TABLE)
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        super().__init__(*_read(self._db, path))

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def _write(self, records: Sequence[Written], before: str) -> None:  # noqa: ARG002 - this process alone writes
        statement = _INSERT + ", ".join([_VALUES] * len(records))
        values = [value for row, digest in records for value in (*row, digest)]
        with _reporting(self._path):
            self._execute(statement, values)
            if any(row[_CALL] not in self._stay_in_log for row, _ in records):
                self._execute("PRAGMA wal_checkpoint(FULL)")

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Writes; where the disk is full, the reserve is given back and it is written then."""
        try:
            self._db.execute(statement, values)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_FULL" or not self._reserved.exists():
                raise
            self._reserved.unlink()
            self._db.execute(statement, values)

    @property
    def _reserved(self) -> Path:
        return self._path.with_name("reserve")

    def _reserve(self) -> None:
        if not self._reserved.exists():
            write_file(self._reserved, os.urandom(RESERVE_BYTES))


def read_sqlite_journal(path: Path) -> list[Record]:
    """The records of a journal that another process may be working on; nothing is written.

    Empty where the journal was not begun. What a dead process left half done is rolled back.
    """
    if not path.exists():
        return []
    with (
        _reporting(path),
        contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as db,
    ):
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'record'").fetchone():
            return []
        _require_version(db, path)
        return _read(db, path)[0]


def _require_version(db: sqlite3.Connection, path: Path) -> None:
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found not in (0, SCHEMA_VERSION):
        raise LocalFailure(
            f"the journal {path} is of version {found}, this program understands {SCHEMA_VERSION}",
            "nothing was done with this job: go on with the version of xlsx2opeasy that began it",
        )


def _read(db: sqlite3.Connection, path: Path) -> tuple[list[Record], str]:
    with _reporting(path):
        rows = db.execute(_SELECT).fetchall()
    return checked_records(rows, str(path))


@contextlib.contextmanager
def _reporting(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LocalFailure(
            f"the journal {path} cannot be written or read: {error}",
            "nothing further was sent; see to it that the disk has room and you may write to this folder,"
            " then resume the job",
        ) from error
