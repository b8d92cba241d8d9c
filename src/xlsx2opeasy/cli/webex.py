"""`xlsx2opeasy webex jobs`: its options here, its work in `webex_jobs`."""

from pathlib import Path
from typing import NoReturn

import click

from xlsx2opeasy.cli.api import FORCE


@click.group(name="webex")
def command() -> None:
    """Look at Webex Calling.

    \b
    Example:
      xlsx2opeasy webex jobs --max 20
    """


@command.command(name="jobs")
@click.option("--org-id", help="Another organization than the token's own.")
@click.option("--start", type=click.IntRange(min=0), default=0, show_default=True, help="Jobs to pass over.")
@click.option(
    "--max", "most", type=click.IntRange(min=1), default=2000, show_default=True, help="The most jobs listed."
)
@click.option("--status", help="Only jobs of this status or exit code, such as FAILED.")
@click.option("--watch", is_flag=True, help="Wait until the newest job has ended, then list.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the jobs into FILE.xlsx instead."
)
@FORCE
def jobs(
    org_id: str | None,
    start: int,
    most: int,
    status: str | None,
    output: Path | None,
    *,
    watch: bool,
    as_json: bool,
    force: bool,
) -> NoReturn:
    """List the "change device settings" jobs, latest first.

    The token is taken from WEBEX_ACCESS_TOKEN or the keyring.

    \b
    Examples:
      xlsx2opeasy webex jobs --status FAILED
      xlsx2opeasy webex jobs --output jobs.xlsx
    """
    from xlsx2opeasy.cli.webex_jobs import Asked, list_jobs  # httpx: not for --help

    asked = Asked(org_id, start, most, status, watch)
    raise SystemExit(list_jobs(asked, output, as_json=as_json, force=force))
