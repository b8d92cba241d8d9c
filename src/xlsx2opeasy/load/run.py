"""The state machine of a load: from wherever a job stands to a workbook with the results.

All drafts are built and verified before the first is scheduled, so that a rejected row anywhere stops all.
`load` and `resume` both end here: a new job simply stands at its beginning.
"""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlsx2opeasy.errors import (
    AccessDenied,
    Interrupted,
    LocalFailure,
    ServiceFailed,
    StillRunning,
    UsageError,
    WorkbookUnusable,
    Xlsx2OpeasyError,
)
from xlsx2opeasy.load.cleaning import clean_server, forget_secrets
from xlsx2opeasy.load.dependents import leave_out_dependents
from xlsx2opeasy.load.draft import DraftBuilder, read_rejections
from xlsx2opeasy.load.earlier import write_outcomes
from xlsx2opeasy.load.events import JobStarted, Listener, Notice, PhaseStarted
from xlsx2opeasy.load.execute import DraftFencedError, PhaseRunner, UndecidedError
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job import PhaseFacts
from xlsx2opeasy.load.open_job import Connect, OpenJob
from xlsx2opeasy.load.output import write_workbook
from xlsx2opeasy.load.settle import Settlement, settle
from xlsx2opeasy.load.state import (
    ABANDONED,
    COMPLETED,
    INVALID,
    JOB,
    REJECTED,
    UNKNOWN,
    WITH_ERRORS,
    Fact,
)
from xlsx2opeasy.opeasy import OpEasyClient

REFUSED = "refused"
EXIT_CODES = {COMPLETED: 0, WITH_ERRORS: 1, REJECTED: 1, UNKNOWN: 1, ABANDONED: 1, INVALID: 3, REFUSED: 6}
MAX_FENCED = 3
"""How often the start of one phase may be in doubt, and its draft be deleted and built anew, in one run."""


