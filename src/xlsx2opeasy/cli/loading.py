"""The work of `xlsx2opeasy load`: where workbooks are sent to, one after the other, and how each ends."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from xlsx2opeasy.cli.connection import connector
from xlsx2opeasy.cli.screen import Screen
from xlsx2opeasy.cli.summary import show_summary
from xlsx2opeasy.cli.words import complain, counted, place_of, tell
from xlsx2opeasy.errors import LoadRefused, LocalFailure, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.events import Event, Notice
from xlsx2opeasy.load.job.home import Home, state_folder
from xlsx2opeasy.load.job.open_job import Connect
from xlsx2opeasy.load.plan.prepare import REHEARSAL_ORIGIN, LoadOptions, Prepared, Target
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.results.row_results import counts_of
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.load.service import Surroundings, load
from xlsx2opeasy.opeasy import Connection, OpEasyClient, checked_origin, user_agent
from xlsx2opeasy.sandbox.serve import serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.state import State, StateFileError, read_state
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings import ENTERPRISE_FIELD, Flags, Settings, hold_what_is_read, read_settings
from xlsx2opeasy.tasks.limits import ChunkLimits

REHEARSAL_SECONDS = 0.4
"""How long the simulated back end takes for an operation, so that a person sees the states pass."""


@dataclass(frozen=True)
class _Place:
    """Where the workbooks go, and how a client for it is made."""

    target: Target
    connect: Connect
    limits: ChunkLimits
    wire_names: dict[str, str]
    spoken: str


def load_all(workbooks: tuple[Path, ...], options: dict[str, Any]) -> Iterator[LoadResult]:
    """Loads one after the other; what stops them all is told once for each."""
    try:
        with _place(options) as plain, _woken(plain, options) as place:
            for workbook in workbooks:
                yield _load(workbook, place, options)
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        for workbook in workbooks:
            yield nothing_done(workbook, error)


@contextmanager
def _woken(place: _Place, options: dict[str, Any]) -> Iterator[_Place]:
    """The place, with a webhook receiver where one is asked for."""
    if options["webhook_url"] is None:
        yield place
        return
    from xlsx2opeasy.load.webhook.waking import WebhookWaking

    files = options["webhook_cert"], options["webhook_key"]
    with WebhookWaking(place.connect, options["webhook_url"], *files, _tell_notice) as waking:
        yield replace(place, connect=waking.connect)


def _tell_notice(event: Event) -> None:
    if isinstance(event, Notice):
        tell(event.text)


@contextmanager
def _place(options: dict[str, Any]) -> Iterator[_Place]:
    if options["sandbox"]:
        with _rehearsal(options) as place:
            yield place
        return
    flags = Flags(
        *(options[name] for name in ("url", "enterprise_id", "profile", "ca_bundle", "api_key_file"))
    )
    settings = read_settings(flags)
    hold_what_is_read(settings, flags)
    yield _real(settings, flags)


def _real(settings: Settings, flags: Flags) -> _Place:
    origin = checked_origin(settings.url)
    return _Place(
        Target(origin, settings.enterprise_id),
        connector(settings, flags),
        settings.limits,
        pinned_wire_names(settings),
        f"enterprise {settings.enterprise_id} at {origin}",
    )


def pinned_wire_names(settings: Settings) -> dict[str, str]:
    """The wire names a job is pinned to: those of fields, and of the form's field where it is renamed."""
    form = settings.enterprise_field
    return {**settings.wire_names, **({} if form == ENTERPRISE_FIELD else {ENTERPRISE_FIELD: form})}


