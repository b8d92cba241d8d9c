"""The look at a package's directory before anything of it is read (S05, S06): names, encryption, overlaps.

What the parts really hold is looked at while they are read (`guarded_package`).
"""

import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.container import refuse_other_files, refuse_other_packages

ENTRY_LIMIT = 2_000
CONTENT_TYPES = "[Content_Types].xml"

_SMALL = 1024 * 1024
_LOCAL_HEADER = 30
_REBUILD = "If you trust its origin, open it in Excel, copy the cells into a new workbook, and save that."


def open_package(data: bytes, name: str) -> ZipFile:
    """The package of `data`, its directory looked at; raise WorkbookUnusable saying what it is instead."""
    refuse_other_files(data, name)
    with damage_told(name):
        package = ZipFile(io.BytesIO(data))
        _check_directory(package.infolist(), data, name)
        content_types = package.read(CONTENT_TYPES) if _small(package, CONTENT_TYPES) else None
    refuse_other_packages(package.namelist(), content_types, name)
    return package


@contextmanager
def damage_told(name: str) -> Iterator[None]:
    """What the zip library says of a package that is broken, as WorkbookUnusable."""
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise WorkbookUnusable(
            f'"{name}" is damaged, or was not saved to its end ({error}).',
            "Fetch the file again, or save it again in Excel.",
        ) from error


def _small(package: ZipFile, part: str) -> bool:
    return part in package.NameToInfo and package.getinfo(part).file_size <= _SMALL


def refused(name: str, what: str) -> WorkbookUnusable:
    """The refusal of a package that no program would have made without an ill intention."""
    return WorkbookUnusable(f'"{name}" is refused: {what}.', _REBUILD)


def _check_directory(entries: list[ZipInfo], data: bytes, name: str) -> None:
    """Entry count, part names, duplicates, encryption and overlaps."""
    if len(entries) > ENTRY_LIMIT:
        raise refused(name, f"it has {len(entries):,} parts, and the limit is {ENTRY_LIMIT:,}")
    seen: set[str] = set()
    for entry in entries:
        _check_entry(entry, name)
        if (folded_name := entry.filename.casefold()) in seen:
            raise refused(name, f"its part {entry.filename!r} is there twice")
        seen.add(folded_name)
    _check_overlaps(entries, data, name)


def _check_entry(entry: ZipInfo, name: str) -> None:
    part = entry.filename
    pieces = re.split(r"[/\\]", part)
    if part.startswith(("/", "\\")) or ".." in pieces or ":" in part or not part.isprintable():
        raise refused(name, f"its part {part!r} has a name that leads outside the package")
    if entry.flag_bits & 0x1:
        raise WorkbookUnusable(
            f'"{name}" is a zip archive with a password.', "Save the workbook without a password."
        )
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise refused(name, f"its part {part!r} is compressed in a way that workbooks never are")


def _check_overlaps(entries: list[ZipInfo], data: bytes, name: str) -> None:
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        start = entry.header_offset
        if start < end:
            raise refused(name, f"its part {entry.filename!r} overlaps another one")
        names = data[start + 26 : start + _LOCAL_HEADER]
        lengths = int.from_bytes(names[:2], "little") + int.from_bytes(names[2:], "little")
        end = start + _LOCAL_HEADER + lengths + entry.compress_size
        if end > len(data):
            raise refused(name, f"its part {entry.filename!r} ends outside the file")
