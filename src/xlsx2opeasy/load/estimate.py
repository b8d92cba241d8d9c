"""How long a load may take: its requests, the pace of earlier loads at the server, how far this one is.

For estimates in words, never more.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.events import Listener, RunProgress
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts, read_facts, read_records
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.store import Store, StoredJob
from xlsx2opeasy.load.jobs.steps import RESULTS, UPLOAD, VERIFY, WAIT, Course
from xlsx2opeasy.load.plan.phases import Phase
from xlsx2opeasy.tasks.chunks import groups
from xlsx2opeasy.tasks.limits import ChunkLimits

REQUESTS_ONCE = 1
"""Logging in. All of these are the least: more where the server takes long."""
REQUESTS_EACH_OPERATION = 6
"""Create, read the counts, schedule, one look at the status, and the two deletions."""
REQUESTS_EACH_TYPE = 2
"""The download of the tasks for verifying, and the download of the results."""


def requests_of(phase: Phase, chunks: int) -> int:
    """Those of one operation."""
    return REQUESTS_EACH_OPERATION + chunks + REQUESTS_EACH_TYPE * len({task.type for task in phase.tasks})


def requests_in_all(phases: Sequence[Phase], limits: ChunkLimits) -> int:
    """Those of a whole load."""
    return REQUESTS_ONCE + sum(
        requests_of(each, sum(1 for _ in groups(each.tasks, limits))) for each in phases
    )


LATEST, LOOKED_AT = 5, 50
"""So many jobs of a server count, of so many of the latest jobs."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What earlier jobs took: seconds for all of their tasks, sent and run; so many `jobs` count."""

    jobs: int = 0
    tasks: int = 0
    sending: float = 0.0
    running: float = 0.0

    @property
    def rate(self) -> float | None:
        """Tasks a second of the back end; None where nothing is known."""
        return self.tasks / self.running if self.tasks and self.running else None

    def seconds(self, tasks: int) -> float | None:
        """How long a load of so many tasks may take; None where nothing is known."""
        return tasks * (self.sending + self.running) / self.tasks if self.tasks else None


def pace_of(store: Store, origin: str) -> Pace:
    """The pace of the latest jobs at this server; rehearsals and damaged jobs are left aside."""
    found = Pace()
    latest: list[StoredJob] = []
    with contextlib.suppress(LocalFailure):  # a load that can go on without an estimate does so
        latest = list(store.jobs(latest=LOOKED_AT))
    for stored in latest:
        if found.jobs == LATEST:
            break
        try:
            facts = read_facts(stored)
            if facts.rehearsal or facts.origin != origin:
                continue
            course = Course(facts, read_records(stored, facts))
        except LocalFailure:
            continue
        ran = {step.phase for step in course.steps if step.name == RESULTS and step.ended}
        tasks = sum(phase.tasks for phase in facts.phases if phase.number in ran)
        if tasks:
            sending = _spent(course, ran, UPLOAD, VERIFY)
            running = _spent(course, ran, WAIT, RESULTS)
            found = Pace(
                found.jobs + 1, found.tasks + tasks, found.sending + sending, found.running + running
            )
    return found


def _spent(course: Course, phases: set[int], *names: str) -> float:
    return sum(
        max(0.0, (datetime.fromisoformat(step.ended) - datetime.fromisoformat(step.began)).total_seconds())
        for step in course.steps
        if step.phase in phases and step.name in names and step.ended
    )


@dataclass
class Progress:
    """Reports after each operation. The rate is this run's, once an operation has ended in it.

    `expected` is the rate of earlier jobs at this server, None where there are none.
    """

    job: OpenJob
    interruption: Interruption
    tell: Listener
    expected: float | None = None
    _ran: int = 0
    _seconds: float = 0.0
    _began: float | None = None

    def started(self, phase: PhaseFacts) -> None:
        """The operation is about to run."""
        known = self.job.phase_state(phase).results_saved  # since an earlier run
        self._began = None if known else self.interruption.monotonic()
        if not known and not self._ran:
            self._report(phase)

    def ended(self, phase: PhaseFacts) -> None:
        """The results of the operation are here."""
        if self._began is not None:
            self._ran += self._rows(phase)
            self._seconds += self.interruption.monotonic() - self._began
            self._report(phase)

    def _report(self, phase: PhaseFacts) -> None:
        phases = self.job.facts.phases
        rows = sum(self._rows(each) for each in phases)
        done = sum(self._rows(each) for each in phases if self.job.phase_state(each).results_saved)
        rate = self._ran / self._seconds if self._ran and self._seconds else self.expected
        left = None if not rate else (rows - done) / rate
        self.tell(RunProgress(phase.number, done, rows, rate, left, self.interruption.wall().timestamp()))

    def _rows(self, phase: PhaseFacts) -> int:
        return sum(map(len, self.job.sent_rows(phase).values()))
