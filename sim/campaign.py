"""`make sim SEEDS=1000 FIRST=0`: plays seeds.

The exit code is 1 where a seed broke a promise (its shortest story is printed as a test), or where a campaign that is long
enough did not reach a rare branch.
"""

import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from seeds import ROOM, Seeds
from sim import marks
from sim.story import Step, play, story_of

ENOUGH = 2000
"""Seeds in which every rare branch is reached."""


def broken_by(steps: list[Step], seed: int, tally: Counter[str]) -> Exception | None:
    """What goes wrong when these steps are played, if anything."""
    with tempfile.TemporaryDirectory(dir=ROOM) as folder:
        try:
            play(steps, seed, Path(folder), tally)
        except Exception as error:  # noqa: BLE001 - a traceback of the program is a finding too
            return error
    return None


def shortest(steps: list[Step], seed: int) -> list[Step]:
    """The steps without those that are not needed to break the promise, and without aims that are not."""
    number = 0
    while number < len(steps):
        without, aimless = steps[:number], [replace(steps[number], aim="")] if steps[number].aim else []
        for instead in ([], aimless) if aimless else ([],):
            fewer = [*without, *instead, *steps[number + 1 :]]
            if fewer and broken_by(fewer, seed, Counter()):
                steps, number = fewer, -1
                break
        number += 1
    return steps


def as_test(steps: list[Step], seed: int) -> str:
    """The story as a test for `tests/test_sim.py`."""
    lines = "".join(f"        {step},\n" for step in steps)
    return (
        f"def test_seed_{seed}(tmp_path: Path) -> None:\n    steps = [\n{lines}    ]\n"
        f"    play(steps, {seed}, tmp_path, Counter())\n"
    )


def main() -> int:
    """Plays seeds; the exit code is 1 where one broke a promise, or a rare branch was not reached."""
    seeds, broken = Seeds(__doc__), []
    for seed in seeds.every:
        steps = story_of(seed)
        if error := broken_by(steps, seed, seeds.tally):
            broken.append(seed)
            if seeds.until_broken:
                sys.stdout.write(f"seed {seed}: {error!r}\n")
                break
            fewer = shortest(steps, seed)
            why = broken_by(fewer, seed, Counter()) or error
            notes = "\n".join(getattr(why, "__notes__", []))
            sys.stdout.write(f"seed {seed}: {why!r}\n{notes}\n{as_test(fewer, seed)}\n")
            sys.stdout.flush()
    seeds.tally.update({f"rare: {name}": number for name, number in marks.REACHED.items()})
    code, missed = seeds.report(broken), marks.missed()
    is_enough = seeds.played >= ENOUGH
    named = f": {'; '.join(missed)}" if is_enough and missed else ""
    sys.stdout.write(f"{len(missed)} of {len(marks.every())} rare branches were not reached{named}\n")
    return code or int(bool(missed) and is_enough)
