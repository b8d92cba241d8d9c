"""Plays workers that are killed, sleep and lose their database: make fuzz-fleet LOADS=500 KILLS=200 STOPS=60.

The referee sits at the servers, one for each enterprise: with each call that changes something it asks the
database who holds which job at that moment.
"""

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from foreign.messages import Request
from foreign.server import ForeignServer
from foreign.state import Settings
from load.books import users, write_rows
from load.command import environment
from load.rig import executed
from postgres import PostgresServer, running_postgres
from xlsx2opeasy.store.connection import lock_number

from .fleet import Machine

ROWS = 2
WORKERS = 4
_MACHINE_SLEEPS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s"


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
    strays: list[str] = field(default_factory=list)
    calls: int = 0
    """Calls that changed something and were looked at."""
    jobs: dict[str, str] = field(default_factory=dict)
    """The enterprise of each job."""
    states: Counter[str] = field(default_factory=Counter)
    played: Counter[str] = field(default_factory=Counter)
    """How often each trouble was really made."""


class Referee:
    """Looks at each call that changes something at one enterprise."""

    def __init__(self, campaign: Campaign, url: str) -> None:
        self._campaign = campaign
        self._url = url

    def __call__(self, request: Request) -> None:
        agent = dict(request.headers).get("User-Agent", "")
        job = agent.rpartition("load=")[2]
        if (
            request.method == "GET"
            or request.path.endswith("/authsessions")
            or job not in self._campaign.jobs
        ):
            return
        with contextlib.suppress(psycopg.Error):  # the database restarts: it cannot be asked
            with psycopg.connect(self._url, connect_timeout=2) as connection:
                held = {
                    row[0]
                    for row in connection.execute(
                        "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks"
                        " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
                    )
                }
            self._campaign.calls += 1
            enterprise = self._campaign.jobs[job]
            others = [
                other
                for other, its in self._campaign.jobs.items()
                if its == enterprise and other != job and lock_number("job", other) in held
            ]
            if others:
                self._campaign.overlaps.append(f"{job} sent {request.call} while {others} are worked on")
            elif lock_number("job", job) not in held:
                self._campaign.strays.append(f"{job} sent {request.call} and holds nothing")


def play(campaign: Campaign, postgres: PostgresServer, folder: Path) -> dict[str, ForeignServer]:
    """Adds the loads, troubles the workers, and waits until every load has ended."""
    chance = random.Random(campaign.seed)
    url = postgres.new_database()
    servers = {
        f"enterprise-{number}": ForeignServer(
            Settings(enterprise_id=f"enterprise-{number}", polls_processing=1)
        )
        for number in range(campaign.enterprises)
    }
    machines = [
        Machine(folder / f"machine-{number}", _environment(url, servers)) for number in range(WORKERS)
    ]
    with contextlib.ExitStack() as stack:
        for server in servers.values():
            stack.enter_context(server)
        _add(campaign, servers, machines[0], folder)
        for server in servers.values():
            server.settings.before = Referee(campaign, url)  # type: ignore[assignment]
        _trouble(campaign, chance, postgres, machines)
        campaign.states = Counter(each["state"] for each in machines[0].json("queue", "list")["items"])
    return servers


def _environment(url: str, servers: dict[str, ForeignServer]) -> dict[str, str]:
    key = next(iter(servers.values())).settings.api_key
    return {"XLSX2OPEASY_STORE": url, **environment("http://127.0.0.1:1", "none", key)}


def _add(campaign: Campaign, servers: dict[str, ForeignServer], machine: Machine, folder: Path) -> None:
    books: dict[str, list[Path]] = {name: [] for name in servers}
    for number in range(campaign.loads):
        name = f"enterprise-{number % campaign.enterprises}"
        book = folder / f"book-{number}.xlsx"
        books[name].append(write_rows(book, {"Users": users(ROWS, first=number * ROWS)}))
    for name, server in servers.items():
        known = ("--url", server.url, "--enterprise-id", name, "--yes")
        if books[name]:
            for item in machine.json("queue", "add", *books[name], *known)["items"]:
                campaign.jobs[item["job"]] = name


