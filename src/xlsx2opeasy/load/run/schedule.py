"""Running a verified draft: schedule it exactly once, and afterwards know its run, or that there is none.

A schedule request without a definite answer is never sent again. What became of it is asked for: an id that
arrived all the same, or the deletion that the specification refuses while a scheduled operation exists.
"""

import contextlib

from xlsx2opeasy.load.events import Notice, OperationScheduled
from xlsx2opeasy.load.job.journal import Call, Fact
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.load.run.step import PhaseStep
from xlsx2opeasy.load.run.undecided import is_run_known_again, names_our_operation, undecided
from xlsx2opeasy.opeasy.errors import CallError, Classification

_MAY_MEAN_SCHEDULED = frozenset({400, 409})
"""Refusals of a schedule request that a second delivery of the same request would get, too."""


class DraftFencedError(Exception):
    """The draft in doubt is deleted, so it can never run: it may be built again."""


class Scheduler(PhaseStep):
    """Brings one phase from VERIFIED to a known run, from the state that the journal gives."""

    def run(self) -> None:
        """Afterwards the run's id is in the state. Raises DraftFencedError, UndecidedError, or CallError."""
        state = self._state
        if state.undecided is not None:
            if not is_run_known_again(state, self._client):
                # rare: start undecided since an earlier run
                raise undecided(self._job, self._phase)
            # rare: run that the server did not know is known again
            self._note(Fact.SETTLED, scheduled_id=state.scheduled_id)
            self._job.note(JOB, Fact.SETTLED)
        if state.scheduled_id is not None:
            # rare: run known since an earlier run
            return
        if state.schedule_in_doubt is None and not state.is_proven_started:
            self._schedule()
        else:
            # rare: start in doubt when resumed
            self._find_out()

    def _schedule(self) -> None:
        self._interruption.checkpoint()
        draft = str(self._state.operation_id)
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
            # rare: start of a draft that is gone
            self._note(Fact.GONE)
            raise DraftFencedError from error
        if error.classification is Classification.UNKNOWN or error.http_status == 409:
            # rare: start in doubt
            self._find_out()
        elif error.http_status in _MAY_MEAN_SCHEDULED:
            with contextlib.suppress(DraftFencedError):
                self._find_out()
                return
            # rare: start refused, and certainly not started
            raise error  # it certainly is not scheduled, and will not be: the server's words count
        else:
            # rare: start denied
            raise error

    def _require_gone(self, refusal: CallError) -> None:
        """Raises the refusal where the server knows the operation all the same: its words are what counts."""
        try:
            self._client.get_operation(str(self._state.operation_id))
        except CallError as error:
            if error.http_status != 404:
                raise refusal from error
        else:
            # rare: start refused as unknown, although the draft is there
            raise refusal

    def _find_out(self) -> None:
        """The ladder for a schedule request in doubt; afterwards the run's id is known, or it raises."""
        state = self._state
        if state.evidence is not None and names_our_operation(state, state.evidence, self._client):
            # rare: start in doubt, the id of its run had arrived
            self._note(Fact.SETTLED, scheduled_id=state.evidence)
            self._tell(OperationScheduled(self._number, str(state.scheduled_id)))
            return
        if not state.is_proven_started:
            said = "The request to start the operation got no answer. It is not repeated, but asked about."
            self._tell(Notice(said))
        self._fence()
        raise DraftFencedError
