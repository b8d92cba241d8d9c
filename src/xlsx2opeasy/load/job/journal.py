"""The journal of a job: each intent on disk before its request leaves, each outcome before anything follows.

An outcome may be held until the next record, and is written with it: for a request of which is found out what
became of it where the process dies meanwhile.

Append only. Each record carries a digest of itself and of all before it, so that a damaged journal is not
believed. Here is what all journals have in common; `sqlite_journal.py` keeps one in a file.
"""

import hashlib
import json
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

from xlsx2opeasy import __version__
from xlsx2opeasy.errors import LocalFailure


class Verdict(StrEnum):
    """What became of a request, in the three classes of answers."""

    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"


class Call(StrEnum):
    """The mutating requests, as intents and outcomes name them."""

    CREATE = "create"
    APPEND = "append"
    SCHEDULE = "schedule"
    DELETE_DRAFT = "delete-draft"
    DELETE_SCHEDULED = "delete-scheduled"
    DELETE_OPERATION = "delete-operation"


class Fact(StrEnum):
    """What notes say."""

    CONFIRMED = "confirmed"
    """An append in doubt turned out to be applied: the counts show it."""
    GONE = "gone"
    """The draft is no longer at the server (404)."""
    RECHUNKED = "rechunked"
    VERIFIED = "verified"
    REJECTIONS = "rejections"
    """The server's validation errors are on disk."""
    ENDED = "ended"
    REOPENED = "reopened"
    """The server said that the operation had ended, and now says that it runs."""
    RESULTS_SAVED = "results-saved"
    UNDECIDED = "undecided"
    """Whether the operation was scheduled is unknown."""
    SETTLED = "settled"
    """A person, an id that arrived or a webhook could; confirmed by the server where an id is named."""
    BEGUN = "begun"
    """The journal begins: it belongs to the facts with this hash."""
    CANARY_PASSED = "canary-passed"
    """The load goes on after a canary; `forgiven` of its failures count no longer, since a person said so."""
    HALTED = "halted"
    """So many rows failed that nothing further is started, and why."""
    NOTIFIED = "notified"
    """The summary was posted, or could not be."""
    STOPPED = "stopped"
    """A run of the job ended before the job did; holds until anything else is recorded."""
    FINISHED = "finished"
    CLOSED = "closed"
    """A person closed the job although it is undecided: nothing can settle it any more."""
    WRITTEN = "written"
    """The results workbook is about to be put in this place, with this hash."""
    CLEANED = "cleaned"
    """Nothing of the job is left at the server, and no secret of it on this machine."""


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
_CALLS: Final = {INTENT: frozenset(Call), OUTCOME: frozenset(Call), NOTE: frozenset(Fact)}
Row: TypeAlias = tuple[int, str, str, int, str, int | None, str]
"""A record as it is kept; the last is its detail as JSON."""
Written: TypeAlias = tuple[Row, str]
"""A record with its digest."""


FAILPOINT_VARIABLE: Final = "XLSX2OPEASY_FAILPOINT"


class Failpoint:
    """For the tests of crashes: the process kills itself at a chosen record of the journal. Off by default.

    `XLSX2OPEASY_FAILPOINT=before:7` kills it before the seventh record that it appends is on disk, `after:7`
    afterwards.
    """

    def __init__(self) -> None:
        self._at = os.environ.get(FAILPOINT_VARIABLE, "")
        self._appended = 0

    def pass_by(self, side: Literal["before", "after"]) -> None:
        """Is called before and after each record; a process that is to die here dies without a last word."""
        self._appended += side == "before"
        if self._at and self._at == f"{side}:{self._appended}":
            os.kill(os.getpid(), signal.SIGKILL)


