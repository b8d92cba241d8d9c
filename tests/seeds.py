"""What campaigns of seeds share: which seeds to play, and how their end is told."""

import argparse
import itertools
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOM = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where a campaign makes its folders: a disk that waits for nothing, where there is one."""


class Seeds:
    """The seeds that the command line asks for, and what became of them."""

    def __init__(self, description: str | None) -> None:
        parser = argparse.ArgumentParser(description=description)
        how_many = parser.add_mutually_exclusive_group()
        how_many.add_argument("--seeds", type=int, default=1000)
        how_many.add_argument("--seconds", type=float, help="play seeds for so long, however many they are")
        parser.add_argument("--first", type=int, default=0)
        parser.add_argument(
            "--until-broken", action="store_true", help="end at the first violation, as it is"
        )
        chosen = parser.parse_args()
        self.until_broken: bool = chosen.until_broken
        self.tally: Counter[str] = Counter()
        self._chosen = chosen
        self.played = 0
        self._ended = False
        self._began = time.monotonic()

    @property
    def every(self) -> Iterator[int]:
        """The seeds, one after another; Ctrl-C ends them after the one under way."""
        seconds = self._chosen.seconds
        signal.signal(signal.SIGINT, self._end)
        for seed in itertools.count(self._chosen.first):
            over = self.played >= self._chosen.seeds if seconds is None else self._took > seconds
            if over or self._ended:
                return
            self.played += 1
            yield seed

    def _end(self, *_: object) -> None:
        self._ended = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    @property
    def _took(self) -> float:
        return time.monotonic() - self._began

    def report(self, broken: Sequence[int]) -> int:
        """Prints how many seeds were played in which time, and the tally; the exit code: 1 for a violation."""
        after = self._chosen.first + self.played
        sys.stdout.write(
            f"{self.played} seeds in {self._took:.0f} s, {len(broken)} violations {broken}; "
            f"--first {after} goes on\n"
        )
        for what, number in sorted(self.tally.items()):
            sys.stdout.write(f"  {number:7,} {what}\n")
        return bool(broken)
