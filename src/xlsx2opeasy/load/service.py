"""`load` and `resume` as functions: what the command line and the library call."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from xlsx2opeasy.errors import LoadRefused, UsageError
from xlsx2opeasy.load.earlier import peek, real_jobs
from xlsx2opeasy.load.events import Listener, WorkbookChecked
from xlsx2opeasy.load.home import Home, JobFolder, state_folder
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.locks import enterprise_lock, job_lock
from xlsx2opeasy.load.open_job import Connect, OpenJob
from xlsx2opeasy.load.prepare import LoadOptions, Prepared, Target, freeze, prepare
from xlsx2opeasy.load.run import LoadResult, Runner, Waiting
from xlsx2opeasy.load.state import JOB, UNKNOWN, Fact

Confirm = Callable[[Prepared], bool]


@dataclass(frozen=True)
class Surroundings:
    """What a load needs besides the workbook: who to tell, how to wait, where jobs are kept."""

    tell: Listener
    connect: Connect
    waiting: Waiting = field(default_factory=Waiting)
    interruption: Interruption = field(default_factory=Interruption)
    home: Home = field(default_factory=lambda: Home(state_folder()))


@dataclass(frozen=True)
class Settling:
    """What a person knows of a schedule request that got no answer: the run's id, or that there is none."""

    scheduled_id: str | None = None
    not_scheduled: str | None = None


def load(
    workbook: Path,
    target: Target,
    options: LoadOptions,
    around: Surroundings,
    confirm: Confirm = lambda _: True,
) -> LoadResult:
    """Loads one workbook, from reading it to the results in it.

    Raises WorkbookUnusable where it cannot be read, LoadRefused where it must not be loaded, LocalFailure
    where the job could not be put on disk: nothing was sent then. Every other end is a LoadResult.
    """
    with around.interruption.listening(), _lock(around.home, target):
        prepared = prepare(workbook, target, options)
        checked = prepared.checked
        around.tell(WorkbookChecked(str(workbook), checked.total, checked.problems))
        if prepared.tasks and not confirm(prepared):
            raise LoadRefused("nothing was sent: the question was answered with no", "")
        folder = freeze(around.home, workbook, target, options, prepared)
        return _work_on(folder, around)


def resume(job_id: str | None, around: Surroundings, settling: Settling | None = None) -> LoadResult:
    """Goes on with a job, the latest unfinished one where none is named; needs nothing but the job's folder.

    Raises UsageError where there is nothing to resume.
    """
    folder = around.home.job(job_id) if job_id else _latest_unfinished(around.home)
    facts, _ = peek(folder)
    if facts.rehearsal:
        raise UsageError(
            f"job {facts.job} was a rehearsal; its sandbox is gone", "rehearse again with load --sandbox"
        )
    target = Target(facts.origin, facts.enterprise_id)
    with around.interruption.listening(), _lock(around.home, target):
        if settling is not None:
            _settle(folder, settling)
        return _work_on(folder, around)


def _lock(home: Home, target: Target) -> AbstractContextManager[None]:
    return nullcontext() if target.rehearsal else enterprise_lock(home, target.origin, target.enterprise_id)


def _work_on(folder: JobFolder, around: Surroundings) -> LoadResult:
    with job_lock(folder), closing(OpenJob(folder)) as job:
        return Runner(job, around.connect, around.interruption, around.tell, around.waiting).run()


def _latest_unfinished(home: Home) -> JobFolder:
    for folder, _, state in real_jobs(home):
        if state.finished is None or state.finished == UNKNOWN:
            return folder
    raise UsageError("there is no unfinished job on this machine", "xlsx2opeasy jobs lists all jobs")


def _settle(folder: JobFolder, settling: Settling) -> None:
    with closing(OpenJob(folder)) as job:
        undecided = [state for state in job.state.phases.values() if state.undecided is not None]
        if not undecided:
            raise UsageError(
                f"job {folder.job_id} has no operation that is undecided",
                f"xlsx2opeasy resume {folder.job_id}",
            )
        state = undecided[0]
        if settling.not_scheduled is not None and settling.not_scheduled != state.operation_id:
            raise UsageError(
                f"the undecided operation of job {folder.job_id} is {state.operation_id},"
                f" not {settling.not_scheduled}",
                "look for that one in the portal",
            )
        job.note(state.number, Fact.SETTLED, scheduled_id=settling.scheduled_id)
        job.note(JOB, Fact.SETTLED)
