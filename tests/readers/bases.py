"""The workbooks that are changed: examples of ours, and what openpyxl, XlsxWriter, LibreOffice and others write."""

import datetime as dt
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter

from judges import saved_by_libreoffice
from workbook.foreign_shapes import closed_xml, google_sheets, numbers

_EXAMPLES = Path(__file__).parents[2] / "example_workbooks"
_HEADERS = ("command", "groupId", "user.userId", "user.lastName", "user.extension", "user.vmTranscription")
_ROWS = (
    ("AddUser", "Dallas", "john.doe@example.com", "Müller & Söhne", "0101", True),
    ("ModifyUser", "Dallas", "zoë@example.com", "  O’Neil <x>  ", 102, False),
    (None, None, None, None, None, None),
    ("AddUser", "Dallas", "a_x0041_b@example.com", "山田\n太郎", 2145550100, "yes"),
    ("DeleteUser", "", "gone@example.com", None, None, None),
)


def _by_openpyxl(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "Users"
    for at, row in enumerate((_HEADERS, *_ROWS), 1):
        for column, value in enumerate(row, 1):
            sheet.cell(at, column, value)
    sheet["A9"], sheet["B9"], sheet["C9"] = "AddUser", "=B2", dt.date(2026, 1, 2)
    sheet["D9"], sheet["E9"] = 0.5, "#N/A"
    sheet["E2"].number_format, sheet["E9"].data_type = "0000", "e"
    sheet.row_dimensions[4].hidden = sheet.column_dimensions["D"].hidden = True
    sheet.merge_cells("H1:I2")
    other = book.create_sheet("Notes")
    other["B3"], other["C3"] = "a note", 7
    book.save(path)


def _by_xlsxwriter(path: Path, **options: bool) -> None:
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet("Users")
    zeros, day = book.add_format({"num_format": "0000"}), book.add_format({"num_format": "yyyy-mm-dd"})
    for at, row in enumerate((_HEADERS, *_ROWS)):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(at, column, value)
            elif value is not None:
                sheet.write(at, column, value)
    sheet.write_row(8, 0, ["AddUser", "Dallas"])
    sheet.write_formula(8, 2, '="a"&"b"', value="ab@example.com")
    sheet.write_number(8, 4, 12, zeros)
    sheet.write_datetime(8, 5, dt.date(2026, 1, 2), day)
    if not options:
        bold = book.add_format({"bold": True})
        sheet.write_rich_string(8, 3, "Head ", bold, "of", " staff")
        sheet.write_comment(1, 1, "a comment")
        sheet.data_validation(1, 0, 9, 0, {"validate": "list", "source": ["AddUser", "ModifyUser"]})
        numbers_ = book.add_worksheet("PhoneNumbers")
        rows = [["Assign", "Dallas", "2145550100"], ["Unassign", "Dallas", "2145550101"]]
        columns = [{"header": each} for each in ("command", "groupId", "phoneNumbers")]
        numbers_.add_table(0, 0, 2, 2, {"data": rows, "columns": columns})
    book.close()


def _written(write: Any, **options: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        write(path, **options)
        return path.read_bytes()


def _by_libreoffice() -> bytes | None:
    if shutil.which("soffice") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.xlsx"
        _by_openpyxl(path)
        return saved_by_libreoffice(path, Path(folder)).read_bytes()


def _small(name: str) -> bytes:
    return (_EXAMPLES / f"{name}.xlsx").read_bytes()


def _large() -> bytes:
    """Some megabytes, so that several blocks are read."""
    book: Any = openpyxl.load_workbook(io.BytesIO(_small("migration-2000-users")))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


BASES = (
    "branch",
    "leavers",
    "mistakes",
    "google",
    "numbers",
    "closed xml",
    "openpyxl",
    "xlsxwriter",
    "inline",
    "libreoffice",
    "large",
)


def bases(*, programs: bool = True) -> dict[str, bytes | None]:
    """Every base by its name; without `programs`, or where it is not installed, LibreOffice's is None."""
    return {
        "branch": _small("new-branch-office"),
        "leavers": _small("leavers"),
        "mistakes": _small("typical-mistakes"),
        "google": _written(google_sheets),
        "numbers": _written(numbers),
        "closed xml": _written(closed_xml),
        "openpyxl": _written(_by_openpyxl),
        "xlsxwriter": _written(_by_xlsxwriter),
        "inline": _written(_by_xlsxwriter, constant_memory=True),
        "libreoffice": _by_libreoffice() if programs else None,
        "large": _large() if programs else None,
    }
