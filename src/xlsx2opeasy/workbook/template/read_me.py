"""The first sheet of a blank workbook: how to work with it, what its colours and results mean."""

from collections.abc import Sequence

from xlsxwriter.worksheet import Worksheet

from xlsx2opeasy.ooxml.styles import OUTCOME_COLOURS
from xlsx2opeasy.spec.outcomes import Outcome
from xlsx2opeasy.spec.words import API_VERSION
from xlsx2opeasy.workbook.template.columns import TemplateSheet
from xlsx2opeasy.workbook.template.looks import MARKS, Look, Looks

STEPS = (
    "One row is one task. Each kind of task has its sheet; one that you do not need may stay empty or go.",
    "Choose the command first: the row then marks the cells it needs, and greys out those it does not use.",
    "Choose any cell or header to see its rule and an example. Headers underlined in orange are needed.",
    'A blank cell sends nothing. Two quotes, "", empty a field. A list is in one cell, separated by ;',
    "Leave row 1 as it is. Columns you do not need may go, or fold (+/-); those of your own begin with #.",
    "Paste values only (Paste Special, Values), so that the cells stay text: no zero and no plus is lost.",
    "Save, and check it offline:   xlsx2opeasy check FILE.xlsx",
    "Rehearse it without a server:   xlsx2opeasy load FILE.xlsx --sandbox",
    "Load it:   xlsx2opeasy load FILE.xlsx   Results come into FILE.results.xlsx, beside each row.",
    "Correct the rows that failed there, and load that file again: rows with SUCCESS are not sent twice.",
)

LEGEND = (
    ("missing", "Needed", "The command needs this cell."),
    ("one of", "One of these", "The command needs at least one of the cells marked so."),
    ("unused", "Not used", "The command does not use this cell; leave it blank."),
    ("wrong", "Wrong", "The value breaks its rule, or is in a cell that the command does not use."),
)

RESULTS = {
    Outcome.SUCCESS: "The system did it. The row is not sent again unless you change it.",
    Outcome.FAILED: "The system tried and refused; Error code and Error detail say why, and what to do.",
    Outcome.REJECTED: "The server's check refused it before anything was done; correct the row.",
    Outcome.INVALID: "The check on this machine refused it; it was never sent. Correct the row.",
    Outcome.NOT_SENT: "The load stopped before this row; load the workbook again.",
    Outcome.RUNNING: "It was started at the server and is not over; resume fetches its result.",
    Outcome.UNKNOWN: "It was sent, and what became of it is unknown; the detail says how to find out.",
}

_WIDTHS = (4, 20, 74, 34)
_BLUE = "#1F4E78"
_TITLE: Look = {
    "bold": True,
    "font_size": 20,
    "font_color": "#FFFFFF",
    "bg_color": _BLUE,
    "valign": "vcenter",
    "indent": 1,
}
_SUBTITLE: Look = {"font_color": "#DDEBF7", "bg_color": _BLUE, "valign": "vcenter", "indent": 1}
_HEADING: Look = {
    "bold": True,
    "font_size": 13,
    "font_color": _BLUE,
    "bottom": 2,
    "bottom_color": _BLUE,
    "valign": "vcenter",
}
_NUMBER: Look = {
    "bold": True,
    "font_color": "#FFFFFF",
    "bg_color": "#2E75B6",
    "align": "center",
    "valign": "vcenter",
    "bottom": 1,
    "bottom_color": "#FFFFFF",
}
_TEXT: Look = {"text_wrap": True, "valign": "vcenter", "indent": 1}
_SWATCH: Look = {"align": "center", "valign": "vcenter"}
_APART: Look = {"bottom": 1, "bottom_color": "#FFFFFF"}
_LINK: Look = {"font_color": "#0563C1", "underline": 1, "valign": "vcenter", "indent": 1}
_LINE_HEIGHT = 15
_ROW_MARGIN = 6


class ReadMe:
    """Writes the first sheet, from top to bottom."""

    def __init__(self, page: Worksheet, looks: Looks) -> None:
        self.page = page
        self.looks = looks
        self.row = 0

    def write(self, sheets: Sequence[TemplateSheet], version: str) -> None:
        """Writes everything about `sheets`."""
        for column, width in enumerate(_WIDTHS):
            self.page.set_column(column, column, width)
        self._title(version)
        self._steps()
        self._sheets(sheets)
        self._colours()
        self._results()
        self.page.hide_gridlines(2)
        self.page.set_landscape()
        self.page.set_paper(9)
        self.page.fit_to_pages(1, 1)

    def _title(self, version: str) -> None:
        said = f"A workbook for xlsx2opeasy, template {version}, made from the {API_VERSION}."
        for row, (words, look, height) in enumerate(
            (("Tasks for OpEasy", _TITLE, 36), (said, _SUBTITLE, 22))
        ):
            self.page.set_row(row, height)
            self.page.merge_range(row, 0, row, 3, words, self.looks.of(look))
        self.row = 3

    def _heading(self, words: str) -> None:
        self.page.merge_range(self.row, 0, self.row, 3, words, self.looks.of(_HEADING))
        self.page.set_row(self.row, 24)
        self.row += 1

    def _steps(self) -> None:
        self._heading("How to work with it")
        for number, words in enumerate(STEPS, 1):
            self.page.write_number(self.row, 0, number, self.looks.of(_NUMBER))
            self._text(1, words)
        self.row += 1

    def _sheets(self, sheets: Sequence[TemplateSheet]) -> None:
        self._heading("The sheets")
        for sheet in sheets:
            name = sheet.task_type.name
            self.page.write_url(self.row, 1, f"internal:'{name}'!A2", self.looks.of(_LINK), name)
            self._text(2, f"{sheet.task_type.description} Commands: {', '.join(sheet.commands)}.")
        self.row += 1

    def _colours(self) -> None:
        self._heading("What the colours of cells mean")
        for mark, label, words in LEGEND:
            self.page.write_string(self.row, 1, label, self.looks.of(MARKS[mark] | _SWATCH | _APART))
            self._text(2, words)
        self.row += 1

    def _results(self) -> None:
        self._heading("What the column Result says after a load")
        for outcome, words in RESULTS.items():
            fill, colour = OUTCOME_COLOURS[outcome]
            look: Look = {"bg_color": f"#{fill}", "font_color": f"#{colour}", "bold": True}
            self.page.write_string(self.row, 1, outcome.value, self.looks.of(look | _SWATCH | _APART))
            self._text(2, words)

    def _text(self, column: int, words: str) -> None:
        """A text from `column` to the right edge, in as many lines as it needs; goes on to the next row."""
        lines = -(-len(words) // sum(_WIDTHS[column:]))
        self.page.set_row(self.row, _LINE_HEIGHT * lines + _ROW_MARGIN)
        self.page.merge_range(self.row, column, self.row, 3, words, self.looks.of(_TEXT))
        self.row += 1
