"""`xlsx2opeasy operations`: look at an operation on the server, add to it, clean it up."""

import json
from pathlib import Path
from typing import Any, NoReturn

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
from xlsx2opeasy.cli.operation_errors import OPERATION_ID, delete_error, errors
from xlsx2opeasy.cli.options import FORCE, YES
from xlsx2opeasy.cli.output import counted, say, tell
from xlsx2opeasy.cli.questions import require_yes
from xlsx2opeasy.cli.tables import cell, show_table
from xlsx2opeasy.errors import UsageError, WorkbookUnusable
from xlsx2opeasy.opeasy.models import Operation, Task
from xlsx2opeasy.settings.resolved import Flags
from xlsx2opeasy.spec.model import TaskType


@click.group(name="operations")
def command() -> None:
    """Look at operations on the server and clean them up; an operation is what a load uploads its tasks to.

    \b
    Example:
      xlsx2opeasy operations show c0debec94fe54c38968d884547640a32
    """


@command.command(name="show")
@OPERATION_ID
@api_options
def show(operation_id: str, *, flags: Flags, as_json: bool) -> NoReturn:
    """Show how many tasks and validation errors the operation ID has, by task type.

    \b
    Example:
      xlsx2opeasy operations show c0debec94fe54c38968d884547640a32
    """
    with connected(flags) as api:
        found = api.client.get_operation(operation_id)
    end({"operation": _document(found)}, as_json=as_json, show=lambda: _show(found))


def _document(operation: Operation) -> dict[str, Any]:
    tasks = {
        name: {"size": count.size, "validationErrors": count.validation_errors}
        for name, count in operation.tasks.items()
    }
    return {"id": operation.id, "enterpriseId": operation.enterprise_id, "tasks": tasks}


def _show(operation: Operation) -> None:
    say(f"Operation {operation.id} of enterprise {operation.enterprise_id}")
    rows = [
        (cell(name), cell(count.size), cell(count.validation_errors))
        for name, count in operation.tasks.items()
    ]
    show_table(("Task type", "Tasks", "Validation errors"), rows)


@command.command(name="tasks")
@OPERATION_ID
@TASK_TYPE
@OUTPUT
@FORCE
@api_options
def tasks(
    operation_id: str,
    task_types: tuple[str, ...],
    output: Path | None,
    *,
    force: bool,
    flags: Flags,
    as_json: bool,
) -> NoReturn:
    """List the tasks of the operation ID, or write them as a workbook that loads.

    Secrets are masked on the screen and in JSON; in a workbook they stay, as far as the server gave them.

    \b
    Examples:
      xlsx2opeasy operations tasks c0debec94fe54c38
      xlsx2opeasy operations tasks c0debec94fe54c38 --output found.xlsx
    """
    refuse_existing(output, as_json=as_json, force=force)
    with connected(flags) as api:
        found = [
            (of, list(api.client.tasks(operation_id, of))) for of in _filled(api, operation_id, task_types)
        ]
    if output is not None:
        raise SystemExit(_write(found, output, api))
    items = [
        {"type": of.name, "command": each.command, "content": masked(each.content, of, api.settings)}
        for of, listed in found
        for each in listed
    ]
    end({"items": items}, as_json=as_json, show=lambda: show_tasks(items))


def _write(found: list[tuple[TaskType, list[Task]]], output: Path, api: Api) -> int:
    # Imported here, because looking should not wait for pandas.
    from xlsx2opeasy.cli.task_output import write_parsed_tasks
    from xlsx2opeasy.importing.task_files import parse_tasks

    given = [parse_tasks(of, ((each.command, each.content, None) for each in tasks)) for of, tasks in found]
    return write_parsed_tasks(given, output, api.settings.wire_names)


def _filled(api: Api, operation_id: str, names: tuple[str, ...]) -> tuple[TaskType, ...]:
    """The task types to ask for; an operation that does not exist is refused here."""
    counts = api.client.get_operation(operation_id).tasks
    return tuple(of for of in chosen(names) if of.name not in counts or counts[of.name].size)


def show_tasks(items: list[dict[str, Any]]) -> None:
    """Prints tasks as a table, their contents as JSON on one line."""
    if not items:
        tell("There are no such tasks.")
        return
    rows = [
        (cell(item["type"]), cell(item["command"]), cell(json.dumps(item["content"], ensure_ascii=False)))
        for item in items
    ]
    show_table(("Task type", "Command", "Content"), rows)


@command.command(name="append")
@OPERATION_ID
@click.argument("files", metavar="TASKS.json...", nargs=-1, required=True, type=click.Path(path_type=Path))
@YES
@api_options
def append(operation_id: str, files: tuple[Path, ...], *, yes: bool, flags: Flags, as_json: bool) -> NoReturn:
    """Append the tasks of JSON files to the operation ID.

    Appending is not repeated where no answer comes: look with `operations show` before you try again.

    \b
    Example:
      xlsx2opeasy operations append c0debec94fe54c38 corrected.json
    """
    for file in files:
        _refuse_unreadable(file)
    require_yes(f"Append {counted(len(files), 'file')} to operation {operation_id}?", yes=yes)
    with connected(flags) as api:
        before = api.client.get_operation(operation_id)
        for file in files:
            after = api.client.append_tasks(operation_id, file)
    set_aside = after.validation_errors - before.validation_errors
    words = f"{counted(_size(after) - _size(before), 'task')} appended to operation {operation_id}"
    if set_aside > 0:
        words += f", {set_aside:,} set aside: xlsx2opeasy operations errors {operation_id}"
    document = {"operation": _document(after)}
    end(document, as_json=as_json, show=lambda: say(words), code=1 if set_aside > 0 else 0)


def _refuse_unreadable(file: Path) -> None:
    """Looks at a task file before the first is appended, so that none is where another cannot be."""
    if file.suffix != ".json":
        raise UsageError(f"{file} does not end in .json", "xlsx2opeasy convert makes such files")
    try:
        json.loads(file.read_bytes())
    except OSError as error:
        raise WorkbookUnusable(
            f"{file} cannot be read: {error.strerror or error}",
            "nothing was appended; check its name and folder",
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is no JSON", "nothing was appended; correct the file") from error


def _size(operation: Operation) -> int:
    return sum(count.size for count in operation.tasks.values())


@command.command(name="delete")
@OPERATION_ID
@YES
@api_options
def delete(operation_id: str, *, yes: bool, flags: Flags, as_json: bool) -> NoReturn:
    """Delete the operation ID with its tasks. Its scheduled operation, if any, must be deleted first.

    \b
    Example:
      xlsx2opeasy operations delete c0debec94fe54c38968d884547640a32
    """
    require_yes(f"Delete operation {operation_id} with its tasks?", yes=yes)
    with connected(flags) as api:
        words = deletion_message(api.client.delete_operation(operation_id), f"Operation {operation_id}")
    end({"deleted": True}, as_json=as_json, show=lambda: say(words))


command.add_command(errors)
command.add_command(delete_error)
