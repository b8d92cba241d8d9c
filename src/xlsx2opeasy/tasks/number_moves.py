"""Phone numbers that rows gave, took or moved, found by any range that holds one of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from xlsx2opeasy.check.numbers import span_of
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import Subject
from xlsx2opeasy.tasks.lives import Done

T = TypeVar("T")


@dataclass(slots=True)
class _Ranges(Generic[T]):
    """Ranges that do not overlap, in their order: first numbers, last numbers, and a task about each."""

    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    tasks: list[T] = field(default_factory=list)

    def overlapping(self, first: int, last: int) -> slice:
        """The places of those that hold a number from `first` to `last`."""
        return slice(bisect_left(self.lasts, first), bisect_right(self.firsts, last))

    def add(self, first: int, last: int, task: T) -> None:
        """Takes the range in, in one with those that it overlaps."""
        there = self.overlapping(first, last)
        first = min([first, *self.firsts[there]])
        last = max([last, *self.lasts[there]])
        self._put(there, [(first, last, task)])

    def take_out(self, first: int, last: int) -> None:
        """Forgets the numbers from `first` to `last`; what is beside them stays."""
        there = self.overlapping(first, last)
        cut = list(zip(self.firsts[there], self.lasts[there], self.tasks[there], strict=True))
        left = [(start, first - 1, task) for start, _, task in cut if start < first]
        right = [(last + 1, end, task) for _, end, task in cut if end > last]
        self._put(there, left + right)

    def _put(self, there: slice, ranges: list[tuple[int, int, T]]) -> None:
        self.firsts[there] = [first for first, _, _ in ranges]
        self.lasts[there] = [last for _, last, _ in ranges]
        self.tasks[there] = [task for _, _, task in ranges]


class TouchedNumbers(Generic[T]):
    """What rows did so far. Numbers are compared by their digits, those of one length among themselves."""

    def __init__(self) -> None:
        self._by_length: dict[int, _Ranges[T]] = {}

    def add(self, numbers: str, task: T) -> None:
        """Notes that `task` is about a number, or a range of them."""
        if (span := span_of(numbers)) is not None:
            self._by_length.setdefault(span.length, _Ranges()).add(span.first, span.last, task)

    def take_out(self, numbers: str) -> None:
        """Forgets these numbers."""
        if (span := span_of(numbers)) is not None and span.length in self._by_length:
            self._by_length[span.length].take_out(span.first, span.last)

    def of_any(self, numbers: str) -> T | None:
        """A task that is about any of `numbers`."""
        if (span := span_of(numbers)) is None or span.length not in self._by_length:
            return None
        ranges = self._by_length[span.length]
        found = ranges.tasks[ranges.overlapping(span.first, span.last)]
        return found[0] if found else None


def assigned_before(done: Iterable[Done]) -> dict[int, Done]:
    """Of each Assign row (by its `id`) that gives numbers which a row before had given: that row."""
    given: TouchedNumbers[Done] = TouchedNumbers()
    found: dict[int, Done] = {}
    for task in done:
        numbers = task.named(Subject.NUMBERS)
        if numbers is not None and task.known:
            if not task.does(Effect.ASSIGNS_NUMBERS):
                given.take_out(numbers)
                continue
            if (earlier := given.of_any(numbers)) is not None:
                found[id(task)] = earlier
            given.add(numbers, task)
    return found


def same_numbers(one: Done, other: Done) -> bool:
    """Whether two rows are about exactly the same numbers."""
    return span_of(one.named(Subject.NUMBERS) or "") == span_of(other.named(Subject.NUMBERS) or "")
