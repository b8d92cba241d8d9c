"""How far the back end is with a job, and how long the rest may take."""

from dataclasses import dataclass

from xlsx2opeasy.load.events import Listener, RunProgress
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.open_job import OpenJob


@dataclass
class Progress:
    """Reports after each operation. The rate is this run's, once an operation has ended in it.

    `expected` is the rate of earlier jobs at this server, None where there are none.
    """

    job: OpenJob
    interruption: Interruption
    tell: Listener
    expected: float | None = None
    _ran: int = 0
    _seconds: float = 0.0
    _began: float | None = None

    def started(self, phase: PhaseFacts) -> None:
        """The operation is about to run."""
        known = self.job.phase_state(phase).results_saved  # since an earlier run
        self._began = None if known else self.interruption.monotonic()
        if not known and not self._ran:
            self._report(phase)

    def ended(self, phase: PhaseFacts) -> None:
        """The results of the operation are here."""
        if self._began is not None:
            self._ran += self._rows(phase)
            self._seconds += self.interruption.monotonic() - self._began
            self._report(phase)

    def _report(self, phase: PhaseFacts) -> None:
        phases = self.job.facts.phases
        rows = sum(self._rows(each) for each in phases)
        done = sum(self._rows(each) for each in phases if self.job.phase_state(each).results_saved)
        rate = self._ran / self._seconds if self._ran and self._seconds else self.expected
        left = None if not rate else (rows - done) / rate
        self.tell(RunProgress(phase.number, done, rows, rate, left, self.interruption.wall().timestamp()))

    def _rows(self, phase: PhaseFacts) -> int:
        return sum(map(len, self.job.sent_rows(phase).values()))
