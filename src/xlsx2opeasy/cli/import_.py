"""`xlsx2opeasy import`: task files become a workbook that loads, and a list of delimited text a workbook."""

import shlex
from pathlib import Path
from typing import NoReturn

import click

from xlsx2opeasy.cli.api import refuse_existing
from xlsx2opeasy.cli.options import FORCE
from xlsx2opeasy.cli.output import counted, say, tell
from xlsx2opeasy.settings.resolved import read_offline_settings

LISTS = (".csv", ".tsv", ".tab", ".txt")
"""Endings of the names of lists."""


@click.command(name="import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The workbook to write; for a list NAME.xlsx beside it, unless you name another.",
)
@FORCE
def command(files: tuple[Path, ...], output: Path | None, *, force: bool) -> NoReturn:
    """Make a workbook of JSON task files, which a client sent or the server gave, or of a list.

    A list is a .csv or .tsv file: each value becomes a text, as it is typed, in the sheet List; `map` then
    says which field each of its headers means.

    Passwords in the files are in the workbook too, because they must load. What no workbook can say is named
    with its place, and nothing is written then.

    \b
    Examples:
      xlsx2opeasy import tasks.json --output tasks.xlsx
      xlsx2opeasy import tasks/operation-1-chunk-*.json --output again.xlsx
      xlsx2opeasy import staff.csv
    """
    if any(file.suffix.lower() in LISTS for file in files):
        if len(files) > 1:
            raise click.UsageError("a list becomes a workbook of its own: import one at a time")
        raise SystemExit(_import_list(files[0], output or files[0].with_suffix(".xlsx"), force=force))
    if output is None:
        raise click.UsageError("name the workbook to write: --output tasks.xlsx")
    from xlsx2opeasy.cli.task_output import write_parsed_tasks  # pandas: not for --help
    from xlsx2opeasy.importing.task_files import read_task_file

    refuse_existing(output, as_json=False, force=force)
    wire_names = read_offline_settings(None).wire_names
    found = [read_task_file(file) for file in files]
    code = write_parsed_tasks(found, output, wire_names, results_are_notes=True)
    if any(task.result for each in found for task in each.tasks):
        tell("The results in the files are in note columns: a load of the workbook sends every row.")
    raise SystemExit(code)


def _import_list(file: Path, output: Path, *, force: bool) -> int:
    """Writes the workbook of a list; the exit code."""
    from xlsx2opeasy.durable import require_overwritable, why_refused, write_file
    from xlsx2opeasy.errors import UsageError, WorkbookUnusable
    from xlsx2opeasy.importing.delimited import SHEET, list_workbook, read_delimited

    if output.suffix.lower() != ".xlsx":
        raise UsageError(f"{output} does not end in .xlsx", f"write {output.with_suffix('.xlsx')}")
    require_overwritable(output, replace=force, inputs=(file,))
    found = read_delimited(file)
    try:
        write_file(output.absolute(), list_workbook(found))
    except OSError as error:
        raise WorkbookUnusable(
            f"{output} cannot be written: {why_refused(error)}", "choose another folder"
        ) from error
    say(f'{counted(len(found.rows), "row")} of {file} written to {output}, sheet "{SHEET}"')
    tell(
        f"Read as {found.understood}. Look at a name with an accent: if it is wrong, save the list as UTF-8."
    )
    mapping = output.with_suffix(".toml")
    tell(f"Next: xlsx2opeasy map {shlex.quote(str(output))} --output {shlex.quote(str(mapping))}")
    return 0
