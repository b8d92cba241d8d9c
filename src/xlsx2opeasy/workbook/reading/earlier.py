"""The results of an earlier load, read from the four result columns."""

from collections.abc import Mapping, Sequence

from xlsx2opeasy.problems import Problem
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.spec.outcomes import JOB_CELL, RESULT_COLUMNS, Outcome, RowResult
from xlsx2opeasy.workbook.reading.findings import visible

RESULT, CODE, DETAIL, JOB = RESULT_COLUMNS
_OUTCOMES = {folded(outcome.value): outcome for outcome in Outcome}


def earlier_results(
    title: str,
    letters: Mapping[str, str],
    rows: Sequence[int],
    columns: Mapping[str, Sequence[str]],
    problems: list[Problem],
) -> dict[int, RowResult]:
    """By row, what the Result column says; a word that no load writes there is an error at its cell.

    `columns` are the result columns that the sheet has, by name, with a text for each of `rows`. Where no job
    of this program is in them, the column may be the person's own.
    """
    found = {}
    blank = [""] * len(rows)
    ours = any(job and JOB_CELL.fullmatch(job.strip()) for job in columns.get(JOB, ()))
    texts = (columns.get(name, blank) for name in (RESULT, CODE, DETAIL, JOB))
    for row, result, code, detail, job in zip(rows, *texts, strict=True):
        if job and not JOB_CELL.fullmatch(job.strip()):
            problems.append(_unknown_job(title, row, letters[JOB], job))
        if not result:
            continue
        if (outcome := _OUTCOMES.get(folded(result))) is None:
            problems.append(_unknown(title, row, letters[RESULT], result, ours=ours))
        else:
            found[row] = RowResult(outcome, code, detail, job)
    return found


def _unknown(title: str, row: int, letter: str, result: str, *, ours: bool) -> Problem:
    empty = "Empty the cell to send the row again, or write SUCCESS to leave it alone."
    return Problem(
        sheet=title,
        rule="unknown-result",
        message=f'"{visible(result)}" is no result; allowed are {", ".join(Outcome)}.',
        hint=empty
        if ours
        else f"{_own_column(RESULT)} Where it is none of yours: {empty[0].lower()}{empty[1:]}",
        row=row,
        column=letter,
        field=RESULT,
        value=result,
    )


def _unknown_job(title: str, row: int, letter: str, job: str) -> Problem:
    """A Job column of the person's own: no load made it, and none may write over it."""
    return Problem(
        sheet=title,
        rule="unknown-job",
        message=f'"{visible(job)}" is no job of this program, whose results go into columns of such names.',
        hint=_own_column(JOB),
        row=row,
        column=letter,
        field=JOB,
        value=job,
    )


def _own_column(name: str) -> str:
    return f'Rename the header of your own column, for example to "# {name}"; or map or ignore it.'
