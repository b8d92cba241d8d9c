"""This machine's jobs in the shape of Webex's job list, latest first. Nothing is written, no server is asked.

Secrets are nowhere in it: facts and journals hold none.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from xlsx2opeasy.errors import Interrupted, LocalFailure, StillRunning
from xlsx2opeasy.job_model import Job, member, truth_of
from xlsx2opeasy.load.job.facts import JobFacts, read_facts, read_records
from xlsx2opeasy.load.job.state import (
    ABANDONED,
    COMPLETED,
    FAILED,
    INVALID,
    REJECTED,
    WITH_ERRORS,
    JobState,
)
from xlsx2opeasy.load.job.store import Store, StoredJob
from xlsx2opeasy.load.jobs.steps import Course, check_step, elapsed, step_item

JOB_TYPE: Final = "opeasyload"
_ENDINGS: Final[Mapping[str, tuple[str, str]]] = {
    COMPLETED: ("COMPLETED", "COMPLETED"),
    WITH_ERRORS: ("COMPLETED", "COMPLETED_WITH_ERRORS"),
    ABANDONED: ("FAILED", "STOPPED"),
}
"""Status and exit code by how a job finished; everything else is FAILED, and the message says why."""
_FINAL: Final = frozenset({COMPLETED, WITH_ERRORS, REJECTED, INVALID, ABANDONED})
_FAILED, _STOPPED, _RUNNING = ("FAILED", "FAILED"), ("FAILED", "STOPPED"), ("STARTED", "UNKNOWN")
_QUEUED: Final[dict[str, Any]] = {
    "latestExecutionStatus": "STARTING",
    "latestExecutionExitCode": "UNKNOWN",
    "loadStatus": "queued",
    "message": "queued; a worker takes it up",
}
_DAY = re.compile(r"[LR](\d{4})(\d{2})(\d{2})-")


@dataclass(frozen=True, slots=True)
class LocalJob(Job):
    """A job of this program: what Webex's shape has, and what only a load has.

    `load_status` is the `status` of `load --json`, `queued` or `abandoned`; None where its files are damaged.
    `counts` of one that runs are those so far; `machine` has its workbook, empty where the store is of one.
    """

    load_status: str | None = member("loadStatus")
    workbook: str | None = member("workbook")
    results: str | None = member("results")
    origin: str | None = member("origin")
    rehearsal: bool | None = member("rehearsal", truth_of)
    machine: str | None = member("machine")

    @property
    def is_final(self) -> bool:
        """Whether `resume` would change nothing any more."""
        return self.load_status in _FINAL

    @property
    def runs_at_server(self) -> bool:
        """Whether no process here works on the job, and the server still does."""
        return self.load_status == StillRunning.status and bool(self.message)

    @property
    def can_be_resumed(self) -> bool:
        """Whether `resume` is the next step: not for what ended, runs, is damaged or was a rehearsal."""
        if self.rehearsal or self.load_status is None:
            return False
        return self.runs_at_server if self.load_status == StillRunning.status else not self.is_final


def list_jobs(store: Store, *, start: int = 0, most: int | None = None) -> list[LocalJob]:
    """The jobs from the zero-based offset `start` on, at most `most`, latest first; damaged ones too."""
    known = sorted(store.jobs(), key=lambda each: (_created(each), each.job_id), reverse=True)
    end = None if most is None else start + most
    return [job_of(each) for each in known[start:end]]


def job_of(stored: StoredJob) -> LocalJob:
    """One job; where its files are damaged it is a FAILED one that says so."""
    try:
        facts = read_facts(stored)
        running = stored.is_worked_on()
        course = Course(facts, read_records(stored, facts))
        queued = not running and course.state.finished is None and stored.is_queued()
    except LocalFailure as damage:
        return LocalJob.from_json(_damaged(stored, damage))
    item = _item(facts, course, running=running)
    if running:
        item["counts"] = _counts_so_far(stored, facts, course.state) or item["counts"]
    return LocalJob.from_json(item | _QUEUED if queued else item)


def _counts_so_far(stored: StoredJob, facts: JobFacts, state: JobState) -> dict[str, int]:
    """Those of a job that runs; none where its rows are damaged, which the process that works on it finds."""
    from xlsx2opeasy.load.results.row_results import counts_so_far

    with contextlib.suppress(LocalFailure):
        return counts_so_far(stored, facts, state)
    return {}


def _created(stored: StoredJob) -> str:
    try:
        return read_facts(stored).created
    except LocalFailure:
        day = _DAY.match(stored.job_id)
        return "-".join(day.groups()) if day else ""


def _damaged(stored: StoredJob, damage: LocalFailure) -> dict[str, Any]:
    return {
        "id": stored.job_id,
        "jobType": JOB_TYPE,
        "trackingId": stored.job_id,
        "jobExecutionStatus": [],
        "latestExecutionStatus": "FAILED",
        "latestExecutionExitCode": "FAILED",
        "rehearsal": stored.job_id.startswith("R"),
        "message": damage.message,
    }


def _item(facts: JobFacts, course: Course, *, running: bool) -> dict[str, Any]:
    state = course.state
    status, exit_code = _RUNNING if running else _ending(state)
    return {
        "id": facts.job,
        "name": "rehearsal" if facts.rehearsal else "load",
        "jobType": JOB_TYPE,
        "trackingId": facts.job,
        "sourceUserId": facts.user,
        "sourceCustomerId": facts.enterprise_id,
        "targetCustomerId": facts.enterprise_id,
        "instanceId": int(datetime.fromisoformat(facts.created).timestamp() * 1000),
        "jobExecutionStatus": [_execution(facts, course, status, exit_code, running=running)],
        "latestExecutionStatus": status,
        "latestExecutionExitCode": exit_code,
        "percentageComplete": 100 if status == "COMPLETED" else course.percentage,
        "counts": dict(state.counts),
        "rehearsal": facts.rehearsal,
        "origin": facts.origin,
        "workbook": facts.workbook,
        "machine": facts.machine,
        "results": state.written,
        "operations": [each.operation_id for each in state.phases.values() if each.operation_id],
        "loadStatus": _load_status(state, running=running),
        "message": "" if running else _message(facts, state),
    }


def _load_status(state: JobState, *, running: bool) -> str:
    """The `status` of `load --json`, and `abandoned`: finer than what Webex's shape can say."""
    if running:
        return StillRunning.status
    return state.finished or state.stopped or Interrupted.status


