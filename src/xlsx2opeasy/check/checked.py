"""The whole check of a workbook: what the load, the converter and `check` start from."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property

import pandas as pd

from xlsx2opeasy.check.across import across_rows
from xlsx2opeasy.check.across_sheets import across_sheets
from xlsx2opeasy.check.commands import Code, Grid, RowFinding, doubtful, findings, unused
from xlsx2opeasy.check.normal import CLEAR, distinct_of, normalised
from xlsx2opeasy.check.reporting import Cells, Reporter
from xlsx2opeasy.check.schema import broken_rules
from xlsx2opeasy.check.typed import number_findings, typed_findings
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import TaskType, folded
from xlsx2opeasy.workbook.model import Sheet, Workbook

_AT_OTHER_CELLS = frozenset({Code.REQUIRED, Code.NO_GROUP, Code.NOTHING})
"""Rules whose problem is at a cell of which the value itself is not wrong."""


@dataclass(frozen=True)
class CheckedSheet:
    """A sheet, its values in the spelling that is sent, and the rows that have an error.

    `values` has the shape of `sheet.rows`; a row of `invalid` must not become a task.
    """

    sheet: Sheet
    values: pd.DataFrame
    invalid: frozenset[int]


@dataclass(frozen=True)
class Checked:
    """A checked workbook. `problems` are in the order of sheets, rows and columns."""

    workbook: Workbook
    sheets: tuple[CheckedSheet, ...]
    problems: tuple[Problem, ...]

    @property
    def total(self) -> int:
        """How many task rows there are."""
        return sum(len(each.values) for each in self.sheets)

    @property
    def invalid(self) -> int:
        """How many of them have an error."""
        return sum(len(each.invalid) for each in self.sheets)

    @cached_property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are errors."""
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)

    @cached_property
    def unskippable(self) -> tuple[Problem, ...]:
        """The errors that are at no row that would be left out, so that leaving rows out does not help."""
        left_out = {(each.sheet.title, row) for each in self.sheets for row in each.invalid}
        return tuple(each for each in self.errors if (each.sheet, each.row) not in left_out)


def check_workbook(workbook: Workbook, allowed: Collection[str] = ()) -> Checked:
    """Compares every cell of `workbook` with the catalogue. Reads nothing and sends nothing.

    `allowed` are codes of rules whose errors are warnings here; each must be one that may be allowed.
    """
    allowed = frozenset(allowed)
    sheets, problems = [], [each.under(allowed) for each in workbook.problems]
    for sheet in workbook.sheets:
        checked, found = _check_sheet(sheet, allowed)
        sheets.append(checked)
        problems += found
    for place, conflict in across_sheets([_valid_rows(each) for each in sheets]):
        found = list(Reporter(sheets[place].sheet, allowed).conflicts([conflict]))
        problems += found
        if any(map(_is_error, found)):
            sheets[place] = replace(sheets[place], invalid=sheets[place].invalid | {conflict.row})
    order = {sheet.title: position for position, sheet in enumerate(workbook.sheets)}
    problems.sort(key=lambda each: (order.get(each.sheet, -1), each.row or 0, _position(each.column)))
    return Checked(workbook, tuple(sheets), tuple(problems))


def _valid_rows(checked: CheckedSheet) -> tuple[TaskType, pd.DataFrame]:
    """The rows that become tasks."""
    values = checked.values
    return checked.sheet.task_type, values[~values.index.isin(checked.invalid)] if checked.invalid else values


