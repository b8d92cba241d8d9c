"""`load` and `resume` as functions: what the command line and the library call."""

import contextlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from xlsx2opeasy.errors import InvalidWorkbook, LoadRefused, LocalFailure, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.budget import AfterCanary
from xlsx2opeasy.load.estimate import pace_of, requests_in_all
from xlsx2opeasy.load.event_log import EventLog
from xlsx2opeasy.load.events import Listener, LoadEstimated, Notice, WorkbookChecked, WorkbookOpened
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.chunk_files import digest_of
from xlsx2opeasy.load.job.facts import JobFacts, JobRow, Target
from xlsx2opeasy.load.job.machine_lock import load_lock
from xlsx2opeasy.load.job.open_job import Connect, OpenJob
from xlsx2opeasy.load.job.state import UNKNOWN, JobState
from xlsx2opeasy.load.job.store import WORKBOOK, Store, StoredJob
from xlsx2opeasy.load.jobs.earlier import (
    Candidate,
    peek,
    real_jobs,
    refuse_if_done_or_unfinished,
    state_of,
)
from xlsx2opeasy.load.jobs.superseded import repeated, supersede, superseded_jobs
from xlsx2opeasy.load.notify import MakeNotifier, notify, unsigned
from xlsx2opeasy.load.plan.earlier_results import counting_rows, refuse_columns_of_ones_own
from xlsx2opeasy.load.plan.freeze import candidate_of, freeze, output_of
from xlsx2opeasy.load.plan.prepare import LoadOptions, Prepared, prepare
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.results.status import load_command
from xlsx2opeasy.load.run.undecided import Settling, require_undecided
from xlsx2opeasy.load.runner import Runner, Waiting
from xlsx2opeasy.operating_system import give_memory_back
from xlsx2opeasy.paths import is_file_there
from xlsx2opeasy.workbook.protection import unlock

Confirm = Callable[[Prepared], bool]


@dataclass(frozen=True)
class LoadContext:
    """What a load needs besides the workbook: who to tell, how to wait, where jobs are kept."""

    tell: Listener
    connect: Connect
    waiting: Waiting = field(default_factory=Waiting)
    interruption: Interruption = field(default_factory=Interruption)
    after_canary: AfterCanary | None = None
    notifier: MakeNotifier = unsigned
    store: Store = field(kw_only=True)


def load(
    workbook: Path,
    target: Target,
    options: LoadOptions,
    context: LoadContext,
    confirm: Confirm = lambda _: True,
) -> LoadResult:
    """Loads one workbook, from reading it to the results in it.

    Raises WorkbookUnusable where it cannot be read, LoadRefused where it must not be loaded, LocalFailure
    where the job could not be put on disk, NeverReached where the server gave no answer at all, UsageError
    where it redirected the login: nothing was sent then, and no job is left. Every other end is a LoadResult.
    """
    with context.interruption.listening(), load_lock(context.store, target):
        stored, rows = _frozen(workbook, target, options, context, confirm)
        give_memory_back()
        try:  # from here on the job on disk is all there is
            return _work_on(stored, context, rows=rows)
        except Xlsx2OpeasyError as error:
            if error.leaves_nothing:
                with contextlib.suppress(OSError, LocalFailure):  # that the server is not there weighs more
                    stored.remove()
            raise


def freeze_for_queue(
    workbook: Path, target: Target, options: LoadOptions, context: LoadContext, confirm: Confirm
) -> StoredJob:
    """Puts a workbook into the store as a job that another process will work on; nothing is sent.

    Raises InvalidWorkbook where nothing of it is to be sent, and what `load` raises before a job begins.
    """
    with context.interruption.listening():
        return _frozen(workbook, target, options, context, confirm, queued=True)[0]


def _frozen(
    workbook: Path,
    target: Target,
    options: LoadOptions,
    context: LoadContext,
    confirm: Confirm,
    *,
    queued: bool = False,
) -> tuple[StoredJob, Sequence[JobRow]]:
    """The job on disk, from a workbook that was read and checked; and its rows."""
    context.tell(WorkbookOpened(str(workbook)))
    with context.interruption.immediate():
        prepared = prepare(workbook, target, options, partial(state_of, context.store))
    checked = prepared.checked
    context.tell(
        WorkbookChecked(str(workbook), checked.total, checked.problems, checked.workbook.other_sheets)
    )
    for note in prepared.notes:
        context.tell(Notice(note))
    if options.allowed:
        context.tell(Notice(f"Rules allowed: {', '.join(sorted(options.allowed))}", important=True))
    if prepared.warning:
        context.tell(Notice(prepared.warning, important=True))
    with counting_rows(checked):
        if queued and prepared.stopped:
            raise InvalidWorkbook(prepared.stopped, f"see what is wrong: xlsx2opeasy check {workbook}")
        return _begun(workbook, target, options, prepared, context, confirm)


