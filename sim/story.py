"""What people do, step by step, and what must be true after each step.

A story is a list of steps; each step has chances of its own, so that a story without some of its steps plays
the others as before, and the shortest story that still breaks a promise can be found.
"""

import contextlib
import functools
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from python_calamine import CalamineWorkbook

from load.books import COLUMNS, user_book
from load.rig import Rig
from sim.world import (
    ALTERATIONS,
    DEEDS,
    KEY,
    KINDS,
    ORIGIN,
    PORT,
    Crash,
    Key,
    Process,
    World,
    in_place,
    key_of,
)
from xlsx2opeasy.errors import LocalFailure, Xlsx2OpeasyError
from xlsx2opeasy.load.abandon import abandon
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.state import JobState
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.load.jobs.earlier import peek, real_jobs
from xlsx2opeasy.load.plan.staging import Staging
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling
from xlsx2opeasy.undo.workbook import undo_of, write_undo

PASSWORD = "Canary-Pw-77x"
ROWS = 3
MACHINES = 3
ENTERPRISE = "acme"
ACTS = ("load", "load", "resume", "resume", "resume", "settle", "answer wrongly", "abandon", "undecided")
LATEST = ("resume latest", "abandon latest")
OTHERS = ("original", "again", "tamper", "clean up all", "clean up runs", "clean up drafts", "change the key")
TYPINGS = ("edit", "sort", "empty", "rename", "mistype", "mend")
VISITS = (
    "meanwhile load here",
    "meanwhile resume here",
    "meanwhile abandon here",
    "meanwhile load elsewhere",
    "meanwhile drafts removed",
)
"""What somebody else does while a call is under way, on this machine, another one or in the portal."""
LASTING = ("long unreached", "long lost", "long no answer", "long refused")
CHAINS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("load", "start: no answer"), ("clean up all", ""), ("settle", "")),
    (("load", "start: no answer"), ("clean up runs", ""), ("settle", "")),
    (("load", "start: no answer"), ("answer wrongly", ""), ("settle", "")),
    (("load", "start: no answer"), ("undecided", "delete: refused"), ("resume", "")),
    (("load", "start: no answer"), ("undecided", ""), ("again", ""), ("original", "")),
    (("load", "start: no answer + delete: dies soon"), ("resume", ""), ("answer wrongly", "")),
    (("load", "start: twice"), ("undecided", ""), ("original", "")),
    (("load", "start: dies after"), ("resume", ""), ("empty", ""), ("load", "")),
    (("load", "start: dies after"), ("clean up all", ""), ("resume", ""), ("settle", "")),
    (("load", "start: late"), ("resume", "delete: no answer"), ("resume", "")),
    (("load", "start: cut"), ("resume", ""), ("load", "")),
    (("load", "start: refused"), ("tamper", ""), ("resume", "")),
    (("load", "start: refused"), ("resume", ""), ("load", "")),
    (("load", "start: refused"), ("abandon", ""), ("load", "")),
    (("load", "start: refused"), ("resume", "start: refused"), ("original", "")),
    (("load", "start: no answer + delete: dies soon"), ("resume", ""), ("clean up all", ""), ("settle", "")),
    (("load", "start: dies"), ("clean up all", ""), ("resume", ""), ("settle", "")),
    (("load", "append: refused"), ("resume", ""), ("load", "")),
    (("load", "start: lost + delete: long junk after"), ("abandon", ""), ("resume", "")),
    (("load", "start: lost + delete: junk"), ("resume", "delete: junk"), ("resume", "")),
    (("load", "start: lost + delete: answered for"), ("resume", "delete: answered for"), ("resume", "")),
    (("load", "start: dies"), ("tamper", ""), ("resume", "")),
    (("load", "start: lost + delete: meanwhile drafts removed"), ("resume", "")),
    (("load", "start: meanwhile drafts removed"), ("resume", ""), ("load", "")),
    (("load", "append: meanwhile drafts removed"), ("load", "create: long no answer"), ("resume", "")),
    (("load", "append: stop"), ("tamper", ""), ("resume", ""), ("resume", "")),
    (("load", "append: stop"), ("resume", "append: cut"), ("resume", "")),
    (("load", "append: long lost"), ("resume", ""), ("load", "")),
    (("load", "append: lost"), ("resume", "append: dies after"), ("resume", "")),
    (("load", "append: dies waiting"), ("resume", ""), ("load", "append: one more")),
    (("load", "append: dies after"), ("clean up drafts", ""), ("resume", "")),
    (("load", "append: late + delete: long lost"), ("resume", ""), ("resume", "")),
    (("load", "look: another title"), ("resume", "")),
    (("load", "look: another type"), ("resume", "")),
    (("load", "look: one more"), ("load", "look: one less")),
    (("load", "look: power fails"), ("load", ""), ("resume", "")),
    (("load", "start: power fails"), ("original", ""), ("resume", "")),
    (("load", "status: dies"), ("load", ""), ("original", ""), ("resume", "")),
    (("load", "status: long refused"), ("answer wrongly", ""), ("settle", ""), ("resume", "")),
    (("load", "status: long no answer"), ("resume", ""), ("load", "")),
    (("load", "results: long refused"), ("resume", ""), ("load", "")),
    (("load", "login: long unreached"), ("load", ""), ("resume", "")),
    (("load", "delete run: refused"), ("resume latest", ""), ("load", "")),
    (("load", "delete: refused"), ("resume latest", ""), ("abandon latest", "")),
    (("load", ""), ("clean up all", ""), ("resume", ""), ("resume", "")),
    (("load", ""), ("mistype", ""), ("load", ""), ("mend", ""), ("load", "")),
    (("load", ""), ("edit", ""), ("load", ""), ("sort", ""), ("load", "")),
)
"""Steps, each with its aim, that lead where chance alone seldom comes; further steps may come between."""
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


