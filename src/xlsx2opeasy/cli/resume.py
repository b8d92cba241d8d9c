"""`xlsx2opeasy resume`: goes on with a job, wherever it stood; its options here, its work in `resuming`."""

from pathlib import Path
from typing import NoReturn

import click

from xlsx2opeasy.cli.completers import complete_jobs
from xlsx2opeasy.cli.connection import connection_options
from xlsx2opeasy.cli.words import say_json
from xlsx2opeasy.settings import Flags


@click.command(name="resume")
@click.argument("job", required=False, shell_complete=complete_jobs)
@click.option("--scheduled-id", help="The id of the run that the portal shows for the operation in doubt.")
@click.option("--not-scheduled", metavar="OPERATION_ID", help="The portal shows no run of this operation.")
@click.option(
    "--poll-interval",
    type=click.FloatRange(min=0.01),
    help="Seconds between two looks at the server (from 1, growing to 30).",
)
@click.option("--wait", type=click.FloatRange(min=0), help="Seconds to wait for the server at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@connection_options
def command(
    job: str | None,
    scheduled_id: str | None,
    not_scheduled: str | None,
    poll_interval: float | None,
    wait: float | None,
    url: str | None,
    enterprise_id: str | None,
    profile: str | None,
    ca_bundle: Path | None,
    api_key_file: Path | None,
    *,
    as_json: bool,
    quiet: bool,
) -> NoReturn:
    """Go on with JOB, or with the latest unfinished one. The workbook is not needed.

    \b
    Example:
      xlsx2opeasy resume L20261122-k7m2
    """
    if scheduled_id and not_scheduled:
        raise click.UsageError("--scheduled-id and --not-scheduled contradict each other")
    flags = Flags(url, enterprise_id, profile, ca_bundle, api_key_file)
    from xlsx2opeasy.cli.resuming import Settling, Waiting, resume_job  # pandas and httpx: not for --help

    settling = Settling(scheduled_id, not_scheduled) if scheduled_id or not_scheduled else None
    result = resume_job(job, flags, Waiting(poll_interval, wait), settling, quiet=quiet)
    if as_json:
        say_json(result.as_json())
    raise SystemExit(result.exit_code)
