"""A job as it is now: operations, counts and notices, from its journal and its latest run's events."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.event_log import JobEnded, events_so_far
from xlsx2opeasy.load.events import (
    CallDelayed,
    CanaryEnded,
    ChunkAccepted,
    DraftVerified,
    JobStarted,
    Notice,
    OperationScheduled,
    PhaseStarted,
    ResultsSaved,
    RunProgress,
    ServerUnreached,
    StatusSeen,
    StoppedByBudget,
)
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.state import JobState, PhaseState
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.load.jobs.earlier import peek
from xlsx2opeasy.load.jobs.listing import LocalJob
from xlsx2opeasy.load.run.undecided import may_have_no_run
from xlsx2opeasy.web.runs import Run
from xlsx2opeasy.web.words import (
    counted,
    counts_in_words,
    results_in_words,
    state_of,
    time_in_words,
)

_MOST_NOTICES = 20


@dataclass
class OperationView:
    """One operation of the job, as far as its latest run went."""

    number: int
    why: str = ""
    tasks: int = 0
    chunks: int = 0
    accepted: int = 0
    state: str = "waiting"
    done: bool = False


@dataclass
class JobView:
    """What the page shows of a job; `counts` are texts, the Result of such rows, and numbers.

    `refusal` says why *Resume* could not begin, `question` is the canary after which a person is asked.
    `delay` says what is tried again at the moment, `ends_at` when the rest may be done, in POSIX seconds.
    """

    job: LocalJob
    running: bool
    ours: bool = False
    stopping: bool = False
    undecided: bool = False
    resumable: bool = False
    tasks: int = 0
    operations: dict[int, OperationView] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    refusal: str = ""
    question: CanaryEnded | None = None
    delay: str = ""
    ends_at: float | None = None
    counts: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The workbook's name."""
        return Path(self.job.workbook or "").name or str(self.job.id)

    @property
    def state(self) -> tuple[str, str]:
        """The job's state in words, and how it is coloured."""
        return ("running", "calm") if self.running else state_of(self.job)

    @property
    def left(self) -> str:
        """How long the rest may take; "" where nothing is known, or the estimate is over."""
        seconds = 0.0 if self.ends_at is None else self.ends_at - time.time()
        return time_in_words(seconds) if seconds > 0 and self.running else ""

    def take_in(self, event: object) -> None:
        """One more event of the job's latest run."""
        self.delay = ""
        match event:
            case JobStarted():
                self.tasks = event.tasks
            case Notice():
                self.notices.append(event.text)
            case ServerUnreached() | CallDelayed():
                self.delay = event.text
            case JobEnded() if not self.running:
                self.counts = counts_in_words(event.rows)
            case RunProgress() if event.seconds_left is not None:
                self.ends_at = event.at + event.seconds_left
        if (number := getattr(event, "phase", None)) is not None:
            _take_in(self.operations.setdefault(number, OperationView(number)), event)


def job_view(stored: StoredJob, job: LocalJob, run: Run | None) -> JobView:
    """The job as it is now. `run` is what this program last did with it, if anything."""
    ours = run is not None and run.result is None
    running = ours or stored.is_worked_on()
    view = JobView(job, running, ours=ours, stopping=ours and run is not None and run.stopping)
    view.question = run.question if run is not None and not view.stopping else None
    if run is not None and run.result is not None and run.result.job is None and not running:
        view.refusal = run.result.message
    view.undecided = job.load_status == "unknown" and not job.rehearsal and not running
    view.resumable = job.can_be_resumed and not running and not view.undecided
    for event in events_so_far(stored):
        view.take_in(event)
    view.notices = view.notices[-_MOST_NOTICES:]
    with suppress(LocalFailure):  # the job's own message says that its files are damaged
        _take_in_journal(view, *peek(stored))
    return view


def _take_in_journal(view: JobView, facts: JobFacts, state: JobState) -> None:
    """What the events of the latest run do not say: of operations of earlier runs, and the counts so far."""
    for phase in facts.phases:
        known = state.phases.get(phase.number)
        if known is not None and (known.may_be_at_server or phase.number in view.operations):
            operation = view.operations.setdefault(phase.number, OperationView(phase.number))
            if not operation.tasks:
                operation.tasks = phase.tasks
                operation.why = ", ".join(filter(None, (phase.stage, phase.why)))
            _take_in_phase(operation, known, running=view.running)
    if not view.counts:
        numbers = state.results_so_far
        left = view.tasks - numbers.total() if view.running else 0
        known_counts = {} if view.running else view.job.counts or {}
        view.counts = counts_in_words(known_counts) or results_in_words(numbers, max(0, left))


def _take_in_phase(operation: OperationView, known: PhaseState, *, running: bool) -> None:
    if known.undecided is not None and not running:
        what = "whether it was started" if may_have_no_run(known) else "which run it became"
        operation.state = f"undecided: {what} is not known"
    elif operation.state != OperationView.state:
        return
    elif known.results_saved:
        operation.state, operation.done = "results fetched", True
    elif known.scheduled_id is not None:
        operation.state = "started at the server"
    elif known.verified:
        operation.state = "uploaded and verified"


def _take_in(operation: OperationView, event: object) -> None:
    match event:
        case PhaseStarted():
            operation.why = ", ".join(filter(None, (event.stage, event.why)))
            operation.tasks, operation.chunks = event.tasks, event.chunks
            operation.state = "uploading"
        case ChunkAccepted():
            operation.accepted = event.chunk
            operation.state = f"uploading, {event.chunk:,} of {counted(operation.chunks, 'file')}"
        case DraftVerified():
            operation.state = "uploaded and verified"
            if event.rejected:
                operation.state += f", {counted(event.rejected, 'row')} rejected by the server"
        case _:
            _take_in_run(operation, event)


def _take_in_run(operation: OperationView, event: object) -> None:
    """What happens from the start of an operation on."""
    match event:
        case OperationScheduled():
            operation.state = "started at the server"
        case StatusSeen():
            operation.state = f"at the server: {event.status}"
        case CanaryEnded():
            operation.state = f"{event.failed:,} of {counted(event.rows, 'row')} failed"
        case StoppedByBudget():
            operation.state = f"not started: {event.why}"
        case ResultsSaved():
            operation.state, operation.done = f"{counted(event.results, 'result')} fetched", True
