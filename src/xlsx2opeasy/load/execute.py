"""Running a verified draft: schedule it exactly once, wait, and have its results on disk.

A schedule request without a definite answer is never sent again. What became of it is asked for: an id that
arrived all the same, or the deletion that the specification refuses while a scheduled operation exists.
"""

import json
import random
from pathlib import Path

from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import ServiceFailed, StillRunning, Xlsx2OpeasyError
from xlsx2opeasy.load.events import Listener, Notice, OperationScheduled, ResultsSaved, StatusSeen
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job import PhaseFacts
from xlsx2opeasy.load.journal import Verdict
from xlsx2opeasy.load.masking import masked
from xlsx2opeasy.load.open_job import OpenJob
from xlsx2opeasy.load.state import Call, Fact
from xlsx2opeasy.opeasy import (
    CallError,
    Classification,
    Deletion,
    OpEasyClient,
    ScheduledOperation,
    read_results,
)
from xlsx2opeasy.spec.catalogue import BY_NAME

FIRST_POLL, GROWTH, LONGEST_POLL, LATE_POLL = 1.0, 1.5, 30.0, 60.0
LATE_AFTER = 600.0
"""Seconds after which polls may lie `LATE_POLL` apart."""


class UndecidedError(Xlsx2OpeasyError):
    """Nobody can tell whether the operation was scheduled: its rows are UNKNOWN until a person decides."""

    status = "unknown"


class DraftFencedError(Exception):
    """The draft in doubt is deleted, so it can never run: it may be built anew."""


