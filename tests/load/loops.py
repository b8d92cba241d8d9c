"""Random loops of the contract: load, type something into the results workbook, load it again, on two machines.

Whatever is typed, no row is provisioned with the same task twice in a row, and a row that says SUCCESS was
provisioned. `make fuzz` plays many seeds, the tests a few.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl

from foreign.server import ForeignServer
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.job.home import Home

from .books import read_results, user_book
from .rig import Rig, subjects

ROUNDS = 6
ROWS = 5
TITLES = ("Agent", "Boss", "Clerk")
FAILING = "Clerk"
"""The server fails users of this title in some rounds."""

Typing = Callable[[Any, random.Random], None]


def _typo(sheet: Any, chance: random.Random) -> None:
    sheet.cell(chance.randint(2, sheet.max_row), 1).value = "AddUsr"


def _mended(sheet: Any, chance: random.Random) -> None:
    for row in range(2, sheet.max_row + 1):
        if chance.random() < 0.7:
            sheet.cell(row, 1).value = "AddUser"


def _other_title(sheet: Any, chance: random.Random) -> None:
    cell = sheet.cell(chance.randint(2, sheet.max_row), 4)
    cell.value = chance.choice(TITLES) if cell.value in TITLES else cell.value


def _sorted(sheet: Any, chance: random.Random) -> None:
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    chance.shuffle(rows)
    for number, values in enumerate(rows, 2):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value


def _new_row(sheet: Any, chance: random.Random) -> None:
    user = f"new{chance.randrange(10**6):06}@example.com"
    sheet.append(["AddUser", "Dallas", user, chance.choice(TITLES)])


def _same_user_again(sheet: Any, chance: random.Random) -> None:
    user = sheet.cell(chance.randint(2, sheet.max_row), 3).value
    sheet.append(["AddUser", "Dallas", user, f"Twin {chance.randrange(10**6)}"])


def _twins_gone(sheet: Any, chance: random.Random) -> None:
    for row in range(sheet.max_row, 1, -1):
        if str(sheet.cell(row, 4).value).startswith("Twin"):
            sheet.delete_rows(row)


TYPINGS: tuple[Typing, ...] = (
    _typo,
    _mended,
    _mended,
    _other_title,
    _sorted,
    _new_row,
    _same_user_again,
    _twins_gone,
    _twins_gone,
)


def play_loop(seed: int, folder: Path) -> None:
    """Plays one seed; AssertionError where the promise is broken."""
    chance = random.Random(seed)
    with ForeignServer() as server:
        machines = [Rig(server, Home(folder / f"home-{number}")) for number in range(2)]
        book = user_book(folder / "book.xlsx", ROWS, user__title="Agent")
        applied: dict[str, str] = {}
        seen = 0
        for _ in range(ROUNDS):
            broken = chance.random() < 0.3
            server.settings.fail = lambda task_type, task, broken=broken: (
                ("102", "User already exists.") if broken and _title(task) == FAILING else None
            )
            try:
                result = chance.choice(machines).load(book, skip_invalid=chance.random() < 0.4)
            except LoadRefused:
                return  # a row was typed as it was when this machine loaded it, and another machine loaded it since
            new = [task["content"] for _, task in server.state.executed[seen:]]
            seen = len(server.state.executed)
            for content in new:
                user, spelt = content["user"]["userId"], json.dumps(content, sort_keys=True)
                assert applied.get(user) != spelt, f"seed {seed}: {user} was provisioned twice"
                if not (broken and content["user"].get("title") == FAILING):
                    applied[user] = spelt
            assert result.results is not None
            _hold_against(Path(result.results), applied, f"seed {seed}")
            book = Path(result.results)
            typed: Any = openpyxl.load_workbook(book)
            for typing in chance.choices(TYPINGS, k=chance.randint(1, 3)):
                typing(typed["Users"], chance)
            typed.save(book)


def _title(task: Any) -> Any:
    return task["content"]["user"].get("title")


def _hold_against(book: Path, applied: dict[str, str], told: str) -> None:
    results = read_results(book)
    for place, user in subjects(book).items():
        if results[place][0] == "SUCCESS":
            assert user in applied, f"{told}: {user} says SUCCESS and was never sent"
        assert results[place][0] in ("SUCCESS", "FAILED", "INVALID", "NOT SENT"), told
