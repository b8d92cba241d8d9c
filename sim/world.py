"""What is below the real load: a wire without sockets, a clock that does not wait, a disk that fails or dies.

`in_place` puts the simulated parts where the real ones are; the load, its client, journal and locks, and the
sandbox behind the wire are the real ones.
"""

import asyncio
import contextlib
import dataclasses
import errno
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import httpx

from load.rig import SkippingInterruption
from reader_at_hand import read_here
from xlsx2opeasy.sandbox.app import create_app
from xlsx2opeasy.sandbox.backend import Backend
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.state import State
from xlsx2opeasy.sandbox.store import ScheduledOperation
from xlsx2opeasy.sandbox.truth import Truth

PORT = "8000"
ORIGIN = f"http://127.{os.getpid() >> 16 & 127}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}:{PORT}"
"""Of this process alone, so that no other one holds the machine's lock of it."""

KEY = "canary-key-5f1c"
_JUNK = (
    (502, b"<html>Bad gateway</html>"),
    (503, b""),
    (401, b""),
    (429, b""),
    (200, b"<html>Sign in</html>"),
)
_IN_DOUBT = [each for each in _JUNK if each[0] not in (401, 429)]
"""These may come after the server did what it was asked; the others say that it did not."""


class Crash(BaseException):
    """The process is gone: nothing of it runs any more, whatever its `finally` blocks try."""


class Clock(SkippingInterruption):
    """Time passes in sleeps and by a moment each time it is asked for."""

    def monotonic(self) -> float:
        self._skipped += 0.001
        return self._skipped


class PatientBackend(Backend):
    """Runs what was scheduled when it is told to, and not in a thread."""

    def __init__(self, *rooms: Any) -> None:
        super().__init__(*rooms)
        super().close()
        self._closed.clear()
        self.waiting: list[ScheduledOperation] = []

    def submit(self, scheduled: ScheduledOperation) -> None:
        self.waiting.append(scheduled)

    def work(self) -> None:
        """Runs all that waits."""
        while self.waiting:
            self._process(self.waiting.pop(0))

    def close(self) -> None:
        """There is no thread to end."""


@dataclass
class World:
    """The server, the way to it, and the present process of the person who acts."""

    chance: random.Random
    failing_users: frozenset[str] = frozenset()
    contradicted: str = ""
    """The user of whom the back end keeps two results: it tried the task twice, and only one of them came true."""
    share: float = 0.0
    """Of the calls that meet a fault."""
    dies_at: int | None = None
    """Steps (calls, records, syncs, renames) until the process dies."""
    disk_fails_at: int | None = None
    """Syncs and renames until one fails."""
    stops_at: int | None = None
    """Calls until the person presses Ctrl-C."""
    slow: int = 0
    """Calls for which nothing that was scheduled is run."""
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dead = False
        self.late: list[tuple[httpx.Request, bytes]] = []
        settings = SandboxSettings(api_key=KEY, state=State(system_errors=self.failing_users))
        with mock.patch("xlsx2opeasy.sandbox.app.Backend", PatientBackend):
            self.app = create_app(settings)
        self.loop = asyncio.Runner()
        self.transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.log: list[str] = []
        self.clock = Clock()

    @property
    def truth(self) -> Truth:
        """The server's ledger."""
        found: Truth = self.app.state.truth
        return found

    @property
    def backend(self) -> PatientBackend:
        found: PatientBackend = self.app.state.rooms.backend
        return found

    def step(self) -> None:
        """One moment at which the process may die; a dead one does nothing any more."""
        if self.dead:
            raise Crash
        if self.dies_at is not None:
            self.dies_at -= 1
            if self.dies_at <= 0:
                self.dead, self.dies_at = True, None
                self.tally["process died"] += 1
                raise Crash

    def begin(self) -> None:
        """A new process."""
        self.dead = False

    def new_clock(self) -> Clock:
        """That of the process that begins; a stop is asked of it."""
        self.clock = Clock()
        return self.clock

    def call(self) -> None:
        """A call begins; the person may stop the load during it."""
        self.step()
        if self.stops_at is not None:
            self.stops_at -= 1
            if self.stops_at <= 0:
                self.stops_at = None
                self.tally["stopped"] += 1
                self.clock.ask()

    def clean_up(self) -> None:
        """Somebody deletes in the portal what has ended there."""
        store = self.app.state.rooms.store
        for run in [each for each in store._scheduled.values() if each.status.is_complete]:
            del store._scheduled[run.id]
            store._operations.pop(run.operation.id, None)

    def change_key(self) -> str:
        """The administrators of the server make another key; the old one is worth nothing any more."""
        rooms = self.app.state.rooms
        self.app.state.rooms = dataclasses.replace(rooms, api_key=f"{rooms.api_key}'")
        return str(self.app.state.rooms.api_key)

    def settle(self) -> None:
        """No more faults; what is still under way arrives now, and all that was scheduled runs."""
        self.share, self.slow, self.dead = 0.0, 0, False
        self.dies_at = self.disk_fails_at = self.stops_at = None
        while self.late:
            self.apply(*self.late.pop(0))
        self.backend.work()

    def apply(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """Lets the request arrive at the server; its answer, whole."""

        async def arrive() -> httpx.Response:
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=body)
            answer = await self.transport.handle_async_request(sent)
            content = self._with_contradiction(request, await answer.aread())
            headers = {**answer.headers, "content-length": str(len(content))}
            return httpx.Response(answer.status_code, headers=headers, content=content)

        answer = self.loop.run(arrive())
        self.log.append(f"{request.method} {request.url.path} {answer.status_code}")
        return answer

    def _with_contradiction(self, request: httpx.Request, content: bytes) -> bytes:
        if not (self.contradicted and request.url.path.endswith("/results/users")):
            return content
        answer = json.loads(content)
        for result in list(answer.get("Users", ())):
            if result["content"]["user"]["userId"] == self.contradicted:
                other = {**result, "status": "SUCCESS"}
                if result["status"] == "SUCCESS":
                    other |= {"status": "FAILED", "errorCode": "102", "errorDescription": "tried again"}
                answer["Users"].append(other)
        return json.dumps(answer).encode()

    def fault(self, name: str) -> None:
        self.tally[f"wire: {name}"] += 1
        self.log.append(f"  ({name})")

    def disk(self) -> None:
        """A sync or a rename."""
        self.step()
        if self.disk_fails_at is not None:
            self.disk_fails_at -= 1
            if self.disk_fails_at <= 0:
                self.disk_fails_at = None
                self.tally["disk failed"] += 1
                raise OSError(self.chance.choice((errno.ENOSPC, errno.EIO)), "simulated")


