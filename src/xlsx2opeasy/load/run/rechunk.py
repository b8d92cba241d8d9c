"""Cutting a phase's tasks into chunk files again: where the server refuses their size, or rows drop out.

The order of the tasks stays, so the rows of `sent_rows` go on corresponding to them. Files in force before
stay as they are: the new ones have names of their own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from xlsx2opeasy.errors import ServiceFailed
from xlsx2opeasy.load.job.chunk_files import ChunkFile, Digest, read_chunk
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.store import chunk_place
from xlsx2opeasy.tasks.build import Task
from xlsx2opeasy.tasks.chunks import Chunk, cut
from xlsx2opeasy.tasks.limits import ChunkLimits


def cut_smaller(job: OpenJob, phase: PhaseFacts) -> None:
    """Halves the largest file's size.

    Raises ServiceFailed where a single task is too large already, LocalFailure where the disk refuses.
    """
    chunks = job.chunks(phase)
    if all(sum(chunk.counts.values()) == 1 for chunk in chunks):
        raise ServiceFailed(
            "the server refused a file with a single task for its size",
            "nothing was scheduled; shorten the row, or ask for the server's limit to be raised",
        )
    most_tasks = max(sum(chunk.counts.values()) for chunk in chunks)
    limits = ChunkLimits(tasks=max(1, most_tasks // 2), bytes=max(chunk.bytes for chunk in chunks) // 2)
    _cut_again(job, phase, limits, {})


def leave_out(job: OpenJob, phase: PhaseFacts, reasons: Mapping[int, str]) -> None:
    """Takes rows out of a phase that is not scheduled yet; `reasons` is by place in the phase's rows.

    Raises LocalFailure where the disk refuses.
    """
    limits = ChunkLimits(
        tasks=max(sum(chunk.counts.values()) for chunk in job.chunks(phase)),
        bytes=max(chunk.bytes for chunk in job.chunks(phase)),
    )
    _cut_again(job, phase, limits, reasons)


def _cut_again(job: OpenJob, phase: PhaseFacts, limits: ChunkLimits, reasons: Mapping[int, str]) -> None:
    first = re.compile(rf"chunks/phase-{phase.number}-.*-0001\.json")
    generation = sum(first.fullmatch(each) is not None for each in job.stored.names("chunks/")) + 1
    files = []
    for number, chunk in enumerate(cut(_tasks(job, phase, set(reasons)), limits), 1):
        name = f"phase-{phase.number}-{generation}-{number:04}.json"
        job.put(chunk_place(name), chunk.body, "nothing was scheduled")
        files.append(asdict(chunk_file(name, chunk, job.digest)))
    job.note(phase.number, Fact.RECHUNKED, chunks=files, left_out={str(k): v for k, v in reasons.items()})


def chunk_file(name: str, chunk: Chunk, digest: Digest) -> ChunkFile:
    """The facts of a chunk that is written under `name`."""
    counts: dict[str, int] = {}
    for task in chunk.tasks:
        counts[task.type] = counts.get(task.type, 0) + 1
    return ChunkFile(name, len(chunk.body), digest(chunk.body), counts)


def _tasks(job: OpenJob, phase: PhaseFacts, without: set[int]) -> Iterable[Task]:
    """The tasks in force, but for those at the places `without` of the phase's rows."""
    rows = {(row.sheet, row.row): place for place, row in enumerate(job.rows_of_phase[phase.number])}
    sent = job.sent_rows(phase)
    for chunk in job.chunks(phase):
        tasks: Mapping[str, Any] = read_chunk(job.stored, chunk, job.digest)
        for name, listed in tasks.items():
            for task in listed:
                row = sent[name].pop(0)
                if rows[(row.sheet, row.row)] not in without:
                    yield Task.of(name, task["command"], task["content"], row.sheet, row.row)
