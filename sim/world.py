"""What is below the real load: a wire without sockets, a clock that does not wait, a disk that fails or dies.

`in_place` puts the simulated parts where the real ones are; the load, its client, journal and locks, and the
sandbox behind the wire are the real ones.
"""

import asyncio
import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from load.rig import SkippingInterruption
from reader_at_hand import read_here
from sim.disk import Disk
from xlsx2opeasy.check import checked
from xlsx2opeasy.check.commands import Grid
from xlsx2opeasy.check.reporting import Reporter
from xlsx2opeasy.sandbox import openapi_page
from xlsx2opeasy.sandbox.app import create_app
from xlsx2opeasy.sandbox.backend import Backend
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.state import State
from xlsx2opeasy.sandbox.store import Operation, ScheduledOperation, StoredTask, ValidationError
from xlsx2opeasy.sandbox.truth import Truth

PORT = "8000"
ORIGIN = f"http://127.9.8.7:{PORT}"
KEY = "canary-key-5f1c"
Key = tuple[str, str]
"""User and title: what a task is known by."""

KINDS = ("login", "create", "append", "look", "start", "status", "results", "delete", "delete run")
"""The calls of a load, as an aim names them."""
DEEDS = ("unreached", "lost", "late", "twice", "no answer", "junk", "junk after", "cut", "refused")
"""What may happen to any call; by chance, or to the one at which a step aims."""
LONG = "long "
ALTERATIONS = ("one more", "one less", "another title", "another type", "set aside")
"""What somebody, or the server itself, may do to a draft after an append, or before it is looked at."""
_JUNK = (
    (502, b"<html>Bad gateway</html>"),
    (503, b""),
    (401, b""),
    (429, b""),
    (200, b"<html>Sign in</html>"),
)
_IN_DOUBT = [each for each in _JUNK if each[0] not in (401, 429)]
"""These may come after the server did what it was asked; the others say that it did not."""
_REFUSALS = {
    "login": (403, 409),
    "create": (403, 413),
    "append": (403, 404, 409, 413),
    "look": (403, 404),
    "start": (400, 403, 404, 409),
    "status": (403, 404, 409),
    "results": (404, 409),
    "delete": (400, 403, 409),
    "delete run": (400, 403, 409),
}
"""Answers of a server that refuses without having done anything. That it denies what it still has, and is asked
to delete, is not among them: 404 to a deletion is believed."""
_DEFINITE = frozenset({401, 403, 404, 413, 429})
"""Refusals of a start after which it may be sent again."""
_JOB_OF = re.compile(rb'filename="xlsx2opeasy-(L\w+-\w+)-\d+-(\d+)\.json"')


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
class Process:
    """One run of the program by a person at a machine, and what it will meet."""

    machine: int = 0
    share: float = 0.0
    """Of the calls that meet a fault."""
    aim: str = ""
    """`start: no answer`: what the first call of a kind meets; `status: long refused`: the first twelve. Several
    are joined by ` + `."""
    dies_at: int | None = None
    """Steps (calls, records, syncs, renames) until the process dies."""
    power: bool = False
    """Whether it dies because the power fails: what was not synced may be lost."""
    disk_fails_at: int | None = None
    """Syncs and renames until one fails."""
    disk_failures: int = 1
    """How many fail then, one after another."""
    stops_at: int | None = None
    """Calls until the person presses Ctrl-C."""
    dead: bool = False
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        aims = (each.split(": ") for each in self.aim.split(" + ") if each)
        self.aims = {
            kind: [deed.removeprefix(LONG)] * (12 if deed.startswith(LONG) else 1) for kind, deed in aims
        }

    def aimed(self, kind: str) -> str:
        """What this call meets because the step aims at it."""
        return self.aims[kind].pop() if self.aims.get(kind) else ""


