"""A job as it is now: operations, counts and notices, from its journal and its latest run's events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xlsx2opeasy.job_model import Job
from xlsx2opeasy.load.event_log import JobEnded, events_so_far
from xlsx2opeasy.load.events import (
    ChunkAccepted,
    DraftVerified,
    JobStarted,
    Notice,
    OperationScheduled,
    PhaseStarted,
    ResultsSaved,
    StatusSeen,
)
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.web.words import can_be_resumed, counted, counts_in_words, state_of

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
    """What the page shows of a job; `counts` are texts, the Result of such rows, and numbers."""

    job: Job
    running: bool
    ours: bool = False
    stopping: bool = False
    undecided: bool = False
    resumable: bool = False
    tasks: int = 0
    operations: dict[int, OperationView] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    counts: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The workbook's name."""
        return Path(self.job.workbook or "").name or str(self.job.id)

    @property
    def state(self) -> tuple[str, str]:
        """The job's state in words, and how it is coloured."""
        return ("running", "calm") if self.running else state_of(self.job)


def job_view(stored: StoredJob, job: Job, *, ours: bool, stopping: bool) -> JobView:
    """The job as it is now. `ours` says that a thread of this program works on it."""
    running = stored.is_worked_on()
    view = JobView(job, running, ours=ours and running, stopping=stopping)
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
            operation.why, operation.tasks, operation.chunks = event.why, event.tasks, event.chunks
            operation.state = "uploading"
        case ChunkAccepted():
            operation.accepted = event.chunk
            operation.state = f"uploading, {event.chunk:,} of {counted(operation.chunks, 'file')}"
        case DraftVerified():
            operation.state = "uploaded and verified"
            if event.rejected:
                operation.state += f", {counted(event.rejected, 'row')} rejected by the server"
        case OperationScheduled():
            operation.state = "started at the server"
        case StatusSeen():
            operation.state = f"at the server: {event.status}"
        case ResultsSaved():
            operation.state, operation.done = f"{counted(event.results, 'result')} fetched", True
