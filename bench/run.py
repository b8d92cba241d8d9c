"""One run of the benchmark: every line of the table, from workbooks made on the spot."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.lines import Line, limit
from bench.measure import Figures, measure_command, measure_in_turn, serving
from bench.server import API_KEY, ENTERPRISE
from bench.workbooks import make_workbook

COMMAND = Path(sys.executable).with_name("xlsx2opeasy")
_HELP_RUNS = 15


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows of the workbooks (40 columns; `narrow` has 4), and the runs of each piece."""

    small: int
    middle: int
    large: int
    narrow: int
    runs: int


class Run:
    """Measures in `scratch`, a folder of its own; `tell` hears what is being done."""

    def __init__(self, scratch: Path, sizes: Sizes, tell: Callable[[str], None]) -> None:
        self._scratch = scratch
        self._sizes = sizes
        self._tell = tell
        self._notes: dict[str, str] = {}

    def lines(self) -> list[Line]:
        """All lines, in the order of the table."""
        return [
            *self._conversion(),
            *self._growth(),
            *self._wrong_rows(),
            *self._results(),
            *self._uploading(),
            self._narrow_load(),
            self._help(),
        ]

    # -- reading, checking, converting --------------------------------------------------------------------

    @cached_property
    def _book(self) -> Path:
        return self._workbook("middle", self._sizes.middle)

    @cached_property
    def _readings(self) -> tuple[Figures, Figures, Figures, Figures]:
        """calamine's raw read, and the conversion of a book without wrong rows, with few and with many."""
        few, many = (
            self._workbook(f"{wrong:.0%}-wrong".replace("%", ""), self._sizes.middle, wrong=wrong)
            for wrong in (0.01, 0.5)
        )
        raw, converted, few_wrong, many_wrong = self._measure_in_turn(
            ("raw_read", self._book),
            ("convert", self._book, self._chunks),
            ("convert", few, self._scratch / "few"),
            ("convert", many, self._scratch / "many"),
        )
        return raw, converted, few_wrong, many_wrong

    @property
    def _converted(self) -> Figures:
        return self._readings[1]

    @property
    def _chunks(self) -> Path:
        return self._scratch / "chunks"

    def _conversion(self) -> list[Line]:
        raw, ours, _, _ = self._readings
        obvious = self._measure("obvious", self._book, self._scratch / "obvious", runs=1)
        what = f"read + check + convert, {self._sizes.middle:,} x 40"
        start = f"and {ours.whole_cpu - ours.cpu:.1f} s once for loading libraries"
        return [
            Line("convert : raw read", what, "calamine's raw read", 1.5, ours.cpu, raw.cpu, "s", note=start),
            Line(
                "convert : obvious build",
                "the same",
                "pandas with openpyxl + pandera + json",
                10,
                ours.cpu,
                obvious.cpu,
                "s",
                faster=True,
            ),
            Line(
                "memory : raw read",
                "peak memory of it",
                "calamine's raw read",
                1.2,
                ours.peak,
                raw.peak,
                "MiB",
            ),
            limit("memory", "the same", 700, ours.peak, "MiB"),
        ]

    def _growth(self) -> list[Line]:
        sizes = self._sizes
        small = self._measure("convert", self._workbook("small", sizes.small), self._scratch / "small")
        ours = self._converted
        by_row = ours.cpu / sizes.middle, small.cpu / sizes.small
        lines = [
            Line(
                "growth : small",
                f"time for a row of {sizes.middle:,}",
                f"for a row of {sizes.small:,}",
                1.15,
                by_row[0] * 1e6,
                by_row[1] * 1e6,
                "us",
            )
        ]
        book = self._workbook("large", sizes.large)
        large = self._measure("convert", book, self._scratch / "large", runs=1)
        book.unlink()
        shutil.rmtree(self._scratch / "large")
        return [
            *lines,
            Line(
                "growth : large",
                f"time for a row of {sizes.large:,}",
                f"for a row of {sizes.middle:,}",
                1.15,
                large.cpu / sizes.large * 1e6,
                by_row[0] * 1e6,
                "us",
            ),
            limit("memory, large", f"peak memory, {sizes.large:,} x 40", 4096, large.peak, "MiB"),
        ]

    def _wrong_rows(self) -> list[Line]:
        _, right, few, many = self._readings
        return [
            Line(name, f"{name} rows", "all right", 1.3, ours.cpu, right.cpu, "s")
            for name, ours in (("1 % wrong", few), ("50 % wrong", many))
        ]

    # -- writing results ----------------------------------------------------------------------------------

    @cached_property
    def _writings(self) -> tuple[Figures, Figures]:
        """Writing results, and inflating and deflating the sheet."""
        written, deflated = self._measure_in_turn(
            ("write_results", self._book, self._sizes.middle, self._scratch / "results.xlsx"),
            ("deflate", self._book),
        )
        return written, deflated

    def _results(self) -> list[Line]:
        ours, deflate = self._writings
        openpyxl = self._measure("openpyxl_results", self._book, self._scratch / "openpyxl.xlsx", runs=1)
        what = f"writing results, {self._sizes.middle:,} x 40"
        against = "openpyxl load + save"
        return [
            Line("results : openpyxl", what, against, 50, ours.cpu, openpyxl.cpu, "s", faster=True),
            limit("results memory", "peak memory of it", 100, ours.peak, "MiB"),
            Line(
                "results : deflate",
                "the same",
                "inflating and deflating the sheet",
                2.5,
                ours.cpu,
                deflate.cpu,
                "s",
            ),
        ]

    # -- loading ------------------------------------------------------------------------------------------

    def _uploading(self) -> list[Line]:
        with serving() as url:
            bare = self._measure("post", self._chunks, url)
            loads = [self._load(url, number) for number in range(self._sizes.runs)]
        ours = sorted(loads, key=lambda each: float(each.said["steps"]["upload"][0]))[len(loads) // 2]
        whole = sorted(loads, key=lambda each: each.cpu)[len(loads) // 2]
        steps = ours.said["steps"]
        what, against = f"uploading {steps['chunks']} chunks over loopback", "httpx in a bare loop"
        parts = self._converted.cpu + steps["upload"][1] + self._writings[0].cpu
        return [
            Line("upload : httpx", f"{what}, wall", against, 1.15, steps["upload"][0], bare.wall, "s"),
            Line("upload : httpx, processor", f"{what}", against, 1.15, steps["upload"][1], bare.cpu, "s"),
            Line(
                "load : sum of parts",
                f"a whole load of {self._sizes.middle:,} rows",
                "sum of the parts above",
                1.1,
                whole.cpu,
                parts,
                "s",
                note=_step_note(whole),
            ),
        ]

    def _load(self, url: str, number: int) -> Figures:
        home = self._scratch / f"home-{number}"
        figures = self._measure("load", self._book, url, home, runs=1)
        shutil.rmtree(home)
        for made in self._scratch.glob("*.results*.xlsx"):
            made.unlink()
        return figures

    def _narrow_load(self) -> Line:
        book = self._workbook("narrow", self._sizes.narrow, narrow=True)
        openpyxl = self._measure("openpyxl_copy", book, self._scratch / "copy.xlsx")
        walls = []
        with serving() as url:
            for number in range(self._sizes.runs):
                home = self._scratch / f"narrow-{number}"
                env = {"XLSX2OPEASY_HOME": str(home), "OPEASY_URL": url, "OPEASY_ENTERPRISE_ID": ENTERPRISE}
                command = [str(COMMAND), "load", str(book), "--yes", "--quiet"]
                walls.append(measure_command(command, 1, env | {"OPEASY_API_KEY": API_KEY}))
        ours = Figures.of(walls)
        what = f"a whole load of {self._sizes.narrow:,} x 4, the command from its start, wall"
        return Line(
            "narrow load : openpyxl", what, "openpyxl load + save, wall", 2.5, ours.wall, openpyxl.wall, "s"
        )

    def _help(self) -> Line:
        ours = measure_command([str(COMMAND), "--help"], _HELP_RUNS)
        empty = measure_command([sys.executable, "-c", "pass"], _HELP_RUNS)
        mine, other = ours.cpu * 1000, empty.cpu * 1000
        return Line("--help : python", "`xlsx2opeasy --help`", "`python -c pass`", 4, mine, other, "ms")

    # -- what they share ----------------------------------------------------------------------------------

    def _workbook(self, name: str, rows: int, *, wrong: float = 0.0, narrow: bool = False) -> Path:
        self._tell(f"making the workbook {name}: {rows:,} rows")
        return make_workbook(self._scratch / f"{name}.xlsx", rows, wrong=wrong, narrow=narrow)

    def _measure(self, *piece: object, runs: int | None = None) -> Figures:
        return self._measure_in_turn(piece, runs=runs)[0]

    def _measure_in_turn(self, *pieces: Sequence[object], runs: int | None = None) -> list[Figures]:
        found = measure_in_turn(*pieces, runs=runs or self._sizes.runs)
        for piece, figures in zip(pieces, found, strict=True):
            told = f"{figures.wall:.2f} s wall, {figures.cpu:.2f} s processor, {figures.peak:,.0f} MiB"
            self._tell(f"{piece[0]} {Path(str(piece[1])).name}: {told}")
        return found


def _step_note(load: Figures) -> str:
    """Where the processor's time of a whole load goes."""
    words = {
        "prepare": "read, check and plan",
        "freeze": "freeze on disk",
        "draft": "upload and verify",
        "run": "run and fetch results",
        "results": "match and write results",
    }
    steps = load.said["steps"]
    return "; ".join(f"{text} {steps[name][1]:.1f} s" for name, text in words.items())
