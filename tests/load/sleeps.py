"""Loads by the installed command that are stopped (SIGSTOP) around each call that changes something.

`make fuzz-sleeps SECONDS=70` plays all of them at once, each against a server of its own: they sleep. While one does, nobody
else loads its enterprise; it wakes with a deadline passed, or with the answer in its socket, and nothing is done twice.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import installed
from foreign.certificate import make_certificate, trusting
from foreign.messages import Answer, Cut, Request
from foreign.server import ForeignServer
from seeds import ROOM
from xlsx2opeasy.load.job.home import Home

from .books import user_book, users, write_rows
from .command import environment, run
from .crash import Frozen, finish
from .rig import Rig, executed

CALLS = {
    "login": ("POST", "/v1/authsessions"),
    "register webhook": ("POST", "/v1/webhooks"),
    "create": ("POST", "/v1/operations"),
    "append": ("PATCH", "/v1/operations/"),
    "start": ("POST", "/v1/scheduledoperations"),
    "deletion of a draft in doubt": ("DELETE", "/v1/operations/"),
    "deletion of a run": ("DELETE", "/v1/scheduledoperations/"),
    "deletion of an operation": ("DELETE", "/v1/operations/"),
    "remove webhook": ("DELETE", "/v1/webhooks/"),
}
_IN_DOUBT = "deletion of a draft in doubt"
_AFTER_THE_END = ("remove webhook",)
"""When the load is over, and its enterprise free."""
ROWS = 3


class Sleep:
    """Stops the process once, at its call, and lets it go on after some seconds."""

    def __init__(self, name: str, seconds: float, *, answered: bool, server: ForeignServer) -> None:
        self._method, self._path = CALLS[name]
        self._seconds = seconds
        self._answered = answered
        self._lose_start = name == _IN_DOUBT
        self._wakes = threading.Timer(seconds, self._wake)
        self.pid = 0
        self.began = threading.Event()
        server.settings.before = self._before
        server.settings.after = self._after

    def _before(self, request: Request) -> Cut | None:
        if not self._answered and self._stops_at(request):
            self._wakes.join()
        if self._lose_start and request.call == "POST /v1/scheduledoperations":
            self._lose_start = False
            return Cut()
        return None

    def _after(self, request: Request, answer: Answer) -> None:
        if self._answered:
            self._stops_at(request)

    def _stops_at(self, request: Request) -> bool:
        is_it = request.method == self._method and request.path.startswith(self._path)
        if not is_it or self.began.is_set():
            return False
        os.kill(self.pid, signal.SIGSTOP)
        self._wakes.start()
        self.began.set()
        return True

    def _wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


def play(name: str, seconds: float, folder: Path, certificate: tuple[Path, Path], *, answered: bool) -> str:
    """One load that sleeps; how it ended. Raises AssertionError where the promise is broken."""
    folder.mkdir()
    book = user_book(folder / "book.xlsx", ROWS)
    other = write_rows(folder / "other.xlsx", {"Users": users(1, first=ROWS)})
    home = Home(folder / "home")
    with ForeignServer(webhook_context=trusting(certificate[0])) as server:
        sleep = Sleep(name, seconds, answered=answered, server=server)
        env = environment(server.url, server.settings.enterprise_id, server.settings.api_key)
        arguments = ["load", book, "--yes", "--json", "--poll-interval", "0.2"]
        if "webhook" in name:
            url = f"https://127.0.0.1:{_free_port()}/hooks"
            arguments += [
                "--webhook-url",
                url,
                "--webhook-cert",
                certificate[0],
                "--webhook-key",
                certificate[1],
            ]
        process = subprocess.Popen(
            [installed.COMMAND, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | env | {"XLSX2OPEASY_HOME": str(home.path)},
        )
        sleep.pid = process.pid
        assert sleep.began.wait(300), "it never came to its call"
        refused = run("load", other, env=env | {"XLSX2OPEASY_HOME": str(folder / "another")}, timeout=300)
        assert refused.code == (0 if name in _AFTER_THE_END else 6), (refused.code, refused.err)
        code = process.wait(600)
        assert max(executed(server).values(), default=0) <= 1, "provisioned twice"
        assert code in (0, 1, 5), code
        rig, jobs = Rig(server, home), list(home.jobs())
        if not jobs:  # the server counts as never reached
            assert (name, code) == ("login", 5)
            jobs = [home.job(str(rig.load(book).job))]
        end = finish(rig, Frozen(home.path, jobs[0].job_id, book, ROWS))
        assert set(executed(server).values()) == {1}
    return f"load ended with {code}, resume with {end.status}"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main() -> int:
    """Plays every call, before and after its answer; the exit code is 1 where one broke the promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=70)
    seconds = parser.parse_args().seconds
    began, broken = time.monotonic(), 0
    with tempfile.TemporaryDirectory(dir=ROOM) as name, ThreadPoolExecutor(2 * len(CALLS)) as pool:
        certificate = make_certificate(Path(name))
        plays = {
            (call, when): pool.submit(
                play, call, seconds, Path(name) / f"{call} {when}", certificate, answered=when == "after"
            )
            for call in CALLS
            for when in ("before", "after")
        }
        for (call, when), done in plays.items():
            error = done.exception()
            broken += error is not None
            told = done.result() if error is None else repr(error)
            sys.stdout.write(f"asleep {when} the answer to {call}: {told}\n")
    took = time.monotonic() - began
    sys.stdout.write(f"{len(plays)} loads slept {seconds:.0f} s each, in {took:.0f} s: {broken} violations\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
