"""Phone numbers that were moved to another group, found by any range that holds one of them."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from xlsx2opeasy.check.across import number_key
from xlsx2opeasy.spec.rules import NumberOrRange
from xlsx2opeasy.tasks.lives import Done


@dataclass(slots=True)
class _Ranges:
    """Ranges that do not overlap, in their order: first numbers, last numbers, and a task that moved them."""

    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    tasks: list[Done] = field(default_factory=list)

    def overlapping(self, first: int, last: int) -> slice:
        """The places of those that hold a number from `first` to `last`."""
        return slice(bisect_left(self.lasts, first), bisect_right(self.firsts, last))

    def add(self, first: int, last: int, task: Done) -> None:
        """Takes the range in, in one with those that it overlaps."""
        there = self.overlapping(first, last)
        first = min([first, *self.firsts[there]])
        last = max([last, *self.lasts[there]])
        self.firsts[there], self.lasts[there], self.tasks[there] = [first], [last], [task]


class NumberMoves:
    """The moves so far. Numbers are compared by their digits, those of one length among themselves."""

    def __init__(self) -> None:
        self._by_length: dict[int, _Ranges] = {}

    def add(self, numbers: str, task: Done) -> None:
        """Notes that `task` moved a number, or a range of them."""
        if (ends := _ends(numbers)) is not None:
            length, first, last = ends
            self._by_length.setdefault(length, _Ranges()).add(first, last, task)

    def of_any(self, numbers: str) -> Done | None:
        """A task that moved any of `numbers`."""
        if (ends := _ends(numbers)) is None or ends[0] not in self._by_length:
            return None
        ranges = self._by_length[ends[0]]
        found = ranges.tasks[ranges.overlapping(ends[1], ends[2])]
        return found[0] if found else None


def _ends(numbers: str) -> tuple[int, int, int] | None:
    """Length, first and last number of one number or a range; None where it is neither."""
    ends = [number_key(each) for each in numbers.split(NumberOrRange.separator)]
    if not all(ends):
        return None
    return len(ends[0]), int(ends[0]), int(ends[-1])
