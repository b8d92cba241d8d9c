"""`xlsx2opeasy load`: the main job."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NoReturn

import click

from xlsx2opeasy.cli.options import (
    JSON,
    QUIET,
    ROWS,
    YES,
    GroupedOptions,
    ReadingRequest,
    chunk_options,
    connection_options,
    gather,
    reading_options,
    staging_options,
    waiting_options,
)
from xlsx2opeasy.cli.output import complain, counted, say_json, tell
from xlsx2opeasy.errors import GO_ON, Interrupted, UsageError, Xlsx2OpeasyError, internal_error
from xlsx2opeasy.load.plan.staging import Staging, StopAfter
from xlsx2opeasy.settings.resolved import Flags, read_offline_settings
from xlsx2opeasy.shell import command_line

if TYPE_CHECKING:
    from xlsx2opeasy.load.plan.prepare import LoadOptions, Prepared
    from xlsx2opeasy.load.results.load_result import LoadResult
    from xlsx2opeasy.session import Destination

WORST_FIRST = (130, 5, 4, 7, 6, 8, 3, 2, 1, 0)
"""The exit code of several loads is the first of these that occurred."""


@dataclass(frozen=True, slots=True)
class Request(ReadingRequest):
    """The arguments and options of the command."""

    workbooks: tuple[Path, ...]
    flags: Flags
    output: Path | None
    in_place: bool
    sandbox: bool
    sandbox_state: Path | None
    chunk_tasks: int | None
    chunk_bytes: int | None
    poll_interval: float | None
    wait: float | None
    canary: int | None
    stop_after: StopAfter | None
    skip_invalid: bool
    on_rejected: str
    all_rows: bool
    again: bool
    keep: bool
    notify: str | None
    report: bool
    webhook_url: str | None
    webhook_cert: Path | None
    webhook_key: Path | None
    yes: bool
    as_json: bool
    rows: bool
    quiet: bool

    def refuse_contradictions(self) -> None:
        """Raises click.UsageError for options that do not go together."""
        if self.output and len(self.workbooks) > 1:
            raise click.UsageError("--output goes with one workbook only")
        if self.output and self.in_place:
            raise click.UsageError("--output and --in-place contradict each other")
        if self.sandbox and self.in_place:
            raise click.UsageError(
                "--sandbox and --in-place contradict each other:"
                " a rehearsal writes nothing into your workbook"
            )
        if self.sandbox_state and not self.sandbox:
            raise click.UsageError("--sandbox-state goes with --sandbox")
        webhook = [each is not None for each in (self.webhook_url, self.webhook_cert, self.webhook_key)]
        if any(webhook) and not all(webhook):
            raise click.UsageError("--webhook-url, --webhook-cert and --webhook-key go together")

    def options_for(self, destination: Destination) -> LoadOptions:
        """The engine's options; sizes of chunks that are not given are the profile's."""
        from xlsx2opeasy.http.reach import checked_notify_url
        from xlsx2opeasy.load.plan.prepare import LoadOptions

        profile = read_offline_settings(self.flags.profile)
        return LoadOptions(
            output=self.output,
            in_place=self.in_place,
            limits=destination.limits.but(self.chunk_tasks, self.chunk_bytes),
            skip_invalid=self.skip_invalid,
            drop_rejected=self.on_rejected == "drop",
            all_rows=self.all_rows,
            again=self.again,
            keep=self.keep,
            large=self.large,
            wire_names=destination.wire_names,
            mapping=self.lists(profile),
            sandbox_state=self.sandbox_state,
            staging=Staging(self.canary, self.stop_after),
            allowed=self.allowed(profile),
            notify=checked_notify_url(address) if (address := self.notify or destination.notify) else "",
        )


class _Command(GroupedOptions):
    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Where it goes": ("url", "enterprise_id", "profile", "api_key_file", "ca_bundle"),
        "A rehearsal instead": ("sandbox", "sandbox_state"),
        "Which rows": ("skip_invalid", "on_rejected", "all_rows", "again", "allow", "mapping", "large"),
        "How it runs": (
            *("canary", "stop_after", "chunk_tasks", "chunk_bytes", "poll_interval", "wait", "keep"),
            *("webhook_url", "webhook_cert", "webhook_key", "notify"),
        ),
        "What you get": ("output", "in_place", "report", "as_json", "quiet", "verbose", "yes"),
    }


@click.command(name="load", cls=_Command)
@click.argument("workbooks", type=click.Path(path_type=Path, readable=False), nargs=-1, required=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The results workbook.")
@click.option("--in-place", is_flag=True, help="Write the results into WORKBOOK itself.")
@click.option("--sandbox", is_flag=True, help="Rehearse on a simulated OpEasy; no account is needed.")
@click.option(
    "--sandbox-state", type=click.Path(path_type=Path), help="The rehearsal's enterprise (TOML, JSON)."
)
@chunk_options("upload")
@staging_options
@waiting_options
@click.option("--skip-invalid", is_flag=True, help="Leave invalid rows out and load the others.")
@click.option(
    "--on-rejected",
    type=click.Choice(["stop", "drop"]),
    default="stop",
    show_default=True,
    help="Where the server rejects rows: run nothing, or run the others.",
)
@click.option("--all", "all_rows", is_flag=True, help="Send rows that succeeded before, too.")
@click.option(
    "--again",
    is_flag=True,
    help="Send every row of a workbook that was loaded before, those that succeeded too: each is provisioned"
    " a second time. For a test system that was reset, or after undo.",
)
@reading_options
@click.option("--keep", is_flag=True, help="Leave the operations on the server.")
@click.option("--notify", metavar="URL", help="Post the summary to this address (https) at the end.")
@click.option("--report", is_flag=True, help="Write NAME.report.html beside the results.")
@click.option("--webhook-url", help="Where the server reaches this machine (https), to be told of changes.")
@click.option("--webhook-cert", type=click.Path(path_type=Path), help="The webhook's certificate (PEM).")
@click.option("--webhook-key", type=click.Path(path_type=Path), help="The key of the certificate (PEM).")
@YES
@JSON
@ROWS
@QUIET
@connection_options
@gather(Request, "asked")
def command(asked: Request) -> NoReturn:
    """Load each WORKBOOK: check, upload, run, and write what became of each row into a copy of it.

    \b
    Examples:
      xlsx2opeasy load branch.xlsx --sandbox
      xlsx2opeasy load branch.xlsx --profile acme
    """
    asked.refuse_contradictions()
    results = load_all(asked)
    if asked.as_json:
        documents = [result.as_json(rows=asked.rows) for result in results]
        say_json(documents[0] if len(documents) == 1 else {"loads": documents})
    raise SystemExit(next(code for code in WORST_FIRST if code in {each.exit_code for each in results}))


def load_all(asked: Request) -> list[LoadResult]:
    """Loads one after the other; what stops them all, as Ctrl-C does, is reported for each that is left."""
    results: list[LoadResult] = []
    error: Xlsx2OpeasyError = Interrupted("interrupted before this workbook was begun")
    try:
        from xlsx2opeasy.workbook.reading.reader_process import reader_started

        with reader_started(), _destination(asked) as destination:
            for workbook in asked.workbooks:
                results.append(_load(workbook, destination, asked))
                if results[-1].status == Interrupted.status:
                    break
    except KeyboardInterrupt:
        error = Interrupted("interrupted", "what was begun is listed by: xlsx2opeasy jobs")
        complain(error.message, error.hint)
    except Xlsx2OpeasyError as what:
        error = what
        complain(error.message, error.hint)
    from xlsx2opeasy.session import not_begun

    return [*results, *(not_begun(each, error) for each in asked.workbooks[len(results) :])]


@contextmanager
def _destination(asked: Request) -> Iterator[Destination]:
    """The sandbox or the server, with a webhook receiver where one is asked for."""
    from xlsx2opeasy.cli.questions import dialog
    from xlsx2opeasy.session import rehearsal, server, with_webhook

    person = dialog()
    with ExitStack() as stack:
        if asked.sandbox:
            rehearsed = rehearsal(asked.sandbox_state, asked.flags.enterprise_id)
            destination = stack.enter_context(rehearsed)
        else:
            destination = server(asked.flags, person)
        if asked.webhook_url and asked.webhook_cert and asked.webhook_key:
            receiver = asked.webhook_url, asked.webhook_cert, asked.webhook_key
            destination = stack.enter_context(with_webhook(destination, *receiver, person))
        yield destination


def _load(workbook: Path, destination: Destination, asked: Request) -> LoadResult:
    from xlsx2opeasy.cli.job_words import show_summary
    from xlsx2opeasy.cli.screen import Screen
    from xlsx2opeasy.load.runner import Waiting
    from xlsx2opeasy.load.service import LoadContext, load
    from xlsx2opeasy.session import not_begun, notifier
    from xlsx2opeasy.settings.store import selected_store

    waiting = Waiting(asked.poll_interval, asked.wait)
    try:
        with Screen(quiet=asked.quiet) as screen:
            store, posting = selected_store(), notifier(asked.flags)
            context = LoadContext(screen, destination.connect, waiting, store=store, notifier=posting)
            confirm = confirmation(destination, asked)
            result = load(workbook, destination.target, asked.options_for(destination), context, confirm)
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        return not_begun(workbook, error)
    except Exception as error:  # noqa: BLE001 - a script gets its document all the same, without a secret
        failure = internal_error(error, GO_ON)
        complain(failure.message, failure.hint)
        return not_begun(workbook, failure)
    show_summary(result, rehearsal=destination.target.rehearsal)
    if asked.report and result.job is not None:
        _report(result.job)
    if destination.target.rehearsal and _missed_what_exists(result):
        tell("The sandbox begins empty; --sandbox-state FILE gives it users and devices that exist already.")
    return result


def _report(job: str) -> None:
    """Writes the job's report; where that fails the load is none the worse."""
    from xlsx2opeasy.report.write import write_report
    from xlsx2opeasy.settings.store import selected_store

    try:
        tell(f"Report: {write_report(selected_store().job(job))}")
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)


