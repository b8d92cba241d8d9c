"""What `--canary` and `--stop-after` ask for: how many rows run first, and how many may fail."""

import re
from dataclasses import dataclass
from typing import Self

from xlsx2opeasy.errors import UsageError

CANARY = "canary"
"""The stage of a canary; the others are `stage 1`, `stage 2`, and so on."""
_STOP_AFTER = re.compile(r"(\d{1,18})(%?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class StopAfter:
    """How many rows may fail before nothing further is started: a number, or a percentage of the rows."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """`5` or `2%`. Raises UsageError for anything else; a percentage is from 1 to 100."""
        found = _STOP_AFTER.fullmatch(text)
        percent = found is not None and bool(found[2])
        if found is None or (percent and not 1 <= int(found[1]) <= 100):
            raise UsageError(
                f"{text!r} says neither how many rows may fail nor how many percent of them",
                "give a whole number from 0 on, such as 5, or a whole percentage from 1% to 100%, such as 2%",
            )
        return cls(int(found[1]), percent)

    def rows(self, total: int) -> int:
        """How many of `total` rows may fail; a percentage is rounded down, and is one row at the least."""
        return max(1, total * self.number // 100) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.percent else ''}"


@dataclass(frozen=True, slots=True)
class Staging:
    """The canary's rows of each command and the budget of failures; None where there is none."""

    canary: int | None = None
    stop_after: StopAfter | None = None

    def __bool__(self) -> bool:
        return self.canary is not None or self.stop_after is not None

    @property
    def as_typed(self) -> tuple[str, ...]:
        """The options that ask for it."""
        return (
            *((f"--canary {self.canary}",) if self.canary is not None else ()),
            *((f"--stop-after {self.stop_after}",) if self.stop_after is not None else ()),
        )

    def allowed(self, rows: int) -> int | None:
        """How many of `rows` may fail; None where nothing counts the failures after a canary."""
        return None if self.stop_after is None else self.stop_after.rows(rows)
