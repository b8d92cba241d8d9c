"""The state machine of a load: from a job's recorded state to results for every row.

All drafts are built and verified before the first is scheduled, so that a rejected row anywhere stops all.
Where rejected rows are dropped they stop nothing: then the draft of the next stage is built while one runs.
`load` and `resume` both end here: a new job is simply at its beginning.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest

from xlsx2opeasy.errors import NeverReached, ServiceFailed, TakenOver, Xlsx2OpeasyError
from xlsx2opeasy.load.budget import AfterCanary, Budget
from xlsx2opeasy.load.dependents import leave_out_dependents
from xlsx2opeasy.load.estimate import Progress
from xlsx2opeasy.load.events import JobStarted, Listener, Notice, PhaseStarted
from xlsx2opeasy.load.finish import Finisher
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.open_job import Connect, OpenJob, kept_open
from xlsx2opeasy.load.job.state import UNKNOWN
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.results.row_results import counts_of_unsent, match_phase_results
from xlsx2opeasy.load.run.connection import of_job
from xlsx2opeasy.load.run.draft import DraftBuilder
from xlsx2opeasy.load.run.fetch import read_rejections, save_results
from xlsx2opeasy.load.run.follow import Follower
from xlsx2opeasy.load.run.schedule import DraftFencedError, Scheduler
from xlsx2opeasy.load.run.undecided import Settling, refuse_disproved, settle_claim
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.errors import CallError, CallRedirected
from xlsx2opeasy.spec.outcomes import Outcome

MAX_FENCED = 3
"""How often the start of one phase may be in doubt, and its draft be deleted and built again, in one run."""


@dataclass(frozen=True)
class Waiting:
    """How the server is waited for, in seconds: between two looks, and at the most (None: to the end).

    `expected_rate` is how many rows a second it may do, as far as earlier jobs show.
    """

    poll_interval: float | None = None
    longest: float | None = None
    expected_rate: float | None = None


class Runner:
    """Works on one job until it is finished or something stops it. The caller holds the lock."""

    def __init__(
        self,
        job: OpenJob,
        connect: Connect,
        interruption: Interruption,
        tell: Listener,
        waiting: Waiting,
        settling: Settling | None = None,
        after_canary: AfterCanary | None = None,
        *,
        is_new: bool = False,
    ) -> None:
        self._job = job
        self._is_new = is_new
        self._budget = Budget(job, interruption, tell, after_canary)
        self._connect = connect
        self._interruption = interruption
        self._tell = tell
        self._poll_interval = waiting.poll_interval
        self._progress = Progress(job, interruption, tell, waiting.expected_rate)
        longest = waiting.longest
        self._deadline = None if longest is None else interruption.monotonic() + longest
        self._settling = settling
        self._built: set[int] = set()

    def run(self) -> LoadResult:
        """Every end is a result, and leaves a results workbook.

        Raises LocalFailure where the job is damaged and, of a new job, what leaves nothing of it.
        """
        with ExitStack() as stack:
            connect = kept_open(of_job(self._connect, self._job, self._tell), stack)
            ending = Finisher(self._job, connect, self._interruption, self._tell)
            if self._job.state.finished not in (None, UNKNOWN):
                return ending.finished_before()
            stopped: Xlsx2OpeasyError | None = None
            try:
                self._proceed(connect)
            except TakenOver:
                raise  # whoever has the job by now writes its results
            except Xlsx2OpeasyError as error:
                if error.leaves_nothing:
                    raise
                stopped = error
            return ending.end(stopped)

    def _proceed(self, connect: Connect) -> None:
        facts = self._job.facts
        if self._settling is not None:
            refuse_disproved(self._job, self._settling)
        phases = [phase for phase in facts.phases if self._job.sent_rows(phase)]
        if not phases or self._is_all_known(phases):
            return
        tasks = sum(phase.tasks for phase in phases)
        self._tell(JobStarted(facts.job, facts.origin, facts.enterprise_id, tasks, len(phases)))
        with connect(facts, self._interruption) as client:
            if self._is_new:
                self._first_contact(client)
            if self._settling is not None:
                settle_claim(self._job, self._settling, client)
            self._ask_again(phases, client)
            if self._job.state.halted is None and self._build_all(phases, client):
                self._run_all(phases, client)

    def _first_contact(self, client: OpEasyClient) -> None:
        """Logs in. Nothing is left of the job where that is redirected, or gets no answer at all."""
        try:
            client.authenticate()
        except CallRedirected as error:
            error.leaves_nothing, error.rows = True, counts_of_unsent(self._job.rows)
            raise
        except CallError as error:
            if client.has_answered:
                raise
            # rare: server never reached
            never = NeverReached(error.message, error.hint)
            never.rows = counts_of_unsent(self._job.rows)
            raise never from None

    def _build_all(self, phases: list[PhaseFacts], client: OpEasyClient) -> bool:
        """Builds the drafts, unless each is built while one runs; False where rejected rows stop all."""
        for phase in [] if self._builds_ahead else phases:
            self._build(phase, client)
        return not self._is_rejected()

    def _run_all(self, phases: list[PhaseFacts], client: OpEasyClient) -> None:
        for phase, following in zip_longest(phases, phases[1:]):
            if not self._job.phase_state(phase).may_run and not self._budget.allows(phase):
                return
            self._leave_out_dependents(phase, client)
            self._build(phase, client)
            ahead = following if self._builds_ahead else None
            if self._is_anything_left(phase) and not self._run_phase(phase, client, ahead):
                return

    @property
    def _builds_ahead(self) -> bool:
        """Whether a draft is built only while the stage before runs: rejected rows stop nothing there."""
        facts = self._job.facts
        return facts.drop_rejected and any(phase.stage for phase in facts.phases)

    def _is_all_known(self, phases: list[PhaseFacts]) -> bool:
        saved = all(self._job.phase_state(phase).results_saved for phase in phases)
        return saved and self._job.state.finished is None

    def _is_rejected(self) -> bool:
        if self._job.facts.drop_rejected:
            return False
        return any(read_rejections(self._job, phase) for phase in self._job.facts.phases)

    def _is_anything_left(self, phase: PhaseFacts) -> bool:
        sent = sum(map(len, self._job.sent_rows(phase).values()))
        return sent > len(read_rejections(self._job, phase))

    def _builder(self, phase: PhaseFacts, client: OpEasyClient) -> DraftBuilder:
        return DraftBuilder(self._job, phase, client, self._interruption, self._tell)

    def _build(self, phase: PhaseFacts, client: OpEasyClient) -> None:
        for _ in self._steps(phase, client):
            pass

    def _steps(self, phase: PhaseFacts, client: OpEasyClient) -> Iterator[None]:
        """Builds the draft, a few requests at a time; one of an earlier run is compared once in this one."""
        state = self._job.phase_state(phase)
        complete = state.verified and phase.number in self._built
        if not (state.may_run or complete) and self._job.sent_rows(phase):
            tasks = sum(map(len, self._job.sent_rows(phase).values()))
            chunks = len(self._job.chunks(phase))
            self._tell(PhaseStarted(phase.number, phase.why, tasks, chunks, phase.stage))
            yield from self._builder(phase, client).steps()
            self._built.add(phase.number)

    def _leave_out_dependents(self, phase: PhaseFacts, client: OpEasyClient) -> None:
        if not self._job.phase_state(phase).may_run and leave_out_dependents(self._job, phase):
            builder = self._builder(phase, client)
            builder.delete_draft()
            if self._job.sent_rows(phase):
                builder.build()

    def _run_phase(self, phase: PhaseFacts, client: OpEasyClient, ahead: PhaseFacts | None) -> bool:
        """Schedules and follows the phase; False where its draft, built again, has rejected rows."""
        scheduler = Scheduler(self._job, phase, client, self._interruption, self._tell)
        for _ in range(MAX_FENCED):
            try:
                scheduler.run()
                break
            except DraftFencedError:
                # rare: start in doubt, draft deleted and built again
                self._tell(Notice("The draft was deleted before it could start, and is built again."))
                self._builder(phase, client).build()
                if self._is_rejected():
                    return False
        else:
            raise ServiceFailed("the server does not answer requests to start an operation")
        self._progress.started(phase)
        Follower(
            self._job,
            phase,
            client,
            self._interruption,
            self._tell,
            poll_interval=self._poll_interval,
            deadline=self._deadline,
            meanwhile=self._building(ahead, client),
        ).run()
        self._progress.ended(phase)
        return True

    def _building(self, ahead: PhaseFacts | None, client: OpEasyClient) -> Callable[[], bool]:
        """Builds the draft of the stage ahead in pieces; what fails is tried again when its turn comes."""
        steps = iter(()) if ahead is None else self._steps(ahead, client)

        def go_on() -> bool:
            try:
                return next(steps, self) is not self
            except (CallError, ServiceFailed):
                return False

        return go_on

    def _ask_again(self, phases: list[PhaseFacts], client: OpEasyClient) -> None:
        """Fetches the results again of phases that have rows without one."""
        for phase in phases:
            state = self._job.phase_state(phase)
            if not state.results_saved or state.scheduled_deleted:
                continue
            results, _ = match_phase_results(self._job, phase)
            if any(each.outcome is Outcome.UNKNOWN for each in results.values()):
                try:
                    # rare: results asked for again
                    save_results(self._job, phase, client, self._interruption)
                except CallError as error:
                    if error.http_status != 404:
                        raise
                    # rare: results asked for again are gone
                    self._tell(Notice("The server has no other results of this operation any more."))
