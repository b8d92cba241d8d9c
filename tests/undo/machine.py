"""A machine, and an enterprise of its own at a simulated OpEasy: loads, undoes, and looks at what is there."""

import itertools
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from load.books import Rows, write_rows
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.http.reach import user_agent
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.plan.prepare import LoadOptions
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.load.service import LoadContext, load
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.sandbox.serve import RunningSandbox
from xlsx2opeasy.sandbox.state import DeclaredDevice, DeclaredUser, NumberBlock, State
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.tasks.build import all_tasks
from xlsx2opeasy.undo.workbook import NOT_UNDONE_TITLE, choose_undo_output, undo_of, write_undo
from xlsx2opeasy.workbook.read import read_workbook

ANNA, BERT, CARL = "anna.able@example.com", "bert.bold@example.com", "carl.cook@example.com"
NEW, OTHER = "new.person@example.com", "other.person@example.com"

STATE = State(
    numbers=(
        NumberBlock("2145550100 - 2145550119"),
        NumberBlock("2145550120 - 2145550139", "Dallas"),
    ),
    users=(
        DeclaredUser(ANNA, "Dallas", call_centers=("sales.cc@example.com",)),
        DeclaredUser(BERT, "Dallas", suspended=True),
        DeclaredUser(CARL, "Dallas", devices=("carl-phone",)),
    ),
    devices=(DeclaredDevice("spare-phone", "Dallas"),),
)
"""What each enterprise begins with."""

_numbers = itertools.count(1)


@dataclass
class Machine:
    """One machine, and one enterprise that nobody else has."""

    sandbox: RunningSandbox
    folder: Path
    enterprise_id: str = field(default_factory=lambda: f"enterprise-{next(_numbers)}")

    def load(self, book: Path, **options: Any) -> LoadResult:
        """Loads a workbook to its end."""
        target = Target(self.sandbox.url, self.enterprise_id, rehearsal=options.pop("rehearsal", False))
        around = LoadContext(lambda _: None, self._connect, Waiting(0.01), store=Home(self._home))
        return load(book, target, LoadOptions(**options), around)

    def load_rows(self, sheets: Mapping[str, Rows], **options: Any) -> LoadResult:
        """Loads rows, by sheet."""
        return self.load(write_rows(self.folder / "branch.xlsx", sheets), **options)

    def undo(self, result: LoadResult) -> Path:
        """The undo workbook of a load."""
        undo = undo_of(Home(self._home).job(str(result.job)))
        path = choose_undo_output(undo.facts, None)
        write_undo(undo, path)
        return path

    @property
    def _home(self) -> Path:
        from xlsx2opeasy.operating_system import state_folder

        return state_folder()

    def _connect(self, facts: Any, interruption: Interruption) -> OpEasyClient:
        key = Secret(self.sandbox.api_key)
        connection = Connection(self.sandbox.url, self.enterprise_id, key, user_agent=user_agent(facts.job))
        return OpEasyClient(connection, clock=interruption)

    def state(self) -> dict[str, Any]:
        """Everything that is in the enterprise now."""
        found = self.sandbox.enterprise(self.enterprise_id)
        return deepcopy(
            {
                "users": {key: asdict(each) for key, each in found.users.items()},
                "devices": {key: asdict(each) for key, each in found.devices.items()},
                "numbers": {key: asdict(each) for key, each in found.inventory.by_digits.items()},
                "unique": found.unique_values,
                "pending": (found.pending_teams_additions, found.pending_teams_deletions),
            }
        )


def tasks_in(path: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """Type, command and content of each task of a workbook, which has no error."""
    checked = check_workbook(read_workbook(path))
    assert checked.errors == ()
    return [(each.type, each.command, each.content) for each in all_tasks(checked.sheets)]


def left_in(path: Path) -> list[tuple[str, ...]]:
    """The rows of the sheet of what is not undone: sheet, row, command, about, kind, why."""
    book: Any = openpyxl.load_workbook(path)
    if NOT_UNDONE_TITLE not in book.sheetnames:
        return []
    return [
        tuple(str(cell or "") for cell in row)
        for row in book[NOT_UNDONE_TITLE].iter_rows(min_row=3, values_only=True)
    ]


def words_of(path: Path) -> str:
    """What the first sheet says."""
    book: Any = openpyxl.load_workbook(path)
    return "\n".join(str(row[0]) for row in book.worksheets[0].iter_rows(values_only=True))
