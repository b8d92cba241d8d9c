"""What stands around and over the rows: tables, merged areas, hidden rows and columns (D19-D21, D29, D30)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from xlsx2opeasy.ooxml.address import LAST_ROW, Area, letters_of
from xlsx2opeasy.ooxml.byte_arrays import Ints
from xlsx2opeasy.ooxml.layout import Layout, Table
from xlsx2opeasy.problems import Problem, Severity


def table_of(layout: Layout, header_row: int) -> Table | None:
    """The sheet's table, where there is exactly one and its header is the header row."""
    if len(layout.tables) != 1:
        return None
    table = layout.tables[0]
    return table if table.header_rows and table.area.top == header_row else None


def last_row(table: Table | None) -> int:
    """The last row that may be a task: the table's last without its totals, else the sheet's."""
    return LAST_ROW if table is None else table.area.bottom - table.total_rows


def table_problems(title: str, table: Table | None, filled: Ints) -> Iterator[Problem]:
    """Filled rows below a table are errors; a total row is skipped with a note."""
    if table is None:
        return
    end = table.area.bottom
    for row in filled[filled > end].tolist():
        yield Problem(
            sheet=title,
            rule="below-table",
            message=f"Row {row} stands below the table {table.name} ({table.area.reference}).",
            hint="Drag the table's corner over the row, or delete the row.",
            row=row,
        )
    if table.total_rows and ((filled > end - table.total_rows) & (filled <= end)).any():
        yield Problem(
            sheet=title,
            rule="total-row",
            message=f"Row {end} is the total row of the table {table.name}; it is left alone.",
            row=end,
            severity=Severity.WARNING,
        )


@dataclass(frozen=True, slots=True)
class Block:
    """The cells that matter: task rows (sorted) and the columns of fields, from 1."""

    rows: Ints
    columns: tuple[int, ...]


def merge_problems(title: str, merged: Iterable[Area], block: Block) -> Iterator[Problem]:
    """An error in each task row that a merged area touches, naming the area; areas are never expanded."""
    touched = np.zeros(len(block.rows), np.bool_)
    for area in merged:
        columns = [column for column in block.columns if area.left <= column <= area.right]
        if not columns:
            continue
        low, high = np.searchsorted(block.rows, [area.top, area.bottom + 1])
        new = np.flatnonzero(~touched[low:high]) + low
        touched[low:high] = True
        for row in block.rows[new].tolist():
            yield Problem(
                sheet=title,
                rule="merged-cells",
                message=f"The cells {area.reference} are merged; which of them the value is for is unknown.",
                hint="Unmerge them (Home > Merge & Center), and fill in each cell.",
                row=row,
                column=letters_of(columns[0]),
                value=area.reference,
            )


def hidden_problems(title: str, hidden_rows: list[int], layout: Layout, block: Block) -> Iterator[Problem]:
    """Warnings with the counts of hidden task rows and columns; they are read all the same."""
    rows = np.intersect1d(block.rows, np.array(hidden_rows, np.int64))
    if len(rows):
        yield _hidden(title, "hidden-rows", "row", len(rows), f"the first is row {rows[0]}", int(rows[0]))
    columns = [
        letters_of(column)
        for column in block.columns
        if any(first <= column <= last for first, last in layout.hidden_columns)
    ]
    if columns:
        yield _hidden(title, "hidden-columns", "column", len(columns), ", ".join(columns), None)


def _hidden(title: str, rule: str, what: str, count: int, which: str, row: int | None) -> Problem:
    are = "are" if count > 1 else "is"
    return Problem(
        sheet=title,
        rule=rule,
        message=f"{count} {what}{'s' * (count > 1)} with tasks {are} hidden ({which}) and read all the same.",
        hint="Delete what is not to be loaded; hiding or filtering does not exclude it.",
        row=row,
        severity=Severity.WARNING,
    )