@dataclass(frozen=True)
class Step:
    """One deed of a person at a machine; `seed` has its chances: faults on the way, which row, which spelling.

    `aim` says what the first call of a kind meets: `start: no answer`.
    """

    verb: str
    machine: int
    seed: int
    aim: str = ""


def story_of(seed: int) -> list[Step]:
    """The steps of a seed."""
    chance = random.Random(seed)
    verbs = [*ACTS, *LATEST, *OTHERS, *TYPINGS]
    if chance.random() < 0.4:
        chain = list(chance.choice(CHAINS))
        if chance.random() < 0.3:
            chain.insert(chance.randrange(len(chain) + 1), (chance.choice(verbs), ""))
    else:
        chain = [(verb, "") for verb in ("load", *chance.choices(verbs, k=chance.randint(2, 6)))]
        chain = [
            (verb, _aim(verb, chance) if verb in (*ACTS, "original", "again") else "") for verb, _ in chain
        ]
    usual = 0 if chance.random() < 0.7 else chance.randrange(MACHINES)
    machines = [usual if chance.random() < 0.8 else chance.randrange(MACHINES) for _ in chain]
    for number, (verb, _) in enumerate(chain[:-1], 1):
        machines[number] = (
            machines[number] + (verb == "mend")
        ) % MACHINES  # a colleague loads what was mended
    return [
        Step(verb, machine, chance.randrange(10**9), aim)
        for (verb, aim), machine in zip(chain, machines, strict=True)
    ]


