"""`xlsx2opeasy map`: a mapping of a list with headers of its own, to correct."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from xlsx2opeasy.cli.options import FORCE
from xlsx2opeasy.cli.output import counted, say, tell


@click.command(name="map")
@click.argument("file", metavar="LIST", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="MAPPING.toml",
    help="The file to write.",
)
@FORCE
def command(file: Path, *, output: Path | None, force: bool) -> None:
    """Write which field each header of LIST probably means, to correct and then to give with --mapping.

    LIST is a workbook, or a .csv or .tsv file. Without --output the mapping is printed.

    \b
    Examples:
      xlsx2opeasy map staff.xlsx --output staff.toml
      xlsx2opeasy check staff.xlsx --mapping staff.toml
    """
    from xlsx2opeasy.durable import require_overwritable
    from xlsx2opeasy.importing.suggestions import lists_of, mapping_text

    if output is not None:
        require_overwritable(output, replace=force, inputs=(file,))
    lists = lists_of(file)
    text = mapping_text(file, lists)
    if output is None:
        for line in text.splitlines():
            say(line)
    else:
        _write(output, text)
    for each in lists:
        found = f"{len(each.suggested)} of {counted(len(each.headers), 'header')}"
        tell(f"{each.title}: {found} matched with fields of {each.task_type.name}")
    if output is not None:
        tell(
            f"Next: correct {output}, then:"
            f" xlsx2opeasy check {_workbook(file)} --mapping {shlex.quote(str(output))}"
        )


def _workbook(file: Path) -> str:
    """The workbook to check: of a text file that which `import` makes."""
    return shlex.quote(str(file.with_suffix(".xlsx") if file.suffix.lower() != ".xlsm" else file))


def _write(output: Path, text: str) -> None:
    from xlsx2opeasy.durable import why_refused
    from xlsx2opeasy.errors import WorkbookUnusable

    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise WorkbookUnusable(
            f"{output} cannot be written: {why_refused(error)}", "choose another folder"
        ) from error