class Journal(ABC):
    """Appends records durably and reads them back; one process at a time holds it (the job's lock).

    After a failure nothing more is appended: after one failed write the disk's later success is no proof.
    """

    def __init__(self, records: Sequence[Record], digest: str) -> None:
        self._records = records
        self._digest = self._digest_on_disk = digest
        self._held: list[Written] = []
        self._last = records[-1].seq if records else 0
        self._failpoint = Failpoint()
        self._failure: LocalFailure | None = None

    @abstractmethod
    def close(self) -> None:
        """Lets go of what the journal is kept in; an outcome that is still held is lost."""

    @abstractmethod
    def _write(self, records: Sequence[Written], before: str) -> None:
        """Puts records on disk, all or none; `before` is the last digest there. Raises LocalFailure."""

    def require_ownership(self) -> None:  # noqa: B027 - a lock of this machine's kernel is never lost
        """Raises LocalFailure where another process may work on the job by now."""

    def intent(self, phase: int, call: str, **detail: Any) -> Record:  # noqa: ANN401
        """A mutating request is about to leave; its outcome must name the record's number."""
        return self._append(INTENT, phase, call, None, detail)

    def outcome(
        self,
        intent: Record,
        verdict: Verdict,
        *,
        held: bool = False,
        **detail: Any,  # noqa: ANN401
    ) -> Record:
        """What became of the request of `intent`; one that is `held` waits for the next record."""
        detail = {"verdict": verdict.value, **detail}
        return self._append(OUTCOME, intent.phase, intent.call, intent.seq, detail, held=held)

    def note(self, phase: int, what: str, **detail: Any) -> Record:  # noqa: ANN401
        """Something that is known from now on (verified, ended, results on disk, …)."""
        return self._append(NOTE, phase, what, None, detail)

    def records(self) -> Iterator[Record]:
        """All records in their order, as they were when the journal was opened."""
        yield from self._records

    def _append(
        self,
        kind: str,
        phase: int,
        call: str,
        answers: int | None,
        detail: dict[str, Any],
        *,
        held: bool = False,
    ) -> Record:
        if self._failure is not None:
            raise self._failure
        seq = self._last + 1
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        row: Row = (seq, at, kind, phase, call, answers, json.dumps(detail, sort_keys=True))
        self._failpoint.pass_by("before")
        self._last, self._digest = seq, digest_of(self._digest, row)
        self._held.append((row, self._digest))
        if not held:
            self._write_held()
        self._failpoint.pass_by("after")
        return Record(seq, at, kind, phase, call, answers, detail)

    def _write_held(self) -> None:
        try:
            self._write(self._held, self._digest_on_disk)
        except LocalFailure as failure:
            self._failure = failure
            raise
        self._held, self._digest_on_disk = [], self._digest


def checked_records(rows: Iterable[tuple[*Row, str]], place: str) -> tuple[list[Record], str]:
    """All records, compared with their digests, and the last digest.

    Raises LocalFailure where they are damaged, or one is of a kind that only a later version knows.
    """
    records, digest = [], ""
    for seq, at, kind, phase, call, answers, detail, written in rows:
        digest = digest_of(digest, (seq, at, kind, phase, call, answers, detail))
        if digest != written:
            raise LocalFailure(
                f"the journal {place} is damaged at record {seq}",
                "nothing was done with this job: look in the portal for what became of it",
            )
        record = Record(seq, at, kind, phase, call, answers, json.loads(detail))
        _require_known(record, place)
        records.append(record)
    return records, digest


def _require_known(record: Record, place: str) -> None:
    verdicts = {record.detail.get("verdict")} if record.kind == OUTCOME else set()
    if record.call not in _CALLS.get(record.kind, ()) or not verdicts <= set(Verdict):
        raise LocalFailure(
            f"record {record.seq} of the journal {place} is one that xlsx2opeasy {__version__} does not know:"
            " a later version went on with the job",
            "nothing was done with this job: use that version, or a later one, to go on with it",
        )


def digest_of(before: str, row: Row) -> str:
    """The digest of a record and of all before it, whose digest is `before`."""
    return hashlib.sha256(json.dumps([before, *row]).encode()).hexdigest()[:32]