def _aim(verb: str, chance: random.Random) -> str:
    """At nothing, in half of the cases."""
    if chance.random() < 0.5:
        return ""
    kind = chance.choice((*KINDS, "append", "start", "delete"))
    deeds = [*DEEDS, "dies", "dies after", "power fails", "stop", *VISITS]
    if kind == "append" or (kind, verb) == ("look", "load"):
        deeds += ALTERATIONS
    if kind not in ("append", "start"):
        deeds += LASTING
    return f"{kind}: {chance.choice(deeds)}"


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
    """One workbook, one server, three machines, played from its steps."""

    def __init__(self, folder: Path, world: World) -> None:
        self.world = world
        server: Any = _Server()
        self.machines = [Rig(server, Home(folder / f"home-{number}")) for number in range(MACHINES)]
        self.original = folder / "book.xlsx"
        self.original.write_bytes(_book())
        self.book = self.original
        self.due: Counter[Key] = Counter()
        self.renamed: set[Path] = set()
        self.is_other_workbook = False
        """Whether a person changed a row of the workbook without results: its rows may go out again, which is told."""
        self.asked: list[tuple[Rig, set[str], Counter[Key], list[Key]]] = []
        """By loads under way: the machine, its jobs before, what is asked for, and the rows that say they are in doubt."""
        self.typed: dict[Path, bytes] = {}
        """Workbooks that a person changed since: what stands there is the person's word, not the program's."""
        world.visit = self._visit

    def play(self, steps: list[Step], *, undoes: bool) -> None:
        """Raises AssertionError where a promise is broken."""
        for step in steps:
            self._do(step)
            self._hold()
        self.world.settle()
        self._hold()
        self._end()
        if undoes:
            self._undo_all()

    def _do(self, step: Step) -> None:
        world, chance = self.world, random.Random(step.seed)
        world.chance = chance
        world.log.append(f"{step}")
        if not self.book.exists():  # lost when the power failed
            self.book = self.original
        if step.verb in TYPINGS:
            self._type(step.verb, chance)
        elif step.verb.startswith("clean up"):
            what = step.verb.removeprefix("clean up ")
            world.clean_up(what, self._undeterminable(what))
        elif step.verb == "tamper":
            world.tamper(chance)
        elif step.verb == "change the key":
            key = world.change_key()
            for each in self.machines:
                each.api_key = key
        else:
            self._run(step, chance)

    def _undeterminable(self, what: str) -> set[str]:
        """The operations that ran, which cannot be determined once somebody removed the run (docs/safety.md).

        Their starts are in doubt; the run alone would go, or a deletion of the operation got no answer.
        """
        return {
            str(state.operation_id)
            for machine in self.machines
            for _, job in open_jobs(machine)
            for state in job.phases.values()
            if state.schedule_in_doubt is not None and not state.is_proven_started
            if what == "runs" or state.may_be_deleted_by_us(str(state.operation_id))
        }

    def _run(self, step: Step, chance: random.Random) -> None:
        """One run of the program."""
        world = self.world
        world.begin(
            Process(
                machine=step.machine,
                share=chance.choice((0.0, 0.0, 0.1, 0.3)),
                aim=step.aim,
                dies_at=chance.randint(1, 60) if chance.random() < 0.25 else None,
                power=chance.random() < 0.4,
                disk_fails_at=chance.randint(1, 70) if chance.random() < 0.15 else None,
                disk_failures=chance.choice((1, 1, 8)),
                stops_at=chance.randint(1, 25) if chance.random() < 0.15 else None,
            )
        )
        world.slow = chance.choice((0, 0, 0, 40))
        machine = self.machines[step.machine]
        machine.spelling = chance.choice(SPELLINGS)
        try:
            self._act(step.verb, machine, chance)
        except Crash:
            world.disk.thaw()
        except Xlsx2OpeasyError as error:
            self._refused(error)
        self._permit()

    def _refused(self, error: Xlsx2OpeasyError) -> None:
        self.world.tally[f"refused: {type(error).__name__}"] += 1
        self.world.log.append(f"  {type(error).__name__}: {error.message}")
        self._no_secret(f"{error}")

    def _act(self, verb: str, machine: Rig, chance: random.Random) -> None:
        wait = chance.choice((None, 30.0))
        if verb in ("load", "again", "original"):
            book = self.original if verb == "original" else self.book
            options = {"drop_rejected": True} if chance.random() < 0.3 else {}
            staging = Staging(canary=1) if chance.random() < 0.2 else Staging()
            tasks = chance.choice((1, 2, 2, 1000))
            result = self._load(
                machine, book, chunk_tasks=tasks, wait=wait, again=verb == "again", staging=staging, **options
            )
            self._ended(result)
        elif verb == "resume":
            self._ended(machine.resume(wait=wait))
        elif verb in ("settle", "answer wrongly"):
            self._settle(machine, right=verb == "settle", wait=wait)
        elif verb in LATEST:
            for stored, _, state in list(real_jobs(machine.home))[:1]:
                if verb == "abandon latest":
                    abandon(stored.job_id, machine.around())
                elif state.finished in (None, "unknown"):
                    self._ended(machine.resume(stored.job_id))
                else:  # its results may have been changed since
                    machine.resume(stored.job_id)
        else:
            for stored, _ in open_jobs(machine):
                abandon(stored.job_id, machine.around(), undecided=verb == "undecided")

    def _load(self, machine: Rig, book: Path, *, again: bool, **options: Any) -> LoadResult:
        """A load permits what the person asks for by it."""
        asked = self._asked(book, machine, again=again)
        elsewhere = sum(len(open_jobs(each)) for each in self.machines if each is not machine)
        for _ in range(elsewhere):  # nobody here can tell what another machine still has before it
            asked.update(rows_of(book).values())
        told, rows = read(book)
        doubted = [rows[place] for place, cells in told.items() if cells[0] in ("UNKNOWN", "RUNNING")]
        self.asked.append((machine, _jobs(machine), asked, doubted))
        return machine.load(book, again=again, **options)

    def _permit(self) -> None:
        """What was asked for is due; but a load that was refused permits nothing."""
        while self.asked:
            machine, jobs, asked, doubted = self.asked.pop()
            if _jobs(machine) - jobs:
                assert not doubted, f"{doubted} are in doubt, and are loaded with the rest"
                self.due.update(asked)

    def _visit(self, deed: str) -> None:
        """Somebody else acts while a call of this process is under way."""
        _, verb, where = deed.split()
        world, outer = self.world, self.world.process
        if where == "removed":
            world.clean_up(verb)
            return
        number = (outer.machine + (where == "elsewhere")) % MACHINES
        machine, calls = self.machines[number], len(world.truth.calls)
        world.process = Process(number)
        jobs = _jobs(machine)
        try:
            self._act(verb, machine, world.chance)
        except Xlsx2OpeasyError as error:
            self._refused(error)
        finally:
            world.process = outer
            if where == "here":
                self.asked.pop() if verb == "load" else None
                assert len(world.truth.calls) == calls, f"{verb} during another run sends something"
                assert _jobs(machine) == jobs, f"{verb} during another run begins a job"
            else:  # nobody can tell that the same rows are loaded on another machine
                self.due.update(rows_of(self.book).values())

    def _asked(self, book: Path, machine: Rig, *, again: bool) -> Counter[Key]:
        """What the person asks for by loading this workbook here."""
        asked, known = Counter[Key](), self._succeeded_at(machine)
        if any(not state.never_came_to_send for _, state in open_jobs(machine)):
            return asked  # whatever is loaded: an unfinished job of the same rows stands in the way
        told, rows = read(book)
        for place, key in rows.items():
            result = told.get(place, ("",))[0]
            anew = not result and (self.is_other_workbook or not known)
            outcomes = self._outcomes(key)
            failed = outcomes and (result == "FAILED" or (result == "INVALID" and "SUCCESS" not in outcomes))
            if again or failed or anew or not self.due[key]:
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
            runs = list(self.world.server.runs.values())
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
            self.renamed.add(self.book)
            name = f"renamed-{chance.randrange(1000)}.xlsx"
            self.book = self.book.rename(self.book.with_name(name))
            return
        typed: Any = openpyxl.load_workbook(self.book)
        sheet = typed["Users"]
        if verb == "sort":
            _sort(sheet, chance)
        elif verb == "mistype":
            sheet.cell(chance.randint(2, sheet.max_row), 1).value = "AddUsr"
        elif verb == "mend":
            for row in range(2, sheet.max_row + 1):
                sheet.cell(row, 1).value = "AddUser"
        else:
            self._ask_for(sheet, verb, chance)
        typed.save(self.book)
        self.typed[self.book] = self.book.read_bytes()

    def _ask_for(self, sheet: Any, verb: str, chance: random.Random) -> None:
        """Changes a row, or empties its Result: the person wants it done."""
        heads = [cell.value for cell in sheet[1]]
        cells = dict(zip(heads, sheet[chance.randint(2, sheet.max_row)], strict=True))
        if verb == "edit":
            cells["user.title"].value = chance.choice("ABC")
            self.is_other_workbook |= self.book == self.original
        elif "Result" in heads:
            cells["Result"].value = None
        else:
            return
        self.due[cells["user.userId"].value, cells["user.title"].value] += 1

    def _ended(self, result: LoadResult) -> None:
        """What the program said at its end is true of the server's ledger."""
        self.world.tally[f"end: {result.status}"] += 1
        self.world.log.append(f"  {result.status}: {result.message}")
        self._no_secret(f"{result}")
        if result.results is None:
            return
        written = Path(result.results)
        if written in self.renamed and not written.exists():
            return  # only the clean-up was left: the results are where the person put them
        self.book = written
        counts = result.rows
        assert sum(counts.values()) == 2 * counts["total"], f"counts do not add up: {counts}"
        if self.typed.get(self.book) == self.book.read_bytes():
            return
        told, rows = read(self.book)
        begun = self._begun_by(str(result.job))
        for place, key in rows.items():
            word = told.get(place, ("",))[0]
            assert word, f"{key} is not told"
            if word in ("SUCCESS", "FAILED"):
                assert key[0] != self.world.contradicted, f"{key} has two results and says {word}"
                truths = self._outcomes(key)
                assert word in truths, f"{key} says {word}; the server's ledger has {truths or 'nothing'}"
            elif word in ("NOT SENT", "REJECTED", "INVALID"):
                assert not begun[key], f"{key} says {word} and was started by {result.job}"
            elif word == "RUNNING":
                assert self._is_started(key), f"{key} says RUNNING and was never started"

    def _begun_by(self, job: str) -> Counter[Key]:
        """What the server was started to do by a job, done or not yet."""
        server = self.world.server
        return Counter(
            key
            for operation, keys in server.started.items()
            if server.job_of.get(operation) == job
            for key in keys
        )

    def _is_started(self, key: Key) -> bool:
        return any(key in keys for keys in self.world.server.started.values())

    def _executed(self) -> Counter[Key]:
        return Counter(
            key_of(each.content) if each.task_type == "Users" else (each.task_type, each.command)
            for each in self.world.truth.applied
            if each.command != "DeleteUser"
        )

    def _outcomes(self, key: Key) -> list[str]:
        tasks = [
            each
            for each in self.world.truth.applied
            if each.task_type == "Users" and key_of(each.content) == key
        ]
        return ["SUCCESS" if each.succeeded else "FAILED" for each in tasks]

    def _hold(self) -> None:
        for key, times in self._executed().items():
            assert times <= self.due[key], f"{key} was executed {times} times, due {self.due[key]}"
        for job in set(self.world.server.job_of.values()):
            for key, times in self._begun_by(job).items():
                assert times == 1, f"{key} was started {times} times by job {job}"
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
        """The faults have stopped: every job ends, its rows are told, and nothing of it is left."""
        for number, machine in enumerate(self.machines):
            self.world.begin(Process(number))
            machine.spelling = str
            for stored, _ in open_jobs(machine):
                self._end_job(machine, stored)
            self._hold()
            for stored, _, state in real_jobs(machine.home):
                if state.cleaned and not state.closed:
                    self._nothing_left(stored)

    def _end_job(self, machine: Rig, stored: StoredJob) -> None:
        for _ in range(RESUMES):
            self._ended(machine.resume(stored.job_id))
            self._hold()
            if peek(stored)[1].finished == "unknown":
                with contextlib.suppress(Xlsx2OpeasyError):
                    self._settle(machine, right=True, wait=None)
            if peek(stored)[1].finished not in (None, "unknown"):
                return
        state = peek(stored)[1]
        changed = state.finished is None and "somebody else changed it" in state.message
        assert state.finished == "unknown" or changed, f"job {stored.job_id} does not end: {state.message}"
        abandon(stored.job_id, machine.around(), undecided=not changed)
        self.world.tally["closed undecided" if not changed else "given up: its draft was changed"] += 1
        self._hold()
        finished = peek(stored)[1].finished
        assert finished not in (None, "unknown"), f"job {stored.job_id} does not end: {finished}"

    def _nothing_left(self, stored: StoredJob) -> None:
        server = self.world.server
        for operation in server.operations.values():
            if server.job_of.get(operation.id) == stored.job_id and any(operation.tasks.values()):
                assert operation.id in server.lied_about, f"job {stored.job_id} left operation {operation.id}"
        left = [each.name for each in Path(stored.where()).rglob("operation-*")]
        assert not left, f"job {stored.job_id} left {left}"

    def _undo_all(self) -> None:
        """Undone in the reverse order, the jobs leave what was before; unless nobody can tell what they did."""
        done = [
            (state, number, stored)
            for number, machine in enumerate(self.machines)
            for stored, _, state in real_jobs(machine.home)
        ]
        if self.world.contradicted or any(state.closed for state, _, _ in done):
            return
        for _, number, stored in sorted(done, key=lambda each: str(each[0].finished_at), reverse=True):
            machine = self.machines[number]
            self.world.begin(Process(number))
            undone = Path(stored.where()).parents[2] / f"{stored.job_id}.undo.xlsx"
            try:
                undo = undo_of(stored)
            except LocalFailure:
                return  # the disk refused what undo would need
            except Xlsx2OpeasyError:
                continue  # nothing of it took effect
            with contextlib.suppress(Xlsx2OpeasyError):
                write_undo(undo, undone)
                result = machine.load(undone)
                assert result.status == "completed", f"the undo of {stored.job_id}: {result.message}"
                self.world.tally["undone"] += 1
        left = sorted(self.world.server.backend.enterprise(ENTERPRISE).users)
        assert not left, f"after the undo of all there is still {left}"


