"""Tasks to chunk files: each a complete JSON file of the page "Create New Operation", within two limits."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlsx2opeasy.display import readable
from xlsx2opeasy.spec.catalogue import PROCESSING_ORDER
from xlsx2opeasy.tasks.build import Task
from xlsx2opeasy.tasks.limits import ChunkLimits

_ORDER = {task_type.name: position for position, task_type in enumerate(PROCESSING_ORDER)}
_EMPTY = len(b'{"tasks":{}}')


@dataclass(frozen=True, slots=True)
class Chunk:
    """The tasks of one file in their order, and the file's bytes."""

    tasks: tuple[Task, ...]
    body: bytes

    @property
    def sha256(self) -> str:
        """64 hexadecimal digits."""
        return hashlib.sha256(self.body).hexdigest()


def in_processing_order(tasks: Iterable[Task]) -> list[Task]:
    """Tasks in the order in which an operation is processed: by type, rows of a type in their own order."""
    return sorted(tasks, key=lambda each: _ORDER[each.type])


def cut(tasks: Iterable[Task], limits: ChunkLimits) -> Iterator[Chunk]:
    """Chunks of `tasks` in processing order of their types, each type's rows in their own order."""
    return map(_chunk, groups(tasks, limits))


def groups(tasks: Iterable[Task], limits: ChunkLimits) -> Iterator[list[Task]]:
    """The tasks of each of these chunks."""
    gathered: list[Task] = []
    size = _EMPTY
    for task in in_processing_order(tasks):
        if gathered and gathered[-1].type == task.type:
            growth = 1 + len(task.text)
        else:
            growth = len(f',"{task.type}":[]') + len(task.text) - (not gathered)
        if gathered and (len(gathered) == limits.tasks or size + growth > limits.bytes):
            yield gathered
            gathered = []
            size, growth = _EMPTY, len(f'"{task.type}":[]') + len(task.text)
        gathered.append(task)
        size += growth
    if gathered:
        yield gathered


def _chunk(gathered: Sequence[Task]) -> Chunk:
    by_type: dict[str, list[bytes]] = {}
    for task in gathered:
        by_type.setdefault(task.type, []).append(task.text)
    lists = (b'"%s":[%s]' % (name.encode(), b",".join(texts)) for name, texts in by_type.items())
    return Chunk(tuple(gathered), b'{"tasks":{%s}}' % b",".join(lists))


CHUNK_PATTERN = "operation-*-chunk-*.json"
"""Matches every name that `chunk_name` gives."""


def chunk_name(operation: int, number: int) -> str:
    """The name of a chunk file: which operation it belongs to, and its place there, both from 1."""
    return f"operation-{operation}-chunk-{number:04}.json"


def described(name: str, chunk: Chunk) -> dict[str, Any]:
    """A chunk in the shape of `manifest.json`."""
    return {
        "file": name,
        "bytes": len(chunk.body),
        "sha256": chunk.sha256,
        "tasks": [{"type": task.type, "sheet": task.sheet, "row": task.row} for task in chunk.tasks],
    }


def manifest(workbook: Path, sha256: str, chunks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`manifest.json` of `convert`; chunks are given as `described`, in the order of sending."""
    return {"workbook": readable(str(workbook)), "sha256": sha256, "chunks": list(chunks)}


def beyond_limit(chunks: Sequence[Chunk], limits: ChunkLimits) -> str:
    """A sentence about chunks of one task each that are larger than allowed: a row cannot be divided."""
    first = chunks[0].tasks[0]
    more = f" and {len(chunks) - 1:,} more rows" if len(chunks) > 1 else ""
    size = f"{len(chunks[0].body):,} bytes" if len(chunks) == 1 else "more"
    return (
        f"{first.sheet} row {first.row}{more} cannot be made smaller than the {limits.bytes:,} bytes of"
        f" --chunk-bytes: {size}, each in a file of its own."
    )
