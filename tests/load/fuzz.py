"""Random loads: the real client, journal and disk against a server with random faults, late requests and crashes.

`make fuzz` runs many seeds and prints each that breaks the promise; the tests run a few. A seed is one job: up
to four runs under faults, half of them killed at a random step, then as many without faults as a person needs.
Some seeds are a loop besides (`loops.py`), others commands that are killed (`killed_commands.py`).
"""

import contextlib
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from foreign.certificate import make_certificate
from foreign.messages import Answer, Cut, Request
from foreign.server import ForeignServer
from reader_at_hand import read_at_hand
from seeds import ROOM, Seeds
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.load.plan.staging import Staging, StopAfter

from .books import numbers_then_users, user_book
from .crash import Frozen, cheaply, finish, freeze_job, run_and_die, thaw
from .killed_commands import play_commands
from .loops import play_loop, spelt

HTML = Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
LOST = (Cut(), Cut(reset=True), Answer(502, b"<html>"), Answer(503), Answer(504), HTML, Answer(200))
REFUSED = (Answer(401), Answer(403), Answer(429, None, {"Retry-After": "1"}), Answer(429), Answer(413))
DEEDS = ("lost before", "lost after", "late", "twice", "refused", "cut answer")
SPOILT = (
    {"status": "FAILED", "errorCode": "102", "errorDescription": "User already exists."},
    {"status": "MAYBE"},
)
_ONE_LOOP_IN = 10
"""Seeds; a loop takes ten times as long as a load under faults."""
_ONE_COMMAND_IN = 10
"""Seeds; so that the door that people use is played, too, and webhooks."""

SHARE = 0.25
"""Of the calls of a run under faults."""


class Weather:
    """What happens to each call, by chance; `tally` counts it."""

    def __init__(self, server: ForeignServer, chance: random.Random, tally: Counter[str]) -> None:
        self._server = server
        self._chance = chance
        self._tally = tally
        self._late: list[Request] = []
        self._after: Answer | Cut | str | None = None
        self.share = SHARE
        self._cleans_up = chance.random() < 0.3
        self._refused = False
        self._contradicted = chance.choice(SPOILT) if chance.random() < 0.2 else None
        server.settings.before = self.before
        server.settings.after = self.after

    def clear(self) -> None:
        """No more faults; what is still under way somewhere arrives now."""
        self.share = 0.0
        for request in self._late:
            self._server.apply(request)
        self._late.clear()

    def clean_up(self) -> None:
        """A person removes everything in the portal, who was told that a deletion was refused.

        Not where the answer to the deletion was lost: then nobody can tell who removed it (docs/safety.md).
        """
        if self._cleans_up and self._refused:
            self._tally["refused, then cleaned up in the portal"] += 1
            self._server.state.scheduled.clear()
            self._server.state.operations.clear()
        self._refused = False

    def before(self, request: Request) -> Answer | Cut | None:
        self._after = None
        if self._late and self._chance.random() < 0.3:
            self._server.apply(self._late.pop(self._chance.randrange(len(self._late))))
        if self._chance.random() >= self.share:
            return None
        deed = self._chance.choice(DEEDS)
        self._tally[deed] += 1
        if deed == "refused" and (request.path != "/v1/authsessions"):
            return self._chance.choice(REFUSED if request.method == "PATCH" else REFUSED[:-1])
        if deed == "lost before":
            return self._chance.choice(LOST[:-1])
        if deed == "late":
            self._late.append(request)
            return Cut()
        if deed == "twice":
            self._server.apply(request)
        elif deed in ("lost after", "cut answer"):
            self._after = self._chance.choice(LOST) if deed == "lost after" else deed
        return None

    def after(self, request: Request, answer: Answer) -> Answer | Cut | None:
        fate, self._after = self._after, None
        self._refused |= request.method == "DELETE" and answer.status == 400 and fate is None
        if self._contradicted is not None and request.path.endswith("/results/users"):
            answer = with_another(answer, self._contradicted)
            self._tally["results that differ"] += 1
            if fate is None:
                return answer
        if fate == "cut answer":
            size = self._chance.randrange(len(answer.content) + 1)
            return Answer(answer.status, answer.body, answer.headers, cut_after=size)
        assert not isinstance(fate, str)
        return fate


