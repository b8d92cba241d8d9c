"""Memory does not grow with the sheet."""

import subprocess
import sys
from pathlib import Path

from .books import SHEET, book, part, sheet_xml, text_cell

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
