"""Runs a piece of work in fresh processes, and says what it took: the median of several runs."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self, TypeAlias

_TICK = 0.005
_LONGEST = 1500.0
"""Seconds after which a process that does not end is killed: its line is lost, not the run."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MIB = 1 << 20


Before: TypeAlias = Callable[[], None]


class PieceFailedError(Exception):
    """A piece of work did not end well; the message is its last line."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of the wall and of the processor (`cpu`, with children), and the highest memory in MiB.

    `cpu` is of the work alone, `whole_cpu` of the process from its start. `peak` is of the process and its
    children at the same time, summed (pages that they share count for each).
    """

    wall: float
    cpu: float
    whole_cpu: float
    peak: float
    runs: int
    said: dict[str, Any]

    @classmethod
    def of(cls, runs: Sequence["Figures"]) -> Self:
        """The medians; what was said is that of the middle run by the wall."""
        middle = sorted(runs, key=lambda each: each.wall)[len(runs) // 2]
        return cls(
            wall=median(each.wall for each in runs),
            cpu=median(each.cpu for each in runs),
            whole_cpu=median(each.whole_cpu for each in runs),
            peak=max(each.peak for each in runs),
            runs=len(runs),
            said=middle.said,
        )


def measure_in_turn(*pieces: Sequence[object], runs: int = 3) -> list[Figures]:
    """The figures of pieces (see `pieces`) with their arguments.

    Those that are compared run one after the other in each round, for the machine's speed changes.
    """
    commands = [[sys.executable, "-m", "bench.pieces", *map(str, piece)] for piece in pieces]
    rounds = [[_once(command) for command in commands] for _ in range(runs)]
    return [Figures.of(each) for each in zip(*rounds, strict=True)]


def measure_commands(
    *commands: Sequence[str], runs: int, env: dict[str, str] | None = None, before: Before = lambda: None
) -> list[Figures]:
    """The figures of any commands, from start to end, in turn; what they print is not looked at.

    `before` is called before each run, to clear away what the run before it left.
    """
    rounds = [[_whole(command, env or {}, before) for command in commands] for _ in range(runs)]
    return [Figures.of(each) for each in zip(*rounds, strict=True)]


def _once(command: Sequence[str]) -> Figures:
    ended = _run(command, {})
    said = json.loads(ended.out)
    return Figures(said.pop("wall"), said.pop("cpu"), ended.cpu, ended.peak, 1, said)


def _whole(command: Sequence[str], env: dict[str, str], before: Before) -> Figures:
    before()
    ended = _run(command, env)
    return Figures(ended.wall, ended.cpu, ended.cpu, ended.peak, 1, {})


@dataclass(frozen=True, slots=True)
class _Ended:
    out: str
    wall: float
    cpu: float
    peak: float


def _run(command: Sequence[str], env: dict[str, str]) -> _Ended:
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=os.environ | env)
        with _watched(process.pid) as peak:
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            told = err.read().strip().splitlines() or [f"code {process.returncode}"]
            raise PieceFailedError(told[-1])
        return _Ended(out.read(), wall, usage.ru_utime + usage.ru_stime, peak[0] / _MIB)


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """The most bytes that the process and its children have had in memory at once, in a list of one."""
    peak, over = [0], threading.Event()

    ends_at = time.monotonic() + _LONGEST

    def watch() -> None:
        while not over.wait(_TICK):
            family = _family(pid)
            peak[0] = max(peak[0], sum(map(_resident, family)))
            if time.monotonic() > ends_at:
                for each in family:
                    with suppress(ProcessLookupError):
                        os.kill(each, signal.SIGKILL)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _family(pid: int) -> list[int]:
    """The process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return [pid]
    return [pid, *(each for child in children for each in _family(int(child)))]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0


@contextmanager
def serving() -> Iterator[str]:
    """The URL of a `server` that runs in a process of its own."""
    command = [sys.executable, "-m", "bench.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


class Machine:
    """How busy others keep the machine from now on."""

    def __init__(self) -> None:
        self._begun = _busy(), _own(), time.perf_counter()

    @property
    def others(self) -> float:
        """The share of all processors, 0 to 1, that went to processes that are none of this run's."""
        busy, own, wall = (
            now - before
            for now, before in zip((_busy(), _own(), time.perf_counter()), self._begun, strict=True)
        )
        return max(0.0, busy - own) / (wall * (os.cpu_count() or 1))


def _busy() -> float:
    """Seconds of all processors that were not idle; what a host took away counts, too."""
    user, nice, system, _, _, irq, soft, steal = map(int, _first_line("/proc/stat").split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Seconds of the processor of this process and of its children that have ended."""
    return sum(os.times()[:4])


def _first_line(path: str) -> str:
    return Path(path).read_text(encoding="ascii").partition("\n")[0]
