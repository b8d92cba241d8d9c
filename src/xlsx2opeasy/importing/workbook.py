"""Tasks to a workbook of our own form: the reverse of `convert`.

The workbook is read back and checked before it is handed over, so that a cell never says something else than
the task it was made of without a word about it.
"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from xlsx2opeasy.check.checked import Checked, check_workbook
from xlsx2opeasy.durable import write_file
from xlsx2opeasy.importing.cells import Note, RowCells, WireNames, cells_of, ordered
from xlsx2opeasy.importing.task_files import ParsedTask, ParsedTasks
from xlsx2opeasy.ooxml.text import cut, visible
from xlsx2opeasy.spec.catalogue import BY_NAME, COMMAND_HEADER, TASK_TYPES
from xlsx2opeasy.spec.model import Column, TaskType
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.task_workbook import (
    MOST_COLUMNS,
    MOST_ROWS,
    FilledRow,
    FilledSheet,
    filled_bytes,
)

_RESULT_AND_NOTE_COLUMNS = 6


@dataclass(frozen=True)
class TaskWorkbook:
    """Sheets in the catalogue's order, and every note; with a blocking one there is no workbook."""

    sheets: tuple[FilledSheet, ...]
    notes: tuple[Note, ...] = field(default=())

    @property
    def blocking_notes(self) -> tuple[Note, ...]:
        """What no workbook can say."""
        return tuple(each for each in self.notes if each.blocking)

    @property
    def has_secrets(self) -> bool:
        """Whether a secret field is filled in a row."""
        secret = {field.name for of in BY_NAME.values() for field in of.fields if field.secret}
        return any(
            value and re.sub(r"\[\d+\]", "[n]", name) in secret
            for sheet in self.sheets
            for row in sheet.rows
            for name, value in row.cells.items()
        )

    @property
    def tasks(self) -> int:
        """How many tasks it holds."""
        return sum(len(sheet.rows) for sheet in self.sheets)


def task_workbook(
    found: Iterable[ParsedTasks], wire_names: WireNames | None = None, *, results_are_notes: bool = False
) -> TaskWorkbook:
    """The sheets of the tasks in `found`, rows in their order, only the columns that are used.

    A secret that came masked is left blank, with a note. `results_are_notes`: see `FilledSheet`.
    """
    notes: list[Note] = []
    by_type: dict[str, list[ParsedTask]] = {}
    for each in found:
        notes += each.notes
        for task in each.tasks:
            by_type.setdefault(task.task_type.name, []).append(task)
    sheets = tuple(
        _sheet(task_type, by_type[task_type.name], wire_names, notes, results_are_notes)
        for task_type in TASK_TYPES
        if task_type.name in by_type
    )
    return TaskWorkbook(sheets, tuple(notes))


def _sheet(
    task_type: TaskType,
    tasks: Sequence[ParsedTask],
    wire_names: WireNames | None,
    notes: list[Note],
    results_are_notes: bool,
) -> FilledSheet:
    used: set[Column] = set()
    rows = []
    for task in tasks:
        cells = cells_of(task_type, task.content, wire_names)
        notes += (replace(each, place=f"{task.place}.{each.place}") for each in cells.notes)
        notes += _of_command(task)
        used |= cells.by_column.keys()
        by_header = {column.name: text for column, text in cells.by_column.items()}
        rows.append(FilledRow(task.command, by_header, _note(cells), task.result))
    headers = tuple(column.name for column in ordered(task_type, used))
    if len(rows) > MOST_ROWS or len(headers) > MOST_COLUMNS - _RESULT_AND_NOTE_COLUMNS:
        notes.append(Note(task_type.name, "has more tasks or fields than a sheet has rows or columns"))
    return FilledSheet(task_type, headers, rows, results_are_notes)


def _of_command(task: ParsedTask) -> list[Note]:
    if not task.command.strip():
        return [Note(f"{task.place}.command", "is blank")]
    if visible(task.command) != task.command or cut(task.command) != task.command:
        return [Note(f"{task.place}.command", "has a character that a cell cannot hold")]
    return []


def _note(cells: RowCells) -> str:
    if not cells.masked:
        return ""
    return f"masked, and left blank: {', '.join(cells.masked)}"


def read_back(workbook: TaskWorkbook, content: bytes) -> Checked:
    """The check of the bytes of a task workbook, as a load would see them.

    Raises RuntimeError where a cell reads otherwise than it was written, and the reader has no word for it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.xlsx"
        write_file(path, content)
        checked = check_workbook(read_workbook(path))
    for written, read in zip(workbook.sheets, checked.workbook.sheets, strict=True):
        known = {(problem.row, problem.field) for problem in read.problems}
        names = (COMMAND_HEADER, *written.headers)
        texts = {name: read.rows[name].to_dict() for name in names}
        for number, row in zip(written.row_numbers, written.rows, strict=True):
            wanted = {COMMAND_HEADER: row.command, **row.cells}
            for name in names:
                if texts[name].get(number, "") != wanted.get(name, "") and (number, name) not in known:
                    raise RuntimeError(f"{written.task_type.name} row {number}: {name} reads otherwise")
    return checked


def workbook_bytes(workbook: TaskWorkbook) -> bytes:
    """The workbook as a file's bytes; the caller has looked at the blocking_notes."""
    return filled_bytes(workbook.sheets)
