"""`xlsx2opeasy plan`: what a load of the workbook would do, and nothing done."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from xlsx2opeasy.cli.documents import EMPTY
from xlsx2opeasy.cli.options import (
    JSON,
    ReadingRequest,
    chunk_options,
    complete_profiles,
    gather,
    reading_options,
    staging_options,
)
from xlsx2opeasy.cli.output import complain, counted, say, say_json, tell
from xlsx2opeasy.cli.problem_lines import other_sheets, show_problems, summary
from xlsx2opeasy.errors import Interrupted, InvalidWorkbook, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.plan.staging import Staging, StopAfter
from xlsx2opeasy.settings.resolved import Flags, read_offline_settings, read_settings
from xlsx2opeasy.tasks.limits import ChunkLimits

if TYPE_CHECKING:
    from xlsx2opeasy.load.job.facts import Target
    from xlsx2opeasy.load.plan.phases import Phase
    from xlsx2opeasy.load.plan.prepare import Prepared


@dataclass(frozen=True, slots=True)
class Request(ReadingRequest):
    """The arguments and options of the command."""

    workbook: Path
    chunk_tasks: int | None
    chunk_bytes: int | None
    canary: int | None
    stop_after: StopAfter | None
    skip_invalid: bool
    all_rows: bool
    url: str | None
    enterprise_id: str | None
    profile: str | None
    as_json: bool

    @property
    def flags(self) -> Flags:
        """Where the load would go."""
        return Flags(self.url, self.enterprise_id, self.profile)


@click.command(name="plan")
@click.argument("workbook", type=click.Path(path_type=Path, readable=False))
@chunk_options("upload")
@staging_options
@click.option("--skip-invalid", is_flag=True, help="As the load would be called.")
@click.option("--all", "all_rows", is_flag=True, help="As the load would be called.")
@click.option("--url", help="The server: rows that succeeded there before are skipped.")
@click.option("--enterprise-id", help="The enterprise.")
@click.option("--profile", help="A profile of config.toml.", shell_complete=complete_profiles)
@reading_options
@JSON
@gather(Request, "asked")
def command(asked: Request) -> NoReturn:
    """Say what `load` would do with WORKBOOK: rows by command, operations, uploads, requests, warnings.

    \b
    Example:
      xlsx2opeasy plan branch.xlsx
    """
    from xlsx2opeasy.workbook.reading.reader_process import reader_started

    with reader_started():  # while the libraries of the check are imported
        raise SystemExit(plan(asked))


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """One operation of the plan; `bytes` are those of its chunk files."""

    phase: Phase
    chunks: int
    bytes: int

    @property
    def requests(self) -> int:
        """At the least: more where the server takes long."""
        from xlsx2opeasy.load.estimate import requests_of

        return requests_of(self.phase, self.chunks)

    def as_json(self) -> dict[str, Any]:
        """Its part of `plan --json`."""
        return {
            "number": self.phase.number,
            "why": self.phase.why,
            "stage": self.phase.stage or None,
            "commands": _commands(self.phase.commands),
            "tasks": len(self.phase.tasks),
            "chunks": self.chunks,
            "bytes": self.bytes,
            "requests": self.requests,
        }


def plan(asked: Request) -> int:
    """Prepares as `load` would, and tells; the exit code."""
    try:  # Ctrl-C may come while these are imported, too
        from xlsx2opeasy.load.job.facts import Target
        from xlsx2opeasy.load.jobs.earlier import state_of
        from xlsx2opeasy.load.plan.prepare import LoadOptions, prepare
        from xlsx2opeasy.settings.store import selected_store

        usual = read_offline_settings(asked.flags.profile)
        limits = usual.limits.but(asked.chunk_tasks, asked.chunk_bytes)
        target = _target(asked.flags)
        options = LoadOptions(
            limits=limits,
            skip_invalid=asked.skip_invalid,
            all_rows=asked.all_rows,
            again=target is None,
            large=asked.large,
            wire_names=usual.wire_names,
            mapping=asked.lists(usual),
            staging=Staging(asked.canary, asked.stop_after),
            allowed=asked.allowed(usual),
        )
        standing = partial(state_of, selected_store())
        prepared = prepare(asked.workbook, target or Target("", ""), options, standing)
    except (Xlsx2OpeasyError, KeyboardInterrupt) as stopped:
        error = stopped if isinstance(stopped, Xlsx2OpeasyError) else Interrupted("interrupted")
        if asked.as_json:
            say_json({**EMPTY["plan"], "workbook": str(asked.workbook), "message": error.message})
        raise error from None
    operations = [_planned(phase, limits) for phase in prepared.phases]
    refusal = None if target is None or prepared.stopped else _refusal(asked.workbook, target, prepared)
    if asked.as_json:
        message = refusal.message if refusal else prepared.stopped
        say_json(_document(asked.workbook, prepared, operations, message))
    else:
        _show(asked.workbook, prepared, operations, knows_enterprise=target is not None)
        tell("This is a plan only: nothing was sent.")
    if prepared.warning and target is not None:
        tell(prepared.warning)
    if refusal:
        complain(f"a load would be refused: {refusal.message}", refusal.hint)
        return refusal.exit_code
    return InvalidWorkbook.exit_code if prepared.stopped else 0


def _refusal(workbook: Path, target: Target, prepared: Prepared) -> Xlsx2OpeasyError | None:
    """What an earlier job of this machine has against a load, if anything."""
    from xlsx2opeasy.load.jobs.earlier import refuse_if_done_or_unfinished
    from xlsx2opeasy.load.plan.freeze import candidate_of
    from xlsx2opeasy.settings.store import selected_store

    try:
        candidate = candidate_of(workbook, target, prepared)
        refuse_if_done_or_unfinished(selected_store(), candidate, again=False)
    except Xlsx2OpeasyError as refusal:
        return refusal
    return None


def _target(flags: Flags) -> Target | None:
    """Where a load would go, or None where nothing says so: a plan needs no server."""
    from xlsx2opeasy.load.job.facts import Target
    from xlsx2opeasy.opeasy.connection import checked_origin
    from xlsx2opeasy.session import key_at_hand

    try:
        settings = read_settings(flags)
    except UsageError:
        if any((flags.url, flags.enterprise_id, flags.profile)):
            raise
        return None
    origin = checked_origin(settings.url)
    return Target(origin, settings.enterprise_id, find_key=lambda: key_at_hand(settings, flags))


def _planned(phase: Phase, limits: ChunkLimits) -> PlannedOperation:
    from xlsx2opeasy.tasks.chunks import cut

    sizes = [len(chunk.body) for chunk in cut(phase.tasks, limits)]
    return PlannedOperation(phase, len(sizes), sum(sizes))


def _commands(counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Rows by type and command, as in `plan --json`."""
    return [{"type": name, "command": command, "rows": rows} for (name, command), rows in counts.items()]


