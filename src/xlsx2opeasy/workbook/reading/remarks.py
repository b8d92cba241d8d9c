"""Rows right below the headers that say something of the columns, and rows that repeat the headers."""

import re
from collections.abc import Collection, Mapping
from itertools import pairwise

from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.workbook.reading.findings import first_shown

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


def left_alone(title: str, row: int, cells: Mapping[str, str], secrets: Collection[str]) -> Problem:
    """The warning that a row is no task; cells below one of the headers `secrets` are not shown."""
    quoted, value = first_shown(cells, secrets)
    return Problem(
        sheet=title,
        rule="second-header-row",
        message=f"Row {row} says something of its columns{quoted} and is left alone.",
        hint="Delete the row, or begin it with a command if it is a task.",
        row=row,
        value=value,
        severity=Severity.WARNING,
    )
