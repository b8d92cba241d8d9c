"""`xlsx2opeasy jobs show`: one job, its rows and its steps."""

from typing import NoReturn

import click
from rich.text import Text

from xlsx2opeasy.cli.job_states import STEP_WORDS, counts_in_words, say_jobs, state_of
from xlsx2opeasy.cli.options import JOB, JSON
from xlsx2opeasy.cli.output import complain, say
from xlsx2opeasy.cli.tables import cell, duration_cell, show_table, time_cell
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.job_model import StepExecution
from xlsx2opeasy.load.jobs.listing import LocalJob, job_of
from xlsx2opeasy.settings.store import selected_store

_STEP_HEADINGS = ("Step", "State", "Started", "Ended", "Duration")


@click.command(name="show")
@JOB
@JSON
@click.pass_obj
def show(json_before: bool | None, job: str, *, as_json: bool) -> NoReturn:
    """Show JOB: how it ended, its rows, and its steps with their times.

    \b
    Example:
      xlsx2opeasy jobs show L20261122-k7m2
    """
    as_json = as_json or bool(json_before)
    try:
        found = job_of(selected_store().job(job))
    except Xlsx2OpeasyError as error:
        if as_json:
            say_jobs([])
        complain(error.message, error.hint)
        raise SystemExit(error.exit_code) from None
    if as_json:
        say_jobs([found])
    else:
        _show(found)
    raise SystemExit(0)


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
        if value:
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
        cell(STEP_WORDS.get(step.exit_code or "", step.exit_code)),
        time_cell(step.started),
        time_cell(step.ended_at),
        duration_cell(step.elapsed),
    )
