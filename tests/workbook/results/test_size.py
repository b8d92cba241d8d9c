"""Memory does not grow with the sheet, and what writing needs none of is not loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from .books import MAIN, SHEET, book, part, sheet_xml, text_cell

ROWS = 3_000
_PEAK = f"""
import resource, sys
from pathlib import Path
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.results.write import SheetResults, write_results
path = Path(sys.argv[1])
results = {{row: RowResult(Outcome.SUCCESS, job="j") for row in range(2, {ROWS})}}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_results(path, path, [SheetResults("Users", 1, results)])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_large_sheet_takes_little_memory(tmp_path: Path) -> None:
    long = "x" * 32_000
    rows = "".join(f'<row r="{row}">{text_cell(f"A{row}", long)}</row>' for row in range(1, ROWS))
    path = book(tmp_path / "book.xlsx", sheet_xml(f"<sheetData>{rows}</sheetData>"))
    done = subprocess.run([sys.executable, "-c", _PEAK, path], capture_output=True, text=True, check=True)
    kilobytes_per_unit = 1 if sys.platform != "darwin" else 1024
    assert int(done.stdout) / kilobytes_per_unit < 40_000, "the sheet has 96 MB"
    assert part(path, SHEET).count("<t>SUCCESS</t>") == ROWS - 2


_IN_COLUMN_A = """
import sys
from pathlib import Path
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.results.write import SheetResults, write_results
path = Path(sys.argv[1])
write_results(path, path, [SheetResults("Users", 1, {2: RowResult(Outcome.SUCCESS)})])
print("pyarrow" in sys.modules)
"""


@pytest.mark.parametrize("before", [0, 10_000])
def test_the_header_is_read_wherever_its_shared_texts_are_and_arrow_is_loaded_for_late_ones_only(
    tmp_path: Path, before: int
) -> None:
    texts = "".join(f"<si><t>{number}</t></si>" for number in range(before)) + "<si><t>Result</t></si>"
    cells = f'<row r="1"><c r="A1" t="s"><v>{before}</v></c></row><row r="2"><c r="A2" t="s"/></row>'
    shared = {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>'}
    sheet = sheet_xml(f"<sheetData>{cells}</sheetData>")
    path = book(tmp_path / "book.xlsx", sheet, shared, related={"sharedStrings": "sharedStrings.xml"})
    done = subprocess.run(
        [sys.executable, "-c", _IN_COLUMN_A, path], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{before > 0}\n"
    assert 'r="A2"' in part(path, SHEET).partition("SUCCESS")[0][-80:]
