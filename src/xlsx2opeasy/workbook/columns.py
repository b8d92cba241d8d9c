"""One column of a sheet -> texts and the problems of its cells.

Whole columns are handled in Arrow memory; only odd cells come to Python one by one.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xlsx2opeasy.problems import MASK, Problem, Severity
from xlsx2opeasy.spec.model import Kind
from xlsx2opeasy.workbook.findings import AS_TEXT, Finding, visible
from xlsx2opeasy.workbook.formats import Shown
from xlsx2opeasy.workbook.numbers import BOOLEAN_AS_TEXT, NUMBER_AS_TEXT, ToldCell, told_reading
from xlsx2opeasy.workbook.stored_texts import replaced
from xlsx2opeasy.workbook.tags import STRIDE, Bools, Ints
from xlsx2opeasy.workbook.texts import PLAIN, Traits, odd, text_reading
from xlsx2opeasy.workbook.wire import RawBook, RawSheet

_WHOLE_NUMBER = "^(?:0|-?[1-9][0-9]{0,14})$"
_FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What a column is read as. `name` is its header, `letter` Excel's, `index` its place from 0.

    A `result` column is this program's own: its texts are taken as they stand.
    """

    name: str
    letter: str
    index: int
    kind: Kind = Kind.TEXT
    traits: Traits = PLAIN
    field: str | None = None
    result: bool = False


@dataclass(slots=True)
class Gathered:
    """What the cells of a sheet gave: problems, and the cells (row, header) that could not be read."""

    problems: list[Problem] = field(default_factory=list)
    unreadable: set[tuple[int, str]] = field(default_factory=set)


class ColumnReader:
    """Reads the columns of one sheet in the rows `rows` (sorted numbers)."""

    def __init__(self, book: RawBook, sheet: RawSheet, rows: Ints, gathered: Gathered) -> None:
        self._book = book.book
        self._styles = book.styles
        self._title = sheet.title
        self._rows = rows
        self._gathered = gathered
        self._pool = sheet.pool
        self._places, self._numbers, self._texts = _texts_by_column(sheet, rows)
        self._told_cells, self._told = _told_by_column(sheet, rows)

    def read(self, plan: ColumnPlan) -> pa.LargeStringArray:
        """The column's texts, "" where it is blank or unreadable; the problems go into `gathered`."""
        texts = self._stored_texts(plan.index)
        replacing: dict[int, str] = {}
        counted: Counter[str] = Counter()
        if not plan.result:
            self._read_odd_texts(plan, texts, replacing)
        if (told := self._told.get(plan.index)) is not None:
            texts = self._with_told(plan, texts, told, replacing, counted)
        return replaced(texts, replacing)

    def _stored_texts(self, index: int) -> pa.LargeStringArray:
        """The texts of a column, "" in rows where it has none."""
        numbers = np.full(len(self._rows), len(self._pool) - 1, np.int64)
        if (cells := self._texts.get(index)) is not None:
            numbers[self._places[cells]] = self._numbers[cells]
        return self._pool.take(pa.array(numbers))

    def _read_odd_texts(
        self, plan: ColumnPlan, texts: pa.LargeStringArray, replacing: dict[int, str]
    ) -> None:
        suspects = (
            np.ones(len(texts), np.bool_) if plan.traits.telephonic and _non_ascii(texts) else odd(texts)
        )
        places = np.flatnonzero(suspects)
        for place, text in zip(places.tolist(), texts.take(pa.array(places)).to_pylist(), strict=True):
            if text and (reading := text_reading(text, plan.traits)) is not None:
                replacing[place] = reading.text
                self._note(plan, place, reading.finding, text)

    def _with_told(
        self,
        plan: ColumnPlan,
        texts: pa.LargeStringArray,
        told: slice,
        replacing: dict[int, str],
        counted: Counter[str],
    ) -> pa.LargeStringArray:
        """The texts with numbers, booleans, dates, errors and formulas in their places."""
        cells = self._told_cells.slice(told.start, told.stop - told.start)
        places = np.asarray(cells["place"])
        easy = self._easy(plan, cells)
        for cell in cells.filter(pa.array(~easy)).to_pylist():
            self._read_told(plan, cell, replacing, counted)
        if easy.any():
            texts = _placed(texts, places[easy], _easy_texts(plan, cells["value"].filter(pa.array(easy))))
            if plan.kind in (Kind.TEXT, Kind.TEXTS):
                counted[NUMBER_AS_TEXT] += int(easy.sum())
        self._note_counted(plan, counted, int(places[0]))
        return texts

    def _easy(self, plan: ColumnPlan, cells: pa.Table) -> Bools:
        """Cells that need no thought: whole numbers in plain formats, and booleans where booleans are wanted."""
        formula = np.asarray(cells["formula"])
        kinds = cells["kind"].combine_chunks().cast(pa.string())
        if plan.kind is Kind.BOOLEAN:
            fits = pc.and_(
                pc.equal(kinds, "b"),
                pc.is_in(cells["value"].combine_chunks(), pa.array(["0", "1"], pa.large_string())),
            )
        else:
            fits = pc.and_(
                pc.equal(kinds, "n"), pc.match_substring_regex(cells["value"].combine_chunks(), _WHOLE_NUMBER)
            )
        plain = np.array([shown is Shown.PLAIN for shown, _ in self._styles])
        styles = np.asarray(cells["style"])
        in_plain = plain[np.where(styles < len(plain), styles, 0)] | (plan.kind is Kind.BOOLEAN)
        easy: Bools = np.asarray(pc.fill_null(fits, False)) & ~formula & in_plain
        return easy

    def _read_told(
        self, plan: ColumnPlan, stored: dict[str, Any], replacing: dict[int, str], counted: Counter[str]
    ) -> None:
        """One cell of `scan.TOLD`, with its `place` among the rows."""
        known = stored["style"] < len(self._styles)
        shown, digits = self._styles[stored["style"]] if known else (Shown.PLAIN, 0)
        cell = ToldCell(stored["kind"], stored["value"], stored["formula"], shown, digits)
        reading = told_reading(cell, plan.kind, date1904=self._book.date1904)
        if cell.formula and (reading is None or reading.finding is None):
            counted[_FORMULA] += 1
        if reading is not None:
            replacing[stored["place"]] = reading.text
            if reading.counted:
                counted[reading.counted] += 1
            self._note(plan, stored["place"], reading.finding, cell.value)

    def _note(self, plan: ColumnPlan, place: int, finding: Finding | None, value: str | None) -> None:
        if finding is None:
            return
        row = int(self._rows[place])
        if finding.severity is Severity.ERROR:
            self._gathered.unreadable.add((row, plan.name))
        secret = plan.traits.secret
        message = _masked(finding) if secret else finding.message
        self._gathered.problems.append(
            Problem(
                sheet=self._title,
                rule=finding.rule,
                message=f"The cell {message}.",
                hint=finding.hint,
                row=row,
                column=plan.letter,
                field=plan.field,
                value=MASK if secret and value is not None else value,
                severity=finding.severity,
            )
        )

    def _note_counted(self, plan: ColumnPlan, counted: Counter[str], place: int) -> None:
        """One warning a column for what would be too many warnings."""
        words = {
            NUMBER_AS_TEXT: (
                "of “{name}” are numbers, not texts: leading zeros, if there were any, are gone",
                AS_TEXT,
            ),
            BOOLEAN_AS_TEXT: (
                "of “{name}” are booleans, not texts; “TRUE” or “FALSE” is read",
                f"If another spelling is meant: {AS_TEXT}",
            ),
            _FORMULA: (
                "of “{name}” are formulas; the values that were stored with them are read" + self._stale(),
                "Replace the formulas by their values (Paste Special > Values) to be sure.",
            ),
        }
        for rule, count in counted.items():
            message, hint = words[rule]
            self._gathered.problems.append(
                Problem(
                    sheet=self._title,
                    rule=rule,
                    message=f"{count} cell{'s' * (count > 1)} {message.format(name=visible(plan.name))}.",
                    hint=hint,
                    row=int(self._rows[place]),
                    column=plan.letter,
                    field=plan.field,
                    severity=Severity.WARNING,
                )
            )

    def _stale(self) -> str:
        wanted = self._book.calculate_on_load
        return ", though the workbook asks to be calculated anew" if wanted else ""


