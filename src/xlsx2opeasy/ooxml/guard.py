"""Checks a file before anything of it is inflated: which kind of file it is, and its zip directory.

The kind is decided by the first bytes and the main part, not by the name. Sizes in the directory are not
trusted: `package.Package` counts the bytes that it inflates.
"""

import re
import zipfile
from collections.abc import Collection, Iterator
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


_PACKAGE = b"PK\x03\x04"
_SEARCHED = 1_000_000
"""Bytes of a file that is no package in which it is looked for what it is."""

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE2_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SAVE_AS = 'Open it in Excel and save it as "Excel Workbook (.xlsx)".'
_OPEN_IT = (
    "Remove the password in Excel: File > Info > Protect Workbook > Encrypt with Password, empty the field."
)
_MAIN_PARTS = (
    (b"spreadsheetml.sheet.main+xml", ""),
    (b"spreadsheetml.template.main+xml", ""),
    (b"ms-excel.sheet.macroenabled.main+xml", ""),
    (b"ms-excel.template.macroenabled.main+xml", ""),
    (b"ms-excel.addin.macroenabled.main+xml", "an Excel add-in (.xlam)"),
    (b"ms-excel.sheet.binary.macroenabled.main", "a binary Excel workbook (.xlsb)"),
    (b"wordprocessingml", "a Word document"),
    (b"presentationml", "a PowerPoint presentation"),
)


def refuse_other_files(file: BinaryIO, name: str) -> None:
    """Raise WorkbookUnusable, saying what the file is, where it does not begin as a zip package."""
    start = file.read(_SEARCHED)
    file.seek(0)
    if start.startswith(_PACKAGE):
        return
    if is_encrypted(start):
        raise WorkbookUnusable(f'"{name}" is protected with a password.', _OPEN_IT)
    what, remedy = _without_zip(start)
    raise WorkbookUnusable(f'"{name}" is {what}, not an .xlsx workbook.', remedy)


def is_encrypted(data: bytes) -> bool:
    """Whether the file is a workbook protected with a password: an OLE file ([MS-OFFCRYPTO] 2.3)."""
    return data.startswith(_OLE2) and _OLE2_ENCRYPTED in data


def _without_zip(data: bytes) -> tuple[str, str]:
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "empty (0 bytes)", "Save it again in Excel, or wait until the synchronisation has finished."
    if data.startswith(_OLE2):
        return "an old Excel workbook (.xls) or another OLE file", _SAVE_AS
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml")):
        return "a web page or XML file", _SAVE_AS
    if start.startswith(b"%pdf"):
        return "a PDF document", "Name the workbook itself."
    if _PACKAGE in data:
        return "a zip package with other bytes before it", "Fetch the file again, or save it again in Excel."
    if b"\0" not in data[:4096]:
        return "a text file (perhaps CSV)", _SAVE_AS
    return "no file that Excel writes", _SAVE_AS


def refuse_other_packages(names: Collection[str], content_types: bytes | None, name: str) -> None:
    """Raise WorkbookUnusable where the zip package holds something else than a workbook of sheets."""
    if content_types is None:
        raise WorkbookUnusable(
            f'"{name}" is {_package_without_types(names)}, not an .xlsx workbook.', _SAVE_AS
        )
    lowered = content_types.replace(b"\0", b"").lower()
    for marker, what in _MAIN_PARTS:
        if marker in lowered:
            if what:
                raise WorkbookUnusable(f'"{name}" is {what}, not an .xlsx workbook.', _SAVE_AS)
            return
    raise WorkbookUnusable(f'"{name}" is a package without a workbook in it.', _SAVE_AS)


def _package_without_types(names: Collection[str]) -> str:
    if "mimetype" in names and "content.xml" in names:
        return "an OpenDocument file (.ods)"
    if any(name.endswith(".iwa") for name in names):
        return "a Numbers document"
    return "a zip archive"
