"""Plays workers that are killed, sleep and lose their database: make fuzz-fleet LOADS=500 KILLS=200 STOPS=60.

The referee sits at the servers, one for each enterprise: with each call that changes something it asks the
database who holds which job at that moment, and the server which operation still runs. Two of three troubles
are aimed: they meet the process whose call has just arrived, or was just applied and not yet answered.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from foreign.messages import Answer, Cut, Request
from foreign.server import ForeignServer
from foreign.state import Settings
from load.books import users, write_rows
from load.command import environment
from load.rig import executed
from postgres import PostgresServer, running_postgres
from reader_at_hand import read_at_hand
from seeds import ROOM
from xlsx2opeasy.settings.store import shared_store
from xlsx2opeasy.store.connection import lock_number
from xlsx2opeasy.store.items import list_items

from .fleet import Machine

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(  # imported once, not by each command
    [
        __name__,
        "xlsx2opeasy.cli.main",
        "xlsx2opeasy.cli.queue_add",
        "xlsx2opeasy.cli.worker",
        "xlsx2opeasy.load.plan.prepare",
        "xlsx2opeasy.session",
        "xlsx2opeasy.store.worker",
        "xlsx2opeasy.workbook.results.write",
    ]
)
PART = 50
"""How many loads are played at once, over their share of the enterprises."""
_SHARED = ("loads", "enterprises", "kills", "stops", "restarts")
ROWS = 2
WORKERS = 4
CONCURRENCY = 2
SECRET = "Tr0ub4dor-geheim"
"""Each row's password."""
API_KEY = "key-of-all-enterprises"
AIMED = 2 / 3
"""The share of troubles that wait for a call, and meet whoever sent it."""
SLEEP_SECONDS = (4.5, 7.0)
"""Another worker takes a job over 1.5 s after its lock is free (queue.py: orphaned for 1 s, looked for every 0.5
s); a sleep lasts three times as long at least."""
_MACHINE_SLEEPS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s"
_HOLDERS = (
    "SELECT (l.classid::bigint << 32) | l.objid::bigint, a.application_name"
    " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted"
)


@dataclass
class Campaign:
    """How much is done, and what came of it."""

    loads: int
    enterprises: int
    kills: int
    stops: int
    restarts: int
    seed: int
    seconds: float = 900.0
    overlaps: list[str] = field(default_factory=list)
    left_running: dict[str, str] = field(default_factory=dict)
    """Jobs whose operation ran while another load of the enterprise sent something: that may an undecided one."""
    strays: list[str] = field(default_factory=list)
    """Calls whose process held nothing when they arrived: its connection broke after their intent."""
    calls: int = 0
    """Calls that changed something and were looked at."""
    jobs: dict[str, str] = field(default_factory=dict)
    """The enterprise of each job."""
    ends: dict[str, str] = field(default_factory=dict)
    """The state of each job at the end."""
    played: Counter[str] = field(default_factory=Counter)
    """How often each trouble was really made."""
    aimed: Counter[str] = field(default_factory=Counter)
    """How many of them met the process whose call was at the server at that moment."""
    searches: int = 0
    """How often the dump and all files of the database were searched for secrets."""

    def told(self) -> str:
        """What was done and came of it, in a line."""
        return (
            f"made: {dict(self.played)}, of which while a call of the process was at its server:"
            f" {dict(self.aimed)}; ended: {dict(self.states)}; {self.calls} calls that changed something,"
            f" {len(self.strays)} of them of a process that held nothing by then;"
            f" secrets searched for {self.searches} times; overlaps: {self.overlaps or 'none'}"
        )

    @property
    def states(self) -> Counter[str]:
        """How many jobs ended in which state."""
        return Counter(self.ends.values())


