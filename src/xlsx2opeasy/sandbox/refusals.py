"""Answers that say no, in the shapes of Appendix VI; every room of the sandbox raises them."""

import json
from http import HTTPStatus
from typing import Any

_LONGEST_ECHO = 200

_NEW_NAMES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""As RFC 9110 names them, and Python from 3.13 on."""


class Refusal(Exception):
    """An error answer: a status code and the body of Appendix VI."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(body["message"])
        self.status = status
        self.body = body
        self.headers = headers or {}


def validation_error(field: str, message: str, original: object = None) -> Refusal:
    """400 for the value of one field of the request's body or query (Appendix VI, "Validation Error")."""
    detail = {"fieldName": field, "message": message, "originalInput": _echo(original)}
    return Refusal(400, {"errorCode": "400", "message": message, "validationError": detail})


def general_error(
    status: int,
    message: str,
    detail: str = "",
    original: str | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal:
    """Any other error (Appendix VI, "General Error"); `detail` is the long message."""
    inner = {"message": detail or message}
    if original is not None:
        inner["originalInput"] = _echo(original)
    return Refusal(status, {"errorCode": str(status), "message": message, "generalError": inner}, headers)


def status_error(status: int, detail: str = "", headers: dict[str, str] | None = None) -> Refusal:
    """A general error whose message is the status code's own phrase."""
    return general_error(status, phrase_of(status), detail, headers=headers)


def phrase_of(status: int) -> str:
    """The reason phrase of a status code, the same whatever Python runs."""
    try:
        return _NEW_NAMES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def not_found(what: str, identifier: str) -> Refusal:
    """404 in the words of Appendix VI's example."""
    return general_error(
        404, f"{what} not found", f"{what} with ID={_echo(identifier)} could not be found", identifier
    )


def _echo(original: object) -> str:
    if original is None:
        return ""
    text = original if isinstance(original, str) else json.dumps(original, ensure_ascii=False)
    return text[:_LONGEST_ECHO]
