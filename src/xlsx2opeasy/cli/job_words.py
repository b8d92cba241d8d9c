"""A job in words, for a person: how it stands, its counts, and what closes a load.

The names of the Webex page are for programs (`--json`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

from xlsx2opeasy.cli.output import counted, from_here, say_json, tell, tell_lines, tell_styled
from xlsx2opeasy.load.job.state import UNKNOWN
from xlsx2opeasy.load.jobs.listing import LocalJob
from xlsx2opeasy.spec.error_codes import ERROR_CODES
from xlsx2opeasy.spec.outcomes import Outcome, RowResult

if TYPE_CHECKING:
    from rich.text import Text

    from xlsx2opeasy.load.results.load_result import LoadResult

_WORDS: Final = {
    "completed": ("done", "green"),
    "completedWithErrors": ("done, with errors", "yellow"),
    "rejected": ("rejected by the server", "red"),
    "invalid": ("invalid workbook", "red"),
    "unknown": ("undecided", "magenta"),
    "abandoned": ("given up", ""),
    "running": ("running", "cyan"),
}
COMMONEST: Final = 3
_UNFINISHED: Final = ("unfinished", "red")
_HEADINGS: Final = {
    "completed": "done",
    "completedWithErrors": "done, with errors",
    "running": "still running",
    "failed": "stopped",
}
_COUNTS: Final = (
    ("succeeded", "succeeded", "green"),
    ("skipped", "skipped (succeeded before)", "green"),
    ("failed", "failed", "red"),
    ("rejected", "rejected by the server", "red"),
    ("invalid", "invalid", "red"),
    ("notSent", "not sent", "yellow"),
    ("running", "running", "cyan"),
    ("unknown", "unknown", "magenta"),
)


def state_of(job: LocalJob) -> str:
    """`done`, `unfinished`, `running, 55 %` …"""
    return _state(job)[0]


def state_cell(job: LocalJob) -> Text:
    """The same, coloured: green is for success alone."""
    from xlsx2opeasy.cli.tables import cell  # with rich, which the end of a load does without

    return cell(*_state(job))


def _state(job: LocalJob) -> tuple[str, str]:
    status = job.load_status
    if status is None:
        return "damaged", "red"
    if status == "running":
        where = "running at the server" if job.runs_at_server else "running"
        return f"{where}, {job.percentage_complete or 0} %", "cyan"
    if job.rehearsal and not job.is_final:
        return "broken off", "red"
    return _WORDS.get(status, _UNFINISHED)


def counts_in_words(counts: Mapping[str, int]) -> str:
    """`55: 50 succeeded, 5 failed`; nothing where nothing is known of them yet."""
    parts = ", ".join(f"{counts[name]:,} {word}" for name, word, _ in _COUNTS if counts.get(name))
    return f"{counts.get('total', 0):,}: {parts}" if parts else ""


def say_jobs(jobs: Sequence[LocalJob]) -> None:
    """The document of `jobs --json`."""
    say_json({"items": [job.as_json() for job in jobs]})


def show_summary(result: LoadResult, *, rehearsal: bool = False) -> None:
    """The closing words: counts, the commonest errors with what to do, where the workbook is, what next."""
    from xlsx2opeasy.load.results.status import ALL_WELL  # which imports httpx: not for `jobs`

    rows = result.rows
    total = counted(rows["total"], "row") if rows["total"] else ""
    parts = (click.style(_heading(result), bold=True), total, _counts(rows))
    tell_styled(": ".join(part for part in parts if part))
    for line in _commonest(result):
        tell(line)
    if result.results:
        tell(from_here(f"Results: {result.results}"))
    if (message := result.message) and message != ALL_WELL:  # which the counts say
        show = tell_lines if result.status == UNKNOWN else tell
        show(from_here(message.removeprefix(f"{ALL_WELL} in the rehearsal; ")))
    if (rows["failed"] or rows["rejected"] or rows["invalid"]) and "xlsx2opeasy " not in result.message:
        tell(from_here(_next_step(result, rehearsal=rehearsal)))


def _next_step(result: LoadResult, *, rehearsal: bool) -> str:
    if rehearsal:
        return f"Next: correct these rows in {result.workbook}, then rehearse again"
    return f"Next: correct these rows there, then: xlsx2opeasy load {result.results or result.workbook}"


def _heading(result: LoadResult) -> str:
    return _HEADINGS.get(result.status, result.status).capitalize()


def _counts(rows: dict[str, int]) -> str:
    said = (click.style(f"{rows[name]:,} {word}", fg=colour) for name, word, colour in _COUNTS if rows[name])
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
