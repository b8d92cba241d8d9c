"""Running a verified draft: schedule it exactly once, and afterwards know its run, or that there is none.

A schedule request without a definite answer is never sent again. What became of it is asked for: an id that
arrived all the same, or the deletion that the specification refuses while a scheduled operation exists.
"""

import contextlib

from xlsx2opeasy.load.events import Listener, Notice, OperationScheduled
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.journal import Verdict
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import Call, Fact
from xlsx2opeasy.load.run.undecided import REFUSES_DELETION, give_up, names_our_operation, undecided
from xlsx2opeasy.opeasy import CallError, Classification, Deletion, OpEasyClient

_MAY_MEAN_SCHEDULED = frozenset({400, 409})
"""Refusals of a schedule request that a second delivery of the same request would get, too."""


class DraftFencedError(Exception):
    """The draft in doubt is deleted, so it can never run: it may be built anew."""


class Scheduler:
    """Brings one phase from VERIFIED to a known run, from wherever the journal says that it stands."""

    def __init__(
        self,
        job: OpenJob,
        phase: PhaseFacts,
        client: OpEasyClient,
        interruption: Interruption,
        tell: Listener,
    ) -> None:
        self._job = job
        self._phase = phase
        self._number = phase.number
        self._client = client
        self._interruption = interruption
        self._tell = tell

    def run(self) -> None:
        """Afterwards the run's id is in the state. Raises DraftFencedError, UndecidedError, or CallError."""
        state = self._job.phase_state(self._phase)
        if state.undecided is not None:
            raise undecided(self._job, self._phase)
        if state.scheduled_id is not None:
            return
        if state.schedule_in_doubt is None:
            self._schedule()
        else:
            self._find_out()

    def _schedule(self) -> None:
        self._interruption.checkpoint()
        draft = str(self._job.phase_state(self._phase).operation_id)
        try:
            scheduled = self._job.mutate(
                self._number,
                Call.SCHEDULE,
                lambda request: self._client.schedule(draft, request_id=request),
                lambda answer: {"id": answer.id},
                doubtful=_MAY_MEAN_SCHEDULED,
                id=draft,
            )
        except CallError as error:
            self._after_failed(error)
        else:
            self._tell(OperationScheduled(self._number, scheduled.id))

    def _after_failed(self, error: CallError) -> None:
        if error.http_status == 404:
            self._require_gone(error)
            self._job.note(self._number, Fact.GONE)
            raise DraftFencedError from error
        if error.classification is Classification.UNKNOWN or error.http_status == 409:
            self._find_out()
        elif error.http_status in _MAY_MEAN_SCHEDULED:
            with contextlib.suppress(DraftFencedError):
                self._find_out()
                return
            raise error  # it certainly is not scheduled, and will not be: the server's words count
        else:
            raise error

    def _require_gone(self, refusal: CallError) -> None:
        """Raises the refusal where the server knows the operation all the same: its words are what counts."""
        try:
            self._client.get_operation(str(self._job.phase_state(self._phase).operation_id))
        except CallError as error:
            if error.http_status != 404:
                raise refusal from error
        else:
            raise refusal

    def _find_out(self) -> None:
        """The ladder for a schedule request in doubt; afterwards the run's id is known, or it raises."""
        state = self._job.phase_state(self._phase)
        if state.evidence is not None and names_our_operation(state, state.evidence, self._client):
            self._job.note(self._number, Fact.SETTLED, scheduled_id=state.evidence)
            self._tell(OperationScheduled(self._number, str(state.scheduled_id)))
            return
        self._tell(
            Notice("The request to start the operation got no answer. It is not repeated, but asked about.")
        )
        self._fence(str(state.operation_id))
        raise DraftFencedError

    def _fence(self, draft: str) -> None:
        """Deletes the operation, which the specification refuses while a scheduled operation exists."""
        attempted_before = draft in self._job.phase_state(self._phase).delete_attempted
        intent = self._job.intend(self._number, Call.DELETE_DRAFT, id=draft)
        try:
            deletion = self._client.delete_operation(draft)
            if deletion is Deletion.NOT_FOUND and not attempted_before:
                deletion = self._client.delete_operation(draft)  # asked once more before it is believed
        except CallError as error:
            definite = error.classification is Classification.REJECTED
            verdict = Verdict.REJECTED if definite else Verdict.UNKNOWN
            self._job.answer(intent, verdict, http=error.http_status, said=error.message)
            if definite and error.http_status in _MAY_MEAN_SCHEDULED:
                raise give_up(self._job, self._phase, REFUSES_DELETION) from error
            raise
        if deletion is Deletion.NOT_FOUND and not attempted_before:
            self._job.answer(intent, Verdict.REJECTED, http=404)
            raise give_up(self._job, self._phase, "the server no longer knows the operation")
        self._job.answer(intent, Verdict.APPLIED)
