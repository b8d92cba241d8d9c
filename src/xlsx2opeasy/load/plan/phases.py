"""Which tasks go into which operation, in which order, and why.

One operation is processed Users, CallCenterAgent, CallForwarding, CallRecording, PhoneNumbers. So numbers
that a PhoneNumbers row gives to a group are not there yet when a Users row of the same operation takes them:
such PhoneNumbers rows go into an operation of their own before. Where these numbers must be freed first, the
rows that unassign them, and the deletions of users, go before too. Sync commands go last among the Users.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from xlsx2opeasy.check.across import user_key
from xlsx2opeasy.check.numbers import digits_of
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.rules import NumberOrRange
from xlsx2opeasy.tasks.build import Task

USERS, PHONE_NUMBERS = "Users", "PhoneNumbers"


@dataclass(frozen=True, slots=True)
class Phase:
    """The tasks of one operation, and what it is for (empty where there is only one)."""

    number: int
    why: str
    tasks: tuple[Task, ...]


def phases_of(tasks: Sequence[Task], wire_names: Mapping[str, str]) -> tuple[Phase, ...]:
    """The operations that `tasks` need, first to last; every task is in exactly one of them.

    `wire_names` are those of `[wire]`, under which the tasks were built.
    """
    tasks = _sync_last(tasks)
    early = _needed_before(tasks, Reader(wire_names))
    if not early:
        return (Phase(1, "", tuple(tasks)),) if tasks else ()
    first = tuple(task for task in tasks if id(task) in early)
    rest = tuple(task for task in tasks if id(task) not in early)
    return (
        Phase(1, "phone numbers that Users rows of this workbook take", first),
        Phase(2, "everything else", rest),
    )


def _sync_last(tasks: Sequence[Task]) -> list[Task]:
    return sorted(tasks, key=lambda task: task.command in BY_NAME[task.type].syncs)


def _does(task: Task, *effects: Effect) -> bool:
    return BY_NAME[task.type].by_command[task.command].does(*effects)


class Reader:
    """Reads out of tasks what the plan needs, wherever `[wire]` puts it."""

    def __init__(self, wire_names: Mapping[str, str]) -> None:
        self._wire_names = wire_names

    def text(self, task: Task, field: str) -> str:
        """The text of a field; empty where the task does not have it."""
        of = BY_NAME[task.type]
        value: Any = task.content
        for key in of.wire_path(of.by_name[field], self._wire_names).split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return "" if value is None else str(value)

    def number_taken(self, task: Task) -> str:
        """The digits of the number that a Users row takes; empty where it takes none."""
        return _national(self.text(task, "user.phoneNumber")) if task.type == USERS else ""


@dataclass(frozen=True, slots=True)
class _Range:
    """The numbers of one PhoneNumbers row, `first` to `last`, all of `length` digits; `group` it names."""

    task: Task
    position: int
    length: int
    first: int
    last: int
    group: str

    def gives_to(self, group: str) -> bool:
        """Whether it gives its numbers to the group ("" for a row that names none)."""
        return (
            _does(self.task, Effect.ASSIGNS_NUMBERS, Effect.MOVES_NUMBERS)
            and bool(self.group)
            and group in (self.group, "")
        )


class _Ranges:
    """Ranges, found by the numbers they hold without looking at all of them."""

    def __init__(self, ranges: Iterable[_Range]) -> None:
        by_length: dict[int, list[_Range]] = defaultdict(list)
        for each in ranges:
            by_length[each.length].append(each)
        self._by_length = {
            length: sorted(of, key=lambda each: each.first) for length, of in by_length.items()
        }
        self._firsts = {length: [each.first for each in of] for length, of in self._by_length.items()}
        self._furthest = {
            length: list(accumulate((each.last for each in of), max))
            for length, of in self._by_length.items()
        }

    def overlapping(self, length: int, first: int, last: int) -> Iterator[_Range]:
        """Those that hold a number of `length` digits from `first` to `last`."""
        ranges = self._by_length.get(length, [])
        for place in range(bisect_right(self._firsts.get(length, []), last) - 1, -1, -1):
            if self._furthest[length][place] < first:
                return
            if ranges[place].last >= first:
                yield ranges[place]

    def holding(self, digits: str) -> Iterator[_Range]:
        """Those that hold this number."""
        return self.overlapping(len(digits), int(digits), int(digits))


def _needed_before(tasks: Sequence[Task], reader: Reader) -> set[int]:
    """The identities (`id`) of the tasks that an earlier operation must have done."""
    ranges = _ranges_of(tasks, reader)
    if not ranges:
        return set()
    index = _Ranges(ranges)
    needed = {
        each.position: each
        for task in tasks
        if (number := reader.number_taken(task))
        for each in index.holding(number)
        if each.gives_to(reader.text(task, "groupId"))
    }
    wanted = _Ranges(needed.values())
    freed = [
        each
        for each in ranges
        if each.position not in needed
        and any(
            each.position < other.position for other in wanted.overlapping(each.length, each.first, each.last)
        )
    ]
    early = {id(each.task) for each in (*needed.values(), *freed)}
    if any(_does(each.task, Effect.UNASSIGNS_NUMBERS) for each in freed):
        early |= {id(task) for task in _deletions_that_can_go_first(tasks, reader)}
    return early


def _ranges_of(tasks: Sequence[Task], reader: Reader) -> list[_Range]:
    ranges = (_range_of(task, position, reader) for position, task in enumerate(tasks))
    return [each for each in ranges if each is not None]


def _range_of(task: Task, position: int, reader: Reader) -> _Range | None:
    if task.type != PHONE_NUMBERS:
        return None
    text = reader.text(task, "phoneNumbers")
    ends = [_national(end) for end in text.split(NumberOrRange.separator)]
    if not all(ends):
        return None
    first, last = int(ends[0]), int(ends[-1])
    return _Range(task, position, len(ends[0]), first, last, reader.text(task, "groupId"))


def _national(number: str) -> str:
    """The digits of a number without North America's country code: 214... and +1 214... are one number."""
    digits = digits_of(number) or ""
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def _deletions_that_can_go_first(tasks: Sequence[Task], reader: Reader) -> Iterable[Task]:
    """Deletions of users to which no earlier row of the workbook does anything."""
    seen: set[str] = set()
    for task in tasks:
        if task.type == USERS:
            user = user_key(reader.text(task, "user.userId"))
            if _does(task, Effect.DELETES_USER) and user not in seen:
                yield task
            seen.add(user)


def takers_of(
    failed: Sequence[Task], given: Sequence[Task], tasks: Sequence[Task], wire_names: Mapping[str, str]
) -> Iterable[tuple[Task, Task]]:
    """The tasks that take a number of a `failed` task which no `given` one gave, each with that task."""
    reader = Reader(wire_names)
    lost = _Ranges(_ranges_of(failed, reader))
    got = _Ranges(_ranges_of(given, reader))
    for task in tasks:
        if number := reader.number_taken(task):
            group = reader.text(task, "groupId")
            if not any(each.gives_to(group) for each in got.holding(number)):
                giving = (each.task for each in lost.holding(number) if each.gives_to(group))
                first = min(giving, key=lambda each: each.row, default=None)
                if first is not None:
                    yield task, first
