"""Scheduled operations endpoints: schedule, status, results, delete."""

from typing import Any

from .access import json_body
from .appendix import PROCESSING_ORDER
from .drafts import BY_SEGMENT
from .listing import listing
from .messages import Answer, Refused, Request, general_error, validation_error
from .state import Operation, ScheduledOperation, State, find, new_id, now


def schedule(state: State, request: Request) -> Answer:
    """Answers "Schedule Operation for Processing". The tasks take effect at once."""
    body = json_body(request)
    inner = body.get("operation") if isinstance(body, dict) and set(body) == {"operation"} else None
    if not isinstance(inner, dict) or set(inner) != {"id"}:
        return validation_error("operation.id", "operation has an id, and nothing else", body)
    operation = find(state.operations, str(inner["id"]), "Operation")
    if any(operation.errors.values()):
        return general_error(
            400, "Bad Request", "The Operation has unresolved validation errors", operation.id
        )
    if state.run_of(operation.id) is not None:
        return general_error(400, "Bad Request", "The Operation has been scheduled before", operation.id)
    run = ScheduledOperation(new_id(), operation.id, _execute(state, operation))
    state.scheduled[run.id] = run
    inner = {"id": run.id, "status": run.status, "operation": _operation(state, run)}
    return Answer(
        202, {"scheduledOperation": inner}, {"Location": f"/v1/scheduledoperations/{run.id}/status"}
    )


def _execute(state: State, operation: Operation) -> dict[str, list[dict[str, Any]]]:
    """The results of all tasks, in the order of processing."""
    results: dict[str, list[dict[str, Any]]] = {}
    for task_type in PROCESSING_ORDER:
        state.executed += [(task_type, task) for task in operation.tasks[task_type]]
        results[task_type] = [_result(state, task_type, task) for task in operation.tasks[task_type]]
        if state.settings.shuffle is not None:
            state.settings.shuffle.shuffle(results[task_type])
    return results


def _result(state: State, task_type: str, task: dict[str, Any]) -> dict[str, Any]:
    failure = state.settings.fail(task_type, task)
    if failure is None:
        return {"command": task["command"], "status": "SUCCESS", "content": task["content"]}
    error = {"errorCode": failure[0], "errorDescription": failure[1]}
    return {"command": task["command"], "status": "FAILED", **error, "content": task["content"]}


def get_status(state: State, request: Request, run_id: str) -> Answer:
    """Answers "Get Status of Scheduled Operation"; each call brings the processing a step on."""
    run = find(state.scheduled, run_id, "Scheduled Operation")
    run.polls += 1
    if run.polls > state.settings.polls_pending and run.status == "pending":
        move(state, run, "processing")
    if run.polls > state.settings.polls_pending + state.settings.polls_processing:
        finish(state, run)
    shown: dict[str, Any] = {"id": run.id, "status": run.status}
    if run.start_time is not None:
        shown["startTime"] = run.start_time
    if not run.is_complete:
        return Answer(202, {"scheduledOperation": {**shown, "operation": _operation(state, run)}})
    results = f"/v1/scheduledoperations/{run.id}/results"
    shown |= {"completedTime": run.completed_time, "links": {"results": results}}
    body = {"scheduledOperation": shown, "operation": _operation(state, run)}  # beside it, as in the example
    return Answer(200, body, {"Location": results})


def finish(state: State, run: ScheduledOperation) -> None:
    """Completes the processing, if it is not complete."""
    if not run.is_complete:
        failed = any(each["status"] == "FAILED" for of_type in run.results.values() for each in of_type)
        if run.status == "pending":
            move(state, run, "processing")
        move(state, run, "completedWithErrors" if failed else "completed")


def move(state: State, run: ScheduledOperation, status: str) -> None:
    """Changes the status, and makes a callback due at each webhook receiver."""
    previous, run.status = run.status, status
    run.start_time = run.start_time or now()
    shown = {"id": run.id, "status": status, "startTime": run.start_time, "operation": _operation(state, run)}
    if run.is_complete:
        run.completed_time = now()
        shown |= {"completedTime": run.completed_time}
        shown |= {"links": {"results": f"/v1/scheduledoperations/{run.id}/results"}}
    event = {
        "type": "scheduledOperation.statusChanged",
        "previousStatus": previous,
        "newStatus": status,
        "scheduledOperation": shown,
    }
    state.callbacks += [(each.url, {"event": event}) for each in state.webhooks.values()]


def _operation(state: State, run: ScheduledOperation) -> dict[str, str]:
    return {"id": run.operation_id, "enterpriseId": state.settings.enterprise_id}


def _completed(state: State, run_id: str) -> ScheduledOperation:
    run = find(state.scheduled, run_id, "Scheduled Operation")
    if not run.is_complete:
        raise Refused(
            general_error(404, "Not Found", "The Scheduled Operation has not completed yet", run_id)
        )
    return run


def get_results(state: State, request: Request, run_id: str) -> Answer:
    """Answers "View Results of Completed Scheduled Operation"; no `/v1` in its links."""
    run = _completed(state, run_id)
    overview: dict[str, Any] = {}
    for segment, task_type in BY_SEGMENT.items():
        results = run.results[task_type]
        successful = sum(each["status"] == "SUCCESS" for each in results)
        if results or not state.settings.omit_empty_types:
            overview[task_type] = {
                "size": len(results),
                "successful": successful,
                "failed": len(results) - successful,
                "href": f"/scheduledoperations/{run_id}/results/{segment}",
            }
    return Answer(200, {"results": overview})


def get_results_of_type(state: State, request: Request, run_id: str, segment: str) -> Answer:
    """Answers the five "View …-specific Results of Completed Scheduled Operation"."""
    run = _completed(state, run_id)
    return listing(state, request, BY_SEGMENT[segment], run.results[BY_SEGMENT[segment]])


def delete_scheduled(state: State, request: Request, run_id: str) -> Answer:
    """Answers "Delete Scheduled Operation": only in a completed state."""
    if not find(state.scheduled, run_id, "Scheduled Operation").is_complete:
        return general_error(
            400, "Bad Request", "The Scheduled Operation is not in a completed state", run_id
        )
    del state.scheduled[run_id]
    return Answer(204)
