"""A job as it is now: operations, counts and notices, from its journal and its latest run's events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xlsx2opeasy.job_model import Job
from xlsx2opeasy.load.event_log import JobEnded, events_so_far
from xlsx2opeasy.load.events import (
    CanaryEnded,
    ChunkAccepted,
    DraftVerified,
    JobStarted,
    Notice,
    OperationScheduled,
    PhaseStarted,
    ResultsSaved,
    RunProgress,
    StatusSeen,
    StoppedByBudget,
)
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.web.runs import Run
from xlsx2opeasy.web.words import can_be_resumed, counted, counts_in_words, state_of, time_in_words

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
    """

    job: Job
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
    counts: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The workbook's name."""
        return Path(self.job.workbook or "").name or str(self.job.id)

    @property
    def state(self) -> tuple[str, str]:
        """The job's state in words, and how it is coloured."""
        return ("running", "calm") if self.running else state_of(self.job)


def job_view(stored: StoredJob, job: Job, run: Run | None) -> JobView:
    """The job as it is now. `run` is what this program last did with it, if anything."""
    ours = run is not None and run.result is None
    running = ours or stored.is_worked_on()
    view = JobView(job, running, ours=ours, stopping=ours and run is not None and run.stopping)
    view.question = run.question if run is not None and not view.stopping else None
    if run is not None and run.result is not None and run.result.job is None and not running:
        view.refusal = run.result.message
    view.undecided = job.raw.get("loadStatus") == "unknown" and not job.rehearsal and not running
    view.resumable = can_be_resumed(job) and not running and not view.undecided
    counts: Mapping[str, int] = job.counts or {}
    for event in events_so_far(stored):
        match event:
            case JobStarted():
                view.tasks = event.tasks
            case Notice():
                view.notices.append(event.text)
            case JobEnded():
                counts = event.rows if not running else counts
            case _ if (number := getattr(event, "phase", None)) is not None:
                _take_in(view.operations.setdefault(number, OperationView(number)), event)
    view.notices = view.notices[-_MOST_NOTICES:]
    view.counts = counts_in_words(counts)
    return view


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
        case RunProgress():
            operation.state = f"at the server: {event.done:,} of {counted(event.rows, 'row')} done"
            if event.seconds_left is not None:
                operation.state += f", about {time_in_words(event.seconds_left)} left"
        case CanaryEnded():
            operation.state = f"{event.failed:,} of {counted(event.rows, 'row')} failed"
        case StoppedByBudget():
            operation.state = f"not started: {event.why}"
        case ResultsSaved():
            operation.state, operation.done = f"{counted(event.results, 'result')} fetched", True
