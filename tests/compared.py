"""What is the same in two workbooks: the compressed bytes of their entries, and their cells but the results."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from python_calamine import CalamineWorkbook, SheetTypeEnum

from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS

Grid = Sequence[Sequence[Any]]
"""The values of a sheet from A1 on."""


def entries(path: Path) -> dict[str, bytes]:
    """Every entry's compressed bytes, in the package's order."""
    found = {}
    with ZipFile(path) as package, path.open("rb") as file:
        assert package.testzip() is None
        for entry in package.infolist():
            file.seek(entry.header_offset + 26)
            name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
            file.seek(name + extra, 1)
            found[entry.filename] = file.read(entry.compress_size)
    return found


def changed_entries(before: Path, after: Path) -> set[str]:
    """The names of entries that are not byte for byte the same, new and missing ones too."""
    one, other = entries(before), entries(after)
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def by_calamine(path: Path, title: str) -> Grid:
    """A sheet's values as calamine reads them."""
    book = CalamineWorkbook.from_path(str(path))
    try:
        return book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    finally:
        book.close()


def result_columns(grid: Grid, header_row: int) -> dict[str, int]:
    """Where the four headers stand in that row, counted from 0."""
    headers = list(grid[header_row - 1])
    return {name: headers.index(name) for name in RESULT_COLUMNS if name in headers}


def without(grid: Grid, columns: Collection[int]) -> list[list[str]]:
    """The values as texts without those columns, and without blank ends of rows and of the sheet."""
    rows = [["" if number in columns else str(each) for number, each in enumerate(row)] for row in grid]
    for row in rows:
        while row and not row[-1]:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def titles(path: Path) -> list[str]:
    """The titles of all worksheets, not of charts and the like."""
    book = CalamineWorkbook.from_path(str(path))
    try:
        return [each.name for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    finally:
        book.close()


def sheets(path: Path) -> dict[str, Grid]:
    """All worksheets by their titles as calamine reads them."""
    return {title: by_calamine(path, title) for title in titles(path)}


def differences(before: Mapping[str, Grid], after: Mapping[str, Grid], header_row: int = 1) -> list[str]:
    """What differs between the sheets of a workbook and its copy but columns headed as results.

    A sheet that lists problems may be new.
    """
    new = {each for each in after.keys() - before.keys() if not each.startswith("Problems")}
    found = [f"the sheets are {[*after]}, not {[*before]}"] if new or before.keys() - after.keys() else []
    for name in before.keys() & after.keys():
        columns = result_columns(after[name], header_row) if len(after[name]) >= header_row else {}
        ours = columns.values() if len(columns) == len(RESULT_COLUMNS) else ()
        one, other = without(before[name], ours), without(after[name], ours)
        if one != other:
            lines = zip(one, other, strict=False)
            at = next((str(n) for n, pair in enumerate(lines, 1) if pair[0] != pair[1]), "the end")
            found.append(f"{name} differs, first in line {at}")
    return found
