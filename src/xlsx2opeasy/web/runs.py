"""Loads that were begun on the page: each in a thread of its own, apart from the event loop."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from xlsx2opeasy.errors import Xlsx2OpeasyError, internal_error
from xlsx2opeasy.load.events import CanaryEnded, Event, JobStarted, Notice
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.session import not_begun

_LOOK_SECONDS = 0.2
"""Between two looks for a person's answer."""


@dataclass
class Run:
    """One load, rehearsal or resumed job. `result` is there once it ended; `job` once it is one.

    `question` is the canary after which it waits for a person's answer.
    """

    workbook: str
    rehearsal: bool
    upload: str | None = None
    job: str | None = None
    result: LoadResult | None = None
    notices: list[str] = field(default_factory=list)
    interruption: Interruption = field(default_factory=Interruption)
    stopping: bool = False
    question: CanaryEnded | None = None
    _answers: dict[int, bool] = field(default_factory=dict, repr=False)
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def hear(self, event: Event) -> None:
        """Takes in what the load tells; everything else is in the job's own log."""
        if isinstance(event, JobStarted):
            self.job = event.job
        elif isinstance(event, Notice) and self.job is None:
            self.notices.append(event.text)

    def ask(self, ended: CanaryEnded, interruption: Interruption) -> bool:
        """Waits for a person's answer after the canary: whether the load goes on. Raises Interrupted."""
        self.question = ended
        try:
            while ended.phase not in self._answers:
                interruption.sleep(_LOOK_SECONDS)
        finally:
            self.question = None
        return self._answers[ended.phase]

    def answer(self, phase: int, *, goes_on: bool) -> None:
        """Takes the answer after the canary that is operation `phase`; only its first answer counts."""
        if self.question is not None and self.question.phase == phase:
            self._answers.setdefault(phase, goes_on)

    def stop(self) -> None:
        """Interrupts it as Ctrl-C does: the request under way finishes, nothing is deleted."""
        self.stopping = True
        self.interruption.ask()


Work = Callable[[Run], LoadResult]


class Runs:
    """Those of this program, the ended ones too. `on_end` is called with each that has ended."""

    def __init__(self, on_end: Callable[[Run], None]) -> None:
        self._on_end = on_end
        self._runs: dict[str, Run] = {}
        self._threads: dict[str, threading.Thread] = {}

    def start(self, run: Run, work: Work) -> Run:
        """Begins it; every end of `work` becomes the run's result."""
        self._runs[run.id] = run
        thread = threading.Thread(target=self._work, args=(run, work), name=f"run-{run.id}", daemon=True)
        self._threads[run.id] = thread
        thread.start()
        return run

    def get(self, run_id: str) -> Run | None:
        """The run of this id."""
        return self._runs.get(run_id)

    def of_job(self, job: str) -> Run | None:
        """The run that works on the job now."""
        return next((each for each in self.active() if each.job == job), None)

    def last_of_job(self, job: str) -> Run | None:
        """The run that works on the job now, else the one that did last."""
        return self.of_job(job) or next(
            (each for each in reversed(list(self._runs.values())) if each.job == job), None
        )

    def active(self) -> list[Run]:
        """Those that have not ended."""
        return [each for each in list(self._runs.values()) if each.result is None]

    def stop_all(self, longest: float) -> None:
        """Interrupts all as Ctrl-C does, and waits so many seconds for their ends at the most."""
        for each in self.active():
            each.stop()
        end = time.monotonic() + longest
        for thread in list(self._threads.values()):
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self, run: Run, work: Work) -> None:
        try:
            result = work(run)
        except Xlsx2OpeasyError as error:
            result = not_begun(run.workbook, error)
        except Exception as error:  # noqa: BLE001 - the page says what happened, without a secret
            result = not_begun(run.workbook, internal_error(error))
        run.job = run.job or result.job
        run.result = result
        self._on_end(run)
