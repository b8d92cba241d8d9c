"""One column of a sheet -> texts and the problems of its cells.

Whole columns are handled in Arrow memory; only odd cells come to Python one by one.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from xlsx2opeasy.ooxml.byte_arrays import Ints
from xlsx2opeasy.ooxml.number_formats import GENERAL
from xlsx2opeasy.ooxml.stored_texts import replaced
from xlsx2opeasy.problems import MASK, Problem, Severity
from xlsx2opeasy.spec.model import Kind
from xlsx2opeasy.workbook.reading.findings import AS_TEXT, CellFinding, visible
from xlsx2opeasy.workbook.reading.numbers import BOOLEAN_AS_TEXT, NUMBER_AS_TEXT, TypedCell, typed_reading
from xlsx2opeasy.workbook.reading.placing import (
    easy_cells,
    easy_texts,
    placed,
    places_of,
    typed_by_column,
)
from xlsx2opeasy.workbook.reading.texts import PLAIN, Traits, odd, text_reading
from xlsx2opeasy.workbook.reading.wire import RawBook, RawSheet

_FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What a column is read as. `name` is its header, `letter` Excel's, `index` its place from 0.

    A `result` column is this program's own: its texts are taken as they are.
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
        self._formats = book.formats
        self._title = sheet.title
        self._rows = rows
        self._gathered = gathered
        self._sheet = sheet
        self._places = places_of(rows)
        self._typed_cells, self._typed = typed_by_column(sheet, rows)

    def read(self, plan: ColumnPlan) -> pa.LargeStringArray:
        """The column's texts, "" where it is blank or unreadable; the problems go into `gathered`."""
        texts = self._stored_texts(plan.index)
        replacing: dict[int, str] = {}
        counted: Counter[str] = Counter()
        if not plan.result:
            self._read_odd_texts(plan, texts, replacing)
        if (typed := self._typed.get(plan.index)) is not None:
            texts = self._with_typed(plan, texts, typed, replacing, counted)
        return replaced(texts, replacing)

    def _stored_texts(self, index: int) -> pa.LargeStringArray:
        """The texts of a column, "" in rows where it has none."""
        pool = self._sheet.pool
        numbers = np.full(len(self._rows), len(pool) - 1, np.int32)
        cells = self._sheet.texts.pop(index, None)
        if cells is not None and len(self._rows):
            below = slice(int(np.searchsorted(cells.rows, self._rows[0])), None)
            numbers[self._places[cells.rows[below]]] = cells.numbers[below]
        return pool.take(pa.array(numbers))

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

    def _with_typed(
        self,
        plan: ColumnPlan,
        texts: pa.LargeStringArray,
        typed: slice,
        replacing: dict[int, str],
        counted: Counter[str],
    ) -> pa.LargeStringArray:
        """The texts with numbers, booleans, dates, errors and formulas in their places."""
        cells = self._typed_cells.slice(typed.start, typed.stop - typed.start)
        places = np.asarray(cells["place"])
        easy = easy_cells(cells, self._formats)
        for cell in cells.filter(pa.array(~easy)).to_pylist():
            self._read_typed(plan, cell, replacing, counted)
        if easy.any():
            texts = placed(texts, places[easy], easy_texts(cells.filter(pa.array(easy))))
            if plan.kind in (Kind.TEXT, Kind.TEXTS):
                booleans = int((np.asarray(cells["kind"])[easy] == "b").sum())
                counted[BOOLEAN_AS_TEXT] += booleans
                counted[NUMBER_AS_TEXT] += int(easy.sum()) - booleans
        if not plan.result:
            self._note_counted(plan, counted, int(places[0]))
        return texts

    def _read_typed(
        self, plan: ColumnPlan, stored: dict[str, Any], replacing: dict[int, str], counted: Counter[str]
    ) -> None:
        """One cell of `scanned.TYPED`, with its `place` among the rows."""
        style = stored["style"]
        code = self._formats[style] if style < len(self._formats) else GENERAL
        cell = TypedCell(stored["kind"], stored["value"], stored["formula"], code)
        reading = typed_reading(cell, plan.kind, date1904=self._book.date1904)
        if cell.formula and (reading is None or reading.finding is None):
            counted[_FORMULA] += 1
        if reading is not None:
            replacing[stored["place"]] = reading.text
            if reading.counted:
                counted[reading.counted] += 1
            self._note(plan, stored["place"], reading.finding, cell.value)

    def _note(self, plan: ColumnPlan, place: int, finding: CellFinding | None, value: str | None) -> None:
        if finding is None or (plan.result and finding.severity is Severity.WARNING):
            return
        row = int(self._rows[place])
        if finding.severity is Severity.ERROR and not finding.kept:
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
                'of "{name}" a number stands, not a text: leading zeros, if there were any, are gone',
                AS_TEXT,
            ),
            BOOLEAN_AS_TEXT: (
                'of "{name}" a boolean stands, not a text; "TRUE" or "FALSE" is read',
                f"If another spelling is meant: {AS_TEXT}",
            ),
            _FORMULA: (
                'of "{name}" a formula stands; the value that was stored with it is read' + self._stale(),
                "Replace the formulas by their values (Paste Special > Values) to be sure.",
            ),
        }
        for rule, count in (+counted).items():
            message, hint = words[rule]
            self._gathered.problems.append(
                Problem(
                    sheet=self._title,
                    rule=rule,
                    message=f"In {count} cell{'s' * (count > 1)} {message.format(name=visible(plan.name))}.",
                    hint=hint,
                    row=int(self._rows[place]),
                    column=plan.letter,
                    field=plan.field,
                    severity=Severity.WARNING,
                )
            )

    def _stale(self) -> str:
        wanted = self._book.calculate_on_load
        return ", though the workbook asks to be calculated again" if wanted else ""


def _masked(finding: CellFinding) -> str:
    """The message of a secret's cell: no message repeats a secret, whatever words it was made of."""
    if finding.rule in _SAYS_NO_VALUE:
        return finding.message
    how = "cannot be read faithfully" if finding.severity is Severity.ERROR else "is read after a repair"
    return f"{how} ({finding.rule})"


_SAYS_NO_VALUE = frozenset(
    {"space-around-secret", "formula-without-value", "control-character", "line-break", "invisible-character"}
)


def _non_ascii(texts: pa.LargeStringArray) -> bool:
    data = texts.buffers()[2]
    return data is not None and data.size > 0 and bool(np.frombuffer(data, np.uint8).max() > ord("~"))
