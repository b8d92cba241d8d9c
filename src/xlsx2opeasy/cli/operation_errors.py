"""`xlsx2opeasy operations errors` and `delete-error`: the tasks that the server's validation set aside."""

import json
from typing import Any, NoReturn

import click

from xlsx2opeasy.cli.api import (
    TASK_TYPE,
    Api,
    NothingThere,
    api_options,
    chosen,
    connected,
    deletion_message,
    end,
    masked,
)
from xlsx2opeasy.cli.output import counted, say, say_json, tell
from xlsx2opeasy.cli.tables import cell, show_table
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.opeasy.errors import CallError
from xlsx2opeasy.opeasy.models import ValidationError
from xlsx2opeasy.settings.resolved import Flags
from xlsx2opeasy.spec.model import TaskType

OPERATION_ID = click.argument("operation_id", metavar="ID")


@click.command(name="errors")
@OPERATION_ID
@TASK_TYPE
@api_options
def errors(operation_id: str, task_types: tuple[str, ...], *, flags: Flags, as_json: bool) -> NoReturn:
    """List the tasks of the operation ID that the server's validation set aside, and why.

    While there are any, the operation cannot be started: delete them, or append corrected tasks and delete
    them.

    \b
    Example:
      xlsx2opeasy operations errors c0debec94fe54c38 --task-type Users
    """
    with connected(flags) as api:
        found = [
            (of, error)
            for of in chosen(task_types)
            for error in api.client.validation_errors(operation_id, of)
        ]
    items = [
        {
            "type": of.name,
            "id": error.id,
            "messages": list(error.messages),
            "command": error.task.command,
            "content": masked(error.task.content, of, api.settings),
        }
        for of, error in found
    ]
    end({"items": items}, as_json=as_json, show=lambda: _show_errors(items))


def _show_errors(items: list[dict[str, Any]]) -> None:
    if not items:
        tell("There are no validation errors.")
        return
    rows = [
        (
            cell(item["type"]),
            cell(item["id"]),
            cell(item["command"]),
            cell("; ".join(item["messages"])),
            cell(json.dumps(item["content"], ensure_ascii=False)),
        )
        for item in items
    ]
    show_table(("Task type", "Id", "Command", "What is wrong", "Content"), rows)


@click.command(name="delete-error")
@OPERATION_ID
@click.argument("error_ids", metavar="ERROR_ID...", nargs=-1, required=True)
@TASK_TYPE
@api_options
def delete_error(
    operation_id: str,
    error_ids: tuple[str, ...],
    task_types: tuple[str, ...],
    *,
    flags: Flags,
    as_json: bool,
) -> NoReturn:
    """Delete validation errors of the operation ID, and with them the tasks that were set aside.

    \b
    Example:
      xlsx2opeasy operations delete-error c0debec94fe54c38 76b9d5b20ad845d7
    """
    deleted: list[dict[str, str]] = []
    try:
        with connected(flags) as api:
            for error_id in error_ids:
                of = _type_of(api, operation_id, chosen(task_types), error_id)
                deletion_message(
                    api.client.delete_validation_error(operation_id, of, error_id),
                    f"Validation error {error_id}",
                )
                deleted.append({"type": of.name, "id": error_id})
    except Xlsx2OpeasyError as error:
        if as_json:  # those before the one that failed are deleted all the same
            say_json({"deleted": deleted, "message": error.message})
        raise
    words = f"{counted(len(deleted), 'validation error')} deleted"
    end({"deleted": deleted}, as_json=as_json, show=lambda: say(words))


def _type_of(api: Api, operation_id: str, types: tuple[TaskType, ...], error_id: str) -> TaskType:
    """The task type that an error is of: its address needs it, and a person does not know it."""
    if len(types) == 1:
        return types[0]
    for of in types:
        if _has_error(api, operation_id, of, error_id):
            return of
    raise NothingThere(
        f"operation {operation_id} has no validation error {error_id}",
        f"xlsx2opeasy operations errors {operation_id}",
    )


def _has_error(api: Api, operation_id: str, of: TaskType, error_id: str) -> bool:
    try:
        found: ValidationError = api.client.get_validation_error(operation_id, of, error_id)
    except CallError as error:
        if error.http_status != 404:
            raise
        return False
    return found.id == error_id