class Troubles:
    """Kills, stops and restarts; one of them may wait for the next call that changes something."""

    def __init__(self, campaign: Campaign, postgres: PostgresServer) -> None:
        self._campaign = campaign
        self._postgres = postgres
        self._chance = random.Random(campaign.seed + 1)
        self._lock = threading.Lock()
        self._waiting: tuple[str, str, threading.Event] | None = None
        self._timers: list[threading.Timer] = []

    def aim(self, kind: str) -> bool:
        """Lets a trouble wait for a call; False where none came."""
        met = threading.Event()
        with self._lock:
            self._waiting = kind, self._chance.choice(["arrived", "lost", "applied"]), met
        if not met.wait(3):
            with self._lock:
                if self._waiting is not None:
                    self._waiting = None
                    return False
        met.wait()
        self._campaign.aimed[kind] += 1
        return True

    def meet(self, moments: tuple[str, ...], pid: int) -> str | None:
        """Makes the trouble that waits for such a moment, if any, to this process; gives the moment."""
        with self._lock:
            if self._waiting is None or self._waiting[1] not in moments:
                return None
            (kind, moment, met), self._waiting = self._waiting, None
        self.make(kind, pid)
        met.set()
        return moment

    def make(self, kind: str, pid: int) -> None:
        """Makes it now."""
        if kind == "restart":
            self._postgres.restart(self._chance.choice(["fast", "immediate"]), self._chance.uniform(0, 2))
        with contextlib.suppress(ProcessLookupError):
            if kind == "kill":
                os.kill(pid, signal.SIGKILL)
            elif kind == "stop":
                self._sleep(pid)
        self._campaign.played[kind] += 1

    def _sleep(self, pid: int) -> None:
        """In half of the cases the server ends the connections meanwhile, as where a whole machine sleeps."""
        os.kill(pid, signal.SIGSTOP)
        if self._chance.random() < 0.5:
            for database in self._postgres.databases():
                with (
                    contextlib.suppress(psycopg.Error),
                    psycopg.connect(database, autocommit=True) as connection,
                ):
                    connection.execute(_MACHINE_SLEEPS, [f"xlsx2opeasy % {pid} %"])
        self._timers.append(threading.Timer(self._chance.uniform(*SLEEP_SECONDS), _wake, [pid]))
        self._timers[-1].start()

    def wait(self) -> None:
        """Until all that sleep were woken."""
        for timer in self._timers:
            timer.join()


