"""A job with its executions and their steps, in the shape of Webex's "List Change Device Settings Jobs".

One model for both worlds: what Webex lists, and what was loaded here. The page's schema
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


def truth_of(value: object) -> bool | None:
    """A boolean; None for everything else."""
    return value if isinstance(value, bool) else None


def _mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def member(wire_name: str, read: Callable[[object], Any] = _text) -> Any:  # noqa: ANN401
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

    id: str | None = member("id", _identity)
    start_time: str | None = member("startTime")
    end_time: str | None = member("endTime")
    last_updated: str | None = member("lastUpdated")
    status_message: str | None = member("statusMessage")
    exit_code: str | None = member("exitCode")
    time_elapsed: str | None = member("timeElapsed")

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
        reported = parse_duration(self.time_elapsed)
        if reported is None and self.started is not None and self.ended_at is not None:
            return self.ended_at - self.started
        return reported


@dataclass(frozen=True, slots=True)
class StepExecution(_Execution):
    """One step of an execution (`stepExecutionStatuses`)."""

    name: str | None = member("name")


@dataclass(frozen=True, slots=True)
class JobExecution(_Execution):
    """One execution of a job (`jobExecutionStatus`)."""

    created_time: str | None = member("createdTime")
    steps: Sequence[StepExecution] = _all_of("stepExecutionStatuses", StepExecution.from_json)  # type: ignore[arg-type]

    @property
    def created(self) -> datetime | None:
        """When it was asked for, in UTC."""
        return parse_time(self.created_time)


@dataclass(frozen=True, slots=True)
class Job(_Item):
    """A job. Ids are opaque texts; `counts` and the location and file fields come with moves only."""

    id: str | None = member("id", _identity)
    name: str | None = member("name")
    job_type: str | None = member("jobType")
    tracking_id: str | None = member("trackingId")
    source_user_id: str | None = member("sourceUserId")
    source_customer_id: str | None = member("sourceCustomerId")
    target_customer_id: str | None = member("targetCustomerId")
    instance_id: int | None = member("instanceId", _whole)
    executions: Sequence[JobExecution] = _all_of("jobExecutionStatus", JobExecution.from_json)  # type: ignore[arg-type]
    latest_execution_status: str | None = member("latestExecutionStatus")
    latest_execution_exit_code: str | None = member("latestExecutionExitCode")
    location_customizations_enabled: bool | None = member("locationCustomizationsEnabled", truth_of)
    target: str | None = member("target")
    location_id: str | None = member("locationId")
    location_name: str | None = member("locationName")
    percentage_complete: int | None = member("percentageComplete", _whole)
    device_count: int | None = member("deviceCount", _whole)
    operation_type: str | None = member("operationType")
    source_location_id: str | None = member("sourceLocationId")
    source_location_name: str | None = member("sourceLocationName")
    target_location_id: str | None = member("targetLocationId")
    target_location_name: str | None = member("targetLocationName")
    counts: Mapping[str, Any] | None = member("counts", _mapping)
    csv_file: str | None = member("csvFile")
    csv_file_expiry_time: str | None = member("csvFileExpiryTime")
    file_format: str | None = member("fileFormat")
    message: str | None = member("message")

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
