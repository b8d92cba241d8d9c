"""A sheet of words in a workbook of ours: what the workbook is, or a list. A load leaves it alone.

By XlsxWriter, every cell certainly a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsx2opeasy.ooxml.text import cut, visible
from xlsx2opeasy.workbook.template.looks import Look, Looks

_PROSE_WIDTH: Final = 110
_WIDEST: Final = 80
_SAMPLE: Final = 200
_TITLE: Look = {"bold": True, "font_size": 14}
_PROSE: Look = {"text_wrap": True, "valign": "top", "num_format": "@"}


@dataclass(frozen=True, slots=True)
class NotePage:
    """A sheet: the first of its lines is its title; then a table, where it has headers."""

    title: str
    lines: Sequence[str]
    headers: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = field(default=(), repr=False)


def write_note_page(page: Worksheet, note: NotePage, looks: Looks, text: Format) -> None:
    """Writes the whole sheet; `text` is the format of the table's cells."""
    _widths(page, note)
    for number, line in enumerate(note.lines):
        look = looks.of(_TITLE if number == 0 or note.headers else _PROSE)
        page.write_string(number, 0, _fit(line), look)
    if note.headers:
        _table(page, note, looks, text)


def _widths(page: Worksheet, note: NotePage) -> None:
    if not note.headers:
        page.set_column(0, 0, _PROSE_WIDTH)
    for column, header in enumerate(note.headers):
        widest = max([len(header) + 4, *(len(row[column]) + 2 for row in note.rows[:_SAMPLE])])
        page.set_column(column, column, min(widest, _WIDEST))


def _table(page: Worksheet, note: NotePage, looks: Looks, text: Format) -> None:
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


def _fit(value: str) -> str:
    return cut(visible(value))