@dataclass(frozen=True)
class LoadResult:
    """How a load ended, in the contract's words; `as_json` is the shape of `load --json`."""

    job: str | None
    status: str
    exit_code: int
    workbook: str
    results: str | None
    rows: dict[str, int]
    operations: tuple[str, ...] = ()
    message: str = ""
    settlement: Settlement | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The document of `load --json` and `resume --json`."""
        return {
            "job": self.job,
            "status": self.status,
            "workbook": self.workbook,
            "results": self.results,
            "rows": self.rows,
            "operations": list(self.operations),
            "message": self.message,
        }


@dataclass(frozen=True)
class Waiting:
    """How the server is waited for, in seconds: between two looks, and at the most (None: to the end)."""

    poll_interval: float | None = None
    longest: float | None = None


class Runner:
    """Works on one job until it is finished or something stops it. The caller holds the lock."""

    def __init__(
        self, job: OpenJob, connect: Connect, interruption: Interruption, tell: Listener, waiting: Waiting
    ) -> None:
        self._job = job
        self._connect = connect
        self._interruption = interruption
        self._tell = tell
        self._poll_interval = waiting.poll_interval
        longest = waiting.longest
        self._deadline = None if longest is None else interruption.monotonic() + longest

    def run(self) -> LoadResult:
        """Never raises what a load can end with: every end is a result, and leaves a results workbook."""
        if self._job.state.finished not in (None, UNKNOWN):
            return self._finished_before()
        stopped: Xlsx2OpeasyError | None = None
        try:
            self._proceed()
        except Xlsx2OpeasyError as error:
            stopped = error
        return self._end(stopped)

    # -- the way there ------------------------------------------------------------------------------------

    def _proceed(self) -> None:
        phases = [phase for phase in self._job.facts.phases if phase.tasks]
        if not phases or self._all_results_are_here(phases):
            return
        facts = self._job.facts
        tasks = sum(phase.tasks for phase in phases)
        self._tell(JobStarted(facts.job, facts.origin, facts.enterprise_id, tasks, len(phases)))
        with self._connect(facts, self._interruption) as client:
            for phase in phases:
                self._build(phase, client)
            if self._rejected():
                return
            for phase in phases:
                if leave_out_dependents(self._job, phase):
                    self._rebuild(phase, client)
                if self._job.sent_rows(phase):
                    self._run_phase(phase, client)

    def _all_results_are_here(self, phases: list[PhaseFacts]) -> bool:
        return all(self._job.phase_state(phase).results_saved for phase in phases)

    def _rejected(self) -> bool:
        if self._job.facts.drop_rejected:
            return False
        return any(read_rejections(self._job, phase) for phase in self._job.facts.phases)

    def _builder(self, phase: PhaseFacts, client: OpEasyClient) -> DraftBuilder:
        return DraftBuilder(self._job, phase, client, self._interruption, self._tell)

    def _build(self, phase: PhaseFacts, client: OpEasyClient) -> None:
        state = self._job.phase_state(phase)
        if state.scheduled_id is None and state.schedule_in_doubt is None:
            chunks = self._job.chunks(phase)
            self._tell(PhaseStarted(phase.number, phase.why, phase.tasks, len(chunks)))
            self._builder(phase, client).build()

    def _rebuild(self, phase: PhaseFacts, client: OpEasyClient) -> None:
        builder = self._builder(phase, client)
        builder.delete_draft()
        if self._job.sent_rows(phase):
            builder.build()

    def _run_phase(self, phase: PhaseFacts, client: OpEasyClient) -> None:
        runner = PhaseRunner(
            self._job,
            phase,
            client,
            self._interruption,
            self._tell,
            poll_interval=self._poll_interval,
            deadline=self._deadline,
        )
        for _ in range(MAX_FENCED):
            try:
                return runner.run()
            except DraftFencedError:
                self._tell(Notice("The draft was deleted before it could start, and is built anew."))
                self._builder(phase, client).build()
        raise ServiceFailed("the server does not answer requests to start an operation")

    # -- the end ------------------------------------------------------------------------------------------

    def _end(self, stopped: Xlsx2OpeasyError | None) -> LoadResult:
        settlement = settle(self._job, self._why_not_sent(stopped))
        status, exit_code, message = self._verdict(settlement, stopped)
        results: Path | None = None
        try:
            results = write_workbook(self._job, settlement, self._tell)
        except WorkbookUnusable as error:
            exit_code, message = error.exit_code, error.message
            status = "failed"
        except LocalFailure as error:
            exit_code, message, status = error.exit_code, error.message, "failed"
        operations = self._operations()
        if stopped is None or isinstance(stopped, UndecidedError):
            self._finish(settlement, status, message)
        else:
            self._remember_stop(status, message)
        return LoadResult(
            self._job.facts.job,
            status,
            exit_code,
            self._job.facts.workbook,
            str(results) if results else None,
            settlement.counts(),
            operations,
            message,
            settlement,
        )

    def _why_not_sent(self, stopped: Xlsx2OpeasyError | None) -> str:
        if stopped is None:
            return "not sent: the server rejected other rows of the workbook, so nothing was run"
        if isinstance(stopped, UndecidedError):
            return "not sent: it cannot be told what became of the operation before"
        return f"not sent yet: {stopped.message}; xlsx2opeasy resume {self._job.facts.job} goes on"

    def _verdict(self, settlement: Settlement, stopped: Xlsx2OpeasyError | None) -> tuple[str, int, str]:
        if stopped is not None:
            return self._verdict_of_stop(stopped)
        counts = settlement.counts()
        if not self._job.facts.phases and counts["invalid"]:
            return INVALID, EXIT_CODES[INVALID], "the workbook is invalid, nothing was sent"
        if counts["rejected"] and not self._job.facts.drop_rejected:
            return REJECTED, EXIT_CODES[REJECTED], "the server rejected rows, so nothing was run"
        if settlement.foreign:
            words = f"the server gave {settlement.foreign} results that belong to no row of this workbook"
            return WITH_ERRORS, EXIT_CODES[WITH_ERRORS], words
        if counts["unknown"]:
            return UNKNOWN, EXIT_CODES[UNKNOWN], "for some rows no result came"
        if counts["succeeded"] + counts["skipped"] == counts["total"]:
            return COMPLETED, EXIT_CODES[COMPLETED], ""
        return WITH_ERRORS, EXIT_CODES[WITH_ERRORS], ""

    def _verdict_of_stop(self, stopped: Xlsx2OpeasyError) -> tuple[str, int, str]:
        job = self._job.facts.job
        if isinstance(stopped, UndecidedError):
            return UNKNOWN, EXIT_CODES[UNKNOWN], stopped.message
        hint = f" {stopped.hint}." if stopped.hint and isinstance(stopped, AccessDenied | UsageError) else ""
        if isinstance(stopped, StillRunning | Interrupted):
            return (
                stopped.status,
                stopped.exit_code,
                f"{stopped.message}. Go on with: xlsx2opeasy resume {job}",
            )
        return stopped.status, stopped.exit_code, f"{stopped.message}.{hint} Then: xlsx2opeasy resume {job}"

    def _remember_stop(self, status: str, message: str) -> None:
        """For the list of jobs; where the disk is what failed, this cannot be remembered either."""
        with contextlib.suppress(LocalFailure):
            self._job.note(JOB, Fact.STOPPED, status=status, message=message)

    def _finish(self, settlement: Settlement, status: str, message: str) -> None:
        write_outcomes(self._job.folder, self._job.rows, settlement)
        self._job.note(JOB, Fact.FINISHED, status=status, message=message, rows=settlement.counts())
        if status != UNKNOWN or not self._undecided():
            self._clean()

    def _undecided(self) -> bool:
        return any(state.undecided for state in self._job.state.phases.values())

    def _clean(self) -> None:
        """Leaves nothing at the server; a deletion that fails takes nothing from the results."""
        try:
            clean_server(self._job, self._connect, self._interruption)
        except Xlsx2OpeasyError as error:
            job = self._job.facts.job
            self._tell(
                Notice(
                    f"Something is left at the server ({error.message}). xlsx2opeasy resume {job} deletes it."
                )
            )
        else:
            forget_secrets(self._job)

    def _finished_before(self) -> LoadResult:
        """A job that is finished: only what could not be deleted then is deleted now."""
        if not self._job.state.cleaned:
            self._clean()
        state = self._job.state
        status = str(state.finished)
        return LoadResult(
            self._job.facts.job,
            status,
            EXIT_CODES[status],
            self._job.facts.workbook,
            state.written,
            dict(state.counts),
            self._operations(),
            state.message or "the job was finished before",
        )

    def _operations(self) -> tuple[str, ...]:
        return tuple(
            state.operation_id for state in self._job.state.phases.values() if state.operation_id is not None
        )
