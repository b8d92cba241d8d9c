"""Which tasks go into which operation, in which order, and why.

One operation is processed Users, CallCenterAgent, CallForwarding, CallRecording, PhoneNumbers. Where a row
must be done after one of a later sheet, it goes into a later operation:

- a Users row after the PhoneNumbers row that gives the number it takes to its group. Where that number must
  be freed first, the rows that unassign it, and deletions of users, go before too;
- a Users row that deletes or suspends a user after the rows of other sheets about that user, unless the user
  is added or restored afterwards.

Every row goes into the last operation that this allows, so there are no more operations than needed, and
Users rows that may need each other (same user, same device, something deleted before something is added) keep
their order. Sync commands go last among the Users.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xlsx2opeasy.check.across_sheets import Windows, windows_of
from xlsx2opeasy.check.numbers import NumberRanges
from xlsx2opeasy.load.plan.subjects import USERS, Reader, does
from xlsx2opeasy.load.plan.syncs import is_sync
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import Subject
from xlsx2opeasy.tasks.build import Task

_NUMBERS = "phone numbers that Users rows of this workbook take"
_LEAVERS = "rows of other sheets about users that Users rows delete or suspend"
_REST = "everything else"

_GIVING = (Effect.ASSIGNS_NUMBERS, Effect.MOVES_NUMBERS)
_FREEING = (
    Effect.DELETES_USER,
    Effect.DELETES_DEVICE,
    Effect.DELETES_DEVICES_OF_USER,
    Effect.CHANGES_USER,
    Effect.CHANGES_DEVICE,
)
_ENDING = (Effect.DELETES_USER, Effect.SUSPENDS_USER)
_TAKING = (Effect.ADDS_USER, Effect.ADDS_DEVICE, Effect.CHANGES_USER, Effect.CHANGES_DEVICE)
_ALL_DELETIONS = -1
"""Stands for all deletions that go first, in the place of a task."""


@dataclass(frozen=True, slots=True)
class Phase:
    """The tasks of one operation, and what it is for (empty where there is only one).

    `stage` is its place in a load with a canary or a budget.
    """

    number: int
    why: str
    tasks: tuple[Task, ...]
    stage: str = ""

    @property
    def commands(self) -> Counter[tuple[str, str]]:
        """How many tasks it has by type and command."""
        return Counter((task.type, task.command) for task in self.tasks)


def phases_of(tasks: Sequence[Task], wire_names: Mapping[str, str]) -> tuple[Phase, ...]:
    """The operations that `tasks` need, first to last; every task is in exactly one of them.

    `wire_names` are those of `[wire]`, under which the tasks were built.
    """
    tasks = sorted(tasks, key=is_sync)
    if not tasks:
        return ()
    order = _Order(tasks, Reader(wire_names))
    operations: dict[int, list[Task]] = defaultdict(list)
    for place, task in enumerate(tasks):
        operations[order.before_last[place]].append(task)
    if len(operations) == 1:
        return (Phase(1, "", tuple(tasks)),)
    return tuple(
        Phase(number, order.why(before_last), tuple(operations[before_last]))
        for number, before_last in enumerate(sorted(operations, reverse=True), 1)
    )


class _Order:
    """What must be done before what, by the places of the tasks.

    `before_last` is how many operations before the last one a task goes into.
    """

    def __init__(self, tasks: Sequence[Task], reader: Reader) -> None:
        self._tasks = tasks
        self._reader = reader
        self.before_last: dict[int, int] = defaultdict(int)
        self._earlier: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._reasons: dict[str, set[int]] = {_NUMBERS: set(), _LEAVERS: set()}
        freed_first = self._numbers_first()
        followed = self._leavers_last()
        if freed_first or followed:
            self._keep_users_in_order(freed_first)
        self._spread()

    def why(self, before_last: int) -> str:
        """What the operation is for that has so many after it."""
        reasons = [
            why
            for why, places in self._reasons.items()
            if any(self.before_last[place] == before_last for place in places)
        ]
        return "; ".join(reasons) or _REST

    def _apart(self, earlier: int, later: int, why: str) -> None:
        """Puts the earlier task into an operation before that of the later one."""
        self._earlier[later].append((earlier, 1))
        self._reasons[why].add(earlier)

    def _not_after(self, earlier: int, later: int) -> None:
        """Lets the later task be in the operation of the earlier one, or after it."""
        self._earlier[later].append((earlier, 0))

    def _spread(self) -> None:
        """Finds `before_last` from all that was put in order."""
        waiting = list(self._earlier)
        while waiting:
            later = waiting.pop()
            for earlier, apart in self._earlier.get(later, ()):
                needed = self.before_last[later] + apart
                if self.before_last[earlier] < needed:
                    assert needed <= len(self._tasks), "two rows need each other to be done first"
                    self.before_last[earlier] = needed
                    waiting.append(earlier)

    # -- phone numbers ------------------------------------------------------------------------------------

    def _numbers_first(self) -> set[int]:
        """Puts numbers before their takers; gives the deletions that go before the numbers."""
        ranges = _NumberRows(self._tasks, self._reader)
        if not ranges:
            return set()
        needed: set[int] = set()
        for taker, task in enumerate(self._tasks):
            for giver in ranges.giving(task):
                self._apart(giver, taker, _NUMBERS)
                needed.add(giver)
        freed = [(place, giver) for giver in sorted(needed) for place in ranges.freed_for(giver) - needed]
        for place, giver in freed:
            self._not_after(place, giver)
        unassigning = {place for place, _ in freed if does(self._tasks[place], Effect.UNASSIGNS_NUMBERS)}
        deletions = set(self._deletions_that_can_go_first()) if unassigning else set()
        for place in unassigning:
            self._not_after(_ALL_DELETIONS, place)
        for deletion in deletions:
            self._not_after(deletion, _ALL_DELETIONS)
        return deletions

    def _deletions_that_can_go_first(self) -> Iterator[int]:
        """Deletions of users to which no earlier row of the workbook does anything."""
        seen: set[str] = set()
        for place, task in enumerate(self._tasks):
            if task.type == USERS and (user := self._reader.user(task)):
                if does(task, Effect.DELETES_USER) and user not in seen:
                    yield place
                seen.add(user)

    # -- users that are deleted or suspended --------------------------------------------------------------

    def _leavers_last(self) -> bool:
        """Puts rows of other sheets before the end of their user; whether one must follow a Users row."""
        others = [
            place
            for place, task in enumerate(self._tasks)
            if task.type != USERS and BY_NAME[task.type].names_of(Subject.USER)
        ]
        if not others or not any(does(task, *_ENDING) for task in self._tasks):
            return False
        users = _Users(self._tasks, self._reader)
        follows = False
        for place in others:
            found = users.windows(self._reader.user(self._tasks[place]))
            window = found.chosen if found else None
            if window is not None and window.before is not None:
                self._apart(place, window.before, _LEAVERS)
                if window.after is not None:
                    self._not_after(window.after, place)
                    follows = True
        return follows

    # -- the order of the Users rows ----------------------------------------------------------------------

    def _keep_users_in_order(self, freed_first: set[int]) -> None:
        """Keeps Users rows that go into an earlier operation behind those that they may need."""
        last: dict[tuple[Subject, str], int] = {}
        freeing: dict[bool, int] = {}
        for place, task in enumerate(self._tasks):
            if task.type != USERS:
                continue
            for name in self._reader.subjects(task).names:
                if name in last:
                    self._not_after(last[name], place)
                last[name] = place
            first = place in freed_first
            if does(task, *_TAKING):
                for earlier in freeing.values():
                    self._not_after(earlier, place)
            if does(task, *_FREEING):
                if first in freeing and not does(task, *_TAKING):
                    self._not_after(freeing[first], place)
                freeing[first] = place


class _Users:
    """The windows of every user that a Users row names."""

    def __init__(self, tasks: Sequence[Task], reader: Reader) -> None:
        rows: dict[str, list[int]] = defaultdict(list)
        for place, task in enumerate(tasks):
            if task.type == USERS and (user := reader.user(task)):
                rows[user].append(place)
        commands = BY_NAME[USERS].by_command
        self._windows = {
            user: windows_of((place, commands[tasks[place].command]) for place in places)
            for user, places in rows.items()
        }

    def windows(self, user: str) -> Windows | None:
        """Those of a user; None where no Users row names it."""
        return self._windows.get(user)


class _NumberRows:
    """The PhoneNumbers rows of a load, by the numbers they hold."""

    def __init__(self, tasks: Sequence[Task], reader: Reader) -> None:
        self._tasks = tasks
        self._reader = reader
        self._texts = {
            place: reader.text(task, names[0])
            for place, task in enumerate(tasks)
            if (names := BY_NAME[task.type].names_of(Subject.NUMBERS))
        }
        self._ranges = NumberRanges(self._texts.items())

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def giving(self, taker: Task) -> Iterator[int]:
        """The rows that give the number of a Users row to its group (any group where it names none)."""
        if number := self._reader.number_taken(taker):
            group = self._reader.text(taker, "groupId")
            for place in self._ranges.overlapping(number):
                own = self._reader.text(self._tasks[place], "groupId")
                if does(self._tasks[place], *_GIVING) and own and group in (own, ""):
                    yield place

    def freed_for(self, giver: int) -> set[int]:
        """The rows before `giver` about one of its numbers."""
        return {place for place in self._ranges.overlapping(self._texts[giver]) if place < giver}


def takers_of(
    failed: Sequence[Task], given: Sequence[Task], tasks: Sequence[Task], wire_names: Mapping[str, str]
) -> Iterable[tuple[Task, Task]]:
    """The tasks that take a number of a `failed` task which no `given` one gave, each with that task."""
    reader = Reader(wire_names)
    lost, got = _NumberRows(failed, reader), _NumberRows(given, reader)
    for task in tasks:
        if next(got.giving(task), None) is None:
            first = min((failed[place] for place in lost.giving(task)), key=_row, default=None)
            if first is not None:
                yield task, first


def _row(task: Task) -> int:
    return task.row
