"""Which tasks go into which operation, in which order, and why.

One operation is processed Users, CallCenterAgent, CallForwarding, CallRecording, PhoneNumbers. So numbers
that a PhoneNumbers row gives to a group are not there yet when a Users row of the same operation takes them:
such PhoneNumbers rows go into an operation of their own before. Where these numbers must be freed first, the
rows that unassign them, and the deletions of users, go before too. Sync commands go last among the Users.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xlsx2opeasy.check.rules import digits_of
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.rules import NumberOrRange
from xlsx2opeasy.tasks.build import Task

USERS, PHONE_NUMBERS = "Users", "PhoneNumbers"
_GIVING = frozenset({"Assign", "Modify"})
_DELETING = frozenset({"DeleteUser", "DeleteUserAndDevices"})
LARGEST_RANGE = 1_000_000
"""A range of more numbers is not looked into; no group has so many."""


@dataclass(frozen=True, slots=True)
class Phase:
    """The tasks of one operation, and what it is for (empty where there is only one)."""

    number: int
    why: str
    tasks: tuple[Task, ...]


def phases_of(tasks: Sequence[Task]) -> tuple[Phase, ...]:
    """The operations that `tasks` need, first to last; every task is in exactly one of them."""
    tasks = _sync_last(tasks)
    early = _needed_before(tasks)
    if not early:
        return (Phase(1, "", tuple(tasks)),) if tasks else ()
    first = tuple(task for task in tasks if id(task) in early)
    rest = tuple(task for task in tasks if id(task) not in early)
    return (
        Phase(1, "phone numbers that Users rows of this workbook take", first),
        Phase(2, "everything else", rest),
    )


def _sync_last(tasks: Sequence[Task]) -> list[Task]:
    last = {command.name for command in BY_NAME[USERS].commands if command.last_and_once}
    return sorted(tasks, key=lambda task: task.type == USERS and task.command in last)


@dataclass(frozen=True, slots=True)
class _Range:
    """The numbers of one PhoneNumbers row, `first` to `last`, all of `length` digits."""

    task: Task
    position: int
    length: int
    first: int
    last: int

    def holds(self, digits: str) -> bool:
        return len(digits) == self.length and self.first <= int(digits) <= self.last

    def gives_to(self, group: str) -> bool:
        """Whether it gives its numbers to the group ("" for a row that names none)."""
        own = str(_phone_numbers(self.task).get("groupId", ""))
        return self.task.command in _GIVING and bool(own) and group in (own, "")

    def overlaps(self, other: "_Range") -> bool:
        return self.length == other.length and self.first <= other.last and other.first <= self.last


def _needed_before(tasks: Sequence[Task]) -> set[int]:
    """The identities (`id`) of the tasks that an earlier operation must have done."""
    ranges = [each for position, task in enumerate(tasks) if (each := _range_of(task, position))]
    wanted = _numbers_taken(tasks)
    needed = {each.position: each for each in ranges if _gives(each, wanted)}
    freed = [
        each
        for each in ranges
        if each.position not in needed
        and any(each.overlaps(other) and each.position < other.position for other in needed.values())
    ]
    early = {id(each.task) for each in (*needed.values(), *freed)}
    if any(each.task.command == "Unassign" for each in freed):
        early |= {id(task) for task in _deletions_that_can_go_first(tasks)}
    return early


def _range_of(task: Task, position: int) -> _Range | None:
    if task.type != PHONE_NUMBERS:
        return None
    text = str(_phone_numbers(task).get("phoneNumbers", ""))
    ends = [_national(end) for end in text.split(NumberOrRange.separator)]
    if not all(ends) or int(ends[-1]) - int(ends[0]) >= LARGEST_RANGE:
        return None
    return _Range(task, position, len(ends[0]), int(ends[0]), int(ends[-1]))


def _national(number: str) -> str:
    """The digits of a number without North America's country code: 214... and +1 214... are one number."""
    digits = digits_of(number) or ""
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def _phone_numbers(task: Task) -> dict[str, object]:
    nested = task.content.get("phoneNumbers")
    return nested if isinstance(nested, dict) else task.content


def _group(task: Task) -> str:
    return str(task.content.get("groupId", ""))


def _number_taken(task: Task) -> str:
    """The digits of the number that a Users row takes; empty where it takes none."""
    user = task.content.get("user", {}) if task.type == USERS else {}
    return _national(user.get("phoneNumber", ""))


def _numbers_taken(tasks: Iterable[Task]) -> dict[str, set[str]]:
    """Each number that Users rows take -> the groups in which (empty where a row names none)."""
    taken: dict[str, set[str]] = defaultdict(set)
    for task in tasks:
        if number := _number_taken(task):
            taken[number].add(_group(task))
    return taken


def _gives(numbers: _Range, wanted: dict[str, set[str]]) -> bool:
    candidates = wanted if numbers.last - numbers.first > len(wanted) else _each(numbers)
    return any(
        number in wanted and numbers.holds(number) and any(map(numbers.gives_to, wanted[number]))
        for number in candidates
    )


def _each(numbers: _Range) -> Iterable[str]:
    return (str(number).zfill(numbers.length) for number in range(numbers.first, numbers.last + 1))


def _deletions_that_can_go_first(tasks: Sequence[Task]) -> Iterable[Task]:
    """Deletions of users to which no earlier row of the workbook does anything."""
    seen: set[str] = set()
    for task in tasks:
        if task.type == USERS:
            user = str(task.content.get("user", {}).get("userId", ""))
            if task.command in _DELETING and user not in seen:
                yield task
            seen.add(user)


def takers_of(
    failed: Sequence[Task], given: Sequence[Task], tasks: Sequence[Task]
) -> Iterable[tuple[Task, Task]]:
    """The tasks that take a number of a `failed` task which no `given` one gave, each with that task."""
    lost = [each for position, task in enumerate(failed) if (each := _range_of(task, position))]
    got = [each for position, task in enumerate(given) if (each := _range_of(task, position))]
    for task in tasks:
        number = _number_taken(task)
        if number and not any(each.holds(number) and each.gives_to(_group(task)) for each in got):
            for each in lost:
                if each.holds(number) and each.gives_to(_group(task)):
                    yield task, each.task
                    break
