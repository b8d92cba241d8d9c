"""Rows compared with their command: what it does not use, what it needs, and what cannot be cleared.

All of it works on masks over whole columns; Excel's row numbers are the frames' index.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

import numpy as np
import pandas as pd

from xlsx2opeasy.check.normal import CLEAR
from xlsx2opeasy.spec.model import AtLeastOne, Column, Field, Kind, Required, TaskType, folded
from xlsx2opeasy.spec.rules import Keyword, MaxItems


class Code(StrEnum):
    """The codes of rules that the Appendix's rules for single values (`spec.rules`) do not have."""

    UNUSED = "unused"
    REQUIRED = "required"
    NO_GROUP = "group-missing"
    NOTHING = "nothing-to-modify"
    CLEARED = "clear"
    TWICE = "list-twice"
    KEYWORD = "keyword"
    TOO_MANY = "max-items"
    TWO_NUMBERS = "two-numbers"
    LONG_NUMBER = "too-many-digits"
    PLACEHOLDER = "placeholder"
    DECIMAL = "decimal-number"
    MAC = "mac-address"
    NO_NUMBER = "forwarding-without-number"


@dataclass(frozen=True, slots=True)
class RowFinding:
    """The rows that break one rule at one field; `name` is the header, which the sheet may not have."""

    code: Code
    field: Field
    name: str
    rows: pd.Index
    words: str = ""


class Grid:
    """A sheet's normalised values with the masks that its commands need, each computed once."""

    def __init__(
        self,
        task_type: TaskType,
        columns: tuple[Column, ...],
        values: pd.DataFrame,
        unreadable: frozenset[tuple[int, str]],
    ) -> None:
        """`values` has a column `command` (canonical) and one for each of `columns`; only known commands.

        An unreadable cell has an error already: it counts as filled, so that it gets no second error.
        """
        self.task_type = task_type
        self.columns = columns
        self.values = values
        self.command = values["command"]
        self._codes, self._commands = pd.factorize(self.command)
        self.filled = {column.name: values[column.name] != "" for column in columns}
        for row, name in unreadable:
            if name in self.filled and row in values.index:
                self.filled[name].at[row] = True
        self._by_field: dict[str, list[Column]] = {}
        for column in columns:
            self._by_field.setdefault(column.field.name, []).append(column)

    def of(self, field: str) -> list[Column]:
        """The sheet's columns of a field: one, or one for each number or item."""
        return self._by_field.get(field, [])

    def having(self, commands: Collection[str]) -> "pd.Series[bool]":
        """Where the row's command is one of these."""
        wanted = np.array([each in commands for each in self._commands], np.bool_)
        return pd.Series(wanted[self._codes], index=self.values.index)

    def rows(self, mask: "pd.Series[bool]") -> pd.Index:
        """Excel's row numbers where `mask` holds."""
        return mask.index[mask]

    def none(self) -> "pd.Series[bool]":
        """A mask that holds nowhere."""
        return pd.Series(data=False, index=self.values.index)

    def any_filled(self, columns: list[Column]) -> "pd.Series[bool]":
        """Where at least one of `columns` is filled."""
        mask = self.none()
        for column in columns:
            mask |= self.filled[column.name]
        return mask


def unused(grid: Grid) -> Iterator[RowFinding]:
    """Filled cells of a field that the row's command does not use."""
    for column in grid.columns:
        rows = grid.rows(
            grid.filled[column.name] & ~grid.having(column.field.commands | column.field.doubtful)
        )
        if len(rows):
            yield RowFinding(Code.UNUSED, column.field, column.name, rows)


def doubtful(grid: Grid) -> Iterator[RowFinding]:
    """Filled cells of which it is doubtful whether the row's command uses them."""
    for column in grid.columns:
        if column.field.doubtful:
            rows = grid.rows(grid.filled[column.name] & grid.having(column.field.doubtful))
            if len(rows):
                yield RowFinding(Code.UNUSED, column.field, column.name, rows)


def findings(grid: Grid) -> Iterator[RowFinding]:
    """Everything else that a command asks of its rows."""
    yield from _cannot_be_cleared(grid)
    yield from _keywords(grid)
    yield from _lists_given_twice(grid)
    yield from _too_many_items(grid)
    for field in grid.task_type.fields:
        for required in field.required:
            yield from _missing(grid, field, required)
    for at_least_one in grid.task_type.at_least_one:
        if not at_least_one.advised:
            yield from _none_of(grid, at_least_one)
    yield from _nothing_to_modify(grid)


