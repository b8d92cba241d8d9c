"""Operations endpoints: drafts, their tasks, and the tasks that failed validation."""

from typing import Any

from .appendix import TASK_TYPES
from .listing import listing, masked
from .messages import Answer, Part, Refused, Request, general_error, strict_json
from .state import Operation, State, find, new_id

_TYPES = tuple(TASK_TYPES.values())
BY_SEGMENT = {each.lower(): each for each in _TYPES}
_SEGMENTS_IN_LINKS = {each: each.lower() for each in _TYPES} | {"CallForwarding": "callForwarding"}


def create_operation(state: State, request: Request) -> Answer:
    """Answers "Create New Operation", whose errors have no body of Appendix VI."""
    try:
        enterprise, upload = _parts(request, "enterpriseId", "file")
        tasks = _tasks(upload)
    except ValueError as error:
        return _plain(400, str(error))
    if enterprise.filename is not None or enterprise.content_type not in {"", "text/plain"}:
        return _plain(400, "enterpriseId is text/plain")
    if enterprise.body.decode() != state.settings.enterprise_id:
        return _plain(403, "Attempted to create Operation for incorrect Enterprise")
    operation = Operation(new_id(), {each: [] for each in _TYPES}, {each: [] for each in _TYPES})
    state.operations[operation.id] = operation
    _add(state, operation, tasks, upload)
    return Answer(201, _overview(state, operation))


def append_tasks(state: State, request: Request, operation_id: str) -> Answer:
    """Answers "Append tasks to Existing Operation"."""
    operation = find(state.operations, operation_id, "Operation")
    try:
        (upload,) = _parts(request, "file")
        tasks = _tasks(upload)
    except ValueError as error:
        return general_error(400, "Bad Request", str(error))
    if state.run_of(operation_id) is not None:
        return general_error(
            400, "Bad Request", "A scheduled Operation can no longer be edited", operation_id
        )
    _add(state, operation, tasks, upload)
    return Answer(200, _overview(state, operation))


def get_operation(state: State, request: Request, operation_id: str) -> Answer:
    """Answers "Get a Specific Operation"."""
    return Answer(200, _overview(state, find(state.operations, operation_id, "Operation")))


def delete_operation(state: State, request: Request, operation_id: str) -> Answer:
    """Answers "Delete Operation": not before its scheduled operation is deleted."""
    find(state.operations, operation_id, "Operation")
    if state.run_of(operation_id) is not None:
        return general_error(
            400, "Bad Request", "A Scheduled Operation exists for this Operation", operation_id
        )
    del state.operations[operation_id]
    return Answer(204)


def get_tasks(state: State, request: Request, operation_id: str, segment: str) -> Answer:
    """Answers the five "Get …-related Tasks of a Specific Operation"."""
    operation = find(state.operations, operation_id, "Operation")
    return listing(state, request, BY_SEGMENT[segment], operation.tasks[BY_SEGMENT[segment]])


def get_errors(state: State, request: Request, operation_id: str, segment: str) -> Answer:
    """Answers the five "Get All … Validation Errors on Operation"."""
    operation = find(state.operations, operation_id, "Operation")
    return listing(state, request, BY_SEGMENT[segment], operation.errors[BY_SEGMENT[segment]])


def get_error(state: State, request: Request, operation_id: str, segment: str, error_id: str) -> Answer:
    """Answers the five "Get Specific … Validation Error on Operation"."""
    return Answer(200, masked(_error(state, operation_id, segment, error_id), state.settings.mask))


def delete_error(state: State, request: Request, operation_id: str, segment: str, error_id: str) -> Answer:
    """Answers the five "Delete … Validation Error on Operation"."""
    error = _error(state, operation_id, segment, error_id)
    state.operations[operation_id].errors[BY_SEGMENT[segment]].remove(error)
    return Answer(204)


def _error(state: State, operation_id: str, segment: str, error_id: str) -> dict[str, Any]:
    operation = find(state.operations, operation_id, "Operation")
    errors = {error["id"]: error for error in operation.errors[BY_SEGMENT[segment]]}
    return find(errors, error_id, "Validation Error")


def _plain(status: int, message: str) -> Answer:
    return Answer(status, message.encode(), {"Content-Type": "text/plain; charset=utf-8"})


def _parts(request: Request, *names: str) -> list[Part]:
    """The parts of these names, each once and no other, in this order."""
    if request.media_type != "multipart/form-data":
        raise Refused(general_error(415, "Unsupported Media Type", original=request.media_type))
    parts = {part.name: part for part in request.parts if part.disposition == "form-data"}
    if set(parts) != set(names) or len(request.parts) != len(names):
        raise ValueError(f"the form has {sorted(names)}, each once, and nothing else")
    return [parts[name] for name in names]


def _tasks(upload: Part) -> dict[str, list[Any]]:
    """The lists of tasks in an uploaded file; ValueError says what is wrong with it."""
    if upload.content_type != "application/json" or not (upload.filename or "").endswith(".json"):
        raise ValueError("the file must be application/json and its name end with .json")
    document = strict_json(upload.body)
    tasks = document.get("tasks") if isinstance(document, dict) and set(document) == {"tasks"} else None
    if not isinstance(tasks, dict) or not set(tasks) <= set(_TYPES):
        raise ValueError(f"the file holds tasks of {', '.join(_TYPES)}, and nothing else")
    if not all(isinstance(each, list) for each in tasks.values()):
        raise ValueError("the tasks of a type are a JSON list")
    return tasks


def _add(state: State, operation: Operation, tasks: dict[str, list[Any]], upload: Part) -> None:
    operation.filenames.append(upload.filename or "")
    for task_type, of_type in tasks.items():
        for task in of_type:
            if complaints := state.settings.validate(task_type, task):
                error = {"id": new_id(), "validationErrors": complaints, "task": task}
                operation.errors[task_type].append(error)
            else:
                operation.tasks[task_type].append(task)


def _overview(state: State, operation: Operation) -> dict[str, Any]:
    tasks: dict[str, Any] = {}
    for each in _TYPES:
        link = f"/v1/operations/{operation.id}/{_SEGMENTS_IN_LINKS[each]}"
        size, errors = len(operation.tasks[each]), len(operation.errors[each])
        if size or errors or not state.settings.omit_empty_types:
            tasks[each] = {"size": size, "href": link}
        if errors:
            tasks[each]["validationErrors"] = {"size": errors, "href": f"{link}/validationerrors"}
    return {"enterpriseId": state.settings.enterprise_id, "id": operation.id, "tasks": tasks}
