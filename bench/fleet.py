"""Measures what a shared store costs: CPU of a load of 1,000 rows and of the queue, and bytes in it.

XLSX2OPEASY_STORE and XLSX2OPEASY_STORE_KEY_FILE name the store, an empty one: python -m bench.fleet
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook

from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.store import Store
from xlsx2opeasy.load.plan.prepare import LoadOptions, Target
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.load.service import LoadContext, freeze_for_queue, load
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings.store import shared_store
from xlsx2opeasy.store.items import add_item, list_items
from xlsx2opeasy.store.jobs import PostgresStore

ROWS, LOADS = 1000, 8
_SIZES = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
    " AND relname LIKE 'xlsx2opeasy%' ORDER BY 2 DESC"
)


def _book(path: Path, first: int) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Users"
    sheet.append(
        ["command", "groupId", "user.userId", "user.firstName", "user.lastName", "user.userPassword"]
    )
    for number in range(first, first + ROWS):
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


def _loads(store: Store, known: tuple[str, str, str], folder: Path, first: int) -> float:
    """The CPU seconds of this process for a load, the median of several."""
    url, enterprise, key = known

    def connect(_: JobFacts, interruption: Interruption) -> OpEasyClient:
        return OpEasyClient(Connection(url, enterprise, Secret(key)), clock=interruption)

    spent = []
    for number in range(LOADS):
        book = _book(folder / f"book-{first}-{number}.xlsx", first + number * ROWS)
        around = LoadContext(lambda _: None, connect, Waiting(0.05), store=store)
        begun = time.process_time()
        result = load(book, Target(url, enterprise), LoadOptions(), around)
        spent.append(time.process_time() - begun)
        assert result.exit_code == 0, result.message
    return statistics.median(spent[1:])


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return 1000 * (time.process_time() - begun)


def _queue(store: PostgresStore, known: tuple[str, str, str], folder: Path) -> tuple[float, float]:
    """CPU milliseconds to put a job into the queue beside the freezing, and to list all."""
    url, enterprise, _ = known

    def never(_: JobFacts, __: Interruption) -> OpEasyClient:
        raise AssertionError

    book = _book(folder / "queued.xlsx", 9_000_000)
    around = LoadContext(lambda _: None, never, store=store)
    stored = freeze_for_queue(book, Target(url, enterprise), LoadOptions(), around, lambda _: True)
    added = _milliseconds(lambda: add_item(store, stored.job_id, 0, datetime.now(UTC), {}))
    return added, _milliseconds(lambda: list_items(store))


def main() -> None:
    """Prints the figures of docs/several-machines.md."""
    store = shared_store()
    with tempfile.TemporaryDirectory() as name, _sandbox() as known:
        folder = Path(name)
        os.environ["XLSX2OPEASY_HOME"] = name
        alone = _loads(Home(folder), known, folder, 0)
        before: dict[str, int] = dict(store.session.run(lambda c: c.execute(_SIZES).fetchall()))
        shared = _loads(store, known, folder, 1_000_000)
        store.session.run(lambda c: c.execute("CHECKPOINT"))
        after = store.session.run(lambda c: c.execute(_SIZES).fetchall())
        added, listed = _queue(store, known, folder)
    print(f"CPU of a load of {ROWS:,} rows: folder {1000 * alone:.0f} ms, store {1000 * shared:.0f} ms")
    print(f"put into the queue: {added:.1f} ms; listed: {listed:.1f} ms")
    for table, size in after:
        print(f"{table}: {(size - before[table]) / LOADS / 1024:.0f} KB a load")
    store.close()


if __name__ == "__main__":
    main()
