"""A load in this process: real files, real sockets, the real client, and a clock that does not wait.

After every end `kept_promise` holds what was said of the rows against what the server did (I1-I3).
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from foreign.messages import Answer, Cut, Request
from foreign.server import ForeignServer
from xlsx2opeasy.http.reach import user_agent
from xlsx2opeasy.load.budget import AfterCanary
from xlsx2opeasy.load.events import Event, Notice
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.home import Home, JobFolder
from xlsx2opeasy.load.job.journal import Record
from xlsx2opeasy.load.plan.prepare import LoadOptions
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.load.service import LoadContext, load, resume
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.exchange import Timeouts
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.tasks.limits import ChunkLimits

from .books import read_results

SHORT = Timeouts(connect=2.0, read=0.4, write=1.0, total=0.8, download=0.8)
"""Where it is the subject that they end."""
PATIENT = Timeouts(connect=60.0, read=60.0, write=60.0, total=120.0, download=120.0)
"""So long that no busy machine is taken for a server that does not answer."""
APPLIED = ("SUCCESS", "FAILED")
NOT_APPLIED = ("NOT SENT", "REJECTED", "INVALID")


class SkippingInterruption(Interruption):
    """Its sleeps are over at once; what they would have taken is added to its time."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []
        self.on_sleep: Callable[[float], None] = lambda seconds: None
        self._skipped = 0.0

    def sleep(self, seconds: float) -> None:
        self.checkpoint()
        self.slept.append(seconds)
        self._skipped += seconds
        self.on_sleep(seconds)
        self.checkpoint()

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped


@dataclass
class Rig:
    """One machine (`home`) and one server; every run is a process of its own as far as the disk can tell."""

    server: ForeignServer
    home: Home
    events: list[Event] = field(default_factory=list)
    interruption: SkippingInterruption = field(default_factory=SkippingInterruption)
    timeouts: Timeouts = PATIENT
    api_key: str | None = None
    spelling: Callable[[str], str] = str
    """How this machine's person spells the server's address."""
    after_canary: AfterCanary | None = None

    def load(
        self, book: Path, *, chunk_tasks: int = 1000, wait: float | None = None, **options: Any
    ) -> LoadResult:
        self.interruption = SkippingInterruption()
        chosen = LoadOptions(limits=ChunkLimits(tasks=chunk_tasks), **options)
        return load(book, self.target, chosen, self.around(wait))

    def resume(
        self, job: str | None = None, *, wait: float | None = None, settling: Settling | None = None
    ) -> LoadResult:
        self.interruption = SkippingInterruption()
        return resume(job, self.around(wait), settling)

    @property
    def target(self) -> Target:
        key = Secret(self.api_key or self.server.settings.api_key)
        url = self.spelling(self.server.url)
        return Target(url, self.server.settings.enterprise_id, find_key=lambda: key)

    def around(self, wait: float | None = None) -> LoadContext:
        waiting = Waiting(longest=wait)
        around = (self.events.append, self.connect, waiting, self.interruption, self.after_canary)
        return LoadContext(*around, store=self.home)

    def connect(self, facts: Any, interruption: Interruption) -> OpEasyClient:
        connection = Connection(
            self.spelling(self.server.url),
            self.server.settings.enterprise_id,
            Secret(self.api_key or self.server.settings.api_key),
            user_agent=user_agent(facts.job),
        )
        return OpEasyClient(
            connection, clock=interruption, timeouts=self.timeouts, jitter=lambda low, high: high
        )

    @property
    def notices(self) -> str:
        return "\n".join(each.text for each in self.events if isinstance(each, Notice))

    def folder(self, result: LoadResult) -> JobFolder:
        return self.home.job(str(result.job))

    def records(self, result: LoadResult) -> list[Record]:
        return list(self.folder(result).read_journal())

    def schedules(self) -> int:
        return self.server.calls("POST", "/v1/scheduledoperations")

    def drafts(self) -> list[str]:
        """Operations at the server that hold tasks and have no run: what nobody must leave behind."""
        state = self.server.state
        return [
            each.id
            for each in state.operations.values()
            if state.run_of(each.id) is None and any(each.tasks.values())
        ]


def subjects(book: Path) -> dict[tuple[str, int], str]:
    """By sheet and row, the user that a Users row is about."""
    workbook: Any = openpyxl.load_workbook(book)
    found = {}
    for sheet in workbook.worksheets:
        headers = [cell.value for cell in sheet[1]]
        if "user.userId" in headers:
            column = headers.index("user.userId") + 1
            for row in range(2, sheet.max_row + 1):
                if sheet.cell(row, column).value:
                    found[(sheet.title, row)] = sheet.cell(row, column).value
    workbook.close()
    return found


def executed(server: ForeignServer) -> Counter[str]:
    """How often the server did something to each user."""
    return Counter(
        task["content"]["user"]["userId"] for name, task in server.state.executed if name == "Users"
    )


def kept_promise(server: ForeignServer, result: LoadResult) -> None:
    """I1 no row twice, I2 said done means done once, I3 said not done means never done; and the counts."""
    done = executed(server)
    assert max(done.values(), default=0) <= 1, f"provisioned twice: {done}"
    assert result.results is not None
    told = read_results(Path(result.results))
    for place, user in subjects(Path(result.results)).items():
        outcome = told[place][0]
        if outcome in APPLIED:
            assert done[user] == 1, (user, outcome)
        elif outcome in NOT_APPLIED:
            assert done[user] == 0, (user, outcome)
        elif outcome == "RUNNING":
            assert done[user] == 1, (user, outcome)
            assert "resume" in told[place][2], told[place]
        else:
            assert outcome == "UNKNOWN"
            assert any(word in told[place][2] for word in ("resume", "closed")), told[place]
    rows = result.rows
    assert sum(rows.values()) == 2 * rows["total"] == 2 * len(told)
    assert result.message.strip()


def on_call(method: str, part: str, *what: Answer | Cut | None) -> Callable[[Request], Answer | Cut | None]:
    """A hook that answers the calls of this method and path one after another with `what`, then no more."""
    left = list(what)

    def hook(request: Request, *_: Answer) -> Answer | Cut | None:
        if request.method == method and request.path.endswith(part) and left:
            return left.pop(0)
        return None

    return hook
