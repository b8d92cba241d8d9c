"""The header row: where it is, and what each header means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER, nearest
from xlsx2opeasy.spec.model import TaskType, folded
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS
from xlsx2opeasy.workbook.mapping import SheetMapping
from xlsx2opeasy.workbook.model import SheetColumn
from xlsx2opeasy.workbook.reading import SEARCHED_ROWS
from xlsx2opeasy.workbook.reading.findings import visible

NOTE = "#"
_INDEX = re.compile(r"\[\s*[0-9]+\s*\]")
_RESULTS = {folded(name): name for name in RESULT_COLUMNS}
Row = Mapping[int, str]
"""The texts of a row by column, which counts from 1; blank cells are left out."""


@dataclass(slots=True)
class Headers:
    """The header row as understood.

    `command` is the column of the commands, `results` those of an earlier load by name, `known` all columns
    that have a header, notes included; `never_ours` those of the person's own that have the name of a result
    column. Columns count from 1. `typed` has the headers as they are typed, by their canonical names.
    """

    row: int
    command: int | None = None
    fields: dict[int, SheetColumn] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    never_ours: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def header_row(rows: Mapping[int, Row], names: TaskType | SheetMapping) -> int | None:
    """The row of the first 20 that has the most headers, the upper one of equals; None where none has any."""
    scores = {number: _score(row, names) for number, row in rows.items() if number <= SEARCHED_ROWS}
    best = max(scores, key=lambda number: (scores[number], -number), default=None)
    return best if best is not None and scores[best] else None


def _score(row: Row, names: TaskType | SheetMapping) -> int:
    if isinstance(names, SheetMapping):
        return sum(folded(text) in names.columns for text in row.values())
    return sum(is_command(text) or names.column(text) is not None for text in row.values())


def is_command(text: str) -> bool:
    """Whether a header is that of the commands."""
    return folded(text) == COMMAND_HEADER


def means_command(text: str, names: TaskType | SheetMapping) -> bool:
    """Whether a header is that of the commands, in a list by its mapping."""
    return is_command(names.columns.get(folded(text), "") if isinstance(names, SheetMapping) else text)


def read_headers(
    title: str, number: int, row: Row, task_type: TaskType, mapping: SheetMapping | None = None
) -> Headers:
    """What each header of row `number` means; unknown ones and repetitions are among its problems.

    A `mapping` alone says which headers are fields and which are ignored.
    """
    headers = Headers(number)
    seen: dict[str, int] = {}
    theirs = {*mapping.columns, *mapping.ignored} if mapping else set[str]()
    for column, text in sorted(row.items()):
        headers.known.add(column)
        bare = folded(text)
        if mapping is not None and bare in _RESULTS and bare in theirs:
            theirs.remove(bare)  # a second column of that name was made by a load
            headers.never_ours.add(column)
        ours = bare in _RESULTS and column not in headers.never_ours
        if not bare or (not ours and (mapping.ignores(text) if mapping else bare.startswith(NOTE))):
            continue
        name = _place(headers, column, text, mapping or task_type)
        if name is None:
            headers.problems.append(_unknown(title, number, column, text, task_type, mapping))
        elif name in seen:
            headers.problems.append(_twice(title, number, column, name, seen[name]))
            headers.fields.pop(column, None)
        else:
            seen[name] = column
            headers.typed[name] = text
            _enter(headers, column, name)
    if headers.command is None and not (mapping and COMMAND_HEADER in mapping.constants):
        headers.problems.append(_no_command(title, number, task_type))
    return headers


def _place(headers: Headers, column: int, text: str, names: TaskType | SheetMapping) -> str | None:
    """The canonical name of a header, None where it is no header; a field is entered at once."""
    if (result := _RESULTS.get(folded(text))) is not None and column not in headers.never_ours:
        return result
    if means_command(text, names):
        return COMMAND_HEADER
    if (found := names.column(text)) is None:
        return None
    headers.fields[column] = SheetColumn(found, letters_of(column), text)
    return found.name


def _enter(headers: Headers, column: int, name: str) -> None:
    if name == COMMAND_HEADER:
        headers.command = column
    elif name in RESULT_COLUMNS:
        headers.results[name] = column


def _unknown(
    title: str, row: int, column: int, text: str, task_type: TaskType, mapping: SheetMapping | None
) -> Problem:
    near = _nearest_header(text, task_type)
    if mapping is not None:
        what = "is not in the mapping"
        hint = (
            f'Is it "{near}"? Add it to [columns], or to ignore.'
            if near
            else "Add it to [columns] or ignore."
        )
    else:
        what = f"is no field of {task_type.name}"
        hint = f'Did you mean "{near}"? ' if near else ""
        hint = f"{hint}Headers of your own notes begin with {NOTE}."
    return Problem(
        sheet=title,
        rule="unknown-header",
        message=f'"{visible(text)}" {what}.',
        hint=hint,
        row=row,
        column=letters_of(column),
        value=text,
    )


def _nearest_header(text: str, task_type: TaskType) -> str | None:
    """The header that was probably meant, with the typed numbers in the place of its `[n]`."""
    numbers = iter(_INDEX.findall(text))
    near = nearest(_INDEX.sub("[n]", text), [COMMAND_HEADER, *RESULT_COLUMNS, *task_type.by_name])
    return None if near is None else re.sub(r"\[n\]", lambda _: next(numbers, "[0]"), near)


def _twice(title: str, row: int, column: int, name: str, first: int) -> Problem:
    return Problem(
        sheet=title,
        rule="header-twice",
        message=f'The header "{name}" is in two columns, {letters_of(first)} and {letters_of(column)}.',
        hint="Delete one of the columns, or begin its header with #.",
        row=row,
        column=letters_of(column),
        field=name,
        value=name,
    )


def _no_command(title: str, row: int, task_type: TaskType) -> Problem:
    return Problem(
        sheet=title,
        rule="no-command-header",
        message=f'No column of row {row} has the header "{COMMAND_HEADER}".',
        hint=f'Add a column "{COMMAND_HEADER}" with {", ".join(task_type.command_names)}.',
        row=row,
    )


def no_header_row(title: str, task_type: TaskType) -> Problem:
    """The problem of a sheet that has cells, but no headers."""
    return Problem(
        sheet=title,
        rule="no-header-row",
        message=f"None of the first {SEARCHED_ROWS} rows has headers of {task_type.name}.",
        hint=f'Row 1 needs "{COMMAND_HEADER}" and fields such as "{task_type.fields[0].name}".',
    )
