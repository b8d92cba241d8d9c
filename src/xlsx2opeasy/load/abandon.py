"""Giving up a job that is not finished: its drafts are deleted, and its rows become NOT SENT.

Not after a schedule request whose outcome is not settled: what the server may be running cannot be taken
back, and the rows must not look as if they could be sent again. A person who knows that nothing can settle it
any more may close the job as undecided; then its rows stay UNKNOWN.
"""

from contextlib import closing
from pathlib import Path

from xlsx2opeasy.errors import Interrupted, LoadRefused, UsageError, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.load.events import Notice
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.machine_lock import load_lock
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import ABANDONED, JOB, UNKNOWN, PhaseState
from xlsx2opeasy.load.job.store import WORKBOOK, StoredJob
from xlsx2opeasy.load.jobs.earlier import peek
from xlsx2opeasy.load.results.completed_effects import write_completed_effects
from xlsx2opeasy.load.results.outcomes import write_outcomes
from xlsx2opeasy.load.results.output import write_workbook
from xlsx2opeasy.load.results.row_results import RowResults, match_results
from xlsx2opeasy.load.run.cleanup import delete_at_server
from xlsx2opeasy.load.run.connection import of_job
from xlsx2opeasy.load.run.undecided import how_to_settle
from xlsx2opeasy.load.service import LoadContext
from xlsx2opeasy.workbook.protection import unlock

NOT_SENT = "not sent: the job was abandoned"


def abandon(job_id: str, context: LoadContext, *, undecided: bool = False) -> RowResults:
    """Gives the job up; afterwards it is finished, and its workbook can be loaded as if never begun.

    With `undecided` also where an operation may have been started, or was: its rows stay UNKNOWN then, and
    only rows whose Result a person empties are sent again. The server is asked only where a draft may be
    there. Rows of an operation that has run keep their results.

    Raises UsageError where there is no such job or it is finished, LoadRefused (6) where another process
    works on it or a schedule request of it is not settled, what the client raises where a draft could not be
    deleted (the job is then as it was).
    """
    stored = context.store.job(job_id)
    facts, _ = peek(stored)
    target = Target(facts.origin, facts.enterprise_id, facts.rehearsal)
    with stored.as_path(WORKBOOK) as frozen:
        unlock(frozen, Path(facts.workbook).name)
    with context.interruption.listening(), load_lock(context.store, target), stored.working():
        return _abandon(stored, context, undecided=undecided)


def _abandon(stored: StoredJob, context: LoadContext, *, undecided: bool) -> RowResults:
    with closing(OpenJob(stored)) as job:
        if job.state.finished not in (None, UNKNOWN):
            # rare: given up although it is finished
            raise UsageError(
                f"job {stored.job_id} is finished ({job.state.finished}): there is nothing to give up",
                f"xlsx2opeasy jobs show {stored.job_id} tells how it ended",
            )
        if not undecided:
            for state in job.state.phases.values():
                _refuse_unsettled(stored.job_id, state)
        if not job.facts.rehearsal:
            _delete_drafts(job, context, must_succeed=not undecided)
            _tell_of_orphans(job, context)
        if undecided:
            # rare: closed undecided
            job.note(JOB, Fact.CLOSED)
        row_results = match_results(job, NOT_SENT)
        _write_results(job, row_results, context)
        write_completed_effects(job, row_results)
        write_outcomes(stored, job.rows, row_results)
        message = (
            "closed although undecided: its UNKNOWN rows are not sent again" if undecided else "abandoned"
        )
        job.note(JOB, Fact.FINISHED, status=ABANDONED, message=message, rows=row_results.counts())
        stored.forget_secrets()
        job.note(JOB, Fact.CLEANED)
        return row_results


def _delete_drafts(job: OpenJob, context: LoadContext, *, must_succeed: bool) -> None:
    """Where nothing can be settled any more, the server may be gone for good: that must not stop it."""
    try:
        delete_at_server(job, of_job(context.connect, job, context.tell), context.interruption)
    except Interrupted:
        raise
    except Xlsx2OpeasyError as error:
        if must_succeed:
            raise
        # rare: given up while the server refuses
        context.tell(Notice(f"Something may be left at the server: {error.message}", important=True))


def _refuse_unsettled(job_id: str, state: PhaseState) -> None:
    if state.results_saved:
        return
    if state.undecided is not None or (state.scheduled_id is None and state.may_run):
        # rare: given up while a start is in doubt
        raise LoadRefused(
            f"job {job_id} cannot be given up: operation {state.operation_id} may have been started",
            f"look for it in the portal, then {how_to_settle(state, job_id)}"
            if state.undecided is not None
            else f"xlsx2opeasy resume {job_id} finds out",
        )
    if state.scheduled_id is not None:
        # rare: given up while it runs
        raise LoadRefused(
            f"job {job_id} cannot be given up: operation {state.operation_id} was started and takes effect",
            f"xlsx2opeasy resume {job_id} fetches its results",
        )


def _tell_of_orphans(job: OpenJob, context: LoadContext) -> None:
    """A draft whose creation got no answer has no id to delete it by; it is empty and does nothing."""
    for state in job.state.phases.values():
        for orphan in state.possible_orphans:
            context.tell(Notice(f"An empty draft may be left at the server (file {orphan['file']})."))


def _write_results(job: OpenJob, row_results: RowResults, context: LoadContext) -> Path | None:
    """A workbook that cannot be written must not keep a job from being given up."""
    try:
        return write_workbook(job, row_results, context.tell)
    except WorkbookUnusable as error:
        context.tell(Notice(f"The results workbook was not written: {error.message.rstrip('.')}."))
        return None