@contextmanager
def _rehearsal(options: dict[str, Any]) -> Iterator[_Place]:
    path = options["sandbox_state"]
    try:
        state = read_state(path) if path else State()
    except (StateFileError, OSError) as error:
        raise UsageError(
            f"the state file {path} cannot be used: {error}", "see xlsx2opeasy sandbox --help"
        ) from error
    settings = SandboxSettings(processing_seconds=REHEARSAL_SECONDS, state=state)
    with serve_in_thread(settings) as sandbox:
        enterprise = options["enterprise_id"] or sandbox.enterprise_id

        def connect(facts: Any, interruption: Any) -> OpEasyClient:  # noqa: ANN401
            key = Secret(sandbox.api_key)
            connection = Connection(sandbox.url, enterprise, key, user_agent=user_agent(facts.job))
            return OpEasyClient(connection, clock=interruption)

        target = Target(REHEARSAL_ORIGIN, enterprise, rehearsal=True)
        yield _Place(target, connect, ChunkLimits(), {}, "the sandbox")


def _load(workbook: Path, place: _Place, options: dict[str, Any]) -> LoadResult:
    load_options = LoadOptions(
        output=options["output"],
        in_place=options["in_place"],
        limits=ChunkLimits(
            options["chunk_tasks"] or place.limits.tasks, options["chunk_bytes"] or place.limits.bytes
        ),
        skip_invalid=options["skip_invalid"],
        drop_rejected=options["on_rejected"] == "drop",
        all_rows=options["all_rows"],
        again=options["again"],
        keep=options["keep"],
        large=options["large"],
        wire_names=place.wire_names,
        sandbox_state=options["sandbox_state"],
    )
    waiting = Waiting(options["poll_interval"], options["wait"])
    try:
        with Screen(quiet=options["quiet"]) as screen:
            around = Surroundings(screen, place.connect, waiting)
            confirm = _confirmation(place, options, screen)
            result = load(workbook, place.target, load_options, around, confirm)
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        return nothing_done(workbook, error)
    except Exception as error:  # noqa: BLE001 - a script gets its document all the same, without a secret
        return nothing_done(workbook, mistake(error))
    show_summary(result, rehearsal=place.target.rehearsal)
    if options["report"] and result.job is not None:
        _report(result.job)
    if place.target.rehearsal and _missed_what_exists(result):
        tell("The sandbox begins empty; --sandbox-state FILE gives it users and devices that exist already.")
    return result


def _report(job: str) -> None:
    """Writes the job's report; where that fails the load is none the worse."""
    from xlsx2opeasy.report.write import write_report

    try:
        tell(f"Report: {write_report(Home(state_folder()).job(job))}")
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)


def _missed_what_exists(result: LoadResult) -> bool:
    """Whether rows failed for want of a user or device, which an empty sandbox cannot have."""
    results = result.settlement.results.values() if result.settlement else ()
    return any(each.code in ("101", "103") for each in results)


def _confirmation(place: _Place, options: dict[str, Any], screen: Screen) -> Callable[[Prepared], bool]:
    def confirm(prepared: Prepared) -> bool:
        asks = sys.stdin.isatty() and not (options["yes"] or place.target.rehearsal)
        if not asks:
            return True
        with screen.paused():
            before = f" ({prepared.repeated:,} of them succeeded before)" if prepared.repeated else ""
            question = f"Send {counted(prepared.tasks, 'task')}{before} to {place.spoken}?"
            return click.confirm(question, err=True)

    return confirm


def mistake(error: Exception) -> LocalFailure:
    """What nobody thought of, told: its kind and place, not its message, which might hold a secret."""
    failure = LocalFailure(
        f"this is a mistake in xlsx2opeasy: {place_of(error)}", "go on with: xlsx2opeasy resume"
    )
    complain(failure.message, failure.hint)
    return failure


def nothing_done(workbook: Path | str, error: Xlsx2OpeasyError) -> LoadResult:
    """The result of a load that ended before it became a job."""
    status = "refused" if isinstance(error, LoadRefused) else error.status
    message = f"{error.message.rstrip('.')}. {error.hint}" if error.hint else error.message
    rows = dict(error.rows or counts_of({}, 0))
    return LoadResult(None, status, error.exit_code, str(workbook), None, rows, (), message)
