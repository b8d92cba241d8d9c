"""`xlsx2opeasy jobs`: what was loaded from this machine.

What only `abandon` and `forget` need is imported there, so that the list comes at once (no pandas).
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import click
from rich.text import Text

from xlsx2opeasy.cli.completers import complete_jobs
from xlsx2opeasy.cli.connection import connection_options
from xlsx2opeasy.cli.job_states import COUNT_WORDS, STEP_WORDS, can_be_resumed, state_cell, state_of
from xlsx2opeasy.cli.job_table import cell, duration_cell, minute_cell, show_table, time_cell
from xlsx2opeasy.cli.words import complain, counted, say, say_json, tell
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.job_model import Job, StepExecution
from xlsx2opeasy.load.job.home import Home, state_folder
from xlsx2opeasy.load.jobs.listing import job_of, list_jobs
from xlsx2opeasy.settings import Flags

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_HEADINGS = ("Job", "Created", "State", "Rows", "Workbook")
_STEP_HEADINGS = ("Step", "State", "Started", "Ended", "Duration")
MOST_NEXT_STEPS = 3


@click.group(name="jobs", invoke_without_command=True)
@click.option("--start", type=click.IntRange(min=0), default=0, show_default=True, help="Jobs to pass over.")
@click.option(
    "--max", "most", type=click.IntRange(min=1), default=2000, show_default=True, help="The most jobs listed."
)
@_JSON
@click.pass_context
def command(context: click.Context, start: int, most: int, *, as_json: bool) -> None:
    """List this machine's jobs, latest first; rehearsals begin with R.

    \b
    Examples:
      xlsx2opeasy jobs --max 10
      xlsx2opeasy jobs show L20261122-k7m2
    """
    if context.invoked_subcommand is not None:
        context.obj = as_json
        return
    jobs = list_jobs(Home(state_folder()), start=start, most=most)
    if as_json:
        _say_jobs(jobs)
    elif jobs:
        show_table(_HEADINGS, [_row(job) for job in jobs])
        _tell_next_steps(jobs)
    else:
        tell("There are no such jobs on this machine.")


@command.command(name="show")
@click.argument("job", shell_complete=complete_jobs)
@_JSON
@click.pass_obj
def show(json_before: bool | None, job: str, *, as_json: bool) -> NoReturn:
    """Show JOB: how it ended, its rows, and its steps with their times.

    \b
    Example:
      xlsx2opeasy jobs show L20261122-k7m2
    """
    as_json = as_json or bool(json_before)
    try:
        found = job_of(Home(state_folder()).job(job))
    except Xlsx2OpeasyError as error:
        _end_with(error, as_json=as_json)
    if as_json:
        _say_jobs([found])
    else:
        _show(found)
    raise SystemExit(0)


@command.command(name="follow")
@click.argument("job", required=False, shell_complete=complete_jobs)
def follow_command(job: str | None) -> NoReturn:
    """Watch JOB, or the latest running one, from another terminal until it ends, and end with its exit code.

    Ctrl-C ends the watching and leaves the load alone.

    \b
    Example:
      xlsx2opeasy jobs follow
    """
    from xlsx2opeasy.cli.following import follow_job

    try:
        code = follow_job(Home(state_folder()), job)
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        code = error.exit_code
    raise SystemExit(code)


@command.command(name="abandon")
@click.argument("job", shell_complete=complete_jobs)
@_JSON
@connection_options
@click.pass_obj
def abandon_command(
    json_before: bool | None,
    job: str,
    url: str | None,
    enterprise_id: str | None,
    profile: str | None,
    ca_bundle: Path | None,
    api_key_file: Path | None,
    *,
    as_json: bool,
) -> NoReturn:
    """Give JOB up: delete its drafts at the server; its rows become NOT SENT.

    Refused once an operation of it was, or may have been, started: resume settles that.

    \b
    Example:
      xlsx2opeasy jobs abandon L20261122-k7m2
    """
    from xlsx2opeasy.cli.resuming import connect_as_pinned
    from xlsx2opeasy.cli.screen import Screen
    from xlsx2opeasy.load.abandon import abandon
    from xlsx2opeasy.load.service import Surroundings

    as_json = as_json or bool(json_before)
    flags = Flags(url, enterprise_id, profile, ca_bundle, api_key_file)
    try:
        with Screen(quiet=False) as screen:
            around = Surroundings(screen, connect_as_pinned(flags, sends_tasks=False))
            settlement = abandon(job, around)
    except Xlsx2OpeasyError as error:
        _end_with(error, as_json=as_json)
    given_up = job_of(around.home.job(job))
    if as_json:
        _say_jobs([given_up])
    else:
        not_sent = counted(settlement.counts()["notSent"], "row")
        tell(f"Job {job} is given up; {not_sent} not sent.")
        if given_up.results:
            tell(f"Results: {given_up.results}")
    raise SystemExit(0)


@command.command(name="forget")
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=0),
    required=True,
    metavar="DAYS",
    help="Jobs that ended so many days ago.",
)
@click.option(
    "--done", "also_done", is_flag=True, help="Also jobs that keep their workbook from being loaded twice."
)
def forget_command(days: int, *, also_done: bool) -> None:
    """Remove finished jobs, with everything about them, from this machine. Workbooks are left alone.

    Jobs whose rows succeeded are kept, because they keep their workbook from being loaded twice; --done
    removes them too.

    \b
    Example:
      xlsx2opeasy jobs forget --older-than 90
    """
    from xlsx2opeasy.load.jobs.forget import Kept, forget

    forgotten = forget(Home(state_folder()), timedelta(days=days), also_done=also_done)
    for job, why in forgotten.kept.items():
        tell(f"{job} is kept: {why}")
    say(f"{counted(len(forgotten.removed), 'job')} removed")
    if Kept.PROTECTS in forgotten.kept.values():
        tell("With --done these are removed too; their workbooks can then be loaded a second time.")


def _end_with(error: Xlsx2OpeasyError, *, as_json: bool) -> NoReturn:
    """The end of a command that could not do what was asked: one JSON document all the same."""
    if as_json:
        _say_jobs([])
    complain(error.message, error.hint)
    raise SystemExit(error.exit_code)


def _say_jobs(jobs: Sequence[Job]) -> None:
    say_json({"items": [job.as_json() for job in jobs]})


def _row(job: Job) -> tuple[Text, ...]:
    return (
        cell(job.id),
        minute_cell(job.created),
        state_cell(job),
        cell(_rows(job)),
        cell(Path(job.workbook).name if job.workbook else job.message),
    )


def _rows(job: Job) -> str:
    """`55: 50 succeeded, 5 failed`; the total alone where nothing is known of them yet."""
    counts = job.counts or {}
    parts = ", ".join(f"{counts[name]:,} {word}" for name, word in COUNT_WORDS.items() if counts.get(name))
    return f"{counts.get('total', 0):,}: {parts}" if parts else ""


def _tell_next_steps(jobs: Sequence[Job]) -> None:
    """What to run next for jobs that are not at their end, the latest first."""
    waiting = [job for job in jobs if can_be_resumed(job)]
    for job in waiting[:MOST_NEXT_STEPS]:
        tell(f"{job.id} is {state_of(job)}. Next: xlsx2opeasy resume {job.id}")
    if (more := len(waiting) - MOST_NEXT_STEPS) > 0:
        tell(f"{counted(more, 'job')} more can be resumed")


def _show(job: Job) -> None:
    lines = {
        "Job": job.id,
        "State": state_of(job),
        "Workbook": job.workbook,
        "Results": job.results,
        "Enterprise": job.target_customer_id,
        "Server": job.raw.get("origin"),
        "Rows": _rows(job),
        "Message": job.message,
        "Next": f"xlsx2opeasy resume {job.id}" if can_be_resumed(job) else None,
        "Undo": f"xlsx2opeasy undo {job.id}" if _can_be_undone(job) else None,
    }
    for name, value in lines.items():
        if value:
            say(f"{name + ':':12}{value}")
    if job.latest is not None:
        say()
        show_table(_STEP_HEADINGS, [_step_row(step) for step in job.latest.steps])


def _can_be_undone(job: Job) -> bool:
    """Whether rows of it succeeded at a server that is still there."""
    return bool((job.counts or {}).get("succeeded")) and not job.raw.get("rehearsal")


def _step_row(step: StepExecution) -> tuple[Text, ...]:
    return (
        cell(step.name),
        cell(STEP_WORDS.get(step.exit_code or "", step.exit_code)),
        time_cell(step.started),
        time_cell(step.ended_at),
        duration_cell(step.elapsed),
    )
