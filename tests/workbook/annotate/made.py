"""Workbooks to mark, and what openpyxl reads in the marked ones."""

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from xlsx2opeasy.problems import Problem, Severity

RED, YELLOW = "FFFFB3B3", "FFFFE699"


def problem(cell: str, message: str = "is wrong", sheet: str = "Users", **more: Any) -> Problem:
    letters = cell.rstrip("0123456789")
    return Problem(sheet, "email-style", message, row=int(cell[len(letters) :]), column=letters, **more)


def warning(cell: str, message: str = "may be wrong") -> Problem:
    return problem(cell, message, severity=Severity.WARNING)


def rich_book(path: Path) -> Path:
    """A workbook with looks, a table, a validation, a column format and comments of somebody's own."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Users"
    for row in (
        ["command", "groupId", "user.userId"],
        ["AddUser", "Dallas", 7],
        ["AddUser", None, "x"],
        ["AddUser"],
    ):
        sheet.append(row)
    cell = sheet["C2"]
    cell.font, cell.number_format = Font(bold=True, color="FF0000FF"), "0000"
    cell.border, cell.protection = Border(left=Side(style="thick")), Protection(locked=False)
    cell.alignment = Alignment(horizontal="right")
    sheet["A1"].comment, sheet["C2"].comment = Comment("of the header", "Bob"), Comment("ask Anna", "Bob")
    sheet.column_dimensions["B"].fill = PatternFill("solid", fgColor="FF00FF00")
    sheet.column_dimensions["B"].number_format = "@"
    sheet.add_table(Table(displayName="People", ref="A1:C4"))
    rule = DataValidation(type="list", formula1='"AddUser,ModifyUser"')
    rule.add("A2:A99")
    sheet.add_data_validation(rule)
    book.create_sheet("it's & more")["A1"] = "keep me"
    book.create_sheet("PROBLEMS")
    book.save(path)
    return path


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def fills(path: Path, title: str = "Users") -> dict[str, str]:
    """The marked cells and their colours."""
    cells = (cell for row in openpyxl.load_workbook(path)[title] for cell in row)
    return {cell.coordinate: found for cell in cells if (found := cell.fill.fgColor.rgb) in (RED, YELLOW)}


def comments(path: Path, title: str = "Users") -> dict[str, str]:
    cells = (cell for row in openpyxl.load_workbook(path)[title] for cell in row)
    return {cell.coordinate: cell.comment.text for cell in cells if cell.comment}