def _is_error(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR


@cache
def _position(letters: str | None) -> tuple[int, str]:
    """Sorts columns as Excel does: A, B, …, Z, AA."""
    return (len(letters), letters) if letters else (0, "")


def _check_sheet(sheet: Sheet, allowed: frozenset[str]) -> tuple[CheckedSheet, list[Problem]]:
    commands = _commands(sheet)
    known = commands != ""
    columns = tuple(each.column for each in sheet.columns)
    values = sheet.rows.copy(deep=False)
    values[COMMAND_HEADER] = commands.where(known, sheet.rows[COMMAND_HEADER])
    for column in columns:
        values[column.name] = normalised(column, values[column.name])
    grid = Grid(sheet.task_type, columns, _where(known, values), sheet.unreadable)
    not_used, in_doubt = list(unused(grid)), list(doubtful(grid))
    superseded: Cells = set()
    if Code.UNUSED in allowed:
        superseded = _leave_out(values, [*not_used, *in_doubt])
        grid = Grid(sheet.task_type, columns, _where(known, values), sheet.unreadable)
    reporter = Reporter(sheet, allowed)
    of_rows = _of_known_rows(reporter, grid, not_used, in_doubt, allowed)
    superseded |= _cells(each for each in of_rows if each.rule == Code.TWO_NUMBERS)
    problems = [
        *(each for each in _of_reading(sheet, known, allowed) if (each.row, each.field) not in superseded),
        *reporter.unknown_commands(sheet.rows[COMMAND_HEADER][~known]),
        *of_rows,
    ]
    invalid = frozenset(values.index) & {each.row for each in problems if _is_error(each)}
    return CheckedSheet(sheet, values, invalid), problems


def _where(mask: "pd.Series[bool]", values: pd.DataFrame) -> pd.DataFrame:
    """The rows for which the mask holds, which are mostly all, and then no copies."""
    return values if mask.all() else values[mask]


def _leave_out(values: pd.DataFrame, not_used: list[RowFinding]) -> Cells:
    """Empties cells that their row's command does not use; gives these cells."""
    for finding in not_used:
        texts = values[finding.name]
        values[finding.name] = texts.where(~texts.index.isin(finding.rows), "")
    return _cells_of(not_used)


def _of_reading(sheet: Sheet, known: "pd.Series[bool]", allowed: frozenset[str]) -> Iterator[Problem]:
    """What the reader found; of a row with an unknown command nothing but its command cell."""
    for each in sheet.problems:
        if each.row is None or known.get(each.row, default=True) or each.field == COMMAND_HEADER:
            yield each.under(allowed)


def _of_known_rows(
    reporter: Reporter,
    grid: Grid,
    not_used: list[RowFinding],
    in_doubt: list[RowFinding],
    allowed: frozenset[str],
) -> list[Problem]:
    """What is wrong with rows whose command is known; a cell that has an error has no second one."""
    found = [*not_used, *findings(grid)]
    numbers = list(reporter.findings(grid, number_findings(grid), _cells_of(not_used)))
    wrong = _cells_of(each for each in found if each.code not in _AT_OTHER_CELLS)
    wrong |= _wrong_cells(numbers) | _wrong_cells(each.under(allowed) for each in reporter.sheet.problems)
    broken = broken_rules(grid.columns, _to_judge(grid, found))
    problems = [
        *reporter.findings(grid, found),
        *reporter.broken_rules(grid, broken, wrong),
        *reporter.conflicts(across_rows(grid)),
    ]
    wrong |= _wrong_cells(each for each in problems if each.rule not in _AT_OTHER_CELLS)
    typed = reporter.findings(grid, [*in_doubt, *typed_findings(grid)], wrong)
    noticed = (each for each in numbers if _is_error(each) or (each.row, each.field) not in wrong)
    return [*problems, *noticed, *typed]


def _wrong_cells(problems: Iterable[Problem]) -> Cells:
    """The cells that have an error."""
    return _cells(filter(_is_error, problems))


def _cells(problems: Iterable[Problem]) -> Cells:
    return {(each.row, each.field) for each in problems}


def _cells_of(found: Iterable[RowFinding]) -> Cells:
    return {(row, each.name) for each in found for row in each.rows}


def _commands(sheet: Sheet) -> "pd.Series[str]":
    """Each row's command in the Appendix's spelling, "" where it has none."""
    typed = sheet.rows[COMMAND_HEADER]
    spelled = {folded(name): name for name in sheet.task_type.command_names}
    meant = {text: spelled.get(folded(text), "") for text in distinct_of(typed).tolist()}
    return typed.map(meant).astype("str")


def _to_judge(grid: Grid, found: list[RowFinding]) -> pd.DataFrame:
    """The values that rules of their own columns apply to: no cleared cell, none that is unused."""
    columns: dict[str, pd.Series[str]] = {}
    for column in grid.columns:
        texts = grid.values[column.name]
        cleared = texts == CLEAR
        columns[column.name] = texts.mask(cleared, "") if cleared.any() else texts
    for finding in found:
        if finding.code == Code.UNUSED:
            texts = columns[finding.name]
            columns[finding.name] = texts.where(~texts.index.isin(finding.rows), "")
    return pd.DataFrame(columns, index=grid.values.index)
