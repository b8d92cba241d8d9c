"""The state machine of a load: from wherever a job stands to results for every row.

All drafts are built and verified before the first is scheduled, so that a rejected row anywhere stops all.
`load` and `resume` both end here: a new job simply stands at its beginning.
"""

from contextlib import ExitStack
from dataclasses import dataclass

from xlsx2opeasy.errors import ServiceFailed, Xlsx2OpeasyError
from xlsx2opeasy.load.dependents import leave_out_dependents
from xlsx2opeasy.load.events import JobStarted, Listener, Notice, PhaseStarted
from xlsx2opeasy.load.finish import Ending
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.open_job import Connect, OpenJob, kept_open
from xlsx2opeasy.load.job.state import UNKNOWN
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.results.row_results import settle_phase
from xlsx2opeasy.load.run.draft import DraftBuilder
from xlsx2opeasy.load.run.fetch import save_results
from xlsx2opeasy.load.run.follow import Follower
from xlsx2opeasy.load.run.hiding import hiding
from xlsx2opeasy.load.run.rejections import read_rejections
from xlsx2opeasy.load.run.schedule import DraftFencedError, Scheduler
from xlsx2opeasy.load.run.undecided import Settling, refuse_disproved, settle_claim
from xlsx2opeasy.opeasy import CallError, OpEasyClient
from xlsx2opeasy.spec.outcomes import Outcome

MAX_FENCED = 3
"""How often the start of one phase may be in doubt, and its draft be deleted and built anew, in one run."""


@dataclass(frozen=True)
class Waiting:
    """How the server is waited for, in seconds: between two looks, and at the most (None: to the end)."""

    poll_interval: float | None = None
    longest: float | None = None


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
    ) -> None:
        self._job = job
        self._connect = connect
        self._interruption = interruption
        self._tell = tell
        self._poll_interval = waiting.poll_interval
        longest = waiting.longest
        self._deadline = None if longest is None else interruption.monotonic() + longest
        self._settling = settling

    def run(self) -> LoadResult:
        """Every end is a result, and leaves a results workbook; raises only where the job is damaged."""
        with ExitStack() as stack:
            connect = kept_open(hiding(self._connect, self._job), stack)
            ending = Ending(self._job, connect, self._interruption, self._tell)
            if self._job.state.finished not in (None, UNKNOWN):
                return ending.finished_before()
            stopped: Xlsx2OpeasyError | None = None
            try:
                self._proceed(connect)
            except Xlsx2OpeasyError as error:
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
            if self._settling is not None:
                settle_claim(self._job, self._settling, client)
            self._ask_again(phases, client)
            for phase in phases:
                self._build(phase, client)
            if self._is_rejected():
                return
            for phase in phases:
                self._leave_out_dependents(phase, client)
                if self._is_anything_left(phase) and not self._run_phase(phase, client):
                    return

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
        if not self._job.phase_state(phase).may_run:
            chunks = self._job.chunks(phase)
            self._tell(PhaseStarted(phase.number, phase.why, phase.tasks, len(chunks)))
            self._builder(phase, client).build()

    def _leave_out_dependents(self, phase: PhaseFacts, client: OpEasyClient) -> None:
        if not self._job.phase_state(phase).may_run and leave_out_dependents(self._job, phase):
            builder = self._builder(phase, client)
            builder.delete_draft()
            if self._job.sent_rows(phase):
                builder.build()

    def _run_phase(self, phase: PhaseFacts, client: OpEasyClient) -> bool:
        """Schedules and follows the phase; False where its draft, built anew, has rejected rows."""
        scheduler = Scheduler(self._job, phase, client, self._interruption, self._tell)
        for _ in range(MAX_FENCED):
            try:
                scheduler.run()
                break
            except DraftFencedError:
                self._tell(Notice("The draft was deleted before it could start, and is built anew."))
                self._builder(phase, client).build()
                if self._is_rejected():
                    return False
        else:
            raise ServiceFailed("the server does not answer requests to start an operation")
        Follower(
            self._job,
            phase,
            client,
            self._interruption,
            self._tell,
            poll_interval=self._poll_interval,
            deadline=self._deadline,
        ).run()
        return True

    def _ask_again(self, phases: list[PhaseFacts], client: OpEasyClient) -> None:
        """Fetches the results anew of phases that have rows without one."""
        for phase in phases:
            state = self._job.phase_state(phase)
            if not state.results_saved or state.scheduled_deleted:
                continue
            results, _ = settle_phase(self._job, phase)
            if any(each.outcome is Outcome.UNKNOWN for each in results.values()):
                try:
                    save_results(self._job, phase, client, self._interruption)
                except CallError as error:
                    if error.http_status != 404:
                        raise
                    self._tell(Notice("The server has no other results of this operation any more."))
