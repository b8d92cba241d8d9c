"""The API as an OpenAPI 3.1 description, made of the same inventory as the routes, so that it names them all.

Served by the sandbox as `/openapi.json`, written to `docs/openapi.json` by `make docs`.
"""

import re
from http import HTTPStatus
from typing import Any, Final

from xlsx2opeasy.sandbox.openapi_schemas import Schema, reference, schemas
from xlsx2opeasy.sandbox.refusals import phrase_of
from xlsx2opeasy.spec.endpoints import ENDPOINTS, Endpoint
from xlsx2opeasy.spec.words import API_VERSION

_JSON: Final = "application/json"
_FILE: Final = "application/octet-stream"
_BODIES: Final = {
    "authenticate": "Credentials",
    "registerWebhook": "WebhookRegistration",
    "scheduleOperation": "Schedule",
}
_ANSWERS: Final = {
    "authenticate": "AuthSession",
    "registerWebhook": "Webhook",
    "getWebhook": "Webhook",
    "getWebhooks": "Webhooks",
    "createOperation": "Operation",
    "appendTasks": "Operation",
    "getOperation": "Operation",
    "scheduleOperation": "ScheduledOperation",
    "getScheduledOperationStatus": "ScheduledOperation",
    "getResults": "Results",
}
_UPLOADS: Final = ("createOperation", "appendTasks")
_TAGS: Final = (
    ("authsessions", "Authentication"),
    ("webhooks", "Webhooks"),
    ("scheduledoperations", "Scheduled operations"),
    ("operations", "Operations"),
)
_LOCATED: Final = {"scheduleOperation": "status", "getScheduledOperationStatus": "results"}


def openapi() -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": API_VERSION.rpartition(" ")[0],
            "version": API_VERSION.rpartition(" ")[2],
            "description": "Made from the inventory of the specification's endpoints and the catalogue of"
            " its fields. Status codes that the specification's own page does not list say so.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for _, name in _TAGS],
        "security": [{"token": []}],
        "paths": paths,
        "webhooks": {"scheduledOperationStatusChanged": {"post": _callback()}},
        "components": {"schemas": schemas(), "securitySchemes": {"token": _TOKEN}},
    }


_TOKEN: Final[Schema] = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "The token of an authentication session, alone, without a scheme.",
}


def _operation(endpoint: Endpoint) -> Schema:
    found: Schema = {
        "operationId": endpoint.name,
        "summary": endpoint.page,
        "tags": [next(tag for part, tag in _TAGS if part in endpoint.path)],
        "parameters": [*_path_parameters(endpoint), *(_PAGING if endpoint.download else ())],
        "responses": _responses(endpoint),
    }
    if (body := _request_body(endpoint)) is not None:
        found["requestBody"] = body
    if endpoint.name == "authenticate":
        found["security"] = []
    return found


def _path_parameters(endpoint: Endpoint) -> list[Schema]:
    filled = {"type": "string", "minLength": 1}
    names = re.findall(r"\{(.+?)\}", endpoint.path)
    return [{"name": name, "in": "path", "required": True, "schema": filled} for name in names]


def _number(name: str, least: int, default: int) -> Schema:
    schema = {"type": "integer", "minimum": least, "maximum": 999_999_999, "default": default}
    return {"name": name, "in": "query", "required": False, "schema": schema}


_PAGING: Final = (_number("pageSize", 1, 50), _number("pageNumber", 0, 0))


def _request_body(endpoint: Endpoint) -> Schema | None:
    if endpoint.name in _UPLOADS:
        return {"required": True, "content": {"multipart/form-data": _form(endpoint)}}
    if endpoint.name in _BODIES:
        return {"required": True, "content": {_JSON: {"schema": reference(_BODIES[endpoint.name])}}}
    return None


def _form(endpoint: Endpoint) -> Schema:
    file: Schema = {
        "type": "string",
        "contentMediaType": _JSON,
        "contentSchema": reference("TaskFile"),
        "description": "A file of tasks; its name ends in .json.",
    }
    parts: Schema = {"file": file}
    if endpoint.name == "createOperation":
        parts["enterpriseId"] = {"type": "string", "minLength": 1}
    schema = {"type": "object", "required": sorted(parts), "properties": parts}
    return {"schema": schema, "encoding": {"file": {"contentType": _JSON}}}


def _responses(endpoint: Endpoint) -> Schema:
    found: Schema = {str(status): _success(endpoint, status) for status in endpoint.success}
    for status in sorted({*endpoint.refusals, *_beyond(endpoint)}):
        listed = "" if status in endpoint.refusals else " (beyond the specification's page)"
        words = f"{phrase_of(status)}{listed}"
        found[str(status)] = {"description": words, "content": {_JSON: {"schema": reference("Error")}}}
    return found


def _beyond(endpoint: Endpoint) -> set[int]:
    """What a server answers to a request that the page does not think of."""
    found = {429} if endpoint.method == "DELETE" else {406, 429}
    if endpoint.name in _BODIES or endpoint.name in _UPLOADS:
        found |= {400, 413, 415}
    return found | ({400} if endpoint.download else set())


def _success(endpoint: Endpoint, status: int) -> Schema:
    found: Schema = {"description": phrase_of(status)}
    if status == HTTPStatus.NO_CONTENT:
        return found
    schema = reference(_answer(endpoint))
    found["content"] = {_JSON: {"schema": schema}}
    if endpoint.download:
        found["content"][_FILE] = {"schema": schema}
    if endpoint.name in _LOCATED and (status == HTTPStatus.ACCEPTED) == (
        endpoint.name == "scheduleOperation"
    ):
        where = f"The path of the {_LOCATED[endpoint.name]}."
        found["headers"] = {
            "Location": {"required": True, "description": where, "schema": {"type": "string"}}
        }
    return found


def _answer(endpoint: Endpoint) -> str:
    if endpoint.name in _ANSWERS:
        return _ANSWERS[endpoint.name]
    if endpoint.name.endswith("ValidationError"):
        return "ValidationError"
    return endpoint.name.removeprefix("get")


def _callback() -> Schema:
    return {
        "summary": "Scheduled Operation Status Changed",
        "requestBody": {"content": {_JSON: {"schema": reference("StatusChanged")}}},
        "responses": {"200": {"description": "Received; the body is empty."}},
        "security": [],
    }
