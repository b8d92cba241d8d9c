"""Filled workbooks of our own form as bytes: a sheet a task type, sheets of notes, each value surely a text.

A value that looks like a formula, a number or a date stays the text it is: string cells, Excel's text format,
and its leading apostrophe (`quotePrefix`). By XlsxWriter, as the blank workbooks are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsx2opeasy.ooxml.styles import OUTCOME_COLOURS
from xlsx2opeasy.ooxml.text import cut, visible
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import TaskType
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, Outcome, RowResult
from xlsx2opeasy.workbook.own_sheets import ENTERPRISE_PROPERTY, TITLE_SEPARATOR, WORDS_PROPERTY
from xlsx2opeasy.workbook.template.looks import Look, Looks

NOTE_HEADER: Final = "# note"
"""The column of what a person must know of a row; it is never sent."""

FIRST_ROW: Final = 2
"""Excel's number of the first task row."""

MOST_ROWS: Final = 2**20 - 1
"""How many task rows a sheet holds below its headers."""

MOST_COLUMNS: Final = 2**14

_WIDEST: Final = 60
_SAMPLE: Final = 200
_PROSE_WIDTH: Final = 110
_WIDEST_OF_NOTES: Final = 80
_TITLE: Look = {"bold": True, "font_size": 14}
_PROSE: Look = {"text_wrap": True, "valign": "top", "num_format": "@"}


@dataclass(frozen=True, slots=True)
class NotePage:
    """A sheet: the first of its lines is its title; then a table, where it has headers."""

    title: str
    lines: Sequence[str]
    headers: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class FilledRow:
    """One task: its command, its cells by header, what a person must know of it, and what became of it."""

    command: str
    cells: Mapping[str, str]
    note: str = ""
    result: RowResult | None = None


@dataclass(frozen=True, slots=True)
class FilledSheet:
    """One sheet: its headers after `command`, in their order, and its rows from row 2 on.

    With `results_are_notes` the rows' results are in note columns, which a load does not read: they are of
    an unknown enterprise. Where the sheet replaces another one it can have that one's `title`,
    `header_row` and Excel's `numbers` of the rows.
    """

    task_type: TaskType
    headers: tuple[str, ...]
    rows: Sequence[FilledRow] = field(repr=False)
    results_are_notes: bool = False
    title: str = ""
    header_row: int = FIRST_ROW - 1
    numbers: Sequence[int] | None = field(default=None, repr=False)

    @property
    def row_numbers(self) -> Sequence[int]:
        """Excel's number of each row."""
        return range(FIRST_ROW, FIRST_ROW + len(self.rows)) if self.numbers is None else self.numbers

    @property
    def all_headers(self) -> tuple[str, ...]:
        """Every header in its order: command, fields, the note, the results."""
        notes = (NOTE_HEADER,) if any(row.note for row in self.rows) else ()
        return (COMMAND_HEADER, *self.headers, *notes, *self.result_headers)

    @property
    def result_headers(self) -> tuple[str, ...]:
        """The headers of the result columns, none where no row has a result."""
        if not any(row.result for row in self.rows):
            return ()
        return (
            tuple(f"# {name}" for name in RESULT_COLUMNS[:-1]) if self.results_are_notes else RESULT_COLUMNS
        )


def filled_bytes(
    sheets: Sequence[FilledSheet],
    first: Sequence[NotePage] = (),
    last: Sequence[NotePage] = (),
    *,
    meant_for: str = "",
    by_way_of_disk: bool = False,
) -> bytes:
    """The workbook: pages of words, the task sheets, more pages of words.

    `meant_for` are the digits of the only enterprise that it may be loaded to.
    Texts must fit into a cell (`results_text`); only results and notes are cut. `by_way_of_disk` keeps the
    rows in temporary files rather than in memory: for many rows, and for rows without secrets only.
    """
    file = BytesIO()
    way = {"constant_memory": True} if by_way_of_disk else {"in_memory": True}
    book = Workbook(file, {**way, "strings_to_formulas": False, "strings_to_urls": False})
    looks = Looks(book)
    text = book.add_format({"num_format": "@", "valign": "top", "quote_prefix": True})
    if words := [page.title for page in (*first, *last)]:
        book.set_custom_property(WORDS_PROPERTY, TITLE_SEPARATOR.join(words), "text")
    if meant_for:
        book.set_custom_property(ENTERPRISE_PROPERTY, meant_for, "text")
    for page in first:
        _write_notes(book.add_worksheet(page.title), page, looks, text)
    for sheet in sheets:
        _write(book.add_worksheet(sheet.title or sheet.task_type.name), sheet, looks, text)
    for page in last:
        _write_notes(book.add_worksheet(page.title), page, looks, text)
    book.close()
    return file.getvalue()


