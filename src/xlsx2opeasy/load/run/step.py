"""What the steps of a phase at the server share: the job and its phase, the client, who hears of it."""

from dataclasses import dataclass
from typing import Any

from xlsx2opeasy.load.events import Listener
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import PhaseState
from xlsx2opeasy.load.run.undecided import NOT_KNOWN, REFUSES_DELETION, Fence, fence, give_up
from xlsx2opeasy.opeasy.client import OpEasyClient


@dataclass(eq=False)
class PhaseStep:
    """A step of one phase, which begins wherever the journal says that the phase is."""

    _job: OpenJob
    _phase: PhaseFacts
    _client: OpEasyClient
    _interruption: Interruption
    _tell: Listener

    @property
    def _number(self) -> int:
        return self._phase.number

    @property
    def _state(self) -> PhaseState:
        return self._job.phase_state(self._phase)

    def _note(self, fact: Fact, **detail: Any) -> None:  # noqa: ANN401
        self._job.note(self._number, fact, **detail)

    def _fence(self) -> None:
        """Deletes the operation. Raises UndecidedError where that does not prove that it never runs."""
        proved = fence(self._job, self._state, self._client)
        if proved is Fence.STARTED:
            # rare: start in doubt, deletion refused
            raise give_up(self._job, self._phase, REFUSES_DELETION)
        if proved is Fence.NOT_FOUND:
            # rare: start in doubt, operation removed by somebody else
            raise give_up(self._job, self._phase, NOT_KNOWN)
