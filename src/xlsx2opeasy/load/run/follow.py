"""Following a run to its end, and its results onto this machine's disk.

Only the server's status counts: `completed` in one of its two spellings ends the wait, and nothing else does.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from xlsx2opeasy.errors import StillRunning
from xlsx2opeasy.http.retry import Jitter, RetryPolicy, uniform
from xlsx2opeasy.load.events import Notice, ResultsSaved, StatusSeen
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.run.fetch import save_results
from xlsx2opeasy.load.run.step import PhaseStep
from xlsx2opeasy.load.run.undecided import give_up
from xlsx2opeasy.opeasy.errors import CallError, Classification
from xlsx2opeasy.opeasy.models import ScheduledOperation
from xlsx2opeasy.operating_system import give_memory_back
from xlsx2opeasy.spec.outcomes import Outcome

UNREADABLE_PAUSE = 30.0
"""Seconds until the status is asked for again after the client has given up."""
UNKNOWN_RUN_PAUSE = 1.0
"""Seconds until a run is asked for again that the server does not know."""
MAX_REOPENED = 3
"""How often in one run an operation may turn out to run again after it had ended."""
MAX_UNREADABLE = 3
"""How often in a row the status may not be had, each time with all the retries of the client."""
_TOO_EARLY = frozenset({404, 409})


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """Seconds between two looks at a run: growing from `first` to `longest`, to `late` after `late_after`.

    `fixed` is what the person asked for. A stage, which others wait for, has a tenth of its time at the most.
    """

    first: float = 1.0
    growth: float = 1.5
    longest: float = 30.0
    late: float = 60.0
    late_after: float = 600.0
    fixed: float | None = None
    is_stage: bool = False

    @property
    def beginning(self) -> float:
        """The first interval, and the one after each change of status."""
        return self.fixed or self.first

    def following(self, interval: float, passed: float) -> float:
        """The interval after `interval`, in a run that was followed for `passed` seconds."""
        if self.is_stage:
            return min(interval * self.growth, self.longest, max(self.first, passed / 10))
        return min(interval * self.growth, self.late if passed > self.late_after else self.longest)

    def pause(self, interval: float, asked: float | None, jitter: Jitter) -> float:
        """How long to wait: half of the interval and by chance up to the whole; never less than is asked."""
        chosen = interval / 2 + jitter(0, interval / 2) if self.fixed is None else self.fixed
        return max(chosen, asked or 0)


@dataclass(eq=False)
class Follower(PhaseStep):
    """Brings one phase from a known run to results on disk.

    `deadline` is on the interruption's monotonic clock; `poll_interval` in seconds fixes the polls.
    `meanwhile` does a piece of other work in place of waiting, and says whether there was any left.
    """

    poll_interval: float | None = field(default=None, kw_only=True)
    deadline: float | None = field(default=None, kw_only=True)
    meanwhile: Callable[[], bool] = field(default=lambda: False, kw_only=True)
    _unknown_words: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Fetches the results once the run has ended.

        Raises StillRunning, UndecidedError, or what the client raises.
        """
        state = self._state
        reopened = 0
        while not state.results_saved:
            if state.ended is None:
                self._wait(str(state.scheduled_id))
            try:
                self._save()
            except CallError as error:
                reopened += 1
                if error.http_status not in _TOO_EARLY or reopened > MAX_REOPENED:
                    raise
                # rare: results not there although the run had ended
                self._look_whether_it_ended(error)

    def _save(self) -> None:
        saved = self._saved()
        give_memory_back()
        self._note(Fact.RESULTS_SAVED, rows=dict(saved))
        self._tell(ResultsSaved(self._number, saved.total()))

    def _saved(self) -> Counter[Outcome]:
        """Waits for results that are not there yet no longer than for the run. Raises what `run` raises."""
        of = (self._job, self._phase, self._client, self._interruption)
        if self.deadline is None:
            return save_results(*of)
        policy, failures = RetryPolicy(), 0
        while True:
            try:
                return save_results(*of, patient=False)
            except CallError as error:
                failures += 1
                if error.http_status not in _TOO_EARLY or failures >= policy.tries:
                    raise
            pause = policy.pause(failures, uniform)
            state = self._state
            self._require_left(pause, f"operation {state.operation_id} is {state.ended}, without results yet")
            self._interruption.sleep(pause)

    def _look_whether_it_ended(self, error: CallError) -> None:
        """The results are not there: either the run is not over after all, or it is a failure."""
        seen = self._look(str(self._state.scheduled_id))
        if seen.is_completed:
            # rare: results not there, and the run has ended
            raise error
        self._tell(Notice(f"The operation had ended, and is {seen.status} again: it is waited for."))
        self._note(Fact.REOPENED, status=seen.status)

    # -- waiting ------------------------------------------------------------------------------------------

    def _wait(self, scheduled_id: str) -> None:
        started = self._interruption.monotonic()
        polls = PollPolicy(fixed=self.poll_interval, is_stage=bool(self._phase.stage))
        interval, last = polls.beginning, ""
        while True:
            self._interruption.checkpoint()
            seen = self._look_patiently(scheduled_id)
            passed = self._interruption.monotonic() - started
            if seen.status != last and last:
                interval = polls.beginning
            last = seen.status
            self._tell_status(seen, passed)
            if seen.is_completed:
                self._note(Fact.ENDED, status=seen.status)
                return
            self._pause(seen, polls.pause(interval, seen.retry_after, uniform))
            interval = polls.following(interval, passed)

    def _tell_status(self, seen: ScheduledOperation, passed: float) -> None:
        if seen.run_status is None and seen.status not in self._unknown_words:
            self._unknown_words.add(seen.status)
            self._tell(Notice(f"The operation is still running (unknown state {seen.status!r})."))
        self._tell(StatusSeen(self._number, seen.status, passed))

    def _pause(self, seen: ScheduledOperation, pause: float) -> None:
        self._require_left(pause, f"operation {seen.operation_id or seen.id} is still {seen.status}")
        until = self._interruption.monotonic() + pause
        while (left := until - self._interruption.monotonic()) > 0 and self.meanwhile():
            self._interruption.checkpoint()
        self._interruption.sleep(max(0.0, left))

    def _require_left(self, pause: float, why: str) -> None:
        """Raises StillRunning at the deadline where that is before the end of the pause."""
        if self.deadline is None:
            return
        left = self.deadline - self._interruption.monotonic()
        if pause > left:
            # rare: wait over while the run goes on
            self._interruption.sleep(max(0.0, left))
            raise StillRunning(why, "")

    def _look_patiently(self, scheduled_id: str) -> ScheduledOperation:
        """The run's status, also where it could not be had for a while: the run itself goes on meanwhile."""
        for _ in range(MAX_UNREADABLE):
            try:
                return self._look(scheduled_id)
            except CallError as error:
                if error.classification is Classification.REJECTED:
                    raise
                # rare: status cannot be had for a while
                self._tell(Notice(f"The status cannot be had at the moment: {error.message}"))
            self._interruption.sleep(UNREADABLE_PAUSE)
        return self._look(scheduled_id)

    def _look(self, scheduled_id: str) -> ScheduledOperation:
        """The run's status; that the server does not know it is believed the second time."""
        try:
            return self._client.status(scheduled_id)
        except CallError as error:
            if error.http_status != 404:
                raise
        # rare: run unknown to the server once
        self._interruption.sleep(UNKNOWN_RUN_PAUSE)
        try:
            return self._client.status(scheduled_id)
        except CallError as error:
            if error.http_status != 404:
                raise
            # rare: run unknown to the server twice
            raise give_up(self._job, self._phase, "the server no longer knows that run") from error
