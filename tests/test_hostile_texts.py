"""Texts of servers and cells in every workbook that the program writes: never a formula, never a link.

One law for all writers: results in a user's workbook, its marked copy, the list of its problems, tasks as a
workbook (import, undo, a sidecar), lists beside tasks, and Webex's jobs.
"""

import ast
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from python_calamine import CalamineWorkbook

from workbooks import write_workbook
from xlsx2opeasy.job_model import Job
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.webex.job_workbook import write_jobs
from xlsx2opeasy.workbook.annotate.problem_list import write_problem_list
from xlsx2opeasy.workbook.annotate.write import write_annotated
from xlsx2opeasy.workbook.results.write import SheetResults, write_results
from xlsx2opeasy.workbook.task_workbook import FilledRow, FilledSheet, NotePage, filled_bytes

SOURCE = Path(__file__).parent.parent / "src" / "xlsx2opeasy"
LIMIT = 32_767


def _source(folder: Path) -> Path:
    return write_workbook(folder / "book.xlsx", {"Users": "| command | user.userId |\n| AddUser | x |"})


def _results(folder: Path, text: str) -> Path:
    result = RowResult(Outcome.FAILED, "100", text, "L20261122-aaaa")
    return write_results(_source(folder), folder / "out.xlsx", [SheetResults("Users", 1, {2: result})]).target


def _problem(text: str) -> Problem:
    return Problem("Users", "digits", text, text, 2, "B", "user.userId", text)


def _marked(folder: Path, text: str) -> Path:
    return write_annotated(_source(folder), folder / "out.xlsx", [_problem(text)]).target


def _listed(folder: Path, text: str) -> Path:
    write_problem_list(folder / "out.xlsx", _source(folder), text, [_problem(text)])
    return folder / "out.xlsx"


def _tasks(folder: Path, text: str) -> Path:
    row = FilledRow("ModifyUser", {}, text, RowResult(Outcome.FAILED, "100", text, "L20261122-aaaa"))
    (folder / "out.xlsx").write_bytes(filled_bytes([FilledSheet(BY_NAME["Users"], (), [row])]))
    return folder / "out.xlsx"


def _notes(folder: Path, text: str) -> Path:
    pages = [NotePage("Read me", ["Title", text]), NotePage("Not undone", ["Title"], ("Why",), [(text,)])]
    (folder / "out.xlsx").write_bytes(filled_bytes([], pages))
    return folder / "out.xlsx"


def _jobs(folder: Path, text: str) -> Path:
    write_jobs(folder / "out.xlsx", [Job.from_json({"id": "1", "name": text, "message": text})])
    return folder / "out.xlsx"


WRITERS: dict[str, Callable[[Path, str], Path]] = {
    "results": _results,
    "marked copy": _marked,
    "list of problems": _listed,
    "tasks": _tasks,
    "words and lists": _notes,
    "jobs of Webex": _jobs,
}


@pytest.fixture(params=list(WRITERS))
def writer(request: pytest.FixtureRequest) -> Callable[[Path, str], Path]:
    return WRITERS[request.param]


def _cells(path: Path, text: str) -> list[Cell]:
    """The cells in which the text stands; there is at least one."""
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    found = [cell for cell in cells if isinstance(cell, Cell) and cell.value == text]
    assert found, [cell.value for cell in cells]
    return found


def _sheets(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {
            name: archive.read(name).decode()
            for name in archive.namelist()
            if "worksheets/" in name or name.endswith(".rels")
        }


@pytest.mark.parametrize("text", ["=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "-1", "#N/A", "{=1+1}"])
def test_s09_no_text_becomes_a_formula(
    tmp_path: Path, writer: Callable[[Path, str], Path], text: str
) -> None:
    path = writer(tmp_path, text)
    for cell in _cells(path, text):
        assert (cell.data_type, cell.value) == ("s", text)
    assert not [name for name, content in _sheets(path).items() if re.search(r"<(\w+:)?f[ />]", content)]


def test_s09_an_edited_text_stays_a_text(tmp_path: Path, writer: Callable[[Path, str], Path]) -> None:
    """Excel makes a formula of a text once somebody edits its cell, unless the cell is marked as a text."""
    for cell in _cells(writer(tmp_path, "=1+1"), "=1+1"):
        assert cell.number_format == "@" or cell.quotePrefix, cell.coordinate


def test_s10_nothing_is_written_as_comma_separated_values() -> None:
    """The program writes workbooks, JSON and HTML: nothing that a spreadsheet program would calculate."""
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert "csv" not in names, f"{path}: what it takes from csv cannot be seen"
        assert not calls & {"to_csv", "write_csv", "writer", "DictWriter"}, path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1f", "a\\u{0000}b\\u{001F}"),
        ("\ufffe \ud800", "\\u{FFFE} \\u{D800}"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("_x0041_ _x005F_", "_x0041_ _x005F_"),
    ],
)
def test_s11_what_a_workbook_cannot_hold_is_made_visible(
    tmp_path: Path, writer: Callable[[Path, str], Path], text: str, shown: str
) -> None:
    book = CalamineWorkbook.from_path(writer(tmp_path, text))  # openpyxl takes "_x0041_" for an escape
    rows = [row for title in book.sheet_names for row in book.get_sheet_by_name(title).to_python()]
    assert any(shown in row for row in rows), rows


def test_s12_what_is_too_long_is_cut_and_counted(tmp_path: Path, writer: Callable[[Path, str], Path]) -> None:
    path = writer(tmp_path, "🙂" * 20_000)
    found = [
        str(cell.value)
        for sheet in openpyxl.load_workbook(path).worksheets
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value).startswith("🙂")
    ]
    assert found
    for text in found:
        assert len(text.encode("utf-16-le")) // 2 <= LIMIT
        kept = text.count("🙂")
        assert text == "🙂" * kept + f"… [+{2 * (20_000 - kept):,} characters]"


@pytest.mark.parametrize(
    "text", ["https://example.com/", "mailto:a@example.com", "file:///etc/passwd", "\\\\host\\x"]
)
def test_s13_no_link_leads_out_of_the_workbook(
    tmp_path: Path, writer: Callable[[Path, str], Path], text: str
) -> None:
    path = writer(tmp_path, text)
    assert all(cell.hyperlink is None or not cell.hyperlink.target for cell in _cells(path, text))
    for name, content in _sheets(path).items():
        assert 'TargetMode="External"' not in content, name
        assert "HYPERLINK(" not in content, name
