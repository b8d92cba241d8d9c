"""The application: one route for each of the catalogue's endpoints, so that none is forgotten."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from xlsx2opeasy.sandbox import openapi_page, operations, scheduled, sessions
from xlsx2opeasy.sandbox.backend import Backend
from xlsx2opeasy.sandbox.connections import Connections
from xlsx2opeasy.sandbox.exchange import Rooms
from xlsx2opeasy.sandbox.faults import FaultRules
from xlsx2opeasy.sandbox.gate import Gate, answer_of
from xlsx2opeasy.sandbox.refusals import Refusal, status_error
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.store import Store
from xlsx2opeasy.sandbox.tokens import Tokens
from xlsx2opeasy.sandbox.truth import Truth
from xlsx2opeasy.sandbox.webhooks import Webhooks
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.endpoints import ENDPOINTS, Endpoint
from xlsx2opeasy.spec.model import TaskType

_Plain = Callable[[Request], Awaitable[Response]]
_Typed = Callable[[Request, TaskType], Awaitable[Response]]

PLAIN: Final[dict[str, _Plain]] = {
    "authenticate": sessions.authenticate,
    "registerWebhook": sessions.register_webhook,
    "getWebhooks": sessions.get_webhooks,
    "getWebhook": sessions.get_webhook,
    "removeWebhook": sessions.remove_webhook,
    "createOperation": operations.create_operation,
    "appendTasks": operations.append_tasks,
    "getOperation": operations.get_operation,
    "deleteOperation": operations.delete_operation,
    "scheduleOperation": scheduled.schedule_operation,
    "getScheduledOperationStatus": scheduled.get_status,
    "getResults": scheduled.get_results,
    "deleteScheduledOperation": scheduled.delete_scheduled_operation,
}
"""Endpoints that are there once, by name."""

TYPED: Final[dict[str, _Typed]] = {
    "get{}Tasks": operations.get_tasks,
    "get{}ValidationErrors": operations.get_validation_errors,
    "get{}ValidationError": operations.get_validation_error,
    "delete{}ValidationError": operations.delete_validation_error,
    "get{}Results": scheduled.get_typed_results,
}
"""Endpoints that are there for each task type, by name with the task type's place left open."""


def create_app(
    settings: SandboxSettings,
    *,
    connections: Connections | None = None,
    extra_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The sandbox as an ASGI application.

    `connections` are those of the server that runs it (faults that cut a connection need them).
    `extra_routes` are served beside the API's, with their whole path (`/v1/...`); faults apply to them too.
    `app.state.rooms` and `app.state.truth` show what goes on inside.

    Raises:
        FaultRuleError: a fault cannot be understood.
        NumbersRefused: the state's numbers and users contradict each other.
        OSError: `webhook_ca` cannot be read, or (`ssl.SSLError`) holds no certificate.
    """
    truth, rules = Truth(), FaultRules(settings.faults)
    rooms = _rooms(settings, truth)
    routes = [_route(endpoint) for endpoint in ENDPOINTS]
    gate = Middleware(
        Gate,
        settings=settings,
        rules=rules,
        truth=truth,
        connections=connections or Connections(),
        routes=routes,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        rooms.webhooks.close()
        rooms.backend.close()

    app = Starlette(
        routes=[*routes, *openapi_page.routes(), *extra_routes],
        middleware=[gate],
        exception_handlers=dict.fromkeys((Refusal, HTTPException, Exception), _failed),
        lifespan=lifespan,
    )
    app.state.rooms, app.state.truth = rooms, truth
    app.router.redirect_slashes = False
    return app


def _rooms(settings: SandboxSettings, truth: Truth) -> Rooms:
    store, webhooks = Store(), Webhooks(truth, settings.webhook_ca)
    return Rooms(
        settings=settings,
        api_key=settings.api_key or secrets.token_hex(16),
        tokens=Tokens(settings.token_life),
        store=store,
        backend=Backend(settings, store, webhooks, truth),
        webhooks=webhooks,
    )


def _route(endpoint: Endpoint) -> Route:
    path = endpoint.path.replace("-", "_")
    return Route(path, _handler(endpoint), methods=[endpoint.method], name=endpoint.name)


def _handler(endpoint: Endpoint) -> _Plain:
    if endpoint.task_type is None:
        return PLAIN[endpoint.name]
    typed = TYPED[endpoint.name.replace(endpoint.task_type, "{}")]
    task_type = BY_NAME[endpoint.task_type]

    async def handle(request: Request) -> Response:
        return await typed(request, task_type)

    return handle


def _failed(request: Request, error: Exception) -> Response:
    if isinstance(error, Refusal):
        return answer_of(error)
    if isinstance(error, HTTPException):
        headers = dict(error.headers) if error.headers else None
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers = {"Allow": ", ".join(_methods_at(request))}
        return answer_of(status_error(error.status_code, str(error.detail), headers))
    request.app.state.truth.crashes.append(repr(error))
    return answer_of(status_error(500, "The sandbox failed at this call"))


def _methods_at(request: Request) -> list[str]:
    """Every method that the path of the request has; the router tells those of one route only."""
    matching = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
    return sorted({method for route in matching for method in route.methods or ()})
