"""The header row: where it is, and what each header means."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.problems import Problem, Severity
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
    column. Columns count from 1.
    """

    row: int
    command: int | None = None
    fields: dict[int, SheetColumn] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
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
            _enter(headers, column, name)
    if headers.command is None and not (mapping and COMMAND_HEADER in mapping.constants):
        headers.problems.append(_no_command(title, number, task_type))
    return headers


def _place(headers: Headers, column: int, text: str, names: TaskType | SheetMapping) -> str | None:
    """The canonical name of a header, None where it is no header; a field is entered at once."""
    if (result := _RESULTS.get(folded(text))) is not None and column not in headers.never_ours:
        return result
    if is_command(names.columns.get(folded(text), "") if isinstance(names, SheetMapping) else text):
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


def title_rows(title: str, rows: Mapping[int, Row], number: int) -> Iterator[Problem]:
    """A warning that names the rows above the headers, where they hold something."""
    above = {each: row for each, row in rows.items() if each < number}
    if above:
        first = next(iter(next(iter(above.values())).values()))
        yield Problem(
            sheet=title,
            rule="title-rows",
            message=f'The headers are in row {number}; the rows above are left alone ("{visible(first)}").',
            hint="Delete the rows above, if they are none of yours.",
            row=number,
            value=first,
            severity=Severity.WARNING,
        )


MOST_ROWS = 3
"""How many rows right below the headers may go on with them."""

_HINT = re.compile(
    r"[(\[<{].*[)\]>}]|[*!]+|"
    r"(?:required|mandatory|optional|conditional|pflicht|pflichtfeld|muss|kann|erforderlich|obligatoire|"
    r"facultatif|obligatorio|obbligatorio|opcional|verplicht|optioneel)[*!.]?|"
    r"(?:text|string|char|varchar|number|integer|int|boolean|bool|max|min|e\.g|example)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_FEWEST = 2


def is_second_header(cells: Mapping[str, str], commands: frozenset[str]) -> bool:
    """Whether the filled cells of the row below the headers, by header, say something of the columns.

    Each is a remark such as `(required)`, or all count the columns. A row with one of the sheet's `commands`
    (folded) is always a task.
    """
    filled = {header: text.strip() for header, text in cells.items() if text.strip()}
    if folded(filled.get(COMMAND_HEADER, "")) in commands:
        return False
    texts = list(filled.values())
    if len(texts) < _FEWEST and COMMAND_HEADER not in filled:
        return False
    if all(_HINT.fullmatch(text) for text in texts):
        return True
    if len(texts) <= _FEWEST or not all(text.isdecimal() and len(text) < 6 for text in texts):
        return False
    return all(int(after) == int(before) + 1 for before, after in pairwise(texts))


def repeats_headers(cells: Mapping[str, str]) -> bool:
    """Whether every filled cell of a row, by header, has that header again."""
    return all(folded(text) in ("", folded(header)) for header, text in cells.items())


def left_alone(title: str, row: int, cells: Mapping[str, str]) -> Problem:
    """The warning that a row is no task."""
    first = next((text for text in cells.values() if text), "")
    return Problem(
        sheet=title,
        rule="second-header-row",
        message=f'Row {row} says something of its columns ("{visible(first)}") and is left alone.',
        hint="Delete the row, or begin it with a command if it is a task.",
        row=row,
        value=first,
        severity=Severity.WARNING,
    )
