"""The closing words of a load: what a person needs to know, and the command to run next."""

from collections import Counter
from collections.abc import Iterator

import click

from xlsx2opeasy.cli.output import counted, from_here, tell, tell_styled
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.results.status import ALL_WELL
from xlsx2opeasy.spec.error_codes import ERROR_CODES
from xlsx2opeasy.spec.outcomes import Outcome, RowResult

COMMONEST = 3
_HEADINGS = {
    "completed": "done",
    "completedWithErrors": "done, with errors",
    "running": "still running",
    "failed": "stopped",
}
_SPOKEN_COUNTS = (
    ("succeeded", "succeeded", "green"),
    ("skipped", "skipped (succeeded before)", "green"),
    ("failed", "failed", "red"),
    ("rejected", "rejected by the server", "red"),
    ("invalid", "invalid", "red"),
    ("notSent", "not sent", "yellow"),
    ("running", "running", "cyan"),
    ("unknown", "unknown", "magenta"),
)


def show_summary(result: LoadResult, *, rehearsal: bool = False) -> None:
    """The closing words: counts, the commonest errors with what to do, where the workbook is, what next."""
    rows = result.rows
    total = counted(rows["total"], "row") if rows["total"] else ""
    parts = (click.style(_heading(result), bold=True), total, _counts(rows))
    tell_styled(": ".join(part for part in parts if part))
    for line in _commonest(result):
        tell(line)
    if result.results:
        tell(from_here(f"Results: {result.results}"))
    if (message := result.message) and message != ALL_WELL:  # which the counts say
        tell(from_here(message.removeprefix(f"{ALL_WELL} in the rehearsal; ")))
    if (rows["failed"] or rows["rejected"] or rows["invalid"]) and "xlsx2opeasy " not in result.message:
        tell(from_here(_next_step(result, rehearsal=rehearsal)))


def _next_step(result: LoadResult, *, rehearsal: bool) -> str:
    if rehearsal:
        return f"Next: correct these rows in {result.workbook}, then rehearse again"
    return f"Next: correct these rows there, then: xlsx2opeasy load {result.results or result.workbook}"


def _heading(result: LoadResult) -> str:
    return _HEADINGS.get(result.status, result.status).capitalize()


def _counts(rows: dict[str, int]) -> str:
    said = (
        click.style(f"{rows[name]:,} {word}", fg=colour)
        for name, word, colour in _SPOKEN_COUNTS
        if rows[name]
    )
    return ", ".join(said)


def _commonest(result: LoadResult) -> Iterator[str]:
    if result.row_results is None:
        return
    wrong = [
        each
        for each in result.row_results.results.values()
        if each.outcome in (Outcome.FAILED, Outcome.REJECTED)
    ]
    kinds = Counter(_kind(each) for each in wrong)
    for (label, remedy), number in kinds.most_common(COMMONEST):
        yield f"  {number:,} x {label}{' -> ' + remedy if remedy else ''}"


def _kind(result: RowResult) -> tuple[str, str]:
    """What rows with the same trouble share: the words for it, and what to do."""
    if known := ERROR_CODES.get(result.code):
        return f"{known.code} {known.description.rstrip('.')}", known.remedy
    return f"{result.code} {result.detail}".strip(), ""
