"""The end of every run of a job: the results in the workbook, what is remembered, what is cleaned up."""

import contextlib
from collections.abc import Iterator

from xlsx2opeasy.errors import LocalFailure, TakenOver, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.load.events import Listener, Notice
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.open_job import Connect, OpenJob
from xlsx2opeasy.load.job.state import JOB, UNKNOWN
from xlsx2opeasy.load.results.completed_effects import write_completed_effects
from xlsx2opeasy.load.results.load_result import (
    EXIT_CODES,
    LoadResult,
    RowFailure,
    failures_kept,
    failures_of,
)
from xlsx2opeasy.load.results.outcomes import write_outcomes
from xlsx2opeasy.load.results.output import write_workbook
from xlsx2opeasy.load.results.row_results import RowResults, match_results
from xlsx2opeasy.load.results.status import (
    JobEnd,
    resume_command,
    verdict_of,
    verdict_of_stop,
    why_not_sent,
)
from xlsx2opeasy.load.run.cleanup import clean
from xlsx2opeasy.load.run.undecided import UndecidedError


class Finisher:
    """Ends a run of one job. Whatever happened, the results workbook is written as far as it can be."""

    def __init__(self, job: OpenJob, connect: Connect, interruption: Interruption, tell: Listener) -> None:
        self._job = job
        self._connect = connect
        self._interruption = interruption
        self._tell = tell

    def end(self, stopped: Xlsx2OpeasyError | None) -> LoadResult:
        """`stopped` is what ended the run early. LocalFailure where the job is damaged."""
        row_results = match_results(self._job, why_not_sent(self._job, stopped))
        results, trouble = self._write(row_results)
        verdict = verdict_of(self._job, row_results, stopped, results)
        final = stopped is None or isinstance(stopped, UndecidedError)
        if trouble is not None and final:
            verdict, final = verdict_of_stop(self._job, trouble), False
        if final:
            try:
                self._finish(row_results, verdict)
            except TakenOver:
                raise
            except LocalFailure as failure:
                # rare: end not recorded
                verdict = verdict_of_stop(self._job, failure)
        else:
            self._remember_stop(verdict)
        return self._result(verdict, results, row_results.counts(), row_results)

    def finished_before(self) -> LoadResult:
        """A job that is finished: only what could not be deleted then is deleted now."""
        state = self._job.state
        if not state.cleaned:
            # rare: finished before, cleaned up now
            self._clean()
        status = str(state.finished)
        verdict = JobEnd(status, EXIT_CODES[status], state.message)
        return self._result(verdict, state.written, dict(state.counts), None)

    def _write(self, row_results: RowResults) -> tuple[str | None, Xlsx2OpeasyError | None]:
        try:
            place = write_workbook(self._job, row_results, self._tell)
            return None if place is None else str(place), None
        except TakenOver:
            raise
        except (WorkbookUnusable, LocalFailure) as error:
            # rare: results workbook not written
            said = f"The results workbook was not written: {error.message.rstrip('.')}."
            self._tell(Notice(said, important=True))
            return None, error

    def _result(
        self, verdict: JobEnd, results: str | None, rows: dict[str, int], row_results: RowResults | None
    ) -> LoadResult:
        facts, phases = self._job.facts, self._job.state.phases.values()
        operations = tuple(state.operation_id for state in phases if state.operation_id is not None)
        return LoadResult(
            facts.job,
            verdict.status,
            verdict.exit_code,
            facts.workbook,
            results,
            rows,
            operations,
            verdict.message,
            row_results,
            lambda: self._failures(row_results),
        )

    def _failures(self, row_results: RowResults | None) -> Iterator[RowFailure]:
        rows = self._job.rows
        return (
            failures_kept(rows, self._job.stored) if row_results is None else failures_of(rows, row_results)
        )

    def _remember_stop(self, verdict: JobEnd) -> None:
        """For the list of jobs; where the disk is what failed, this cannot be remembered either."""
        with contextlib.suppress(LocalFailure):
            self._job.note(JOB, Fact.STOPPED, status=verdict.status, message=verdict.message)

    def _finish(self, row_results: RowResults, verdict: JobEnd) -> None:
        """While something is unknown, everything that could tell more is kept: here and at the server."""
        write_completed_effects(self._job, row_results)
        write_outcomes(self._job.stored, self._job.rows, row_results)
        rows = row_results.counts()
        self._job.note(JOB, Fact.FINISHED, status=verdict.status, message=verdict.message, rows=rows)
        if verdict.status != UNKNOWN:
            self._clean()

    def _clean(self) -> None:
        """Leaves nothing at the server; a deletion that fails takes nothing from the results."""
        try:
            clean(self._job, self._connect, self._interruption)
        except Xlsx2OpeasyError as error:
            # rare: something left at the server
            command = resume_command(self._job.facts)
            self._tell(
                Notice(f"Something is left at the server ({error.message}). It is deleted by: {command}")
            )
