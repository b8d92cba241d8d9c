"""A job with its executions and their steps, in the shape of Webex's "List Change Device Settings Jobs".

One model for both worlds: what Webex lists, and what this machine loaded (`load.jobs`). The page's schema
contradicts its own example, and live servers send more than either; so everything is optional, texts of
enumerations stay as they came, and `as_json` gives back the very item. A field of the wrong type reads as
None. Times are ISO 8601 texts, parsed on demand; one without a zone is UTC.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

ENDED: Final = frozenset({"COMPLETED", "FAILED", "ABANDONED"})
"""Statuses after which nothing changes any more."""
STATUSES: Final = frozenset({"STARTING", "STARTED", "UNKNOWN"}) | ENDED
EXIT_CODES: Final = frozenset(
    {"UNKNOWN", "COMPLETED", "FAILED", "STOPPED", "COMPLETED_WITH_ERRORS", "COMPLETED_WITH_PENDING_ORDERS"}
)
SUCCESS: Final = "COMPLETED"
"""The one exit code that means success."""

_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


def parse_time(text: str | None) -> datetime | None:
    """An ISO 8601 time, with a zone; None where there is none, or it cannot be understood."""
    try:
        parsed = datetime.fromisoformat(text or "")
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_duration(text: str | None) -> timedelta | None:
    """An ISO 8601 duration (`PT11.393S`); None where there is none. Years and months have no fixed length."""
    found = _DURATION.fullmatch((text or "").strip().replace(",", "."))
    if found is None or not any(each.isdigit() for each in found[0]):
        return None
    parts = {name: float(value) for name, value in found.groupdict().items() if value and name != "sign"}
    try:
        duration = timedelta(**parts)
        return -duration if found["sign"] else duration
    except OverflowError:
        return None


def duration_text(duration: timedelta) -> str:
    """A duration in seconds as ISO 8601 writes it: `PT11.393S`."""
    return f"PT{duration.total_seconds():.3f}".rstrip("0").rstrip(".") + "S"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _identity(value: object) -> str | None:
    number = _whole(value)
    return _text(value) if number is None else str(number)


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _of(wire_name: str, read: Callable[[object], Any] = _text) -> Any:  # noqa: ANN401
    """A field that is read from the item's member of this name."""
    return field(default=None, metadata={"wire_name": wire_name, "read": read})


def _all_of(wire_name: str, read: Callable[[object], Any]) -> Any:  # noqa: ANN401
    """The same for a list of objects; what is no object is left out of the model (not of the JSON)."""

    def each(value: object) -> tuple[Any, ...]:
        items = value if isinstance(value, list) else []
        return tuple(read(item) for item in items if isinstance(item, dict))

    return field(default=(), metadata={"wire_name": wire_name, "read": each})


@dataclass(frozen=True, slots=True)
class _Item:
    """What all three have in common: the item as it came."""

    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Reads an item of an answer; nothing in it can make this fail."""
        known = {
            each.name: each.metadata["read"](item.get(each.metadata["wire_name"]))
            for each in fields(cls)
            if each.metadata
        }
        return cls(raw=item, **known)

    def as_json(self) -> dict[str, Any]:
        """The item as it came, fields and values unknown to this program included."""
        return dict(self.raw)


@dataclass(frozen=True, slots=True)
class _Execution(_Item):
    """What an execution and a step have in common."""

    id: str | None = _of("id", _identity)
    start_time: str | None = _of("startTime")
    end_time: str | None = _of("endTime")
    last_updated: str | None = _of("lastUpdated")
    status_message: str | None = _of("statusMessage")
    exit_code: str | None = _of("exitCode")
    time_elapsed: str | None = _of("timeElapsed")

    @property
    def started(self) -> datetime | None:
        """When it started, in UTC."""
        return parse_time(self.start_time)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, in UTC."""
        return parse_time(self.end_time)

    @property
    def elapsed(self) -> timedelta | None:
        """How long it took, or takes so far: as reported, else from start to end."""
        told = parse_duration(self.time_elapsed)
        if told is None and self.started is not None and self.ended_at is not None:
            return self.ended_at - self.started
        return told


