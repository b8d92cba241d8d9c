"""A task sheet added to somebody's workbook, by edits of its package: every other part stays as it is."""

import posixpath
from pathlib import Path

from xlsx2opeasy.ooxml.package import open_package
from xlsx2opeasy.ooxml.package_copy import PackageEdits, copy_package
from xlsx2opeasy.ooxml.relations import free_sheet_id
from xlsx2opeasy.ooxml.xml import parsed, quoted, with_last_child

TASKS = "PhoneNumbers"
"""The added sheet."""

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_ROWS = (
    ("command", "groupId", "phoneNumbers", "activated"),
    ("Assign", "Dallas", "2145550100", "TRUE"),
    ("Assign", "Dallas", "2145550101 - 2145550109", ""),
    ("Assing", "Dallas", "2145550110", ""),
    ("Unassign", "Dallas", "x", ""),
)


def with_task_sheet(source: Path, target: Path) -> None:
    """Writes `target`: the workbook with one task sheet more, two of whose rows are wrong."""
    with open_package(source) as package, target.open("w+b") as file:
        edits = PackageEdits(package)
        main = edits.book.main
        part = edits.free_name(posixpath.join(posixpath.dirname(main), "worksheets"), "tasks", "xml")
        edits.stream(part, (_sheet(edits.book.namespace),))
        edits.declare(part, _TYPE)
        root = parsed(edits.text(main), main)
        sheets = root.child("sheets")
        assert sheets is not None
        number = free_sheet_id(sheets.all("sheet"))
        entry = (
            f'<{root.prefix}sheet xmlns:r="{edits.id_namespace}" name={quoted(TASKS)} sheetId="{number}" '
            f'r:id="{edits.relate(main, "worksheet", part)}"/>'
        )
        edits.set(main, with_last_child(edits.text(main), sheets, entry.encode()))
        copy_package(package, file, edits.changed, edits.added)


def _sheet(namespace: str) -> bytes:
    rows = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{letter}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
            for letter, text in zip("ABCD", row, strict=True)
            if text
        )
        + "</row>"
        for number, row in enumerate(_ROWS, start=1)
    )
    return f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'.encode()
