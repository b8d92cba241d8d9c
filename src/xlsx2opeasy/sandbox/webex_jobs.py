"""The jobs behind the simulated Webex: a believable past, and jobs that progress as time goes by."""

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

_NAMESPACE: Final = uuid.UUID("5f0c9f0e-6a43-4f0b-9c53-0d6a4a1f7c11")
_STEP: Final = "calldevicesettingsOverrideProcess"
_STARTING: Final = timedelta(seconds=0.3)
"""How long a job is STARTING before it is STARTED."""


def webex_id(kind: str, name: object) -> str:
    """An id as Webex makes them: base64 of an address, without padding."""
    address = f"ciscospark://us/{kind}/{uuid.uuid5(_NAMESPACE, f'{kind} {name}')}"
    return base64.b64encode(address.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class SimulatedJob:
    """One job: when it began, how long it runs, how it ends. Everything shown follows from the time of day.

    `location` is "" for the whole customer. An exit code of STOPPED or FAILED comes with status FAILED;
    ABANDONED and the exit code COMPLETED_WITH_PENDING_ORDERS are in one of Webex's descriptions only.
    """

    number: int
    began: datetime
    lasts: timedelta
    devices: int
    exit_code: str = "COMPLETED"
    status: str = "COMPLETED"
    location: str = ""
    customized: bool = False
    failed: int = 0

    @property
    def id(self) -> str:
        """The job's id."""
        return webex_id("JOB_ID", self.number)

    @property
    def is_running(self) -> bool:
        """Whether another one may not start yet."""
        return _now() < self.began + self.lasts

    def as_json(self) -> dict[str, Any]:
        """The item of the list at this moment."""
        now = _now()
        status, exit_code = self._state(now)
        item: dict[str, Any] = {
            "id": self.id,
            "jobType": "calldevicesettings",
            "trackingId": f"ATLAS_{uuid.uuid5(_NAMESPACE, str(self.number))}_0",
            "sourceUserId": webex_id("PEOPLE", "administrator"),
            "sourceCustomerId": webex_id("ORGANIZATION", "customer"),
            "targetCustomerId": webex_id("ORGANIZATION", "customer"),
            "instanceId": 235_000 + self.number,
            "jobExecutionStatus": [self._execution(now, status, exit_code)],
            "latestExecutionStatus": status,
            "latestExecutionExitCode": exit_code,
            "locationCustomizationsEnabled": self.customized,
            "target": "LOCATION" if self.location else "CUSTOMER",
            "locationId": webex_id("LOCATION", self.location) if self.location else "",
            "percentageComplete": self._percentage(now),
        }
        if self.location:
            item["locationName"] = self.location
        if status != "STARTING":
            item["deviceCount"] = self.devices
        return item

    def errors(self, *, with_types: bool) -> list[dict[str, Any]]:
        """What went wrong, once it has ended; `with_types` adds the field that no page documents."""
        if self.is_running:
            return []
        return [self._error(each, with_types=with_types) for each in range(self.failed)]

    def _state(self, now: datetime) -> tuple[str, str]:
        if now < self.began + min(_STARTING, self.lasts):
            return "STARTING", "UNKNOWN"
        if now < self.began + self.lasts:
            return "STARTED", "UNKNOWN"
        return self.status, self.exit_code

    def _percentage(self, now: datetime) -> int:
        if now >= self.began + self.lasts:
            return 100 if self.status == "COMPLETED" else 60
        return min(99, int(100 * max(now - self.began, timedelta(0)) / self.lasts))

    def _execution(self, now: datetime, status: str, exit_code: str) -> dict[str, Any]:
        passed = min(now - self.began, self.lasts)
        execution: dict[str, Any] = {
            "id": 236_000 + self.number,
            "lastUpdated": _time(self.began + passed),
            "statusMessage": status,
            "exitCode": exit_code,
            "createdTime": _time(self.began - timedelta(milliseconds=30)),
            "timeElapsed": _duration(passed) if status != "STARTING" else "PT0S",
        }
        if status == "STARTING":
            return execution
        execution["startTime"] = _time(self.began)
        step = {**execution, "id": 1_159_000 + self.number, "name": _STEP}
        del step["createdTime"]
        if now >= self.began + self.lasts:
            execution["endTime"] = step["endTime"] = _time(self.began + self.lasts)
        execution["stepExecutionStatuses"] = [step]
        return execution

    def _error(self, number: int, *, with_types: bool) -> dict[str, Any]:
        words = {
            "description": "Unable to trigger device settings override process.",
            "code": None,
            "location": None,
        }
        error: dict[str, Any] = {
            "item": f"AA11BB{self.number:04X}{number:02X}",
            "itemNumber": number,
            "trackingId": f"ATLAS_{uuid.uuid5(_NAMESPACE, f'{self.number} {number}')}_0",
            "error": {"key": "500", "message": [words]},
        }
        return {**error, "errorType": "ERROR"} if with_types else error


@dataclass(slots=True)
class History:
    """All jobs of the one customer; at most one runs at a time. `new_job_lasts` is of jobs begun by POST."""

    jobs: list[SimulatedJob] = field(default_factory=list)
    new_job_lasts: timedelta = timedelta(seconds=20)

    @classmethod
    def believable(cls, *, now_running: bool = True) -> Self:
        """Some weeks of an office's jobs: every ending there is, and one that runs for 90 seconds more."""
        jobs = list(_past(_now()))
        if now_running:
            began = _now() - timedelta(seconds=30)
            jobs.append(SimulatedJob(len(jobs) + 1, began, timedelta(seconds=120), 412, customized=True))
        return cls(jobs)

    @classmethod
    def many(cls, number: int) -> Self:
        """So many jobs that have ended well, one an hour."""
        now = _now()
        begins = (now - timedelta(hours=number - each) for each in range(number))
        return cls([SimulatedJob(n, began, timedelta(seconds=11), 23) for n, began in enumerate(begins, 1)])

    def latest_first(self) -> list[SimulatedJob]:
        """All jobs as the list gives them."""
        return sorted(self.jobs, key=lambda job: (job.began, job.number), reverse=True)

    def running(self) -> SimulatedJob | None:
        """The job that runs now."""
        return next((job for job in self.jobs if job.is_running), None)

    def job(self, job_id: str) -> SimulatedJob | None:
        """The job of this id; padding does not matter."""
        return next((job for job in self.jobs if job.id == job_id.rstrip("=")), None)

    def begin(self, location: str, *, customized: bool) -> SimulatedJob:
        """Begins a job; the caller has seen that none is running."""
        job = SimulatedJob(
            len(self.jobs) + 1, _now(), self.new_job_lasts, 57, location=location, customized=customized
        )
        self.jobs.append(job)
        return job


def _past(now: datetime) -> Iterator[SimulatedJob]:
    ends: tuple[tuple[str, str, str, int], ...] = (
        ("COMPLETED", "COMPLETED", "", 0),
        ("COMPLETED", "COMPLETED", "Boston", 0),
        ("COMPLETED", "COMPLETED_WITH_ERRORS", "", 3),
        ("FAILED", "FAILED", "San José", 1),
        ("COMPLETED", "COMPLETED", "Köln", 0),
        ("FAILED", "STOPPED", "", 0),
        ("COMPLETED", "COMPLETED", "", 0),
        ("ABANDONED", "FAILED", "Boston", 1),
        ("COMPLETED", "COMPLETED_WITH_PENDING_ORDERS", "", 0),
        ("COMPLETED", "COMPLETED", "", 0),
        ("COMPLETED", "COMPLETED_WITH_ERRORS", "Köln", 2),
    )
    for number, (status, exit_code, location, failed) in enumerate(ends, 1):
        began = now - timedelta(days=2.3 * (len(ends) + 1 - number), minutes=17 * number)
        lasts = timedelta(seconds=11.393 + 40 * (number % 4))
        yield SimulatedJob(
            number, began, lasts, 23 * number, exit_code, status, location, number % 3 == 0, failed
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _duration(passed: timedelta) -> str:
    return f"PT{passed.total_seconds():.3f}S"
