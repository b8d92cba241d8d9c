"""Conflicts between rows of one sheet: what must fail, or may, because of another row.

An error is reported only where the load must fail, a warning where it may. Rows are checked in the order in
which the server processes them, which is the order of the sheet. `UniqueValues` knows which row has
each value that must be unique within the system, row after row.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from xlsx2opeasy.check.commands import Grid
from xlsx2opeasy.check.normal import CLEAR, distinct_of
from xlsx2opeasy.check.numbers import Span, number_key, overlaps, span_of
from xlsx2opeasy.problems import Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import TaskType


class UniqueValues:
    """Which device has which value so far, as far as the sheet can tell."""

    def __init__(self, task_type: TaskType) -> None:
        self._commands = task_type.by_command
        self._row_of: dict[str, int] = {}
        self._value_of: dict[str, str] = {}
        self._devices_of: dict[str, list[str]] = defaultdict(list)

    def enter(self, value: str, device: str, user: str, row: int) -> int:
        """The row that gives the value: this one, or an earlier one whose device still has it."""
        first = self._row_of.setdefault(value, row)
        if first == row:
            self._value_of[device] = value
            self._devices_of[user].append(device)
        return first

    def leave(self, command: str, device: str, user: str, *, changed: bool) -> None:
        """Devices that this row deletes, or gives another value, have theirs no more."""
        does = self._commands[command].does
        loses = does(Effect.DELETES_DEVICE) or (changed and does(Effect.CHANGES_DEVICE))
        gone = [device] if loses else []
        if does(Effect.DELETES_DEVICES_OF_USER):
            gone = self._devices_of.pop(user, [])
        for each in gone:
            if each in self._value_of:
                del self._row_of[self._value_of.pop(each)]


Texts: TypeAlias = "pd.Series[str]"

UNCLEAR_USER = "unclear-user"
BETWEEN_ROWS = frozenset({"added-twice", "after-delete", "given-twice", UNCLEAR_USER})
"""The codes of errors that a row has because of another one."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row that conflicts with another one; `name` is the header of the cell at which it is reported.

    `places` fill the registry's sentence `variant`; `severity` is the rule's own where it is None.
    """

    code: str
    row: int
    name: str
    places: dict[str, object]
    variant: str = ""
    severity: Severity | None = None


def across_rows(grid: Grid) -> Iterator[Conflict]:
    """All conflicts of a sheet; the users' kinds only where the sheet has the columns."""
    reported: set[int] = set()
    for conflict in (*_users(grid), *_phone_numbers(grid)):
        reported.add(conflict.row)
        yield conflict
    yield from (each for each in _same_rows(grid) if each.row not in reported)


def _users(grid: Grid) -> Iterator[Conflict]:
    adding, deleting = grid.task_type.commands_that(Effect.ADDS_USER), _deleting_user(grid)
    yield from _lives(grid, "user.userId", "user", adding, deleting, user_keys)
    adding = grid.task_type.commands_that(Effect.ADDS_DEVICE)
    deleting = grid.task_type.commands_that(Effect.DELETES_DEVICE)
    yield from _lives(grid, "device.name", "device", adding, deleting, _exact_keys)
    for name in ("device.linePort", "device.accessUserName"):
        yield from _unique(grid, name)
    groups = _texts(grid, "groupId")
    yield from _given_to_two(grid, "user.phoneNumber", _number_keys)
    yield from _given_to_two(
        grid,
        "user.extension",
        lambda extensions: (groups + "\n" + extensions).where((groups != "") & (extensions != CLEAR), ""),
    )
    yield from _syncs(grid)


def _deleting_user(grid: Grid) -> frozenset[str]:
    return grid.task_type.commands_that(Effect.DELETES_USER)


def exact_key(text: str) -> str:
    """The name of a device as names are compared."""
    return unicodedata.normalize("NFC", text)


