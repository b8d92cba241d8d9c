"""A load as a person sees it while it runs. A consumer of load events."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from xlsx2opeasy.cli.output import counted, is_terminal, tell, tell_styled
from xlsx2opeasy.cli.problem_lines import other_sheets, problem_lines
from xlsx2opeasy.cli.questions import display
from xlsx2opeasy.display import on_terminal
from xlsx2opeasy.http.retry import SILENCE
from xlsx2opeasy.load.events import (
    CallDelayed,
    CanaryEnded,
    ChunkAccepted,
    DraftVerified,
    Event,
    JobStarted,
    LoadEstimated,
    Notice,
    OperationScheduled,
    PhaseStarted,
    ResultsSaved,
    RunProgress,
    ServerUnreached,
    StatusSeen,
    StoppedByBudget,
    WorkbookChecked,
    WorkbookOpened,
)

if TYPE_CHECKING:
    from types import TracebackType

    from xlsx2opeasy.cli.bars import Bars

REPEAT_SECONDS = 10.0
"""How often a line reports that the server still cannot be reached, or still cannot do what was asked."""
MINUTE = 60
MANY_FILES = 10
"""From so many files on, each tenth of them is worth a line where there is no bar."""


class Screen(AbstractContextManager["Screen"]):
    """Listens to a load. On a terminal it draws what lasts, elsewhere it writes a line for each change."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bars: Bars | None = None
        if is_terminal(sys.stderr) and not quiet:
            from xlsx2opeasy.cli.bars import Bars  # with rich, which nothing else of a load needs

            self._bars = Bars()
        self._upload = _Upload("", 0, 0.0)
        self._last_status = ""
        self._delayed_before = ("", 0.0)
        self._shown = ExitStack()

    def __enter__(self) -> Self:
        self._shown.enter_context(display(self.paused))
        if self._bars is not None:
            self._shown.enter_context(self._bars)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._shown.close()

    def __call__(self, event: Event) -> None:
        """Takes an event in; never raises for a closed terminal, so that no load stops in mid-call for it."""
        if not self._quiet or (isinstance(event, Notice) and event.important):
            try:
                self._show(event)
            except OSError:
                self._quiet = True

    def _show(self, event: Event) -> None:
        match event:
            case WorkbookOpened():
                self._start("check", f"{Path(event.workbook).name}: reading and checking")
            case WorkbookChecked():
                self._checked(event)
            case LoadEstimated():
                took = _duration(event.seconds) if event.seconds is not None else ""
                as_before = f"; some {took}, as {counted(event.jobs, 'earlier job')} at this server went"
                self.line(f"At least {counted(event.requests, 'request')}{as_before if took else ''}")
            case JobStarted():
                tasks = counted(event.tasks, "task")
                self.line(f"Job {event.job}: {tasks} to enterprise {event.enterprise_id} at {event.origin}")
            case PhaseStarted():
                self._phase_started(event)
            case ChunkAccepted():
                self._accepted(event)
            case _:
                self._show_run(event)

    def _checked(self, event: WorkbookChecked) -> None:
        self._end("check")
        for problem in problem_lines(event.problems):
            self._styled_line(problem.styled if is_terminal(sys.stderr) else on_terminal(problem.plain))
        self.line(f"{event.workbook}: {counted(event.rows, 'row')} checked")
        for line in other_sheets(event.other_sheets):
            self.line(line)

    def _phase_started(self, event: PhaseStarted) -> None:
        named = "; ".join(filter(None, (event.stage, event.why)))
        for_what = f" ({named})" if named else ""
        said, tasks = f"Operation {event.phase}{for_what}: uploading", counted(event.tasks, "task")
        self._upload = _Upload(f"Operation {event.phase}", event.chunks, time.monotonic())
        self._start("upload", said, event.chunks, tasks)
        self._line_elsewhere(f"{said} {tasks}")

    def _accepted(self, event: ChunkAccepted) -> None:
        upload = self._upload
        upload.tasks += event.tasks
        self._update("upload", upload.note(event.chunk), done=event.chunk)
        if event.chunk >= upload.chunks:
            self._start("upload", f"{upload.operation}: comparing what the server holds")
        elif upload.is_a_tenth(event.chunk):
            self._line_elsewhere(f"{upload.operation}: {upload.note(event.chunk)}")

    def _show_run(self, event: Event) -> None:
        match event:
            case DraftVerified():
                self._end("upload")
                rejected = f", {event.rejected} rejected by the server" if event.rejected else ""
                self.line(f"Operation {event.phase}: uploaded and verified{rejected}")
            case OperationScheduled():
                self._run_started(event.phase)
            case StatusSeen():
                self._status(event)
            case ResultsSaved():
                self._end("run")
                self.line(f"Operation {event.phase}: {counted(event.results, 'result')} fetched")
            case ServerUnreached() | CallDelayed():
                self._delayed(event)
            case RunProgress() if event.done < event.rows and (event.done or event.seconds_left is not None):
                self.line(f"{event.done:,} of {counted(event.rows, 'row')} done{_left(event)}")
            case CanaryEnded():
                failed = f"{event.failed:,} of its {counted(event.rows, 'row')} failed"
                self.line(f"Operation {event.phase} (canary): {failed}")
            case StoppedByBudget():
                self.line(f"Stopped: {event.why}; {counted(event.left, 'row')} not sent")
            case Notice():
                self.line(f"note: {event.text}")

    def _delayed(self, event: ServerUnreached | CallDelayed) -> None:
        """Says so at once, and again now and then: there is one event a try. A short pause is left out."""
        if isinstance(event, CallDelayed) and event.seconds <= SILENCE:
            return
        reason, said_at = self._delayed_before
        now = time.monotonic()
        if event.reason != reason or now - said_at >= REPEAT_SECONDS:
            self.line(f"note: {event.text}")
            self._delayed_before = event.reason, now

    def _run_started(self, phase: int) -> None:
        said = f"Operation {phase}: running"
        self._start("run", said)
        self._line_elsewhere(said)
        self._last_status = ""

    def _status(self, event: StatusSeen) -> None:
        if self._bars is not None and "run" not in self._bars:
            self._run_started(event.phase)  # it was started by an earlier run of the job
        self._update("run", event.status)
        if event.status != self._last_status:
            self._last_status = event.status
            self._line_elsewhere(f"Operation {event.phase}: {event.status}")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Draws nothing while the block runs, so that a question can be asked."""
        with self._bars.paused() if self._bars is not None else nullcontext():
            yield

    def line(self, text: str) -> None:
        """A line that stays, above the bars."""
        self._styled_line(on_terminal(text))

    def _styled_line(self, text: str) -> None:
        if self._bars is not None:
            self._bars.line(text)
        else:
            tell_styled(text)

    def _line_elsewhere(self, text: str) -> None:
        """A line for what bars show on a terminal."""
        if self._bars is None:
            tell(text)

    def _start(self, what: str, said: str, total: int | None = None, note: str = "") -> None:
        if self._bars is not None:
            self._bars.start(what, said, total, note)

    def _update(self, what: str, note: str, *, done: int | None = None) -> None:
        if self._bars is not None:
            self._bars.update(what, note, done)

    def _end(self, what: str) -> None:
        """What is over gets a line, or nothing."""
        if self._bars is not None:
            self._bars.end(what)


def _left(event: RunProgress) -> str:
    """What is estimated of the rest; what the server itself tells is its status alone."""
    if event.rate is None or event.seconds_left is None:
        return ""
    return f"; {event.rate:,.1f} rows a second, about {_duration(event.seconds_left)} left (estimated)"


def _duration(seconds: float) -> str:
    if seconds < MINUTE:
        return counted(max(1, round(seconds)), "second")
    return counted(round(seconds / MINUTE), "minute")


@dataclass
class _Upload:
    """How far the files of one operation are, and how fast they went in this run."""

    operation: str
    chunks: int
    began: float
    tasks: int = 0

    def note(self, chunk: int) -> str:
        """`3 of 5 files, 240 tasks a second`."""
        rate = self.tasks / max(time.monotonic() - self.began, 0.001)
        return f"{chunk:,} of {counted(self.chunks, 'file')}, {rate:,.0f} tasks a second"

    def is_a_tenth(self, chunk: int) -> bool:
        """Whether another tenth of many files is there."""
        return self.chunks >= MANY_FILES and chunk * 10 // self.chunks > (chunk - 1) * 10 // self.chunks
