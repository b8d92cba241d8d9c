"""What the report says of a job, taken from its folder; no server is asked. Secrets are nowhere in there."""

import contextlib
import hashlib
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlsx2opeasy.errors import LocalFailure, Xlsx2OpeasyError
from xlsx2opeasy.load.job.facts import JobFacts, file_stamp, read_facts
from xlsx2opeasy.load.job.known_job import KnownJob
from xlsx2opeasy.load.job.store import OUTCOMES, WORKBOOK, StoredJob
from xlsx2opeasy.load.jobs.listing import LocalJob, job_of
from xlsx2opeasy.load.results.outcomes import read_outcomes
from xlsx2opeasy.load.results.row_results import Place, match_results
from xlsx2opeasy.load.results.status import why_not_sent
from xlsx2opeasy.spec.error_codes import ERROR_CODES
from xlsx2opeasy.spec.outcomes import Outcome

EARLIER = "EARLIER"
"""Of rows that were not this job's to send: they succeeded before."""

KINDS: tuple[str, ...] = (*(each.value for each in Outcome), EARLIER)
"""The outcomes of a row, in the order of the picture."""

_REMEDIES = {
    Outcome.REJECTED: "The server's validation refused the row: correct it and load the results workbook.",
    Outcome.INVALID: "The check refused the row: correct it and load the results workbook.",
    Outcome.NOT_SENT: "Nothing of the row was provisioned: load the results workbook to send it.",
    Outcome.RUNNING: "The server is working on the row: xlsx2opeasy resume fetches its result.",
    Outcome.UNKNOWN: "What became of the row is unknown: its detail says how to find out.",
    Outcome.FAILED: "Read the detail, correct the row and load the results workbook.",
}
_REMEDIES_OF_A_REHEARSAL = {
    Outcome.REJECTED: "The server's validation refused the row: correct it in your workbook, rehearse again.",
    Outcome.INVALID: "The check refused the row: correct it in your workbook and rehearse again.",
    Outcome.NOT_SENT: "The row was not rehearsed: rehearse your workbook again.",
    Outcome.RUNNING: "The rehearsal was broken off: rehearse your workbook again.",
    Outcome.UNKNOWN: "The rehearsal was broken off: rehearse your workbook again.",
    Outcome.FAILED: "Read the detail, correct the row in your workbook and rehearse again.",
}
"""The results workbook of a rehearsal counts for nothing, so it is not what a person goes on with."""


@dataclass(frozen=True, slots=True)
class Row:
    """One task row: its place, one of `KINDS`, the error's code and detail, and what it is about."""

    sheet: str
    row: int
    kind: str
    code: str = ""
    detail: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Rows that ended badly in the same way: what that means, and what to do."""

    kind: str
    code: str
    description: str
    remedy: str
    count: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that the page shows. `parts` are those that differ, None where it is unknown."""

    facts: JobFacts
    job: LocalJob
    rows: Sequence[Row]
    counts: Mapping[str, int]
    failures: Sequence[Failure]
    parts: Sequence[str] | None


def report_data(stored: StoredJob) -> ReportData:
    """Reads a job. Raises LocalFailure where its files are damaged."""
    facts = read_facts(stored)
    job = job_of(stored)
    rows = rows_of(stored)
    counted = Counter(row.kind for row in rows)
    counts = {kind: counted[kind] for kind in KINDS if counted[kind]}
    return ReportData(facts, job, rows, counts, _failures(rows, facts), _changed_parts(stored, facts, job))


def rows_of(stored: StoredJob) -> list[Row]:
    """All task rows of a job, in the order of the workbook. Raises LocalFailure where it is damaged."""
    job = KnownJob.read(stored)
    results = _results_of(job)
    rows = []
    for each in job.rows:
        if each.skipped:
            rows.append(Row(each.sheet, each.row, EARLIER, identity=each.identity))
            continue
        kind, code, detail = results[each.sheet, each.row]
        warned = each.detail if each.phase else ""
        words = " - ".join(filter(None, (detail, warned)))
        rows.append(Row(each.sheet, each.row, kind, code, words, each.identity))
    order = {title: place for place, title in enumerate(job.facts.sheets)}
    return sorted(rows, key=lambda row: (order.get(row.sheet, len(order)), row.row))


def _results_of(job: KnownJob) -> Mapping[Place, tuple[Outcome, str, str]]:
    """Outcome, code and detail of each row: as kept with a job that has ended, else as far as is known."""
    if job.state.finished is None or not job.stored.exists(OUTCOMES):
        try:
            found = match_results(job, _why_not_sent(job)).results
            return {place: (each.outcome, each.code, each.detail) for place, each in found.items()}
        except LocalFailure:  # it may have ended meanwhile, and its files of the moment are gone
            if not job.stored.exists(OUTCOMES):
                raise
    return {(each.sheet, each.row): each[3:] for each in read_outcomes(job.stored)}


def _why_not_sent(job: KnownJob) -> str:
    if job.facts.rehearsal:
        return "not rehearsed: the rehearsal has not ended"
    return why_not_sent(job, Xlsx2OpeasyError("the load has not ended"))


def _failures(rows: Sequence[Row], facts: JobFacts) -> list[Failure]:
    """The commonest first."""
    counted = Counter((row.kind, row.code) for row in rows if row.kind not in {Outcome.SUCCESS, EARLIER})
    remedies = _REMEDIES_OF_A_REHEARSAL if facts.rehearsal else _REMEDIES
    return [_failure(kind, code, number, remedies) for (kind, code), number in counted.most_common()]


def _failure(kind: str, code: str, count: int, remedies: Mapping[Outcome, str]) -> Failure:
    known = ERROR_CODES.get(code)
    remedy = known.remedy if known else remedies[Outcome(kind)]
    return Failure(kind, code, known.description if known else "", remedy, count)


def _changed_parts(stored: StoredJob, facts: JobFacts, job: LocalJob) -> list[str] | None:
    """The parts of the results workbook that are not the workbook's, by their checksums.

    None where either is no longer what this job read and wrote.
    """
    if job.results is None:
        return None
    try:
        with _original(stored, facts) as original:
            before, after = _checksums(original), _checksums(Path(job.results))
    except (OSError, zipfile.BadZipFile):
        return None
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


@contextlib.contextmanager
def _original(stored: StoredJob, facts: JobFacts) -> Iterator[Path]:
    """The workbook as it was read. Raises OSError where it is nowhere any more."""
    if stored.exists(WORKBOOK):
        with stored.as_path(WORKBOOK) as path:
            yield path
        return
    path = Path(facts.workbook)
    unchanged = (
        file_stamp(path) == facts.workbook_stamp
        if facts.is_keyed
        else hashlib.sha256(path.read_bytes()).hexdigest() == facts.workbook_sha256
    )
    if not unchanged:
        raise FileNotFoundError(path)
    yield path


def _checksums(path: Path) -> dict[str, tuple[int, int]]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: (entry.CRC, entry.file_size) for entry in archive.infolist()}
