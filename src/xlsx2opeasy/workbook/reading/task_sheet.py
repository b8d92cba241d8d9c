"""A sheet as the reading process gives it -> a `Sheet` of task rows, with everything that was noticed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from xlsx2opeasy.ooxml.address import LAST_ROW, letters_of
from xlsx2opeasy.ooxml.byte_arrays import Bools, Ints
from xlsx2opeasy.ooxml.scanned import STRIDE, columns_of, rows_of
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import TaskType
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, RowResult
from xlsx2opeasy.workbook.mapping import SheetMapping
from xlsx2opeasy.workbook.model import Sheet, SheetColumn
from xlsx2opeasy.workbook.reading import SEARCHED_ROWS
from xlsx2opeasy.workbook.reading.above import rows_above
from xlsx2opeasy.workbook.reading.columns import ColumnPlan, ColumnReader, Gathered
from xlsx2opeasy.workbook.reading.earlier import JOB, earlier_results
from xlsx2opeasy.workbook.reading.headers import Headers, Row, header_row, no_header_row, read_headers
from xlsx2opeasy.workbook.reading.rows_apart import RowsBelow
from xlsx2opeasy.workbook.reading.tables import (
    MergedBlock,
    hidden_problems,
    last_row,
    merge_problems,
    table_of,
    table_problems,
    total_rows,
)
from xlsx2opeasy.workbook.reading.texts import traits_of
from xlsx2opeasy.workbook.reading.wire import RawBook, RawSheet

_TEXT_DTYPE = pd.StringDtype("pyarrow", na_value=np.nan)


def read_sheet(
    book: RawBook, raw: RawSheet, task_type: TaskType, mapping: SheetMapping | None = None
) -> tuple[Sheet | None, list[Problem]]:
    """The sheet, or None with the problems for which there is none (or none at all where it is empty).

    Raises UsageError where the sheet lacks a header that the `mapping` names.
    """
    if (unread := _unread(raw)) is not None:
        return None, [unread]
    tops = top_rows(raw)
    if not tops and not raw.texts and not len(raw.typed):
        return None, []
    number = header_row(tops, mapping or task_type)
    if mapping is not None:
        mapping.require_headers(tops[number].values() if number is not None else ())
    if number is None:
        return None, [no_header_row(raw.title, task_type)]
    headers = read_headers(raw.title, number, tops[number], task_type, mapping)
    headers.problems += rows_above(raw.title, tops, headers, task_type, mapping)
    constants = mapping.constants if mapping else {}
    if headers.command is None and COMMAND_HEADER not in constants:
        return None, headers.problems
    return _SheetReader(book, raw, task_type, headers, constants).read(), []


def _unread(raw: RawSheet) -> Problem | None:
    """The problem of a sheet whose rows were not read at all."""
    if raw.disorder is not None:
        return Problem(
            sheet=raw.title,
            rule="disorder",
            message=f"The sheet's cells are repeated or out of order in the file, first at {raw.disorder}.",
            hint="Open the workbook in Excel and save it.",
        )
    return None


def top_rows(raw: RawSheet) -> dict[int, Row]:
    """The filled cells of the first rows, by row and column; numbers as they are in the file."""
    rows: dict[int, dict[int, str]] = {}
    end = (SEARCHED_ROWS + 1) * STRIDE
    typed = raw.typed.slice(0, int(np.searchsorted(np.asarray(raw.typed["key"]), end))).to_pylist()
    cells = [(cell["key"], _header_text(cell)) for cell in typed]
    for column, found in raw.texts.items():
        top = slice(int(np.searchsorted(found.rows, SEARCHED_ROWS, side="right")))
        texts = raw.pool.take(pa.array(found.numbers[top])).to_pylist()
        cells += [
            (row * STRIDE + column, text) for row, text in zip(found.rows[top].tolist(), texts, strict=True)
        ]
    for key, text in sorted(cells, key=lambda cell: cell[0]):
        if text:
            rows.setdefault(key // STRIDE, {}).setdefault(key % STRIDE + 1, text)
    return {**rows}


def _header_text(cell: dict[str, Any]) -> str:
    """What a cell that is no text says as a header; Excel's errors (`#REF!`) must not pass for notes."""
    value: str = cell["value"] or ""
    return f"error {value}" if cell["kind"] == "e" else value


def _rows_below(raw: RawSheet, header: int) -> Ints:
    """The numbers of the rows below the headers that have any cell."""
    has_cells = np.zeros(LAST_ROW + 1, np.bool_)
    has_cells[rows_of(np.asarray(raw.typed["key"]))] = True
    for cells in raw.texts.values():
        has_cells[cells.rows] = True
    has_cells[: header + 1] = False
    return np.flatnonzero(has_cells)


