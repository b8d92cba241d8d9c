"""`xlsx2opeasy convert`: its options here, its work in `converting`."""

from pathlib import Path
from typing import NoReturn

import click

from xlsx2opeasy.cli.shared_options import chunk_options, large_option


@click.command(name="convert")
@click.argument("workbook", type=click.Path(path_type=Path, readable=False))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder.")
@chunk_options("file")
@click.option("--profile", help="The profile whose chunk sizes apply.")
@large_option
@click.option("--json", "as_json", is_flag=True, help="Print the manifest.")
def command(
    workbook: Path,
    output: Path,
    chunk_tasks: int | None,
    chunk_bytes: int | None,
    profile: str | None,
    *,
    large: bool,
    as_json: bool,
) -> NoReturn:
    """Write the task files of WORKBOOK, as a load would upload them, into a folder.

    \b
    Example:
      xlsx2opeasy convert branch.xlsx --output tasks
    """
    from xlsx2opeasy.cli.converting import convert  # pandas: not for --help

    sizes = (chunk_tasks, chunk_bytes)
    raise SystemExit(convert(workbook, output, profile, sizes, large=large, as_json=as_json))
