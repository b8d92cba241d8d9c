"""The steps of a job as its journal shows them: the check, then for each operation upload to results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from xlsx2opeasy.job_model import duration_text
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.fold import apply
from xlsx2opeasy.load.job.journal import INTENT, OUTCOME, Call, Fact, Record, Verdict
from xlsx2opeasy.load.job.state import JOB, JobState, PhaseState

UPLOAD, VERIFY, SCHEDULE, WAIT, RESULTS = "upload", "verify", "schedule", "wait", "results"
SHARES: Final = {UPLOAD: 40, VERIFY: 10, SCHEDULE: 5, WAIT: 35, RESULTS: 10}
"""What each step adds to the percentage of an operation."""


@dataclass(slots=True)
class Step:
    """One step of one operation: when it began and ended (ISO 8601), and its exit code once it has."""

    phase: int
    name: str
    began: str
    ended: str | None = None
    exit_code: str = ""


class Course:
    """Follows a journal from its beginning; afterwards `state` is the job's, and `steps` what was done."""

    def __init__(self, facts: JobFacts, records: Iterable[Record]) -> None:
        self.facts = facts
        self.state = JobState()
        self.last_at = facts.created
        self._steps: dict[tuple[int, str], Step] = {}
        self._chunks = {phase.number: len(phase.chunks) for phase in facts.phases}
        for record in records:
            apply(self.state, record)
            self.last_at = record.at
            if record.phase != JOB:
                self._follow(record, self.state.phase(record.phase))

    @property
    def steps(self) -> list[Step]:
        """In the order in which they began."""
        return list(self._steps.values())

    @property
    def percentage(self) -> int:
        """How far the job came, by the tasks of its operations."""
        total = sum(phase.tasks for phase in self.facts.phases)
        done = sum(phase.tasks * self._share(phase.number) for phase in self.facts.phases)
        return int(done / total) if total else 0

    def _share(self, phase: int) -> float:
        steps = [each for each in self.steps if each.phase == phase]
        ended = {each.name for each in steps if each.exit_code not in ("", "FAILED")}
        share = float(sum(SHARES[name] for name in ended))
        if UPLOAD not in ended and (phase, UPLOAD) in self._steps and self._total_chunks(phase):
            share += SHARES[UPLOAD] * self.state.phase(phase).appended / self._total_chunks(phase)
        return share

    def _total_chunks(self, phase: int) -> int:
        cut_again = self.state.phase(phase).chunks
        return self._chunks.get(phase, 0) if cut_again is None else len(cut_again)

    def _follow(self, record: Record, phase: PhaseState) -> None:
        if record.kind == INTENT:
            self._intended(record)
        elif record.kind == OUTCOME:
            self._answered(record, phase)
        else:
            self._noted(record, phase)

    def _intended(self, record: Record) -> None:
        if record.call == Call.CREATE:
            first = self._steps.get((record.phase, UPLOAD))
            for name in SHARES:
                self._steps.pop((record.phase, name), None)
            self._begin(record.phase, UPLOAD, first.began if first else record.at)
        elif record.call == Call.SCHEDULE:
            self._steps.pop((record.phase, SCHEDULE), None)
            self._begin(record.phase, SCHEDULE, record.at)

    def _answered(self, record: Record, phase: PhaseState) -> None:
        verdict = record.detail["verdict"]
        if record.call == Call.APPEND:
            self._appended(record, phase)
        elif record.call == Call.SCHEDULE and verdict == Verdict.APPLIED:
            self._scheduled(record)
        elif record.call == Call.SCHEDULE and verdict != Verdict.UNKNOWN:
            self._end(record, SCHEDULE, "FAILED")

    def _noted(self, record: Record, phase: PhaseState) -> None:
        match record.call:
            case Fact.CONFIRMED:
                self._appended(record, phase)
            case Fact.REJECTIONS:
                self._end(record, VERIFY, "COMPLETED_WITH_ERRORS")
            case Fact.VERIFIED:
                self._end(record, VERIFY, "COMPLETED")
            case Fact.SETTLED if phase.scheduled_id is not None:
                self._scheduled(record)
            case Fact.UNDECIDED:
                self._end(record, WAIT if (record.phase, WAIT) in self._steps else SCHEDULE, "FAILED")
            case Fact.ENDED:
                self._end(record, WAIT, "COMPLETED")
                self._begin(record.phase, RESULTS, record.at)
            case Fact.REOPENED:
                self._steps.pop((record.phase, RESULTS), None)
                self._steps.pop((record.phase, WAIT), None)
                self._begin(record.phase, WAIT, record.at)
            case Fact.RESULTS_SAVED:
                self._end(record, RESULTS, "COMPLETED")

    def _appended(self, record: Record, phase: PhaseState) -> None:
        if phase.appended and phase.appended >= self._total_chunks(record.phase):
            self._end(record, UPLOAD, "COMPLETED")
            self._begin(record.phase, VERIFY, record.at)

    def _scheduled(self, record: Record) -> None:
        self._end(record, SCHEDULE, "COMPLETED")
        self._begin(record.phase, WAIT, record.at)

    def _begin(self, phase: int, name: str, at: str) -> None:
        self._steps.setdefault((phase, name), Step(phase, name, at))

    def _end(self, record: Record, name: str, exit_code: str) -> None:
        step = self._steps.setdefault((record.phase, name), Step(record.phase, name, record.at))
        step.ended = record.at
        step.exit_code = step.exit_code or exit_code


def check_step(facts: JobFacts, *, valid: bool) -> Mapping[str, Any]:
    """The check's item: the journal begins after it, so that only its end is known."""
    ending = "COMPLETED" if valid else "FAILED"
    times = {"endTime": facts.created, "lastUpdated": facts.created}
    return {"id": 1, "name": "check", "statusMessage": ending, "exitCode": ending, **times}


def step_item(number: int, step: Step, *, running: bool, last_at: str, now: str) -> Mapping[str, Any]:
    """The item of a step; one that has not ended is under way, or was stopped when the journal ended."""
    until = step.ended or (now if running else last_at)
    item: dict[str, Any] = {
        "id": number,
        "name": f"{step.name}-{step.phase}",
        "startTime": step.began,
        "lastUpdated": step.ended or last_at,
        "timeElapsed": elapsed(step.began, until),
    }
    if step.ended is not None:
        status = "FAILED" if step.exit_code == "FAILED" else "COMPLETED"
        return {**item, "endTime": step.ended, "statusMessage": status, "exitCode": step.exit_code}
    if running:
        return {**item, "statusMessage": "STARTED", "exitCode": "UNKNOWN"}
    return {**item, "endTime": last_at, "statusMessage": "FAILED", "exitCode": "STOPPED"}


def elapsed(began: str, ended: str) -> str:
    """The duration between two times, as ISO 8601 writes it; none where the clock was put back meanwhile."""
    passed = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    return duration_text(max(passed, timedelta(0)))
