"""Handlers of the operations endpoints: upload, tasks, validation errors."""

import json
from contextlib import AbstractAsyncContextManager
from typing import Any, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from xlsx2opeasy.sandbox.exchange import (
    enterprise_of,
    json_answer,
    list_answer,
    media_type,
    no_content,
    require_json_accepted,
    rooms_of,
)
from xlsx2opeasy.sandbox.refusals import Refusal, general_error, not_found, status_error, validation_error
from xlsx2opeasy.sandbox.sessions import require_own_enterprise
from xlsx2opeasy.sandbox.store import Operation, StoredTask, ValidationError
from xlsx2opeasy.sandbox.upload import read_batch
from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES
from xlsx2opeasy.spec.model import TaskType

_ENTERPRISE_FIELDS = ("enterpriseId", "enterpriseld")
"""The form field; the second spelling is that of the specification's table."""


async def create_operation(request: Request) -> Response:
    """POST /v1/operations. Its errors have no more than a code and a message (Appendix VI, "Please Note")."""
    try:
        return await _create(request)
    except Refusal as refusal:
        body = {key: refusal.body[key] for key in ("errorCode", "message")}
        raise Refusal(refusal.status, body, refusal.headers) from refusal


async def _create(request: Request) -> Response:
    own = enterprise_of(request)
    require_json_accepted(request)
    rooms = rooms_of(request)
    async with _form(request) as form:
        wanted = next((form[name] for name in _ENTERPRISE_FIELDS if name in form), None)
        if not isinstance(wanted, str) or not wanted:
            raise validation_error("enterpriseId", "enterpriseId is missing in the form data")
        require_own_enterprise(request, own, wanted, "create Operation")
        batch, groups = await run_in_threadpool(read_batch, _file(form), rooms.settings.mask_secrets)
    for group in sorted(groups):
        if not rooms.settings.state.knows("groups", group):
            raise not_found("Group", group)
    operation = rooms.store.create(own, batch)
    return json_answer(_summary(operation), 201)


async def append_tasks(request: Request) -> Response:
    """PATCH /v1/operations/{operation-id}."""
    own = enterprise_of(request)
    require_json_accepted(request)
    rooms = rooms_of(request)
    operation_id = request.path_params["operation_id"]
    rooms.store.operation(own, operation_id)
    async with _form(request) as form:
        batch, _ = await run_in_threadpool(read_batch, _file(form), rooms.settings.mask_secrets)
    return json_answer(_summary(rooms.store.append(own, operation_id, batch)))


async def get_operation(request: Request) -> Response:
    """GET /v1/operations/{operation-id}."""
    own = enterprise_of(request)
    require_json_accepted(request)
    return json_answer(_summary(rooms_of(request).store.operation(own, request.path_params["operation_id"])))


async def delete_operation(request: Request) -> Response:
    """DELETE /v1/operations/{operation-id}."""
    rooms_of(request).store.delete_operation(enterprise_of(request), request.path_params["operation_id"])
    return no_content()


async def get_tasks(request: Request, task_type: TaskType) -> Response:
    """GET /v1/operations/{operation-id}/{task type}."""
    operation = _operation(request)
    return list_answer(request, task_type.name, operation.tasks[task_type.name], _task)


async def get_validation_errors(request: Request, task_type: TaskType) -> Response:
    """GET /v1/operations/{operation-id}/{task type}/validationerrors."""
    errors = _operation(request).errors[task_type.name]
    return list_answer(request, task_type.name, tuple(errors.values()), _error)


async def get_validation_error(request: Request, task_type: TaskType) -> Response:
    """GET /v1/operations/{operation-id}/{task type}/validationerrors/{validation-error-id}."""
    own = enterprise_of(request)
    require_json_accepted(request)
    ids = request.path_params
    found = rooms_of(request).store.validation_error(
        own, ids["operation_id"], task_type.name, ids["validation_error_id"]
    )
    return Response(_error(found), media_type="application/json")


async def delete_validation_error(request: Request, task_type: TaskType) -> Response:
    """DELETE /v1/operations/{operation-id}/{task type}/validationerrors/{validation-error-id}."""
    own, ids = enterprise_of(request), request.path_params
    rooms_of(request).store.delete_validation_error(
        own, ids["operation_id"], task_type.name, ids["validation_error_id"]
    )
    return no_content()


def _operation(request: Request) -> Operation:
    return rooms_of(request).store.operation(enterprise_of(request), request.path_params["operation_id"])


def _form(request: Request) -> AbstractAsyncContextManager[FormData]:
    if media_type(request.headers.get("content-type", "")) != "multipart/form-data":
        raise status_error(415, "Content-Type must be multipart/form-data")
    return request.form(max_files=2, max_fields=10)


def _file(form: FormData) -> BinaryIO:
    files = form.getlist("file")
    if len(files) != 1 or not isinstance(file := files[0], UploadFile):
        raise validation_error("file", "the form data must have one file, with a filename")
    if not (file.filename or "").lower().endswith(".json"):
        raise validation_error("file", "The file must have the extension .json", file.filename)
    if media_type(file.content_type or "") != "application/json":
        raise general_error(415, "Unsupported Media Type", "The file's Content-Type must be application/json")
    return file.file


def _summary(operation: Operation) -> dict[str, Any]:
    tasks = {each.name: _type_summary(operation, each) for each in TASK_TYPES}
    return {"enterpriseId": operation.enterprise_id, "id": operation.id, "tasks": tasks}


def _type_summary(operation: Operation, task_type: TaskType) -> dict[str, Any]:
    # The examples spell one link `callForwarding`, its path is `callforwarding`: clients may not rely on it.
    spelt = "callForwarding" if task_type is BY_NAME["CallForwarding"] else task_type.path
    base = f"/v1/operations/{operation.id}"
    summary: dict[str, Any] = {"size": len(operation.tasks[task_type.name]), "href": f"{base}/{spelt}"}
    if errors := operation.errors[task_type.name]:
        href = f"{base}/{task_type.path}/validationerrors"
        summary["validationErrors"] = {"size": len(errors), "href": href}
    return summary


def _task(task: StoredTask) -> bytes:
    return b'{"command":"%s","content":%s}' % (task.command.encode(), task.shown)


def _error(error: ValidationError) -> bytes:
    head = json.dumps({"id": error.id, "validationErrors": error.messages}, ensure_ascii=False)
    return b'%s,"task":%s}' % (head[:-1].encode(), error.task)
