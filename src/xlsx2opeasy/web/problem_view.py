"""What is wrong with a workbook: grouped by cause, and row by row with fields to correct.

A cell has one field however many problems it has. Values of secret fields are never shown.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from xlsx2opeasy.check.checked import Checked
from xlsx2opeasy.ooxml.address import column_of
from xlsx2opeasy.problems import MASK, Problem, Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER, task_type_of_sheet
from xlsx2opeasy.spec.model import Field, Kind
from xlsx2opeasy.spec.rules import OneOf
from xlsx2opeasy.spec.words import rule_words
from xlsx2opeasy.workbook.model import Sheet

CELLS_SHOWN = 8
"""Of a group, as links."""


@dataclass(frozen=True, slots=True)
class CellView:
    """A wrong cell. `choices` are all values it may have, `suggestions` some of them."""

    sheet: str
    row: int
    column: int
    name: str
    value: str
    secret: bool
    header: str
    choices: tuple[str, ...]
    suggestions: tuple[str, ...]
    help: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]

    @property
    def anchor(self) -> str:
        """The cell's place on the page."""
        return f"cell-{self.name}"


@dataclass(frozen=True, slots=True)
class RowView:
    """A row with wrong cells; `identity` says whose row it is."""

    sheet: str
    row: int
    identity: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Problems with one cause; `positions` are those of their rows among the view's `places`."""

    key: int
    problems: tuple[Problem, ...]
    positions: tuple[int, ...]

    @property
    def first(self) -> Problem:
        """The one whose words are shown."""
        return self.problems[0]


@dataclass(frozen=True)
class ProblemView:
    """The problems of one severity of a checked workbook."""

    checked: Checked
    severity: Severity

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """All of this severity."""
        return tuple(each for each in self.checked.problems if each.severity is self.severity)

    @cached_property
    def elsewhere(self) -> tuple[Problem, ...]:
        """Those at no cell: of a sheet or the whole workbook."""
        return tuple(each for each in self.problems if each.cell is None)

    @cached_property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Sheet and row of each row that has a wrong cell, in the order of the workbook."""
        return tuple(self._by_row)

    def position(self, sheet: str, row: int | None) -> int:
        """The place of a row among `places`."""
        return self._positions[sheet, row or 0]

    @cached_property
    def _positions(self) -> dict[tuple[str, int], int]:
        return {place: number for number, place in enumerate(self.places)}

    @cached_property
    def _by_row(self) -> dict[tuple[str, int], list[Problem]]:
        found: dict[tuple[str, int], list[Problem]] = {}
        for each in self.problems:
            if each.cell is not None and each.row is not None:
                found.setdefault((each.sheet, each.row), []).append(each)
        return found

    @cached_property
    def groups(self) -> tuple[ProblemGroup, ...]:
        """The causes, the commonest first."""
        by_cause: dict[tuple[object, ...], list[Problem]] = defaultdict(list)
        for each in self.problems:
            if each.cell is not None:
                by_cause[each.sheet, each.field, each.rule].append(each)
        ordered = sorted(by_cause.values(), key=len, reverse=True)
        return tuple(
            ProblemGroup(
                number, tuple(group), tuple(sorted({self.position(each.sheet, each.row) for each in group}))
            )
            for number, group in enumerate(ordered)
        )

    def rows(self, positions: Sequence[int]) -> list[RowView]:
        """The rows at these positions of `places`."""
        return [self._row(*self.places[each]) for each in positions]

    def position_of(self, cell: str) -> int | None:
        """The place among `places` of the row of this cell (`Users!A3`)."""
        sheet, _, address = cell.rpartition("!")
        digits = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 8):
            return None
        return self._positions.get((sheet, int(digits)))

    def cell(self, name: str) -> CellView | None:
        """The wrong cell of this name (`Users!A3`)."""
        position = self.position_of(name)
        if position is None:
            return None
        return next((each for each in self._row(*self.places[position]).cells if each.name == name), None)

    def _row(self, title: str, row: int) -> RowView:
        by_column: dict[str, list[Problem]] = {}
        for each in self._by_row[title, row]:
            by_column.setdefault(each.column or "", []).append(each)
        sheet = self._sheets.get(title)
        cells = [_cell(title, row, letter, problems, sheet) for letter, problems in by_column.items()]
        return RowView(title, row, _identity(sheet, row), tuple(sorted(cells, key=lambda each: each.column)))

    @cached_property
    def _sheets(self) -> dict[str, Sheet]:
        return {each.sheet.title: each.sheet for each in self.checked.sheets}


def _identity(sheet: Sheet | None, row: int) -> str:
    """Whose row it is, by the fields that say what a task is about; "" for the header row."""
    if sheet is None or row not in sheet.rows.index:
        return ""
    named = [each.name.replace("[n]", "[0]") for each in sheet.task_type.subjects if not each.secret]
    texts = (str(sheet.rows.at[row, name]) for name in named if name in sheet.rows)
    return " · ".join(text for text in texts if text)


def _cell(title: str, row: int, letter: str, problems: list[Problem], sheet: Sheet | None) -> CellView:
    task_type = sheet.task_type if sheet else task_type_of_sheet(title)
    column = next((each for each in sheet.columns if each.letter == letter), None) if sheet else None
    is_header = sheet is not None and row == sheet.header_row
    is_command = sheet is not None and letter == sheet.command_letter
    field = column.column.field if column and not is_header else None
    secret = bool(field and field.secret)
    value = next((each.value for each in problems if each.value is not None), "")
    header = COMMAND_HEADER if is_command else column.name if column else problems[0].field or ""
    if sheet is not None and not is_header and row in sheet.rows.index and header in sheet.rows:
        value = str(sheet.rows.at[row, header]) or ("" if is_command else value)
    choices: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    if is_header and task_type is not None:
        header = ""
        suggestions = (COMMAND_HEADER, *(each.name for each in task_type.fields))
    elif is_command and task_type is not None:
        choices = task_type.command_names
    elif field is not None:
        choices, suggestions = _values(field)
    return CellView(
        title,
        row,
        column_of(letter),
        f"{title}!{letter}{row}",
        "" if secret or value == MASK else value,
        secret,
        header,
        choices,
        suggestions,
        _help(field) if field else (),
        tuple(problems),
    )


def _values(field: Field) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All values that a cell may have, where they are listed; else those that are suggested."""
    if field.kind is Kind.BOOLEAN:
        return ("TRUE", "FALSE"), ()
    rule = next((each for each in field.rules if isinstance(each, OneOf)), None)
    if rule is None:
        return (), ()
    return ((), rule.values) if rule.open or field.kind is Kind.TEXTS else (rule.values, ())


def _help(field: Field) -> tuple[tuple[str, str], ...]:
    facts = (("", field.description), ("Allowed", rule_words(field)), ("Example", field.example))
    return tuple((label, words) for label, words in facts if words)
