"""Lines about reading, checking and converting."""

import shutil
import sys
from pathlib import Path

from bench.context import Context
from bench.lines import Floor, Line, limit
from bench.measure import Figures, measure_commands


def against_raw_read(context: Context) -> list[Line]:
    """A conversion against calamine's raw read: processor, wall and memory."""
    raw, inflated, ours, _, _ = context.readings
    what = f"read + check + convert, {context.sizes.middle:,} x 40"
    against = "calamine's raw read"
    start = f"and {ours.whole_cpu - ours.cpu:.1f} s once for loading libraries"
    return [
        Line(
            "convert : raw read",
            what,
            against,
            1.0,
            ours.cpu,
            raw.cpu,
            "s",
            note=start,
            floors=(Floor("inflating the sheet and its texts by zlib", inflated.cpu), *_steps(ours, 1)),
        ),
        Line(
            "convert : raw read, wall",
            "the same, wall",
            f"{against}, wall",
            0.7,
            ours.wall,
            raw.wall,
            "s",
            floors=(Floor("inflating the sheet and its texts by zlib", inflated.wall), *_steps(ours, 0)),
        ),
        limit("convert memory", "peak memory of it", 500, ours.peak, "MiB", Floor(f"{against}", raw.peak)),
    ]


def _steps(ours: Figures, of: int) -> list[Floor]:
    """The steps of a conversion, of the wall (0) or the processor (1)."""
    words = {"read": "reading", "check": "checking", "write": "building the tasks and writing their files"}
    return [Floor(f"of ours, {text}", ours.said["steps"][name][of]) for name, text in words.items()]


def against_obvious_build(context: Context) -> list[Line]:
    """A conversion against the obvious build."""
    obvious = context.measure("obvious", context.book, context.scratch / "obvious", runs=1)
    return [
        Line(
            "convert : obvious build",
            f"read + check + convert, {context.sizes.middle:,} x 40",
            "pandas with openpyxl + pandera + json",
            10,
            context.converted.cpu,
            obvious.cpu,
            "s",
            faster=True,
        )
    ]


def growth(context: Context) -> list[Line]:
    """The time for a row as the rows grow."""
    sizes = context.sizes
    small = context.measure("convert", context.workbook("small", sizes.small), context.scratch / "small")
    large = context.measure("convert", _large(context), context.scratch / "large", runs=1)
    shutil.rmtree(context.scratch / "large")
    a_row = [
        figures.cpu / rows * 1e6
        for figures, rows in ((small, sizes.small), (context.converted, sizes.middle), (large, sizes.large))
    ]
    return [
        Line(
            "growth : small",
            f"time for a row of {sizes.middle:,}",
            f"for a row of {sizes.small:,}",
            1.15,
            a_row[1],
            a_row[0],
            "us",
        ),
        Line(
            "growth : large",
            f"time for a row of {sizes.large:,}",
            f"for a row of {sizes.middle:,}",
            1.15,
            a_row[2],
            a_row[1],
            "us",
        ),
    ]


def million_check(context: Context) -> list[Line]:
    """The memory of the check of the largest workbook."""
    book = _large(context)
    figures = context.measure("check", book, runs=1)
    rows = context.sizes.large
    return [
        limit("million check memory", f"`check` of {rows:,} x 40, peak memory", 2048, figures.peak, "MiB")
    ]


def _large(context: Context) -> Path:
    return context.workbook("large", context.sizes.large)


def wrong_rows(context: Context) -> list[Line]:
    """A conversion where rows are wrong."""
    _, _, right, few, many = context.readings
    return [
        Line(name, f"{name} rows", "all right", 1.3, ours.cpu, right.cpu, "s")
        for name, ours in (("1 % wrong", few), ("50 % wrong", many))
    ]


def results(context: Context) -> list[Line]:
    """Writing results into a workbook."""
    ours, deflate = context.writings
    openpyxl = context.measure("openpyxl_results", context.book, context.scratch / "openpyxl.xlsx", runs=1)
    libraries = measure_commands([sys.executable, "-c", "import numpy"], runs=1)[0]
    floor = Floor("inflating and deflating the sheet", deflate.cpu)
    return [
        Line(
            "results : openpyxl",
            f"writing results, {context.sizes.middle:,} x 40",
            "openpyxl load + save",
            60,
            ours.cpu,
            openpyxl.cpu,
            "s",
            faster=True,
            floors=(floor,),
        ),
        limit(
            "results memory",
            "peak memory of it",
            65,
            ours.peak,
            "MiB",
            Floor("importing numpy, and nothing else", libraries.peak),
        ),
        Line("results : deflate", "the same", floor.what, 2.5, ours.cpu, deflate.cpu, "s"),
    ]
