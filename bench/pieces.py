"""The pieces of work that are measured, each run in a fresh process: `python -m bench.pieces NAME ARGUMENT…`.

A piece prepares itself (imports, files), does its work within `clock.work()`, and prints what it took.
"""

import hashlib
import json
import os
import resource
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xlsx2opeasy.reduced_gc import reduced_gc

_QUICKEST = 1
_FAILED_EVERY = 10


class Clock:
    """The time of one work in seconds: of the wall, and of the processor with that of child processes."""

    def __init__(self) -> None:
        self.taken: dict[str, Any] = {}
        self._last = (0.0, 0.0)

    @contextmanager
    def work(self) -> Iterator[None]:
        """What stands in this block is the work."""
        wall, cpu = self._last = time.perf_counter(), cpu_seconds()
        yield
        self.taken |= {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu}

    def passed(self, step: str) -> None:
        """A step of the work is done: its wall and processor time since the one before."""
        now = time.perf_counter(), cpu_seconds()
        self.taken.setdefault("steps", {})[step] = [
            after - before for after, before in zip(now, self._last, strict=True)
        ]
        self._last = now


def cpu_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def raw_read(clock: Clock, book: str) -> None:
    """python-calamine, the cells as Python values."""
    from python_calamine import CalamineWorkbook

    with clock.work():
        CalamineWorkbook.from_path(book).get_sheet_by_index(0).to_python()


@reduced_gc()
def convert(clock: Clock, book: str, folder: str) -> None:
    """Ours: read, check, and write the chunk files of all valid rows; as with `--large`."""
    from xlsx2opeasy.check.checked import check_workbook
    from xlsx2opeasy.durable import write_file
    from xlsx2opeasy.load.plan.phases import phases_of
    from xlsx2opeasy.ooxml.limits import LARGE
    from xlsx2opeasy.tasks.build import all_tasks
    from xlsx2opeasy.tasks.chunks import chunk_name, cut
    from xlsx2opeasy.tasks.limits import ChunkLimits
    from xlsx2opeasy.workbook.read import read_workbook

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with clock.work():
        workbook = read_workbook(Path(book), LARGE)
        clock.passed("read")
        checked = check_workbook(workbook)
        clock.passed("check")
        for phase in phases_of(list(all_tasks(checked.sheets, {})), {}):
            for number, chunk in enumerate(cut(phase.tasks, ChunkLimits()), 1):
                write_file(target / chunk_name(phase.number, number), chunk.body)
        clock.passed("write")
    clock.taken |= {"rows": checked.total, "invalid": checked.invalid}


@reduced_gc()
def check(clock: Clock, book: str) -> None:
    """Ours: read and check, as with `--large`."""
    from xlsx2opeasy.check.checked import check_workbook
    from xlsx2opeasy.ooxml.limits import LARGE
    from xlsx2opeasy.workbook.read import read_workbook

    with clock.work():
        checked = check_workbook(read_workbook(Path(book), LARGE))
    clock.taken |= {"rows": checked.total, "invalid": checked.invalid}


def obvious(clock: Clock, book: str, folder: str) -> None:
    """The obvious build: pandas with openpyxl, pandera, json."""
    from bench.obvious import build

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with clock.work():
        build(Path(book), target)


@reduced_gc()
def write_results(clock: Clock, book: str, rows: str, target: str) -> None:
    """Ours: the four result columns of every row into a copy of the workbook."""
    from xlsx2opeasy.spec.outcomes import Outcome, RowResult
    from xlsx2opeasy.workbook.results.write import SheetResults
    from xlsx2opeasy.workbook.results.write import write_results as write

    good = RowResult(Outcome.SUCCESS, job="20261122-190000-abcdef 0123456789ab-0123456789abcdef")
    bad = RowResult(Outcome.FAILED, "102", "User already exists. - Choose another user id.", good.job)
    results = {row: good if row % _FAILED_EVERY else bad for row in range(2, int(rows) + 2)}
    with clock.work():
        write(Path(book), Path(target), [SheetResults("Users", 1, results)])


def openpyxl_results(clock: Clock, book: str, target: str) -> None:
    """openpyxl: load the workbook, fill four cells in each row, save it."""
    import openpyxl

    with clock.work():
        workbook: Any = openpyxl.load_workbook(book)
        sheet = workbook.worksheets[0]
        column = sheet.max_column + 1
        for row in range(2, sheet.max_row + 1):
            for place, text in enumerate(("SUCCESS", "", "", "20261122-190000-abcdef 0123456789ab")):
                sheet.cell(row, column + place, text)
        workbook.save(target)


def openpyxl_copy(clock: Clock, book: str, target: str) -> None:
    """openpyxl: load the workbook and save it."""
    import openpyxl

    with clock.work():
        openpyxl.load_workbook(book).save(target)


def deflate(clock: Clock, book: str) -> None:
    """The sheet's XML inflated and deflated again by zlib at its quickest level, and nothing else."""
    with clock.work(), zipfile.ZipFile(book) as package:
        press = zlib.compressobj(_QUICKEST, zlib.DEFLATED, -zlib.MAX_WBITS)
        with package.open("xl/worksheets/sheet1.xml") as part:
            while block := part.read(1 << 20):
                press.compress(block)
            press.flush()


