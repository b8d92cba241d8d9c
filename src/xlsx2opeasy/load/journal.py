"""The journal of a job: each intent on disk before its request leaves, each outcome before anything follows.

SQLite, one row a record, append only. `synchronous=EXTRA` (and `fullfsync` on macOS) puts a commit on the
platter before it returns; WAL with NORMAL would not. A torn last record is rolled back as if never written.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from xlsx2opeasy.errors import LocalFailure

SCHEMA_VERSION = 1


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
_SELECT = "SELECT seq, at, kind, phase, call, answers, detail FROM record ORDER BY seq"


class Journal:
    """Appends records durably and reads them back; one process at a time holds it (the job's lock)."""

    def __init__(self, path: Path) -> None:
        """Opens the journal at `path`, or makes it. Raises LocalFailure where the disk does not allow it."""
        self._path = path
        with _telling(path):
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA synchronous=EXTRA")
            self._db.execute("PRAGMA fullfsync=1")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS record (seq INTEGER PRIMARY KEY, at TEXT NOT NULL,"
                " kind TEXT NOT NULL, phase INTEGER NOT NULL, call TEXT NOT NULL, answers INTEGER,"
                " detail TEXT NOT NULL) STRICT"
            )
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

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
        """All records in their order."""
        with _telling(self._path):
            rows = self._db.execute(_SELECT).fetchall()
        yield from map(_record, rows)

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
            return [_record(row) for row in db.execute(_SELECT)]

    def _append(
        self, kind: str, phase: int, call: str, answers: int | None, detail: dict[str, Any]
    ) -> Record:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with _telling(self._path):
            cursor = self._db.execute(
                "INSERT INTO record (at, kind, phase, call, answers, detail) VALUES (?, ?, ?, ?, ?, ?)",
                (at, kind, phase, call, answers, json.dumps(detail, sort_keys=True)),
            )
        return Record(int(cursor.lastrowid or 0), at, kind, phase, call, answers, detail)


def _record(row: tuple[int, str, str, int, str, int | None, str]) -> Record:
    seq, at, kind, phase, call, answers, detail = row
    return Record(seq, at, kind, phase, call, answers, json.loads(detail))


@contextlib.contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LocalFailure(
            f"the journal {path} cannot be written or read: {error}",
            "nothing further was sent; free disk space or repair the folder, then resume the job",
        ) from error
