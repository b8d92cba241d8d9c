"""What a job is, and where it goes: facts that are written once, before the first request, and never change.

Everything that `resume` needs is here or in the journal; the workbook and the command line are not needed.
"""

import json
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.http.names import canonical_enterprise, canonical_origin
from xlsx2opeasy.load.job.chunk_files import ChunkFile, read_unchanged, sha256_of
from xlsx2opeasy.load.job.journal import Fact, Record
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.load.job.store import FACTS, JOURNAL_BEGUN, ROWS, StoredJob
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.spec.outcomes import Outcome

REHEARSAL_ORIGIN = "rehearsal"


def no_key() -> Secret | None:
    """For where no API key is at hand."""
    return None


@dataclass(frozen=True)
class Target:
    """Server and enterprise in their one spelling. A rehearsal's address varies, so its origin is a word.

    `find_key` finds the enterprise's API key where it is at hand, else None: fingerprints of tasks with
    secrets are keyed with one that is derived from it.
    """

    origin: str
    enterprise_id: str
    rehearsal: bool = False
    find_key: Callable[[], Secret | None] = field(default=no_key, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "enterprise_id", canonical_enterprise(self.enterprise_id))
        if "://" in self.origin:
            object.__setattr__(self, "origin", canonical_origin(self.origin))


SCHEMA_VERSION = 3
"""Version 2 has stages; an older program, which would run them without their budget, refuses it."""
KEYED_VERSION = 3
"""From this version on, what depends on secrets is keyed, and server and enterprise have one spelling."""


@dataclass(frozen=True, slots=True)
class PhaseFacts:
    """One operation of the plan; `stage` is its place in a load with a canary or a budget."""

    number: int
    why: str
    chunks: tuple[ChunkFile, ...]
    stage: str = ""

    @property
    def tasks(self) -> int:
        """How many tasks it has."""
        return sum(sum(chunk.counts.values()) for chunk in self.chunks)


@dataclass(frozen=True, slots=True)
class JobFacts:
    """The facts of a job, as `job.json` holds them. No secrets.

    `identity` is of the workbook's tasks at this enterprise; `sheets` gives each task sheet's header row;
    `output` is where the results go. `called_with` are options with which the next load is to be called, too.
    `workbook_sha256` is made with the key of the job; `workbook_stamp` are the file's size and time of
    change. `stopped` says why nothing is to be sent, where the workbook is invalid. `canary` is how many rows
    of each command run first, `failures_allowed` how many rows may fail before nothing further is started;
    None where the load has no canary, or no budget. `notify` is the address that gets the summary. Times are
    ISO 8601 in UTC. `origin` and `enterprise_id` are in their one spelling; `spelt` is how the job's file has
    them, which fingerprints of earlier versions depend on. `machine` is where the paths are, empty where the
    store is of one machine. `mapping` has the lists that were read by their
    own headers, `never_ours` the columns of a sheet that have the name of a result column only. `sha256`
    is of the file itself.
    """

    job: str
    created: str
    user: str
    workbook: str
    workbook_sha256: str
    origin: str
    enterprise_id: str
    identity: str
    rehearsal: bool
    output: str
    drop_rejected: bool
    keep: bool
    sheets: Mapping[str, int]
    phases: tuple[PhaseFacts, ...]
    rows_sha256: str
    wire_names: Mapping[str, str] = field(default_factory=dict)
    tool_version: str = ""
    stopped: str = ""
    called_with: tuple[str, ...] = ()
    canary: int | None = None
    failures_allowed: int | None = None
    notify: str = ""
    mapping: tuple[Mapping[str, Any], ...] = ()
    allowed: tuple[str, ...] = ()
    never_ours: Mapping[str, Sequence[int]] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION
    workbook_stamp: str = ""
    machine: str = ""
    spelt: tuple[str, str] = ("", "")
    sha256: str = ""

    @property
    def is_keyed(self) -> bool:
        """Whether digests of what holds secrets are made with a key of the job: not in earlier versions."""
        return self.schema_version >= KEYED_VERSION

    @property
    def is_of_this_machine(self) -> bool:
        """Whether a path of the job and the same path here are one file."""
        return self.machine in ("", socket.gethostname())


@dataclass(slots=True)  # not frozen: making it would take three times as long, and each row has one
class JobRow:
    """One task row of the workbook. `phase` is 0 where it is not sent: `outcome` and `detail` say why.

    The `detail` of a row that is sent has the warnings of the check.

    `skipped` rows keep the SUCCESS of an earlier load. `fingerprint` is of task and enterprise. `earlier` is
    the Job cell of such a success where it must be written again: of a row that is INVALID now, or was since.
    `same_as` is the row (sheet and number) whose result a row gets that is not sent: a second Sync.
    `identity` is the user, device or number that the row is about.
    """

    sheet: str
    row: int
    type: str
    phase: int = 0
    fingerprint: str = ""
    outcome: str = ""
    detail: str = ""
    skipped: bool = False
    earlier: str = ""
    same_as: tuple[str, int] | None = None
    command: str = ""
    identity: str = ""

    @property
    def known_outcome(self) -> Outcome | None:
        """What became of a row that is not sent."""
        return Outcome(self.outcome) if self.outcome else None


def file_stamp(path: Path) -> str:
    """Size and time of change of a file: whether it is still the one that was read. Raises OSError."""
    found = path.stat()
    return f"{found.st_size}-{found.st_mtime_ns}"


def write_rows(stored: StoredJob, rows: Iterable[JobRow]) -> str:
    """Writes the rows durably; gives the file's SHA-256, which belongs into the facts."""
    text = json_lines(rows)
    stored.write(ROWS, text)
    return sha256_of(text)


