"""`xlsx2opeasy jobs abandon`: gives an unfinished job up."""

from typing import NoReturn

import click

from xlsx2opeasy.cli.job_states import say_jobs
from xlsx2opeasy.cli.options import JOB, JSON, connection_options
from xlsx2opeasy.cli.output import complain, counted, tell
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.load.jobs.listing import job_of
from xlsx2opeasy.settings import Flags


@click.command(name="abandon")
@JOB
@JSON
@connection_options
@click.pass_obj
def abandon(json_before: bool | None, job: str, flags: Flags, *, as_json: bool) -> NoReturn:
    """Give JOB up: delete its drafts at the server; its rows become NOT SENT.

    Refused once an operation of it was, or may have been, started: resume settles that.

    \b
    Example:
      xlsx2opeasy jobs abandon L20261122-k7m2
    """
    from xlsx2opeasy.cli.questions import dialog
    from xlsx2opeasy.cli.screen import Screen
    from xlsx2opeasy.load import abandon as engine
    from xlsx2opeasy.load.service import Surroundings
    from xlsx2opeasy.session import connect_as_pinned
    from xlsx2opeasy.settings.store import selected_store

    as_json = as_json or bool(json_before)
    try:
        with Screen(quiet=False) as screen:
            connect = connect_as_pinned(flags, dialog(), sends_tasks=False)
            around = Surroundings(screen, connect, store=selected_store())
            settlement = engine.abandon(job, around)
    except Xlsx2OpeasyError as error:
        if as_json:
            say_jobs([])
        complain(error.message, error.hint)
        raise SystemExit(error.exit_code) from None
    given_up = job_of(around.store.job(job))
    if as_json:
        say_jobs([given_up])
    else:
        not_sent = counted(settlement.counts()["notSent"], "row")
        tell(f"Job {job} is given up; {not_sent} not sent.")
        if given_up.results:
            tell(f"Results: {given_up.results}")
    raise SystemExit(0)