def _missed_what_exists(result: LoadResult) -> bool:
    """Whether rows failed for want of a user or device, which an empty sandbox cannot have."""
    results = result.row_results.results.values() if result.row_results else ()
    return any(each.code in ("101", "103") for each in results)


def confirmation(destination: Destination, asked: Request) -> Callable[[Prepared], bool]:
    """Asks what must be asked before a job is begun: whether to send, and for the API key."""
    from xlsx2opeasy.cli.questions import can_ask, confirm

    def confirmed(prepared: Prepared) -> bool:
        if destination.target.rehearsal:
            return True
        if not asked.yes:
            if not can_ask():
                raise UsageError(
                    "nothing was sent: whether to send must be answered at a terminal, and there is none",
                    f"to send without being asked: {command_line(['xlsx2opeasy', *sys.argv[1:], '--yes'])}",
                )
            question = f"Send {counted(prepared.tasks, 'task')} to {destination.spoken}?"
            if not confirm(question, _what_is_sent(prepared)):
                return False
        destination.require_key()
        return True

    return confirmed


def _what_is_sent(prepared: Prepared) -> list[str]:
    """A line for each command with its rows; what deletes or suspends comes last, and is red."""
    from xlsx2opeasy.spec.catalogue import BY_NAME

    lines, red = [], []
    for (name, command), rows in prepared.commands.items():
        does = BY_NAME[name].by_command[command]
        line = f"  {name} {command}: {counted(rows, 'row')}"
        if does.deletes or does.suspends:
            what = counted(rows, "deletion" if does.deletes else "suspension")
            red.append(click.style(f"{line} ({what})", fg="red"))
        else:
            lines.append(line)
    if prepared.repeated:
        red.append(f"  {prepared.repeated:,} of them succeeded in an earlier load")
    return [*lines, *red]
