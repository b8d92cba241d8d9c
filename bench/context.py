"""What all measurements of a run share: the folder they work in, the sizes, and what is measured once."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.measure import Figures, measure_in_turn
from bench.workbooks import make_workbook


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows of the workbooks (40 columns; `narrow` has 4, `modify` and `million` are also loaded with 20).

    `runs` are those of each piece, `start_runs` those of a command that only starts.
    """

    small: int
    middle: int
    large: int
    narrow: int
    runs: int
    start_runs: int


class Context:
    """Measures in `scratch`, a folder of its own; `tell` hears what is being done."""

    def __init__(self, scratch: Path, sizes: Sizes, tell: Callable[[str], None]) -> None:
        self.scratch = scratch
        self.sizes = sizes
        self.tell = tell

    def workbook(
        self, name: str, rows: int, *, wrong: float = 0.0, narrow: bool = False, modify: bool = False
    ) -> Path:
        """A workbook made on the spot, once."""
        self.tell(f"the workbook {name}: {rows:,} rows")
        path = self.scratch / f"{name}.xlsx"
        return make_workbook(path, rows, wrong=wrong, narrow=narrow, modify=modify)

    def measure(self, *piece: object, runs: int | None = None) -> Figures:
        """The figures of one piece."""
        return self.measure_in_turn(piece, runs=runs)[0]

    def measure_in_turn(self, *pieces: Sequence[object], runs: int | None = None) -> list[Figures]:
        """The figures of pieces that are compared."""
        found = measure_in_turn(*pieces, runs=runs or self.sizes.runs)
        for piece, figures in zip(pieces, found, strict=True):
            told = f"{figures.wall:.2f} s wall, {figures.cpu:.2f} s processor, {figures.peak:,.0f} MiB"
            self.tell(f"{piece[0]} {Path(str(piece[1])).name}: {told}")
        return found

    def load(self, book: Path, url: str) -> Figures:
        """A whole load against the server at `url`, once; what it leaves on the disk is removed."""
        home = self.scratch / "home"
        try:
            return self.measure("load", book, url, home, runs=1)
        finally:
            shutil.rmtree(home, ignore_errors=True)
            for made in self.scratch.glob("*.results*.xlsx"):
                made.unlink()

    @cached_property
    def book(self) -> Path:
        """The workbook of the middle size."""
        return self.workbook("middle", self.sizes.middle)

    @property
    def chunks(self) -> Path:
        """The folder of the chunk files of `book`, once `readings` has made them."""
        return self.scratch / "chunks"

    @cached_property
    def readings(self) -> tuple[Figures, Figures, Figures, Figures, Figures]:
        """A raw read and inflating of `book`, its conversion, and of one with few wrong rows and many."""
        few, many = (
            self.workbook(f"{wrong:.0%}-wrong".replace("%", ""), self.sizes.middle, wrong=wrong)
            for wrong in (0.01, 0.5)
        )
        raw, inflated, converted, few_wrong, many_wrong = self.measure_in_turn(
            ("raw_read", self.book),
            ("inflate", self.book),
            ("convert", self.book, self.chunks),
            ("convert", few, self.scratch / "few"),
            ("convert", many, self.scratch / "many"),
        )
        return raw, inflated, converted, few_wrong, many_wrong

    @property
    def converted(self) -> Figures:
        """The conversion of `book`."""
        return self.readings[2]

    @cached_property
    def writings(self) -> tuple[Figures, Figures]:
        """Writing results into `book`, and inflating and deflating its sheet."""
        written, deflated = self.measure_in_turn(
            ("write_results", self.book, self.sizes.middle, self.scratch / "results.xlsx"),
            ("deflate", self.book),
        )
        return written, deflated