def _begun(
    workbook: Path,
    target: Target,
    options: LoadOptions,
    prepared: Prepared,
    context: LoadContext,
    confirm: Confirm,
) -> tuple[StoredJob, Sequence[JobRow]]:
    """The job on disk, after all that could keep it from being begun, the person's answer last."""
    refuse_columns_of_ones_own(prepared.checked)
    output_of(workbook, target, options, prepared)
    candidate = candidate_of(workbook, target, prepared)
    prepared = _with_repeated(prepared, target, options, candidate, context)
    if prepared.tasks:
        pace = pace_of(context.store, target.origin)
        requests = requests_in_all(prepared.phases, options.limits)
        context.tell(LoadEstimated(requests, pace.seconds(prepared.tasks), pace.jobs))
    if prepared.tasks and not confirm(prepared):
        raise LoadRefused("nothing was sent: the question was answered with no", "")
    if target.rehearsal:
        stored = freeze(context.store, workbook, target, options, prepared, candidate, context.tell)
        return stored, prepared.rows
    with context.store.freeze_lock(target.origin, target.enterprise_id):
        stored = freeze(context.store, workbook, target, options, prepared, candidate, context.tell)
        for each in superseded_jobs(context.store, candidate):
            supersede(each, stored.job_id)
    return stored, prepared.rows


def _with_repeated(
    prepared: Prepared, target: Target, options: LoadOptions, candidate: Candidate, context: LoadContext
) -> Prepared:
    """Tells of rows that succeeded before and are to be sent again, unless just that was asked for."""
    if target.rehearsal or options.again or options.all_rows:
        return prepared
    refuse_if_done_or_unfinished(context.store, candidate, again=False)
    found = repeated(context.store, candidate)
    for each in found:
        rows = "1 row" if each.rows == 1 else f"{each.rows:,} rows"
        instead = f"; to send only the others, load {each.instead}" if each.instead else ""
        said = f"{rows} of this workbook succeeded in job {each.job} of {each.date} and will be sent again"
        context.tell(Notice(f"{said}{instead}.", important=True))
    return replace(prepared, repeated=sum(each.rows for each in found))


def resume(job_id: str | None, context: LoadContext, settling: Settling | None = None) -> LoadResult:
    """Goes on with a job, the latest unfinished one where none is named; needs nothing but the job itself.

    The workbook as it was when the load began is what counts: where it was changed since, that is reported.
    `settling` is a person's word about an operation that is undecided. Raises UsageError where there is
    nothing to resume or to settle.
    """
    stored = context.store.job(job_id) if job_id else _latest_unfinished(context.store)
    facts, state = peek(stored)
    if facts.rehearsal:
        raise UsageError(
            f"job {facts.job} was a rehearsal; its sandbox is gone", "rehearse again with load --sandbox"
        )
    _refuse_halted(facts, state)
    target = Target(facts.origin, facts.enterprise_id)
    _tell_of_changed_workbook(stored, facts, state, context)
    if state.finished in (None, UNKNOWN):
        with stored.as_path(WORKBOOK) as frozen:
            unlock(frozen, Path(facts.workbook).name)
    with context.interruption.listening(), load_lock(context.store, target):
        return _work_on(stored, context, settling)


def _refuse_halted(facts: JobFacts, state: JobState) -> None:
    """Raises UsageError where the job's budget stopped it and nothing of it is left to be done."""
    if state.halted is not None and state.finished not in (None, UNKNOWN) and state.cleaned:
        raise UsageError(
            f"job {facts.job} is done: {state.halted}, so nothing further was started",
            f"the rows left are sent by loading its results: {load_command(facts, state.written)}",
        )


def _work_on(
    stored: StoredJob,
    context: LoadContext,
    settling: Settling | None = None,
    *,
    rows: Sequence[JobRow] | None = None,
) -> LoadResult:
    """Works on a job to its end; `rows` are those of one that was just begun."""
    with stored.working(), closing(OpenJob(stored, rows)) as job, EventLog(stored, context.tell) as log:
        if settling is not None:
            require_undecided(job, settling)
        waiting = replace(context.waiting, expected_rate=pace_of(context.store, job.facts.origin).rate)
        how = (context.interruption, log, waiting, settling, context.after_canary)
        works = job.state.finished in (None, UNKNOWN)
        result = log.ended(Runner(job, context.connect, *how, is_new=rows is not None).run())
        if works:
            notify(job, result, context.notifier, log)
        return result


def _latest_unfinished(store: Store) -> StoredJob:
    """The latest job without an end; else one that was cut off while it removed its secrets after the end."""
    for stored, _, state in real_jobs(store, unfinished=True):
        if (state.finished is None or state.finished == UNKNOWN) and not stored.is_queued():
            return stored
    for stored, _, state in real_jobs(store):
        if not state.cleaned and not stored.is_queued():
            return stored
    raise UsageError(f"there is no unfinished job {store.here}", "xlsx2opeasy jobs lists all jobs")


def _tell_of_changed_workbook(
    stored: StoredJob, facts: JobFacts, state: JobState, context: LoadContext
) -> None:
    path = Path(facts.workbook)
    if state.finished is not None or not facts.is_of_this_machine or not is_file_there(path):
        return
    with contextlib.suppress(OSError):
        digest = digest_of(stored, keyed=facts.is_keyed)(path.read_bytes())
        if digest != facts.workbook_sha256 and digest not in state.written_hashes:
            said = f"{path} was changed since the load began: the job goes on with what it was then."
            context.tell(Notice(said))
