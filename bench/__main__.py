"""`python -m bench`: measures every line of the table, in one run, and writes the pages."""

import argparse
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.bounds import BOUNDS
from bench.page import write_pages
from bench.run import Run, Sizes

_QUICK = Sizes(small=2_000, middle=10_000, large=20_000, narrow=2_000, runs=1)
_ROOT = Path(__file__).parent.parent


def main() -> None:
    """Reads the options, measures, writes."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the middle workbook (100000)")
    parser.add_argument(
        "--quick", action="store_true", help="small workbooks, one run each, for a first look"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each quick piece (3)")
    parser.add_argument("--output", type=Path, help="the folder for the pages (docs; with --quick none)")
    chosen = parser.parse_args()
    rows = chosen.rows
    sizes = _QUICK if chosen.quick else Sizes(rows // 10, rows, rows * 10, 20_000, chosen.runs)
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 1),
        },
        "runs": sizes.runs,
        "rows": [sizes.small, sizes.middle, sizes.large, sizes.narrow],
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        run = Run(Path(scratch), sizes, lambda text: print(text, file=sys.stderr, flush=True))
        lines = run.lines()
    folder = chosen.output or (None if chosen.quick else _ROOT / "docs")
    if folder is None:
        for line in lines:
            print(f"{line.name:28} {line.reached_in_words:>18}   due {line.due_in_words}")
    else:
        write_pages(folder, lines, about, BOUNDS)


if __name__ == "__main__":
    main()
