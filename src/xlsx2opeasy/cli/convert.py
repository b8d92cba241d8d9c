"""`xlsx2opeasy convert`: the chunk files that a load would send, and nothing sent."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.options import (
    ALLOW,
    JSON,
    LARGE,
    MAPPING,
    WORKBOOK_PASSWORD,
    chunk_options,
    complete_profiles,
    gather,
)
from xlsx2opeasy.cli.output import complain, counted, say, say_json, tell
from xlsx2opeasy.cli.problem_lines import show_problems, summary
from xlsx2opeasy.errors import InvalidWorkbook, Xlsx2OpeasyError
from xlsx2opeasy.registry.allowed import allowed_rules

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked
    from xlsx2opeasy.workbook.mapping import ListMapping


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments and options of the command."""

    workbook: Path
    output: Path
    chunk_tasks: int | None
    chunk_bytes: int | None
    profile: str | None
    mapping: Path | None
    allow: tuple[str, ...]
    large: bool
    as_json: bool


@click.command(name="convert")
@click.argument("workbook", type=click.Path(path_type=Path, readable=False))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder.")
@chunk_options("file")
@click.option("--profile", help="The profile whose chunk sizes apply.", shell_complete=complete_profiles)
@MAPPING
@WORKBOOK_PASSWORD
@ALLOW
@LARGE
@JSON
@gather(Request, "asked")
def command(asked: Request) -> NoReturn:
    """Write the task files of WORKBOOK, as a load would upload them, into a folder.

    \b
    Example:
      xlsx2opeasy convert branch.xlsx --output tasks
    """
    from xlsx2opeasy.workbook.reading.reader_process import reader_started

    with reader_started():  # while the libraries of the check are imported
        raise SystemExit(convert(asked))


def convert(asked: Request) -> int:
    """Checks, converts and tells; the exit code."""
    from xlsx2opeasy.load.plan.task_files import MANIFEST, write_task_files
    from xlsx2opeasy.settings.resolved import read_offline_settings
    from xlsx2opeasy.tasks.chunks import manifest
    from xlsx2opeasy.tasks.limits import ChunkLimits
    from xlsx2opeasy.workbook.mapping import mapping_in_force

    try:
        usual = read_offline_settings(asked.profile)
        limits = ChunkLimits(asked.chunk_tasks or usual.limits.tasks, asked.chunk_bytes or usual.limits.bytes)
        had_earlier = (asked.output / MANIFEST).exists()
        checked = _checked(asked, mapping_in_force(asked.mapping, usual.mapping), usual.allow)
        made = write_task_files(asked.workbook, checked, asked.output, limits, usual.wire_names)
    except Xlsx2OpeasyError as error:
        if asked.as_json:
            say_json(manifest(asked.workbook, "", []) | {"message": error.message})
        complain(error.message, error.hint)
        return error.exit_code
    if had_earlier:
        tell(f"The files of an earlier conversion in {asked.output} were replaced.")
    if asked.as_json:
        say_json(made.manifest)
    else:
        files = counted(len(made.files), "file")
        say(f"{counted(made.tasks, 'task')} in {files}, and {MANIFEST}, in {asked.output}")
    return 0


def _checked(asked: Request, mapping: ListMapping, profile: tuple[str, ...]) -> Checked:
    from xlsx2opeasy.check.checked import check_workbook
    from xlsx2opeasy.ooxml.limits import limits_for
    from xlsx2opeasy.workbook.read import read_workbook

    allowed = allowed_rules(asked.allow, profile)
    checked = check_workbook(read_workbook(asked.workbook, limits_for(large=asked.large), mapping), allowed)
    if checked.errors:
        show_problems(checked.problems, sys.stderr)
        raise InvalidWorkbook(
            f"{summary(asked.workbook, checked)}: nothing was written",
            "correct the cells above, then convert again",
        )
    return checked