def _wake(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


class Referee:
    """Looks at each call that changes something at one enterprise, and lets the trouble meet it that waits."""

    def __init__(self, campaign: Campaign, url: str, server: ForeignServer, troubles: Troubles) -> None:
        self._campaign = campaign
        self._url = url
        self._server = server
        self._troubles = troubles
        self._lock = threading.Lock()
        self._connection: psycopg.Connection | None = None
        self._runs: dict[str, str] = {}
        """The job of each scheduled operation."""

    def before(self, request: Request) -> Cut | None:
        """A call has arrived."""
        job = self._job_of(request)
        if job is None:
            return None
        pid = self._look(job, request)
        met = self._troubles.meet(("arrived", "lost"), pid) if pid else None
        return Cut() if met == "lost" else None

    def after(self, request: Request, answer: Answer) -> None:
        """A call was applied."""
        job = self._job_of(request)
        if job is None:
            return
        if request.path.endswith("/scheduledoperations") and answer.status == 202:
            self._runs[answer.body["scheduledOperation"]["id"]] = job
        holders = self._holders()
        if pid := holders.get(lock_number("job", job), 0):
            self._troubles.meet(("applied",), pid)

    def _job_of(self, request: Request) -> str | None:
        job = dict(request.headers).get("User-Agent", "").rpartition("load=")[2]
        changes = request.method != "GET" and not request.path.endswith("/authsessions")
        return job if changes and job in self._campaign.jobs else None

    def _look(self, job: str, request: Request) -> int:
        """The process that holds the job; 0 where none does, or the database restarts."""
        holders = self._holders()
        if not holders:
            return 0
        self._campaign.calls += 1
        enterprise = self._campaign.jobs[job]
        others = [
            other
            for other, its in self._campaign.jobs.items()
            if its == enterprise and other != job and lock_number("job", other) in holders
        ]
        running = [
            self._runs[run.id]
            for run in list(self._server.state.scheduled.values())
            if not run.is_complete and self._runs.get(run.id, job) != job
        ]
        if others:
            self._campaign.overlaps.append(f"{job} sent {request.call} while {others} are worked on")
        for left in running:
            self._campaign.left_running.setdefault(left, f"{job} sent {request.call} while {left} ran")
        if not others and lock_number("job", job) not in holders:
            self._campaign.strays.append(f"{job} sent {request.call} and holds nothing")
        return holders.get(lock_number("job", job), 0)

    def close(self) -> None:
        """Lets go of the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def _holders(self) -> dict[int, int]:
        """By lock, the process that holds it; empty where the database cannot be asked, as it restarts."""
        with self._lock, contextlib.suppress(psycopg.Error):
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._url, connect_timeout=2, autocommit=True)
            return {
                lock: int(name.split()[2]) if name.startswith("xlsx2opeasy ") else 0
                for lock, name in self._connection.execute(_HOLDERS)
            }
        return {}


def play(campaign: Campaign, postgres: PostgresServer, folder: Path) -> dict[str, ForeignServer]:
    """Adds the loads, troubles the workers, and waits until every load has ended."""
    chance = random.Random(campaign.seed)
    url = postgres.new_database()
    servers = {
        f"enterprise-{number}": ForeignServer(
            Settings(
                enterprise_id=f"enterprise-{number}",
                api_key=API_KEY,
                polls_processing=1,
                delay=lambda _: chance.uniform(0.05, 0.4),
            )
        )
        for number in range(campaign.enterprises)
    }
    environ = {"XLSX2OPEASY_STORE": url, **environment("http://127.0.0.1:1", "none", API_KEY)}
    machines = [Machine(folder / f"machine-{number}", environ) for number in range(WORKERS)]
    with contextlib.ExitStack() as stack:
        for server in servers.values():
            stack.enter_context(server)
        _add(campaign, servers, machines[0], folder)
        troubles = Troubles(campaign, postgres)
        for server in servers.values():
            referee = Referee(campaign, url, server, troubles)
            stack.callback(referee.close)
            server.settings.before = referee.before
            server.settings.after = referee.after  # type: ignore[assignment]
        search = _search_for_secrets(campaign, postgres, url, servers)
        _trouble(campaign, chance, troubles, machines, url, search)
        search()
        items = machines[0].json("queue", "list")["items"]
        campaign.ends = {each["job"]: each["state"] for each in items}
        campaign.overlaps += [
            said for job, said in campaign.left_running.items() if campaign.ends[job] != "undecided"
        ]
    return servers


def _add(campaign: Campaign, servers: dict[str, ForeignServer], machine: Machine, folder: Path) -> None:
    books: dict[str, list[Path]] = {name: [] for name in servers}
    for number in range(campaign.loads):
        name = f"enterprise-{number % campaign.enterprises}"
        rows = users(ROWS, first=number * ROWS, user__userPassword=SECRET)
        books[name].append(write_rows(folder / f"book-{number}.xlsx", {"Users": rows}))
    machine.run("store", "init")
    for name, server in servers.items():
        if books[name]:
            known = ("--url", server.url, "--enterprise-id", name, "--yes")
            adding = forked(machine, "queue", "add", *books[name], *known)
            adding.join()
            assert adding.exitcode == 0
    campaign.jobs = {each["job"]: each["enterprise"] for each in machine.json("queue", "list")["items"]}


def forked(machine: Machine, *arguments: object) -> multiprocessing.process.BaseProcess:
    """The command in a process of its own, forked from one that has imported everything."""
    process = _PROCESSES.Process(target=_command, args=(machine.env, [str(each) for each in arguments]))
    process.start()
    return process


def _command(environ: dict[str, str], arguments: list[str]) -> None:
    from xlsx2opeasy.cli.main import run

    os.environ.update(environ)
    read_at_hand(pytest.MonkeyPatch())
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        sys.argv = ["xlsx2opeasy", *arguments]
        code = run()
    os._exit(code)


def _search_for_secrets(
    campaign: Campaign, postgres: PostgresServer, url: str, servers: dict[str, ForeignServer]
) -> Callable[[], None]:
    """Fails where a password, a key or a token is in the dump or in a file of the database at that moment."""
    key = Path(os.environ["XLSX2OPEASY_STORE_KEY_FILE"]).read_text().strip()

    def search() -> None:
        content = postgres.everything(url)
        tokens = {
            token.partition(".")[0] + "." for server in servers.values() for token in server.state.tokens
        }
        for secret in (SECRET, API_KEY, key, *tokens):
            for form in (secret.encode(), secret.encode("utf-16-le"), secret.encode().hex().encode()):
                assert form not in content, "a secret is in the database"
        campaign.searches += 1

    return search


def _trouble(
    campaign: Campaign,
    chance: random.Random,
    troubles: Troubles,
    machines: list[Machine],
    url: str,
    search: Callable[[], None],
) -> None:
    left = ["kill"] * campaign.kills + ["stop"] * campaign.stops + ["restart"] * campaign.restarts
    chance.shuffle(left)
    searched_at = set(range(0, len(left), max(1, len(left) // 10)))
    command = ("worker", "--concurrency", CONCURRENCY)
    workers = [forked(machine, *command) for machine in machines]
    end = time.monotonic() + campaign.seconds
    try:
        while time.monotonic() < end and (left or _open(url)):
            time.sleep(chance.uniform(0.1, 0.8))
            if left:
                kind = left.pop()
                if chance.random() >= AIMED or not troubles.aim(kind):
                    troubles.make(kind, chance.choice(workers).pid or 0)
                if len(left) in searched_at:
                    search()
            for number, machine in enumerate(machines):
                if not workers[number].is_alive():
                    workers[number] = forked(machine, *command)
    finally:
        troubles.wait()
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join(300)


def _open(url: str) -> bool:
    """Whether some load has not ended; a database that restarts is asked again."""
    os.environ["XLSX2OPEASY_STORE"] = url
    store = shared_store()
    try:
        return any(each.state in ("queued", "running") for each in list_items(store))
    finally:
        store.close()


def require_promises(campaign: Campaign, servers: dict[str, ForeignServer]) -> None:
    """No two loads of an enterprise at once, no row twice, every load ended, and all troubles were made."""
    wanted = {"kill": campaign.kills, "stop": campaign.stops, "restart": campaign.restarts}
    assert {each: campaign.played[each] for each in wanted} == wanted, (
        "the time was over before all was played"
    )
    assert campaign.calls >= 3 * campaign.states["done"]
    assert campaign.overlaps == []
    assert campaign.searches > 0
    open_states = {state: campaign.states[state] for state in ("queued", "running") if campaign.states[state]}
    assert open_states == {}, campaign.states
    assert sum(campaign.states.values()) == campaign.loads
    for server in servers.values():
        assert max(executed(server).values(), default=0) <= 1, "a row was provisioned twice"
    done = sum(sum(executed(server).values()) for server in servers.values())
    if campaign.states["done"] == campaign.loads:
        assert done == campaign.loads * ROWS


def main() -> None:
    """A campaign of one's choice, in parts that can be played one by one; what each gave is told at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("loads", 500), ("enterprises", 50), ("kills", 200), ("stops", 60), ("restarts", 10)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=7200, help="of a part")
    parser.add_argument("--first", type=int, default=1, help="the part to go on with")
    wanted = vars(parser.parse_args())
    first, parts = wanted.pop("first"), max(1, wanted["loads"] // PART)
    for part in range(first, parts + 1):
        shares = {name: _share(wanted[name], part, parts) for name in _SHARED}
        campaign = Campaign(**{**wanted, **shares, "seed": wanted["seed"] + part})
        with (
            tempfile.TemporaryDirectory(dir=ROOM) as folder,
            _key(Path(folder)),
            running_postgres() as postgres,
        ):
            servers = play(campaign, postgres, Path(folder))
            sys.stdout.write(f"part {part} of {parts}: {campaign.told()}\n")
            sys.stdout.flush()
            require_promises(campaign, servers)


def _share(number: int, part: int, parts: int) -> int:
    """The share of a part, so that all parts make up the number."""
    return number * part // parts - number * (part - 1) // parts


@contextlib.contextmanager
def _key(folder: Path) -> Iterator[None]:
    from .conftest import write_key

    os.environ["XLSX2OPEASY_STORE_KEY_FILE"] = str(write_key(folder / "store.key", os.urandom(32)))
    yield


if __name__ == "__main__":
    main()
