"""Writing found tasks as a workbook: what `import` and `--output` of operations and scheduled share."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from xlsx2opeasy.check.checked import Checked
from xlsx2opeasy.cli.output import counted, say, tell
from xlsx2opeasy.cli.problem_lines import show_problems
from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import InvalidWorkbook, WorkbookUnusable
from xlsx2opeasy.importing.cells import Note
from xlsx2opeasy.importing.task_files import ParsedTasks
from xlsx2opeasy.importing.workbook import TaskWorkbook, read_back, task_workbook, workbook_bytes

SHOWN_NOTES = 50

Finish = Callable[[TaskWorkbook, Checked], TaskWorkbook]


def write_parsed_tasks(
    found: Sequence[ParsedTasks],
    output: Path,
    wire_names: Mapping[str, str],
    *,
    finish: Finish = lambda workbook, _: workbook,
    results_are_notes: bool = False,
) -> int:
    """Writes the workbook and tells what a load of it would say; the exit code.

    `finish` may add to the workbook once it was read back. Raises InvalidWorkbook where something cannot be
    represented in a workbook (nothing is written then), WorkbookUnusable where the file cannot be written.
    """
    workbook = task_workbook(found, wire_names, results_are_notes=results_are_notes)
    for line in _note_lines(workbook.notes):
        tell(line)
    if workbook.blocking_notes:
        raise InvalidWorkbook(
            f"{counted(len(workbook.blocking_notes), 'thing')} cannot be said in a workbook:"
            " nothing was written",
            "correct what is named above",
        )
    if not workbook.tasks:
        raise InvalidWorkbook("there is no task: nothing was written")
    content = workbook_bytes(workbook)
    checked = read_back(workbook, content)
    finished = finish(workbook, checked)
    content = content if finished is workbook else workbook_bytes(finished)
    _write(output, content, shared=not workbook.has_secrets)
    return _tell_end(workbook, checked, output)


def _note_lines(notes: Sequence[Note]) -> list[str]:
    ordered = sorted(notes, key=lambda each: not each.blocking)
    lines = [
        f"{'' if each.blocking else 'warning: '}{each.place} {each.words}" for each in ordered[:SHOWN_NOTES]
    ]
    rest = len(notes) - SHOWN_NOTES
    return [*lines, *([f"and {rest:,} more of such"] if rest > 0 else [])]


def _write(output: Path, content: bytes, *, shared: bool) -> None:
    try:
        write_file(output.absolute(), content, shared=shared)
    except OSError as error:
        raise WorkbookUnusable(
            f"{output} cannot be written: {error.strerror or error}", "choose another FILE.xlsx"
        ) from error


def _tell_end(workbook: TaskWorkbook, checked: Checked, output: Path) -> int:
    show_problems(checked.problems, sys.stderr)
    masked = sum(bool(row.note) for sheet in workbook.sheets for row in sheet.rows)
    if masked:
        tell(f"In {counted(masked, 'row')} secrets came masked and are left blank: see the column # note.")
    say(f"{counted(workbook.tasks, 'task')} written to {output}")
    if not checked.errors:
        return 0
    tell(f"{counted(len(checked.errors), 'error')} must be corrected in it before it can be loaded.")
    return InvalidWorkbook.exit_code
