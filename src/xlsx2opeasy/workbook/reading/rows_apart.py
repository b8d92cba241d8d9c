"""The rows below the headers that are no tasks: remarks on the columns, and headers again.

A row is left alone only where it cannot be a task: where the sheet has a column of commands, in which it has
none. Else it is an error, which a person decides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xlsx2opeasy.ooxml.byte_arrays import Ints
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.workbook.reading.findings import first_shown
from xlsx2opeasy.workbook.reading.headers import Headers
from xlsx2opeasy.workbook.reading.remarks import is_second_header, may_be_remark, repeats_headers

_MOST_ROWS = 3
"""How many rows right below the headers may go on with them."""

Cells = Mapping[str, str]
"""The texts of a row by header."""


@dataclass(frozen=True, slots=True)
class RowsApart:
    """The rows that are no tasks: `remarks`, with their cells, and the `others` that have other headers."""

    remarks: Mapping[int, Cells]
    others: Sequence[int]

    @property
    def rows(self) -> list[int]:
        """The numbers of all of them."""
        return [*self.remarks, *self.others]

    def problems(self, title: str, headers: Headers) -> Iterator[Problem]:
        """A warning for each remark, an error for each row of other headers."""
        for row, cells in self.remarks.items():
            yield _left_alone(title, row, cells, _secrets(headers))
        for row in self.others:
            yield _other_headers(title, row, headers.row)


@dataclass(frozen=True, slots=True)
class RowsBelow:
    """The texts of the rows `present` (sorted numbers) below `headers`, in columns by header."""

    columns: Mapping[str, pa.LargeStringArray]
    present: Ints
    headers: Headers
    commands: Iterable[str]

    def apart(self, filled: Ints) -> RowsApart:
        """Those of the rows `filled` that are no tasks, where the sheet has a column of commands."""
        if COMMAND_HEADER not in self.columns:
            return RowsApart({}, ())
        commands = frozenset(map(folded, self.commands))
        remarks: dict[int, Cells] = {}
        for row in filled[:_MOST_ROWS].tolist():
            if not is_second_header(cells := self._cells(row), commands):
                break
            remarks[row] = cells
        lowered = pc.utf8_trim_whitespace(pc.utf8_lower(self.columns[COMMAND_HEADER]))
        again = self._with(lowered, self.headers.typed[COMMAND_HEADER].strip().lower())
        remarks |= {row: cells for row, cells in again.items() if self._repeats_headers(cells)}
        return RowsApart(remarks, [row for row in again if row not in remarks])

    def in_doubt(self, title: str, tasks: Ints) -> Iterator[Problem]:
        """An error for each of the rows `tasks`, which have the command of all rows, that may be a remark."""
        if COMMAND_HEADER in self.columns:
            return
        found: dict[int, Cells] = {}
        for row in tasks[:_MOST_ROWS].tolist():
            cells = self._cells(row)
            if not may_be_remark(cells) and not self._repeats_headers(cells):
                break
            found[row] = cells
        for name, texts in self.columns.items():
            again = self._with(texts, self.headers.typed[name].strip())
            found |= {row: cells for row, cells in again.items() if self._repeats_headers(cells)}
        for row in sorted(found.keys() & set(tasks.tolist())):
            yield _in_doubt(title, row, found[row], _secrets(self.headers))

    def _with(self, texts: pa.LargeStringArray, header: str) -> dict[int, Cells]:
        """The rows whose one of `texts` is this header."""
        return {row: self._cells(row) for row in self.present[np.asarray(pc.equal(texts, header))].tolist()}

    def _repeats_headers(self, cells: Cells) -> bool:
        return repeats_headers(cells, self.headers.typed)

    def _cells(self, row: int) -> Cells:
        place = int(np.searchsorted(self.present, row))
        return {name: texts[place].as_py() for name, texts in self.columns.items()}


def _secrets(headers: Headers) -> frozenset[str]:
    """The headers below which no cell is shown."""
    return frozenset(each.name for each in headers.fields.values() if each.column.field.secret)


def _left_alone(title: str, row: int, cells: Cells, secrets: frozenset[str]) -> Problem:
    quoted, value = first_shown(cells, secrets)
    return Problem(
        sheet=title,
        rule="second-header-row",
        message=f"Row {row} says something of its columns{quoted} and is left alone.",
        hint="Delete the row, or fill in its command if it is a task.",
        row=row,
        value=value,
        severity=Severity.WARNING,
    )


def _in_doubt(title: str, row: int, cells: Cells, secrets: frozenset[str]) -> Problem:
    quoted, value = first_shown(cells, secrets)
    return Problem(
        sheet=title,
        rule="remark-row",
        message=f"Row {row} looks like a remark on the columns{quoted}, and would be sent as a task.",
        hint="Delete the row; or, if it is a task, allow the rule remark-row.",
        row=row,
        value=value,
    )


def _other_headers(title: str, row: int, first: int) -> Problem:
    """The error of a second block: its rows would be read by the headers of the first."""
    return Problem(
        sheet=title,
        rule="other-headers",
        message=f"Row {row} has other headers than row {first}, by which the rows below it would be read.",
        hint="Put all tasks below one row of headers, or the lower ones into a workbook of their own.",
        row=row,
    )
