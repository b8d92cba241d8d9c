"""A load sends each request once, reads each chunk as often as its promises need, and grows as its chunks do."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.workbooks import make_workbook
from foreign.server import ForeignServer
from load.rig import Rig
from xlsx2opeasy.load.job import chunk_files
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.journal import Record, Written
from xlsx2opeasy.load.job.sqlite_journal import SqliteJournal
from xlsx2opeasy.load.job.store import StoredJob

from .counting import Work, counted

TASKS = 5
CHUNKS = (4, 8, 16)
CALLS_FOR_A_CHUNK = 10_500
"""Of five small tasks. Half as many again as were counted when it was set; see test_conversion."""


@dataclass
class Loaded:
    """What one load of so many chunks did."""

    work: Work
    requests: Counter[str]
    sent: int
    records: list[Record]
    commits: int
    chunk_readings: Counter[str]


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Loaded]]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.delenv(name, raising=False)
        _load(tmp_path_factory.mktemp("first"), 1, patch)  # what is done once in a process is done now
        yield {chunks: _load(tmp_path_factory.mktemp("load"), chunks, patch) for chunks in CHUNKS}


def _load(folder: Path, chunks: int, patch: pytest.MonkeyPatch) -> Loaded:
    book = make_workbook(folder / "book.xlsx", chunks * TASKS, narrow=True)
    readings: Counter[str] = Counter()
    unchanged, write = chunk_files.read_unchanged, SqliteJournal._write
    commits: list[int] = []

    def reading(stored: StoredJob, name: str, *expected: Any) -> bytes:
        readings[name] += name.startswith("chunks/")
        return unchanged(stored, name, *expected)

    def writing(journal: SqliteJournal, records: Sequence[Written], before: str) -> None:
        commits.append(len(records))
        write(journal, records, before)

    with ForeignServer() as server, patch.context() as here:
        here.setattr(chunk_files, "read_unchanged", reading)
        here.setattr(SqliteJournal, "_write", writing)
        rig = Rig(server, Home(folder / "home"))
        with counted(threads=False) as work:  # those are the server's
            result = rig.load(book, chunk_tasks=TASKS)
        assert (result.exit_code, result.rows["succeeded"]) == (0, chunks * TASKS)
        requests = Counter(f"{each.method} {_kind(each.path)}" for each in server.requests)
        sent = sum(len(each.body) for each in server.requests if each.method == "PATCH")
        return Loaded(work, requests, sent, rig.records(result), len(commits), +readings)


def _kind(path: str) -> str:
    """The path without its ids."""
    return "/".join(part for part in path.split("/") if part.isalpha())


def test_the_requests_are_the_expected_ones_and_no_more(loads: dict[int, Loaded]) -> None:
    for chunks, load in loads.items():
        assert load.requests == {
            "POST authsessions": 1,
            "POST operations": 1,
            "PATCH operations": chunks,
            "GET operations": 1,
            "GET operations/users": 1,
            "POST scheduledoperations": 1,
            "GET scheduledoperations/status": load.requests["GET scheduledoperations/status"],
            "GET scheduledoperations/results/users": 1,
            "DELETE scheduledoperations": 1,
            "DELETE operations": 1,
        }


def test_the_journal_waits_for_the_disk_once_for_a_chunk(loads: dict[int, Loaded]) -> None:
    """Each commit waits for it: the outcome of a chunk goes with the intent of the next one."""
    few, some, many = (loads[chunks].commits for chunks in CHUNKS)
    assert (some - few, many - some) == (CHUNKS[1] - CHUNKS[0], CHUNKS[2] - CHUNKS[1])
    appends = [record for record in loads[CHUNKS[2]].records if record.call == "append"]
    assert Counter(record.kind for record in appends) == {"intent": CHUNKS[2], "outcome": CHUNKS[2]}


def test_a_chunk_file_is_read_as_often_as_there_are_reasons(loads: dict[int, Loaded]) -> None:
    """Before it is sent, to verify the draft, to compare the results, and for what undo needs.

    The draft of a server with a spelling of JSON of its own is compared twice: as texts, and as tasks. Of its
    results the first one shows that they are no texts that were sent.
    """
    for chunks, load in loads.items():
        first, *others = (load.chunk_readings[name] for name in sorted(load.chunk_readings))
        assert (first, others) == (6, [5] * (chunks - 1))


def test_the_bytes_of_each_chunk_are_sent_once(loads: dict[int, Loaded]) -> None:
    few, some, many = (loads[chunks].sent for chunks in CHUNKS)
    assert 0.9 * 2 < (many - some) / (some - few) < 1.1 * 2


def test_the_work_grows_as_the_chunks_do(loads: dict[int, Loaded]) -> None:
    few, some, many = (loads[chunks].work.calls for chunks in CHUNKS)
    assert (many - some) <= 1.2 * 2 * (some - few)
    a_chunk = (many - some) / (CHUNKS[2] - CHUNKS[1])
    assert a_chunk <= CALLS_FOR_A_CHUNK, f"{a_chunk:.0f} calls for a chunk of {TASKS} tasks: profile it"