class Server:
    """The sandbox with its ledger, and what must never happen at it whatever the wire does."""

    def __init__(self, settings: SandboxSettings) -> None:
        with (
            mock.patch("xlsx2opeasy.sandbox.app.Backend", PatientBackend),
            mock.patch.object(openapi_page, "routes", _no_pages),
        ):
            self.app = create_app(settings)
        self.transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.job_of: dict[str, str] = {}
        """By operation, the job that made it, as the name of its file says."""
        self.started: dict[str, list[Key]] = {}
        """By operation, the tasks that it held when it was started."""
        self.doubtful_appends: set[tuple[str, bytes]] = set()
        self.doubtful_starts: set[str] = set()
        self.deletions: set[str] = set()
        self.lied_about: set[str] = set()
        """Operations of which the server once denied that it has them."""

    @property
    def truth(self) -> Truth:
        found: Truth = self.app.state.truth
        return found

    @property
    def backend(self) -> PatientBackend:
        found: PatientBackend = self.app.state.rooms.backend
        return found

    @property
    def operations(self) -> dict[str, Operation]:
        found: dict[str, Operation] = self.app.state.rooms.store._operations
        return found

    @property
    def runs(self) -> dict[str, ScheduledOperation]:
        found: dict[str, ScheduledOperation] = self.app.state.rooms.store._scheduled
        return found

    def require_allowed(self, kind: str, request: httpx.Request, body: bytes) -> None:
        """Before a request leaves: nothing in doubt is repeated, and nothing half deleted is gone on with."""
        operation = operation_in(kind, request, body)
        if kind == "append":
            assert (operation, _file_of(body)) not in self.doubtful_appends, "an append in doubt is repeated"
        if kind == "start":
            assert operation not in self.doubtful_starts, "a start in doubt is sent again"
        if kind in ("append", "start"):
            assert operation not in self.deletions, f"{kind} of a draft after a deletion of it was sent"
        if kind == "delete":
            self.deletions.add(operation)

    def note_doubt(self, kind: str, request: httpx.Request, body: bytes, status: int | None) -> None:
        """What the program cannot know after this answer (None: none that counts)."""
        operation = operation_in(kind, request, body)
        if kind == "append" and status is None:
            self.doubtful_appends.add((operation, _file_of(body)))
        if kind == "start" and status not in _DEFINITE:
            self.doubtful_starts.add(operation)

    def note_applied(self, kind: str, request: httpx.Request, body: bytes, answer: dict[str, Any]) -> None:
        """What the server did."""
        if kind == "create" and (named := _JOB_OF.search(body)):
            self.job_of[str(answer["id"])] = named[1].decode()
        if kind == "start":
            operation = operation_in(kind, request, body)
            tasks = self.operations[operation].tasks["Users"]
            self.started[operation] = [key_of(json.loads(task.content)) for task in tasks]

    def alter(self, operation_id: str, how: str, number: int) -> None:
        """Somebody changes a draft in the portal, or the server's validation is late."""
        operation = self.operations.get(operation_id)
        if operation is None or operation.was_scheduled or not operation.tasks["Users"]:
            return
        tasks = operation.tasks["Users"]
        task = tasks[number % len(tasks)]
        if how == "one more":
            tasks.append(task)
        elif how == "one less":
            tasks.remove(task)
        elif how == "another title":
            content = json.loads(task.content)
            content["user"]["title"] = "Z"
            other = json.dumps(content).encode()
            tasks[tasks.index(task)] = StoredTask(task.command, other, other)
        elif how == "another type":
            content = json.dumps({"groupId": "Dallas", "phoneNumbers": ["+12145550100"]}).encode()
            operation.tasks["PhoneNumbers"].append(StoredTask("Assign", content, content))
        else:
            self._set_aside(operation, task)

    def reject(self, operation_id: str, rejected: Key) -> None:
        """The server's validation sets the task aside."""
        if operation := self.operations.get(operation_id):
            for task in list(operation.tasks["Users"]):
                if key_of(json.loads(task.content)) == rejected:
                    self._set_aside(operation, task)

    def _set_aside(self, operation: Operation, task: StoredTask) -> None:
        operation.tasks["Users"].remove(task)
        whole = {"command": task.command, "content": json.loads(task.content)}
        error = ValidationError(
            f"error{len(operation.errors['Users'])}", ("no such title",), json.dumps(whole).encode()
        )
        operation.errors["Users"][error.id] = error


