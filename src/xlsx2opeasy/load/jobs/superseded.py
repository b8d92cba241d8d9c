"""Earlier jobs of a workbook that do not prevent its load, and what is due about them.

Rows that succeeded in them would be sent again, which is reported; jobs that sent nothing are superseded.
"""

from contextlib import closing
from dataclasses import dataclass

from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import ABANDONED, JOB
from xlsx2opeasy.load.job.store import Store, StoredJob
from xlsx2opeasy.load.jobs.earlier import Candidate, holds_results, is_here, same_workbook
from xlsx2opeasy.load.results.outcomes import write_outcomes
from xlsx2opeasy.load.results.row_results import match_results
from xlsx2opeasy.spec.outcomes import Outcome


@dataclass(frozen=True)
class Repeated:
    """How many rows that are to be sent succeeded in an earlier job; `instead` is what to load, if any."""

    rows: int
    job: str
    date: str
    instead: str


def repeated(store: Store, candidate: Candidate) -> list[Repeated]:
    """The earlier jobs at the enterprise in which rows succeeded that are to be sent again, latest first."""
    found, left = [], set(candidate.sent)
    for earlier in candidate.earlier_jobs(store):
        facts, state = earlier.facts, earlier.state
        if succeeded := earlier.kept[Outcome.SUCCESS]:
            again = candidate.compared_with(facts, succeeded).among(sorted(left))
            left -= set(again)
            if again:
                instead = f"{state.written} instead" if state.written else ""
                if holds_results(candidate, facts, state):
                    instead = ""
                elif state.written is not None and not is_here(facts, state.written):
                    instead = f"what this brings: xlsx2opeasy queue fetch {facts.job} --output FILE"
                found.append(Repeated(len(again), facts.job, facts.created[:10], instead))
    return found


def superseded_jobs(store: Store, candidate: Candidate) -> list[StoredJob]:
    """Jobs of the workbook, at whatever server, that ended before they sent anything: a wrong address or key.

    A load of the workbook takes their place.
    """
    return [
        each.stored
        for each in candidate.earlier_jobs(store, unfinished=True)
        if each.state.never_came_to_send
        and (same_workbook(each.facts, each.state, candidate) or candidate.has_tasks_of(each.facts))
    ]


def withdraw(stored: StoredJob) -> bool:
    """Ends a job that was put into the store and never begun; False where it was begun, or is worked on."""
    try:
        with stored.working(), closing(OpenJob(stored)) as job:
            begun = job.state.finished or any(each.may_be_at_server for each in job.state.phases.values())
            if not begun:
                _end_unsent(job, "it was cancelled before it began")
            return not begun
    except LoadRefused:
        return False


def supersede(stored: StoredJob, to: str) -> None:
    """Ends a job that never sent anything, because job `to` loads its workbook; its results stay as they are.

    Where another process works on it, it is left alone. The caller holds what `load` holds.
    """
    try:
        with stored.working(), closing(OpenJob(stored)) as job:
            if job.state.never_came_to_send:
                # rare: job that sent nothing gives way
                _end_unsent(job, f"the workbook was loaded by job {to}")
    except LoadRefused:
        return


def _end_unsent(job: OpenJob, why: str) -> None:
    row_results = match_results(job, f"not sent: {why}")
    write_outcomes(job.stored, job.rows, row_results)
    said = f"nothing of it was sent; {why}"
    job.note(JOB, Fact.FINISHED, status=ABANDONED, message=said, rows=row_results.counts())
    job.stored.forget_secrets()
    job.note(JOB, Fact.CLEANED)