def json_lines(values: Iterable[Any]) -> bytes:
    """Each value as JSON in a line of its own.

    Joined some at a time: what orjson gives holds a kilobyte for each value, however short it is.
    """
    remaining, blocks = iter(values), []
    while block := [orjson.dumps(each, option=_LINE) for each in islice(remaining, _LINES)]:
        blocks.append(b"".join(block))
    return b"".join(blocks)


_LINE = orjson.OPT_APPEND_NEWLINE
_LINES = 1000


def write_facts(stored: StoredJob, facts: JobFacts) -> None:
    """Begins the journal, then writes `job.json` durably: from now on it is a job."""
    content = json.dumps(_as_written(facts), indent=1).encode()
    with stored.working(), closing(stored.open_journal()) as journal:
        journal.note(JOB, Fact.BEGUN, facts_sha256=sha256_of(content))
    stored.write(JOURNAL_BEGUN, b"")
    stored.write(FACTS, content)


def _as_written(facts: JobFacts) -> dict[str, Any]:
    written = asdict(facts)
    del written["spelt"], written["sha256"]
    if not facts.machine:
        del written["machine"]  # an earlier version understands the job
    return written


def read_facts(stored: StoredJob) -> JobFacts:
    """The facts of a job. Raises LocalFailure where they are damaged or of another version."""
    try:
        content = stored.read(FACTS)
        raw = json.loads(content)
        if raw["schema_version"] not in range(1, SCHEMA_VERSION + 1):
            raise _of_another_version(stored, raw.get("tool_version"))
        _require_known(stored, raw, JobFacts, raw.get("tool_version"))
        phases = tuple(_phase(each) for each in raw.pop("phases"))
        spelt = (str(raw.pop("origin")), str(raw.pop("enterprise_id")))
        target = Target(*spelt, rehearsal=raw["rehearsal"])
        return JobFacts(
            phases=phases,
            origin=target.origin,
            enterprise_id=target.enterprise_id,
            spelt=spelt,
            sha256=sha256_of(content),
            **raw,
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise LocalFailure(
            f"{stored.where(FACTS)} is damaged: {error}", "nothing was done with this job"
        ) from error


def read_records(stored: StoredJob, facts: JobFacts) -> Sequence[Record]:
    """The records of a job that this process does not work on.

    Raises LocalFailure where the journal is damaged, or is not the one that was begun with these facts.
    """
    records = stored.read_journal()
    require_begun(stored, facts, next((each for each in records if each.call == Fact.BEGUN), None))
    return records


def require_begun(stored: StoredJob, facts: JobFacts, begun: Record | None) -> None:
    """Compares the facts with the record that began the job's journal.

    Raises LocalFailure where the record knows other facts, or is missing: without it the journal was removed
    or emptied, and what became of the job is not known. In earlier versions it was made by the first run.
    """
    if begun is None and stored.exists(JOURNAL_BEGUN):
        raise LocalFailure(
            f"the journal of {stored.where()} is empty: it was removed, emptied or replaced",
            f"nothing was done with job {stored.job_id}: look in the portal for what became of it",
        )
    if begun is not None and begun.detail["facts_sha256"] != facts.sha256:
        raise LocalFailure(
            f"{stored.where(FACTS)} is not what this job wrote (its SHA-256 differs)",
            "nothing was done with this job: look in the portal for what became of it",
        )


def _of_another_version(stored: StoredJob, version: object) -> LocalFailure:
    """A job of a newer program is whole; it is only not understood here."""
    return LocalFailure(
        f"job {stored.job_id} was made by xlsx2opeasy {version}, in a format that this version does not know",
        "nothing was done with this job: use that version, or a later one, to go on with it",
    )


def _require_known(stored: StoredJob, raw: Mapping[str, Any], kind: type, version: object) -> None:
    """Raises LocalFailure where a file of the job has a field that a newer program has added."""
    if not raw.keys() <= {each.name for each in fields(kind)}:
        raise _of_another_version(stored, version)


def _phase(raw: Mapping[str, Any]) -> PhaseFacts:
    chunks = tuple(ChunkFile(**chunk) for chunk in raw["chunks"])
    return PhaseFacts(raw["number"], raw["why"], chunks, raw.get("stage", ""))


def read_rows(stored: StoredJob, facts: JobFacts) -> list[JobRow]:
    """The rows of a job. Raises LocalFailure where the file is not the one that was written."""
    return [_row(each) for each in _written_rows(stored, facts)]


def planned_fingerprints(stored: StoredJob, facts: JobFacts) -> Iterator[str]:
    """Those of the rows that a job sends, one for each row. Raises LocalFailure like `read_rows`."""
    return (each["fingerprint"] for each in _written_rows(stored, facts) if each["phase"])


def _written_rows(stored: StoredJob, facts: JobFacts) -> Iterator[dict[str, Any]]:
    lines = read_unchanged(stored, ROWS, facts.rows_sha256).splitlines()
    for line in lines[:1]:  # all rows have the fields of the first
        _require_known(stored, orjson.loads(line), JobRow, facts.tool_version)
    return map(orjson.loads, lines)


def _row(raw: dict[str, Any]) -> JobRow:
    """A row, which shares with the others the texts that are the same in nearly all of them."""
    for name in _SHARED:
        if name in raw:
            raw[name] = sys.intern(raw[name])
    row = JobRow(**raw)
    if row.same_as is not None:
        row.same_as = (*row.same_as,)
    return row


_SHARED = ("sheet", "type", "command")
