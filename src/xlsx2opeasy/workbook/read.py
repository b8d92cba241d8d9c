"""Reading a workbook faithfully: `read_workbook`, which the rooms above call."""

from pathlib import Path

from xlsx2opeasy.ooxml.limits import USUAL, Limits
from xlsx2opeasy.ooxml.package import open_package
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.workbook.model import Sheet, Workbook
from xlsx2opeasy.workbook.own_sheets import meant_for, own_sheets, template_version, version_problem
from xlsx2opeasy.workbook.reading.reader_process import read_apart
from xlsx2opeasy.workbook.reading.sheet_names import no_tasks, sort_sheets
from xlsx2opeasy.workbook.reading.source import Source, read_source
from xlsx2opeasy.workbook.reading.task_sheet import read_sheet


def read_workbook(path: Path, limits: Limits = USUAL) -> Workbook:
    """The workbook at `path`: its task sheets as texts, and everything that was noticed about them.

    What is wrong within the workbook is told in the `problems` of the workbook and of its sheets. Raises
    WorkbookUnusable where the file cannot be read at all: missing, no .xlsx, encrypted, hostile, damaged,
    larger than `limits`, or rewritten meanwhile.
    """
    source = read_source(path, limits)
    with open_package(source.data, path.name, limits) as package:
        raw = read_apart(
            source.data, path.name, limits
        )  # from here on every part has been inflated once, apart
        problems = list(_about_file(source, macros=package.has_macros))
        problems += filter(None, [version_problem(template_version(package))])
        named = sort_sheets(raw.book.sheets)
        own = own_sheets(package, named.others)
        enterprise = meant_for(package)
    problems += named.problems
    sheets: dict[str, Sheet] = {}
    for each in raw.sheets:
        task_type = named.task_sheets[each.title]
        sheet, found = read_sheet(raw, each, task_type)
        problems += found
        if sheet is not None:
            sheets[task_type.name] = sheet
    if all(sheet.rows.empty for sheet in sheets.values()) and not _any_error(problems, sheets):
        problems.append(no_tasks(named))
    ordered = tuple(sheets[name] for name in BY_NAME if name in sheets)
    others = tuple(title for title in named.others if title not in own)
    return Workbook(path, source.sha256, ordered, others, tuple(problems), enterprise)


def _any_error(problems: list[Problem], sheets: dict[str, Sheet]) -> bool:
    of_sheets = [problem for sheet in sheets.values() for problem in sheet.problems]
    return any(problem.severity is Severity.ERROR for problem in [*problems, *of_sheets])


def _about_file(source: Source, *, macros: bool) -> "list[Problem]":
    found = []
    if source.open_elsewhere:
        found.append(
            _warning(
                "open-in-excel",
                "The workbook is open in Excel; changes that are not saved yet are not read.",
                "Save it, and close it before the load.",
            )
        )
    if macros:
        found.append(_warning("macros", "The workbook has macros; they are never run.", ""))
    return found


def _warning(rule: str, message: str, hint: str) -> Problem:
    return Problem(sheet="", rule=rule, message=message, hint=hint, severity=Severity.WARNING)
