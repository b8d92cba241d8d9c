"""The chunk files that a load would send, and `manifest.json`, written into a folder of one's choice.

`convert` of the command line and of the library call it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from xlsx2opeasy.check.checked import Checked
from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.load.plan.phases import Phase, phases_of
from xlsx2opeasy.load.plan.subjects import Reader
from xlsx2opeasy.load.plan.syncs import sent_once
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.tasks.build import all_tasks
from xlsx2opeasy.tasks.chunks import CHUNK_PATTERN, chunk_name, cut, described, manifest
from xlsx2opeasy.tasks.limits import ChunkLimits

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """The written files in the order in which a load sends them, and what `manifest.json` says of them."""

    files: tuple[Path, ...]
    manifest: Mapping[str, Any]

    @property
    def tasks(self) -> int:
        """How many tasks all files hold."""
        return sum(len(chunk["tasks"]) for chunk in self.manifest["chunks"])


def write_task_files(
    workbook: Path, checked: Checked, folder: Path, limits: ChunkLimits, wire_names: Mapping[str, str]
) -> TaskFiles:
    """Writes the tasks of a valid workbook; chunk files of an earlier conversion in `folder` are removed.

    Raises WorkbookUnusable where the folder cannot be written.
    """
    tasks = sent_once(all_tasks(checked.sheets, wire_names), Reader(wire_names))
    phases = phases_of(tasks, wire_names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_earlier(folder)
        document = manifest(
            workbook, checked.workbook.sha256, list(_written(folder, phases, limits, wire_names))
        )
        write_file(folder / MANIFEST, orjson.dumps(document, option=orjson.OPT_INDENT_2), shared=True)
    except OSError as error:
        raise WorkbookUnusable(
            f"{folder} cannot be written: {error.strerror or error}", "choose another folder"
        ) from error
    return TaskFiles(tuple(folder / chunk["file"] for chunk in document["chunks"]), document)


def _written(
    folder: Path, phases: Sequence[Phase], limits: ChunkLimits, wire_names: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Writes one chunk after the other, and gives what the manifest says of it.

    A chunk that has a secret field is readable by its owner alone.
    """
    secrets = {
        f'"{of.wire_path(each, wire_names).rpartition(".")[2]}"'.encode()
        for of in BY_NAME.values()
        for each in of.fields
        if each.secret
    }
    for phase in phases:
        for number, chunk in enumerate(cut(phase.tasks, limits), 1):
            name = chunk_name(phase.number, number)
            secret = any(each in chunk.body for each in secrets)
            write_file(folder / name, chunk.body, shared=not secret)
            yield described(name, chunk)


def _remove_earlier(folder: Path) -> None:
    """Removes the chunk files of an earlier conversion, so that none of them is taken for one of this."""
    if (folder / MANIFEST).exists():
        for path in folder.glob(CHUNK_PATTERN):
            path.unlink()