def _cannot_be_cleared(grid: Grid) -> Iterator[RowFinding]:
    for column in grid.columns:
        cleared = grid.values[column.name] == CLEAR
        if cleared.any():
            if column.item is not None:
                cleared &= grid.any_filled([each for each in _items(grid, column) if each != column])
            elif column.field.kind not in (Kind.BOOLEAN, Kind.INTEGER):
                cleared &= _needed(grid, column.field)
            yield RowFinding(Code.CLEARED, column.field, column.name, grid.rows(cleared))


def _needed(grid: Grid, field: Field) -> "pd.Series[bool]":
    mask = grid.none()
    for required in field.required:
        mask |= grid.having(required.commands) & ~_excused(grid, required)
    return mask


def _excused(grid: Grid, required: Required) -> "pd.Series[bool]":
    if required.unless is None or not grid.of(required.unless):
        return grid.none()
    other = grid.values[required.unless]
    if required.value is None:
        return (other != "") & (other != CLEAR)
    meant = folded(required.value)
    return other.isin([text for text in other.unique() if folded(text) == meant])


def _keywords(grid: Grid) -> Iterator[RowFinding]:
    for column in grid.columns:
        for rule in column.field.rules:
            if isinstance(rule, Keyword):
                mask = (grid.values[column.name] == rule.word) & ~grid.having(rule.commands)
                if mask.any():
                    yield RowFinding(Code.KEYWORD, column.field, column.name, grid.rows(mask), rule.words)


def _lists_given_twice(grid: Grid) -> Iterator[RowFinding]:
    for column in grid.columns:
        if column.item is None and column.field.kind is Kind.TEXTS:
            both = grid.filled[column.name] & grid.any_filled(_items(grid, column))
            if both.any():
                yield RowFinding(Code.TWICE, column.field, column.name, grid.rows(both))


def _items(grid: Grid, of: Column) -> list[Column]:
    """The columns that hold one item each of the list that `of` is or belongs to, in their order."""
    items = [each for each in grid.of(of.field.name) if each.item is not None and each.indices == of.indices]
    return sorted(items, key=attrgetter("item"))


def _too_many_items(grid: Grid) -> Iterator[RowFinding]:
    for field in grid.task_type.fields:
        for rule in field.rules:
            if isinstance(rule, MaxItems):
                yield from _beyond(grid, field, rule.limit)


def _beyond(grid: Grid, field: Field, limit: int) -> Iterator[RowFinding]:
    """The first item past the limit, where a list has one item a column."""
    count = pd.Series(0, index=grid.values.index)
    for column in _items(grid, Column(field)):
        count += grid.filled[column.name]
        past = grid.filled[column.name] & (count == limit + 1)
        if past.any():
            yield RowFinding(Code.TOO_MANY, field, column.name, grid.rows(past), MaxItems(limit).words)


def _missing(grid: Grid, field: Field, required: Required) -> Iterator[RowFinding]:
    asking, excused = grid.having(required.commands), _excused(grid, required)
    asked = asking & ~excused
    if required.advised:
        rows = grid.rows(asking & excused & ~grid.any_filled(grid.of(field.name)))
        if len(rows):
            yield RowFinding(Code.NO_GROUP, field, field.name, rows, required.unless or "")
    if field.object_list is None:
        present = grid.any_filled(grid.of(field.name))
        rows = grid.rows(asked & ~present)
        if len(rows):
            yield RowFinding(Code.REQUIRED, field, field.name, rows)
        return
    for indices in sorted({column.indices for column in grid.columns if _in_list(column, field)}):
        members = [each for each in grid.columns if _in_list(each, field) and each.indices == indices]
        own = Column(field, indices).name
        mask = asked & grid.any_filled(members)
        if own in grid.filled:
            mask &= ~grid.filled[own]
        if mask.any():
            yield RowFinding(Code.REQUIRED, field, own, grid.rows(mask))


def _nothing_to_modify(grid: Grid) -> Iterator[RowFinding]:
    """Rows that name what they are about, and none of the settings that their command could modify."""
    for command in grid.task_type.command_names:
        settings = grid.task_type.settings_of(command)
        subject = grid.task_type.subject_of(command)
        if not settings or subject is None:
            continue
        columns = [column for name in settings for column in grid.of(name)]
        mask = (grid.command == command) & ~grid.any_filled(columns)
        if mask.any():
            yield RowFinding(Code.NOTHING, subject, subject.name, grid.rows(mask))


def _in_list(column: Column, field: Field) -> bool:
    return column.field.object_list == field.object_list


def _none_of(grid: Grid, rule: AtLeastOne) -> Iterator[RowFinding]:
    columns = [column for name in rule.fields for column in grid.of(name)]
    mask = grid.having(rule.commands) & ~grid.any_filled(columns)
    if not mask.any():
        return
    generic = rule.stands_at.replace("[0]", "[n]")
    yield RowFinding(
        Code.REQUIRED, grid.task_type.by_name[generic], rule.stands_at, grid.rows(mask), rule.words
    )
