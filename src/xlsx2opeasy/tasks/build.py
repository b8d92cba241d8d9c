"""Rows to tasks: the nesting, typing and wire names of Appendix I-V.

A blank cell sends nothing, so no empty object and no null ever goes out; `""` sends an empty text or list.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Self, TypeAlias

import orjson
import pandas as pd
import pyarrow as pa

from xlsx2opeasy.check.checked import CheckedSheet
from xlsx2opeasy.check.normal import CLEAR, FALSE, TRUE, is_integer, is_list_cell, items_of
from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import Column, Kind, TaskType
from xlsx2opeasy.tasks import json_columns
from xlsx2opeasy.tasks.json_columns import Texts, Values

Content: TypeAlias = dict[str, Any]
WireNames: TypeAlias = Mapping[str, str]
"""A field's name (`groupId`, or `PhoneNumbers.groupId`) -> its path in a task, as `[wire]` configures it."""

_KEY = re.compile(r"[^.\[\]]+")
_BLOCK = 10_000
"""So many rows at a time, so that what Arrow needs meanwhile stays small."""


@dataclass(slots=True)  # not frozen: making it would take three times as long, and each row has one
class Task:
    """One task as it is sent, and the row it came from (`row` is Excel's number).

    `text` is its JSON object in UTF-8 (page "Create New Operation", JSON File Fields).
    """

    type: str
    command: str
    text: bytes
    sheet: str
    row: int

    @classmethod
    def of(cls, type_: str, command: str, content: Content, sheet: str, row: int) -> Self:
        """The task with this content."""
        return cls(type_, command, orjson.dumps({"command": command, "content": content}), sheet, row)

    @property
    def content(self) -> Content:
        """What the command is to do: read from the text, and new each time."""
        content: Content = self.as_sent()["content"]
        return content

    def as_sent(self) -> dict[str, Any]:
        """The JSON object of the task."""
        sent: dict[str, Any] = orjson.loads(self.text)
        return sent


@dataclass(slots=True)
class _Node:
    """A place in the content: a value that a column fills, an object or list of `members` by key, or both.

    It is both where a sheet has a list in one cell and one item a column; a row may use either.
    """

    members: "dict[str | int, _Node]" = field(default_factory=dict)
    column: Column | None = None


def tasks_of(checked: CheckedSheet, wire_names: WireNames | None = None) -> list[Task]:
    """The tasks of a sheet's valid rows, in the order of the rows.

    Raises UsageError where `wire_names` send two of its columns to the same place.
    """
    values = checked.values
    if checked.invalid:
        values = values[~values.index.isin(checked.invalid)]
    task_type = checked.sheet.task_type
    root = _tree(task_type, [each.column for each in checked.sheet.columns], wire_names or {})
    name, title = task_type.name, checked.sheet.title
    tasks: list[Task] = []
    for start in range(0, len(values), _BLOCK):
        block = values.iloc[start : start + _BLOCK]
        texts = _task_texts(root, block).cast(pa.large_binary()).to_pylist()
        commands = block[COMMAND_HEADER].tolist()
        tasks += map(Task, repeat(name), commands, texts, repeat(title), block.index.tolist())
    return tasks


def _tree(task_type: TaskType, columns: list[Column], wire_names: WireNames) -> _Node:
    """The path of each column's value in the content, outer values before those within."""
    root = _Node()
    paths = [(_keys(task_type, column, wire_names), column) for column in columns]
    for keys, column in sorted(paths, key=lambda each: len(each[0])):
        node = root
        for key in keys:
            _refuse_other(node, key, column)
            node = node.members.setdefault(key, _Node())
        _refuse_other(node, None, column)
        node.column = column
    return root


def _refuse_other(node: _Node, key: str | int | None, column: Column) -> None:
    """Raise UsageError where `column` cannot be at `node`, or under its `key`, beside what is there."""
    same_field = node.column is None or (key is not None and node.column.field is column.field)
    same_kind = key is None or all(type(each) is type(key) for each in node.members)
    if not (same_field and same_kind):
        raise UsageError(
            f"[wire] sends {column.name} to the place of another field",
            "give each field a path of its own in config.toml",
        )


def _keys(task_type: TaskType, column: Column, wire_names: WireNames) -> tuple[str | int, ...]:
    """`callCenterInfo[0].callCenterId` -> ("callCenterInfo", 0, "callCenterId")."""
    path = column.place(task_type.wire_path(column.field, wire_names))
    return tuple(int(key) if key.isdecimal() else key for key in _KEY.findall(path))


def _task_texts(root: _Node, block: pd.DataFrame) -> Texts:
    """The JSON object of each row."""
    commands = json_columns.strings(_cells(block, COMMAND_HEADER), str)
    contents = json_columns.constant("{}", len(block))
    if root.members:
        contents = _members(root, block).otherwise(contents)
    return json_columns.objects({"command": commands, "content": contents}).texts()


def _json(node: _Node, block: pd.DataFrame) -> Values:
    """The JSON of a node in each row, none where none of its cells is filled."""
    if node.column is None:
        return _members(node, block)
    own = _value(node.column, _cells(block, node.column.name))
    return own.otherwise(_members(node, block)) if node.members else own


def _members(node: _Node, block: pd.DataFrame) -> Values:
    """The members of a node as an object, or as a list in the order of their numbers."""
    made = {key: _json(member, block) for key, member in node.members.items()}
    numbers = sorted(key for key in made if isinstance(key, int))
    if not numbers:
        return json_columns.objects({str(key): texts for key, texts in made.items()})
    return json_columns.lists([made[number] for number in numbers])


def _cells(block: pd.DataFrame, name: str) -> Texts:
    cells = pa.array(block[name], pa.large_string())
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells


def _value(column: Column, cells: Texts) -> Values:
    """The column's JSON values; what is no Boolean or Integer goes out as typed, where that was allowed."""
    match column.field.kind:
        case Kind.BOOLEAN:
            return json_columns.values(cells, lambda text: {TRUE: True, FALSE: False}.get(text, text))
        case Kind.INTEGER:
            return json_columns.values(cells, lambda text: int(text) if is_integer(text) else text)
        case _ if is_list_cell(column):
            return json_columns.values(cells, lambda text: [] if text == CLEAR else items_of(text))
        case _:
            return json_columns.strings(cells, lambda text: "" if text == CLEAR else text)


def all_tasks(sheets: tuple[CheckedSheet, ...], wire_names: WireNames | None = None) -> Iterator[Task]:
    """The tasks of all valid rows, sheet after sheet."""
    for sheet in sheets:
        yield from tasks_of(sheet, wire_names)
