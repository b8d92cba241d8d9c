"""Giving up a job that is not finished: its drafts are deleted, and its rows become NOT SENT.

Not after a schedule request whose outcome is not settled: what the server may be running cannot be taken
back, and the rows must not look as if they could be sent again. A person who knows that nothing can settle it
any more may close the job as undecided; then its rows stay UNKNOWN. Not while the run is known: `resume` has
its results then, or finds that the server lost it.
"""

from contextlib import closing
from pathlib import Path

from xlsx2opeasy.errors import Interrupted, LoadRefused, UsageError, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.load.events import Notice
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.machine_lock import load_lock
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import ABANDONED, FAILED, JOB, UNKNOWN, JobState, PhaseState
from xlsx2opeasy.load.job.store import WORKBOOK, Store, StoredJob
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

    With `undecided` also where it is in doubt whether an operation was started, or the server lost its run:
    its rows stay UNKNOWN then, and are sent again only once a person settled the Result of each. The server
    is asked only where a draft may be there. Rows of an operation that has run keep their results.

    Raises what `refuse` raises, LoadRefused (6) where another process works on the job, what the client
    raises where a draft could not be deleted (the job is then as it was).
    """
    refuse(job_id, context.store, undecided=undecided)  # once finished, it has no workbook
    stored = context.store.job(job_id)
    facts, _ = peek(stored)
    target = Target(facts.origin, facts.enterprise_id, facts.rehearsal)
    with stored.as_path(WORKBOOK) as frozen:
        unlock(frozen, Path(facts.workbook).name)
    with context.interruption.listening(), load_lock(context.store, target), stored.working():
        return _abandon(stored, context, undecided=undecided)


def refuse(job_id: str, store: Store, *, undecided: bool) -> None:
    """Raises what keeps the job from being given up.

    UsageError where there is no such job or it is finished, LoadRefused (6) where an operation of it runs or,
    unless `undecided`, may have been started.
    """
    _refuse(job_id, peek(store.job(job_id))[1], undecided=undecided)


def _refuse(job_id: str, state: JobState, *, undecided: bool) -> None:
    if state.finished not in (None, UNKNOWN):
        # rare: given up although it is finished
        raise UsageError(
            f"job {job_id} is finished ({state.finished}): there is nothing to give up",
            f"xlsx2opeasy jobs show {job_id} tells how it ended",
        )
    for phase in state.phases.values():
        if phase.results_saved:
            continue
        results_lost = phase.ended is not None and state.stopped == FAILED
        if not undecided:
            _refuse_in_doubt(job_id, phase)
        if phase.scheduled_id is not None and not (undecided and (phase.undecided or results_lost)):
            # rare: given up while it runs
            operation = phase.operation_id
            lost = f"; where the server has lost them: xlsx2opeasy jobs abandon {job_id} --undecided"
            raise LoadRefused(
                f"job {job_id} cannot be given up: operation {operation} was started and takes effect",
                f"xlsx2opeasy resume {job_id} fetches its results{lost if results_lost else ''}",
            )


def _abandon(stored: StoredJob, context: LoadContext, *, undecided: bool) -> RowResults:
    with closing(OpenJob(stored)) as job:
        _refuse(stored.job_id, job.state, undecided=undecided)
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


def _refuse_in_doubt(job_id: str, phase: PhaseState) -> None:
    if phase.undecided is not None or (phase.scheduled_id is None and phase.may_run):
        # rare: given up while a start is in doubt
        raise LoadRefused(
            f"job {job_id} cannot be given up: operation {phase.operation_id} may have been started",
            f"look for it in the portal, then {how_to_settle(phase, job_id)}"
            if phase.undecided is not None
            else f"xlsx2opeasy resume {job_id} finds out",
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
