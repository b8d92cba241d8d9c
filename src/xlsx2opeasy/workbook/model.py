"""A workbook as the rest of the program sees it: sheets of rows of text, with Excel's row numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx2opeasy.problems import Problem
from xlsx2opeasy.spec.model import Column, TaskType
from xlsx2opeasy.spec.outcomes import RowResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a sheet that is a field: `letter` is Excel's ("F"), `header` as it is typed."""

    column: Column
    letter: str
    header: str

    @property
    def name(self) -> str:
        """The header in its canonical spelling, also the frame's column label."""
        return self.column.name


@dataclass(frozen=True)
class Sheet:
    """One task sheet, read.

    `rows` has one row for each task row (blank rows are left out), with Excel's row numbers as its index.
    Its columns are `command` and the canonical names of `columns`, all of dtype `str`; a blank cell is "".
    The text of a cell is what would be sent, before enumerations, booleans, integers and MAC addresses are
    normalised: edges trimmed, numbers as their digits, leading zeros restored. A cell that could not be read
    faithfully has an error in `problems` and "" in `rows`; `unreadable` names it, so that no second error
    ("is required") is reported for it. `result_letters` are the columns
    of an earlier load's results by header, and `earlier_results` what they say, by row; `earlier_jobs` has
    the texts of the Job column, by row, also where the Result beside them is blank. `never_ours` are the
    numbers of the person's own columns (from 1) that have the header of a result column. A constant of a
    mapping is a column without a letter; so is the command where it is one.
    """

    task_type: TaskType
    title: str
    header_row: int
    command_letter: str
    columns: tuple[SheetColumn, ...]
    rows: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    unreadable: frozenset[tuple[int, str]] = frozenset()
    earlier_results: dict[int, RowResult] = field(default_factory=dict)
    result_letters: dict[str, str] = field(default_factory=dict)
    never_ours: frozenset[int] = frozenset()
    earlier_jobs: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Workbook:
    """A workbook, read: its task sheets in the catalogue's order, and what else was noticed.

    `sha256` is of the bytes that were read; `other_sheets` are those of the user's that are left alone;
    `meant_for` are the digits of the only enterprise that it is meant for (the undo of a load), mostly none.
    """

    path: Path
    sha256: str
    sheets: tuple[Sheet, ...]
    other_sheets: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    meant_for: str = ""