@dataclass(frozen=True, slots=True)
class StepExecution(_Execution):
    """One step of an execution (`stepExecutionStatuses`)."""

    name: str | None = _of("name")


@dataclass(frozen=True, slots=True)
class JobExecution(_Execution):
    """One execution of a job (`jobExecutionStatus`)."""

    created_time: str | None = _of("createdTime")
    steps: Sequence[StepExecution] = _all_of("stepExecutionStatuses", StepExecution.from_json)  # type: ignore[arg-type]

    @property
    def created(self) -> datetime | None:
        """When it was asked for, in UTC."""
        return parse_time(self.created_time)


@dataclass(frozen=True, slots=True)
class Job(_Item):
    """A job. Ids are opaque texts; `counts` and the location and file fields come with moves only.

    `message`, `workbook`, `results` and `rehearsal` are of this machine's jobs alone.
    """

    id: str | None = _of("id", _identity)
    name: str | None = _of("name")
    job_type: str | None = _of("jobType")
    tracking_id: str | None = _of("trackingId")
    source_user_id: str | None = _of("sourceUserId")
    source_customer_id: str | None = _of("sourceCustomerId")
    target_customer_id: str | None = _of("targetCustomerId")
    instance_id: int | None = _of("instanceId", _whole)
    executions: Sequence[JobExecution] = _all_of("jobExecutionStatus", JobExecution.from_json)  # type: ignore[arg-type]
    latest_execution_status: str | None = _of("latestExecutionStatus")
    latest_execution_exit_code: str | None = _of("latestExecutionExitCode")
    location_customizations_enabled: bool | None = _of("locationCustomizationsEnabled", _truth)
    target: str | None = _of("target")
    location_id: str | None = _of("locationId")
    location_name: str | None = _of("locationName")
    percentage_complete: int | None = _of("percentageComplete", _whole)
    device_count: int | None = _of("deviceCount", _whole)
    operation_type: str | None = _of("operationType")
    source_location_id: str | None = _of("sourceLocationId")
    source_location_name: str | None = _of("sourceLocationName")
    target_location_id: str | None = _of("targetLocationId")
    target_location_name: str | None = _of("targetLocationName")
    counts: Mapping[str, Any] | None = _of("counts", _mapping)
    csv_file: str | None = _of("csvFile")
    csv_file_expiry_time: str | None = _of("csvFileExpiryTime")
    file_format: str | None = _of("fileFormat")
    message: str | None = _of("message")
    workbook: str | None = _of("workbook")
    results: str | None = _of("results")
    rehearsal: bool | None = _of("rehearsal", _truth)

    @property
    def status(self) -> str:
        """The latest execution's status, in capitals; "" where it is missing."""
        return (self.latest_execution_status or "").strip().upper()

    @property
    def exit_code(self) -> str:
        """The latest execution's exit code, in capitals; "" where it is missing."""
        return (self.latest_execution_exit_code or "").strip().upper()

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more. For an unknown status the exit code decides: UNKNOWN runs."""
        if self.status in STATUSES - {"UNKNOWN"}:
            return self.status in ENDED
        return self.exit_code not in ("", "UNKNOWN")

    @property
    def succeeded(self) -> bool:
        """Only the exit code tells: the status is COMPLETED also where there were errors."""
        return self.ended and self.exit_code == SUCCESS

    @property
    def latest(self) -> JobExecution | None:
        """The execution that was asked for last; the first in the list where there are no times."""
        oldest = datetime.min.replace(tzinfo=UTC)
        return max(self.executions, key=lambda each: each.created or oldest, default=None)

    @property
    def created(self) -> datetime | None:
        """When the latest execution was asked for, or started; in UTC."""
        return (self.latest.created or self.latest.started) if self.latest else None

    @property
    def elapsed(self) -> timedelta | None:
        """How long the latest execution took, or takes so far."""
        return self.latest.elapsed if self.latest else None