def _masked(finding: Finding) -> str:
    """The message of a secret's cell: no message repeats a secret, whatever words it was made of."""
    return (
        finding.message
        if finding.rule in _SAYS_NO_VALUE
        else f"is not read as it stands ({finding.rule}; {MASK})"
    )


_SAYS_NO_VALUE = frozenset(
    {"space-around-secret", "formula-without-value", "control-character", "line-break", "invisible-character"}
)


def _non_ascii(texts: pa.LargeStringArray) -> bool:
    data = texts.buffers()[2]
    return data is not None and data.size > 0 and bool(np.frombuffer(data, np.uint8).max() > ord("~"))


def _texts_by_column(sheet: RawSheet, rows: Ints) -> tuple[Ints, Ints, dict[int, slice]]:
    """Places among `rows` and numbers in the pool of all text cells, sorted by column, and who is where."""
    places, columns, inside = _placed_keys(sheet.keys, rows)
    order = np.argsort(columns.astype(np.int16), kind="stable")
    return places[order], sheet.numbers[inside][order], _runs(columns[order])


def _told_by_column(sheet: RawSheet, rows: Ints) -> tuple[pa.Table, dict[int, slice]]:
    """The told cells with their `place` among `rows`, sorted by column, and who is where."""
    places, columns, inside = _placed_keys(np.asarray(sheet.told["key"]), rows)
    order = np.argsort(columns.astype(np.int16), kind="stable")
    cells = sheet.told.take(pa.array(np.flatnonzero(inside)[order]))
    return cells.append_column("place", pa.array(places[order])).combine_chunks(), _runs(columns[order])


def _placed_keys(keys: Ints, rows: Ints) -> tuple[Ints, Ints, Bools]:
    """The place among `rows` and the column of each key, and which keys are of these rows at all."""
    row = keys // STRIDE
    inside = row >= rows[0] if len(rows) else np.zeros(len(keys), np.bool_)
    row, column = row[inside], keys[inside] % STRIDE
    return np.searchsorted(rows, row), column, inside


def _runs(columns: Ints) -> dict[int, slice]:
    """Where each column begins and ends in a sorted array of columns."""
    found, starts = np.unique(columns, return_index=True)
    ends = [*starts[1:].tolist(), len(columns)]
    return {
        each: slice(start, end)
        for each, start, end in zip(found.tolist(), starts.tolist(), ends, strict=True)
    }


def _easy_texts(plan: ColumnPlan, values: pa.ChunkedArray) -> pa.LargeStringArray:
    if plan.kind is not Kind.BOOLEAN:
        return values.combine_chunks()
    return pc.if_else(pc.equal(values.combine_chunks(), "1"), "TRUE", "FALSE").cast(pa.large_string())


def _placed(texts: pa.LargeStringArray, places: Ints, new: pa.LargeStringArray) -> pa.LargeStringArray:
    """`texts` with those of `new` in `places`."""
    index = np.arange(len(texts), dtype=np.int64)
    index[places] = len(texts) + np.arange(len(places))
    return pa.concat_arrays([texts, new]).take(pa.array(index))
