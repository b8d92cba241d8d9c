"""The events of a job's latest run, kept beside its journal, so that another terminal can follow them.

The journal is what counts; the events are for eyes alone. So they are not synchronised, and where they cannot
be kept, the load goes on without.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Final

from xlsx2opeasy.load.events import (
    CallDelayed,
    CanaryEnded,
    ChunkAccepted,
    DraftVerified,
    Event,
    JobStarted,
    Listener,
    LoadEstimated,
    Notice,
    OperationScheduled,
    PhaseStarted,
    ResultsSaved,
    RunProgress,
    ServerUnreached,
    StatusSeen,
    StoppedByBudget,
)
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.load.results.load_result import LoadResult

TICK = 0.5
"""Seconds between two looks at the events."""


@dataclass(frozen=True, slots=True)
class JobEnded:
    """A run of the job ended; the words and counts are those of its `LoadResult`."""

    status: str
    exit_code: int
    results: str | None
    rows: dict[str, int]
    message: str


_KINDS: Final = {
    kind.__name__: kind
    for kind in (
        LoadEstimated,
        JobStarted,
        PhaseStarted,
        ChunkAccepted,
        DraftVerified,
        OperationScheduled,
        StatusSeen,
        ResultsSaved,
        CanaryEnded,
        StoppedByBudget,
        RunProgress,
        ServerUnreached,
        CallDelayed,
        Notice,
        JobEnded,
    )
}


class EventLog(AbstractContextManager["EventLog"]):
    """Keeps each event, then passes it on. Of polls that see the same status only the first is kept."""

    def __init__(self, stored: StoredJob, tell: Listener) -> None:
        self._tell = tell
        self._last_status = ""
        self._sink = stored.begin_events()

    def __call__(self, event: Event) -> None:
        """Takes an event in, as a listener does."""
        if not (isinstance(event, StatusSeen) and event.status == self._last_status):
            self._keep(event)
        self._last_status = event.status if isinstance(event, StatusSeen) else ""
        self._tell(event)

    def ended(self, result: LoadResult) -> LoadResult:
        """The last line of a run; gives the result back."""
        values = (result.status, result.exit_code, result.results, result.rows, result.message)
        self._keep(JobEnded(*values))
        return result

    def _keep(self, event: object) -> None:
        known: dict[str, Any] = asdict(event)  # type: ignore[call-overload]
        self._sink.write(json.dumps({"event": type(event).__name__, **known}))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._sink.close()


def follow(stored: StoredJob, sleep: Callable[[float], None]) -> Iterator[Event | JobEnded]:
    """The events of the job's latest run, those to come too, until no process works on the job any more.

    The last one is a `JobEnded`, unless the process died. Nothing is written. `sleep` may raise to end it.
    """
    position = 0
    while True:
        working = stored.is_worked_on()  # looked at first: so what was written until the end is read
        lines, position = stored.events(position)
        for line in lines:
            if (event := _event_of(line)) is not None:
                yield event
        if not working:
            return
        sleep(TICK)


def events_so_far(stored: StoredJob) -> list[Event | JobEnded]:
    """The events of the job's latest run until now; none where they were not kept."""
    lines, _ = stored.events(0)
    return [event for line in lines if (event := _event_of(line)) is not None]


def _event_of(line: bytes) -> Event | JobEnded | None:
    """None for a line that this version does not know, or that a full disk cut."""
    try:
        known = json.loads(line)
        event: Event | JobEnded = _KINDS[known.pop("event")](**known)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return event
