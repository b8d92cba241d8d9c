"""Workbooks for tests, written down as Markdown tables: one table a sheet, the first row its headers."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl


def write_workbook(path: Path, sheets: Mapping[str, str]) -> Path:
    """Writes a workbook in which every filled cell is a text. Row 1 of each sheet is the table's first line.

    A line `| |` is a blank row. `\\|` stands for a bar within a cell.
    """
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, table in sheets.items():
        sheet = book.create_sheet(title)
        for number, line in enumerate(rows_of(table), 1):
            for column, text in enumerate(line, 1):
                if text:
                    cell = sheet.cell(number, column, text)
                    cell.data_type = "s"
    book.save(path)
    return path


def rows_of(table: str) -> list[list[str]]:
    """The cells of a Markdown table; the line of dashes under its head, if any, is left out."""
    lines = [line.strip() for line in table.strip().splitlines()]
    cells = [_cells(line) for line in lines]
    return [line for line in cells if not line or not all(set(text) == {"-"} for text in line)]


def _cells(line: str) -> list[str]:
    inner = line.replace("\\|", "\0").strip().strip("|")
    return [text.strip().replace("\0", "|") for text in inner.split("|")]


_SIGNATURE = (
    '<Relationship Id="rIdS" Target="_xmlsignatures/origin.sigs" Type="http://schemas.openxmlformats.org/'
    'package/2006/relationships/digital-signature/origin"/></Relationships>'
)


def signed(path: Path) -> Path:
    """The workbook, as if somebody had signed it: so nothing may be written into it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"</Relationships>", _SIGNATURE.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path
