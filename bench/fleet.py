"""Measures what a shared store costs, and how it grows: make bench-fleet.

CPU of loads of 1,000 rows from a folder, with the store, and through the queue, some of each in turn; bytes
in the store; what earlier jobs of an enterprise and a long queue cost. It starts a PostgreSQL of its own.
"""

import base64
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from openpyxl import Workbook

from postgres import running_postgres
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import JobFacts, Target
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.store import Store
from xlsx2opeasy.load.plan.prepare import LoadOptions
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.load.service import LoadContext, freeze_for_queue, load
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.reduced_gc import reduced_gc
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings.store import STORE_VARIABLE, shared_store
from xlsx2opeasy.store.items import add_item, list_items
from xlsx2opeasy.store.jobs import PostgresStore
from xlsx2opeasy.store.keyfile import KEY_VARIABLE
from xlsx2opeasy.store.worker import Worker

ROWS, LOADS, TURNS, EARLIER, NIGHT = 1000, 4, 9, 40, 10_000
_NIGHT = """
WITH job AS (
    INSERT INTO xlsx2opeasy_job (job, begun, rehearsal, enterprise_id, workbook, records_key)
    SELECT 'N' || n, true, false, 'enterprise-' || n %% 1000, 'book.xlsx', '' FROM generate_series(1, %s) n
    RETURNING job
)
INSERT INTO xlsx2opeasy_item (job, priority, at, options) SELECT job, 0, now(), '{}' FROM job
"""
_SIZES = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
    " AND relname LIKE 'xlsx2opeasy%' ORDER BY 2 DESC"
)


def _book(path: Path, first: int, rows: int = ROWS) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Users"
    sheet.append(
        ["command", "groupId", "user.userId", "user.firstName", "user.lastName", "user.userPassword"]
    )
    for number in range(first, first + rows):
        sheet.append(
            ["AddUser", "Dallas", f"u{number:07}@example.com", "Ada", f"L{number}", f"Pass-{number}-x"]
        )
    book.save(path)
    return path


