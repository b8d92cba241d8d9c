"""Loads by the installed command that are killed (SIGKILL) at random moments, with and without a webhook.

A moment is a request before or after the server applied it, a callback before or after it was delivered, or the
time between two of them. `make fuzz` plays many seeds, the tests a few. Callbacks are lost, doubled, late and
forged by chance, and the answer to the start is lost at times, so that a callback is all that names the run.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import installed
from foreign.certificate import trusting
from foreign.messages import Answer, Cut, Request
from foreign.server import ForeignServer
from foreign.state import Settings, Webhook
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.jobs.earlier import peek

from .books import user_book
from .command import environment
from .crash import Frozen, finish
from .rig import Rig, executed, kept_promise

RUNS = 4
"""The most of one load that may be killed."""
TRUE_SHARE = 0.2
"""Of the runs: the script itself, which a person starts; the others are forked from one interpreter."""
_MOMENTS = ("before a request", "after a request", "before a callback", "after a callback", "meanwhile")
_LOOKS = ("--poll-interval", "0.2", "--json")


class Killer:
    """Kills one run after another at its moment; `tally` counts what was played."""

    def __init__(
        self, server: ForeignServer, chance: random.Random, tally: Counter[str], *, hook: bool
    ) -> None:
        self._server = server
        self._chance = chance
        self._tally = tally
        self._moments = _MOMENTS if hook else (*_MOMENTS[:2], _MOMENTS[-1])
        self._pid: int | None = None
        self._moment, self._left = "", 0
        self._pause = 0.0
        self._late: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._loses_start = chance.random() < 0.3
        server.settings.before = self._before
        server.settings.after = self._after
        server.settings.deliver = self._deliver

    def aim_at(self, pid: int | None) -> None:
        """From now on this process is to be killed at a moment of its own; None: none is."""
        with self._lock:
            self._pid = pid
            self._moment = self._chance.choice(self._moments)
            self._left = self._chance.randint(1, 4 if "callback" in self._moment else 14)
            self._pause = self._chance.uniform(0, 0.3)

    def _reach(self, moment: str) -> None:
        with self._lock:
            at = self._moment if self._moment != "meanwhile" else "after a request"
            if self._pid is None or moment != at:
                return
            self._left -= 1
            if self._left > 0:
                return
            pid, self._pid = self._pid, None
            self._tally[f"killed {self._moment}"] += 1
            if self._moment == "meanwhile":
                threading.Timer(self._pause, _kill, (pid,)).start()
            else:
                _kill(pid)

    def _before(self, request: Request) -> None:
        self._reach("before a request")

    def _after(self, request: Request, answer: Answer) -> Cut | None:
        self._reach("after a request")
        if self._loses_start and request.call == "POST /v1/scheduledoperations":
            self._loses_start = False
            self._tally["answer to the start lost"] += 1
            if self._chance.random() < 0.7:  # its end is called back, perhaps
                self._server.finish(next(reversed(self._server.state.scheduled)))
            return Cut()
        return None

    def _deliver(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What is really delivered in place of a callback that is due."""
        self._reach("before a callback")
        fate = self._chance.choice(("delivered", "delivered", "lost", "doubled", "late", "forged"))
        self._tally[f"callback {fate}"] += 1
        late, self._late = self._late, []
        if fate == "late":
            self._late.append(event)
        elif fate == "forged":
            yield _forged(event, self._chance)
        elif fate != "lost":
            yield from [event] * (2 if fate == "doubled" else 1)
        yield from late
        self._reach("after a callback")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _forged(event: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The callback with another run, another operation, or an end that has not come."""
    run = event["event"]["scheduledOperation"]
    lie: dict[str, Any] = chance.choice(
        ({"id": "another-run"}, {"operation": {"id": "another-operation"}}, {"status": "completed"})
    )
    told = event["event"] | {"newStatus": "completed", "scheduledOperation": run | lie}
    return {"event": told}


class _Run:
    """One run of the command."""

    def __init__(self, *arguments: object, env: dict[str, str], is_script: bool) -> None:
        self._forked = None if is_script else installed.Run(*arguments, env=env)
        self._script = None
        if is_script:
            self._script = subprocess.Popen(
                [installed.COMMAND, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | env,
            )
        running = self._forked or self._script
        assert running is not None
        self.pid = running.pid

    def wait(self) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        if self._forked is not None:
            done = self._forked.wait(120)
            return done.returncode, done.stdout, done.stderr
        assert self._script is not None
        out, err = self._script.communicate(timeout=120)
        return self._script.returncode, out, err


class _Story:
    """One workbook, its server, a home, and the commands that a person types one after another."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        certificate: tuple[Path, Path],
        server: ForeignServer,
        tally: Counter[str],
    ) -> None:
        self.chance = random.Random(seed)
        self.server, self.tally, self.folder = server, tally, folder
        self.home = Home(folder / "home")
        self.env = environment(server.url, server.settings.enterprise_id, server.settings.api_key) | {
            "XLSX2OPEASY_HOME": str(self.home.path)
        }
        self.base = f"https://127.0.0.1:{_free_port()}/hooks"
        self.hook: tuple[object, ...] = ()
        if self.chance.random() < 0.7:
            files = ("--webhook-cert", certificate[0], "--webhook-key", certificate[1])
            self.hook = ("--webhook-url", self.base, *files)
        others = Webhook("theirs", server.settings.enterprise_id, "https://127.0.0.1:9/theirs", [])
        server.state.webhooks[others.id] = others
        self.killer = Killer(server, self.chance, tally, hook=bool(self.hook))

    def play(self) -> None:
        """Raises AssertionError where the promise is broken."""
        rows = self.chance.randint(2, 5)
        book = user_book(self.folder / "book.xlsx", rows)
        is_done = False
        for _ in range(self.chance.randint(1, RUNS)):
            is_done = is_done or self._go_on(book, kills=self.chance.random() < 0.8)
        while not (jobs := list(self.home.jobs())):
            self._go_on(book, kills=False)
        self.killer.aim_at(None)
        (job,) = jobs
        end = finish(Rig(self.server, self.home), Frozen(self.home.path, job.job_id, book, rows))
        self.tally[f"commands: {end.status}"] += 1
        if self.hook:
            self._leave_no_registration()

    def _go_on(self, book: Path, *, kills: bool) -> bool:
        """The next command; whether the load is done."""
        if jobs := list(self.home.jobs()):
            arguments: tuple[object, ...] = ("resume", *_LOOKS)
            is_over = peek(jobs[0])[1].cleaned
        else:
            arguments, is_over = ("load", book, "--yes", *_LOOKS, *self.hook), False
        is_script = self.chance.random() < TRUE_SHARE
        run = _Run(*arguments, env=self.env, is_script=is_script)
        self.killer.aim_at(run.pid if kills else None)
        code, out, err = run.wait()
        self.killer.aim_at(None)
        self.tally[f"{'script' if is_script else 'forked'}: {code}"] += 1
        assert max(executed(self.server).values(), default=0) <= 1, "provisioned twice"
        assert code in ((2, -signal.SIGKILL) if is_over else (0, 1, -signal.SIGKILL)), (code, err)
        if code in (2, -signal.SIGKILL):
            return code == 2
        document = json.loads(out)
        kept_promise(self.server, SimpleNamespace(**document))  # type: ignore[arg-type]
        assert not [each for each in self._registered() if arguments[0] == "load"], "its webhook is left"
        return code == 0

    def _registered(self) -> list[str]:
        """The webhooks of this machine."""
        return [each.url for each in self.server.state.webhooks.values() if each.url.startswith(self.base)]

    def _leave_no_registration(self) -> None:
        """What a killed load left registered, the next one with this address removes, and nothing else."""
        self.tally["webhooks left by killed loads"] += len(self._registered())
        other = user_book(self.folder / "other.xlsx", 1, user__title="Another")
        assert self._go_on_with(other) == 0
        assert list(self.server.state.webhooks) == ["theirs"]

    def _go_on_with(self, book: Path) -> int:
        return _Run(
            "load", book, "--yes", "--again", *_LOOKS, *self.hook, env=self.env, is_script=False
        ).wait()[0]


def play_commands(seed: int, folder: Path, certificate: tuple[Path, Path], tally: Counter[str]) -> None:
    """Plays one seed; AssertionError where the promise is broken."""
    with ForeignServer(Settings(polls_processing=2), webhook_context=trusting(certificate[0])) as server:
        _Story(seed, folder, certificate, server, tally).play()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
