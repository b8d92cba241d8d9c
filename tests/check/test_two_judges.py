"""The check (pandera, on columns) and the sandbox's judge (plain, on one task) reach the same verdict."""

import os
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from xlsx2opeasy.check.checked import Checked, CheckedSheet, check_workbook
from xlsx2opeasy.problems import Severity
from xlsx2opeasy.sandbox.judge import judge
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import Column, Kind, TaskType
from xlsx2opeasy.tasks.build import tasks_of
from xlsx2opeasy.workbook.model import Sheet, SheetColumn, Workbook

TEXTS = [
    "Dallas",
    "john.doe@example.com",
    "short@example.com",
    "no at sign",
    "a@b@example.com",
    "12345",
    "12a",
    "x" * 31,
    "x" * 90,
    "1" * 21,
    "214-555-0100",
    "214-555-0100 - 214-555-0149",
    "214-555-0149 - 214-555-0100",
    "214-555-0100 - 555-0149",
    "214-555-0100-214-555-0149",
    " - ",
    "None",
    "none",
    "00:08:5D:12:34:56",
    "00:08:5D:12:34",
    "Activate",
    "activate",
    "Enterprise",
    "enterprise",
    "Galaxy",
    "Always",
    "Beep",
    "SMS;Call Center",
    "sms",
    "1;2;3;4",
    "=1+1",
    "ÄÖÜ ß",
    "TrunkUser",
    "EmailDelivery",
    '""',
]
BOOLEANS = ["TRUE", "false", "yes", "0", "maybe", "2", '""']
INTEGERS = ["0", "1", "20", "21", "10", "1800", "65535", "65536", "-1", "1.5", "x", '""']
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
"""`make fuzz` sets more."""
BY_KIND = {Kind.TEXT: TEXTS, Kind.TEXTS: TEXTS, Kind.BOOLEAN: BOOLEANS, Kind.INTEGER: INTEGERS}


def _columns(task_type: TaskType) -> tuple[Column, ...]:
    """Every field, lists of objects twice, text lists also as three items."""
    columns: list[Column] = []
    for field in task_type.fields:
        for indices in ((0,), (1,)) if field.object_list else ((),):
            columns.append(Column(field, indices))
            if field.name == "user.servicePacks":
                columns += [Column(field, indices, item) for item in range(3)]
    return tuple(columns)


COLUMNS = {each.name: _columns(each) for each in TASK_TYPES}


@st.composite
def _sheets(draw: st.DrawFn) -> Sheet:
    """A sheet of a few rows, in each of which a handful of cells is filled."""
    task_type = draw(st.sampled_from(TASK_TYPES))
    columns = COLUMNS[task_type.name]
    needed = [column for column in columns if column.field.required]
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        cells = dict.fromkeys((column.name for column in columns), "")
        for column in draw(st.lists(st.sampled_from(columns), max_size=6)) + needed * draw(st.booleans()):
            cells[column.name] = draw(st.sampled_from(BY_KIND[column.field.kind]))
        rows.append({"command": draw(st.sampled_from(task_type.command_names)), **cells})
    frame = pd.DataFrame(rows, index=range(2, len(rows) + 2), dtype="str")
    letters = [get_column_letter(place) for place in range(2, len(columns) + 2)]
    listed = tuple(SheetColumn(c, letter, c.name) for c, letter in zip(columns, letters, strict=True))
    return Sheet(task_type, task_type.name, 1, "A", listed, frame)


def _alone(checked: Checked) -> set[int]:
    """The rows that are wrong by the specification: the judge sees one task, and no rows beside it."""
    not_judged = {"added-twice", "after-delete", "given-twice", "two-numbers", "too-many-digits"}
    return {
        each.row or 0
        for each in checked.problems
        if each.severity is Severity.ERROR and each.rule not in not_judged
    }


def _task(sheet: CheckedSheet, row: int) -> dict[str, Any]:
    """The task that the row would become if nothing were refused: what has no type stays a text."""
    values = sheet.values.loc[[row]].copy()
    kept: dict[str, Any] = {}
    for column in sheet.sheet.columns:
        text = values.at[row, column.name]
        untyped = (column.column.field.kind is Kind.BOOLEAN and text not in ("true", "false", "")) or (
            column.column.field.kind is Kind.INTEGER and text and not text.lstrip("-").isdecimal()
        )
        if untyped:
            kept[column.name] = text
            values.at[row, column.name] = ""
    (task,) = tasks_of(CheckedSheet(sheet.sheet, values, frozenset()))
    content = task.content
    for name, text in kept.items():
        column = next(each.column for each in sheet.sheet.columns if each.name == name)
        _put(content, column.wire, text)
    return {"command": task.command, "content": content}


def _put(content: dict[str, Any], path: str, text: str) -> None:
    *parents, last = path.split(".")
    for part in parents:
        name, _, index = part.partition("[")
        if not index:
            content = content.setdefault(name, {})
            continue
        items = content.setdefault(name, [])
        place = int(index.rstrip("]"))
        while len(items) <= place:
            items.append({})
        content = items[place]
    content[last] = text


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(_sheets())
def test_the_verdict_is_the_same(sheet: Sheet) -> None:
    checked = check_workbook(Workbook(Path("made.xlsx"), "", (sheet,)))
    (of_sheet,) = checked.sheets
    wrong = _alone(checked)
    for row in sheet.rows.index:
        rules = sorted({each.rule for each in checked.problems if each.row == row})
        if "list-twice" in rules or ("clear" in rules and "servicePacks" in str(checked.problems)):
            continue  # two ways of writing one list: the task cannot hold both
        messages = judge(sheet.task_type, _task(of_sheet, row))
        assert bool(messages) == (row in wrong), (dict(sheet.rows.loc[row]), rules, messages)