@contextmanager
def _sandbox() -> Iterator[tuple[str, str, str]]:
    code = (
        "import sys, time; from xlsx2opeasy.sandbox.serve import serve_in_thread\n"
        "with serve_in_thread() as s:\n"
        " print(s.url, s.enterprise_id, s.api_key, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url, enterprise, key = process.stdout.readline().split()
        yield url, enterprise, key
        process.stdin.close()


Load = Callable[[Sequence[Path]], object]
"""A way of loading these workbooks."""


def _in_turn(ways: Sequence[Load], folder: Path) -> list[float]:
    """The CPU seconds of this process for a load in each way: the medians of several turns, but the first."""
    spent: list[list[float]] = [[] for _ in ways]
    numbers = itertools.count()
    for _ in range(TURNS + 1):
        for place, load_all in enumerate(ways):
            books = [_book(folder / f"{n}.xlsx", n * ROWS) for n in itertools.islice(numbers, LOADS)]
            begun = time.process_time()
            load_all(books)
            spent[place].append((time.process_time() - begun) / LOADS)
    return [statistics.median(each[1:]) for each in spent]


def _context(store: Store, known: tuple[str, str, str]) -> LoadContext:
    url, enterprise, key = known

    def connect(_: JobFacts, interruption: Interruption) -> OpEasyClient:
        return OpEasyClient(Connection(url, enterprise, Secret(key)), clock=interruption)

    return LoadContext(lambda _: None, connect, Waiting(0.05), store=store)


def _load(store: Store, known: tuple[str, str, str], books: Sequence[Path]) -> None:
    for book in books:
        result = load(book, Target(*known[:2]), LoadOptions(), _context(store, known))
        assert result.exit_code == 0, result.message


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return 1000 * (time.process_time() - begun)


def _through_the_queue(store: PostgresStore, known: tuple[str, str, str], books: Sequence[Path]) -> None:
    """Loads that are put into the queue and taken by a worker of this process."""
    context = _context(store, known)
    for book in books:
        stored = freeze_for_queue(book, Target(*known[:2]), LoadOptions(), context, lambda _: True)
        add_item(store, stored.job_id, 0, datetime.now(UTC), {"poll_interval": 0.05})
    said: list[str] = []
    Worker(store, context.connect, context.notifier, said.append, drain=True).run()
    assert {each.state for each in list_items(store)} <= {"done"}, said


def _with_earlier_jobs(store: PostgresStore, known: tuple[str, str, str], folder: Path) -> float:
    """How many seconds of CPU each earlier job of its enterprise adds to a load."""
    spent = []
    for number in range(EARLIER + 1):
        begun = time.process_time()
        _load(store, known, [_book(folder / f"one-{number}.xlsx", 3_000_000 + number, 1)])
        spent.append(time.process_time() - begun)
    few, many = spent[1 : EARLIER // 4 + 1], spent[-(EARLIER // 4) :]
    return (statistics.median(many) - statistics.median(few)) / (EARLIER * 3 / 4)


def _with_a_long_queue(store: PostgresStore) -> tuple[float, float]:
    """CPU milliseconds of `queue list` and of putting in another, with a night's workbooks in the queue."""
    store.session.run(lambda c: c.execute(_NIGHT, [NIGHT]))
    job = store.new_job(rehearsal=True).job_id
    return _milliseconds(lambda: list_items(store)), _milliseconds(
        lambda: add_item(store, job, 0, datetime.now(UTC), {})
    )


@contextmanager
def _stores(folder: Path, number: int) -> Iterator[list[PostgresStore]]:
    """Empty stores in a PostgreSQL of their own."""
    key = folder / "store.key"
    key.touch(mode=0o600)
    key.write_bytes(base64.b64encode(os.urandom(32)))
    with running_postgres() as postgres, ExitStack() as stack:
        stores = []
        for _ in range(number):
            os.environ |= {STORE_VARIABLE: postgres.new_database(), KEY_VARIABLE: str(key)}
            stores.append(shared_store())
            stack.callback(stores[-1].close)
        yield stores


def main() -> None:
    """Prints the figures of docs/several-machines.md."""
    with (
        reduced_gc(),  # as all commands
        tempfile.TemporaryDirectory() as name,
        _sandbox() as known,
        _stores(Path(name), 2) as (store, of_queue),
    ):
        folder = Path(name)
        os.environ["XLSX2OPEASY_HOME"] = name
        before: dict[str, int] = dict(store.session.run(lambda c: c.execute(_SIZES).fetchall()))
        alone, shared, queued, start = _in_turn(
            (
                partial(_load, Home(folder), known),
                partial(_load, store, known),
                partial(_through_the_queue, of_queue, known),
                lambda _: _through_the_queue(of_queue, known, ()),
            ),
            folder,
        )
        _tell(
            f"CPU of a load of {ROWS:,} rows: folder {1000 * alone:.0f} ms, store {1000 * shared:.0f} ms,"
            f" through the queue {1000 * (queued - start):.0f} ms"
        )
        _tell(f"a worker's start and end: {1000 * start * LOADS:.0f} ms")
        after = store.session.run(lambda c: c.execute(_SIZES).fetchall())
        sizes = [(table, (size - before[table]) / LOADS / (TURNS + 1) / 1024) for table, size in after]
        _tell(f"in the store: {sum(size for _, size in sizes):.0f} KB a load")
        for table, size in sizes:
            _tell(f"  {table}: {size:.0f} KB")
        earlier = _with_earlier_jobs(store, known, folder)
        _tell(f"each earlier job of the enterprise: {1000 * earlier:.1f} ms (up to {EARLIER} of them)")
        listed, added = _with_a_long_queue(store)
        _tell(f"with {NIGHT:,} in the queue: list {listed:.0f} ms, add {added:.1f} ms")


def _tell(said: str) -> None:
    print(said, flush=True)


if __name__ == "__main__":
    main()
