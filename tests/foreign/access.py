"""Authentication and webhook endpoints."""

import time
from typing import Any

from .messages import Answer, Refused, Request, general_error, strict_json, validation_error
from .state import State, Webhook, find, new_id

EVENT = "scheduledOperation.statusChanged"


def json_body(request: Request) -> Any:
    """The body of a request that must be `application/json`."""
    if request.media_type != "application/json":
        raise Refused(general_error(415, "Unsupported Media Type", original=request.media_type))
    try:
        return strict_json(request.body)
    except ValueError as error:
        raise Refused(validation_error("body", f"no JSON: {error}", request.body[:80])) from error


def authenticate(state: State, request: Request) -> Answer:
    """Answers "Authenticate with API"."""
    body = json_body(request)
    session = body.get("authSession") if isinstance(body, dict) and set(body) == {"authSession"} else None
    if not isinstance(session, dict) or set(session) != {"apiKey", "enterpriseId"}:
        return validation_error("authSession", "authSession has apiKey and enterpriseId", "")
    if session != {"apiKey": state.settings.api_key, "enterpriseId": state.settings.enterprise_id}:
        return general_error(401, "Unauthorized", "Failed to authenticate with the provided API Key")
    token = f"opaque.{new_id()}"
    state.tokens[token] = (time.monotonic() + state.settings.token_seconds, 0)
    return Answer(201, {"authSession": {"token": token}})


def register_webhook(state: State, request: Request) -> Answer:
    """Answers "Register new Webhook Receiver"."""
    body = json_body(request)
    if not isinstance(body, dict) or set(body) != {"enterpriseId", "url", "events"}:
        return validation_error("body", "enterpriseId, url and events are required", body)
    if body["enterpriseId"] != state.settings.enterprise_id:
        return general_error(403, "Forbidden", original=str(body["enterpriseId"]))
    if not str(body["url"]).startswith("https://"):
        message = "url field must be a valid URL with a 'https://...' scheme"
        return validation_error("url", message, body["url"])
    if body["events"] != [EVENT]:
        return validation_error("events", "unknown event type", body["events"])
    webhook = Webhook(new_id(), body["enterpriseId"], body["url"], body["events"])
    state.webhooks[webhook.id] = webhook
    return Answer(201, {"webhook": webhook.as_json()})


def get_webhooks(state: State, request: Request) -> Answer:
    """Answers "Get All Webhook Receivers for Enterprise"."""
    return Answer(200, {"webhooks": [each.as_json() for each in state.webhooks.values()]})


def get_webhook(state: State, request: Request, webhook_id: str) -> Answer:
    """Answers "Get Webhook Receiver by ID"."""
    return Answer(200, {"webhook": find(state.webhooks, webhook_id, "Webhook").as_json()})


def remove_webhook(state: State, request: Request, webhook_id: str) -> Answer:
    """Answers "Un-register/Remove Webhook Receiver"."""
    find(state.webhooks, webhook_id, "Webhook")
    del state.webhooks[webhook_id]
    return Answer(204)