class PhaseRunner:
    """Brings one phase from VERIFIED to results on disk, from wherever the journal says that it stands."""

    def __init__(
        self,
        job: OpenJob,
        phase: PhaseFacts,
        client: OpEasyClient,
        interruption: Interruption,
        tell: Listener,
        *,
        poll_interval: float | None = None,
        deadline: float | None = None,
    ) -> None:
        """`deadline` is on the interruption's monotonic clock; `poll_interval` in seconds fixes the polls."""
        self._job = job
        self._phase = phase
        self._number = phase.number
        self._client = client
        self._interruption = interruption
        self._tell = tell
        self._poll_interval = poll_interval
        self._deadline = deadline

    def run(self) -> None:
        """Raises DraftFencedError, UndecidedError, StillRunning, or what the client raises."""
        state = self._job.phase_state(self._phase)
        if state.undecided is not None:
            raise self._undecided(state.undecided)
        if state.scheduled_id is None:
            if state.schedule_in_doubt is not None:
                self._find_out(None)
            else:
                self._schedule()
        if state.ended is None:
            self._wait(str(state.scheduled_id))
        if not state.results_saved:
            self._save_results(str(state.scheduled_id))

    # -- scheduling ---------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        self._interruption.checkpoint()
        draft = str(self._job.phase_state(self._phase).operation_id)
        intent_of = self._job.intend
        try:
            scheduled = self._job.mutate(
                self._number,
                Call.SCHEDULE,
                lambda request: self._client.schedule(draft, request_id=request),
                lambda answer: {"id": answer.id},
                id=draft,
            )
        except CallError as error:
            if error.http_status == 409:
                # A conflict is evidence of being scheduled: the request is in doubt again, and asked about.
                self._job.answer(intent_of(self._number, Call.SCHEDULE, id=draft), Verdict.UNKNOWN, http=409)
            elif error.classification is not Classification.UNKNOWN:
                raise
            self._find_out(error.evidence_id)
        else:
            self._tell(OperationScheduled(self._number, scheduled.id))

    def _find_out(self, evidence: str | None) -> None:
        """The ladder for a schedule request in doubt; afterwards the scheduled id is known, or it raises."""
        if evidence is not None and self._names_our_operation(evidence):
            self._job.note(self._number, Fact.SETTLED, scheduled_id=evidence)
            self._tell(OperationScheduled(self._number, evidence))
            return
        self._tell(
            Notice("The request to start the operation got no answer. It is not repeated, but asked about.")
        )
        self._fence()
        raise DraftFencedError

    def _names_our_operation(self, scheduled_id: str) -> bool:
        try:
            found = self._client.status(scheduled_id)
        except CallError as error:
            if error.classification is Classification.REJECTED:
                return False
            raise
        return found.operation_id == self._job.phase_state(self._phase).operation_id

    def _fence(self) -> None:
        """Deletes the operation, which the specification refuses while a scheduled operation exists."""
        state = self._job.phase_state(self._phase)
        draft = str(state.operation_id)
        attempted_before = draft in state.delete_attempted
        intent = self._job.intend(self._number, Call.DELETE_DRAFT, id=draft)
        try:
            deletion = self._client.delete_operation(draft)
        except CallError as error:
            if error.classification is not Classification.REJECTED:
                self._job.answer(intent, Verdict.UNKNOWN, http=error.http_status, said=error.message)
                raise
            self._job.answer(intent, Verdict.REJECTED, http=error.http_status, said=error.message)
            raise self._give_up("the server refuses to delete the operation, so it was scheduled") from error
        if deletion is Deletion.NOT_FOUND and not attempted_before:
            self._job.answer(intent, Verdict.REJECTED, http=404)
            raise self._give_up("the server no longer knows the operation")
        self._job.answer(intent, Verdict.APPLIED)

    def _give_up(self, why: str) -> UndecidedError:
        self._job.note(self._number, Fact.UNDECIDED, why=why)
        return self._undecided(why)

    def _undecided(self, why: str) -> UndecidedError:
        state = self._job.phase_state(self._phase)
        return UndecidedError(words_of_undecided(self._job, self._phase, why, str(state.operation_id)))

    # -- waiting ------------------------------------------------------------------------------------------

    def _wait(self, scheduled_id: str) -> None:
        started = self._interruption.monotonic()
        interval, last = self._poll_interval or FIRST_POLL, ""
        while True:
            self._interruption.checkpoint()
            seen = self._look(scheduled_id)
            passed = self._interruption.monotonic() - started
            if seen.status != last and last:
                interval = self._poll_interval or FIRST_POLL
            last = seen.status
            self._tell(StatusSeen(self._number, seen.status, passed))
            if seen.is_completed:
                self._job.note(self._number, Fact.ENDED, status=seen.status)
                return
            pause = max(self._pause(interval), seen.retry_after or 0)
            if self._deadline is not None and self._interruption.monotonic() + pause > self._deadline:
                self._sleep_until_deadline()
                raise StillRunning(f"operation {scheduled_id} is still {seen.status}", "")
            self._interruption.sleep(pause)
            interval = min(interval * GROWTH, LATE_POLL if passed > LATE_AFTER else LONGEST_POLL)

    def _pause(self, interval: float) -> float:
        if self._poll_interval is not None:
            return self._poll_interval
        return interval / 2 + random.uniform(0, interval / 2)  # noqa: S311

    def _sleep_until_deadline(self) -> None:
        left = (self._deadline or 0) - self._interruption.monotonic()
        if left > 0:
            self._interruption.sleep(left)

    def _look(self, scheduled_id: str) -> ScheduledOperation:
        for attempt in (1, 2):
            try:
                return self._client.status(scheduled_id)
            except CallError as error:
                if error.http_status != 404:
                    raise
                if attempt == 2:
                    raise self._give_up("the server no longer knows the scheduled operation") from error
                self._interruption.sleep(FIRST_POLL)
        raise ServiceFailed("the status could not be read")

    # -- results ------------------------------------------------------------------------------------------

    def _save_results(self, scheduled_id: str) -> None:
        """The results of every type are on disk, secrets masked, before anything is deleted at the server."""
        saved = 0
        for name in self._job.sent_rows(self._phase):
            self._interruption.checkpoint()
            raw = self._job.folder.results / f"phase-{self._number}-raw-{name}.json"
            try:
                self._client.download_results(scheduled_id, BY_NAME[name], raw, patient=True)
                results = [
                    {
                        "command": each.command,
                        "status": each.status,
                        "errorCode": each.error_code,
                        "errorDescription": each.error_description,
                        "content": masked(name, each.content),
                    }
                    for each in read_results(raw, BY_NAME[name])
                ]
            finally:
                raw.unlink(missing_ok=True)
            write_file(results_file(self._job, self._phase, name), json.dumps(results).encode())
            saved += len(results)
        self._job.note(self._number, Fact.RESULTS_SAVED)
        self._tell(ResultsSaved(self._number, saved))


def results_file(job: OpenJob, phase: PhaseFacts, task_type: str) -> Path:
    """Where the results of one type are kept, secrets masked."""
    return job.folder.results / f"phase-{phase.number}-{task_type}.json"


def words_of_undecided(job: OpenJob, phase: PhaseFacts, why: str, operation_id: str) -> str:
    """What is known, what follows, and how a person decides ("What stays undecidable")."""
    name = job.facts.job
    return "\n".join(
        (
            "RESULT UNKNOWN - nothing was repeated, on purpose.",
            (
                f"What we know : operation {operation_id} ({phase.tasks} tasks) was complete and verified."
                f" The request to START it was sent; no answer came, and {why}."
            ),
            (
                "So           : the server may be executing it now, may start it later, or may never have"
                " received it."
            ),
            "Danger       : loading the workbook again now may provision every row twice.",
            f"To decide    : in the portal look for operation {operation_id}",
            f"   it has a scheduled run with id S : xlsx2opeasy resume {name} --scheduled-id S",
            f"   it certainly has none            : xlsx2opeasy resume {name} --not-scheduled {operation_id}",
            f"Evidence     : files xlsx2opeasy-{name}-{phase.number}-*.json (give this to support)",
        )
    )
