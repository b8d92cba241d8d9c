"""Problems of a workbook as lines: what `check`, `plan`, `convert`, `load` and `import` show of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

import click

from xlsx2opeasy.cli.output import counted, is_terminal, rows_in_words, say_styled, tell_styled
from xlsx2opeasy.display import on_terminal
from xlsx2opeasy.problems import Problem, Severity

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked

SHOWN_OF_A_KIND = 3
"""How many problems of one kind in one column are shown in full; of a kind in several columns, one."""
MOST_PLACES = 8
"""How many of the other places are named with a suggestion of their own."""
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


class ProblemLine(NamedTuple):
    """A line about a problem: where it is, what is wrong; `further` marks one that continues the last."""

    where: str
    words: str
    severity: Severity
    further: bool = False

    @property
    def plain(self) -> str:
        """As a file or a pipe gets it: a warning begins with `warning:`."""
        return _joined(self._indent, self._mark, self.where, self.words)

    @property
    def styled(self) -> str:
        """As a terminal shows it: the cell first, in the colour of its severity."""
        where = click.style(on_terminal(self.where), fg=_COLOURS[self.severity], bold=True)
        return _joined(self._indent, where if self.where else "", self._mark, on_terminal(self.words))

    @property
    def _mark(self) -> str:
        return "warning:" if self.severity is Severity.WARNING and not self.further else ""

    @property
    def _indent(self) -> str:
        return "   " if self.further else ""


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def show_problems(problems: Sequence[Problem], stream: TextIO) -> None:
    """Prints them to a stream, for a person or for a program."""
    for line in problem_lines(problems):
        write = say_styled if stream is sys.stdout else tell_styled
        write(line.styled if is_terminal(stream) else on_terminal(line.plain))


def summary(workbook: Path, checked: Checked) -> str:
    """One line: how many rows are right, and how many problems there are."""
    errors = len(checked.errors)
    warnings = len(checked.problems) - errors
    said = f"{workbook}: {counted(checked.total, 'row')}, {checked.total - checked.invalid:,} valid"
    said += f", {counted(errors, 'error')}" if errors else ", no errors"
    return said + (f", {counted(warnings, 'warning')}" if warnings else "")


def other_sheets(titles: Sequence[str]) -> Iterable[str]:
    """A line that names the sheets that are left alone, where there are any."""
    if titles:
        yield f"left alone: {', '.join(titles)}"


def problem_lines(problems: Sequence[Problem]) -> Iterable[ProblemLine]:
    """The lines of `check`: errors first, equal causes together, each in the order of its first cell."""
    causes: dict[tuple[object, ...], list[Problem]] = {}
    for problem in problems:
        causes.setdefault((problem.severity, problem.sheet, problem.rule), []).append(problem)
    for cause in sorted(causes.values(), key=lambda each: each[0].severity is not Severity.ERROR):
        yield from _lines_of(cause)


def _lines_of(cause: Sequence[Problem]) -> Iterable[ProblemLine]:
    """Few problems in full; of many, the first ones, and where the others are."""
    columns = {problem.field for problem in cause}
    shown = len(cause)
    if len(cause) > SHOWN_OF_A_KIND and all(problem.row is not None for problem in cause):
        shown = SHOWN_OF_A_KIND if len(columns) == 1 or len(cause) <= 2 * SHOWN_OF_A_KIND else 1
    for problem in cause[:shown]:
        yield _line(problem)
    rest = cause[shown:]
    if rest:
        noun = "error" if rest[0].severity is Severity.ERROR else "warning"
        places = _places(rest, {problem.hint for problem in cause[:shown]})
        words = f"and {counted(len(rest), noun)} more of this kind: {places}"
        yield ProblemLine("", words, rest[0].severity, further=True)


def _places(rest: Sequence[Problem], known_hints: set[str]) -> str:
    """Where the problems are; cells whose remedy was not shown yet come with it."""
    own = [problem for problem in rest if problem.hint not in known_hints]
    named = own[:MOST_PLACES]
    others = [*own[MOST_PLACES:], *(problem for problem in rest if problem.hint in known_hints)]
    parts = [f"{problem.cell} ({_suggestion(problem.hint)})" for problem in named]
    if others:
        parts.append(_ranges(others))
    return "; ".join(parts)


def _suggestion(hint: str) -> str:
    """`did you mean AddUser?` of a longer remedy; any other remedy whole."""
    return hint[hint.rindex("did you mean") :] if "did you mean" in hint else hint


def _ranges(problems: Sequence[Problem]) -> str:
    """`rows 7, 9-12`, or by column: `F rows 7-9, G-K row 3`."""
    rows_of: dict[str, set[int]] = {}
    for problem in problems:
        rows_of.setdefault(problem.column or "", set()).add(problem.row or 0)
    if len(rows_of) == 1:
        rows = next(iter(rows_of.values()))
        return f"{'row' if len(rows) == 1 else 'rows'} {rows_in_words(rows)}"
    by_rows: dict[frozenset[int], list[str]] = {}
    for column, rows in rows_of.items():
        by_rows.setdefault(frozenset(rows), []).append(column)
    return "; ".join(
        f"{'column' if len(columns) == 1 else 'columns'} {', '.join(columns)},"
        f" {'row' if len(rows) == 1 else 'rows'} {rows_in_words(rows)}"
        for rows, columns in by_rows.items()
    )


def _line(problem: Problem) -> ProblemLine:
    """`Users!F7 user.extension "12a" holds more than digits, write … [digits]`."""
    where = f"{problem.sheet}!{problem.cell}" if problem.cell else problem.sheet
    if not problem.cell and f'"{problem.sheet}"' in problem.words:
        where = ""  # the sentence names the sheet
    words = f"{problem.field} {problem.words}" if problem.field else problem.words
    return ProblemLine(where, f"{words} [{problem.rule}]", problem.severity)
