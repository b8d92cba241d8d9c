"""What campaigns of seeds share: which seeds to play, and how their end is told."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOM = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where a campaign makes its folders: a disk that waits for nothing, where there is one."""


class Seeds:
    """The seeds that the command line asks for, and what became of them."""

    def __init__(self, description: str | None) -> None:
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--seeds", type=int, default=1000)
        parser.add_argument("--first", type=int, default=0)
        parser.add_argument(
            "--until-broken", action="store_true", help="end at the first violation, as it is"
        )
        chosen = parser.parse_args()
        self.until_broken: bool = chosen.until_broken
        self.every = range(chosen.first, chosen.first + chosen.seeds)
        self.tally: Counter[str] = Counter()
        self._began = time.monotonic()

    def report(self, broken: Sequence[int]) -> int:
        """Prints how many seeds were played in which time, and the tally; the exit code: 1 for a violation."""
        took = time.monotonic() - self._began
        sys.stdout.write(f"{len(self.every)} seeds in {took:.0f} s, {len(broken)} violations {broken}\n")
        for what, number in sorted(self.tally.items()):
            sys.stdout.write(f"  {number:7,} {what}\n")
        return bool(broken)
