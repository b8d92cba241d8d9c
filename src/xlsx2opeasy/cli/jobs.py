"""`xlsx2opeasy jobs`: what was loaded from this machine or store; its own commands are in `jobs_NAME`.

Nothing here imports pandas, so that the list comes at once.
"""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from xlsx2opeasy.cli.job_states import counts_in_words, say_jobs, state_cell, state_of
from xlsx2opeasy.cli.jobs_abandon import abandon
from xlsx2opeasy.cli.jobs_follow import follow
from xlsx2opeasy.cli.jobs_forget import forget
from xlsx2opeasy.cli.jobs_show import show
from xlsx2opeasy.cli.options import JSON
from xlsx2opeasy.cli.output import counted, tell
from xlsx2opeasy.cli.tables import cell, minute_cell, show_table
from xlsx2opeasy.load.jobs.listing import LocalJob, list_jobs
from xlsx2opeasy.settings.store import selected_store

_HEADINGS = ("Job", "Created", "State", "Rows", "Workbook")
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


for _each in (show, follow, abandon, forget):
    command.add_command(_each)


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