class Wire(httpx.BaseTransport):
    """Takes a request to the server's application, or loses, doubles, delays and spoils it on the way."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        world, chance = self._world, self._world.chance
        world.call()
        body = request.read()
        self._meanwhile()
        deeds = ("unreached", "lost", "late", "twice", "no answer", "junk", "junk after", "cut")
        deed = chance.choice(deeds) if chance.random() < world.share else ""
        if deed:
            world.fault(deed)
        if deed == "unreached":
            raise httpx.ConnectError("simulated")
        request.extensions["trace"](
            "http11.send_request_headers.started", {"request": _Sent(request.method.encode())}
        )
        if deed == "late":
            world.late.append((request, body))
        if deed in ("lost", "late"):
            raise httpx.ReadTimeout("simulated")
        if deed == "junk":
            return _junk(chance, _JUNK)
        if deed == "twice":
            world.apply(request, body)
        answer = world.apply(request, body)
        world.step()
        return self._spoilt(deed, answer)

    def _meanwhile(self) -> None:
        """What was late may arrive, and the back end may run what was scheduled."""
        world, chance = self._world, self._world.chance
        if world.late and chance.random() < 0.3:
            world.apply(*world.late.pop(chance.randrange(len(world.late))))
        if world.slow > 0:
            world.slow -= 1
        elif chance.random() < 0.7:
            world.backend.work()

    def _spoilt(self, deed: str, answer: httpx.Response) -> httpx.Response:
        """What comes back of the server's answer."""
        chance = self._world.chance
        if deed == "no answer":
            raise httpx.RemoteProtocolError("simulated")
        if deed == "junk after":
            return _junk(chance, _IN_DOUBT)
        if deed == "cut":
            cut = _Cut(answer.content, chance)
            return httpx.Response(answer.status_code, headers=answer.headers, stream=cut)
        return answer


@dataclass(frozen=True)
class _Sent:
    method: bytes


class _Cut(httpx.SyncByteStream):
    def __init__(self, content: bytes, chance: random.Random) -> None:
        self._kept = content[: chance.randrange(len(content) + 1)]

    def __iter__(self) -> Iterator[bytes]:
        yield self._kept
        raise httpx.RemoteProtocolError("simulated")


def _junk(chance: random.Random, of: Sequence[tuple[int, bytes]]) -> httpx.Response:
    status, content = chance.choice(of)
    return httpx.Response(status, content=content)


@contextlib.contextmanager
def in_place(world: World) -> Iterator[None]:
    """The simulated wire, disk and clock instead of the real ones."""
    replace = os.replace

    def rename(*paths: Any, **more: Any) -> None:
        world.disk()
        replace(*paths, **more)

    def pass_by(_: object, side: str) -> None:
        world.step()

    patches: list[tuple[str, Callable[..., Any]]] = [
        ("xlsx2opeasy.http.transport.DeadlineTransport", lambda *_: Wire(world)),
        ("xlsx2opeasy.load.job.failpoint.Failpoint.pass_by", pass_by),
        ("xlsx2opeasy.workbook.read.read_apart", read_here),
        ("load.rig.SkippingInterruption", world.new_clock),
        ("os.fsync", lambda _: world.disk()),
        ("os.replace", rename),
    ]
    with contextlib.ExitStack() as stack:
        for name, instead in patches:
            stack.enter_context(mock.patch(name, instead))
        stack.callback(world.loop.close)
        yield
