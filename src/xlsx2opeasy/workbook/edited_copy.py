"""A copy of a workbook with some of its parts changed: the one door for everything that writes into one.

Where a workbook can be read, and nothing can be written into it without harm, what was to be written goes
into a workbook of our own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import Package, open_package
from xlsx2opeasy.ooxml.package_copy import PackageEdits, copy_package
from xlsx2opeasy.ooxml.replace import replacing
from xlsx2opeasy.workbook.protection import is_protected, protected_like, unprotected


class UnwritableWorkbook(WorkbookUnusable):
    """The workbook cannot be changed without harm (a signed package, cells out of order, …)."""


class MarkedCopy(WorkbookUnusable):
    """The workbook is a marked copy: the one that it was made of is to be corrected and marked."""


@contextmanager
def edited_copy(source: Path, target: Path) -> Iterator[PackageEdits]:
    """Takes the edits of `source` in the block, then writes `target` with them; both may be the same file.

    `target` is replaced at once or not at all, and is protected as `source` is. `WorkbookUnusable` where it
    cannot be used; whatever the block finds unusable is the workbook itself: `UnwritableWorkbook`.
    """
    with replacing(target, like=source) as file:
        try:
            with _copying(source, file) as (package, copy):
                edits = PackageEdits(package)
                yield edits
                copy_package(package, copy, edits.changed, edits.added)
        except MarkedCopy:
            raise
        except WorkbookUnusable as error:
            raise UnwritableWorkbook(error.message, error.hint) from error


@contextmanager
def _copying(source: Path, target: BinaryIO) -> Iterator[tuple[Package, BinaryIO]]:
    """The package at `source`, and the file for its copy, which is protected as the source is."""
    if not is_protected(source):
        with open_package(source) as package:
            yield package, target
        return
    data, plain = source.read_bytes(), BytesIO()
    with open_package(unprotected(data, source.name), source.name) as package:
        yield package, plain
    target.write(protected_like(data, plain.getvalue()))