def inflate(clock: Clock, book: str) -> None:
    """The XML of sheet and texts inflated by zlib, and nothing else."""
    with clock.work(), zipfile.ZipFile(book) as package:
        for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
            with package.open(name) as part:
                while part.read(1 << 20):
                    pass


def syncs(clock: Clock, folder: str, times: str) -> None:
    """So many appends of a page to a file, each waited for until it is on the disk."""
    with (Path(folder) / "synced").open("wb", buffering=0) as file, clock.work():
        for _ in range(int(times)):
            file.write(bytes(4096))
            os.fdatasync(file.fileno())


def digests(clock: Clock, folder: str) -> None:
    """SHA-256 of the chunk files of a folder, once."""
    bodies = [path.read_bytes() for path in sorted(Path(folder).glob("*.json"))]
    with clock.work():
        for body in bodies:
            hashlib.sha256(body).digest()


def parse(clock: Clock, folder: str) -> None:
    """The chunk files of a folder read as JSON once, by orjson."""
    import orjson

    bodies = [path.read_bytes() for path in sorted(Path(folder).glob("*.json"))]
    with clock.work():
        for body in bodies:
            orjson.loads(body)


def post(clock: Clock, folder: str, url: str, close: str = "") -> None:
    """httpx in a bare loop: the chunk files of a folder, one after another, over one connection.

    With `close` each has a connection of its own.
    """
    import httpx

    files = sorted(Path(folder).glob("*.json"))
    headers = {"Connection": "close"} if close else {}
    with httpx.Client(base_url=url, trust_env=False, headers=headers) as client:
        client.patch("/plain", files={"file": ("first.json", b"{}", "application/json")})
        with clock.work():
            for path in files:
                with path.open("rb") as file:
                    parts = {"file": (path.name, file, "application/json")}
                    client.patch("/plain", files=parts).raise_for_status()
    clock.taken |= {"chunks": len(files), "bytes": sum(path.stat().st_size for path in files)}


@reduced_gc()
def load(clock: Clock, book: str, url: str, home: str) -> None:
    """Ours: a whole load, as with `--large`, and when each of its steps was done."""
    from bench.server import API_KEY, ENTERPRISE
    from xlsx2opeasy.load.events import Event
    from xlsx2opeasy.load.job.facts import Target
    from xlsx2opeasy.load.job.home import Home
    from xlsx2opeasy.load.plan.prepare import LoadOptions
    from xlsx2opeasy.load.service import LoadContext
    from xlsx2opeasy.load.service import load as load_workbook
    from xlsx2opeasy.opeasy.client import OpEasyClient
    from xlsx2opeasy.opeasy.connection import Connection
    from xlsx2opeasy.secret import Secret

    seen: list[tuple[str, float, float]] = []

    def tell(event: Event) -> None:
        seen.append((type(event).__name__, time.perf_counter(), cpu_seconds()))

    def connect(_facts: object, interruption: Any) -> OpEasyClient:  # noqa: ANN401
        return OpEasyClient(Connection(url, ENTERPRISE, Secret(API_KEY)), clock=interruption)

    surroundings = LoadContext(tell, connect, store=Home(Path(home)))
    started = time.perf_counter(), cpu_seconds()
    with clock.work():
        result = load_workbook(Path(book), Target(url, ENTERPRISE), LoadOptions(large=True), surroundings)
    ended = time.perf_counter(), cpu_seconds()
    if result.exit_code != 0:
        raise SystemExit(f"the load ended with {result.exit_code}: {result.message}")
    clock.taken["steps"] = _steps([("Started", *started), *seen, ("Ended", *ended)])


def _steps(seen: list[tuple[str, float, float]]) -> dict[str, Any]:
    """How long each step took (wall, processor); `upload` is from the first chunk taken to the last."""
    last = {name: (wall, cpu) for name, wall, cpu in seen}
    first = {name: (wall, cpu) for name, wall, cpu in reversed(seen)}
    chunks = sum(name == "ChunkAccepted" for name, *_ in seen)
    ends = ["Started", "WorkbookChecked", "PhaseStarted", "DraftVerified", "ResultsSaved", "Ended"]
    names = ["prepare", "freeze", "draft", "run", "results"]
    steps: dict[str, Any] = {
        name: [after - before for after, before in zip(last[end], last[begin], strict=True)]
        for name, begin, end in zip(names, ends[:-1], ends[1:], strict=True)
    }
    taken = zip(last["ChunkAccepted"], first["ChunkAccepted"], strict=True)
    scale = chunks / max(1, chunks - 1)
    return steps | {"upload": [scale * (after - before) for after, before in taken], "chunks": chunks}


PIECES: dict[str, Callable[..., None]] = {
    each.__name__: each
    for each in (
        raw_read,
        convert,
        check,
        obvious,
        write_results,
        openpyxl_results,
        openpyxl_copy,
        deflate,
        inflate,
        syncs,
        digests,
        parse,
        post,
        load,
    )
}


def main() -> None:
    """Runs the named piece and prints its times as JSON."""
    name, *arguments = sys.argv[1:]
    clock = Clock()
    PIECES[name](clock, *arguments)
    print(json.dumps(clock.taken))


if __name__ == "__main__":
    main()
