"""`xlsx2opeasy check`: everything that can be known of a workbook without a server."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.options import ALLOW, FORCE, JSON, LARGE, MAPPING, WORKBOOK_PASSWORD
from xlsx2opeasy.cli.output import complain, counted, say, say_json, tell
from xlsx2opeasy.cli.problem_lines import other_sheets, problem_lines, summary
from xlsx2opeasy.errors import InvalidWorkbook, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.registry.allowed import allowed_rules
from xlsx2opeasy.settings import read_offline_settings

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked
    from xlsx2opeasy.workbook.unwritable import UnwritableWorkbook


@click.command(name="check")
@click.argument("workbook", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--annotate",
    "marked",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a copy in which the wrong cells are marked and commented, with a sheet that lists them.",
)
@FORCE
@MAPPING
@WORKBOOK_PASSWORD
@ALLOW
@LARGE
@JSON
def command(
    workbook: Path,
    *,
    marked: Path | None,
    force: bool,
    mapping: Path | None,
    allow: tuple[str, ...],
    large: bool,
    as_json: bool,
) -> NoReturn:
    """Check everything in WORKBOOK offline: every cell against the API's rules.

    \b
    Examples:
      xlsx2opeasy check branch.xlsx
      xlsx2opeasy check branch.xlsx --annotate branch.marked.xlsx
      xlsx2opeasy check staff.xlsx --mapping staff.toml
      xlsx2opeasy check leavers.xlsx --allow unused
    """
    raise SystemExit(
        check(
            workbook,
            marked=marked,
            replace=force,
            mapping=mapping,
            allow=allow,
            large=large,
            as_json=as_json,
        )
    )


def check(
    workbook: Path,
    *,
    marked: Path | None,
    replace: bool,
    mapping: Path | None,
    allow: tuple[str, ...],
    large: bool,
    as_json: bool,
) -> int:
    """Checks and tells; the exit code. `replace` lets the marked copy take the place of an earlier one."""
    from xlsx2opeasy.check.checked import check_workbook
    from xlsx2opeasy.ooxml.limits import limits_for
    from xlsx2opeasy.workbook.annotate.write import refuse_target
    from xlsx2opeasy.workbook.mapping import mapping_in_force
    from xlsx2opeasy.workbook.read import read_workbook

    try:
        if marked is not None:
            refuse_target(workbook, marked, replace=replace)
        profile = read_offline_settings(None)
        allowed = allowed_rules(allow, profile.allow)
        lists = mapping_in_force(mapping, profile.mapping)
        checked = check_workbook(read_workbook(workbook, limits_for(large=large), lists), allowed)
    except Xlsx2OpeasyError as error:
        if as_json:
            say_json(_unreadable(workbook, error))
        else:
            complain(error.message, error.hint)
        return error.exit_code
    if as_json:
        say_json(_document(workbook, checked))
    else:
        for line in problem_lines(checked.problems):
            say(line)
        say(summary(workbook, checked))
        for line in other_sheets(checked.workbook.other_sheets):
            say(line)
    if marked is not None:
        _annotate(workbook, marked, checked, replace=replace)
    if not as_json:
        tell(_next_step(workbook, mapping, checked))
    return InvalidWorkbook.exit_code if checked.errors else 0


def _annotate(workbook: Path, target: Path, checked: Checked, *, replace: bool) -> None:
    """Writes the marked copy; where that fails what was found is told already."""
    from xlsx2opeasy.workbook.annotate.write import write_annotated
    from xlsx2opeasy.workbook.unwritable import UnwritableWorkbook

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
    write_problem_list(place, workbook, refusal.message, checked.problems)
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


def _next_step(workbook: Path, mapping: Path | None, checked: Checked) -> str:
    book = shlex.quote(str(workbook)) + (f" --mapping {shlex.quote(str(mapping))}" if mapping else "")
    if checked.errors:
        return f"Next: correct what is told above, then: xlsx2opeasy check {book}"
    return f"Next, as a rehearsal: xlsx2opeasy load {book} --sandbox"
