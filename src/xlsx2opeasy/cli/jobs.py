"""`xlsx2opeasy jobs`: what was loaded from this machine or store; one of them; old ones forgotten.

Nothing here imports pandas, so that the list comes at once.
"""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from xlsx2opeasy.cli.job_words import counts_in_words, say_jobs, state_cell, state_of
from xlsx2opeasy.cli.jobs_abandon import abandon
from xlsx2opeasy.cli.jobs_follow import follow
from xlsx2opeasy.cli.options import JOB, JSON
from xlsx2opeasy.cli.output import counted, say, say_lines, tell
from xlsx2opeasy.cli.tables import cell, duration_cell, minute_cell, show_table, time_cell
from xlsx2opeasy.job_model import StepExecution
from xlsx2opeasy.load.job.state import UNKNOWN
from xlsx2opeasy.load.jobs.listing import LocalJob, job_of, list_jobs
from xlsx2opeasy.settings.store import selected_store

_HEADINGS = ("Job", "Created", "State", "Rows", "Workbook")
_STEP_HEADINGS = ("Step", "State", "Started", "Ended", "Duration")
_STEP_WORDS = {
    "COMPLETED": "done",
    "COMPLETED_WITH_ERRORS": "done, with errors",
    "FAILED": "failed",
    "STOPPED": "cut off",
    "UNKNOWN": "running",
}
"""By the exit code of a step."""
MOST_NEXT_STEPS = 3


@click.group(name="jobs", invoke_without_command=True)
@click.option("--start", type=click.IntRange(min=0), default=0, show_default=True, help="Jobs to pass over.")
@click.option(
    "--max", "most", type=click.IntRange(min=1), default=2000, show_default=True, help="The most jobs listed."
)
@JSON
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
    store = selected_store()
    jobs = list_jobs(store, start=start, most=most)
    if as_json:
        say_jobs(jobs)
    elif jobs:
        show_table(_HEADINGS, [_row(job) for job in jobs])
        _tell_next_steps(jobs)
    else:
        tell(f"There are no such jobs {store.here}.")


command.add_command(follow)
command.add_command(abandon)


def _row(job: LocalJob) -> tuple[Text, ...]:
    return (
        cell(job.id),
        minute_cell(job.created),
        state_cell(job),
        cell(counts_in_words(job.counts or {})),
        cell(Path(job.workbook).name if job.workbook else job.message),
    )


def _tell_next_steps(jobs: Sequence[LocalJob]) -> None:
    """What to run next for jobs that are not at their end, the latest first."""
    waiting = [job for job in jobs if job.can_be_resumed]
    for job in waiting[:MOST_NEXT_STEPS]:
        tell(f"{job.id} is {state_of(job)}. Next: xlsx2opeasy resume {job.id}")
    if (more := len(waiting) - MOST_NEXT_STEPS) > 0:
        tell(f"{counted(more, 'job')} more can be resumed")


@command.command(name="show")
@JOB
@JSON
@click.pass_obj
def show(json_before: bool | None, job: str, *, as_json: bool) -> None:
    """Show JOB: how it ended, its rows, and its steps with their times.

    \b
    Example:
      xlsx2opeasy jobs show L20261122-k7m2
    """
    as_json = as_json or bool(json_before)
    found = job_of(selected_store().job(job))
    if as_json:
        say_jobs([found])
    else:
        _show(found)


def _show(job: LocalJob) -> None:
    lines = {
        "Job": job.id,
        "State": state_of(job),
        "Workbook": job.workbook,
        "Results": job.results,
        "Enterprise": job.target_customer_id,
        "Server": job.origin,
        "Rows": counts_in_words(job.counts or {}),
        "Message": job.message,
        "Next": f"xlsx2opeasy resume {job.id}" if job.can_be_resumed else None,
        "Undo": f"xlsx2opeasy undo {job.id}" if _can_be_undone(job) else None,
    }
    for name, value in lines.items():
        if value and name == "Message" and job.load_status == UNKNOWN:
            say_lines(f"Message:\n{value}")  # which may be of several lines, aligned by themselves
        elif value:
            say(f"{name + ':':12}{value}")
    if job.latest is not None:
        say()
        show_table(_STEP_HEADINGS, [_step_row(step) for step in job.latest.steps])


def _can_be_undone(job: LocalJob) -> bool:
    """Whether rows of it succeeded at a server that is still there."""
    return bool((job.counts or {}).get("succeeded")) and not job.rehearsal


def _step_row(step: StepExecution) -> tuple[Text, ...]:
    return (
        cell(step.name),
        cell(_STEP_WORDS.get(step.exit_code or "", step.exit_code)),
        time_cell(step.started),
        time_cell(step.ended_at),
        duration_cell(step.elapsed),
    )


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
def forget(days: int, *, also_done: bool) -> None:
    """Remove finished jobs, with everything about them, from this machine. Workbooks are left alone.

    Jobs whose rows succeeded are kept, because they keep their workbook from being loaded twice; --done
    removes them too.

    \b
    Example:
      xlsx2opeasy jobs forget --older-than 90
    """
    from datetime import timedelta

    from xlsx2opeasy.load.jobs import forget as engine

    forgotten = engine.forget(selected_store(), timedelta(days=days), also_done=also_done)
    for job, why in forgotten.kept.items():
        tell(f"{job} is kept: {why}")
    say(f"{counted(len(forgotten.removed), 'job')} removed")
    if engine.Kept.PROTECTS in forgotten.kept.values():
        tell("With --done these are removed too; their workbooks can then be loaded a second time.")
