"""How a load ended, in the contract's words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from xlsx2opeasy.load.job.state import ABANDONED, COMPLETED, INVALID, REJECTED, UNKNOWN, WITH_ERRORS
from xlsx2opeasy.load.results.failures import RowFailure
from xlsx2opeasy.load.results.row_results import Settlement

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
    settlement: Settlement | None = field(default=None, repr=False)
    failures: Callable[[], Iterable[RowFailure]] = field(default=tuple, repr=False)

    def as_json(self, *, rows: bool = False) -> dict[str, Any]:
        """The document of `load --json` and `resume --json`; with `rows` each row that did not succeed."""
        failures = [each.as_json() for each in self.failures()] if rows else []
        return self._document() | ({"failures": failures} if rows else {})

    def _document(self) -> dict[str, Any]:
        return {
            "job": self.job,
            "status": self.status,
            "workbook": self.workbook,
            "results": self.results,
            "rows": self.rows,
            "operations": list(self.operations),
            "message": self.message,
        }
