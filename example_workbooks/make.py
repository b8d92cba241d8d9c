"""Makes the example workbooks: the same bytes each time, so that a stale one is noticed.

    python example_workbooks/make.py [FOLDER]

Everybody and everything in them is invented: example domains, numbers 555-0100 to 555-0199, and MAC
addresses out of the locally administered range.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import branch_office
import leavers
import migration
import typical_mistakes
import xlsxwriter
from content import Example, FailedFormula, Sheet
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import Kind
from xlsx2opeasy.spec.rules import OneOf

EXAMPLES = (branch_office.EXAMPLE, leavers.EXAMPLE, typical_mistakes.EXAMPLE, migration.EXAMPLE)

_MADE = datetime(2026, 11, 2, 8, 0, tzinfo=UTC).replace(tzinfo=None)
_SPARE_ROWS = 200
"""How far below the last row the dropdowns go on, for rows to come."""

_HEADER_COLOURS = {"user": "#1F4E78", "device": "#375623", "#": "#7F7F7F"}
_OTHER_HEADER_COLOUR = "#203864"
_NARROWEST, _WIDEST = 9, 52
_HEADER_HEIGHT = 22


class Maker:
    """Writes one workbook."""

    def __init__(self, example: Example, folder: Path) -> None:
        # In memory, because the file's date in the archive would follow the time zone otherwise.
        self.book = xlsxwriter.Workbook(folder / example.file_name, {"in_memory": True})
        self.book.set_properties({"title": example.title, "author": "Telephony team", "created": _MADE})
        self.example = example
        self.text = self.book.add_format({"num_format": "@", "valign": "top"})
        self.plain = self.book.add_format({"valign": "top"})
        self.number = self.book.add_format({"valign": "top", "align": "center"})
        # Excel shows a boolean as TRUE whatever its format; LibreOffice shows 1 without this one.
        truth = {"num_format": '"TRUE";"TRUE";"FALSE"', "valign": "top", "align": "center"}
        self.truth = self.book.add_format(truth)
        self.day = self.book.add_format({"num_format": "d-mmm", "valign": "top"})
        self.note = self.book.add_format({"italic": True, "font_color": "#595959", "valign": "top"})
        self.headers: dict[str, Format] = {}

    def make(self) -> None:
        """Writes all sheets and the file."""
        for sheet in self.example.sheets:
            self._write(sheet, self.book.add_worksheet(sheet.task_type))
        self.book.close()

    def _write(self, sheet: Sheet, page: Worksheet) -> None:
        page.set_row(0, _HEADER_HEIGHT)
        for column, header in enumerate(sheet.headers):
            page.write_string(0, column, header, self._header(header))
            width = _width([header, *(row.get(header, "") for row in sheet.rows)])
            page.set_column(column, column, width, self._format(sheet, header))
        for number, row in enumerate(sheet.rows, start=1):
            for column, header in enumerate(sheet.headers):
                if header in row:
                    self._cell(page, number, column, row[header], self._format(sheet, header))
        if self.example.careful:
            self._dropdowns(sheet, page)
        page.freeze_panes(1, sheet.frozen_columns)
        page.autofilter(0, 0, len(sheet.rows), len(sheet.headers) - 1)
        page.set_landscape()
        page.set_paper(8)  # A3
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)

    def _cell(self, page: Worksheet, row: int, column: int, value: object, form: Format) -> None:
        if isinstance(value, bool):
            page.write_boolean(row, column, value, form)
        elif isinstance(value, int | float):
            page.write_number(row, column, value, form)
        elif isinstance(value, date):
            page.write_datetime(row, column, value, self.day)
        elif isinstance(value, FailedFormula):
            page.write_formula(row, column, value.formula, form, value.error)
        else:
            page.write_string(row, column, str(value), form)

    def _dropdowns(self, sheet: Sheet, page: Worksheet) -> None:
        for column, header in enumerate(sheet.headers):
            if choices := _choices(sheet.task_type, header):
                rule = {"validate": "list", "source": list(choices), "error_type": "warning"}
                page.data_validation(1, column, len(sheet.rows) + _SPARE_ROWS, column, rule)

    def _format(self, sheet: Sheet, header: str) -> Format:
        """Text for the columns of texts, as whoever has lost a leading zero before does it."""
        if header.startswith("#"):
            return self.note
        found = BY_NAME[sheet.task_type].column(header)
        if found is None or found.field.kind in {Kind.TEXT, Kind.TEXTS}:
            return self.text if self.example.careful else self.plain
        return self.truth if found.field.kind is Kind.BOOLEAN else self.number

    def _header(self, header: str) -> Format:
        colour = _HEADER_COLOURS.get(header.partition(".")[0].partition(" ")[0], _OTHER_HEADER_COLOUR)
        if colour not in self.headers:
            look = {
                "bold": True,
                "font_color": "#FFFFFF",
                "bg_color": colour,
                "border": 1,
                "valign": "vcenter",
            }
            self.headers[colour] = self.book.add_format(look | {"border_color": "#BFBFBF"})
        return self.headers[colour]


def _choices(task_type: str, header: str) -> Sequence[str]:
    """What the dropdown of a column offers; empty where it has none."""
    if header == "command":
        return BY_NAME[task_type].command_names
    found = BY_NAME[task_type].column(header)
    if found is None or found.field.kind is Kind.TEXTS:
        return ()  # a cell of a list may hold several of the values, which a dropdown would refuse
    if found.field.kind is Kind.BOOLEAN:
        return ("TRUE", "FALSE")
    return next((rule.values for rule in found.field.rules if isinstance(rule, OneOf)), ())


def _width(values: Iterable[object]) -> int:
    return min(max(_NARROWEST, *(len(str(value)) + 3 for value in values)), _WIDEST)


def main(folder: Path) -> None:
    """Writes every example into the folder."""
    for example in EXAMPLES:
        Maker(example, folder).make()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
