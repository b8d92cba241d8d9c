"""The rows above the headers: titles, which are left alone, and tasks, which would not be sent."""

import re
from collections.abc import Iterator, Mapping, Sequence

from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.model import Content, TaskType, folded
from xlsx2opeasy.workbook.mapping import SheetMapping
from xlsx2opeasy.workbook.reading.findings import first_shown
from xlsx2opeasy.workbook.reading.headers import Headers, Row, means_command

_FEWEST = 2
_SHAPES = {
    Content.CODE: re.compile(r"[^\s@]+@[^\s@]+|(?:[0-9A-F]{2}[:.-]?){6}", re.IGNORECASE),
    Content.NUMBER: re.compile(r"\+?[0-9(][0-9 ().\-/]{6,}"),
}
"""An address or a MAC address, and a phone number, which are no titles where a column is for them."""


def rows_above(
    title: str, rows: Mapping[int, Row], headers: Headers, task_type: TaskType, mapping: SheetMapping | None
) -> Iterator[Problem]:
    """The problem of the rows above the headers: an error where some are tasks, a warning where none is."""
    names = mapping or task_type
    filled = {at: {column: text for column, text in row.items() if text.strip()} for at, row in rows.items()}
    above = {at: row for at, row in filled.items() if row and at < headers.row}
    if not above:
        return
    upper = {
        each: column for each, row in above.items() for column in row if means_command(row[column], names)
    }
    if tasks := _task_rows(above, upper, headers, task_type):
        yield _tasks_above(title, tasks, [*upper], headers.row)
        return
    quoted, value = first_shown(next(iter(above.values())), _secret_columns(rows, headers.row, names))
    yield Problem(
        sheet=title,
        rule="title-rows",
        message=f"The headers are in row {headers.row}; the rows above are left alone{quoted}.",
        hint="Delete the rows above, if they are none of yours.",
        row=headers.row,
        value=value,
        severity=Severity.WARNING,
    )


def _task_rows(
    above: Mapping[int, Row], upper: Mapping[int, int], headers: Headers, task_type: TaskType
) -> list[int]:
    """The rows with a command below the header of an upper block, or with one and more above our own.

    Where all rows have one command: those with an address or a number in a column that is for them.
    """
    if headers.command is None and not upper:
        return [each for each, row in above.items() if len(row) >= _FEWEST and _has_subject(row, headers)]
    commands = frozenset(map(folded, task_type.command_names))
    alone = frozenset(map(folded, task_type.syncs))

    def is_task(at: int, row: Row) -> bool:
        below = [row.get(column, "") for header, column in upper.items() if header < at]
        ours = folded(row.get(headers.command, "")) if headers.command else ""
        return any(folded(text) in commands for text in below) or (
            ours in commands and (len(row) >= _FEWEST or ours in alone)
        )

    return [at for at, row in above.items() if is_task(at, row)]


def _has_subject(row: Row, headers: Headers) -> bool:
    return any(
        column in row
        and (shape := _SHAPES.get(of.column.field.content)) is not None
        and shape.fullmatch(row[column])
        for column, of in headers.fields.items()
    )


def _tasks_above(title: str, tasks: Sequence[int], upper: Sequence[int], number: int) -> Problem:
    """The error that names the rows `tasks`, and the first of the rows `upper` that have headers too."""
    listed = ", ".join(map(str, tasks[:-1])) + " and " * (len(tasks) > 1) + str(tasks[-1])
    rows = f"rows {listed} above them have tasks" if len(tasks) > 1 else f"row {listed} above them has a task"
    too = f" Row {upper[0]} has headers too." if upper else ""
    return Problem(
        sheet=title,
        rule="tasks-above-headers",
        message=f"The headers are in row {number}; {rows}, which would not be sent.{too}",
        hint="Put all tasks below one row of headers, or the upper ones into a workbook of their own."
        if upper
        else "Move the headers above all tasks, or delete the rows above them.",
        row=number,
    )


def _secret_columns(rows: Mapping[int, Row], number: int, names: TaskType | SheetMapping) -> set[int]:
    """The columns that a header, or a text above the headers, names as those of a secret."""
    return {
        column
        for each, row in rows.items()
        if each <= number
        for column, text in row.items()
        if (found := names.column(text)) is not None and found.field.secret
    }