def _skipped(prepared: Prepared) -> int:
    return sum(row.skipped for row in prepared.rows)


def _document(
    workbook: Path, prepared: Prepared, operations: list[PlannedOperation], message: str
) -> dict[str, Any]:
    checked = prepared.checked
    return {
        "workbook": str(workbook),
        "sha256": checked.workbook.sha256,
        "rows": {
            "total": checked.total,
            "toSend": prepared.tasks,
            "invalid": checked.invalid,
            "skipped": _skipped(prepared),
        },
        "commands": _commands(prepared.commands),
        "operations": [operation.as_json() for operation in operations],
        "requests": _requests(operations),
        "skipped": _skipped(prepared),
        "problems": [problem.as_json() for problem in checked.problems],
        "message": message,
    }


def _requests(operations: list[PlannedOperation]) -> int:
    from xlsx2opeasy.load.estimate import REQUESTS_ONCE

    return REQUESTS_ONCE + sum(each.requests for each in operations) if operations else 0


def _show(
    workbook: Path, prepared: Prepared, operations: list[PlannedOperation], *, knows_enterprise: bool
) -> None:
    show_problems(prepared.checked.problems, sys.stdout)
    say(f"{summary(workbook, prepared.checked)} (SHA-256 {prepared.checked.workbook.sha256[:12]})")
    for line in other_sheets(prepared.checked.workbook.other_sheets):
        say(line)
    for (name, command), rows in prepared.commands.items():
        say(f"  {name} {command}: {counted(rows, 'row')}")
    for note in prepared.notes:
        say(f"  {note}")
    if skipped := _skipped(prepared):
        say(f"  skipped, as they succeeded before: {counted(skipped, 'row')}")
    elif not knows_enterprise and any(each.sheet.earlier_results for each in prepared.checked.sheets):
        say("  rows with results: give --url and --enterprise-id to see which of them are skipped")
    for operation in operations:
        phase = operation.phase
        named = "; ".join(filter(None, (phase.stage, phase.why)))
        files = f"{counted(operation.chunks, 'file')} of {operation.bytes:,} bytes in all"
        tasks = counted(len(phase.tasks), "task")
        say(f"Operation {phase.number}{f' ({named})' if named else ''}: {tasks} in {files}")
    if prepared.stopped:
        say(prepared.stopped)
    else:
        say(f"At least {counted(_requests(operations), 'request')} to the server.")
