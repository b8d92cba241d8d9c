"""One task sheet of a blank workbook: headers, formats, dropdowns, messages, live help, folds.

Everything but the headers is set for ranges, none for single cells, so 10,000 prepared rows weigh nothing.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from xlsxwriter.worksheet import Worksheet

from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS
from xlsx2opeasy.workbook.template.columns import TemplateColumn, TemplateSheet
from xlsx2opeasy.workbook.template.formulas import (
    COMMAND_CELL,
    breaks_rule,
    is_blank,
    is_filled,
    is_one_of,
    is_required,
    missing,
    missing_one_of,
    refused,
    unused,
)
from xlsx2opeasy.workbook.template.looks import Looks
from xlsx2opeasy.workbook.template.validations import command_validation, message_alone, validation

ROWS = 10_000
"""How many rows below the headers are prepared. A blank workbook with all sheets has 30 KB, one with 10,000
users filled in 0.5 MB, which LibreOffice opens and saves again in 3 to 4 seconds."""

_COMMAND_WIDTH = 24
_RESULT_WIDTHS = (12, 11, 32, 14)
"""They stay in view while one scrolls, and so must not fill the window."""

_HEADER_HEIGHT = 30
_A3 = 8


class SheetWriter:
    """Writes one task sheet."""

    def __init__(self, page: Worksheet, sheet: TemplateSheet, looks: Looks) -> None:
        self.page = page
        self.sheet = sheet
        self.looks = looks
        self.first_result = sheet.first_result
        self.last_column = len(sheet.columns) + len(RESULT_COLUMNS)

    def write(self) -> None:
        """Writes everything."""
        self._command_column()
        odd = False
        for family, columns in groupby(self.sheet.columns, key=lambda each: each.family):
            for column in columns:
                self._column(column, odd=odd)
            odd = odd != bool(family)
        self._result_columns()
        self._live_help()
        self._frame()

    def _command_column(self) -> None:
        self.page.set_column(0, 0, _COMMAND_WIDTH, self.looks.body())
        self.page.write_string(0, 0, COMMAND_HEADER, self.looks.header("", needed=True))
        rule = command_validation(self.sheet)
        self._validate(0, rule)

    def _column(self, column: TemplateColumn, *, odd: bool) -> None:
        of = column.name.partition(".")[0]
        header = self.looks.header(of, odd=odd, needed=is_required(self.sheet, column) is not None)
        width = max(len(column.name) + 4, min(len(column.field.example) + 3, 40))
        level = {"level": column.level} if column.level else {}
        self.page.set_column(column.number, column.number, width, self.looks.body(column.field.kind), level)
        self.page.write_string(0, column.number, column.name, header)
        self._validate(column.number, validation(self.sheet, column))

    def _validate(self, column: int, rule: Mapping[str, Any]) -> None:
        """`rule` for the rows below the header, and its message alone at the header."""
        _accepted(self.page.data_validation(1, column, ROWS, column, dict(rule)))
        _accepted(self.page.data_validation(0, column, 0, column, message_alone(rule)))

    def _result_columns(self) -> None:
        for column, (name, width) in enumerate(
            zip(RESULT_COLUMNS, _RESULT_WIDTHS, strict=True), start=self.first_result
        ):
            self.page.set_column(column, column, width, self.looks.body())
            self.page.write_string(0, column, name, self.looks.result_header())

    def _live_help(self) -> None:
        """The conditional formats; the earlier one counts where two hold."""
        self._mark("A", f"AND({is_filled(COMMAND_CELL)},NOT({self._known_command()}))", "wrong")
        if self.sheet.columns:
            spans = _spans([column.number for column in self.sheet.columns]).split()
            cells = ",".join(_cells_of(span) for span in spans)
            self._mark("A", f"AND({is_blank(COMMAND_CELL)},COUNTA({cells})>0)", "missing")
        for column in self.sheet.columns:
            for condition, mark in (
                (breaks_rule(column.field, column.cell), "wrong"),
                (refused(self.sheet, column), "wrong"),
                (missing(self.sheet, column), "missing"),
                (missing_one_of(self.sheet, column), "one of"),
            ):
                if condition:
                    self._mark(column.letters, condition, mark)
        self._mark_unused()

    def _known_command(self) -> str:
        return is_one_of(f"TRIM({COMMAND_CELL})", self.sheet.commands)

    def _mark_unused(self) -> None:
        """One rule for all columns that the same commands use; red where they are filled."""
        by_condition: dict[str, list[TemplateColumn]] = {}
        for column in self.sheet.columns:
            if condition := unused(self.sheet, column):
                by_condition.setdefault(condition, []).append(column)
        for condition, columns in by_condition.items():
            spans = _spans([column.number for column in columns])
            first = f"{columns[0].letters}2"
            self._mark(spans, f"AND({is_filled(first)},{condition})", "wrong")
            self._mark(spans, condition, "unused")

    def _mark(self, columns: str, condition: str, mark: str) -> None:
        """`columns`: `B`, or spans such as `B:D F`; the formula refers to row 2 and of the first of them."""
        ranges = " ".join(_rows_of(span) for span in columns.split())
        rule = {
            "type": "formula",
            "criteria": f"={condition}",
            "format": self.looks.mark(mark),
            "multi_range": ranges,
            "stop_if_true": True,
        }
        _accepted(self.page.conditional_format(ranges.split(":")[0], rule))

    def _frame(self) -> None:
        self.page.set_row(0, _HEADER_HEIGHT)
        self.page.freeze_panes(1, self.first_result + len(RESULT_COLUMNS))
        self.page.autofilter(0, 0, ROWS, self.last_column)
        self.page.outline_settings(visible=True, symbols_below=False, symbols_right=False, auto_style=False)
        self.page.ignore_errors({"number_stored_as_text": f"A1:{letters_of(self.last_column + 1)}{ROWS + 1}"})
        self.page.set_landscape()
        self.page.set_paper(_A3)
        self.page.repeat_rows(0)
        self.page.repeat_columns(0, self.first_result - 1)


def _spans(numbers: list[int]) -> str:
    """Columns as spans: `B:D F`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return " ".join(f"{letters_of(first + 1)}:{letters_of(last + 1)}" for first, last in spans)


def _cells_of(span: str) -> str:
    """The cells of row 2 in a span of columns."""
    first, _, last = span.partition(":")
    return f"${first}2:${last or first}2"


def _rows_of(span: str) -> str:
    first, _, last = span.partition(":")
    return f"{first}2:{last or first}{ROWS + 1}"


def _accepted(answer: int | None) -> None:
    """XlsxWriter leaves out what it does not accept, and says so by a number only."""
    if answer:
        raise ValueError("XlsxWriter refused a validation or a conditional format of the catalogue.")