def _ending(state: JobState) -> tuple[str, str]:
    if state.finished is not None:
        return _ENDINGS.get(state.finished, _FAILED)
    if state.stopped == StillRunning.status:
        return _RUNNING
    return _FAILED if state.stopped == FAILED else _STOPPED


def _message(facts: JobFacts, state: JobState) -> str:
    if state.finished is not None or state.stopped is not None:
        return state.message
    if facts.rehearsal:
        return "interrupted; its sandbox is gone, so rehearse again"
    return f"interrupted; go on with: xlsx2opeasy resume {facts.job}"


def _execution(
    facts: JobFacts, course: Course, status: str, exit_code: str, *, running: bool
) -> dict[str, Any]:
    """All runs of a job are one execution: it goes on where it stood, so its time counts from the first."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    finished_at = course.state.finished_at if course.state.finished is not None else None
    ended = None if running else finished_at or course.last_at
    check = check_step(facts, valid=course.state.finished != INVALID)
    steps = [
        step_item(number, step, running=running, last_at=course.last_at, now=now)
        for number, step in enumerate(course.steps, 2)
    ]
    execution: dict[str, Any] = {
        "id": 1,
        "createdTime": facts.created,
        "startTime": facts.created,
        "lastUpdated": course.last_at,
        "statusMessage": status,
        "exitCode": exit_code,
        "stepExecutionStatuses": [check, *steps],
        "timeElapsed": elapsed(facts.created, ended or now),
    }
    return execution if ended is None else {**execution, "endTime": ended}
