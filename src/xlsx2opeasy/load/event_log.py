"""The events of a job's latest run in a file beside its journal, so that another terminal can follow them.

The journal is what counts; this file is for eyes alone. So it is not synchronised, and where the disk refuses
it, the load goes on without.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from xlsx2opeasy.load.events import (
    ChunkAccepted,
    DraftVerified,
    Event,
    JobStarted,
    Listener,
    Notice,
    OperationScheduled,
    PhaseStarted,
    ResultsSaved,
    StatusSeen,
)
from xlsx2opeasy.load.job.home import JobFolder
from xlsx2opeasy.load.job.locks import is_worked_on
from xlsx2opeasy.load.results.load_result import LoadResult

TICK = 0.5
"""Seconds between two looks at the file."""


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
        JobStarted,
        PhaseStarted,
        ChunkAccepted,
        DraftVerified,
        OperationScheduled,
        StatusSeen,
        ResultsSaved,
        Notice,
        JobEnded,
    )
}


def events_file(folder: JobFolder) -> Path:
    """One event a line, of the latest run."""
    return folder.path / "events.jsonl"


class EventLog(AbstractContextManager["EventLog"]):
    """Keeps each event, then passes it on. Of polls that see the same status only the first is kept."""

    def __init__(self, folder: JobFolder, tell: Listener) -> None:
        self._tell = tell
        self._last_status = ""
        self._file: IO[str] | None = None
        path = events_file(folder)
        try:
            path.touch(mode=0o600)
            self._file = path.open("w", encoding="utf-8")
        except OSError:
            return  # nobody can follow it then

    def __call__(self, event: Event) -> None:
        """Takes an event in, as a listener does."""
        if not (isinstance(event, StatusSeen) and event.status == self._last_status):
            self._keep(event)
        self._last_status = event.status if isinstance(event, StatusSeen) else ""
        self._tell(event)

    def ended(self, result: LoadResult) -> LoadResult:
        """The last line of a run; gives the result back."""
        told = (result.status, result.exit_code, result.results, result.rows, result.message)
        self._keep(JobEnded(*told))
        return result

    def _keep(self, event: object) -> None:
        if self._file is None:
            return
        known: dict[str, Any] = asdict(event)  # type: ignore[call-overload]
        try:
            self._file.write(json.dumps({"event": type(event).__name__, **known}) + "\n")
            self._file.flush()
        except OSError:
            self._close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


def follow(folder: JobFolder, sleep: Callable[[float], None]) -> Iterator[Event | JobEnded]:
    """The events of the job's latest run, those to come too, until no process works on the job any more.

    The last one is a `JobEnded`, unless the process died. Nothing is written. `sleep` may raise to end it.
    """
    offset, rest = 0, b""
    while True:
        working = is_worked_on(folder)  # looked at first: so what was written until the end is read
        new, offset = _read_from(events_file(folder), offset)
        *lines, rest = (rest + new).split(b"\n")
        for line in lines:
            if (event := _event_of(line)) is not None:
                yield event
        if not working:
            return
        sleep(TICK)


def _read_from(path: Path, offset: int) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < offset:
                offset = 0  # another run began
            file.seek(offset)
            content = file.read()
    except FileNotFoundError:
        return b"", 0
    return content, offset + len(content)


def _event_of(line: bytes) -> Event | JobEnded | None:
    """None for a line that this version does not know, or that a full disk cut."""
    try:
        known = json.loads(line)
        event: Event | JobEnded = _KINDS[known.pop("event")](**known)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return event
