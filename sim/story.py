"""What people do, step by step, and what must be true after each step.

A story is a list of steps; each step has chances of its own, so that a story without some of its steps plays
the others as before, and the shortest story that still breaks a promise can be found.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from load.books import read_results, user_book
from load.rig import Rig
from sim.world import KEY, ORIGIN, PORT, Crash, World, in_place
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.load.abandon import abandon
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.state import JobState
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.load.jobs.earlier import peek, real_jobs
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling

PASSWORD = "Canary-Pw-77x"
ROWS = 3
ENTERPRISE = "acme"
VERBS = ("load", "load", "resume", "resume", "resume", "settle", "answer wrongly", "abandon", "undecided")
TYPINGS = ("edit", "sort", "empty", "original", "again", "rename", "clean up", "change the key")
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda url: f"{url}/",
    lambda url: f"{url}/v1",
    lambda url: url.replace(PORT, f"0{PORT}"),
    lambda url: url.replace("http", "HTTP"),
)
"""How people write the address of the one server."""
RESUMES = 4
"""Within so many a job ends once the faults have stopped."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One deed of a person at a machine; `seed` has its chances: faults on the way, which row, which spelling."""

    verb: str
    machine: int
    seed: int


def story_of(seed: int) -> list[Step]:
    """The steps of a seed."""
    chance = random.Random(seed)
    verbs = ["load", *chance.choices([*VERBS, *TYPINGS], k=chance.randint(2, 7))]
    return [Step(verb, int(chance.random() < 0.3), chance.randrange(10**9)) for verb in verbs]


@dataclass(frozen=True)
class _Settings:
    api_key: str = KEY
    enterprise_id: str = ENTERPRISE


@dataclass(frozen=True)
class _Server:
    """The server as `Rig` knows one."""

    url: str = ORIGIN
    settings: _Settings = _Settings()


