"""Problems of a workbook as lines: what `check`, `plan`, `convert`, `load` and `import` show of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx2opeasy.cli.output import counted, rows_in_words
from xlsx2opeasy.problems import Problem, Severity

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked

SHOWN_OF_A_KIND = 3
"""How many problems of one kind are printed in full; the others are told by their rows."""


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


def problem_lines(problems: Sequence[Problem]) -> Iterable[str]:
    """The lines of `check`: errors first, each kind in the order of its first cell."""
    kinds: dict[tuple[object, ...], list[Problem]] = {}
    for problem in problems:
        key = (problem.severity, problem.sheet, problem.field, problem.rule)
        kinds.setdefault(key, []).append(problem)
    ordered = sorted(kinds.values(), key=lambda kind: kind[0].severity is not Severity.ERROR)
    for severity, of_severity in groupby(ordered, key=lambda kind: kind[0].severity):
        for kind in of_severity:
            yield from _kind_lines(kind, severity)


def _kind_lines(kind: Sequence[Problem], severity: Severity) -> Iterable[str]:
    for problem in kind[:SHOWN_OF_A_KIND]:
        yield one_line(problem)
    rest = [problem.row for problem in kind[SHOWN_OF_A_KIND:] if problem.row is not None]
    if rest:
        noun = "error" if severity is Severity.ERROR else "warning"
        yield f"    and {counted(len(rest), noun)} more of this kind: rows {_short(rows_in_words(rest))}"


def _short(rows: str) -> str:
    return rows if len(rows) <= 100 else f"{rows[:97].rpartition(', ')[0]}, ..."


def one_line(problem: Problem) -> str:
    """`Users!F7 user.extension "12a" has …, write digits only [digits]`; a warning says so."""
    where = f"{problem.sheet}!{problem.cell}" if problem.cell else problem.sheet
    mark = "warning:" if problem.severity is Severity.WARNING else ""
    return " ".join(part for part in (mark, where, problem.field, problem.words, f"[{problem.rule}]") if part)
