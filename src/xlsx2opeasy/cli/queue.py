"""`xlsx2opeasy queue`: loads that any worker of a shared store takes up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from xlsx2opeasy.cli.job_words import counts_in_words
from xlsx2opeasy.cli.options import FORCE, JOB, JSON
from xlsx2opeasy.cli.output import say, say_json, say_lines, tell
from xlsx2opeasy.cli.queue_add import add
from xlsx2opeasy.cli.tables import cell, minute_cell, show_table, time_cell
from xlsx2opeasy.job_model import parse_time
from xlsx2opeasy.load.job.state import UNKNOWN

if TYPE_CHECKING:
    from xlsx2opeasy.store.items import Item

_HEADINGS = ("Job", "Enterprise", "Workbook", "State", "Rows", "By", "At", "Priority")
_STYLES = {"running": "cyan", "done": "green", "failed": "red", "undecided": "magenta"}


@click.group(name="queue")
def command() -> None:
    """Load workbooks on several machines: add them here, and let workers take them.

    \b
    Examples:
      xlsx2opeasy queue add branch.xlsx
      xlsx2opeasy queue list
    """


command.add_command(add)


@command.command(name="list")
@JSON
def list_command(*, as_json: bool) -> None:
    """List what is in the queue and what became of it, the latest first.

    \b
    Example:
      xlsx2opeasy queue list
    """
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    from xlsx2opeasy.store.items import list_items

    found = list_items(store)
    if as_json:
        say_json({"items": [each.as_json() for each in found]})
    elif found:
        show_table(_HEADINGS, [_row(each) for each in found])
    else:
        tell("The queue is empty.")


@command.command(name="show")
@JOB
@JSON
def show(job: str, *, as_json: bool) -> None:
    """Show JOB, and what happened to it so far.

    \b
    Example:
      xlsx2opeasy queue show L20261122-k7m2
    """
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    from xlsx2opeasy.store.items import item_of, steps_of

    item, steps = item_of(store, job), steps_of(store, job)
    if as_json:
        say_json({"items": [{**item.as_json(), "steps": steps}]})
        return
    show_table(_HEADINGS, [_row(item)])
    for step in steps:
        show_step = say_lines if step["what"].startswith(f"{UNKNOWN}: ") else say
        show_step(f"{time_cell(parse_time(step['at']))}  {step['what']}")


@command.command(name="cancel")
@JOB
@JSON
def cancel(job: str, *, as_json: bool) -> None:
    """Take JOB out of the queue; one that has begun is left alone.

    \b
    Example:
      xlsx2opeasy queue cancel L20261122-k7m2
    """
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    from xlsx2opeasy.store.items import cancel_item

    item = cancel_item(store, job)
    if as_json:
        say_json({"items": [item.as_json()]})
    tell(f"Job {job} is cancelled; nothing of it was sent.")


@command.command(name="fetch")
@JOB
@click.option(
    "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The results workbook."
)
@FORCE
@JSON
def fetch(job: str, output: Path, *, force: bool, as_json: bool) -> None:
    """Bring the results workbook of JOB from the store; they wait there for 30 days.

    \b
    Example:
      xlsx2opeasy queue fetch L20261122-k7m2 --output branch.results.xlsx
    """
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    from xlsx2opeasy.store.items import fetch_results

    item = fetch_results(store, job, output, replace=force)
    if as_json:
        say_json({"items": [item.as_json()]})
    else:
        say(str(output))


def _row(item: Item) -> tuple[Text, ...]:
    return (
        cell(item.job),
        cell(item.enterprise),
        cell(item.workbook),
        cell(item.state, _STYLES.get(item.state, "")),
        cell(counts_in_words(item.rows or {})),
        cell(item.who),
        minute_cell(item.at),
        cell(item.priority),
    )
