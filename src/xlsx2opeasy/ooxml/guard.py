"""What a package may be before anything of it is read: its directory is checked here.

Nothing is believed that the directory says of sizes: `package.Package` counts the bytes that it inflates.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from xlsx2opeasy.errors import WorkbookUnusable

ENTRY_LIMIT = 2_000
"""Parts of a package."""

LOCAL_HEADER_SIZE = 30
"""Bytes before the name of an entry (APPNOTE.TXT 4.3.7)."""

_ENCRYPTED = 0x1
_SAVE_AGAIN = "Open it in Excel, save it as .xlsx under a new name, and use that file."
_EXPORT_AGAIN = "Export it again from the program that made it, or save it from Excel as .xlsx."
_REBUILD = "If you trust its origin, open it in Excel, copy the cells into a new workbook, and save that."


def refused(name: str, what: str, remedy: str = _SAVE_AGAIN) -> WorkbookUnusable:
    """The refusal of a package, with what to do."""
    return WorkbookUnusable(f'"{name}" is refused: {what}.', remedy)


def check_directory(entries: list[zipfile.ZipInfo], file: BinaryIO, name: str) -> None:
    """Raise WorkbookUnusable for too many parts, bad or repeated names, encryption, overlaps."""
    if len(entries) > ENTRY_LIMIT:
        raise refused(name, f"it has {len(entries):,} parts, and the limit is {ENTRY_LIMIT:,}")
    for entry in entries:
        _check_name(entry.orig_filename, name)
        if entry.flag_bits & _ENCRYPTED:
            raise WorkbookUnusable(
                f'"{name}" is a zip archive with encrypted parts.', "Save the workbook without a password."
            )
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            what = f"its part {entry.orig_filename!r} is compressed in a way that workbooks never are"
            raise refused(name, what)
    _check_places(entries, file, name)


def _check_name(part: str, name: str) -> None:
    if part.startswith(("/", "\\")):
        what = f"its part {part!r} has a name that begins with a slash, which Excel does not open"
        raise refused(name, what, _EXPORT_AGAIN)
    if ".." in re.split(r"[/\\]", part) or re.match("[A-Za-z]:", part):
        raise refused(name, f"its part {part!r} has a name that leads outside the package", _REBUILD)
    if not part.isprintable():
        raise refused(name, f"its part {part!r} has a name with invisible characters", _EXPORT_AGAIN)


def _check_places(entries: list[zipfile.ZipInfo], file: BinaryIO, name: str) -> None:
    """Entries that share bytes could fill a disk when they are copied one by one."""
    size, end = file.seek(0, 2), 0
    for entry, length in _with_lengths(entries, file):
        if entry.header_offset < end:
            raise refused(name, f"its part {entry.orig_filename!r} overlaps another one", _REBUILD)
        end = entry.header_offset + length
        if end > size:
            raise refused(name, f"its part {entry.orig_filename!r} ends outside the file")


def _with_lengths(entries: list[zipfile.ZipInfo], file: BinaryIO) -> Iterator[tuple[zipfile.ZipInfo, int]]:
    """The entries in the order of the file, with their bytes, header included."""
    for entry in sorted(entries, key=lambda each: each.header_offset):
        file.seek(entry.header_offset + LOCAL_HEADER_SIZE - 4)
        lengths = file.read(4)
        names = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        yield entry, LOCAL_HEADER_SIZE + names + entry.compress_size
