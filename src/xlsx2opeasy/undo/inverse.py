"""The inverse of what a load did, and an honest word about each row that has none.

The inverses are in the reverse order of what took effect. What the tasks alone do not determine is never
made up: such rows are `NotUndone`, with the reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, overload

from xlsx2opeasy.check.numbers import TouchedNumbers
from xlsx2opeasy.importing.cells import ordered
from xlsx2opeasy.load.results.completed_effects import CompletedEffect
from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES
from xlsx2opeasy.spec.effects import NO_INVERSE, Effect, Inverse
from xlsx2opeasy.spec.model import Column, Subject, TaskType
from xlsx2opeasy.undo.lifetimes import (
    ADDING,
    DELETING,
    Lifetime,
    Touched,
    assigned_before,
    lifetimes_of,
    same_numbers,
)
from xlsx2opeasy.workbook.task_workbook import FilledRow, FilledSheet

_SYNC_AFTER: Final = {
    sync: frozenset(
        each.name for each in task_type.commands if each.served_by and each.served_by.sync == sync
    )
    for task_type in TASK_TYPES
    for sync in reversed(task_type.syncs)
}
"""The Sync commands, and after which inverses Teams users need each."""


class Reason(StrEnum):
    """What becomes of a row that has no exact inverse of its own."""

    CANNOT = "cannot be undone"
    IN_PART = "undone in part"
    WITH = "undone with another row"
    GONE = "nothing left to undo"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class NotUndone:
    """A row that the workbook does not undo, or not wholly, and why."""

    of: CompletedEffect
    kind: Reason
    why: str

    @property
    def about(self) -> str:
        """The user, device, numbers, … that its task is about."""
        said: list[str] = []
        for subject in BY_NAME[self.of.type].subjects:
            value = self.of.values.get(subject.name, "")
            said += [str(each) for each in (value if isinstance(value, list) else [value]) if each]
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Undoing:
    """A row of the workbook: the command that undoes `of`, or (of a Sync command) comes after such rows."""

    of: CompletedEffect
    inverse: Inverse

    def row(self) -> FilledRow:
        """The row as it is written; made only then, for there may be a million."""
        note = f"undoes {self.of.command} in {_row(self.of)}"
        if self.inverse.command in _SYNC_AFTER:
            note = "for Teams users that the rows above delete or restore; the load synchronised them too"
        elif self.in_part:
            note += f"; {self.in_part}"
        return FilledRow(self.inverse.command, _cells(self.of, self.inverse), note)

    @property
    def in_part(self) -> str:
        """What the row does not bring back."""
        where = self.inverse.in_part_where
        return self.inverse.in_part if not where or any(name in self.of.values for name in where) else ""


class _Rows(Sequence[FilledRow]):
    """The rows of a sheet, each made when it is asked for."""

    def __init__(self, undoings: Sequence[Undoing]) -> None:
        self._undoings = undoings

    def __len__(self) -> int:
        return len(self._undoings)

    @overload
    def __getitem__(self, place: int) -> FilledRow: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[FilledRow]: ...

    def __getitem__(self, place: int | slice) -> FilledRow | Sequence[FilledRow]:
        if isinstance(place, slice):
            return _Rows(self._undoings[place])
        return self._undoings[place].row()


@dataclass(slots=True)
class Inverted:
    """What undoes a load by task type, in the order of the sheets' rows; and what is left.

    `sync_missing` are the Sync commands that Teams users may need afterwards, where the load itself had none.
    """

    rows: dict[str, list[Undoing]] = field(default_factory=lambda: defaultdict(list))
    not_undone: list[NotUndone] = field(default_factory=list)
    sync_missing: tuple[str, ...] = ()

    @property
    def tasks(self) -> int:
        """How many tasks undo something."""
        return sum(map(len, self.rows.values()))

    def sheets(self) -> tuple[FilledSheet, ...]:
        """The sheets of a workbook, with only the columns that are used."""
        return tuple(_sheet(each, self.rows[each.name]) for each in TASK_TYPES if each.name in self.rows)


def inverted(done: Sequence[CompletedEffect]) -> Inverted:
    """The inverse of `done`, in the order in which they took effect."""
    inverter = _Inverter(assigned_before(done))
    assigned = _assigned_in_the_same_load(done)
    for task, touched in zip(reversed(done), reversed(lifetimes_of(done)), strict=True):
        inverter.take(task, touched, assigned.get((task.sheet, task.row)))
    inverter.finish()
    return inverter.found


def _sheet(task_type: TaskType, undoings: Sequence[Undoing]) -> FilledSheet:
    headers = {header for each in undoings for header in _cells(each.of, each.inverse)}
    used: set[Column] = {column for header in headers if (column := task_type.column(header)) is not None}
    return FilledSheet(task_type, tuple(column.name for column in ordered(task_type, used)), _Rows(undoings))


def _assigned_in_the_same_load(done: Iterable[CompletedEffect]) -> dict[tuple[str, int], CompletedEffect]:
    """Of each row that modifies an agent in call centers of which the load assigned all: one that did."""
    by_pair: dict[tuple[str, str], CompletedEffect] = {}
    found: dict[tuple[str, int], CompletedEffect] = {}
    for task in done:
        centers = task.named(Subject.CALL_CENTER)
        if centers is not None and task.known:
            agent = str(task.named(Subject.USER) or "")
            pairs = [(agent, str(each)) for each in centers]
            if task.does(Effect.ASSIGNS_AGENT):
                by_pair |= dict.fromkeys(pairs, task)
            elif task.does(Effect.REMOVES_AGENT):
                for pair in pairs:
                    by_pair.pop(pair, None)
            elif pairs and all(pair in by_pair for pair in pairs):
                found[task.sheet, task.row] = by_pair[pairs[0]]
    return found


class _Inverter:
    """Takes the tasks from the last to the first."""

    def __init__(self, assigned_before: Mapping[int, CompletedEffect]) -> None:
        self.found = Inverted()
        self._assigned_before = assigned_before
        self._moves: TouchedNumbers[CompletedEffect] = TouchedNumbers()
        self._syncs: list[CompletedEffect] = []

    def take(self, task: CompletedEffect, touched: Touched, assigned: CompletedEffect | None) -> None:
        """One task more, all later ones being taken already."""
        if not task.known:
            self._skip(task, Reason.UNKNOWN, "it is unknown whether it took effect: look at the system")
        elif task.command in _SYNC_AFTER:
            self._syncs.append(task)
        elif task.does(*ADDING):
            self._added(task, touched)
        elif task.does(*DELETING):
            self._deleted(task, touched.device if task.does(Effect.DELETES_DEVICE) else touched.user)
        elif (lifetime := touched.user or touched.device) is not None and lifetime.deleted_by is not None:
            self._skip(task, Reason.GONE, f"{_row(lifetime.deleted_by)} deleted what it is about afterwards")
        elif lifetime is not None and lifetime.created_by is not None:
            self._skip(
                task,
                Reason.WITH,
                f"{_row(lifetime.created_by)} added what it is about; undoing that undoes this",
            )
        elif assigned is not None:
            self._skip(task, Reason.WITH, f"{_row(assigned)} assigned the agent; undoing that undoes this")
        elif (moved := self._moved_later(task)) is not None:
            why = f"{_row(moved)} moved some of these numbers afterwards: look where they are now"
            self._skip(task, Reason.CANNOT, why)
        elif (earlier := self._assigned_before.get(id(task))) is not None:
            self._assigned_again(task, earlier)
        else:
            self._invert(task, _inverse_of(task))

    def _assigned_again(self, task: CompletedEffect, earlier: CompletedEffect) -> None:
        if same_numbers(task, earlier):
            why = f"{_row(earlier)} had assigned the numbers already; undoing that undoes this"
            self._skip(task, Reason.WITH, why)
        else:
            why = f"{_row(earlier)} had assigned some of these numbers already: unassign the others by hand"
            self._skip(task, Reason.CANNOT, why)

    def _moved_later(self, task: CompletedEffect) -> CompletedEffect | None:
        if (numbers := task.named(Subject.NUMBERS)) is None:
            return None
        if task.does(Effect.MOVES_NUMBERS):
            if task.named(Subject.GROUP) is not None:
                self._moves.add(numbers, task)
            return None
        return self._moves.of_any(numbers)

    def _added(self, task: CompletedEffect, touched: Touched) -> None:
        lifetime = touched.user or touched.device
        device = touched.device
        if lifetime is None or lifetime.created_by is not task:
            self._skip(task, Reason.WITH, "an earlier row added the same; undoing that undoes this")
        elif lifetime.deleted_by is None:
            self._invert(task, _inverse_of(task))
        elif not (task.does(Effect.ADDS_USER) and task.does(Effect.ADDS_DEVICE)) or (
            device is not None and device.deleted_by is not None
        ):
            self._skip(task, Reason.GONE, f"{_row(lifetime.deleted_by)} deleted it again")
        elif device is not None:
            self._invert(task, _device_alone(task))
        elif not lifetime.deleted_by.does(Effect.DELETES_DEVICES_OF_USER):
            row = _row(lifetime.deleted_by)
            why = f"{row} deleted the user again, and not the device, whose name is not known here"
            self._skip(task, Reason.CANNOT, why)
        else:
            self._skip(task, Reason.GONE, f"{_row(lifetime.deleted_by)} deleted it again")

    def _deleted(self, task: CompletedEffect, lifetime: Lifetime | None) -> None:
        if lifetime is not None and lifetime.created_by is not None:
            self._skip(task, Reason.GONE, f"{_row(lifetime.created_by)} of the same load had added it")
        else:
            self._invert(task, _inverse_of(task))

    def _invert(self, task: CompletedEffect, inverse: Inverse) -> None:
        missing = [name for name in inverse.fields if not task.values.get(name)]
        if inverse.why_not or missing:
            why = inverse.why_not or f"the task has no {missing[0]}, which {inverse.command} needs"
            self._skip(task, Reason.CANNOT, why)
            return
        undoing = Undoing(task, inverse)
        if undoing.in_part:
            self._skip(task, Reason.IN_PART, undoing.in_part)
        self.found.rows[task.type].append(undoing)

    def finish(self) -> None:
        """The Sync commands come last, once, and only where Teams users may be waiting for them."""
        commands = {each.inverse.command for rows in self.found.rows.values() for each in rows}
        wanted = tuple(sync for sync, after in _SYNC_AFTER.items() if after & commands)
        if not self._syncs:
            self.found.sync_missing = wanted
            return
        for sync in wanted:
            self.found.rows[self._syncs[0].type].append(Undoing(self._syncs[0], Inverse(sync)))
        for task in self._syncs:
            if wanted:
                why = f"at the end of the sheet stands {' and '.join(wanted)}"
                self._skip(task, Reason.WITH, why)
            else:
                self._skip(task, Reason.CANNOT, _inverse_of(task).why_not)

    def _skip(self, task: CompletedEffect, kind: Reason, why: str) -> None:
        self.found.not_undone.append(NotUndone(task, kind, why))


def _inverse_of(task: CompletedEffect) -> Inverse:
    return BY_NAME[task.type].by_command[task.command].inverse


def _device_alone(task: CompletedEffect) -> Inverse:
    """What reverses the addition of the device alone, by a command that also added something else."""
    commands = BY_NAME[task.type].commands
    alone = (each.inverse for each in commands if each.effects == {Effect.ADDS_DEVICE})
    return next(alone, NO_INVERSE)


def _row(task: CompletedEffect) -> str:
    return f"{task.sheet} row {task.row}"


def _cells(task: CompletedEffect, inverse: Inverse) -> dict[str, str]:
    """The inverse's cells by header."""
    cells: dict[str, str] = {}
    for name in (*inverse.fields, *inverse.optional):
        value = task.values.get(name)
        if isinstance(value, list):
            of = BY_NAME[task.type].by_name[name]
            cells |= {Column(of, (number,)).name: str(each) for number, each in enumerate(value)}
        elif value is not None:
            cells[name] = str(value)
    for given in inverse.given:
        if task.values.get(given.where) not in (None, False):
            cells.setdefault(given.field, given.value)
    return cells
