"""Writing results goes through a sheet twice, to look at it and to write it, and makes each row once."""

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from bench.workbooks import make_workbook
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.results.write import SheetResults, write_results

from .counting import Work, counted, inflated

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
ROWS = (250, 500, 1000)
CALLS_FOR_A_ROW = 98
"""Half as many again as were counted when it was set; see test_conversion."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Work]:
    folder = tmp_path_factory.mktemp("results")

    def write(rows: int) -> Work:
        book = make_workbook(folder / f"{rows}.xlsx", rows)
        result = RowResult(Outcome.FAILED, "102", "User already exists.", "job fingerprint")
        sheet = SheetResults("Users", 1, dict.fromkeys(range(2, rows + 2), result))
        with counted() as work:
            write_results(book, folder / f"{rows}.results.xlsx", [sheet])
        return work

    write(2)  # what is done once in a process is done now
    return write


def test_the_work_grows_as_the_rows_do(written: Callable[[int], Work]) -> None:
    few, some, many = (written(rows).calls for rows in ROWS)
    assert (many - some) <= 1.1 * 2 * (some - few)
    a_row = (many - some) / (ROWS[2] - ROWS[1])
    assert a_row <= CALLS_FOR_A_ROW, f"{a_row:.1f} calls for a row: profile it"


def test_the_sheet_is_inflated_twice_and_the_texts_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = make_workbook(tmp_path / "book.xlsx", ROWS[0])
    result = RowResult(Outcome.SUCCESS, job="job fingerprint")
    with inflated(monkeypatch) as found:
        write_results(book, tmp_path / "out.xlsx", [SheetResults("Users", 1, {2: result, 9: result})])
    with ZipFile(book) as package:
        assert found[SHEET] == 2 * package.getinfo(SHEET).file_size
    assert found[STRINGS] <= package.getinfo(STRINGS).file_size
