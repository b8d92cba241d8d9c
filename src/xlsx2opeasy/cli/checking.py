"""The work of `xlsx2opeasy check`: everything that can be known of a workbook without a server."""

import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from xlsx2opeasy.check.checked import Checked, check_workbook
from xlsx2opeasy.cli.words import complain, counted, rows_in_words, say, say_json, tell
from xlsx2opeasy.errors import InvalidWorkbook, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.ooxml.limits import limits_for
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.workbook.annotate.write import refuse_target, write_annotated
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.unwritable import UnwritableWorkbook

SHOWN_OF_A_KIND = 3
"""How many problems of one kind are printed in full; the others are told by their rows."""


def check(workbook: Path, *, marked: Path | None, replace: bool, large: bool, as_json: bool) -> int:
    """Checks and tells; the exit code. `replace` lets the marked copy take the place of an earlier one."""
    try:
        if marked is not None:
            refuse_target(workbook, marked, replace=replace)
        checked = check_workbook(read_workbook(workbook, limits_for(large=large)))
    except Xlsx2OpeasyError as error:
        if as_json:
            say_json(_unreadable(workbook, error))
        else:
            complain(error.message, error.hint)
        return error.exit_code
    if as_json:
        say_json(_document(workbook, checked))
    else:
        show_problems(checked.problems)
        say(summary(workbook, checked))
        for line in other_sheets(checked.workbook.other_sheets):
            say(line)
    if marked is not None:
        _annotate(workbook, marked, checked, replace=replace)
    if not as_json:
        tell(next_step(workbook, checked))
    return InvalidWorkbook.exit_code if checked.errors else 0


def _annotate(workbook: Path, target: Path, checked: Checked, *, replace: bool) -> None:
    """Writes the marked copy; where that fails what was found is told already."""
    try:
        try:
            done = write_annotated(workbook, target, checked.problems, replace=replace)
        except UnwritableWorkbook as refusal:
            _list_problems(workbook, target, refusal, checked)
            return
    except WorkbookUnusable as error:
        complain(error.message, error.hint)
        raise SystemExit(error.exit_code) from None
    cells = f"{counted(done.marked, 'cell')} marked, {done.commented:,} with a comment"
    tell(f'Marked copy: {target} ({cells}; sheet "{done.title}")')


def _list_problems(workbook: Path, target: Path, refusal: UnwritableWorkbook, checked: Checked) -> None:
    """The findings in a workbook of our own, where the workbook itself cannot be marked."""
    from xlsx2opeasy.load.results.output import free_name
    from xlsx2opeasy.workbook.annotate.problem_list import write_problem_list

    place = free_name(target.with_suffix(".xlsx"))
    write_problem_list(place, workbook.name, refusal.message, checked.problems)
    reason = refusal.message.rstrip(".")
    tell(f"{workbook.name} itself cannot be marked: {reason}. What was found is listed in {place}.")


def _document(workbook: Path, checked: Checked) -> dict[str, object]:
    rows = {"total": checked.total, "valid": checked.total - checked.invalid, "invalid": checked.invalid}
    return {
        "workbook": str(workbook),
        "rows": rows,
        "problems": [problem.as_json() for problem in checked.problems],
    }


def _unreadable(workbook: Path, error: Xlsx2OpeasyError) -> dict[str, object]:
    problem = Problem("", "unreadable", error.message, error.hint)
    rows = {"total": 0, "valid": 0, "invalid": 0}
    return {"workbook": str(workbook), "rows": rows, "problems": [problem.as_json()]}


def summary(workbook: Path, checked: Checked) -> str:
    """One line: how many rows are right, and how many problems there are."""
    errors = len(checked.errors)
    warnings = len(checked.problems) - errors
    said = f"{workbook}: {counted(checked.total, 'row')}, {checked.total - checked.invalid:,} valid"
    said += f", {counted(errors, 'error')}" if errors else ", no errors"
    return said + (f", {counted(warnings, 'warning')}" if warnings else "")


def next_step(workbook: Path, checked: Checked) -> str:
    """What a person does now."""
    book = shlex.quote(str(workbook))
    if checked.errors:
        return f"Next: correct what is told above, then: xlsx2opeasy check {book}"
    return f"Next, as a rehearsal: xlsx2opeasy load {book} --sandbox"


def other_sheets(titles: Sequence[str]) -> Iterable[str]:
    """A line that names the sheets that are left alone, where there are any."""
    if titles:
        yield f"left alone: {', '.join(titles)}"


def show_problems(problems: Sequence[Problem]) -> None:
    """Prints problems in the order of sheets, equal ones together with their rows."""
    for line in problem_lines(problems):
        say(line)


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
    """`Users!F7 user.extension "12a" holds more than digits, write …`; a warning says so."""
    where = f"{problem.sheet}!{problem.cell}" if problem.cell else problem.sheet
    mark = "warning:" if problem.severity is Severity.WARNING else ""
    return " ".join(part for part in (mark, where, problem.field, problem.words) if part)
