"""The whole check of a workbook: what the load, the converter and `check` start from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from openpyxl.utils import column_index_from_string

from xlsx2opeasy.check import words
from xlsx2opeasy.check.across import across_rows
from xlsx2opeasy.check.commands import Code, Finding, Grid, findings, unused
from xlsx2opeasy.check.normal import CLEAR, normalised
from xlsx2opeasy.check.schema import broken_rules
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER, nearest
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.spec.rules import OneOf
from xlsx2opeasy.workbook.model import Sheet, Workbook


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
        """The errors that stand at no row, so that leaving rows out does not help."""
        return tuple(each for each in self.errors if each.row is None)


def check_workbook(workbook: Workbook) -> Checked:
    """Holds every cell of `workbook` against the catalogue. Reads nothing and sends nothing."""
    sheets, problems = [], list(workbook.problems)
    for sheet in workbook.sheets:
        checked, found = _check_sheet(sheet)
        sheets.append(checked)
        problems += found
    order = {sheet.title: position for position, sheet in enumerate(workbook.sheets)}
    problems.sort(key=lambda each: (order.get(each.sheet, -1), each.row or 0, _position(each.column)))
    return Checked(workbook, tuple(sheets), tuple(problems))


def _is_error(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR


def _position(letters: str | None) -> int:
    return column_index_from_string(letters) if letters else 0


def _check_sheet(sheet: Sheet) -> tuple[CheckedSheet, list[Problem]]:
    commands, wrong_commands = _commands(sheet)
    known = commands != ""
    columns = tuple(each.column for each in sheet.columns)
    values = sheet.rows.copy(deep=False)
    values[COMMAND_HEADER] = commands.where(known, sheet.rows[COMMAND_HEADER])
    for column in columns:
        values[column.name] = normalised(column, values[column.name])
    grid = Grid(sheet.task_type, columns, values[known], sheet.unreadable)
    found = [*unused(grid), *findings(grid)]
    problems = _once(problem for each in found for problem in _problems(sheet, grid, each))
    problems += _rule_problems(sheet, grid, found)
    problems += _conflicts(sheet, grid)
    read = [each for each in sheet.problems if each.row is None or known.get(each.row, default=True)]
    problems = [*read, *wrong_commands, *problems]
    invalid = frozenset(each.row for each in problems if _is_error(each) and each.row is not None)
    return CheckedSheet(sheet, values, invalid & frozenset(values.index)), problems


def _commands(sheet: Sheet) -> tuple["pd.Series[str]", list[Problem]]:
    """Each row's command in the Appendix's spelling ("" where none), and what is wrong with the rest."""
    typed = sheet.rows[COMMAND_HEADER]
    spelled = {folded(name): name for name in sheet.task_type.command_names}
    meant = {text: spelled.get(folded(text), "") for text in typed.unique()}
    commands = typed.map(meant).astype("str")
    problems = [
        _command_problem(sheet, row, text)
        for row, text in _cells(typed[commands == ""])
        if (row, COMMAND_HEADER) not in sheet.unreadable
    ]
    return commands, problems


def _cells(texts: "pd.Series[str]") -> Iterator[tuple[int, str]]:
    """Excel's row number and the text of each."""
    return zip(texts.index.tolist(), texts.tolist(), strict=True)


def _command_problem(sheet: Sheet, row: int, text: str) -> Problem:
    names = sheet.task_type.command_names
    listed = ", ".join(names[:-1]) + (" or " if len(names) > 1 else "") + names[-1]
    suggestion = nearest(text, names) if text else None
    message = f'"{text}" is no command of {sheet.task_type.name}' if text else "the command is missing"
    hint = f"did you mean {suggestion}?" if suggestion else f"please write {listed}"
    return _problem(sheet, "command", row, COMMAND_HEADER, text or None, message, hint)


def _problem(
    sheet: Sheet,
    code: str,
    row: int,
    name: str,
    value: str | None,
    message: str,
    hint: str,
    severity: Severity = Severity.ERROR,
) -> Problem:
    """A problem at a cell; where the sheet has no such column, at the command that asks for it."""
    letters = {each.name: each.letter for each in sheet.columns}
    letter = letters.get(name, sheet.command_letter)
    return Problem(sheet.title, code, message, hint, row, letter, name, value, severity)


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """A missing call center is found twice, as the row's only one and as its list's: it is told once."""
    return list({(each.row, each.field, each.rule): each for each in problems}.values())


def _problems(sheet: Sheet, grid: Grid, finding: Finding) -> Iterator[Problem]:
    present = finding.name in grid.filled
    texts = sheet.rows[finding.name].loc[finding.rows] if present else finding.rows.map(lambda _: "")
    for row, text, command in zip(finding.rows.tolist(), texts, grid.command.loc[finding.rows], strict=True):
        if (row, finding.name) not in sheet.unreadable:
            value = words.shown(finding.field, text) if text else None
            message, hint = words.of_finding(sheet.task_type, finding, command, value or "", present=present)
            yield _problem(sheet, finding.code, row, finding.name, value, message, hint)


def _rule_problems(sheet: Sheet, grid: Grid, found: list[Finding]) -> Iterator[Problem]:
    told = {(row, finding.name) for finding in found if finding.code != Code.REQUIRED for row in finding.rows}
    frame = _to_judge(grid, found)
    for broken in broken_rules(grid.columns, frame):
        field, name = broken.column.field, broken.column.name
        rule = field.rule(broken.code)
        severity = Severity.WARNING if isinstance(rule, OneOf) and rule.open else Severity.ERROR
        for row, text in _cells(sheet.rows[name].loc[broken.rows]):
            if (row, name) not in told:
                message, hint = words.of_broken_rule(field, broken.code, text)
                yield _problem(
                    sheet, broken.code, row, name, words.shown(field, text), message, hint, severity
                )


def _conflicts(sheet: Sheet, grid: Grid) -> Iterator[Problem]:
    for each in across_rows(grid):
        text = str(sheet.rows[each.name].at[each.row]) if each.name in sheet.rows else None
        yield _problem(sheet, each.code, each.row, each.name, text, each.message, each.hint, each.severity)


def _to_judge(grid: Grid, found: list[Finding]) -> pd.DataFrame:
    """The values that rules of their own columns apply to: no cleared cell, none that is unused."""
    columns: dict[str, pd.Series[str]] = {}
    for column in grid.columns:
        texts = grid.values[column.name]
        columns[column.name] = texts.where(texts != CLEAR, "")
    for finding in found:
        if finding.code == Code.UNUSED:
            columns[finding.name] = columns[finding.name].where(
                ~columns[finding.name].index.isin(finding.rows), ""
            )
    return pd.DataFrame(columns, index=grid.values.index)