def user_key(text: str) -> str:
    """The id of a user as ids are compared: in any letter case."""
    return exact_key(text).casefold()


def _exact_keys(texts: Texts) -> Texts:
    return texts if texts.str.isascii().all() else texts.map(exact_key)


def user_keys(texts: Texts) -> Texts:
    """The keys of the ids of users, as `user_key` makes them."""
    return texts.str.lower() if texts.str.isascii().all() else texts.map(user_key)


def _number_keys(texts: Texts) -> Texts:
    """The keys of numbers that may share theirs, "" for others: equal keys have the same last ten digits."""
    last = texts.str.replace("[^0-9]", "", regex=True).str[-10:]
    candidates = texts.where((texts != "") & last.duplicated(keep=False), "")
    keys = {text: number_key(text) for text in distinct_of(candidates).tolist()}
    if not any(keys.values()):
        return pd.Series("", index=texts.index, dtype="str")
    return candidates.map(keys).astype("str")


def _texts(grid: Grid, name: str) -> Texts:
    """The column's texts; all blank where the sheet does not have it."""
    return grid.values[name] if name in grid.filled else pd.Series("", index=grid.values.index, dtype="str")


def _repeated(
    grid: Grid, name: str, keys_of: Callable[[Texts], Texts]
) -> Iterable[list[tuple[int, str, str]]]:
    """Row, command and text of each group of rows that share a key, in the order of the rows."""
    texts = _texts(grid, name)
    filled = texts[texts != ""]
    keys = keys_of(filled)
    shared = keys[(keys != "") & keys.duplicated(keep=False)]
    groups: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    commands, typed = grid.command.loc[shared.index], filled.loc[shared.index]
    for row, command, its_key, text in zip(shared.index.tolist(), commands, shared, typed, strict=True):
        groups[its_key].append((row, command, text))
    return groups.values()


def _lives(
    grid: Grid,
    name: str,
    what: str,
    adding: frozenset[str],
    deleting: frozenset[str],
    keys_of: Callable[[Texts], Texts],
) -> Iterator[Conflict]:
    """Adding twice with no deletion between, and anything but adding after a deletion."""
    for group in _repeated(grid, name, keys_of):
        added: int | None = None
        deleted: int | None = None
        for row, command, text in group:
            if command in adding:
                if added is not None:
                    yield Conflict("added-twice", row, name, {"value": text, "other": added})
                added, deleted = row, None
            elif deleted is not None:
                places = {"value": text, "other": deleted, "command": command, "what": what}
                yield Conflict("after-delete", row, name, places)
            elif command in deleting:
                added, deleted = None, row


def _unique(grid: Grid, name: str) -> Iterator[Conflict]:
    """Values that must be unique within the system, given to a second device while the first still has it."""
    texts = _texts(grid, name)
    keys = _exact_keys(texts).where(texts != CLEAR, "")
    adds = grid.task_type.commands_that(Effect.ADDS_DEVICE)
    adding = grid.having(adds)
    if not keys[adding & (keys != "")].duplicated().any():
        return
    holders = UniqueValues(grid.task_type)
    devices, users = _exact_keys(_texts(grid, "device.name")), user_keys(_texts(grid, "user.userId"))
    columns = (each.tolist() for each in (grid.command, devices, users, texts, keys))
    for row, command, device, user, text, its_key in zip(texts.index.tolist(), *columns, strict=True):
        holders.leave(command, device, user, changed=text != "")
        if its_key and command in adds:
            first = holders.enter(its_key, device, user, row)
            if first != row:
                yield Conflict("given-twice", row, name, {"value": text, "other": first})


