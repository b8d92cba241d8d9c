"""What the check found, as problems at cells in the registry's words."""

from collections.abc import Collection, Iterable, Iterator, Set
from typing import TypeAlias

import pandas as pd

from xlsx2opeasy.check import words
from xlsx2opeasy.check.across import Conflict
from xlsx2opeasy.check.commands import Code, Grid, RowFinding
from xlsx2opeasy.check.schema import Broken
from xlsx2opeasy.check.words import Wording
from xlsx2opeasy.problems import Problem, Severity, problem
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.workbook.model import Sheet

UNKNOWN_COMMAND = "command"
Cells: TypeAlias = Set[tuple[int | None, str | None]]
"""Row and header of each; a problem of a whole sheet has none."""


class Reporter:
    """Makes the problems of one sheet. Values are shown as they were typed, secrets masked."""

    def __init__(self, sheet: Sheet, allowed: Collection[str]) -> None:
        self.sheet = sheet
        self._allowed = allowed
        self._letters = {each.name: each.letter for each in sheet.columns}

    def unknown_commands(self, typed: "pd.Series[str]") -> Iterator[Problem]:
        """Of the rows whose command the sheet does not have; they have no other problem."""
        for row, text in _cells(typed):
            if (row, COMMAND_HEADER) not in self.sheet.unreadable:
                wording = words.wording_of_unknown_command(self.sheet.task_type, text)
                yield self._problem(UNKNOWN_COMMAND, row, COMMAND_HEADER, text or None, wording)

    def findings(
        self, grid: Grid, found: Iterable[RowFinding], without: Cells = frozenset()
    ) -> Iterator[Problem]:
        """Of what commands ask of their rows. A missing call center is found twice, and reported once."""
        reported = set()
        for finding in found:
            for each in self._of_finding(grid, finding, without):
                key = (each.row, each.field, each.rule)
                if key not in reported:
                    reported.add(key)
                    yield each

    def _of_finding(self, grid: Grid, finding: RowFinding, without: Cells) -> Iterator[Problem]:
        rows, name, of = finding.rows, finding.name, self.sheet.task_type
        present = name in grid.filled
        texts = self.sheet.rows[name].loc[rows].tolist() if present else [""] * len(rows)
        left_out = Code.UNUSED in self._allowed
        for row, text, command in zip(rows.tolist(), texts, grid.command.loc[rows], strict=True):
            if (row, name) not in self.sheet.unreadable and (row, name) not in without:
                wording = words.wording_of_finding(
                    of, finding, command, text, present=present, left_out=left_out
                )
                value = words.shown(finding.field, text) if text else None
                yield self._problem(finding.code, row, name, value, wording)

    def broken_rules(self, grid: Grid, all_broken: Iterable[Broken], without: Cells) -> Iterator[Problem]:
        """Of values that break a rule of their own column, where nothing is wrong with the cell already."""
        for broken in all_broken:
            field, name = broken.column.field, broken.column.name
            commands = grid.command.loc[broken.rows].tolist()
            cells = _cells(self.sheet.rows[name].loc[broken.rows])
            for (row, text), command in zip(cells, commands, strict=True):
                if (row, name) not in without:
                    wording = words.wording_of_broken_rule(field, broken.code, text, command)
                    yield self._problem(broken.code, row, name, words.shown(field, text), wording)

    def conflicts(self, conflicts: Iterable[Conflict]) -> Iterator[Problem]:
        """Of rows that conflict with others."""
        for each in conflicts:
            value = str(self.sheet.rows[each.name].at[each.row]) if each.name in self.sheet.rows else None
            wording = Wording(each.places, each.variant, each.severity is Severity.WARNING)
            yield self._problem(each.code, each.row, each.name, value, wording)

    def _problem(self, code: str, row: int, name: str, value: str | None, wording: Wording) -> Problem:
        """At its cell; where the sheet has no such column, at the command that asks for it."""
        return problem(
            code,
            self.sheet.title,
            row=row,
            column=self._letters.get(name, self.sheet.command_letter) or None,
            field=name,
            shown=value,
            variant=wording.variant,
            severity=Severity.WARNING if wording.softer else None,
            places=wording.places,
        ).under(self._allowed)


def _cells(texts: "pd.Series[str]") -> Iterator[tuple[int, str]]:
    """Excel's row number and the text of each."""
    return zip(texts.index.tolist(), texts.tolist(), strict=True)
