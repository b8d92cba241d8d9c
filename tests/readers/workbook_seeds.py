"""One seed of the campaign of workbooks: a workbook, some changes, and the judges, in a process that is held."""

import contextlib
import io
import os
import pickle
import resource
import signal
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from readers.bases import BASES
from readers.damage import DAMAGE
from readers.judged import (
    Broken,
    Reading,
    blocks_agree,
    doors_hold,
    others_agree,
    reading,
    same_facts,
    scanners_agree,
)
from readers.packages import Book
from readers.spellings import SPELLINGS
from seeds import ROOM

MOST_SECONDS = 20
"""Processor time of all judges together."""
MOST_BYTES = 1 << 30
"""Address space beyond what the process has at its start, of which a large workbook needs a part."""
MOST_GROWN = 550 << 10
"""Kilobytes of real memory beyond what the process had at its start: that of a test may have had much."""
_SHARE_OF_DOORS = 0.15
_WEIGHTS = [6 if name != "large" else 1 for name in BASES]


@dataclass(frozen=True)
class Plan:
    """What a seed does: its base, whether its changes are spellings only, and which they are by number."""

    seed: int
    base: str
    harmless: bool
    changes: tuple[int, ...]

    @classmethod
    def of(cls, seed: int) -> "Plan":
        """The plan of a seed."""
        dice = Random(seed)
        base = dice.choices(BASES, _WEIGHTS)[0]
        harmless = dice.random() < 0.45
        known = len(SPELLINGS if harmless else DAMAGE + SPELLINGS)
        number = dice.choice((1, 1, 2, 3, 4)) if harmless else dice.choice((1, 1, 1, 2, 3))
        first = [dice.randrange(known if harmless else len(DAMAGE))]
        return cls(seed, base, harmless, (*first, *(dice.randrange(known) for _ in range(number - 1))))

    def made(self, base: bytes, kept: Sequence[int] | None = None) -> tuple[bytes, list[str]]:
        """The changed workbook and what was changed; of the changes, only those at these places."""
        book, known, told = Book.of(base), SPELLINGS if self.harmless else DAMAGE + SPELLINGS, []
        for place in range(len(self.changes)) if kept is None else kept:
            change = known[self.changes[place]]
            if what := change(book, Random(f"{self.seed} {place}")):
                told.append(f"{change.__name__}: {what}")
        return book.packed(), told


@dataclass(frozen=True)
class Verdict:
    """What became of a seed: a finding or none, and what it counts as."""

    finding: str = ""
    counted: tuple[str, ...] = ()


def facts(books: Mapping[str, bytes | None]) -> dict[str, dict[str, Any]]:
    """What our reader makes of each base before it is changed."""
    with contextlib.redirect_stderr(io.StringIO()):
        found = {name: reading(data) for name, data in books.items() if data is not None}
    assert all(isinstance(each, Reading) for each in found.values())
    return {name: each.facts for name, each in found.items() if isinstance(each, Reading)}


def judged(before: Mapping[str, Any], data: bytes, plan: Plan) -> Iterator[Verdict]:
    """What our own readers say, then what the others do, in this process. Raises Broken for a finding."""
    dice, before_all = Random(plan.seed), _highest_resident()
    read = reading(data)
    if isinstance(read, Reading):
        if plan.harmless and (told := same_facts(read.facts, before)):
            raise Broken(f"another spelling says {told}")
        scanners_agree(data)
        blocks_agree(data, read, dice.choice((300, 1000, 5000)))
    elif plan.harmless:
        raise Broken(f"another spelling is refused: {read.message}")
    counted = ["read" if isinstance(read, Reading) else "refused"]
    if dice.random() < _SHARE_OF_DOORS:
        with tempfile.TemporaryDirectory(dir=ROOM) as folder:
            path = Path(folder) / "book.xlsx"
            path.write_bytes(data)
            counted.append(doors_hold(path))
    if (grown := _highest_resident() - before_all) > MOST_GROWN:
        raise Broken(f"{grown >> 10} MB")  # before the other readers take more
    yield Verdict(counted=tuple(counted))
    if isinstance(read, Reading) and not plan.harmless:
        yield Verdict(counted=tuple({*others_agree(data, read)}))


def _highest_resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def play(
    plan: Plan,
    bases: Mapping[str, bytes | None],
    before: Mapping[str, Mapping[str, Any]],
    kept: Sequence[int] | None = None,
) -> Verdict:
    """The seed's verdict, found in a process of its own with limits of memory and time.

    `before` are the `facts` of the bases; of the plan's changes only those at the places `kept` are made.
    """
    base = bases[plan.base]
    if base is None:
        return Verdict(counted=(f"no {plan.base}",))
    data, told = plan.made(base, kept)
    if not told:
        return Verdict(counted=("nothing to change",))
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        os.close(source)
        _judge_and_leave(sink, before[plan.base], data, plan)
    os.close(sink)
    verdicts = []
    with os.fdopen(source, "rb") as answer:
        while answer.peek(1):
            verdicts.append(pickle.load(answer))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    finding = next((each.finding for each in verdicts if each.finding), "")
    counted = [what for each in verdicts for what in each.counted]
    if code and not verdicts:
        finding = f"the process died: {code}"
    elif code:
        counted.append("another reader died")
    return Verdict(finding, tuple(counted))


def _judge_and_leave(sink: int, before: Mapping[str, Any], data: bytes, plan: Plan) -> None:
    with os.fdopen(sink, "wb") as answer:
        try:
            _limit()
            for verdict in judged(before, data, plan):
                pickle.dump(verdict, answer)
                answer.flush()
        except Broken as error:
            pickle.dump(Verdict(str(error)), answer)
        except BaseException:  # noqa: BLE001 - a traceback is a finding, and so is memory that ran out
            pickle.dump(Verdict(traceback.format_exc(limit=-6)), answer)
    os._exit(0)


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def shortest(
    plan: Plan, bases: Mapping[str, bytes | None], before: Mapping[str, Mapping[str, Any]]
) -> list[int]:
    """The places of the changes that are needed for a finding."""
    kept = list(range(len(plan.changes)))
    for place in list(kept):
        fewer = [each for each in kept if each != place]
        if fewer and play(plan, bases, before, fewer).finding:
            kept = fewer
    return kept
