"""A blank workbook, or the filled-in example, as a file that never replaces another one by accident.

XlsxWriter makes the blank workbooks; the Open XML SDK's validator accepts its files as they are.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from xlsxwriter import Workbook

from xlsx2opeasy.durable import is_full, require_overwritable, why_refused, write_file
from xlsx2opeasy.errors import UsageError, WorkbookUnusable
from xlsx2opeasy.spec.words import API_VERSION
from xlsx2opeasy.workbook.own_sheets import (
    READ_ME,
    SPECIFICATION_PROPERTY,
    TEMPLATE_VERSION,
    VERSION_PROPERTY,
)
from xlsx2opeasy.workbook.template.columns import template_sheets
from xlsx2opeasy.workbook.template.looks import Looks
from xlsx2opeasy.workbook.template.read_me import ReadMe
from xlsx2opeasy.workbook.template.sheet import SheetWriter

_MADE = datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None)
"""One date for all, so that the same catalogue makes the same parts."""


def template_bytes(
    task_types: Collection[str] = (), commands: Collection[str] = (), *, essential: bool = False
) -> bytes:
    """A blank workbook with sheets for these task types and commands, by name; all where none is named.

    With `essential` it has only the fields that most people need.

    Its parts are the same each time. Raises ValueError where no task type has any of the commands.
    """
    sheets = template_sheets(task_types, commands, essential=essential)
    if not sheets:
        raise ValueError(f"No task type has the commands {', '.join(sorted(commands))}.")
    file = BytesIO()
    book = Workbook(file, {"in_memory": True})
    _describe(book)
    looks = Looks(book)
    ReadMe(book.add_worksheet(READ_ME), looks).write(sheets, TEMPLATE_VERSION)
    for sheet in sheets:
        page = book.add_worksheet(sheet.task_type.name)
        page.set_tab_color(sheet.task_type.tab)
        SheetWriter(page, sheet, looks).write()
    book.close()
    return file.getvalue()


def _describe(book: Workbook) -> None:
    book.set_properties(
        {
            "title": "Tasks for OpEasy",
            "subject": API_VERSION,
            "author": "xlsx2opeasy",
            "comments": f"Template {TEMPLATE_VERSION}",
            "created": _MADE,
        }
    )
    book.set_custom_property(VERSION_PROPERTY, TEMPLATE_VERSION, "text")
    book.set_custom_property(SPECIFICATION_PROPERTY, API_VERSION, "text")


_PACKAGE = Path(__file__).parents[2]
_EXAMPLE = "new-branch-office.xlsx"


def write_template(
    file: Path,
    task_types: Collection[str],
    commands: Collection[str],
    *,
    essential: bool = False,
    replace: bool,
    how_to_replace: str,
) -> None:
    """Writes a blank workbook with these task types and commands; all where none is named.

    With `essential` rarely used columns are left out.
    Raises UsageError where the name does not end in `.xlsx`, WorkbookUnusable where the file exists (the hint
    is `how_to_replace`) or cannot be written.
    """
    _write(
        file,
        lambda: template_bytes(task_types, commands, essential=essential),
        replace=replace,
        how_to_replace=how_to_replace,
    )


def write_example(file: Path, *, replace: bool, how_to_replace: str) -> None:
    """Writes the filled-in workbook of a new branch office, which a rehearsal loads; raises as above."""
    _write(file, _example_bytes, replace=replace, how_to_replace=how_to_replace)


def _example_bytes() -> bytes:
    """The example out of the wheel, or of the checkout."""
    packaged = _PACKAGE / "templates" / _EXAMPLE
    return (
        packaged if packaged.is_file() else _PACKAGE.parents[1] / "example_workbooks" / _EXAMPLE
    ).read_bytes()


def _write(file: Path, content: Callable[[], bytes], *, replace: bool, how_to_replace: str) -> None:
    if file.suffix.lower() != ".xlsx":
        raise UsageError(f"{file} does not end in .xlsx", f"write {file.with_suffix('.xlsx')}")
    require_overwritable(file, replace=replace, hint=how_to_replace)
    try:
        write_file(file, content(), shared=True)
    except OSError as error:
        raise WorkbookUnusable(
            f"{file} cannot be written: {why_refused(error)}",
            f"free disk space at {file.parent}" if is_full(error) else "choose another folder",
        ) from error
