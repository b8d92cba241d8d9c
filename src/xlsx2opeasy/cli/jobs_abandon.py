"""`xlsx2opeasy jobs abandon`: gives an unfinished job up."""

import click

from xlsx2opeasy.cli.job_words import say_jobs
from xlsx2opeasy.cli.options import JOB, JSON, WORKBOOK_PASSWORD, connection_options
from xlsx2opeasy.cli.output import counted, tell
from xlsx2opeasy.errors import LoadRefused, UsageError
from xlsx2opeasy.load.jobs.listing import job_of
from xlsx2opeasy.settings.resolved import Flags


@click.command(name="abandon")
@JOB
@click.option("--undecided", is_flag=True, help="Close JOB although it is not known what became of its rows.")
@click.option("--yes", is_flag=True, help="Ask no question.")
@JSON
@WORKBOOK_PASSWORD
@connection_options
@click.pass_obj
def abandon(
    json_before: bool | None, job: str, flags: Flags, *, undecided: bool, yes: bool, as_json: bool
) -> None:
    """Give JOB up: delete its drafts at the server; its rows become NOT SENT.

    Refused once an operation of it was, or may have been, started: resume settles that. Where nothing can
    settle any more whether it was, --undecided closes the job after a question: its rows stay UNKNOWN. Once
    no Result of the workbook says UNKNOWN, load sends the rows whose Result cell you emptied. An operation
    whose run is known is not closed so: resume fetches its results.

    \b
    Examples:
      xlsx2opeasy jobs abandon L20261122-k7m2
      xlsx2opeasy jobs abandon L20261122-k7m2 --undecided
    """
    from xlsx2opeasy.cli.questions import dialog
    from xlsx2opeasy.cli.screen import Screen
    from xlsx2opeasy.load import abandon as engine
    from xlsx2opeasy.load.service import LoadContext
    from xlsx2opeasy.session import connect_as_pinned
    from xlsx2opeasy.settings.store import selected_store

    as_json = as_json or bool(json_before)
    store = selected_store()
    if undecided:
        engine.refuse(job, store, undecided=True)
        _require_agreement(job, yes=yes)
    with Screen(quiet=False) as screen:
        connect = connect_as_pinned(flags, dialog(), sends_tasks=False)
        context = LoadContext(screen, connect, store=store)
        row_results = engine.abandon(job, context, undecided=undecided)
    given_up = job_of(context.store.job(job))
    if as_json:
        say_jobs([given_up])
    else:
        not_sent = counted(row_results.counts()["notSent"], "row")
        unknown = row_results.counts()["unknown"]
        open_rows = f", {counted(unknown, 'row')} unknown" if unknown else ""
        tell(f"Job {job} is given up; {not_sent} not sent{open_rows}.")
        if given_up.results:
            tell(f"Results: {given_up.results}")


def _require_agreement(job: str, *, yes: bool) -> None:
    """Raises UsageError where no question can be asked, LoadRefused where the answer is no."""
    from xlsx2opeasy.cli.questions import can_ask, confirm

    if yes:
        return
    if not can_ask():
        raise UsageError(
            f"job {job} was not closed: there is no terminal to ask the question at",
            "add --yes, if its rows are to stay UNKNOWN for good",
        )
    tell(
        "Danger: rows of this job may have been provisioned. Once it is closed nothing settles them any more:"
        " a row whose Result you then empty is sent, and is provisioned twice if it took effect before."
    )
    if not confirm(f"Close job {job} although it is undecided?"):
        raise LoadRefused(f"job {job} was not closed: the question was answered with no")
