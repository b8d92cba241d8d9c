"""What became of each row of a job, kept beside it: for later loads, reports and archives."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple

import orjson

from xlsx2opeasy.durable import what_helps, why_refused
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.facts import JobRow, json_lines
from xlsx2opeasy.load.job.fingerprint import without_secrets
from xlsx2opeasy.load.job.store import OUTCOMES, StoredJob
from xlsx2opeasy.load.results.row_results import Place, RowResults
from xlsx2opeasy.spec.outcomes import Outcome


class KeptOutcome(NamedTuple):
    """One line: the row, the fingerprint of its task ("" of a row that was not one), and its result."""

    sheet: str
    row: int
    fingerprint: str
    outcome: Outcome
    code: str
    detail: str


def write_outcomes(stored: StoredJob, rows: Iterable[JobRow], row_results: RowResults) -> None:
    """Puts them beside the job, durably. Raises LocalFailure."""
    marks: dict[Place, str] = {(row.sheet, row.row): row.fingerprint for row in rows}
    lines = (
        [sheet, row, marks[sheet, row], result.outcome, result.code, result.detail]
        for (sheet, row), result in row_results.results.items()
    )
    try:
        stored.write(OUTCOMES, json_lines(lines))
    except OSError as error:
        raise LocalFailure(
            f"{stored.where(OUTCOMES)} cannot be written: {why_refused(error)}",
            what_helps(error, stored.where()),
        ) from error


def read_outcomes(stored: StoredJob) -> Iterator[KeptOutcome]:
    """All lines in the order of the rows; none before the job came so far.

    Raises LocalFailure where the file is damaged, or has what this version does not know.
    """
    for sheet, row, mark, outcome, code, detail in _lines(stored):
        yield KeptOutcome(sheet, row, mark, Outcome(outcome), code, detail)


def fingerprints_kept(stored: StoredJob, wanted: Set[str] | None = None) -> Mapping[str, Counter[str]]:
    """The fingerprints of the rows by what became of them. Raises LocalFailure like `read_outcomes`.

    Those alone whose part without secrets is `wanted`, where that is said: a load asks every earlier job of
    its enterprise.
    """
    kept: dict[str, Counter[str]] = {each: Counter() for each in Outcome}
    for _, _, mark, outcome, _, _ in _lines(stored):
        if mark and (wanted is None or without_secrets(mark) in wanted):
            kept[outcome][mark] += 1
    return kept


def _lines(stored: StoredJob) -> list[list[Any]]:
    try:
        texts = stored.read(OUTCOMES).splitlines()
        lines: list[list[Any]] = orjson.loads(b"[%s]" % b",".join(texts))
        if len(lines) != len(texts) or set(map(type, lines)) - {list} or set(map(len, lines)) - {_FIELDS}:
            raise ValueError("a line is not that of a row")
        for outcome in {each[3] for each in lines}:
            Outcome(outcome)
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise LocalFailure(
            f"{stored.where(OUTCOMES)} is damaged, or was written by a later version of xlsx2opeasy: {error}",
            "nothing was done with this job; its results workbook has what became of each row",
        ) from error
    return lines


_FIELDS = len(KeptOutcome._fields)
