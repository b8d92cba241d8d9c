"""`xlsx2opeasy check`: everything that can be known of a workbook without a server."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.options import FORCE, JSON, ReadingRequest, gather, reading_options
from xlsx2opeasy.cli.output import complain, counted, say, say_json, tell
from xlsx2opeasy.cli.problem_lines import other_sheets, show_problems, summary
from xlsx2opeasy.errors import Interrupted, InvalidWorkbook, LoadRefused, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.settings.resolved import read_offline_settings
from xlsx2opeasy.shell import quoted

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked
    from xlsx2opeasy.workbook.edited_copy import UnwritableWorkbook


WORST_FIRST = (130, 5, 7, 2, 3, 0)
"""The exit code of several workbooks is the first of these that occurred."""


@dataclass(frozen=True, slots=True)
class Request(ReadingRequest):
    """The arguments and options of the command."""

    workbooks: tuple[Path, ...]
    marked: Path | None
    force: bool
    as_json: bool


@click.command(name="check")
@click.argument("workbooks", type=click.Path(path_type=Path, readable=False), nargs=-1, required=True)
@click.option(
    "--annotate",
    "marked",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a copy in which the wrong cells are marked and commented, with a sheet that lists them.",
)
@FORCE
@reading_options
@JSON
@gather(Request, "asked")
def command(asked: Request) -> NoReturn:
    """Check everything in each WORKBOOK offline: every cell against the API's rules.

    \b
    Examples:
      xlsx2opeasy check branch.xlsx
      xlsx2opeasy check branch.xlsx --annotate branch.marked.xlsx
      xlsx2opeasy check staff.xlsx --mapping staff.toml
      xlsx2opeasy check leavers.xlsx --allow unused
    """
    if asked.marked is not None and len(asked.workbooks) > 1:
        raise click.UsageError("--annotate goes with one workbook only")
    codes, documents = [], []
    for workbook in asked.workbooks:
        code, document = _check(workbook, asked)
        codes.append(code)
        documents.append(document)
        if code == Interrupted.exit_code:
            break
    if asked.as_json:
        say_json(documents[0] if len(asked.workbooks) == 1 else {"checks": documents})
    raise SystemExit(next(code for code in WORST_FIRST if code in codes))


def _check(workbook: Path, asked: Request) -> tuple[int, dict[str, object]]:
    """Checks one workbook and shows what was found; the exit code, and the document of `--json`."""
    try:
        checked = _checked(workbook, asked)
    except (KeyboardInterrupt, Interrupted):
        interrupted = Interrupted(f"interrupted, so {workbook.name} was not checked")
        return interrupted.exit_code, _not_checked(workbook, asked, interrupted)
    except LoadRefused:
        unread = WorkbookUnusable(f"{workbook.name} was not read: its password was not given")
        return unread.exit_code, _not_checked(workbook, asked, unread)
    except Xlsx2OpeasyError as error:
        return error.exit_code, _not_checked(workbook, asked, error)
    if not asked.as_json:
        show_problems(checked.problems, sys.stdout)
        say(summary(workbook, checked))
        for line in other_sheets(checked.workbook.other_sheets):
            say(line)
    if asked.marked is not None:
        _annotate(workbook, asked.marked, checked, replace=asked.force)
    if not asked.as_json:
        tell(_next_step(workbook, asked, checked))
    return InvalidWorkbook.exit_code if checked.errors else 0, _document(workbook, checked)


def _checked(workbook: Path, asked: Request) -> Checked:
    """Reads and checks; the reading process starts while the libraries of the check are imported."""
    from xlsx2opeasy.workbook.reading.reader_process import reader_started

    with reader_started():
        if asked.marked is not None:
            from xlsx2opeasy.workbook.annotate.write import refuse_target

            refuse_target(workbook, asked.marked, replace=asked.force)
        return asked.checked(workbook, read_offline_settings(None))


def _annotate(workbook: Path, target: Path, checked: Checked, *, replace: bool) -> None:
    """Writes the marked copy; where that fails, what was found has been shown already."""
    from xlsx2opeasy.workbook.annotate.write import write_annotated
    from xlsx2opeasy.workbook.edited_copy import UnwritableWorkbook

    try:
        done = write_annotated(workbook, target, checked.problems, replace=replace)
    except UnwritableWorkbook as refusal:
        _list_problems(workbook, target, refusal, checked)
        return
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


def _not_checked(workbook: Path, asked: Request, error: Xlsx2OpeasyError) -> dict[str, object]:
    """Reports on the screen why a workbook was not checked; the document of `--json`."""
    document: dict[str, object] = {
        "workbook": str(workbook),
        "rows": {"total": 0, "valid": 0, "invalid": 0},
    }
    if isinstance(error, Interrupted):
        complain(error.message)
        return document | {"problems": [], "message": error.message}
    if not asked.as_json:
        complain(error.message, error.hint)
    problem = Problem("", "unreadable", error.message, error.hint)
    return document | {"problems": [problem.as_json()]}


def _next_step(workbook: Path, asked: Request, checked: Checked) -> str:
    allowed = "".join(f" --allow {quoted(each)}" for each in asked.allow)
    mapping = f" --mapping {quoted(asked.mapping)}" if asked.mapping else ""
    book = f"{quoted(workbook)}{' --large' if asked.large else ''}{allowed}{mapping}"
    if checked.errors:
        return f"Next: correct the cells above, then: xlsx2opeasy check {book}"
    return f"Next, as a rehearsal: xlsx2opeasy load {book} --sandbox"
