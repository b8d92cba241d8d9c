"""Blank workbooks as bytes, by XlsxWriter, whose files the Open XML SDK's validator accepts as they are."""

from collections.abc import Collection
from datetime import UTC, datetime
from io import BytesIO

from xlsxwriter import Workbook

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
