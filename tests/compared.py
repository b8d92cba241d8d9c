"""What is the same in two workbooks: the compressed bytes of their entries, and their cells but the results."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from python_calamine import CalamineWorkbook

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


def differences(
    before: Mapping[str, Grid], after: Mapping[str, Grid], title: str, header_row: int
) -> list[str]:
    """What differs between the sheets of two workbooks but the result columns of one of them.

    A sheet that lists problems may be new.
    """
    new = {each for each in after.keys() - before.keys() if not each.startswith("Problems")}
    found = [f"the sheets are {[*after]}, not {[*before]}"] if new or before.keys() - after.keys() else []
    for name in before.keys() & after.keys():
        grid = after[name]
        ours = result_columns(grid, header_row).values() if name == title and len(grid) >= header_row else ()
        one, other = without(before[name], ours), without(grid, ours)
        if one != other:
            at = next((n for n, rows in enumerate(zip(one, other, strict=False)) if rows[0] != rows[1]), -1)
            found.append(f"{name} differs, first in line {at + 1 or 'at the end'}")
    return found
