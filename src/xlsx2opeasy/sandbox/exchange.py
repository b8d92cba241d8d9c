"""What every handler does with requests and answers: who calls, JSON bodies, pages, files, JSON answers."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from xlsx2opeasy.sandbox.backend import Backend
from xlsx2opeasy.sandbox.refusals import general_error, status_error, validation_error
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.store import Store
from xlsx2opeasy.sandbox.strict_json import BrokenJson, loads
from xlsx2opeasy.sandbox.tokens import Tokens
from xlsx2opeasy.sandbox.upload import broken_json
from xlsx2opeasy.sandbox.webhooks import Webhooks

_T = TypeVar("_T")

PAGE_SIZE: Final = 50
_LARGEST_JSON_BODY: Final = 1 << 20
_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the handlers work on: one of each for one sandbox, in `app.state.rooms`."""

    settings: SandboxSettings
    api_key: str
    tokens: Tokens
    store: Store
    backend: Backend
    webhooks: Webhooks


def rooms_of(request: Request) -> Rooms:
    """The rooms of the sandbox that got this request."""
    rooms: Rooms = request.app.state.rooms
    return rooms


def enterprise_of(request: Request) -> str:
    """The enterprise of the token in `Authorization` (the token alone, no scheme); raises 401."""
    return rooms_of(request).tokens.enterprise_of(request.headers.get("authorization", ""))


def media_type(value: str) -> str:
    """A media type without its parameters, lower case."""
    return value.partition(";")[0].strip().lower()


def accepts(request: Request, wanted: str) -> bool:
    """Whether the `Accept` header names `wanted`, or anything; no header means anything."""
    accepted = {media_type(each) for each in request.headers.get("accept", "*/*").split(",")}
    return bool(accepted & {wanted, wanted.partition("/")[0] + "/*", "*/*"})


def wants_file(request: Request) -> bool:
    """Whether this is a request for a file ("Enabling File Download on Supported Endpoints")."""
    offered = (media_type(each) for each in request.headers.get("accept", "").split(","))
    return "application/octet-stream" in offered


def require_json_accepted(request: Request) -> None:
    """Raises 406 where the client would not take JSON."""
    if not accepts(request, "application/json"):
        raise status_error(406, "This endpoint answers with application/json")


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object in the body; raises 415, 413, 400."""
    if media_type(request.headers.get("content-type", "")) != "application/json":
        raise status_error(415, "Content-Type must be application/json")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _LARGEST_JSON_BODY:
            raise status_error(413, f"The body may have at most {_LARGEST_JSON_BODY} bytes")
    try:
        body = loads(bytes(raw))
    except BrokenJson as error:
        raise broken_json(error) from error
    if not isinstance(body, dict):
        raise general_error(400, "Invalid JSON", "The body must be a JSON object")
    return body


def text_in(body: dict[str, Any], path: str, *, secret: bool = False) -> str:
    """The text at a dotted path of a body; raises 400 naming the field. A secret is not echoed."""
    value: Any = body
    reached: list[str] = []
    for name in path.split("."):
        if not isinstance(value, dict):
            raise validation_error(".".join(reached), f"{'.'.join(reached)} must be a JSON Object", value)
        reached.append(name)
        if name not in value:
            raise validation_error(".".join(reached), f"{'.'.join(reached)} is missing")
        value = value[name]
    if not isinstance(value, str) or not value:
        raise validation_error(path, f"{path} must be a String that is not empty", None if secret else value)
    return value


def json_answer(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
    return Response(raw, status, headers, media_type="application/json")


def no_content() -> Response:
    """204."""
    return Response(status_code=204)


def list_answer(request: Request, name: str, items: Sequence[_T], shown: Callable[[_T], bytes]) -> Response:
    """A page of `items` (each `shown` as JSON), or all of them as a file where the client asks for that."""
    if wants_file(request) and rooms_of(request).settings.file_downloads:
        return _file(name, [shown(item) for item in items])
    require_json_accepted(request)
    size = _number(request, "pageSize", PAGE_SIZE, least=1)
    number = _number(request, "pageNumber", 0, least=0)
    page = [shown(item) for item in items[number * size : (number + 1) * size]]
    paging = {
        "pageSize": size,
        "pageNumber": number,
        "totalPages": -(-len(items) // size),
        "totalItems": len(items),
    }
    head = json.dumps(paging, separators=(",", ":"))[:-1]
    return _stream(_list_parts(f'{head},"{name}":['.encode(), page), "application/json", {})


def _file(name: str, items: list[bytes]) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name.lower()}.json"'}
    return _stream(_list_parts(f'{{"{name}":['.encode(), items), "application/octet-stream", disposition)


def _stream(parts: list[bytes], content_type: str, headers: dict[str, str]) -> Response:
    length = {"Content-Length": str(sum(map(len, parts)))}
    return StreamingResponse(_in_blocks(parts), headers=headers | length, media_type=content_type)


def _list_parts(head: bytes, items: Iterable[bytes]) -> list[bytes]:
    parts = [head]
    for item in items:
        parts += (item, b",")
    if len(parts) > 1:
        parts.pop()
    return [*parts, b"]}"]


def _in_blocks(parts: list[bytes]) -> Iterator[bytes]:
    for start in range(0, len(parts), _AT_ONCE):
        yield b"".join(parts[start : start + _AT_ONCE])


def _number(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise validation_error(name, f"{name} must be an Integer of at least {least}", text)
    return int(text)
