"""What the check found, as problems at cells: the one place where findings become words."""

from collections.abc import Iterable, Iterator

import pandas as pd

from xlsx2opeasy.check import words
from xlsx2opeasy.check.across import Conflict
from xlsx2opeasy.check.commands import Code, Finding, Grid
from xlsx2opeasy.check.schema import Broken
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.rules import OneOf
from xlsx2opeasy.workbook.model import Sheet

UNKNOWN_COMMAND = "command"


class Teller:
    """Tells the problems of one sheet. Values are shown as they were typed, secrets masked."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._letters = {each.name: each.letter for each in sheet.columns}

    def unknown_commands(self, typed: "pd.Series[str]") -> Iterator[Problem]:
        """Of the rows whose command the sheet does not have; nothing else is told of them."""
        for row, text in _cells(typed):
            if (row, COMMAND_HEADER) not in self._sheet.unreadable:
                message, hint = words.of_unknown_command(self._sheet.task_type, text)
                yield self._problem(UNKNOWN_COMMAND, row, COMMAND_HEADER, text or None, message, hint)

    def findings(self, grid: Grid, found: Iterable[Finding]) -> Iterator[Problem]:
        """Of what commands ask of their rows. A missing call center is found twice, and told once."""
        told = set()
        for finding in found:
            for problem in self._of_finding(grid, finding):
                key = (problem.row, problem.field, problem.rule)
                if key not in told:
                    told.add(key)
                    yield problem

    def _of_finding(self, grid: Grid, finding: Finding) -> Iterator[Problem]:
        rows, field, name = finding.rows, finding.field, finding.name
        present = name in grid.filled
        texts = self._sheet.rows[name].loc[rows].tolist() if present else [""] * len(rows)
        for row, text, command in zip(rows.tolist(), texts, grid.command.loc[rows], strict=True):
            if (row, name) not in self._sheet.unreadable:
                value = words.shown(field, text) if text else None
                of = self._sheet.task_type
                message, hint = words.of_finding(of, finding, command, value or "", present=present)
                yield self._problem(finding.code, row, name, value, message, hint)

    def broken_rules(self, all_broken: Iterable[Broken], found: Iterable[Finding]) -> Iterator[Problem]:
        """Of values that break a rule of their own column, where nothing is wrong with the cell already."""
        told = {(row, each.name) for each in found if each.code != Code.REQUIRED for row in each.rows}
        for broken in all_broken:
            field, name = broken.column.field, broken.column.name
            rule = field.rule(broken.code)
            severity = Severity.WARNING if isinstance(rule, OneOf) and rule.open else Severity.ERROR
            for row, text in _cells(self._sheet.rows[name].loc[broken.rows]):
                if (row, name) not in told:
                    message, hint = words.of_broken_rule(field, broken.code, text)
                    value = words.shown(field, text)
                    yield self._problem(broken.code, row, name, value, message, hint, severity)

    def conflicts(self, conflicts: Iterable[Conflict]) -> Iterator[Problem]:
        """Of rows that do not go with others."""
        for each in conflicts:
            value = str(self._sheet.rows[each.name].at[each.row]) if each.name in self._sheet.rows else None
            yield self._problem(each.code, each.row, each.name, value, each.message, each.hint, each.severity)

    def _problem(
        self,
        code: str,
        row: int,
        name: str,
        value: str | None,
        message: str,
        hint: str,
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """At its cell; where the sheet has no such column, at the command that asks for it."""
        letter = self._letters.get(name, self._sheet.command_letter)
        return Problem(self._sheet.title, code, message, hint, row, letter or None, name, value, severity)


def _cells(texts: "pd.Series[str]") -> Iterator[tuple[int, str]]:
    """Excel's row number and the text of each."""
    return zip(texts.index.tolist(), texts.tolist(), strict=True)