def _trouble(
    campaign: Campaign, chance: random.Random, postgres: PostgresServer, machines: list[Machine]
) -> None:
    troubles = ["kill"] * campaign.kills + ["stop"] * campaign.stops + ["restart"] * campaign.restarts
    chance.shuffle(troubles)
    workers = [machine.start_quietly("worker", "--concurrency", 2) for machine in machines]
    end = time.monotonic() + campaign.seconds
    try:
        while time.monotonic() < end and (troubles or _open(machines[0])):
            time.sleep(chance.uniform(0.5, 2.5))
            victim = chance.randrange(len(workers))
            trouble = troubles.pop() if troubles else ""
            if trouble == "restart":
                postgres.restart(chance.choice(["fast", "immediate"]), chance.uniform(0, 2))
            elif trouble == "kill":
                workers[victim].kill()
                workers[victim].wait()
            elif trouble == "stop":
                _sleep(workers[victim].pid, postgres, chance)
            if trouble:
                campaign.played[trouble] += 1
            for number, machine in enumerate(machines):
                if workers[number].poll() is not None:
                    workers[number] = machine.start_quietly("worker", "--concurrency", 2)
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(signal.SIGCONT)
            worker.terminate()
        for worker in workers:
            worker.wait(300)


def _sleep(pid: int, postgres: PostgresServer, chance: random.Random) -> None:
    """A machine sleeps three times as long as others need to take over; in half of the cases the server ends its
    connections meanwhile, as it does where a whole machine sleeps."""
    os.kill(pid, signal.SIGSTOP)
    if chance.random() < 0.5:
        for database in postgres.databases():
            with contextlib.suppress(psycopg.Error), psycopg.connect(database, autocommit=True) as connection:
                connection.execute(_MACHINE_SLEEPS, [f"xlsx2opeasy % {pid} %"])
    time.sleep(chance.uniform(3, 6))
    os.kill(pid, signal.SIGCONT)


def _open(machine: Machine) -> bool:
    items = machine.json("queue", "list", code=None)["items"]
    return not items or any(each["state"] in ("queued", "running") for each in items)


def require_promises(campaign: Campaign, servers: dict[str, ForeignServer]) -> None:
    """No two loads of an enterprise at once, no row twice, every load ended, and all troubles were made."""
    wanted = {"kill": campaign.kills, "stop": campaign.stops, "restart": campaign.restarts}
    assert {each: campaign.played[each] for each in wanted} == wanted, (
        "the time was over before all was played"
    )
    assert campaign.calls >= 3 * campaign.states["done"]
    assert campaign.overlaps == []
    open_states = {state: campaign.states[state] for state in ("queued", "running") if campaign.states[state]}
    assert open_states == {}, campaign.states
    assert sum(campaign.states.values()) == campaign.loads
    for server in servers.values():
        assert max(executed(server).values(), default=0) <= 1, "a row was provisioned twice"
    done = sum(sum(executed(server).values()) for server in servers.values())
    if campaign.states["done"] == campaign.loads:
        assert done == campaign.loads * ROWS


def main() -> None:
    """A campaign of one's choice."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("loads", 500), ("enterprises", 50), ("kills", 200), ("stops", 60), ("restarts", 10)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=7200)
    campaign = Campaign(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as folder, _key(Path(folder)), running_postgres() as postgres:
        servers = play(campaign, postgres, Path(folder))
        said = (
            f"{campaign.played['kill']} kills, {campaign.played['stop']} stops,"
            f" {campaign.played['restart']} restarts; {dict(campaign.states)}; {campaign.calls} calls that changed something, {len(campaign.strays)} of"
            f" them under way when their worker died or slept; overlaps: {campaign.overlaps or 'none'}"
        )
        sys.stdout.write(f"{said}\n")
        require_promises(campaign, servers)


@contextlib.contextmanager
def _key(folder: Path) -> Iterator[None]:
    from .conftest import write_key

    os.environ["XLSX2OPEASY_STORE_KEY_FILE"] = str(write_key(folder / "store.key", os.urandom(32)))
    yield


if __name__ == "__main__":
    main()