@dataclass(slots=True)
class _SheetReader:
    """One sheet with a header row and a command column, on its way to a `Sheet`."""

    book: RawBook
    raw: RawSheet
    task_type: TaskType
    headers: Headers
    constants: Mapping[str, str]
    gathered: Gathered = field(default_factory=Gathered)

    def read(self) -> Sheet:
        """Read all columns, leave out the blank rows, and gather what was noticed."""
        headers, raw = self.headers, self.raw
        present = _rows_below(raw, headers.row)
        reader = ColumnReader(self.book, raw, present, self.gathered)
        columns = {plan.name: reader.read(plan) for plan in self._plans()}
        results = {name: reader.read(self._result_plan(name)) for name in headers.results}
        filled = self._filled(columns, present)
        known = tuple(filter(None, (headers.command, *headers.fields)))
        table = table_of(raw.layout, headers.row, known)
        totals = total_rows(raw.layout, table, known)
        below = RowsBelow(columns, present, headers, self.task_type.command_names)
        apart = below.apart(filled)
        kept = filled[(filled <= last_row(table)) & ~np.isin(filled, [*totals, *apart.rows])]
        block = MergedBlock(kept, known)
        problems = [
            *headers.problems,
            *self._without_header(),
            *apart.problems(raw.title, headers),
            *below.in_doubt(raw.title, kept),
            *table_problems(raw.title, table, totals, filled),
            *merge_problems(raw.title, raw.layout.merged, block),
            *hidden_problems(raw.title, raw.hidden_rows, raw.layout, block),
        ]
        earlier, jobs = self._earlier(results, np.searchsorted(present, kept), kept, problems)
        rows = set(kept.tolist())
        return Sheet(
            task_type=self.task_type,
            title=raw.title,
            header_row=headers.row,
            command_letter=letters_of(headers.command) if headers.command else "",
            columns=(*headers.fields.values(), *self._constant_columns()),
            rows=_frame(columns, present, kept, self.constants),
            problems=tuple(problems + self._of_cells(rows)),
            unreadable=frozenset(each for each in self.gathered.unreadable if each[0] in rows),
            earlier_results=earlier,
            result_letters={name: letters_of(column) for name, column in headers.results.items()},
            earlier_jobs=jobs,
            never_ours=frozenset(headers.never_ours),
        )

    def _plans(self) -> Iterator[ColumnPlan]:
        if command := self.headers.command:
            yield ColumnPlan(COMMAND_HEADER, letters_of(command), command - 1, field=COMMAND_HEADER)
        for number, column in self.headers.fields.items():
            kind, traits = column.column.field.kind, traits_of(column.column.field)
            yield ColumnPlan(column.name, column.letter, number - 1, kind, traits, column.name)

    def _constant_columns(self) -> Iterator[SheetColumn]:
        for name in self.constants:
            if (column := self.task_type.column(name)) is not None:
                yield SheetColumn(column, "", name)

    def _result_plan(self, name: str) -> ColumnPlan:
        number = self.headers.results[name]
        return ColumnPlan(name, letters_of(number), number - 1, result=True)

    def _filled(self, columns: Mapping[str, pa.LargeStringArray], present: Ints) -> Ints:
        """The numbers of the rows in which a field or the command holds something, readable or not."""
        lengths = [np.asarray(pc.binary_length(texts)) for texts in columns.values()]
        filled: Bools = np.logical_or.reduce([length > 0 for length in lengths])
        unreadable = [row for row, _ in self.gathered.unreadable]
        filled[np.searchsorted(present, unreadable)] = True
        found: Ints = present[filled]
        return found

    def _of_cells(self, rows: set[int]) -> list[Problem]:
        """The problems of cells in task rows, in the order of the sheet."""
        found = [each for each in self.gathered.problems if each.row in rows]
        return sorted(found, key=lambda each: each.row or 0)

    def _without_header(self) -> Iterator[Problem]:
        """An error for each column that has cells below the header row, but no header."""
        for number, row in sorted(self._first_cells().items()):
            yield Problem(
                sheet=self.raw.title,
                rule="no-header",
                message=f"Column {letters_of(number)} has no header, but its cell in row {row} is filled.",
                hint="Give it a header (your own notes: one that begins with #), or empty its cells.",
                row=self.headers.row,
                column=letters_of(number),
            )

    def _first_cells(self) -> dict[int, int]:
        """For each column without a header the first row below the headers that holds something."""
        known, below = [number - 1 for number in self.headers.known], self.headers.row
        keys = np.asarray(self.raw.typed["key"])
        strange = ~np.isin(columns_of(keys), known) & (rows_of(keys) > below)
        found: dict[int, int] = {}
        for key in keys[strange].tolist():
            found.setdefault(key % STRIDE, key // STRIDE)
        for column in self.raw.texts.keys() - known:
            cells = self.raw.texts[column]
            filled = np.asarray(pc.binary_length(self.raw.pool.take(pa.array(cells.numbers)))) > 0
            rows = cells.rows[filled & (cells.rows > below)]
            if len(rows):
                found[column] = min(int(rows[0]), found.get(column, LAST_ROW))
        return {column + 1: row for column, row in found.items()}

    def _earlier(
        self, results: dict[str, pa.LargeStringArray], places: Ints, kept: Ints, problems: list[Problem]
    ) -> tuple[dict[int, RowResult], dict[int, str]]:
        if not results:
            return {}, {}
        chosen = pa.array(places)
        texts = {name: results[name].take(chosen).to_pylist() for name in RESULT_COLUMNS if name in results}
        letters = {name: letters_of(column) for name, column in self.headers.results.items()}
        found = earlier_results(self.raw.title, letters, kept.tolist(), texts, problems)
        jobs = zip(kept.tolist(), texts.get(JOB, ()), strict=False)
        return found, {row: job for row, job in jobs if job}


def _frame(
    columns: dict[str, pa.LargeStringArray], present: Ints, kept: Ints, constants: Mapping[str, str]
) -> pd.DataFrame:
    """The columns in the rows `kept` as a frame of dtype `str`, with Excel's row numbers as its index.

    Each of `constants` is a column with the same text in every row.
    """
    if len(kept) != len(present):
        chosen = pa.array(np.searchsorted(present, kept))
        columns = {name: texts.take(chosen) for name, texts in columns.items()}
    index = pd.Index(kept, name="row")
    same = {
        name: pa.repeat(pa.scalar(text, pa.large_string()), len(kept)) for name, text in constants.items()
    }
    series = {
        name: pd.Series(pd.array(texts, dtype=_TEXT_DTYPE), index=index, name=name, copy=False)
        for name, texts in (columns | same).items()
    }
    return pd.DataFrame(series, index=index, copy=False)
