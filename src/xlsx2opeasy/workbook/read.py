"""Reading a workbook faithfully: `read_workbook`, which the rooms above call.

The libraries for what is read are imported while the reading process has it in hand.
"""

from pathlib import Path

from xlsx2opeasy.ooxml.limits import USUAL, Limits
from xlsx2opeasy.ooxml.package import open_package
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.workbook.mapping import NO_MAPPING, ListMapping
from xlsx2opeasy.workbook.model import Sheet, Workbook
from xlsx2opeasy.workbook.own_sheets import marks_of, own_sheets, version_problem
from xlsx2opeasy.workbook.protection import unprotected
from xlsx2opeasy.workbook.reading.reader_process import read_apart
from xlsx2opeasy.workbook.reading.sheet_names import no_tasks, sort_sheets, unread_sheets
from xlsx2opeasy.workbook.reading.source import Source, read_source


def read_workbook(path: Path, limits: Limits = USUAL, mapping: ListMapping = NO_MAPPING) -> Workbook:
    """The workbook at `path`: its task sheets as texts, and everything that was noticed about them.

    The sheets of a `mapping` are task sheets too, read by their own headers. Raises UsageError where the
    mapping does not fit the workbook.

    What is wrong within the workbook is in the `problems` of the workbook and of its sheets. Raises
    WorkbookUnusable where the file cannot be read at all: missing, no .xlsx, hostile, damaged,
    larger than `limits`, rewritten meanwhile, or protected with a password that is not given
    (UsageError where nobody can be asked for it).
    """
    source = read_source(path, limits)
    data = unprotected(source.data, path.name)
    with open_package(data, path.name, limits) as package:
        lists = [folded(each.sheet) for each in mapping.sheets]
        # From here on every part has been inflated once, apart.
        raw = read_apart(data, path.name, limits, lists)
        problems = list(_about_file(source, macros=package.has_macros))
        named = sort_sheets(raw.book.sheets, mapping)
        marks = marks_of(package, named.others)
        problems += filter(None, [version_problem(marks.version)])
        own = own_sheets(package, named.others, marks)
    sha256 = source.sha256
    del source, data, package  # the whole file, which nobody needs any more
    from xlsx2opeasy.workbook.reading.task_sheet import read_sheet

    problems += [*named.problems, *unread_sheets(named, raw.tops, own)]
    sheets: list[Sheet] = []
    for each in raw.sheets:
        task_type, mapped = named.task_sheets[each.title]
        sheet, found = read_sheet(raw, each, task_type, mapped)
        problems += found
        if sheet is not None:
            sheets.append(sheet)
    if all(sheet.rows.empty for sheet in sheets) and not _any_error(problems, sheets):
        problems.append(no_tasks(named))
    order = list(BY_NAME)
    ordered = tuple(sorted(sheets, key=lambda sheet: order.index(sheet.task_type.name)))
    others = tuple(title for title in named.others if title not in own)
    return Workbook(path, sha256, ordered, others, tuple(problems), marks.enterprise)


def _any_error(problems: list[Problem], sheets: list[Sheet]) -> bool:
    of_sheets = [problem for sheet in sheets for problem in sheet.problems]
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
