"""`xlsx2opeasy convert`: the chunk files that a load would send, and nothing sent."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsx2opeasy.cli.options import (
    JSON,
    ReadingRequest,
    chunk_options,
    complete_profiles,
    gather,
    reading_options,
)
from xlsx2opeasy.cli.output import counted, say, say_json, tell
from xlsx2opeasy.cli.problem_lines import show_problems, summary
from xlsx2opeasy.errors import Interrupted, InvalidWorkbook, Xlsx2OpeasyError
from xlsx2opeasy.paths import is_there

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked
    from xlsx2opeasy.settings.resolved import OfflineSettings


@dataclass(frozen=True, slots=True)
class Request(ReadingRequest):
    """The arguments and options of the command."""

    workbook: Path
    output: Path
    chunk_tasks: int | None
    chunk_bytes: int | None
    profile: str | None
    as_json: bool


@click.command(name="convert")
@click.argument("workbook", type=click.Path(path_type=Path, readable=False))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder.")
@chunk_options("file")
@click.option("--profile", help="The profile whose chunk sizes apply.", shell_complete=complete_profiles)
@reading_options
@JSON
@gather(Request, "asked")
def command(asked: Request) -> None:
    """Write the task files of WORKBOOK, as a load would upload them, into a folder.

    \b
    Example:
      xlsx2opeasy convert branch.xlsx --output tasks
    """
    from xlsx2opeasy.workbook.reading.reader_process import reader_started

    with reader_started():  # while the libraries of the check are imported
        convert(asked)


def convert(asked: Request) -> None:
    """Checks, converts and tells."""
    try:  # Ctrl-C may come while these are imported, too
        from xlsx2opeasy.load.plan.task_files import MANIFEST, write_task_files
        from xlsx2opeasy.settings.resolved import read_offline_settings

        usual = read_offline_settings(asked.profile)
        limits = usual.limits.but(asked.chunk_tasks, asked.chunk_bytes)
        had_earlier = is_there(asked.output / MANIFEST)
        checked = _checked(asked, usual)
        made = write_task_files(asked.workbook, checked, asked.output, limits, usual.wire_names)
    except (Xlsx2OpeasyError, KeyboardInterrupt) as stopped:
        error = stopped if isinstance(stopped, Xlsx2OpeasyError) else Interrupted("interrupted")
        if asked.as_json:
            from xlsx2opeasy.tasks.chunks import manifest

            say_json(manifest(asked.workbook, "", []) | {"message": error.message})
        raise error from None
    if had_earlier:
        tell(f"The files of an earlier conversion in {asked.output} were replaced.")
    if asked.as_json:
        say_json(made.manifest)
    else:
        files = counted(len(made.files), "file")
        say(f"{counted(made.tasks, 'task')} in {files}, and {MANIFEST}, in {asked.output}")


def _checked(asked: Request, usual: OfflineSettings) -> Checked:
    checked = asked.checked(asked.workbook, usual)
    if checked.errors:
        show_problems(checked.problems, sys.stderr)
        raise InvalidWorkbook(
            f"{summary(asked.workbook, checked)}: nothing was written",
            "correct the cells above, then convert again",
        )
    return checked
