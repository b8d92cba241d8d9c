"""`xlsx2opeasy import`: somebody's task files become a workbook that loads; the reverse of `convert`."""

from pathlib import Path
from typing import NoReturn

import click

from xlsx2opeasy.cli.api import refuse_existing
from xlsx2opeasy.cli.options import FORCE
from xlsx2opeasy.cli.output import complain, tell
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.settings import read_offline_settings


@click.command(name="import")
@click.argument("files", metavar="TASKS.json...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The workbook to write."
)
@FORCE
def command(files: tuple[Path, ...], output: Path, *, force: bool) -> NoReturn:
    """Make a workbook of JSON task files: what an API client sent, or what the server gave for download.

    Passwords in the files are in the workbook too, because they must load. What no workbook can say is named
    with its place, and nothing is written then.

    \b
    Examples:
      xlsx2opeasy import tasks.json --output tasks.xlsx
      xlsx2opeasy import tasks/operation-1-chunk-*.json --output again.xlsx
    """
    from xlsx2opeasy.cli.task_output import write_found  # pandas: not for --help
    from xlsx2opeasy.tasks.found import read_task_file

    try:
        refuse_existing(output, as_json=False, force=force)
        wire_names = read_offline_settings(None).wire_names
        found = [read_task_file(file) for file in files]
        code = write_found(found, output, wire_names, results_are_notes=True)
        if any(task.result for each in found for task in each.tasks):
            tell("The results in the files stand in note columns: a load of the workbook sends every row.")
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        raise SystemExit(error.exit_code) from None
    raise SystemExit(code)
