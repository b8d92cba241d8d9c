"""A load as a person sees it: progress while it runs, and a summary at its end. A consumer of load events."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from xlsx2opeasy.cli.check import other_sheets, problem_lines
from xlsx2opeasy.cli.words import clean, counted, tell, tell_ours
from xlsx2opeasy.load.events import (
    ChunkAccepted,
    DraftVerified,
    Event,
    JobStarted,
    Notice,
    OperationScheduled,
    PhaseStarted,
    ResultsSaved,
    StatusSeen,
    WorkbookChecked,
)
from xlsx2opeasy.load.result import LoadResult
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
    ("unknown", "unknown", "magenta"),
)


class Screen(AbstractContextManager["Screen"]):
    """Listens to a load. On a terminal it draws bars, elsewhere it writes a line for each change."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False)
        self._live = self._console.is_terminal and not quiet
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._live,
        )
        self._bars: dict[tuple[int, str], TaskID] = {}
        self._last_status = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Takes an event in; never raises for a closed terminal, so that no load stops in mid-call for it."""
        if not self._quiet or (isinstance(event, Notice) and event.important):
            try:
                self._show(event)
            except OSError:
                self._quiet = True

    def _show(self, event: Event) -> None:
        match event:
            case WorkbookChecked():
                self._checked(event)
            case JobStarted():
                tasks = counted(event.tasks, "task")
                self.line(f"Job {event.job}: {tasks} to enterprise {event.enterprise_id} at {event.origin}")
            case PhaseStarted():
                for_what = f" ({event.why})" if event.why else ""
                said = f"Operation {event.phase}{for_what}: uploading"
                self._start(event.phase, "upload", said, event.chunks, counted(event.tasks, "task"))
            case ChunkAccepted():
                self._advance(event.phase, "upload", event.chunk)
            case _:
                self._show_run(event)

    def _checked(self, event: WorkbookChecked) -> None:
        for line in problem_lines(event.problems):
            self.line(line)
        self.line(f"{event.workbook}: {counted(event.rows, 'row')} checked")
        for line in other_sheets(event.other_sheets):
            self.line(line)

    def _show_run(self, event: Event) -> None:
        match event:
            case DraftVerified():
                rejected = f", {event.rejected} rejected by the server" if event.rejected else ""
                self.line(f"Operation {event.phase}: uploaded and verified{rejected}")
            case OperationScheduled():
                self._start(event.phase, "run", f"Operation {event.phase}: running", None, "")
                self._last_status = ""
            case StatusSeen():
                self._status(event)
            case ResultsSaved():
                self._done(event.phase, "run")
                self.line(f"Operation {event.phase}: {counted(event.results, 'result')} fetched")
            case Notice():
                self.line(f"note: {event.text}")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Draws nothing while the block runs, so that a question can be asked."""
        self._progress.stop()
        yield
        self._progress.start()

    def line(self, text: str) -> None:
        """A line of its own, above the bars."""
        if self._live:
            self._console.print(clean(text), markup=False)
        else:
            tell(text)

    def _start(self, phase: int, what: str, said: str, total: int | None, note: str) -> None:
        if self._live:
            self._bars[(phase, what)] = self._progress.add_task(clean(said), total=total, note=note)
        else:
            tell(f"{said} {note}".rstrip())

    def _advance(self, phase: int, what: str, done: int) -> None:
        if (bar := self._bars.get((phase, what))) is not None:
            self._progress.update(bar, completed=done)

    def _done(self, phase: int, what: str) -> None:
        if (bar := self._bars.get((phase, what))) is not None:
            self._progress.update(bar, total=1, completed=1)

    def _status(self, event: StatusSeen) -> None:
        if (bar := self._bars.get((event.phase, "run"))) is not None:
            self._progress.update(bar, note=clean(event.status))
        if event.status != self._last_status:
            self._last_status = event.status
            if not self._live:
                tell(f"Operation {event.phase}: {event.status}")


def show_summary(result: LoadResult, *, rehearsal: bool = False) -> None:
    """The closing words: counts, the commonest errors with what to do, where the workbook is, what next."""
    rows = result.rows
    parts = (click.style(_heading(result), bold=True), counted(rows["total"], "row"), _counts(rows))
    tell_ours(": ".join(part for part in parts if part))
    for line in _commonest(result):
        tell(line)
    if result.results:
        tell(f"Results: {result.results}")
    if result.message:
        tell(result.message)
    if (rows["failed"] or rows["rejected"] or rows["invalid"]) and "xlsx2opeasy " not in result.message:
        tell(_next_step(result, rehearsal=rehearsal))


def _next_step(result: LoadResult, *, rehearsal: bool) -> str:
    if rehearsal:
        return f"Next: correct these rows in {result.workbook}, then rehearse again"
    return f"Next: correct the red rows there, then: xlsx2opeasy load {result.results or result.workbook}"


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
    if result.settlement is None:
        return
    wrong = [
        each
        for each in result.settlement.results.values()
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
