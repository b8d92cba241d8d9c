"""Which cells of a sheet are marked, and with which problems."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from xlsx2opeasy.ooxml.address import Area, column_of, letters_of
from xlsx2opeasy.problems import Problem, Severity

MOST_COMMENTS = 2_000
"""Comments on one sheet: each is a drawing that Excel loads when it opens the workbook."""


@dataclass(slots=True)
class SheetMarks:
    """The problems at the cells of one sheet, by row and column number."""

    title: str
    rows: dict[int, dict[int, list[Problem]]] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Takes in a problem that is about one cell."""
        assert problem.row is not None
        assert problem.column is not None
        column = column_of(problem.column)
        self.rows.setdefault(problem.row, {}).setdefault(column, []).append(problem)

    def severity(self, row: int, column: int) -> Severity:
        """The worst of a cell's problems."""
        errors = any(each.severity is Severity.ERROR for each in self.rows[row][column])
        return Severity.ERROR if errors else Severity.WARNING

    def area(self) -> Area:
        """The smallest area that holds all marked cells."""
        columns = {column for cells in self.rows.values() for column in cells}
        return Area(min(self.rows), min(columns), max(self.rows), max(columns))

    @property
    def count(self) -> int:
        """How many cells are marked."""
        return sum(map(len, self.rows.values()))

    def commented(self) -> Iterator["Comment"]:
        """The cells that get a comment: the first of the sheet, row by row."""
        return islice(self._comments(), MOST_COMMENTS)

    def _comments(self) -> Iterator["Comment"]:
        for row in sorted(self.rows):
            for column in sorted(self.rows[row]):
                words = "\n".join(dict.fromkeys(map(_sentence, self.rows[row][column])))
                yield Comment(row, column, words)


@dataclass(frozen=True, slots=True)
class Comment:
    """A cell and the words of its problems, one line each."""

    row: int
    column: int
    words: str

    @property
    def reference(self) -> str:
        """The cell's address, `F7`."""
        return f"{letters_of(self.column)}{self.row}"


def marks_by_sheet(problems: Iterable[Problem]) -> list[SheetMarks]:
    """The marks of every sheet that has a problem at a cell."""
    sheets: dict[str, SheetMarks] = {}
    for problem in problems:
        if problem.cell is not None and problem.sheet:
            sheets.setdefault(problem.sheet, SheetMarks(problem.sheet)).add(problem)
    return list(sheets.values())


def _sentence(problem: Problem) -> str:
    return f"{problem.severity.value.capitalize()}: {problem.words}"
