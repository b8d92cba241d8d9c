"""Rows to tasks: the nesting, typing and wire names of Appendix I-V.

A blank cell sends nothing, so no empty object and no null ever goes out; `""` sends an empty text or list.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

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


def tasks_of(checked: CheckedSheet, wire_names: WireNames | None = None) -> list[Task]:
    """The tasks of a sheet's valid rows, in the order of the rows."""
    values = checked.values
    if checked.invalid:
        values = values[~values.index.isin(checked.invalid)]
    columns = [each.column for each in checked.sheet.columns]
    places = [_keys(column, wire_names or {}) for column in columns]
    has_lists = any(isinstance(key, int) for keys in places for key in keys)
    cells = [_typed(column, values[column.name]) for column in columns]
    rows = zip(*cells, strict=True) if cells else iter([()] * len(values))
    name, title = checked.sheet.task_type.name, checked.sheet.title
    return [
        Task(name, command, _content(row, places, has_lists=has_lists), title, number)
        for number, command, row in zip(values.index.tolist(), values[COMMAND_HEADER], rows, strict=True)
    ]


def _keys(column: Column, wire_names: WireNames) -> Keys:
    """`callCenterInfo[0].callCenterId` -> ("callCenterInfo", 0, "callCenterId")."""
    path = column.place(wire_names.get(column.field.name, column.field.wire_name))
    return tuple(int(key) if key.isdecimal() else key for key in _KEY.findall(path))


def _typed(column: Column, texts: "pd.Series[str]") -> list[Any]:
    """The column's JSON values, None where a cell is blank."""
    match column.field.kind:
        case Kind.BOOLEAN:
            return [text == TRUE if text else None for text in texts]
        case Kind.INTEGER:
            return [int(text) if text else None for text in texts]
        case _ if is_list_cell(column):
            return [_listed(text) if text else None for text in texts]
        case _:
            return [("" if text == CLEAR else text) if text else None for text in texts]


def _listed(text: str) -> list[str]:
    return [] if text == CLEAR else items_of(text)


def _content(cells: tuple[Any, ...], places: list[Keys], *, has_lists: bool) -> Content:
    content: dict[str | int, Any] = {}
    for value, keys in zip(cells, places, strict=True):
        if value is not None:
            node = content
            for key in keys[:-1]:
                node = node.setdefault(key, {})
            node[keys[-1]] = value
    return _with_lists(content) if has_lists else content  # type: ignore[return-value]


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