class Story:
    """One workbook, one server, two machines, played from its steps."""

    def __init__(self, folder: Path, world: World) -> None:
        self.world = world
        server: Any = _Server()
        self.machines = [Rig(server, Home(folder / f"home-{number}")) for number in range(2)]
        self.original = user_book(folder / "book.xlsx", ROWS, user__title="A", user__userPassword=PASSWORD)
        self.book = self.original
        self.due: Counter[Key] = Counter()
        self.begun: dict[str, tuple[int, Counter[Key]]] = {}
        self.loads = 0
        self.typed: dict[Path, bytes] = {}
        """Workbooks that a person changed since: what stands there is the person's word, not the program's."""

    def play(self, steps: list[Step]) -> None:
        """Raises AssertionError where a promise is broken."""
        for step in steps:
            self._do(step)
            self._hold()
        self.world.settle()
        self._hold()
        self._end()

    def _do(self, step: Step) -> None:
        world, chance = self.world, random.Random(step.seed)
        world.chance = chance
        world.log.append(f"{step}")
        if step.verb in ("edit", "sort", "empty", "rename"):
            self._type(step.verb, chance)
            return
        if step.verb == "clean up":
            world.clean_up()
            return
        if step.verb == "change the key":
            key = world.change_key()
            for each in self.machines:
                each.api_key = key
            return
        world.begin()
        world.share = chance.choice((0.0, 0.1, 0.3))
        world.dies_at = chance.randint(1, 60) if chance.random() < 0.3 else None
        world.disk_fails_at = chance.randint(1, 25) if chance.random() < 0.15 else None
        world.stops_at = chance.randint(1, 25) if chance.random() < 0.15 else None
        world.slow = chance.choice((0, 0, 0, 40))
        machine = self.machines[step.machine]
        machine.spelling = chance.choice(SPELLINGS)
        try:
            self._act(step, machine, chance)
        except Crash:
            world.log.append("  died")
        except Xlsx2OpeasyError as error:
            world.tally[f"refused: {type(error).__name__}"] += 1
            self._no_secret(f"{error}")
        finally:
            world.dies_at = world.disk_fails_at = world.stops_at = None

    def _act(self, step: Step, machine: Rig, chance: random.Random) -> None:
        wait = chance.choice((None, 30.0))
        if step.verb in ("load", "again", "original"):
            book = self.original if step.verb == "original" else self.book
            asked = self._asked(book, step)
            self.loads += 1
            before, jobs = self._executed(), _jobs(machine)
            try:
                result = machine.load(book, chunk_tasks=2, wait=wait, again=step.verb == "again")
            finally:
                if _jobs(machine) - jobs:  # a load that was refused permits nothing
                    self.due.update(asked)
            self.begun[str(result.job)] = (self.loads, before)
            self._ended(result)
        elif step.verb == "resume":
            self._ended(machine.resume(wait=wait))
        elif step.verb in ("settle", "answer wrongly"):
            self._settle(machine, right=step.verb == "settle", wait=wait)
        else:
            for stored, _ in open_jobs(machine):
                abandon(stored.job_id, machine.around(), undecided=step.verb == "undecided")

    def _asked(self, book: Path, step: Step) -> Counter[Key]:
        """What the person asks for by loading this workbook here."""
        told, asked = read_results(book), Counter[Key]()
        known = self._succeeded_at(self.machines[step.machine])
        for place, key in rows_of(book).items():
            result = told.get(place, ("",))[0]
            anew = not result and not known
            if step.verb == "again" or result == "FAILED" or anew or not self.due[key]:
                asked[key] += 1
        return asked

    def _succeeded_at(self, machine: Rig) -> bool:
        """Whether a row of an earlier job of this machine succeeded: a workbook without results is refused then."""
        states = [state for _, _, state in real_jobs(machine.home)]
        operations = {phase.operation_id for state in states for phase in state.phases.values()}
        return any(each.succeeded and each.operation_id in operations for each in self.world.truth.applied)

    def _settle(self, machine: Rig, *, right: bool, wait: float | None) -> None:
        for stored, state in open_jobs(machine):
            phases = [each for each in state.phases.values() if each.operation_id]
            if not phases:
                continue
            operation = str(phases[0].operation_id)
            runs = self.world.app.state.rooms.store._scheduled.values()
            run = next((each.id for each in runs if each.operation.id == operation), None)
            others = [each.id for each in runs if each.operation.id != operation]
            claim = Settling(run) if run else Settling(not_scheduled=operation)
            if not right:
                claim = Settling(not_scheduled=operation) if run else Settling((others or ["none"])[0])
            self._ended(machine.resume(stored.job_id, wait=wait, settling=claim))

    def _type(self, verb: str, chance: random.Random) -> None:
        if verb == "rename":
            if self.book == self.original:
                return
            name = f"renamed-{chance.randrange(1000)}.xlsx"
            self.book = self.book.rename(self.book.with_name(name))
            return
        typed: Any = openpyxl.load_workbook(self.book)
        sheet = typed["Users"]
        heads = [cell.value for cell in sheet[1]]
        row = chance.randint(2, sheet.max_row)
        user, title = heads.index("user.userId") + 1, heads.index("user.title") + 1
        if verb == "sort":
            rows = [[cell.value for cell in each] for each in sheet.iter_rows(min_row=2)]
            chance.shuffle(rows)
            for number, values in enumerate(rows, 2):
                for column, value in enumerate(values, 1):
                    sheet.cell(number, column).value = value
        elif verb == "edit":
            sheet.cell(row, title).value = chance.choice("ABC")
            self.due[(sheet.cell(row, user).value, sheet.cell(row, title).value)] += 1
        elif "Result" in heads:
            sheet.cell(row, heads.index("Result") + 1).value = None
            self.due[(sheet.cell(row, user).value, sheet.cell(row, title).value)] += 1
        typed.save(self.book)
        self.typed[self.book] = self.book.read_bytes()

    def _ended(self, result: LoadResult) -> None:
        """What the program said at its end is true of the server's ledger."""
        self.world.tally[f"end: {result.status}"] += 1
        self._no_secret(f"{result}")
        if result.results is None:
            return
        self.book = Path(result.results)
        counts = result.rows
        assert sum(counts.values()) == 2 * counts["total"], f"counts do not add up: {counts}"
        if self.typed.get(self.book) == self.book.read_bytes():
            return
        done, told = self._executed(), read_results(self.book)
        number, before = self.begun.get(str(result.job), (0, done))
        for place, key in rows_of(self.book).items():
            word = told.get(place, ("",))[0]
            assert word, f"{key} is not told"
            if word in ("SUCCESS", "FAILED"):
                assert key[0] != self.world.contradicted, f"{key} has two results and says {word}"
                truths = self._outcomes(key)
                assert word in truths, f"{key} says {word}; the server's ledger has {truths or 'nothing'}"
            elif word in ("NOT SENT", "REJECTED", "INVALID") and number == self.loads:
                assert done[key] == before[key], f"{key} says {word} and was executed"

    def _executed(self) -> Counter[Key]:
        return Counter(_key(each.content) for each in self.world.truth.applied)

    def _outcomes(self, key: Key) -> list[str]:
        tasks = [each for each in self.world.truth.applied if _key(each.content) == key]
        return ["SUCCESS" if each.succeeded else "FAILED" for each in tasks]

    def _hold(self) -> None:
        for key, times in self._executed().items():
            assert times <= self.due[key], f"{key} was executed {times} times, due {self.due[key]}"
        assert not self.world.truth.crashes, list(self.world.truth.crashes)
        for machine in self.machines:
            for event in machine.events:
                self._no_secret(f"{event}")
            machine.events.clear()
            for file in machine.home.path.rglob("*"):
                if file.is_file():
                    self._no_secret_in(file)

    def _no_secret_in(self, file: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            content = file.read_bytes()
            assert KEY.encode() not in content, f"{file.name} holds the key"
            if "chunks" not in file.parts:
                assert PASSWORD.encode() not in content, f"{file.name} holds a password"

    def _no_secret(self, text: str) -> None:
        assert KEY not in text, f"the key is told: {text}"
        assert PASSWORD not in text, f"a password is told: {text}"

    def _end(self) -> None:
        """The faults have stopped: every job ends, and its rows are told."""
        for machine in self.machines:
            machine.spelling = str
            for stored, _ in open_jobs(machine):
                for _ in range(RESUMES):
                    self._ended(machine.resume(stored.job_id))
                    self._hold()
                    if peek(stored)[1].finished == "unknown":
                        with contextlib.suppress(Xlsx2OpeasyError):
                            self._settle(machine, right=True, wait=None)
                    if peek(stored)[1].finished not in (None, "unknown"):
                        break
                else:
                    undecided = peek(stored)[1].finished == "unknown"
                    assert undecided, f"job {stored.job_id} does not end"
                    abandon(stored.job_id, machine.around(), undecided=True)
                    self.world.tally["closed undecided"] += 1
                    self._hold()
                finished = peek(stored)[1].finished
                assert finished not in (None, "unknown"), f"job {stored.job_id} does not end: {finished}"


def _key(content: dict[str, Any]) -> Key:
    return content["user"]["userId"], content["user"]["title"]


def _jobs(machine: Rig) -> set[str]:
    return {stored.job_id for stored, _, _ in real_jobs(machine.home)}


def open_jobs(machine: Rig) -> list[tuple[StoredJob, JobState]]:
    """The jobs of a machine that have not ended."""
    jobs = list(real_jobs(machine.home, unfinished=True))
    return [(stored, state) for stored, _, state in jobs if state.finished in (None, "unknown")]


def rows_of(book: Path) -> dict[tuple[str, int], Key]:
    """By sheet and row, the user and title that stand there."""
    workbook: Any = openpyxl.load_workbook(book)
    sheet = workbook["Users"]
    heads = [cell.value for cell in sheet[1]]
    user, title = heads.index("user.userId"), heads.index("user.title")
    found = {
        ("Users", row[0].row): (row[user].value, row[title].value)
        for row in sheet.iter_rows(min_row=2)
        if row[user].value
    }
    workbook.close()
    return found


def play(steps: list[Step], seed: int, folder: Path, tally: Counter[str]) -> World:
    """Plays the steps; AssertionError where a promise is broken."""
    failing = frozenset({"user0001@example.com"}) if seed % 3 == 0 else frozenset()
    contradicted = "user0002@example.com" if seed % 5 == 0 else ""
    world = World(random.Random(seed), failing, contradicted, tally=tally)
    with in_place(world):
        try:
            Story(folder, world).play(steps)
        except AssertionError as error:
            error.add_note("\n".join(world.log))
            raise
    return world
