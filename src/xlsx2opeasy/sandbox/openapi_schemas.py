"""The bodies of the API as JSON Schema (2020-12): tasks from the catalogue, the rest from its pages.

Called by `openapi.py`. Names of components are those of the specification's objects.
"""

from typing import Any, Final

from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import Field, Kind, TaskType
from xlsx2opeasy.spec.rules import Between, MaxItems, MaxLength
from xlsx2opeasy.spec.words import rule_words, using

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_TYPES: Final[dict[Kind, Schema]] = {
    Kind.TEXT: TEXT,
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.INTEGER: {"type": "integer"},
    Kind.TEXTS: {"type": "array", "items": TEXT},
}


def reference(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def an_object(required: Schema, optional: Schema | None = None, **more: Any) -> Schema:  # noqa: ANN401
    """An object with these properties and, as answers go, perhaps others."""
    properties = required | (optional or {})
    return {"type": "object", "required": list(required), "properties": properties, **more}


def a_list(of: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": of}


def schemas() -> dict[str, Schema]:
    """Every component, by name."""
    found = dict(_FIXED)
    for of in TASK_TYPES:
        found[f"{of.name}Content"] = content_schema(of)
        found[f"{of.name}Task"] = _task(of)
        found[f"{of.name}Result"] = _result(of)
        for kind, item in (("Tasks", f"{of.name}Task"), ("Results", f"{of.name}Result")):
            found[f"{of.name}{kind}"] = _page(of, item)
        found[f"{of.name}ValidationErrors"] = _page(of, "ValidationError")
    found["TaskFile"] = _task_file()
    found["Operation"] = an_object(
        {"enterpriseId": TEXT, "id": TEXT, "tasks": _by_type(reference("TaskCount"))},
        description="An operation with the counts of its tasks, by task type.",
    )
    found["Results"] = an_object({"results": _by_type(reference("ResultCount"))})
    return found


def _by_type(schema: Schema) -> Schema:
    return {"type": "object", "properties": {of.name: schema for of in TASK_TYPES}}


def content_schema(of: TaskType) -> Schema:
    """A task's content: the nesting and the names of the wire, each field with its rules and commands."""
    root: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
    for field in of.fields:
        node = root
        *parents, last = field.wire_name.split(".")
        for parent in parents:
            node = _inner(node, parent)
        node["properties"][last] = _field(of, field)
    return root


def _inner(node: Schema, name: str) -> Schema:
    """The object under `name`, or in the list of objects `name[n]`."""
    bare = name.removesuffix("[n]")
    inner: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
    held = node["properties"].setdefault(bare, a_list(inner) if bare != name else inner)
    found: Schema = held.get("items", held)
    return found


def _field(of: TaskType, field: Field) -> Schema:
    schema = dict(_TYPES[field.kind])
    for rule in field.rules:
        match rule:
            case MaxLength(limit) if field.kind is Kind.TEXT:
                schema["maxLength"] = limit
            case Between(low, high):
                schema |= {"minimum": low, "maximum": high}
            case MaxItems(limit):
                schema["maxItems"] = limit
    schema["description"] = " ".join(
        part for part in (field.description, _sentence(rule_words(field))) if part
    )
    schema["x-commands"] = list(using(of, field))
    if field.secret:
        schema["writeOnly"] = True
    return schema


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _task(of: TaskType) -> Schema:
    commands = {"type": "string", "enum": list(of.command_names)}
    spoken = "; ".join(f"{each.name}: {each.description}" for each in of.commands)
    return an_object(
        {"command": commands, "content": reference(f"{of.name}Content")},
        description=f"{of.description} (Appendix {of.appendix}). {spoken}",
    )


def _result(of: TaskType) -> Schema:
    said = {"status": {"type": "string", "enum": ["SUCCESS", "FAILED"]}}
    why = {
        "errorCode": TEXT | {"description": "Appendix VII; only where the status is FAILED."},
        "errorDescription": TEXT,
    }
    return an_object(_task(of)["properties"] | said, why)


def _page(of: TaskType, item: str) -> Schema:
    paging = dict.fromkeys(("pageSize", "pageNumber", "totalPages", "totalItems"), COUNT)
    return an_object(
        {of.name: a_list(reference(item))},
        paging,
        description="One page; as a file (Accept: application/octet-stream) all items, without the paging.",
    )


def _task_file() -> Schema:
    lists = {of.name: a_list(reference(f"{of.name}Task")) for of in TASK_TYPES}
    inner = {"type": "object", "properties": lists, "additionalProperties": False}
    return an_object(
        {"tasks": inner},
        additionalProperties=False,
        description='"JSON File Fields": every list may be missing.',
    )


_EVENTS: Final[Schema] = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "string", "enum": ["scheduledOperation.statusChanged"]},
}
_HTTPS: Final[Schema] = {
    "type": "string",
    "format": "uri",
    "pattern": "^https://[A-Za-z0-9][A-Za-z0-9.-]{0,60}(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_/-]{0,60})?$",
}
_FILLED: Final[Schema] = {"type": "string", "minLength": 1}
_RUN: Final[Schema] = an_object(
    {
        "id": TEXT,
        "status": {"type": "string", "enum": ["pending", "processing", "completed", "completedWithErrors"]},
        "operation": an_object({"id": TEXT, "enterpriseId": TEXT}),
    },
    {
        "startTime": {"type": "string", "format": "date-time"},
        "completedTime": {"type": "string", "format": "date-time"},
        "links": an_object({"results": TEXT}),
    },
)
_WEBHOOK: Final[Schema] = an_object({"id": TEXT, "enterpriseId": TEXT, "url": TEXT, "events": a_list(TEXT)})
_DETAIL: Final[Schema] = an_object(
    {"message": TEXT}, {"fieldName": TEXT, "originalInput": TEXT, "errorCode": TEXT}
)

_FIXED: Final[dict[str, Schema]] = {
    "Credentials": an_object({"authSession": an_object({"apiKey": _FILLED, "enterpriseId": _FILLED})}),
    "AuthSession": an_object({"authSession": an_object({"token": TEXT})}),
    "WebhookRegistration": an_object({"enterpriseId": _FILLED, "url": _HTTPS, "events": _EVENTS}),
    "Webhook": an_object({"webhook": _WEBHOOK}),
    "Webhooks": an_object({"webhooks": a_list(_WEBHOOK)}),
    "Schedule": an_object({"operation": an_object({"id": _FILLED})}),
    "ScheduledOperation": an_object({"scheduledOperation": _RUN}),
    "StatusChanged": an_object(
        {
            "event": an_object(
                {
                    "type": {"const": "scheduledOperation.statusChanged"},
                    "previousStatus": TEXT,
                    "newStatus": TEXT,
                    "scheduledOperation": _RUN,
                }
            )
        }
    ),
    "TaskCount": an_object(
        {"size": COUNT, "href": TEXT}, {"validationErrors": an_object({"size": COUNT, "href": TEXT})}
    ),
    "ResultCount": an_object({"size": COUNT, "successful": COUNT, "failed": COUNT, "href": TEXT}),
    "ValidationError": an_object(
        {"id": TEXT, "validationErrors": a_list(TEXT), "task": {"type": "object"}},
        description="A task that failed validation, as it was uploaded, and what is wrong with it.",
    ),
    "Error": an_object(
        {"errorCode": TEXT, "message": TEXT},
        {"validationError": _DETAIL, "generalError": _DETAIL},
        description='Appendix VI; for "Create New Operation" only the code and the message.',
    ),
}
