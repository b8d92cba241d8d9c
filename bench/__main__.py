"""`python -m bench`: measures every line of the table, in one run, and writes the pages."""

import argparse
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.context import Context, Sizes
from bench.lines import Line, Missing
from bench.measure import Machine
from bench.page import write_pages
from bench.run import GROUPS, measured

_QUICK = Sizes(small=2_000, middle=10_000, large=20_000, narrow=2_000, runs=1, start_runs=3)
_ROOT = Path(__file__).parent.parent


def main() -> int:
    """Reads the options, measures, writes after each group; 1 where a group could not be measured."""
    chosen = _options()
    rows = chosen.rows
    sizes = (
        _QUICK
        if chosen.quick
        else Sizes(rows // 10, rows, rows * 10, 20_000, chosen.runs, start_runs=5 * chosen.runs)
    )
    folder = chosen.output or (None if chosen.quick or chosen.only else _ROOT / "docs")
    machine, started = Machine(), time.monotonic()
    about = _about(sizes)
    lines: list[Line] = []
    missing: list[Missing] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=chosen.scratch) as scratch:
        context = Context(Path(scratch), sizes, lambda text: print(text, file=sys.stderr, flush=True))
        for found in measured(context, chosen.only or list(GROUPS)):
            if isinstance(found, Missing):
                missing.append(found)
            else:
                lines += found
            about["machine"]["others"] = round(machine.others, 3)
            about["minutes"] = round((time.monotonic() - started) / 60, 1)
            if folder is not None:
                write_pages(folder, lines, missing, about)
    if folder is None:
        _show(lines, missing, about)
    return 1 if missing else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the middle workbook (100000)")
    parser.add_argument(
        "--quick", action="store_true", help="small workbooks, one run each, for a first look"
    )
    parser.add_argument("--only", nargs="+", choices=GROUPS, help="these groups of lines, shown and not kept")
    parser.add_argument("--runs", type=int, default=3, help="runs of each quick piece (3)")
    parser.add_argument("--output", type=Path, help="the folder for the pages (docs; with --quick none)")
    parser.add_argument("--scratch", type=Path, help="where workbooks and homes are made (the system's own)")
    return parser.parse_args()


def _about(sizes: Sizes) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 1),
        },
        "runs": sizes.runs,
        "start_runs": sizes.start_runs,
        "rows": [sizes.small, sizes.middle, sizes.large, sizes.narrow],
    }


def _show(lines: list[Line], missing: list[Missing], about: dict[str, Any]) -> None:
    for line in lines:
        print(f"{line.name:28} {line.reached_in_words:>18}   due {line.due_in_words}  {line.note}")
        for floor in line.floors:
            print(f"{'':28} {line.floor_in_words(floor)}")
    for each in missing:
        print(f"not measured: {each.group}: {each.reason}")
    print(f"{about['minutes']} minutes; others had {about['machine']['others']:.0%} of the processors")


if __name__ == "__main__":
    sys.exit(main())
