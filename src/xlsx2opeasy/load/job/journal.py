"""The journal of a job: each intent on disk before its request leaves, each outcome before anything follows.

SQLite, one row a record, append only. WAL with `synchronous=FULL` (and `fullfsync` on macOS) puts a commit on
the platter before it returns, with one wait for the disk; NORMAL would not. A torn last record was never
written. All records but those of calls that may be lost are brought into the database file at once, since
SQLite ends a damaged write-ahead log at the damage, without a word.
Each record carries a digest of itself and of all before it, so that a damaged journal is not believed.
"""

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.failpoint import Failpoint

SCHEMA_VERSION = 1
RESERVE_BYTES = 256 * 1024
"""Held beside the journal and given back when the disk is full, so that an outcome can still be recorded."""


class Verdict(StrEnum):
    """What became of a request, in the three classes of answers."""

    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: an intent (`answers` is None), the outcome that answers it, or a note."""

    seq: int
    at: str
    kind: str
    phase: int
    call: str
    answers: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


INTENT, OUTCOME, NOTE = "intent", "outcome", "note"
_SELECT = "SELECT seq, at, kind, phase, call, answers, detail, digest FROM record ORDER BY seq"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS record (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL,"
    " phase INTEGER NOT NULL, call TEXT NOT NULL, answers INTEGER, detail TEXT NOT NULL,"
    " digest TEXT NOT NULL) STRICT"
)
_INSERT = (
    "INSERT INTO record (seq, at, kind, phase, call, answers, detail, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_Row = tuple[int, str, str, int, str, int | None, str]


class Journal:
    """Appends records durably and reads them back; one process at a time holds it (the job's lock).

    After a failure nothing more is appended: what the disk said once is not believed a second time.
    """

    def __init__(self, path: Path, *, stay_in_log: frozenset[str] = frozenset()) -> None:
        """Opens the journal at `path`, or makes it.

        Records of the calls of `stay_in_log` stay in the write-ahead log until one of another call follows.

        Raises LocalFailure where the disk does not allow it, the journal is damaged or of another version.
        """
        self._path = path
        self._stay_in_log = stay_in_log
        self._failpoint = Failpoint()
        self._failure: LocalFailure | None = None
        with _telling(path):
            path.touch(mode=0o600)
            self._reserve()
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA fullfsync=1")
            _require_version(self._db, path)
            self._db.execute(_TABLE)
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._records, self._digest = _read(self._db, path)
        self._last = self._records[-1].seq if self._records else 0

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def intent(self, phase: int, call: str, **detail: Any) -> Record:  # noqa: ANN401
        """A mutating request is about to leave; its outcome must name the record's number."""
        return self._append(INTENT, phase, call, None, detail)

    def outcome(self, intent: Record, verdict: Verdict, **detail: Any) -> Record:  # noqa: ANN401
        """What became of the request of `intent`."""
        return self._append(
            OUTCOME, intent.phase, intent.call, intent.seq, {"verdict": verdict.value, **detail}
        )

    def note(self, phase: int, what: str, **detail: Any) -> Record:  # noqa: ANN401
        """Something that is known from now on (verified, ended, results on disk, …)."""
        return self._append(NOTE, phase, what, None, detail)

    def records(self) -> Iterator[Record]:
        """All records in their order, as they were when the journal was opened."""
        yield from self._records

    @staticmethod
    def read(path: Path) -> list[Record]:
        """The records of a journal that another process may be working on; nothing is written.

        Empty where the journal was not begun. What a dead process left half done is rolled back.
        """
        if not path.exists():
            return []
        with (
            _telling(path),
            contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as db,
        ):
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'record'").fetchone():
                return []
            _require_version(db, path)
            return _read(db, path)[0]

    def _append(
        self, kind: str, phase: int, call: str, answers: int | None, detail: dict[str, Any]
    ) -> Record:
        if self._failure is not None:
            raise self._failure
        seq = self._last + 1
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        row: _Row = (seq, at, kind, phase, call, answers, json.dumps(detail, sort_keys=True))
        digest = _digest(self._digest, row)
        self._failpoint.pass_by("before")
        try:
            with _telling(self._path):
                self._execute(_INSERT, (*row, digest))
                if call not in self._stay_in_log:
                    self._execute("PRAGMA wal_checkpoint(FULL)")
        except LocalFailure as failure:
            self._failure = failure
            raise
        self._last, self._digest = seq, digest
        self._failpoint.pass_by("after")
        return Record(seq, at, kind, phase, call, answers, detail)

    def _execute(self, statement: str, row: tuple[Any, ...] = ()) -> None:
        """Writes; where the disk is full, the reserve is given back and it is written then."""
        try:
            self._db.execute(statement, row)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_FULL" or not self._reserved.exists():
                raise
            self._reserved.unlink()
            self._db.execute(statement, row)

    @property
    def _reserved(self) -> Path:
        return self._path.with_name("reserve")

    def _reserve(self) -> None:
        if not self._reserved.exists():
            write_file(self._reserved, os.urandom(RESERVE_BYTES))


def _require_version(db: sqlite3.Connection, path: Path) -> None:
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found not in (0, SCHEMA_VERSION):
        raise LocalFailure(
            f"the journal {path} is of version {found}, this program understands {SCHEMA_VERSION}",
            "nothing was done with this job: go on with the version of xlsx2opeasy that began it",
        )


def _read(db: sqlite3.Connection, path: Path) -> tuple[list[Record], str]:
    """All records, held against their digests, and the last digest."""
    with _telling(path):
        rows = db.execute(_SELECT).fetchall()
    records, digest = [], ""
    for *row, written in rows:
        seq, at, kind, phase, call, answers, detail = row
        digest = _digest(digest, (seq, at, kind, phase, call, answers, detail))
        if digest != written:
            raise LocalFailure(
                f"the journal {path} is damaged at record {seq}",
                "nothing was done with this job: look in the portal for what became of it",
            )
        records.append(Record(seq, at, kind, phase, call, answers, json.loads(detail)))
    return records, digest


def _digest(before: str, row: _Row) -> str:
    return hashlib.sha256(json.dumps([before, *row]).encode()).hexdigest()[:32]


@contextlib.contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LocalFailure(
            f"the journal {path} cannot be written or read: {error}",
            "nothing further was sent; see to it that the disk has room and you may write to this folder,"
            " then resume the job",
        ) from error
