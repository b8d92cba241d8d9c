"""`xlsx2opeasy convert`: its options here, its work in `converting`."""

from pathlib import Path
from typing import NoReturn

import click


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
    from xlsx2opeasy.cli.converting import convert  # pandas: not for --help

    raise SystemExit(convert(workbook, output, profile, chunk_tasks, chunk_bytes, as_json=as_json))
