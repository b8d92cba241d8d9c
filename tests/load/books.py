"""Workbooks for the load's tests, and what is read back of them with openpyxl."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from workbooks import write_workbook

COLUMNS = ("Result", "Error code", "Error detail", "Job")

Rows = Sequence[Mapping[str, str]]
Results = dict[tuple[str, int], tuple[str, str, str, str]]


def write_rows(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """A workbook of `sheets`; the headers are the union of the rows' keys, `{}` is a blank row."""
    return write_workbook(path, {title: _table(rows) for title, rows in sheets.items()})


def _table(rows: Rows) -> str:
    headers = list(dict.fromkeys(["command", *(name for row in rows for name in row)]))
    lines = [headers, *([row.get(name, "") for name in headers] for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def users(number: int, *, first: int = 0, **fields: str) -> list[dict[str, str]]:
    """So many AddUser rows; the fields' names have `__` for a dot."""
    more = {name.replace("__", "."): text for name, text in fields.items()}
    return [
        {"command": "AddUser", "groupId": "Dallas", "user.userId": f"user{first + each:04}@example.com"}
        | more
        for each in range(number)
    ]


def user_book(path: Path, number: int = 3, **fields: str) -> Path:
    """A workbook of so many users."""
    return write_rows(path, {"Users": users(number, first=0, **fields)})


def numbers_then_users(path: Path, others: int = 1) -> Path:
    """Two operations: numbers that a Users row takes are assigned before; from row 3 on none takes any."""
    users_rows = [
        {
            "command": "AddUser",
            "groupId": "Dallas",
            "user.userId": "taker01@example.com",
            "user.phoneNumber": "2145550100",
        },
        *(
            {"command": "AddUser", "groupId": "Dallas", "user.userId": f"other{number:02}@example.com"}
            for number in range(1, 1 + others)
        ),
    ]
    numbers = [{"command": "Assign", "groupId": "Dallas", "phoneNumbers": "214-555-0100 - 214-555-0109"}]
    return write_rows(path, {"Users": users_rows, "PhoneNumbers": numbers})


def read_results(path: Path) -> Results:
    """By sheet and row, the four result cells; rows without any are left out."""
    book: Any = openpyxl.load_workbook(path)
    found: Results = {}
    for sheet in book.worksheets:
        rows = list(sheet.iter_rows())
        if not rows:
            continue
        places = {cell.value: cell.column - 1 for cell in rows[0] if cell.value in COLUMNS}
        for row in rows[1:]:
            cells = tuple(str(row[places[name]].value or "") for name in COLUMNS if name in places)
            if len(cells) == len(COLUMNS) and any(cells):
                found[(sheet.title, row[0].row)] = cells  # type: ignore[assignment]
    book.close()
    return found


def outcomes(path: Path) -> list[str]:
    """The words of the Result column, sheet after sheet."""
    return [result[0] for result in read_results(path).values()]
