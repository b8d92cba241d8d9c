"""The problems of a workbook that cannot be marked, listed in a workbook of our own.

Values of secret fields are masked already.
"""

from collections.abc import Sequence
from pathlib import Path

from xlsx2opeasy.durable import why_refused, write_file
from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.workbook.annotate.problem_sheet import COLUMNS, MOST_LISTED, introduction, place_of
from xlsx2opeasy.workbook.note_page import NotePage
from xlsx2opeasy.workbook.own_sheets import PROBLEMS
from xlsx2opeasy.workbook.protection import is_protected, protected_like
from xlsx2opeasy.workbook.task_workbook import filled_bytes


def write_problem_list(
    target: Path, source: Path, why: str, problems: Sequence[Problem], name: str = ""
) -> None:
    """Writes `target`, readable by its owner alone; `why` says why the workbook `source` was not marked.

    People know the workbook by `name`, mostly the file's own. The list is protected as the workbook is.
    Raises WorkbookUnusable where the disk refuses.
    """
    name = name or source.name
    said = introduction(name, problems[:MOST_LISTED], [])[0]
    lines = [said, f"{name} itself could not be marked: {why}", f"Correct {name} and check it again."]
    page = NotePage(PROBLEMS, lines, tuple(COLUMNS), [_row(each) for each in problems[:MOST_LISTED]])
    try:
        original = source.read_bytes() if is_protected(source) else b""
        write_file(target.absolute(), protected_like(original, filled_bytes([], [page])), shared=True)
    except OSError as error:
        raise WorkbookUnusable(
            f"{target} cannot be written: {why_refused(error)}", "name a file in another folder"
        ) from error


def _row(problem: Problem) -> tuple[str, ...]:
    texts = (problem.field or "", problem.value or "", problem.message, problem.hint)
    return (problem.severity.value, problem.sheet, place_of(problem), *texts)
