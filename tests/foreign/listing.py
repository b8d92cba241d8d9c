"""Lists as pages or as a file, and secrets behind a mask."""

import math
from typing import Any

from .appendix import SECRETS
from .messages import Answer, Refused, Request, validation_error
from .state import State

DEFAULT_PAGE_SIZE = 50


def masked(value: Any, mask: str | None) -> Any:
    """The same JSON with `mask` in place of every secret; unchanged where there is no mask."""
    if mask is None:
        return value
    if isinstance(value, list):
        return [masked(each, mask) for each in value]
    if isinstance(value, dict):
        return {key: mask if key in SECRETS else masked(each, mask) for key, each in value.items()}
    return value


def listing(state: State, request: Request, task_type: str, items: list[dict[str, Any]]) -> Answer:
    """A file of all items where `Accept` asks for one, else the page that the query asks for."""
    items = masked(items, state.settings.mask)
    if "application/octet-stream" in request.header("Accept"):
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{task_type}.json"',
        }
        return Answer(200, {task_type: items}, headers)
    size = _number(request, "pageSize", DEFAULT_PAGE_SIZE, 1)
    size = min(size, state.settings.page_limit or size)
    number = _number(request, "pageNumber", 0, 0)
    page = {
        "pageSize": size,
        "pageNumber": number,
        "totalPages": math.ceil(len(items) / size),
        "totalItems": len(items),
        task_type: items[number * size : (number + 1) * size],
    }
    return Answer(200, page)


def _number(request: Request, name: str, default: int, least: int) -> int:
    text = dict(request.query).get(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise Refused(validation_error(name, f"{name} must be an integer from {least} on", text))
    return int(text)
