"""Reading, checking and converting do each piece of work once: a loss of a factor of two fails here.

The bounds are calls of functions (of C, too) for 1,000 rows of 40 columns, half as many again as were counted
when they were set. Columns are handled whole, so most calls do not depend on the number of rows: a bound that
is passed means that columns are gone through more often, or rows one by one. Who lowers the work lowers them.
"""

import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bench.workbooks import make_workbook
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.load.plan.phases import phases_of
from xlsx2opeasy.ooxml.limits import USUAL
from xlsx2opeasy.tasks.build import all_tasks
from xlsx2opeasy.tasks.chunks import cut
from xlsx2opeasy.tasks.limits import ChunkLimits
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.reading import child

from .counting import counted, inflated

ROWS = 1000
BOUNDS = {
    "scan": 6_500,
    "read": 46_500,
    "check": 277_000,
    "build": 16_500,
    "plan": 4_500,
    "cut": 10_700,
}
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
LIMITS = ChunkLimits(tasks=100)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    folder = tmp_path_factory.mktemp("books")
    return lambda rows: make_workbook(folder / f"{rows}.xlsx", rows)


def stages(book: Path) -> dict[str, int]:
    """The calls of each stage."""
    found: dict[str, int] = {}

    def stage(name: str, work: Callable[[], Any]) -> Any:
        with counted() as done:
            result = work()
        found[name] = done.calls
        return result

    stage("scan", lambda: child.read(book.read_bytes(), book.name, USUAL, io.BytesIO()))
    workbook = stage("read", lambda: read_workbook(book))
    checked = stage("check", lambda: check_workbook(workbook))
    tasks = stage("build", lambda: list(all_tasks(checked.sheets, {})))
    phases = stage("plan", lambda: phases_of(tasks, {}))
    chunks = stage("cut", lambda: list(cut(phases[0].tasks, LIMITS)))
    assert checked.problems == ()
    assert sum(len(chunk.tasks) for chunk in chunks) == len(tasks) == len(checked.sheets[0].values)
    return found


@pytest.fixture(scope="module")
def calls(books: Callable[[int], Path]) -> dict[int, dict[str, int]]:
    stages(books(ROWS // 4))  # what is done once in a process is done now
    return {rows: stages(books(rows)) for rows in (ROWS // 2, ROWS, ROWS * 2)}


@pytest.mark.parametrize("stage", BOUNDS)
def test_a_stage_makes_no_more_calls_than_it_did(calls: dict[int, dict[str, int]], stage: str) -> None:
    assert calls[ROWS][stage] <= BOUNDS[stage], f"{stage} works more than it did: profile it"


@pytest.mark.parametrize("stage", BOUNDS)
def test_the_work_grows_as_the_rows_do(calls: dict[int, dict[str, int]], stage: str) -> None:
    first = calls[ROWS][stage] - calls[ROWS // 2][stage]
    second = calls[ROWS * 2][stage] - calls[ROWS][stage]
    assert second <= 2.3 * max(first, ROWS), f"{stage} grows faster than its rows"


def test_a_part_is_inflated_once(books: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    book = books(ROWS)
    with inflated(monkeypatch) as found:
        read_workbook(book)  # the process that reads is the test's own
    assert {part: found[part] for part in (SHEET, STRINGS)} == _sizes(book)


def _sizes(book: Path) -> dict[str, int]:
    with ZipFile(book) as package:
        return {part: package.getinfo(part).file_size for part in (SHEET, STRINGS)}


def test_each_row_becomes_one_task_whose_bytes_stand_in_one_chunk(books: Callable[[int], Path]) -> None:
    sheets = check_workbook(read_workbook(books(ROWS))).sheets
    with counted() as work:
        chunks = list(cut(all_tasks(sheets, {}), LIMITS))
    made = Counter({name: work.ours[f"tasks.chunks.{name}"] for name in ("_growth", "_chunk")})
    assert made["_chunk"] == len(chunks) == ROWS // LIMITS.tasks
    assert made["_growth"] <= ROWS + len(chunks)
    assert sum(len(json.loads(chunk.body)["tasks"]["Users"]) for chunk in chunks) == ROWS
