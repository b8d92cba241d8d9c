"""The journal of a job in the database, which only the owner of the present epoch can append to."""

import contextlib
import json
from collections.abc import Sequence
from typing import Final

import psycopg
from psycopg.types.json import Jsonb

from xlsx2opeasy.errors import LocalFailure, TakenOver
from xlsx2opeasy.load.job.journal import Fact, Journal, Record, Row, Written, checked_records
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.store.connection import Session
from xlsx2opeasy.store.sealing import Sealed, seal, unseal

_INSERT: Final = """
WITH owned AS (SELECT job FROM xlsx2opeasy_job WHERE job = %s AND epoch = %s FOR SHARE)
INSERT INTO xlsx2opeasy_record (job, seq, at, kind, phase, call, answers, detail, detail_digest, digest)
SELECT job, %s, %s, %s, %s, %s, %s, %b, %b, %s FROM owned
WHERE %s OR EXISTS (
    SELECT 1 FROM xlsx2opeasy_record r WHERE r.job = owned.job AND r.seq = %s AND r.digest = %s)
ON CONFLICT (job, seq) DO NOTHING
"""
"""Nothing is inserted where another process owns the job, which changes the epoch and waits for this to
commit; nor where the record before is missing."""
_SELECT: Final = (
    "SELECT seq, at, kind, phase, call, answers, detail, detail_digest, digest FROM xlsx2opeasy_record"
    " WHERE job = %s ORDER BY seq"
)
_DETAIL: Final = "journal"


class PostgresJournal(Journal):
    """A journal in the database; its details are sealed."""

    def __init__(self, session: Session, job: str, epoch: int, key: bytes, place: str) -> None:
        """Reads the records so far. Raises LocalFailure where they are damaged."""
        self._session = session
        self._job = job
        self._epoch = epoch
        self._key = key
        super().__init__(*read_records(session, job, key, place))

    def close(self) -> None:
        """Nothing of its own is held."""

    def require_ownership(self) -> None:
        """Raises TakenOver where another process took the job over, LocalFailure where that is unknown."""
        self._session.run(self._require_epoch)

    def _write(self, records: Sequence[Written], before: str) -> None:
        sealed = [
            (row, digest, seal(self._key, self._job, f"{_DETAIL} {row[0]}", row[6].encode()))
            for row, digest in records
        ]

        ends = any(_is_end(row) for row, _ in records)

        def insert(connection: psycopg.Connection) -> None:
            last = before
            with connection.transaction() if ends or len(records) > 1 else contextlib.nullcontext():
                for row, digest, detail in sealed:
                    written = [*row[:6], detail.content, detail.digest, digest]
                    values = [self._job, self._epoch, *written, row[0] == 1, row[0] - 1, last]
                    if connection.execute(_INSERT, values).rowcount == 0:
                        self._require_written(connection, row[0], digest, last)
                    if _is_end(row):
                        self._note_end(connection, row)
                    last = digest

        self._session.run(insert)

    def _require_written(self, connection: psycopg.Connection, seq: int, digest: str, before: str) -> None:
        """Nothing was inserted: the record is there already, as the answer to a commit was lost; or why not.

        After a failover to a copy that lagged behind records are missing: then nothing more is sent.
        """
        self._require_epoch(connection)
        there: dict[int, str] = dict(
            connection.execute(
                "SELECT seq, digest FROM xlsx2opeasy_record WHERE job = %s AND seq IN (%s, %s)",
                [self._job, seq - 1, seq],
            ).fetchall()
        )
        if seq > 1 and there.get(seq - 1) != before:
            raise LocalFailure(
                f"the store came back without records of job {self._job} that it had confirmed",
                "nothing further was sent: it failed over to a copy that lagged behind; look in the portal"
                " for what became of the job",
            )
        if there.get(seq) != digest:
            raise self._taken_over()

    def _require_epoch(self, connection: psycopg.Connection) -> None:
        query = "SELECT 1 FROM xlsx2opeasy_job WHERE job = %s AND epoch = %s"
        if connection.execute(query, [self._job, self._epoch]).fetchone() is None:
            raise self._taken_over()

    def _note_end(self, connection: psycopg.Connection, row: Row) -> None:
        """The job's end in a few words, for lists; the journal is what counts."""
        call, known = row[4], json.loads(row[6])
        connection.execute(
            "UPDATE xlsx2opeasy_job SET status = %s, finished = %s, counts = coalesce(%s, counts)"
            " WHERE job = %s",
            [
                known.get("status"),
                call == Fact.FINISHED,
                Jsonb(known["rows"]) if "rows" in known else None,
                self._job,
            ],
        )

    def _taken_over(self) -> TakenOver:
        return TakenOver(
            f"another process took over job {self._job}",
            "nothing further was sent from here; xlsx2opeasy jobs shows how the job goes on",
        )


def _is_end(row: Row) -> bool:
    return row[3] == JOB and row[4] in (Fact.FINISHED, Fact.STOPPED, Fact.SETTLED)


def read_records(session: Session, job: str, key: bytes, place: str) -> tuple[list[Record], str]:
    """The records of a job and the last digest. Raises LocalFailure where they are damaged."""
    rows = session.run(lambda connection: connection.execute(_SELECT, [job]).fetchall())
    plain = (
        (*row[:6], unseal(key, job, f"{_DETAIL} {row[0]}", Sealed(row[6], row[7])).decode(), row[8])
        for row in rows
    )
    return checked_records(plain, place)
