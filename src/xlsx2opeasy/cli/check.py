"""`xlsx2opeasy check`: its options here, its work in `checking`."""

from pathlib import Path
from typing import NoReturn

import click

from xlsx2opeasy.cli.shared_options import large_option


@click.command(name="check")
@click.argument("workbook", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--annotate",
    "marked",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a copy in which the wrong cells are marked and commented, with a sheet that lists them.",
)
@click.option("--force", is_flag=True, help="Replace the marked copy if it exists.")
@large_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
def command(workbook: Path, *, marked: Path | None, force: bool, large: bool, as_json: bool) -> NoReturn:
    """Check everything in WORKBOOK offline: every cell against the API's rules.

    \b
    Examples:
      xlsx2opeasy check branch.xlsx
      xlsx2opeasy check branch.xlsx --annotate branch.marked.xlsx
    """
    from xlsx2opeasy.cli.checking import check  # pandas: not for --help

    raise SystemExit(check(workbook, marked=marked, replace=force, large=large, as_json=as_json))
