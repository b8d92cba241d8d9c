"""Handlers of the scheduled operations endpoints: schedule, status, results."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from xlsx2opeasy.sandbox.exchange import (
    enterprise_of,
    json_answer,
    json_body,
    list_answer,
    no_content,
    require_json_accepted,
    rooms_of,
    text_in,
)
from xlsx2opeasy.sandbox.store import (
    ScheduledOperation,
    StoredTask,
    TaskResult,
    results_link,
    scheduled_body,
    status_link,
)
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import TaskType


async def schedule_operation(request: Request) -> Response:
    """POST /v1/scheduledoperations."""
    own = enterprise_of(request)
    require_json_accepted(request)
    operation_id = text_in(await json_body(request), "operation.id")
    rooms = rooms_of(request)
    scheduled = rooms.store.schedule(own, operation_id)
    body = {"scheduledOperation": scheduled_body(scheduled)}
    rooms.backend.submit(scheduled)
    return json_answer(body, 202, {"Location": status_link(scheduled)})


async def get_status(request: Request) -> Response:
    """GET /v1/scheduledoperations/{scheduled-operation-id}/status: 202 while it runs, 200 when complete."""
    own = enterprise_of(request)
    require_json_accepted(request)
    scheduled = rooms_of(request).store.scheduled(own, request.path_params["scheduled_operation_id"])
    body = scheduled_body(scheduled)
    complete = "links" in body
    headers = {"Location": results_link(scheduled)} if complete else None
    return json_answer({"scheduledOperation": body}, 200 if complete else 202, headers)


async def get_results(request: Request) -> Response:
    """GET /v1/scheduledoperations/{scheduled-operation-id}/results."""
    own = enterprise_of(request)
    require_json_accepted(request)
    scheduled = rooms_of(request).store.completed(own, request.path_params["scheduled_operation_id"])
    return json_answer({"results": {each.name: _counts(scheduled, each) for each in TASK_TYPES}})


async def get_typed_results(request: Request, task_type: TaskType) -> Response:
    """GET /v1/scheduledoperations/{scheduled-operation-id}/results/{task type}."""
    own = enterprise_of(request)
    scheduled = rooms_of(request).store.completed(own, request.path_params["scheduled_operation_id"])
    tasks, results = scheduled.operation.tasks[task_type.name], scheduled.results[task_type.name]
    return list_answer(request, task_type.name, range(len(tasks)), lambda n: _result(tasks[n], results[n]))


async def delete_scheduled_operation(request: Request) -> Response:
    """DELETE /v1/scheduledoperations/{scheduled-operation-id}."""
    own = enterprise_of(request)
    rooms_of(request).store.delete_scheduled(own, request.path_params["scheduled_operation_id"])
    return no_content()


def _counts(scheduled: ScheduledOperation, task_type: TaskType) -> dict[str, Any]:
    results = scheduled.results[task_type.name]
    failed = sum(result.code is not None for result in results)
    # The example's link lacks `/v1`; the path has it: a client must not depend on the link.
    href = f"/scheduledoperations/{scheduled.id}/results/{task_type.path}"
    return {"size": len(results), "successful": len(results) - failed, "failed": failed, "href": href}


def _result(task: StoredTask, result: TaskResult) -> bytes:
    outcome: dict[str, str] = {"command": task.command, "status": "SUCCESS"}
    if result.code is not None:
        outcome |= {"status": "FAILED", "errorCode": result.code, "errorDescription": result.description}
    head = json.dumps(outcome, ensure_ascii=False)
    return b'%s,"content":%s}' % (head[:-1].encode(), task.shown)
