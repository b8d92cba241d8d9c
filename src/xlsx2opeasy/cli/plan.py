"""`xlsx2opeasy plan`: its options here, its work in `planning`."""

from pathlib import Path
from typing import NoReturn

import click

from xlsx2opeasy.cli.shared_options import chunk_options, large_option
from xlsx2opeasy.settings import Flags


@click.command(name="plan")
@click.argument("workbook", type=click.Path(path_type=Path, readable=False))
@chunk_options("upload")
@click.option("--skip-invalid", is_flag=True, help="As the load would be called.")
@click.option("--all", "all_rows", is_flag=True, help="As the load would be called.")
@click.option("--url", help="The server: rows that succeeded there before are skipped.")
@click.option("--enterprise-id", help="The enterprise.")
@click.option("--profile", help="A profile of config.toml.")
@large_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    workbook: Path,
    chunk_tasks: int | None,
    chunk_bytes: int | None,
    url: str | None,
    enterprise_id: str | None,
    profile: str | None,
    *,
    skip_invalid: bool,
    all_rows: bool,
    large: bool,
    as_json: bool,
) -> NoReturn:
    """Say what `load` would do with WORKBOOK: rows by command, operations, uploads, requests, warnings.

    \b
    Example:
      xlsx2opeasy plan branch.xlsx
    """
    from xlsx2opeasy.cli.planning import plan  # pandas: not for --help

    flags = Flags(url, enterprise_id, profile)
    sizes = (chunk_tasks, chunk_bytes)
    how = {"skip_invalid": skip_invalid, "all_rows": all_rows, "large": large}
    raise SystemExit(plan(workbook, flags, sizes, **how, as_json=as_json))
