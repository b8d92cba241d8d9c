"""`make sim SEEDS=1000 FIRST=0`: plays seeds; 1 where one broke a promise, with its shortest story as a test."""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from seeds import ROOM, Seeds
from sim.story import Step, play, story_of


def broken_by(steps: list[Step], seed: int, tally: Counter[str]) -> Exception | None:
    """What goes wrong when these steps are played, if anything."""
    with tempfile.TemporaryDirectory(dir=ROOM) as folder:
        try:
            play(steps, seed, Path(folder), tally)
        except Exception as error:  # noqa: BLE001 - a traceback of the program is a finding too
            return error
    return None


def shortest(steps: list[Step], seed: int) -> list[Step]:
    """The steps without those that are not needed to break the promise."""
    number = 0
    while number < len(steps):
        fewer = steps[:number] + steps[number + 1 :]
        if broken_by(fewer, seed, Counter()):
            steps, number = fewer, 0
        else:
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
    """Plays seeds; the exit code is 1 where one broke a promise."""
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
    return seeds.report(broken)


if __name__ == "__main__":
    sys.exit(main())
