"""Measures what a shared store costs, and how it grows: make bench-fleet.

CPU of loads of 1,000 rows from a folder, with the store, and through the queue; bytes in the store; what
earlier jobs of an enterprise and a long queue cost. It starts a PostgreSQL of its own.
"""

import base64
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
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
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings.store import STORE_VARIABLE, shared_store
from xlsx2opeasy.store.items import add_item, list_items
from xlsx2opeasy.store.jobs import PostgresStore
from xlsx2opeasy.store.keyfile import KEY_VARIABLE
from xlsx2opeasy.store.worker import Worker

ROWS, LOADS, EARLIER, NIGHT = 1000, 6, 40, 10_000
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


def _loads(stores: Sequence[Store], known: tuple[str, str, str], folder: Path) -> list[float]:
    """The CPU seconds of this process for a load in each store, in turn; the medians of several."""
    spent: list[list[float]] = [[] for _ in stores]
    for number in range(LOADS):
        for place, store in enumerate(stores):
            book = _book(folder / f"book-{number}-{place}.xlsx", (number + place * LOADS) * ROWS)
            begun = time.process_time()
            _load(store, known, book)
            spent[place].append(time.process_time() - begun)
    return [statistics.median(each[1:]) for each in spent]


def _load(store: Store, known: tuple[str, str, str], book: Path) -> None:
    url, enterprise, key = known

    def connect(_: JobFacts, interruption: Interruption) -> OpEasyClient:
        return OpEasyClient(Connection(url, enterprise, Secret(key)), clock=interruption)

    around = LoadContext(lambda _: None, connect, Waiting(0.05), store=store)
    result = load(book, Target(url, enterprise), LoadOptions(), around)
    assert result.exit_code == 0, result.message


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return 1000 * (time.process_time() - begun)


def _through_the_queue(store: PostgresStore, known: tuple[str, str, str], folder: Path) -> float:
    """CPU seconds for a load that is put into the queue and taken by a worker of this process, the mean."""
    url, enterprise, key = known

    def connect(_: JobFacts, interruption: Interruption) -> OpEasyClient:
        return OpEasyClient(Connection(url, enterprise, Secret(key)), clock=interruption)

    def not_notified(_: JobFacts) -> None:
        raise AssertionError

    books = [_book(folder / f"queued-{number}.xlsx", 2_000_000 + number * ROWS) for number in range(LOADS)]
    around = LoadContext(lambda _: None, connect, store=store)
    begun = time.process_time()
    for book in books:
        stored = freeze_for_queue(book, Target(url, enterprise), LoadOptions(), around, lambda _: True)
        add_item(store, stored.job_id, 0, datetime.now(UTC), {"poll_interval": 0.05})
    Worker(store, connect, not_notified, lambda _: None, drain=True).run()
    spent = time.process_time() - begun
    assert {each.state for each in list_items(store)} == {"done"}
    return spent / LOADS


def _with_earlier_jobs(store: PostgresStore, known: tuple[str, str, str], folder: Path) -> float:
    """How many seconds of CPU each earlier job of its enterprise adds to a load."""
    spent = []
    for number in range(EARLIER + 1):
        begun = time.process_time()
        _load(store, known, _book(folder / f"one-{number}.xlsx", 3_000_000 + number, 1))
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
def _store(folder: Path) -> Iterator[PostgresStore]:
    """An empty store in a PostgreSQL of its own."""
    key = folder / "store.key"
    key.touch(mode=0o600)
    key.write_bytes(base64.b64encode(os.urandom(32)))
    with running_postgres() as postgres:
        os.environ |= {STORE_VARIABLE: postgres.new_database(), KEY_VARIABLE: str(key)}
        store = shared_store()
        try:
            yield store
        finally:
            store.close()


def main() -> None:
    """Prints the figures of docs/several-machines.md."""
    with tempfile.TemporaryDirectory() as name, _sandbox() as known, _store(Path(name)) as store:
        folder = Path(name)
        os.environ["XLSX2OPEASY_HOME"] = name
        before: dict[str, int] = dict(store.session.run(lambda c: c.execute(_SIZES).fetchall()))
        alone, shared = _loads((Home(folder), store), known, folder)
        _tell(f"CPU of a load of {ROWS:,} rows: folder {1000 * alone:.0f} ms, store {1000 * shared:.0f} ms")
        after = store.session.run(lambda c: c.execute(_SIZES).fetchall())
        sizes = [(table, (size - before[table]) / LOADS / 1024) for table, size in after]
        _tell(f"in the store: {sum(size for _, size in sizes):.0f} KB a load")
        for table, size in sizes:
            _tell(f"  {table}: {size:.0f} KB")
        queued = _through_the_queue(store, known, folder)
        _tell(f"through the queue, worker and all: {1000 * queued:.0f} ms")
        earlier = _with_earlier_jobs(store, known, folder)
        _tell(f"each earlier job of the enterprise: {1000 * earlier:.1f} ms (up to {EARLIER} of them)")
        listed, added = _with_a_long_queue(store)
        _tell(f"with {NIGHT:,} in the queue: list {listed:.0f} ms, add {added:.1f} ms")


def _tell(said: str) -> None:
    print(said, flush=True)


if __name__ == "__main__":
    main()
