"""`xlsx2opeasy convert`: the chunk files that a load would send, and nothing sent."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.cli.check import problem_lines, summary
from xlsx2opeasy.cli.words import complain, counted, say, say_json, tell
from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import InvalidWorkbook, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.load.plan import phases_of
from xlsx2opeasy.settings import read_limits_and_wire
from xlsx2opeasy.tasks.build import all_tasks
from xlsx2opeasy.tasks.chunks import CHUNK_PATTERN, Chunk, chunk_name, cut, manifest
from xlsx2opeasy.tasks.limits import ChunkLimits
from xlsx2opeasy.workbook.read import read_workbook

MANIFEST = "manifest.json"


@click.command(name="convert")
@click.argument("workbook", type=click.Path(path_type=Path, readable=False))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder.")
@click.option("--chunk-tasks", type=click.IntRange(min=1), help="The most tasks in a file (1000).")
@click.option("--chunk-bytes", type=click.IntRange(min=1), help="The most bytes of a file (900000).")
@click.option("--profile", help="The profile whose chunk sizes apply.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest.")
def command(
    workbook: Path,
    output: Path,
    chunk_tasks: int | None,
    chunk_bytes: int | None,
    profile: str | None,
    *,
    as_json: bool,
) -> NoReturn:
    """Write the task files of WORKBOOK, as a load would upload them, into a folder.

    \b
    Example:
      xlsx2opeasy convert branch.xlsx --output tasks
    """
    try:
        usual, wire_names = read_limits_and_wire(profile)
        limits = ChunkLimits(chunk_tasks or usual.tasks, chunk_bytes or usual.bytes)
        document = _convert(workbook, output, limits, wire_names)
    except Xlsx2OpeasyError as error:
        if as_json:
            say_json(manifest(workbook, "", []) | {"message": error.message})
        complain(error.message, error.hint)
        raise SystemExit(error.exit_code) from None
    if as_json:
        say_json(document)
    else:
        tasks = counted(sum(len(chunk["tasks"]) for chunk in document["chunks"]), "task")
        say(f"{tasks} in {counted(len(document['chunks']), 'file')}, and {MANIFEST}, in {output}")
    raise SystemExit(0)


def _convert(
    workbook: Path, output: Path, limits: ChunkLimits, wire_names: Mapping[str, str]
) -> dict[str, Any]:
    checked = check_workbook(read_workbook(workbook))
    if checked.errors:
        for line in problem_lines(checked.problems):
            tell(line)
        raise InvalidWorkbook(
            f"{summary(workbook, checked)}: nothing was written",
            "correct the cells above, then convert again",
        )
    chunks = [
        (chunk_name(phase.number, number), chunk)
        for phase in phases_of(list(all_tasks(checked.sheets, wire_names)), wire_names)
        for number, chunk in enumerate(cut(phase.tasks, limits), 1)
    ]
    document = manifest(workbook, checked.workbook.sha256, chunks)
    _write(output, chunks, document)
    return document


def _write(folder: Path, chunks: list[tuple[str, Chunk]], document: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_earlier(folder)
        for name, chunk in chunks:
            write_file(folder / name, chunk.body)
        write_file(folder / MANIFEST, json.dumps(document, indent=1).encode())
    except OSError as error:
        raise WorkbookUnusable(
            f"{folder} cannot be written: {error.strerror or error}", "choose another folder"
        ) from error


def _remove_earlier(folder: Path) -> None:
    """Removes the chunk files of an earlier conversion, so that none of them is taken for one of this."""
    if (folder / MANIFEST).exists():
        for path in folder.glob(CHUNK_PATTERN):
            path.unlink()