def _given_to_two(grid: Grid, name: str, keys_of: Callable[[Texts], Texts]) -> Iterator[Conflict]:
    """A number that a second user gets while the first still has it, as far as the sheet can tell."""
    numbers = _texts(grid, name)
    keys = keys_of(numbers)
    wanted = set(keys[(keys != "") & (numbers != "") & keys.duplicated(keep=False)])
    if not wanted:
        return
    deleting = _deleting_user(grid)
    row_of: dict[str, int] = {}
    held_by: dict[str, str] = {}
    users = user_keys(_texts(grid, "user.userId"))
    columns = (each.tolist() for each in (users, grid.command, numbers, keys))
    for row, user, command, number, its_key in zip(users.index.tolist(), *columns, strict=True):
        if user in held_by and (number or command in deleting):
            del row_of[held_by.pop(user)]
        if not number or its_key not in wanted:
            continue
        if its_key in row_of:
            places = {"value": number, "other": row_of[its_key]}
            yield Conflict("given-twice", row, name, places, "user", Severity.WARNING)
        else:
            row_of[its_key] = row
            held_by[user] = its_key


def _syncs(grid: Grid) -> Iterator[Conflict]:
    """Each Sync command belongs once, after all the Teams changes."""
    for name in grid.task_type.syncs:
        rows = grid.rows(grid.command == name).tolist()
        for row in rows[1:]:
            yield Conflict("sync-twice", row, COMMAND_HEADER, {"command": name, "other": rows[0]})
    later = [
        row for row in grid.rows(grid.having(grid.task_type.syncs)).tolist() if _something_follows(grid, row)
    ]
    for row in later:
        yield Conflict("sync-not-last", row, COMMAND_HEADER, {"command": grid.command.at[row]})
    yield from _sync_missing(grid)


def _something_follows(grid: Grid, row: int) -> bool:
    return bool((~grid.command.loc[row:].isin(grid.task_type.syncs)).any())


def _sync_missing(grid: Grid) -> Iterator[Conflict]:
    """The Sync command that rows with Teams fields ask for, where the sheet has no row of it."""
    wanted: dict[str, int] = {}
    for command in grid.task_type.commands:
        sync = command.served_by
        if sync is None or (grid.command == sync.sync).any():
            continue
        changes = grid.none()
        for name in command.teams_fields:
            changes |= _texts(grid, name) != ""
        rows = grid.rows(changes & (grid.command == command.name)).tolist()
        if rows:
            wanted[sync.sync] = max(rows[-1], wanted.get(sync.sync, 0))
    for sync_name, row in wanted.items():
        yield Conflict("sync-missing", row, COMMAND_HEADER, {"command": sync_name})


def _phone_numbers(grid: Grid) -> Iterator[Conflict]:
    """Ranges of the same command that overlap."""
    if "phoneNumbers" not in grid.filled:
        return
    by_command: dict[str, list[tuple[Span, int]]] = defaultdict(list)
    texts = grid.values["phoneNumbers"]
    for row, command, text in zip(texts.index.tolist(), grid.command, texts, strict=True):
        if (span := span_of(text)) is not None:
            by_command[command].append((span, row))
    for spans in by_command.values():
        for earlier, later in overlaps(spans):
            yield Conflict("ranges-overlap", later, "phoneNumbers", {"other": earlier})


def _same_rows(grid: Grid) -> Iterator[Conflict]:
    first_of: dict[tuple[str, ...], int] = {}
    repeated = _repeated_rows(grid.values)
    for row, *cells in repeated.itertuples(name=None):
        first = first_of.setdefault(tuple(cells), row)
        if first != row and cells[0] not in grid.task_type.syncs:
            yield Conflict("same-row", row, COMMAND_HEADER, {"other": first})


def _repeated_rows(values: pd.DataFrame) -> pd.DataFrame:
    """The rows that occur more than once; each column excludes those whose value in it is unique."""
    rows = np.arange(len(values))
    for name in values.columns:
        texts = values[name]
        rows = rows[(texts if len(rows) == len(texts) else texts.iloc[rows]).duplicated(keep=False)]
        if not len(rows):
            break
    repeated = values.iloc[rows]
    return repeated[repeated.duplicated(keep=False)]
