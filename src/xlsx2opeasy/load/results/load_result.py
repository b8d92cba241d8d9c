"""How a load ended, and the rows that did not succeed, each with what a program needs to decide about it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from xlsx2opeasy.display import readable
from xlsx2opeasy.load.job.facts import JobRow
from xlsx2opeasy.load.job.state import ABANDONED, COMPLETED, INVALID, REJECTED, UNKNOWN, WITH_ERRORS
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.load.results.outcomes import read_outcomes
from xlsx2opeasy.load.results.row_results import Place, RowResults
from xlsx2opeasy.spec.error_codes import Retryable, retryable_of
from xlsx2opeasy.spec.outcomes import Outcome

_RETRYABLE = {
    Outcome.REJECTED: Retryable.NO,
    Outcome.INVALID: Retryable.NO,
    Outcome.NOT_SENT: Retryable.YES,
}
"""Whether the same row may succeed when it is loaded again unchanged; of FAILED rows the code says it."""


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A row that did not succeed; `identity` is the user, device or number that it is about."""

    row: JobRow
    outcome: Outcome
    code: str
    words: str

    @property
    def retryable(self) -> Retryable:
        """Whether loading the same row again may succeed."""
        if self.outcome is Outcome.FAILED:
            return retryable_of(self.code)
        return _RETRYABLE.get(self.outcome, Retryable.UNKNOWN)

    def as_json(self) -> dict[str, Any]:
        """Its item in `failures` of `load --json --rows`."""
        return {
            "sheet": self.row.sheet,
            "row": self.row.row,
            "command": self.row.command,
            "identity": self.row.identity,
            "result": self.outcome,
            "code": self.code,
            "words": self.words,
            "retryable": self.retryable,
        }


def failures_of(rows: Iterable[JobRow], row_results: RowResults) -> Iterator[RowFailure]:
    """Those of a job whose results are known, in the order of its rows."""
    for row in rows:
        result = row_results.results.get((row.sheet, row.row))
        if result is not None and result.outcome is not Outcome.SUCCESS:
            yield RowFailure(row, result.outcome, result.code, result.detail)


def failures_kept(rows: Iterable[JobRow], stored: StoredJob) -> Iterator[RowFailure]:
    """Those of a job that finished before, as they are kept beside it."""
    by_place: dict[Place, JobRow] = {(row.sheet, row.row): row for row in rows}
    for each in read_outcomes(stored):
        if each.outcome is not Outcome.SUCCESS:
            yield RowFailure(by_place[each.sheet, each.row], each.outcome, each.code, each.detail)


EXIT_CODES: Final = {
    COMPLETED: 0,
    WITH_ERRORS: 1,
    REJECTED: 1,
    UNKNOWN: 1,
    ABANDONED: 1,
    INVALID: 3,
}


@dataclass(frozen=True)
class LoadResult:
    """The end of a load; `message` ends with the command to run next."""

    job: str | None
    status: str
    exit_code: int
    workbook: str
    results: str | None
    rows: dict[str, int]
    operations: tuple[str, ...] = ()
    message: str = ""
    row_results: RowResults | None = field(default=None, repr=False)
    failures: Callable[[], Iterable[RowFailure]] = field(default=tuple, repr=False)

    def as_json(self, *, rows: bool = False) -> dict[str, Any]:
        """The document of `load --json` and `resume --json`; with `rows` each row that did not succeed."""
        failures = [each.as_json() for each in self.failures()] if rows else []
        return self._document() | ({"failures": failures} if rows else {})

    def _document(self) -> dict[str, Any]:
        return {
            "job": self.job,
            "status": self.status,
            "workbook": readable(self.workbook),
            "results": self.results and readable(self.results),
            "rows": self.rows,
            "operations": list(self.operations),
            "message": self.message,
        }