def with_another(answer: Answer, result: dict[str, str]) -> Answer:
    """The results, and another one for the first task: a back end tried it twice."""
    if not isinstance(answer.body, dict):
        return answer
    body = {
        name: [listed[0] | {"errorCode": "", "errorDescription": ""} | result, *listed]
        if isinstance(listed, list) and listed
        else listed
        for name, listed in answer.body.items()
    }
    return Answer(answer.status, body, answer.headers)


def play(seed: int, jobs: list[Frozen], folder: Path, tally: Counter[str]) -> None:
    """One job to its end. Raises AssertionError where the promise is broken."""
    chance = random.Random(seed)
    frozen = chance.choice(jobs)
    with ForeignServer() as server:
        rig = thaw(frozen, folder / f"seed-{seed}", server)
        weather = Weather(server, chance, tally)
        for _ in range(chance.randint(1, 4)):
            rig.spelling = spelt(chance)
            if chance.random() < 0.5:
                step = f"{chance.choice(('before', 'after'))}:{chance.randint(1, 12)}"
                killed = run_and_die(rig, frozen.job, step)
                tally["killed"] += killed
            else:
                killed = False
                with contextlib.suppress(Xlsx2OpeasyError):
                    tally[f"run: {rig.resume(frozen.job).status}"] += 1
            if not killed:
                weather.clean_up()
        weather.clear()
        tally[f"end: {finish(rig, frozen).status}"] += 1
        tally["calls"] += len(server.requests)


def frozen_jobs(folder: Path) -> list[Frozen]:
    """A job of one operation, one of two, and two in stages, which build their drafts at other times."""
    folder.mkdir(exist_ok=True)
    one = freeze_job(folder / "one", user_book(_made(folder / "one") / "one.xlsx", 3))
    two = freeze_job(folder / "two", numbers_then_users(_made(folder / "two") / "two.xlsx"))
    stages = Staging(1, StopAfter(100, percent=True))
    staged, ahead = (
        freeze_job(
            folder / name,
            user_book(_made(folder / name) / f"{name}.xlsx", 7),
            staging=stages,
            drop_rejected=name == "ahead",
        )
        for name in ("staged", "ahead")
    )
    return [one, two, staged, ahead]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def main() -> int:
    """Plays seeds; the exit code is 1 where one broke the promise."""
    seeds, broken = Seeds(__doc__), []
    with tempfile.TemporaryDirectory(dir=ROOM) as name, pytest.MonkeyPatch.context() as patch:
        cheaply(patch)
        read_at_hand(patch)
        jobs = frozen_jobs(Path(name) / "jobs")
        certificate = make_certificate(_made(Path(name) / "certificate"))
        for seed in seeds.every:
            with tempfile.TemporaryDirectory(dir=ROOM) as folder:
                try:
                    play(seed, jobs, Path(folder), seeds.tally)
                    if seed % _ONE_LOOP_IN == 0:
                        play_loop(seed, _made(Path(folder) / "loop"), seeds.tally)
                    if seed % _ONE_COMMAND_IN == _ONE_COMMAND_IN // 2:
                        play_commands(seed, _made(Path(folder) / "commands"), certificate, seeds.tally)
                except Exception as error:  # noqa: BLE001 - whatever ends a seed broke it
                    broken.append(seed)
                    sys.stderr.write(f"seed {seed}: {error!r}\n")
            if broken and seeds.until_broken:
                break
    return seeds.report(broken)


if __name__ == "__main__":
    sys.exit(main())
