"""`xlsx2opeasy scheduled`: start an operation by hand, look at its run and its results, clean it up."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from xlsx2opeasy.cli.api import (
    OUTPUT,
    TASK_TYPE,
    Api,
    api_options,
    chosen,
    connected,
    deletion_message,
    end,
    masked,
    refuse_existing,
)
from xlsx2opeasy.cli.options import FORCE, YES
from xlsx2opeasy.cli.output import counted, say, tell
from xlsx2opeasy.cli.questions import require_yes
from xlsx2opeasy.cli.tables import cell, show_table
from xlsx2opeasy.opeasy.errors import CallError, Classification
from xlsx2opeasy.opeasy.models import ResultCount, ScheduledOperation, TaskResult
from xlsx2opeasy.settings.resolved import Flags
from xlsx2opeasy.spec.model import TaskType

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked
    from xlsx2opeasy.importing.workbook import TaskWorkbook

_ID = click.argument("scheduled_id", metavar="ID")
_Results = list[tuple[TaskType, list[TaskResult]]]
_UNPROTECTED = (
    "warning: this starts the operation outside of a load: nothing keeps its tasks from being run a second"
    " time, and no workbook gets its results"
)


@click.group(name="scheduled")
def command() -> None:
    """Look at scheduled operations, the runs of operations, and clean them up.

    \b
    Example:
      xlsx2opeasy scheduled status b0a6ed2e0e5d40c383e7709b6469469b
    """


@command.command(name="create")
@click.argument("operation_id", metavar="OPERATION_ID")
@YES
@api_options
def create(operation_id: str, *, yes: bool, flags: Flags, as_json: bool) -> NoReturn:
    """Start OPERATION_ID by hand. The protection that a load has does not apply.

    The request is sent once. Where no answer comes, it is unknown whether the operation was started: look for
    it in the portal, and do not start it again.

    \b
    Example:
      xlsx2opeasy scheduled create c0debec94fe54c38968d884547640a32
    """
    tell(_UNPROTECTED)
    require_yes(f"Start operation {operation_id}?", yes=yes)
    with connected(flags) as api:
        run = _schedule(api, operation_id)
    words = f"Operation {operation_id} is started. Next: xlsx2opeasy scheduled status {run.id}"
    end({"scheduledOperation": _document(run)}, as_json=as_json, show=lambda: say(words))


def _schedule(api: Api, operation_id: str) -> ScheduledOperation:
    try:
        return api.client.schedule(operation_id)
    except CallError as error:
        if error.classification is not Classification.UNKNOWN:
            raise
        evidence = f", which may be {error.evidence_id}" if error.evidence_id else ""
        raise type(error)(
            replace(error.failure),
            f"it may have been started: look in the portal for its run{evidence}; starting it again could"
            " provision every task twice",
        ) from None


def _document(run: ScheduledOperation) -> dict[str, Any]:
    return {
        "id": run.id,
        "status": run.status,
        "operationId": run.operation_id,
        "enterpriseId": run.enterprise_id,
        "startTime": run.start_time,
        "completedTime": run.completed_time,
    }


@command.command(name="status")
@_ID
@api_options
def status(scheduled_id: str, *, flags: Flags, as_json: bool) -> NoReturn:
    """Show how far the scheduled operation ID is.

    \b
    Example:
      xlsx2opeasy scheduled status b0a6ed2e0e5d40c383e7709b6469469b
    """
    with connected(flags) as api:
        run = api.client.status(scheduled_id)
    end({"scheduledOperation": _document(run)}, as_json=as_json, show=lambda: _show_run(run))


def _show_run(run: ScheduledOperation) -> None:
    lines = {
        "Scheduled": run.id,
        "Status": run.status,
        "Operation": run.operation_id,
        "Enterprise": run.enterprise_id,
        "Started": run.start_time,
        "Completed": run.completed_time,
    }
    for name, value in lines.items():
        if value:
            say(f"{name + ':':12}{value}")


@command.command(name="results")
@_ID
@TASK_TYPE
@OUTPUT
@FORCE
@api_options
def results(
    scheduled_id: str,
    task_types: tuple[str, ...],
    output: Path | None,
    *,
    force: bool,
    flags: Flags,
    as_json: bool,
) -> NoReturn:
    """Show what became of each task of the scheduled operation ID, or write it as a workbook.

    In the workbook the results are beside their tasks. Correct the failed rows and load it: the rows that
    succeeded are not sent again.

    \b
    Examples:
      xlsx2opeasy scheduled results b0a6ed2e0e5d40c3
      xlsx2opeasy scheduled results b0a6ed2e0e5d40c3 --output results.xlsx
    """
    refuse_existing(output, as_json=as_json, force=force)
    with connected(flags) as api:
        run = api.client.status(scheduled_id)
        overview = api.client.results_overview(scheduled_id)
        found = [(of, list(api.client.results(scheduled_id, of))) for of in _filled(overview, task_types)]
    if output is not None:
        raise SystemExit(_write(run, found, output, api))
    items = [_item(of, each, api) for of, listed in found for each in listed]
    counts = {name: _counts(count) for name, count in overview.items()}
    document = {"overview": counts, "items": items}
    end(document, as_json=as_json, show=lambda: _show_results(overview, items))


def _filled(overview: Mapping[str, ResultCount], names: tuple[str, ...]) -> tuple[TaskType, ...]:
    return tuple(of for of in chosen(names) if of.name not in overview or overview[of.name].size)


def _write(run: ScheduledOperation, found: _Results, output: Path, api: Api) -> int:
    # Imported here, because looking should not wait for pandas.
    from xlsx2opeasy.cli.task_output import write_parsed_tasks
    from xlsx2opeasy.importing.task_files import parse_tasks
    from xlsx2opeasy.load.job.facts import Target
    from xlsx2opeasy.load.plan.server_results import job_name, row_result, with_jobs

    given = [
        parse_tasks(of, ((each.command, each.content, row_result(each)) for each in listed))
        for of, listed in found
    ]
    names = api.settings.wire_names
    connection = api.client.connection
    target = Target(connection.origin, connection.enterprise_id, find_key=lambda: connection.api_key)

    def finish(workbook: "TaskWorkbook", checked: "Checked") -> "TaskWorkbook":
        return with_jobs(workbook, checked, job_name(run), target, names)

    return write_parsed_tasks(given, output, names, finish=finish)


def _item(of: TaskType, result: TaskResult, api: Api) -> dict[str, Any]:
    return {
        "type": of.name,
        "command": result.command,
        "status": result.status,
        "errorCode": result.error_code,
        "errorDescription": result.error_description,
        "content": masked(result.content, of, api.settings),
    }


def _counts(count: ResultCount) -> dict[str, int]:
    return {"size": count.size, "successful": count.successful, "failed": count.failed}


def _show_results(overview: Mapping[str, ResultCount], items: list[dict[str, Any]]) -> None:
    for name, count in overview.items():
        if count.size:
            said = f"{count.successful:,} of {counted(count.size, 'task')} succeeded, {count.failed:,} failed"
            say(f"{name}: {said}")
    if not items:
        tell("There are no such results.")
        return
    say()
    rows = [
        (
            cell(item["type"]),
            cell(item["command"]),
            cell(item["status"], "green" if item["status"].casefold() == "success" else "red"),
            cell(item["errorCode"]),
            cell(item["errorDescription"]),
            cell(json.dumps(item["content"], ensure_ascii=False)),
        )
        for item in items
    ]
    show_table(("Task type", "Command", "Result", "Error code", "Error detail", "Content"), rows)


@command.command(name="delete")
@_ID
@YES
@api_options
def delete(scheduled_id: str, *, yes: bool, flags: Flags, as_json: bool) -> NoReturn:
    """Delete the scheduled operation ID with its results; it must have completed.

    \b
    Example:
      xlsx2opeasy scheduled delete b0a6ed2e0e5d40c383e7709b6469469b
    """
    require_yes(f"Delete scheduled operation {scheduled_id} with its results?", yes=yes)
    with connected(flags) as api:
        deletion = api.client.delete_scheduled_operation(scheduled_id)
        words = deletion_message(deletion, f"Scheduled operation {scheduled_id}")
    end({"deleted": True}, as_json=as_json, show=lambda: say(words))
