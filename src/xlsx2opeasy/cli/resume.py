"""`xlsx2opeasy resume`: goes on with a job, wherever it stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.options import (
    JSON,
    QUIET,
    ROWS,
    WORKBOOK_PASSWORD,
    complete_jobs,
    connection_options,
    gather,
    waiting_options,
)
from xlsx2opeasy.cli.output import complain, say_json
from xlsx2opeasy.errors import GO_ON, Interrupted, Xlsx2OpeasyError, internal_error
from xlsx2opeasy.settings.resolved import Flags

if TYPE_CHECKING:
    from xlsx2opeasy.load.results.load_result import LoadResult


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments and options of the command."""

    job: str | None
    scheduled_id: str | None
    not_scheduled: str | None
    poll_interval: float | None
    wait: float | None
    flags: Flags
    as_json: bool
    rows: bool
    quiet: bool


@click.command(name="resume")
@click.argument("job", required=False, shell_complete=complete_jobs)
@click.option("--scheduled-id", help="The id of the run that the portal shows for the operation in doubt.")
@click.option("--not-scheduled", metavar="OPERATION_ID", help="The portal shows no run of this operation.")
@waiting_options
@WORKBOOK_PASSWORD
@JSON
@ROWS
@QUIET
@connection_options
@gather(Request, "asked")
def command(asked: Request) -> NoReturn:
    """Go on with JOB, or with the latest unfinished one. The workbook is not needed.

    \b
    Example:
      xlsx2opeasy resume L20261122-k7m2
    """
    if asked.scheduled_id and asked.not_scheduled:
        raise click.UsageError("--scheduled-id and --not-scheduled contradict each other")
    result = resume_job(asked)
    if asked.as_json:
        say_json(result.as_json(rows=asked.rows))
    raise SystemExit(result.exit_code)


def resume_job(asked: Request) -> LoadResult:
    """How the job ended; what stopped it is reported."""
    from xlsx2opeasy.cli.job_words import show_summary
    from xlsx2opeasy.cli.questions import dialog
    from xlsx2opeasy.cli.screen import Screen
    from xlsx2opeasy.load.run.undecided import Settling
    from xlsx2opeasy.load.runner import Waiting
    from xlsx2opeasy.load.service import LoadContext, resume
    from xlsx2opeasy.session import connect_as_pinned, not_begun, notifier
    from xlsx2opeasy.settings.store import selected_store

    waiting = Waiting(asked.poll_interval, asked.wait)
    word = (asked.scheduled_id, asked.not_scheduled)
    settling = Settling(*word) if any(word) else None
    try:
        with Screen(quiet=asked.quiet) as screen:
            connect = connect_as_pinned(asked.flags, dialog())
            store, posting = selected_store(), notifier(asked.flags)
            context = LoadContext(screen, connect, waiting, store=store, notifier=posting)
            result = resume(asked.job, context, settling)
    except KeyboardInterrupt:
        interrupted = Interrupted("interrupted; nothing was lost", GO_ON)
        complain(interrupted.message, interrupted.hint)
        return not_begun("", interrupted)
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        return not_begun("", error)
    except Exception as error:  # noqa: BLE001 - a script gets its document all the same, without a secret
        failure = internal_error(error, GO_ON)
        complain(failure.message, failure.hint)
        return not_begun("", failure)
    show_summary(result)
    return result