def _write(page: Worksheet, sheet: FilledSheet, looks: Looks, text: Format) -> None:
    headers, result_headers = sheet.all_headers, sheet.result_headers
    _write_headers(page, sheet, headers, result_headers, looks)
    place = {header: column for column, header in enumerate(headers)}
    outcomes = {outcome.value: looks.of(_outcome_look(outcome)) for outcome in Outcome}
    for number, row in zip(sheet.row_numbers, sheet.rows, strict=True):
        for header, value in _texts(row, result_headers).items():
            look = outcomes[value] if header == RESULT_COLUMNS[0] else text
            if value and page.write_string(number - 1, place[header], value, look):
                raise ValueError("XlsxWriter refused a cell")
    last = max([sheet.header_row + 1, *sheet.row_numbers[-1:]])
    page.freeze_panes(sheet.header_row, 2 if len(headers) > 1 else 1)
    page.autofilter(sheet.header_row - 1, 0, last - 1, len(headers) - 1)
    page.ignore_errors({"number_stored_as_text": f"A1:XFD{last}"})


def _write_headers(
    page: Worksheet, sheet: FilledSheet, headers: Sequence[str], result_headers: Sequence[str], looks: Looks
) -> None:
    """The header row, and each column as wide as its first rows need."""
    sample = [_texts(row, result_headers) for row in islice(sheet.rows, _SAMPLE)]
    for column, header in enumerate(headers):
        own = header in RESULT_COLUMNS
        look = looks.result_header() if own else looks.header(header.partition(".")[0])
        widest = max([len(header) + 4, *(len(row.get(header, "")) + 2 for row in sample)])
        page.set_column(column, column, min(widest, _WIDEST), looks.body())
        page.write_string(sheet.header_row - 1, column, header, look)


def _outcome_look(outcome: Outcome) -> Look:
    fill, colour = OUTCOME_COLOURS[outcome]
    return {
        "bg_color": f"#{fill}",
        "font_color": f"#{colour}",
        "bold": True,
        "valign": "top",
        "num_format": "@",
    }


def _texts(row: FilledRow, result_headers: Sequence[str]) -> dict[str, str]:
    texts = {COMMAND_HEADER: row.command, **row.cells, NOTE_HEADER: _fit(row.note)}
    if not row.note:
        del texts[NOTE_HEADER]
    if row.result is not None:
        said = (row.result.outcome.value, row.result.code, row.result.detail, row.result.job)
        texts |= dict(zip(result_headers, map(_fit, said), strict=False))
    return texts


def _write_notes(page: Worksheet, note: NotePage, looks: Looks, text: Format) -> None:
    """Writes the whole sheet; `text` is the format of the table's cells."""
    _note_widths(page, note)
    for number, line in enumerate(note.lines):
        look = looks.of(_TITLE if number == 0 or note.headers else _PROSE)
        page.write_string(number, 0, _fit(line), look)
    if note.headers:
        _note_table(page, note, looks, text)


def _note_widths(page: Worksheet, note: NotePage) -> None:
    if not note.headers:
        page.set_column(0, 0, _PROSE_WIDTH)
    for column, header in enumerate(note.headers):
        widest = max([len(header) + 4, *(len(row[column]) + 2 for row in note.rows[:_SAMPLE])])
        page.set_column(column, column, min(widest, _WIDEST_OF_NOTES))


def _note_table(page: Worksheet, note: NotePage, looks: Looks, text: Format) -> None:
    top = len(note.lines)
    for column, header in enumerate(note.headers):
        page.write_string(top, column, header, looks.header(""))
    for number, row in enumerate(note.rows, top + 1):
        for column, value in enumerate(row):
            if value:
                page.write_string(number, column, _fit(value), text)
    page.freeze_panes(top + 1, 0)
    page.autofilter(top, 0, top + max(1, len(note.rows)), len(note.headers) - 1)
    page.ignore_errors({"number_stored_as_text": f"A1:XFD{top + len(note.rows) + 1}"})


def _fit(text: str) -> str:
    return cut(visible(text))
