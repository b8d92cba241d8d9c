"""Whether the next operation of a job may start: its canary, and its budget of failures.

A row has failed where it ran and did not succeed: FAILED, or UNKNOWN for want of a result. Each decision to
stop, or to go on in spite of failures, is in the journal before anything follows from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from xlsx2opeasy.load.events import CanaryEnded, Listener, StoppedByBudget
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.load.plan.staging import CANARY
from xlsx2opeasy.load.results.row_results import match_phase_results
from xlsx2opeasy.spec.outcomes import Outcome

AfterCanary = Callable[[CanaryEnded, Interruption], bool]
"""A person's answer after a canary, in place of what the budget says: whether the load goes on.

It may wait; then it must let the interruption end the wait.
"""


@dataclass(frozen=True)
class Budget:
    """Decides for one job; without a canary and a budget everything may start."""

    job: OpenJob
    interruption: Interruption
    tell: Listener
    after_canary: AfterCanary | None = None
    _known: dict[int, int] = field(default_factory=dict)

    def allows(self, phase: PhaseFacts) -> bool:
        """Whether `phase` may start, now that all operations before it have their results."""
        facts, state = self.job.facts, self.job.state
        if state.halted is not None:
            return False
        if facts.canary is None and facts.failures_allowed is None:
            return True
        before = [each for each in facts.phases if each.number < phase.number]
        failed = sum(self._failed(each) for each in before) - state.forgiven
        last = before[-1] if before else None
        if last is not None and last.stage == CANARY and state.judged_canary < last.number:
            return self._judge_canary(last, failed)
        if facts.failures_allowed is None or failed <= facts.failures_allowed:
            return True
        return self._halt(phase.number, failed, _beyond(failed, facts.failures_allowed))

    def _judge_canary(self, canary: PhaseFacts, failed: int) -> bool:
        """Where there is no budget, failures of this canary alone count."""
        budget = self.job.facts.failures_allowed
        own = self._failed(canary)
        allowed, counted = (0, own) if budget is None else (budget, failed)
        rows = sum(map(len, self.job.sent_rows(canary).values()))
        ended = CanaryEnded(canary.number, rows, own, counted, allowed)
        self.tell(ended)
        goes_on = counted <= allowed
        if self.after_canary is not None and rows:
            goes_on = self.after_canary(ended, self.interruption)
        if not goes_on:
            why = f"{own:,} of the {rows:,} rows of the canary failed"
            if own <= allowed < counted:
                why = _beyond(counted, allowed)
            return self._halt(canary.number + 1, counted, why)
        forgiven = counted if counted > allowed else 0
        self.job.note(JOB, Fact.CANARY_PASSED, canary=canary.number, failed=own, forgiven=forgiven)
        return True

    def _halt(self, phase: int, failed: int, why: str) -> bool:
        self.job.note(JOB, Fact.HALTED, before=phase, failed=failed, why=why)
        left = sum(each.tasks for each in self.job.facts.phases if each.number >= phase)
        self.tell(StoppedByBudget(phase, failed, left, why))
        return False

    def _failed(self, phase: PhaseFacts) -> int:
        if not self.job.phase_state(phase).results_saved:
            return 0
        if phase.number not in self._known:
            results, _ = match_phase_results(self.job, phase)
            failed = sum(each.outcome in (Outcome.FAILED, Outcome.UNKNOWN) for each in results.values())
            self._known[phase.number] = failed
        return self._known[phase.number]


def _beyond(failed: int, allowed: int) -> str:
    rows = "1 row has" if failed == 1 else f"{failed:,} rows have"
    return f"{rows} failed, and the budget (--stop-after) allows {allowed:,}"