@functools.cache
def _book() -> bytes:
    """The workbook as it is before anybody loads it."""
    with tempfile.TemporaryDirectory() as folder:
        book = user_book(Path(folder) / "book.xlsx", ROWS, user__title="A", user__userPassword=PASSWORD)
        return book.read_bytes()


def _sort(sheet: Any, chance: random.Random) -> None:
    rows = [[cell.value for cell in each] for each in sheet.iter_rows(min_row=2)]
    chance.shuffle(rows)
    for number, values in enumerate(rows, 2):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value


def _jobs(machine: Rig) -> set[str]:
    return {stored.job_id for stored, _, _ in real_jobs(machine.home)}


def open_jobs(machine: Rig) -> list[tuple[StoredJob, JobState]]:
    """The jobs of a machine that have not ended."""
    jobs = list(real_jobs(machine.home, unfinished=True))
    return [(stored, state) for stored, _, state in jobs if state.finished in (None, "unknown")]


def read(book: Path) -> tuple[dict[tuple[str, int], tuple[str, ...]], dict[tuple[str, int], Key]]:
    """By sheet and row, the result cells (where there are any), and the user and title that stand there."""
    with CalamineWorkbook.from_path(book) as workbook:
        head, *lines = workbook.get_sheet_by_name("Users").to_python(skip_empty_area=False)
    places = {str(name): column for column, name in enumerate(head)}
    told, rows = {}, {}
    for number, line in enumerate(lines, 2):
        user, title, *cells = (
            str(line[places[name]]) for name in ("user.userId", "user.title", *COLUMNS) if name in places
        )
        if user:
            rows["Users", number] = (user, title)
        if any(cells):
            told["Users", number] = tuple(cells)
    return told, rows


def rows_of(book: Path) -> dict[tuple[str, int], Key]:
    """By sheet and row, the user and title that stand there."""
    return read(book)[1]


def play(steps: list[Step], seed: int, folder: Path, tally: Counter[str]) -> World:
    """Plays the steps; AssertionError where a promise is broken."""
    room = folder / "room"
    room.mkdir()
    failing = frozenset({"user0001@example.com"}) if seed % 3 == 0 else frozenset()
    contradicted = "user0002@example.com" if seed % 11 == 0 else ""
    rejected = ("user0000@example.com", "A") if seed % 7 == 0 else ("", "")
    world = World(random.Random(seed), room, failing, contradicted, rejected, tally=tally)
    with in_place(world):
        try:
            Story(room, world).play(steps, undoes=seed % 4 == 0)
        except AssertionError as error:
            error.add_note("\n".join(world.log))
            raise
    return world
