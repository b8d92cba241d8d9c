"""Workbooks of Google Sheets, Numbers and ClosedXML: read as they are, and given back with results."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign_shapes import ROWS, closed_xml, google_sheets, numbers

from compared import by_calamine, changed_entries, differences, result_columns, sheets
from judges import all_open_xml_errors, sheets_by_libreoffice
from xlsx2opeasy.problems import Severity
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.annotate.write import write_annotated
from xlsx2opeasy.workbook.model import Sheet
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.results.write import SheetResults, write_results
from xlsx_lint import lint

MAKERS: list[Callable[[Path], Path]] = [google_sheets, numbers, closed_xml]
EDITS = {"xl/worksheets/sheet1.xml", "xl/styles.xml"}


def users(path: Path) -> Sheet:
    (sheet,) = read_workbook(path).sheets
    return sheet


def with_results(source: Path) -> Path:
    """The workbook with results of its two rows, and with others of the first in a second load."""
    sheet = users(source)
    first, second = sheet.rows.index
    target = source.with_name(f"{source.stem}results.xlsx")
    results = {
        first: RowResult(Outcome.FAILED, "101", "a & b\n=1+1", "job 1"),
        second: RowResult(Outcome.SUCCESS, job="job 1"),
    }
    written = write_results(source, target, [SheetResults("Users", sheet.header_row, results)])
    assert set(written.changed_parts) == EDITS == changed_entries(source, target)
    again = {first: RowResult(Outcome.SUCCESS, job="job 2")}
    write_results(target, target, [SheetResults("Users", sheet.header_row, again)])
    return target


@pytest.mark.parametrize("make", MAKERS, ids=lambda each: each.__name__)
def test_they_are_read_as_they_are(make: Callable[[Path], Path], tmp_path: Path) -> None:
    book = read_workbook(make(tmp_path / "book.xlsx"))
    sheet = book.sheets[0]
    assert [tuple(row) for row in sheet.rows.itertuples(index=False)] == list(ROWS[1:])
    problems = [*book.problems, *sheet.problems]
    assert {each.rule for each in problems} <= {"number-in-text-column", "title-rows"}
    assert {each.severity for each in problems} == {Severity.WARNING}


@pytest.mark.parametrize("make", MAKERS, ids=lambda each: each.__name__)
def test_results_are_read_again(make: Callable[[Path], Path], tmp_path: Path) -> None:
    sheet = users(with_results(make(tmp_path / "book.xlsx")))
    assert [(each.outcome, each.job) for each in sheet.earlier_results.values()] == [
        (Outcome.SUCCESS, "job 2"),
        (Outcome.SUCCESS, "job 1"),
    ]
    assert [tuple(row) for row in sheet.rows.itertuples(index=False)] == list(ROWS[1:])
    assert len(sheet.result_letters) == 4


def test_the_judges_find_nothing_new(tmp_path: Path) -> None:
    sources = [make(tmp_path / f"{make.__name__.replace('_', '')}.xlsx") for make in MAKERS]
    targets = [with_results(source) for source in sources]
    marked = [
        write_annotated(source, source.with_name(f"{source.stem}marked.xlsx"), users(source).problems).target
        for source in sources
    ]
    errors = all_open_xml_errors([*sources, *targets, *marked])
    shown = sheets_by_libreoffice([*sources, *targets, *marked], tmp_path)
    for source, *copies in zip(sources, targets, marked, strict=True):
        for copy in copies:
            assert set(errors[copy]) <= set(errors[source]), copy.name
            assert lint(copy) <= lint(source), copy.name
        header = users(source).header_row
        assert len(result_columns(by_calamine(copies[0], "Users"), header)) == 4
        for copy in copies:
            assert differences(sheets(source), sheets(copy), header) == [], copy.name
            assert differences(shown[source], shown[copy], header) == [], copy.name
