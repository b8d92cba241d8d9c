"""`make sim SEEDS=1000 FIRST=0`: plays seeds; 1 where one broke a promise, with its shortest story as a test."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sim.story import Step, play, story_of

_ROOM = "/dev/shm" if Path("/dev/shm").is_dir() else None


def broken_by(steps: list[Step], seed: int, tally: Counter[str]) -> Exception | None:
    """What goes wrong when these steps are played, if anything."""
    with tempfile.TemporaryDirectory(dir=_ROOM) as folder:
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--until-broken", action="store_true", help="end at the first violation, as it is")
    chosen = parser.parse_args()
    tally: Counter[str] = Counter()
    broken, began = [], time.monotonic()
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        steps = story_of(seed)
        if error := broken_by(steps, seed, tally):
            broken.append(seed)
            if chosen.until_broken:
                sys.stdout.write(f"seed {seed}: {error!r}\n")
                break
            fewer = shortest(steps, seed)
            why = broken_by(fewer, seed, Counter()) or error
            notes = "\n".join(getattr(why, "__notes__", []))
            sys.stdout.write(f"seed {seed}: {why!r}\n{notes}\n{as_test(fewer, seed)}\n")
            sys.stdout.flush()
    took = time.monotonic() - began
    sys.stdout.write(f"{chosen.seeds} seeds in {took:.0f} s, {len(broken)} violations {broken}\n")
    for what, number in sorted(tally.items()):
        sys.stdout.write(f"  {number:7,} {what}\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
