"""Handlers of the authentication and webhook endpoints."""

import hmac
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from xlsx2opeasy.sandbox.exchange import (
    enterprise_of,
    json_answer,
    json_body,
    no_content,
    require_json_accepted,
    rooms_of,
    text_in,
)
from xlsx2opeasy.sandbox.refusals import general_error, not_found, validation_error
from xlsx2opeasy.sandbox.webhooks import EVENTS


async def authenticate(request: Request) -> Response:
    """POST /v1/authsessions."""
    require_json_accepted(request)
    body = await json_body(request)
    key = text_in(body, "authSession.apiKey", secret=True)
    enterprise_id = text_in(body, "authSession.enterpriseId")
    rooms = rooms_of(request)
    key_fits = hmac.compare_digest(key.encode(), rooms.api_key.encode())
    if not key_fits or not rooms.settings.state.has_enterprise(enterprise_id):
        raise general_error(
            401, "Unauthorized", "Failed to authenticate with the provided API Key and Enterprise ID"
        )
    return json_answer({"authSession": {"token": rooms.tokens.issue(enterprise_id)}}, 201)


async def register_webhook(request: Request) -> Response:
    """POST /v1/webhooks."""
    enterprise_id = enterprise_of(request)
    require_json_accepted(request)
    body = await json_body(request)
    wanted = text_in(body, "enterpriseId")
    url = text_in(body, "url")
    events = _events(body)
    if not _is_https(url):
        raise validation_error("url", "url field must be a valid URL with a 'https://...' scheme", url)
    require_own_enterprise(request, enterprise_id, wanted, "register Webhook receiver")
    return json_answer({"webhook": rooms_of(request).webhooks.register(enterprise_id, url, events)}, 201)


async def get_webhooks(request: Request) -> Response:
    """GET /v1/webhooks."""
    enterprise_id = enterprise_of(request)
    require_json_accepted(request)
    return json_answer({"webhooks": rooms_of(request).webhooks.all_of(enterprise_id)})


async def get_webhook(request: Request) -> Response:
    """GET /v1/webhooks/{webhook-id}."""
    enterprise_id = enterprise_of(request)
    require_json_accepted(request)
    webhook_id = request.path_params["webhook_id"]
    found = rooms_of(request).webhooks.find(enterprise_id, webhook_id)
    if found is None:
        raise not_found("Webhook Receiver", webhook_id)
    return json_answer({"webhook": found})


async def remove_webhook(request: Request) -> Response:
    """DELETE /v1/webhooks/{webhook-id}."""
    webhook_id = request.path_params["webhook_id"]
    if not rooms_of(request).webhooks.remove(enterprise_of(request), webhook_id):
        raise not_found("Webhook Receiver", webhook_id)
    return no_content()


def require_own_enterprise(request: Request, own: str, wanted: str, deed: str) -> None:
    """404 where the enterprise does not exist, 403 where it is not the session's own."""
    if not rooms_of(request).settings.state.has_enterprise(wanted):
        raise not_found("Enterprise", wanted)
    if wanted != own:
        raise general_error(403, "Forbidden", f"Attempted to {deed} for an incorrect Enterprise ID", wanted)


def _events(body: dict[str, Any]) -> list[str]:
    events = body.get("events")
    if not isinstance(events, list) or not events:
        raise validation_error("events", "events must be a JSON List of event types", events)
    for number, event in enumerate(events):
        if event not in EVENTS:
            message = f"events[{number}] must be one of: {', '.join(EVENTS)}"
            raise validation_error(f"events[{number}]", message, event)
    return events


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