@dataclass
class World:
    """The server, the way to it, and the present process of the person who acts."""

    chance: random.Random
    folder: Path
    failing_users: frozenset[str] = frozenset()
    contradicted: str = ""
    """The user of whom the back end keeps two results: it tried the task twice, and only one of them came true."""
    rejected: Key = ("", "")
    """The task that the server's validation sets aside after an append."""
    slow: int = 0
    """Calls for which nothing that was scheduled is run."""
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.ids = random.Random(self.chance.random())
        self.late: list[tuple[httpx.Request, bytes]] = []
        self.loop = asyncio.Runner()
        self.server = Server(SandboxSettings(api_key=KEY, state=State(system_errors=self.failing_users)))
        self.log: list[str] = []
        self.process = Process()
        self.disk = Disk(self.folder)
        self.visit: Callable[[str], None] = lambda deed: None
        """Lets somebody else act while a call is under way."""

    @property
    def truth(self) -> Truth:
        """The server's ledger."""
        return self.server.truth

    def step(self) -> None:
        """One moment at which the process may die; a dead one does nothing any more."""
        process = self.process
        if process.dead:
            raise Crash
        if process.dies_at is not None:
            process.dies_at -= 1
            if process.dies_at <= 0:
                self.die()

    def die(self) -> None:
        """The present process ends without a last word; the disk stays as it is at this moment."""
        process = self.process
        process.dead, process.dies_at = True, None
        how = "power cut" if process.power else "process died"
        self.tally[how] += 1
        self.log.append(f"  ({how})")
        self.disk.freeze(self.chance if process.power else None)
        raise Crash

    def begin(self, process: Process) -> None:
        """A new process."""
        self.process = process
        self.disk.begin()

    def call(self) -> None:
        """A call begins; the person may stop the load during it."""
        self.step()
        process = self.process
        if process.stops_at is not None:
            process.stops_at -= 1
            if process.stops_at <= 0:
                process.stops_at = None
                self.stop()

    def stop(self) -> None:
        """The person presses Ctrl-C."""
        self.tally["stopped"] += 1
        self.process.clock.ask()

    def clean_up(self, what: str, spared: Collection[str] = ()) -> None:
        """Somebody deletes in the portal what has ended there, the runs alone, or the drafts."""
        server = self.server
        server.backend.work()
        if what == "drafts":
            for draft in self.drafts():
                del server.operations[draft.id]
            return
        for run in [
            each
            for each in server.runs.values()
            if each.status.is_complete and each.operation.id not in spared
        ]:
            del server.runs[run.id]
            run.operation.scheduled_id = None
            if what == "all":
                server.operations.pop(run.operation.id, None)

    def drafts(self) -> list[Operation]:
        """The operations that were not started."""
        return [each for each in self.server.operations.values() if not each.was_scheduled]

    def tamper(self, chance: random.Random) -> None:
        """Somebody changes in the portal what is not started yet."""
        how = chance.choice((*ALTERATIONS, "one more", "another title", "another title"))
        self.log.append(f"  ({how})")
        for draft in self.drafts():
            self.server.alter(draft.id, how, chance.randrange(9))

    def change_key(self) -> str:
        """The administrators of the server make another key; the old one is worth nothing any more."""
        state = self.server.app.state
        state.rooms = dataclasses.replace(state.rooms, api_key=f"{state.rooms.api_key}'")
        return str(state.rooms.api_key)

    def settle(self) -> None:
        """No more faults; what is still under way arrives now, and all that was scheduled runs."""
        self.slow = 0
        self.begin(Process())
        while self.late:
            self.apply(*self.late.pop(0))
        self.server.backend.work()

    def apply(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """Lets the request arrive at the server; its answer, whole."""

        async def arrive() -> httpx.Response:
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=body)
            answer = await self.server.transport.handle_async_request(sent)
            content = self._with_contradiction(request, await answer.aread())
            headers = {**answer.headers, "content-length": str(len(content))}
            return httpx.Response(answer.status_code, headers=headers, content=content)

        answer, kind = self.loop.run(arrive()), kind_of(request)
        self.log.append(f"{request.method} {request.url.path} {answer.status_code}")
        if answer.status_code < 300:
            self.server.note_applied(kind, request, body, answer.json() if kind == "create" else {})
        if kind == "append" and self.rejected[0]:
            self.server.reject(operation_in(kind, request, body), self.rejected)
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

    def disk_call(self) -> None:
        """A sync or a rename."""
        self.step()
        process = self.process
        if process.disk_fails_at is not None:
            process.disk_fails_at -= 1
            if process.disk_fails_at <= 0:
                process.disk_failures -= 1
                if not process.disk_failures:
                    process.disk_fails_at = None
                self.tally["disk failed"] += 1
                self.log.append("  (disk failed)")
                raise self.disk.failure(self.chance)


