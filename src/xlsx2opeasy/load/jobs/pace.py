"""How fast earlier loads ran at a server, from the journals of their jobs: for estimates, never more."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.facts import read_facts, read_records
from xlsx2opeasy.load.job.store import Store, StoredJob
from xlsx2opeasy.load.jobs.steps import RESULTS, UPLOAD, VERIFY, WAIT, Course

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
        latest = sorted(store.jobs(), key=lambda each: each.job_id[1:], reverse=True)[:LOOKED_AT]
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
