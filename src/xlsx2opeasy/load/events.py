"""What happens in a load, as typed events: the screen, `--json` and the report are consumers of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from xlsx2opeasy.problems import Problem


@dataclass(frozen=True, slots=True)
class WorkbookOpened:
    """The workbook is about to be read and checked."""

    workbook: str


@dataclass(frozen=True, slots=True)
class WorkbookChecked:
    """The workbook was read and checked."""

    workbook: str
    rows: int
    problems: tuple[Problem, ...]
    other_sheets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadEstimated:
    """What a load will take: `requests` at the least, `seconds` as `jobs` earlier ones at the server went.

    `seconds` is None where there are none.
    """

    requests: int
    seconds: float | None
    jobs: int


@dataclass(frozen=True, slots=True)
class JobStarted:
    """A job is resumed from its recorded state."""

    job: str
    origin: str
    enterprise_id: str
    tasks: int
    phases: int


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """The draft of one operation is being built; `why` says what for, where there is more than one."""

    phase: int
    why: str
    tasks: int
    chunks: int
    stage: str = ""


@dataclass(frozen=True, slots=True)
class ChunkAccepted:
    """The server took a chunk file."""

    phase: int
    chunk: int
    tasks: int


@dataclass(frozen=True, slots=True)
class DraftVerified:
    """Counts and content at the server equal what was sent."""

    phase: int
    operation_id: str
    rejected: int


@dataclass(frozen=True, slots=True)
class OperationScheduled:
    """The operation was scheduled, once."""

    phase: int
    scheduled_id: str


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """A poll saw this status."""

    phase: int
    status: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ResultsSaved:
    """The results of one operation are on disk."""

    phase: int
    results: int


@dataclass(frozen=True, slots=True)
class CanaryEnded:
    """The results of a canary are here: `failed` of its `rows` failed.

    `counted` failures are compared with the `allowed` ones: with a budget those of the whole load so far.
    """

    phase: int
    rows: int
    failed: int
    counted: int
    allowed: int


@dataclass(frozen=True, slots=True)
class StoppedByBudget:
    """Operation `phase` and those after it are not started; their `left` rows are not sent."""

    phase: int
    failed: int
    left: int
    why: str


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far the back end is: `done` of `rows` rows have their results.

    `done` is known. `rate` (rows a second, of operations that have ended, in this load or in earlier ones at
    this server) and `seconds_left` are estimates, None where nothing is known to estimate from; the server
    itself only tells the status of an operation. `at` is when that was estimated, in POSIX seconds.
    """

    phase: int
    done: int
    rows: int
    rate: float | None
    seconds_left: float | None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class ServerUnreached:
    """The server cannot be reached at the moment; tries go on for at most `seconds` more.

    `reason` names the server, and why: `opeasy.example.com: nothing answers at this address (…)`.
    """

    reason: str
    seconds: int

    @property
    def text(self) -> str:
        """The event in one sentence."""
        more = f"; trying again for another {self.seconds:,} s" if self.seconds > 0 else ""
        return f"cannot reach {self.reason}{more}"


@dataclass(frozen=True, slots=True)
class CallDelayed:
    """The server answered that it cannot do now what was asked: it is asked again after `seconds`.

    `reason` names the server, and what it answered.
    """

    reason: str
    seconds: int

    @property
    def text(self) -> str:
        """The event in one sentence."""
        return f"{self.reason}; trying again in {self.seconds:,} s"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know, in one sentence; `important` also where no progress is wanted."""

    text: str
    important: bool = False


Event: TypeAlias = (
    WorkbookOpened
    | WorkbookChecked
    | LoadEstimated
    | JobStarted
    | PhaseStarted
    | ChunkAccepted
    | DraftVerified
    | OperationScheduled
    | StatusSeen
    | ResultsSaved
    | CanaryEnded
    | StoppedByBudget
    | RunProgress
    | ServerUnreached
    | CallDelayed
    | Notice
)
Listener: TypeAlias = Callable[[Event], None]