def kind_of(request: httpx.Request) -> str:
    """Which of `KINDS` a call is."""
    path, method = request.url.path, request.method
    if path.endswith("/authsessions"):
        return "login"
    if "/scheduledoperations" in path:
        if method == "GET":
            return "status" if path.endswith("/status") else "results"
        return {"POST": "start", "DELETE": "delete run"}[method]
    if method == "DELETE" and path.count("/") > 3:
        return "look"  # a validation error is taken out of a draft
    return {"POST": "create", "PATCH": "append", "DELETE": "delete", "GET": "look"}[method]


def operation_in(kind: str, request: httpx.Request, body: bytes) -> str:
    """The operation that a call is about."""
    if kind == "start":
        return str(json.loads(body)["operation"]["id"])
    parts = request.url.path.split("/")
    return parts[3] if len(parts) > 3 else ""


def key_of(content: dict[str, Any]) -> Key:
    """What a task is known by."""
    return content["user"]["userId"], content["user"].get("title", "")


def _file_of(body: bytes) -> bytes:
    found = _JOB_OF.search(body)
    return found[0] if found else b""


def _no_pages() -> list[Any]:
    """The description of the API takes long to make, and no load reads it."""
    return []


class Wire(httpx.BaseTransport):
    """Takes a request to the server's application, or loses, doubles, delays and spoils it on the way."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        world, chance, kind = self._world, self._world.chance, kind_of(request)
        world.call()
        body = request.read()
        self._meanwhile()
        deed = world.process.aimed(kind)
        if not deed and chance.random() < world.process.share:
            deed = chance.choice(DEEDS)
        if deed:
            world.fault(f"{kind}: {deed}")
        self._before(deed)
        world.server.require_allowed(kind, request, body)
        request.extensions["trace"](
            "http11.send_request_headers.started", {"request": _Sent(request.method.encode())}
        )
        try:
            response = self._answered(deed, kind, request, body)
        except (httpx.TransportError, Crash):
            world.server.note_doubt(kind, request, body, None)
            raise
        spoilt = deed in ("junk after", "cut", "answered for") or (
            deed == "junk" and response.status_code not in _DEFINITE
        )
        world.server.note_doubt(kind, request, body, None if spoilt else response.status_code)
        return response

    def _before(self, deed: str) -> None:
        """What happens before the request leaves."""
        world = self._world
        if deed == "unreached":
            raise httpx.ConnectError("simulated")
        if deed in ("dies", "power fails"):
            world.process.power = deed == "power fails"
            world.die()
        if deed == "stop":
            world.stop()
        if deed.startswith("meanwhile"):
            world.visit(deed)

    def _lose(self, deed: str, request: httpx.Request, body: bytes) -> None:
        """What happens to a request that has left, and does not arrive now."""
        if deed == "late":
            self._world.late.append((request, body))
        if deed == "dies waiting":
            self._world.die()
        if deed in ("lost", "late"):
            raise httpx.ReadTimeout("simulated")

    def _answered(self, deed: str, kind: str, request: httpx.Request, body: bytes) -> httpx.Response:
        world, chance = self._world, self._world.chance
        self._lose(deed, request, body)
        if deed == "junk":
            return _junk(chance, _JUNK)
        if deed == "answered for":  # by something in between, which says that it was done
            world.server.lied_about.add(operation_in(kind, request, body))
            return httpx.Response(200)
        if deed == "refused":
            status = chance.choice(_REFUSALS[kind])
            world.server.lied_about |= {operation_in(kind, request, body)} if status == 404 else set()
            return httpx.Response(status, content=b'{"errors": [{"title": "simulated"}]}')
        if deed == "twice":
            world.apply(request, body)
        operation = operation_in(kind, request, body)
        if deed in ALTERATIONS and kind == "look":
            world.server.alter(operation, deed, chance.randrange(9))
        answer = world.apply(request, body)
        if deed in ALTERATIONS and kind == "append":
            world.server.alter(operation, deed, chance.randrange(9))
        if deed == "dies after":
            world.die()
        if deed == "dies soon":
            world.process.dies_at = chance.randint(2, 5)
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
            world.server.backend.work()

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


class _NoTimer:
    """Of the clock that waits: it would only say that a server is silent."""

    daemon = False

    def __init__(self, *of: Any) -> None:
        pass

    def start(self) -> None:
        pass

    def cancel(self) -> None:
        pass


async def _here(work: Callable[..., Any], *of: Any) -> Any:
    return work(*of)


_CHECKED: dict[str, Any] = {}
"""What is wrong with rows that were checked before: the check takes most of the time, and is not what is played."""


@contextlib.contextmanager
def in_place(world: World) -> Iterator[None]:
    """The simulated wire, disk, clock and chance instead of the real ones."""
    replace, ids, check_rows = os.replace, world.ids, checked._of_known_rows

    def rename(source: Any, target: Any, **more: Any) -> None:
        world.disk_call()
        world.disk.renames(Path(target))
        replace(source, target, **more)

    def sync(descriptor: int) -> None:
        world.disk_call()
        world.disk.synced(descriptor)

    def pass_by(_: object, side: str) -> None:
        world.step()

    def clock() -> Clock:
        return world.process.clock

    def known_rows(
        reporter: Reporter, grid: Grid, unused: list[Any], doubtful: list[Any], allowed: Any
    ) -> Any:
        shown = (
            grid.values.to_csv(),
            grid.columns,
            reporter.sheet.unreadable,
            reporter.sheet.problems,
            unused,
            doubtful,
        )
        place = f"{shown} {sorted(allowed)}"
        if place not in _CHECKED:
            _CHECKED[place] = check_rows(reporter, grid, unused, doubtful, allowed)
        return list(_CHECKED[place])

    @functools.cache
    def lock_name(origin: str, enterprise_id: str, machine: int) -> str:
        what = f"{os.getpid()} {id(world)} {machine} {origin} {enterprise_id}".encode()
        return f"xlsx2opeasy-sim-{hashlib.sha256(what).hexdigest()[:40]}"

    patches: list[tuple[str, Callable[..., Any]]] = [
        ("xlsx2opeasy.http.transport.DeadlineTransport", lambda *_: Wire(world)),
        ("xlsx2opeasy.load.job.journal.Failpoint.pass_by", pass_by),
        ("xlsx2opeasy.load.job.machine_lock.lock_name", lambda *of: lock_name(*of, world.process.machine)),
        ("xlsx2opeasy.load.job.open_job.uuid4", lambda: _Id(ids.randbytes(16).hex())),
        ("xlsx2opeasy.load.run.follow.uniform", ids.uniform),
        ("xlsx2opeasy.workbook.read.read_apart", read_here),
        ("xlsx2opeasy.check.checked._of_known_rows", known_rows),
        ("xlsx2opeasy.http.retry.threading.Timer", _NoTimer),
        ("xlsx2opeasy.sandbox.operations.run_in_threadpool", _here),
        ("load.rig.SkippingInterruption", clock),
        ("uuid.uuid4", lambda: _Id(ids.randbytes(16).hex())),
        ("secrets.token_hex", lambda size: ids.randbytes(size).hex()),
        ("secrets.token_bytes", ids.randbytes),
        ("secrets.choice", ids.choice),
        ("os.urandom", ids.randbytes),
        ("os.fsync", sync),
        ("os.replace", rename),
    ]
    with contextlib.ExitStack() as stack:
        for name, instead in patches:
            stack.enter_context(mock.patch(name, instead))
        stack.callback(world.loop.close)
        yield


@dataclass(frozen=True)
class _Id:
    hex: str
