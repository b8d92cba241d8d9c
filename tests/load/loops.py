"""Random loops of the contract: load, type something into the results workbook, load it again, in three homes.

The server is spelt differently, its API key changes, a run outlasts the wait, results contradict each other, a
company's properties stand in the workbook. Whatever happens, no row is provisioned with the same task twice in a
row, and a row that says SUCCESS was provisioned. `make fuzz` plays many seeds, the tests a few.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.packaging.custom import StringProperty

from foreign.messages import Answer, Request
from foreign.server import ForeignServer
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.abandon import abandon
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.results.load_result import LoadResult

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


def _other_password(sheet: Any, chance: random.Random) -> None:
    sheet.cell(chance.randint(2, sheet.max_row), 5).value = chance.choice(("Summer-1", "Winter-2"))


TYPINGS: tuple[Typing, ...] = (
    _typo,
    _mended,
    _mended,
    _other_title,
    _other_password,
    _sorted,
    _new_row,
    _same_user_again,
    _twins_gone,
    _twins_gone,
)


def spelt(chance: random.Random) -> Callable[[str], str]:
    """One of the ways in which a person may spell the address of a server on this machine."""
    return chance.choice(
        (
            str,
            lambda url: f"{url}/",
            lambda url: f"{url}/v1",
            lambda url: url.replace("127.0.0.1:", "127.0.0.1:0"),
            lambda url: url.replace("127.0.0.1", "127.1"),
            lambda url: url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
        )
    )


class Loop:
    """One workbook, a server, and three homes: two of one machine, and one of another."""

    def __init__(self, seed: int, folder: Path, server: ForeignServer, tally: Counter[str]) -> None:
        self.chance = random.Random(seed)
        self.server = server
        self.machines = [Rig(server, Home(folder / f"home-{number}")) for number in range(3)]
        self.book = user_book(folder / "book.xlsx", ROWS, user__title="Agent", user__userPassword="Summer-1")
        self.applied: dict[str, str] = {}
        self.tally = tally
        self._told = f"seed {seed}"
        self._seen = 0

    def play(self) -> None:
        """Raises AssertionError where the promise is broken."""
        for _ in range(ROUNDS):
            try:
                result = self._load()
            except LoadRefused:
                # A row was typed as it was when this machine loaded it, and another machine loaded it since.
                self.tally["loop: refused"] += 1
                return
            self._hold(result)
            self.book = Path(str(result.results))
            if result.rows["unknown"]:
                self._close(result)
            self._type()

    def _load(self) -> LoadResult:
        chance, settings = self.chance, self.server.settings
        broken, slow, twice = (chance.random() < share for share in (0.3, 0.15, 0.1))
        if chance.random() < 0.1:
            settings.api_key = f"key-{chance.randrange(10**6)}"
        settings.fail = lambda _, task: (
            ("102", "User already exists.") if broken and title_of(task) == FAILING else None
        )
        settings.after = _twice if twice else (lambda *_: None)
        settings.polls_processing = 10**6 if slow else 1
        machine = chance.choice(self.machines)
        machine.spelling = spelt(chance)
        result = machine.load(self.book, skip_invalid=chance.random() < 0.4, wait=5 if slow else None)
        self._account(broken=broken)
        self.tally[f"loop: {result.status}"] += 1
        if result.rows["running"]:
            self._hold(result)
            for each in self.machines:
                with pytest.raises(LoadRefused):
                    each.load(Path(str(result.results)), again=chance.random() < 0.5)
            settings.polls_processing = 1
            machine.spelling = spelt(chance)
            result = machine.resume(result.job)
        return result

    def _account(self, *, broken: bool) -> None:
        """No task is applied twice in a row."""
        new = [task["content"] for _, task in self.server.state.executed[self._seen :]]
        self._seen += len(new)
        for content in new:
            user, text = content["user"]["userId"], json.dumps(content, sort_keys=True)
            assert self.applied.get(user) != text, f"{self._told}: {user} was provisioned twice"
            if not (broken and content["user"].get("title") == FAILING):
                self.applied[user] = text

    def _hold(self, result: LoadResult) -> None:
        results = read_results(Path(str(result.results)))
        for place, user in subjects(Path(str(result.results))).items():
            outcome = results[place][0]
            if outcome in ("SUCCESS", "RUNNING"):
                assert user in self.applied, f"{self._told}: {user} says {outcome} and was never sent"
            words = ("SUCCESS", "FAILED", "INVALID", "NOT SENT", "RUNNING", "UNKNOWN")
            assert outcome in words, self._told
        assert sum(result.rows.values()) == 2 * result.rows["total"] == 2 * len(results), self._told

    def _close(self, result: LoadResult) -> None:
        """The results differ: no machine loads the row, until a person closes the job and says what holds."""
        owner = next(each for each in self.machines if (each.home.loads / str(result.job)).exists())
        for each in self.machines:
            with pytest.raises(LoadRefused):
                each.load(self.book, again=self.chance.random() < 0.5)
        abandon(str(result.job), owner.around(), undecided=True)
        for each in self.machines:
            with pytest.raises(LoadRefused):
                each.load(self.book)
        typed: Any = openpyxl.load_workbook(self.book)
        sheet = typed["Users"]
        column = next(cell.column for cell in sheet[1] if cell.value == "Result")
        for row in range(2, sheet.max_row + 1):
            if sheet.cell(row, column).value == "UNKNOWN":
                sheet.cell(row, column).value = "SUCCESS"
        typed.save(self.book)
        self.tally["loop: closed undecided"] += 1

    def _type(self) -> None:
        typed: Any = openpyxl.load_workbook(self.book)
        for typing in self.chance.choices(TYPINGS, k=self.chance.randint(1, 3)):
            typing(typed["Users"], self.chance)
        name = self.chance.choice(("Enterprise", "Template version", "Read me"))
        if name not in typed.custom_doc_props.names:
            typed.custom_doc_props.append(StringProperty(name=name, value="Contoso"))
        typed.save(self.book)


def play_loop(seed: int, folder: Path, tally: Counter[str]) -> None:
    """Plays one seed; AssertionError where the promise is broken."""
    with ForeignServer() as server:
        Loop(seed, folder, server, tally).play()


def _twice(request: Request, answer: Answer) -> Answer | None:
    """A second, other result for the first row of an operation."""
    if not request.path.endswith("/results/users") or not isinstance(answer.body, dict):
        return None
    other = {"status": "FAILED", "errorCode": "102", "errorDescription": "User already exists."}
    body = {
        name: [*listed, listed[0] | other] if isinstance(listed, list) and listed else listed
        for name, listed in answer.body.items()
    }
    return Answer(answer.status, body, answer.headers)


def title_of(task: Any) -> Any:
    return task["content"]["user"].get("title")
