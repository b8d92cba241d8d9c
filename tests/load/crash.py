"""Runs of a job in processes that kill themselves at a chosen step of the journal, and what must be true after."""

import functools
import multiprocessing
import multiprocessing.forkserver
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from foreign.server import ForeignServer
from foreign.state import Settings
from installed import CHEAP_LOCK
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.abandon import abandon
from xlsx2opeasy.load.dependents import NOT_KNOWN
from xlsx2opeasy.load.job import machine_lock
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.journal import FAILPOINT_VARIABLE, INTENT, OUTCOME, Call, Verdict
from xlsx2opeasy.load.plan.freeze import candidate_of, freeze
from xlsx2opeasy.load.plan.prepare import LoadOptions, prepare
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling
from xlsx2opeasy.opeasy.exchange import Timeouts
from xlsx2opeasy.tasks.limits import ChunkLimits

from .books import read_results
from .rig import Rig, executed, kept_promise

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__, "xlsx2opeasy.opeasy.client"])  # imported once, not by each run


@dataclass(frozen=True)
class Frozen:
    """A job as it stands before its first request, to be copied for each run of a test."""

    home: Path
    job: str
    book: Path
    rows: int


def freeze_job(folder: Path, book: Path, **options: object) -> Frozen:
    """Reads and freezes the workbook; no server is asked."""
    # No other process of this machine holds the lock of this server.
    address = ".".join(str(secrets.randbelow(254) + 1) for _ in range(3))
    target = Target(f"http://127.{address}:1", Settings().enterprise_id)
    chosen = LoadOptions(limits=ChunkLimits(tasks=2), **options)  # type: ignore[arg-type]
    prepared = prepare(book, target, chosen)
    home = Home(folder / "frozen")
    job = freeze(home, book, target, chosen, prepared, candidate_of(book, target, prepared))
    return Frozen(home.path, job.job_id, book, len(prepared.rows))


def thaw(frozen: Frozen, home: Path, server: ForeignServer) -> Rig:
    """A machine on which the job is to be done. Results of an earlier run of a test are put away."""
    shutil.copytree(frozen.home, home)
    for path in frozen.book.parent.glob(f"{frozen.book.stem}.results*"):
        path.unlink()
    return Rig(server, Home(home))


def run_and_die(rig: Rig, job: str, failpoint: str) -> bool:
    """Resumes the job in a process of its own; whether that killed itself at the failpoint."""
    process = resuming(rig, job, failpoint)
    process.start()
    process.join(300)
    assert process.exitcode in (0, -9), process.exitcode
    return process.exitcode == -9


def resuming(rig: Rig, job: str, failpoint: str = "") -> multiprocessing.process.BaseProcess:
    """A process that is to resume the job; it is forked from one that has imported everything."""
    settings = rig.server.settings
    server = (rig.server.url, settings.enterprise_id, settings.api_key)
    start_forkserver()
    return _PROCESSES.Process(target=_resume, args=(rig.home.path, job, server, rig.timeouts, failpoint))


@functools.cache
def start_forkserver() -> None:
    """It finds what it is to import on PYTHONPATH alone, and does without what it does not find."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
        multiprocessing.forkserver.ensure_running()


def _resume(home: Path, job: str, server: tuple[str, str, str], timeouts: Timeouts, failpoint: str) -> None:
    os.environ[FAILPOINT_VARIABLE] = failpoint
    cheaply(pytest.MonkeyPatch())
    Rig(_Elsewhere(*server), Home(home), timeouts=timeouts).resume(job)  # type: ignore[arg-type]


class _Elsewhere:
    """The parent's server, as the child knows it."""

    def __init__(self, url: str, enterprise_id: str, api_key: str) -> None:
        self.url = url
        self.settings = Settings(enterprise_id=enterprise_id, api_key=api_key)


def cheaply(patch: pytest.MonkeyPatch) -> None:
    """From now on the name of an enterprise's lock costs nothing: most of a small run is to make it."""
    patch.setattr(machine_lock, "_COST", CHEAP_LOCK)


def _is_ambiguous(rig: Rig, result: LoadResult, run: str | None) -> bool:
    """Whether a start had no definite answer as far as the journal knows, or one with the id of no run."""
    answered = {
        each.answers: each.detail.get("id")
        for each in rig.records(result)
        if each.kind == OUTCOME and each.detail["verdict"] != Verdict.UNKNOWN
    }
    starts = [each for each in rig.records(result) if (each.kind, each.call) == (INTENT, Call.SCHEDULE)]
    return any(each.seq not in answered or run not in (None, answered[each.seq]) for each in starts)


def close_undecided(rig: Rig, frozen: Frozen) -> LoadResult:
    """Closes a job that nothing can settle; afterwards its rows go with no workbook."""
    counts = abandon(frozen.job, rig.around(), undecided=True).counts()
    closed = rig.resume(frozen.job)
    assert (closed.status, closed.rows) == ("abandoned", counts)
    kept_promise(rig.server, closed)
    for again in (False, True):
        with pytest.raises(LoadRefused):
            rig.load(Path(str(closed.results)), again=again)
    return closed


def finish(rig: Rig, frozen: Frozen) -> LoadResult:
    """Resumes until nothing is open, as a person would; checks what was said at every end (I1-I5, I7, I8)."""
    result = rig.resume(frozen.job)
    kept_promise(rig.server, result)
    while result.status == "unknown":
        named = re.findall(r"operation (\S+) \(", result.message)
        if not named:  # there are results that differ, whatever is asked
            return close_undecided(rig, frozen)
        operation = named[0]
        runs = rig.server.state.scheduled.values()
        run = next((each.id for each in runs if each.operation_id == operation), None)
        assert _is_ambiguous(rig, result, run), "I4: UNKNOWN although a deletion could tell"
        known = Settling(run) if run else Settling(not_scheduled=operation)
        result = rig.resume(frozen.job, settling=known)
        kept_promise(rig.server, result)
        if result.exit_code == 2:  # no run is there any more, and nothing proves that there was none
            assert run is None
            assert result.rows["unknown"] > 0
            assert rig.resume(frozen.job).status == "unknown"
            return close_undecided(rig, frozen)
    told = read_results(Path(str(result.results))).values()
    if any(NOT_KNOWN in detail for _, _, detail, _ in told):
        assert result.rows["succeeded"] + result.rows["notSent"] == frozen.rows
        return result
    assert (result.status, result.exit_code) == ("completed", 0), result.message
    assert result.rows["succeeded"] == frozen.rows
    assert set(executed(rig.server).values()) == {1}
    assert (rig.drafts(), rig.server.state.scheduled) == ([], {})
    again = rig.resume(frozen.job)
    assert (again.status, again.rows, again.results) == (result.status, result.rows, result.results)
    assert list((rig.home.loads / frozen.job).rglob("operation-*")) == []  # passwords are gone
    return result
