"""From the JSON of an answer to the models. What should be there and is not raises BadAnswer."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from xlsx2opeasy.http.strict_json import BadAnswer
from xlsx2opeasy.masking import without_secrets
from xlsx2opeasy.opeasy.models import (
    Operation,
    Page,
    ResultCount,
    ScheduledOperation,
    Task,
    TaskCount,
    TaskResult,
    ValidationError,
    Webhook,
)
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import task_type_of_sheet

_MAX_ID = 256


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_T = TypeVar("_T")
_I = TypeVar("_I", bound=_Identified)


def token(body: object) -> str:
    """`authSession.token` ("Authenticate with API"); it must be fit for a header."""
    found = _member(_object(body, "the answer"), "authSession", dict).get("token")
    if not isinstance(found, str) or not found or not all("!" <= each <= "~" for each in found):
        raise BadAnswer("it holds no token")
    return found


def operation(body: object, expected_id: str | None = None) -> Operation:
    """An operation with its counts ("Create New Operation", "Append tasks", "Get a Specific Operation")."""
    body = _object(body, "the answer")
    tasks = body.get("tasks")
    counts = {} if tasks is None else _by_type(_object(tasks, "tasks"), _task_count)
    found = Operation(_id(body), enterprise_id(body), counts)
    return _expected(found, expected_id)


def _task_count(count: Mapping[str, Any]) -> TaskCount:
    errors = count.get("validationErrors")
    return TaskCount(_number(count, "size"), 0 if errors is None else _number(_object(errors, "it"), "size"))


def scheduled_operation(body: object, retry_after: float | None = None) -> ScheduledOperation:
    """A scheduled operation; `operation` may be inside or beside it."""
    body = _object(body, "the answer")
    run = _member(body, "scheduledOperation", dict)
    places = (run.get("operation"), body.get("operation"))
    about: dict[str, Any] = next((each for each in places if isinstance(each, dict)), {})
    return ScheduledOperation(
        id=_id(run),
        status=_member(run, "status", str),
        operation_id=_id(about) if "id" in about else "",
        enterprise_id=enterprise_id(about),
        start_time=_optional_text(run, "startTime"),
        completed_time=_optional_text(run, "completedTime"),
        retry_after=retry_after,
    )


def results_overview(body: object) -> dict[str, ResultCount]:
    """The counts of "View Results of Completed Scheduled Operation", by task type."""
    return _by_type(_member(_object(body, "the answer"), "results", dict), _result_count)


def _result_count(count: Mapping[str, Any]) -> ResultCount:
    return ResultCount(_number(count, "size"), _number(count, "successful"), _number(count, "failed"))


def task(item: Mapping[str, Any]) -> Task:
    """A task as the server holds it; `content` may be missing where a command has no fields."""
    content = item.get("content")
    return Task(_member(item, "command", str), {} if content is None else _object(content, "content"))


def validation_error(item: object, expected_id: str | None = None) -> ValidationError:
    """A validation error with its task ("Get Specific … Validation Error")."""
    item = _object(item, "the answer")
    of = task(_member(item, "task", dict))
    messages = _member(item, "validationErrors", list)
    texts = tuple(without_secrets(str(message), of.content) for message in messages)
    return _expected(ValidationError(_id(item), texts, of), expected_id)


def task_result(item: Mapping[str, Any]) -> TaskResult:
    """What became of one task ("View …-specific Results"); the code may come as a number."""
    content = item.get("content")
    content = {} if content is None else _object(content, "content")
    return TaskResult(
        command=_member(item, "command", str),
        status=_member(item, "status", str),
        error_code=_optional_text(item, "errorCode"),
        error_description=without_secrets(_optional_text(item, "errorDescription"), content),
        content=content,
    )


def webhook(body: object, expected_id: str | None = None) -> Webhook:
    """One webhook receiver, under its name."""
    return _expected(_webhook(_member(_object(body, "the answer"), "webhook", dict)), expected_id)


def webhooks(body: object) -> tuple[Webhook, ...]:
    """All webhook receivers of the enterprise."""
    found = _member(_object(body, "the answer"), "webhooks", list)
    return tuple(_webhook(_object(each, "a webhook")) for each in found)


def _webhook(item: Mapping[str, Any]) -> Webhook:
    events = _member(item, "events", list)
    return Webhook(_id(item), enterprise_id(item), _member(item, "url", str), tuple(map(str, events)))


def page(body: object, type_name: str) -> Page:
    """One page of a list, with its counts, which must be there."""
    body = _object(body, "the answer")
    return Page(
        number=_number(body, "pageNumber"),
        total_pages=_number(body, "totalPages"),
        total_items=_number(body, "totalItems"),
        items=items(body, type_name),
    )


def is_paged(body: object) -> bool:
    """Whether a body is one page of a list rather than the whole list."""
    return isinstance(body, dict) and ("totalPages" in body or "pageNumber" in body)


def items(body: object, type_name: str) -> tuple[Mapping[str, Any], ...]:
    """The list under the task type's name, in any letter case; every item must be an object."""
    body = _object(body, "the answer")
    lists = [value for name, value in body.items() if name.casefold() == type_name.casefold()]
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise BadAnswer(f"it holds no list {type_name}")
    return tuple(listed(each, type_name) for each in lists[0])


def listed(value: object, type_name: str) -> Mapping[str, Any]:
    """One item of a list, which must be an object."""
    return _object(value, f"an item of {type_name}")


def enterprise_id(item: Mapping[str, Any]) -> str:
    """The enterprise, also where it is spelt with an `l`, as in an example; "" where it is missing."""
    return _optional_text(item, "enterpriseId") or _optional_text(item, "enterpriseld")


def is_usable_id(text: str) -> bool:
    """Whether a text can be an id, and so one segment of a path."""
    usable = bool(text) and len(text) <= _MAX_ID and text.isprintable() and text.strip(".") != ""
    return usable and MASK not in text


def _by_type(body: Mapping[str, Any], read: Callable[[Mapping[str, Any]], _T]) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for name, value in body.items():
        known = task_type_of_sheet(name)
        key = name if known is None else known.name
        if key in found:
            raise BadAnswer(f"it names {key} twice")
        found[key] = read(_object(value, name))
    return found


def _expected(found: _I, expected_id: str | None) -> _I:
    if expected_id is not None and found.id != expected_id:
        raise BadAnswer("it is about another id than the one that was asked for")
    return found


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadAnswer(f"{what} is no JSON object")
    return value


def _member(body: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = body.get(name)
    if not isinstance(value, kind):
        raise BadAnswer(f"it has no {name}")
    return value


def _id(body: Mapping[str, Any]) -> str:
    value = _optional_text(body, "id")
    if not is_usable_id(value):
        raise BadAnswer("it has no id")
    return value


def _optional_text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if type(value) is str:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def _number(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadAnswer(f"it has no number {name}")
    return value
