"""What is around and over the rows: tables, merged areas, hidden rows and columns."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from xlsx2opeasy.ooxml.address import LAST_ROW, Area, letters_of
from xlsx2opeasy.ooxml.byte_arrays import Ints
from xlsx2opeasy.ooxml.layout import Layout, Table
from xlsx2opeasy.problems import Problem, Severity


def table_of(layout: Layout, header_row: int, columns: Collection[int]) -> Table | None:
    """The table whose header is the header row: the one that has the first of `columns`, the command.

    Else the only one that has any of the columns.
    """
    heading = [each for each in layout.tables if each.header_rows and each.area.top == header_row]
    having = [each for each in heading if any(each.area.left <= one <= each.area.right for one in columns)]
    of_command = [each for each in having if _has_first(each, columns)]
    return of_command[0] if of_command else having[0] if len(having) == 1 else None


def last_row(table: Table | None) -> int:
    """The last row that may be a task: the table's last, else the sheet's."""
    return LAST_ROW if table is None else table.area.bottom


def _has_first(table: Table, columns: Collection[int]) -> bool:
    return any(table.area.left <= column <= table.area.right for column in islice(columns, 1))


def total_rows(layout: Layout, table: Table | None, columns: Collection[int]) -> dict[int, Table]:
    """The rows that are totals: of the sheet's table, and of every other one that has the command column."""
    return {
        row: each
        for each in layout.tables
        if each.total_rows and (each == table or _has_first(each, columns))
        for row in range(max(each.area.bottom - each.total_rows + 1, each.area.top), each.area.bottom + 1)
    }


def table_problems(
    title: str, table: Table | None, totals: Mapping[int, Table], filled: Ints
) -> Iterator[Problem]:
    """Filled rows below a table are errors; total rows are skipped with a note."""
    for row in filled[np.isin(filled, list(totals))].tolist():
        yield Problem(
            sheet=title,
            rule="total-row",
            message=f"Row {row} is a total row of the table {totals[row].name}; it is left alone.",
            row=row,
            severity=Severity.WARNING,
        )
    if table is None:
        return
    for row in filled[filled > table.area.bottom].tolist():
        yield Problem(
            sheet=title,
            rule="below-table",
            message=f"Row {row} is below the table {table.name} ({table.area.reference}).",
            hint="Drag the table's corner over the row, or delete the row.",
            row=row,
        )


@dataclass(frozen=True, slots=True)
class MergedBlock:
    """The cells that matter: task rows (sorted) and the columns of fields, from 1."""

    rows: Ints
    columns: tuple[int, ...]


def merge_problems(title: str, merged: Iterable[Area], block: MergedBlock) -> Iterator[Problem]:
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


def hidden_problems(
    title: str, hidden_rows: list[int], layout: Layout, block: MergedBlock
) -> Iterator[Problem]:
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
