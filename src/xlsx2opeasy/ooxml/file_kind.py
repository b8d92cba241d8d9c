"""What kind of file it is, by its first bytes and its main part, whatever its name says."""

from collections.abc import Collection
from typing import BinaryIO

from xlsx2opeasy.errors import WorkbookUnusable

_PACKAGE = b"PK\x03\x04"
_SEARCHED = 1_000_000
"""Bytes of a file that is no package in which it is looked for what it is."""

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
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
    return data.startswith(_OLE2) and _ENCRYPTED in data


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
