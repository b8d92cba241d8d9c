"""`xlsx2opeasy webex jobs`: Webex Calling's jobs, listed and watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from rich.text import Text

from xlsx2opeasy.cli.api import refuse_existing
from xlsx2opeasy.cli.options import FORCE, JSON, gather
from xlsx2opeasy.cli.output import complain, counted, say_json, tell
from xlsx2opeasy.cli.tables import (
    cell,
    duration_cell,
    show_table,
    time_cell,
)
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.job_model import EXIT_CODES, STATUSES, Job

if TYPE_CHECKING:
    from xlsx2opeasy.load.interrupt import Interruption
    from xlsx2opeasy.webex import JobList, WebexClient

POLL_SECONDS = 5.0
_HEADINGS = ("Created", "Status", "Exit code", "Target", "Devices", "Done", "Duration")
_STYLES = {"STARTING": "cyan", "STARTED": "cyan", "FAILED": "red", "ABANDONED": "red"}
_EXIT_STYLES = {
    "COMPLETED": "green",
    "FAILED": "red",
    "STOPPED": "red",
    "COMPLETED_WITH_ERRORS": "yellow",
    "COMPLETED_WITH_PENDING_ORDERS": "yellow",
}


@dataclass(frozen=True, slots=True)
class Request:
    """The options of the command: `most` jobs at the most from `start` on, of this status or exit code."""

    org_id: str | None
    start: int
    most: int
    status: str | None
    watch: bool
    output: Path | None
    force: bool
    as_json: bool


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
@JSON
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the jobs into FILE.xlsx instead."
)
@FORCE
@gather(Request, "asked")
def jobs(asked: Request) -> NoReturn:
    """List the "change device settings" jobs, latest first.

    The token is taken from WEBEX_ACCESS_TOKEN or the keyring.

    \b
    Examples:
      xlsx2opeasy webex jobs --status FAILED
      xlsx2opeasy webex jobs --output jobs.xlsx
    """
    raise SystemExit(list_jobs(asked))


def list_jobs(asked: Request) -> int:
    """Asks for the jobs and shows them; the exit code."""
    from xlsx2opeasy.load.interrupt import Interruption
    from xlsx2opeasy.webex import JobList

    wanted = _wanted(asked.status)
    interruption = Interruption()
    with interruption.listening():
        try:
            refuse_existing(asked.output, as_json=asked.as_json, force=asked.force)
            with _client(interruption) as client:
                problem = _watch(client, asked.org_id, interruption) if asked.watch else None
                listed = (
                    JobList((), problem)
                    if problem
                    else client.list_jobs(
                        org_id=asked.org_id, start=asked.start, most=asked.most, wanted=wanted
                    )
                )
        except Xlsx2OpeasyError as error:
            listed = JobList((), error)
    return _show(listed, asked.output, as_json=asked.as_json)


def _client(interruption: Interruption) -> WebexClient:
    from xlsx2opeasy.settings.keys import find_webex_token, webex_url
    from xlsx2opeasy.webex import DEFAULT_URL, WebexClient, WebexConnection

    connection = WebexConnection(find_webex_token(), webex_url() or DEFAULT_URL)
    return WebexClient(connection, clock=interruption, on_pause=lambda words: tell(f"note: {words}"))


def _wanted(status: str | None) -> Callable[[Job], bool]:
    if status is None:
        return lambda _: True
    asked = status.strip().upper()
    if asked not in STATUSES | EXIT_CODES:
        known = ", ".join(sorted(STATUSES | EXIT_CODES))
        tell(f"note: {status} is no status that is known here; known are {known}")
    return lambda job: asked in (job.status, job.exit_code)


def _watch(client: WebexClient, org_id: str | None, interruption: Interruption) -> Xlsx2OpeasyError | None:
    """Looks every few seconds until the job that is the newest now has ended.

    Only one job of a customer runs at a time: where another one is the newest, the one before has ended.
    """
    watched: str | None = None
    said = ""
    while True:
        listed = client.list_jobs(org_id=org_id, most=1)
        if listed.problem is not None:
            return listed.problem
        newest = listed.jobs[0] if listed.jobs else None
        if newest is None or newest.ended or (watched is not None and newest.id != watched):
            return None
        watched = newest.id
        words = f"{newest.latest_execution_status}, {newest.percentage_complete or 0} %"
        if words != said:
            tell(f"The newest job is {words}")
        said = words
        try:
            interruption.sleep(POLL_SECONDS)
        except Xlsx2OpeasyError as stopped:
            return stopped


def _show(listed: JobList, output: Path | None, *, as_json: bool) -> int:
    """Gives the jobs so far in any case, then says what stopped the listing; the exit code."""
    problem = listed.problem
    if as_json:
        message = {"message": problem.message} if problem else {}
        say_json({"items": [job.as_json() for job in listed.jobs], **message})
    elif output is not None and (listed.jobs or problem is None):
        from xlsx2opeasy.webex.job_workbook import write_jobs  # openpyxl: not for those who only look

        try:
            write_jobs(output, listed.jobs)
            tell(f"{counted(len(listed.jobs), 'job')} written to {output}")
        except Xlsx2OpeasyError as error:
            problem = problem or error
    elif listed.jobs:
        show_table(_HEADINGS, [_row(job) for job in listed.jobs])
    elif problem is None:
        tell("There are no such jobs.")
    if problem is None:
        return 0
    complain(problem.message, problem.hint)
    return problem.exit_code


def _row(job: Job) -> tuple[Text, ...]:
    target = job.location_name or job.location_id or job.target
    return (
        time_cell(job.created),
        cell(job.latest_execution_status, _STYLES.get(job.status, "")),
        cell(job.latest_execution_exit_code, _EXIT_STYLES.get(job.exit_code, "")),  # green: success alone
        cell(target),
        cell(job.device_count),
        cell(f"{job.percentage_complete} %" if job.percentage_complete is not None else ""),
        duration_cell(job.elapsed),
    )
