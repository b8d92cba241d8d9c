"""Rows to tasks: the nesting, typing and wire names of Appendix I-V.

A blank cell sends nothing, so no empty object and no null ever goes out; `""` sends an empty text or list.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa

from xlsx2opeasy.check.checked import CheckedSheet
from xlsx2opeasy.check.normal import CLEAR, TRUE, is_list_cell, items_of
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import Column, Kind

Content: TypeAlias = dict[str, Any]
Keys: TypeAlias = tuple[str | int, ...]
WireNames: TypeAlias = Mapping[str, str]
"""A field's name in the workbook -> its path in a task, where `[wire]` is configured otherwise."""

_KEY = re.compile(r"[^.\[\]]+")


@dataclass(frozen=True, slots=True)
class Task:
    """One task as it is sent, and the row it came from (`row` is Excel's number)."""

    type: str
    command: str
    content: Content
    sheet: str
    row: int

    def as_sent(self) -> dict[str, Any]:
        """The JSON object of the task (page "Create New Operation", JSON File Fields)."""
        return {"command": self.command, "content": self.content}


@dataclass(frozen=True, slots=True)
class _Object:
    """The columns that fill one object of a task: the way to it, its keys, and each column's values."""

    parents: Keys
    keys: Keys
    columns: list[list[Any]]


def tasks_of(checked: CheckedSheet, wire_names: WireNames | None = None) -> list[Task]:
    """The tasks of a sheet's valid rows, in the order of the rows."""
    values = checked.values
    if checked.invalid:
        values = values[~values.index.isin(checked.invalid)]
    objects = _objects([each.column for each in checked.sheet.columns], values, wire_names or {})
    has_lists = any(isinstance(key, int) for each in objects for key in (*each.parents, *each.keys))
    name, title = checked.sheet.task_type.name, checked.sheet.title
    commands = values[COMMAND_HEADER].tolist()
    contents = _contents(objects, len(values))
    return [
        Task(name, command, _with_lists(content) if has_lists else content, title, number)
        for number, command, content in zip(values.index.tolist(), commands, contents, strict=True)
    ]


def _objects(columns: list[Column], values: pd.DataFrame, wire_names: WireNames) -> list[_Object]:
    """The columns by the object that they fill, outer objects before those within."""
    by_parents: dict[Keys, list[tuple[str | int, list[Any]]]] = {}
    for column in columns:
        *parents, key = _keys(column, wire_names)
        by_parents.setdefault(tuple(parents), []).append((key, _typed(column, values[column.name])))
    return [
        _Object(parents, tuple(key for key, _ in filled), [cells for _, cells in filled])
        for parents, filled in sorted(by_parents.items(), key=lambda each: len(each[0]))
    ]


def _keys(column: Column, wire_names: WireNames) -> Keys:
    """`callCenterInfo[0].callCenterId` -> ("callCenterInfo", 0, "callCenterId")."""
    path = column.place(wire_names.get(column.field.name, column.field.wire_name))
    return tuple(int(key) if key.isdecimal() else key for key in _KEY.findall(path))


def _typed(column: Column, texts: "pd.Series[str]") -> list[Any]:
    """The column's JSON values, None where a cell is blank; each distinct text is converted once."""
    encoded = pa.array(texts, pa.large_string()).dictionary_encode()
    converted = [_value(column, text) if text else None for text in encoded.dictionary.to_pylist()]
    return [converted[index] for index in encoded.indices.to_pylist()]


def _value(column: Column, text: str) -> Any:  # noqa: ANN401
    match column.field.kind:
        case Kind.BOOLEAN:
            return text == TRUE
        case Kind.INTEGER:
            return int(text)
        case _ if is_list_cell(column):
            return [] if text == CLEAR else items_of(text)
        case _:
            return "" if text == CLEAR else text


def _contents(objects: list[_Object], rows: int) -> Iterator[Content]:
    """Each row's content, its lists still objects whose keys are numbers."""
    if not objects:
        yield from ({} for _ in range(rows))
        return
    cells_by_object = [zip(*each.columns, strict=True) for each in objects]
    for cells_of_row in zip(*cells_by_object, strict=True):
        content: dict[Any, Any] = {}
        for each, cells in zip(objects, cells_of_row, strict=True):
            filled = {key: value for key, value in zip(each.keys, cells, strict=True) if value is not None}
            if filled:
                node = content
                for key in each.parents:
                    node = node.setdefault(key, {})
                node.update(filled)
        yield content


def _with_lists(node: Any) -> Any:  # noqa: ANN401
    """Objects whose keys are numbers become lists in the numbers' order, so that gaps in `[n]` close up.

    A list of one item that is cleared (`user.servicePacks[0]` holding `""`) is the empty list.
    """
    if not isinstance(node, dict):
        return node
    if any(isinstance(key, int) for key in node):
        items = [_with_lists(node[key]) for key in sorted(node)]
        return [] if items == [""] else items
    return {key: _with_lists(value) for key, value in node.items()}


def all_tasks(sheets: tuple[CheckedSheet, ...], wire_names: WireNames | None = None) -> Iterator[Task]:
    """The tasks of all valid rows, sheet after sheet."""
    for sheet in sheets:
        yield from tasks_of(sheet, wire_names)
