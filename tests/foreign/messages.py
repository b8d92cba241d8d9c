"""Requests as they arrived and answers as they leave; `api` reads the ones and makes the others."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class Refused(Exception):
    """The specification does not allow this request; `answer` is what the client is told."""

    def __init__(self, answer: "Answer") -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body; `content_type` is "" where the part has no such header."""

    name: str | None
    filename: str | None
    disposition: str | None
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `headers` in their order and spelling, `target` with its query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The query's pairs, in their order."""
        return tuple(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def call(self) -> str:
        """`GET /v1/operations/…`, to compare with and to print."""
        return f"{self.method} {self.path}"

    def header(self, name: str) -> str:
        """The header's value, or "" where it was not sent."""
        return next((value for key, value in self.headers if key.casefold() == name.casefold()), "")

    @property
    def media_type(self) -> str:
        """The media type of the body, without its parameters."""
        return self.header("Content-Type").partition(";")[0].strip().casefold()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of a multipart body; ValueError where it is none."""
        return multipart(self.header("Content-Type"), self.body)


@dataclass(frozen=True)
class Answer:
    """What the client is sent. A dict or list goes as JSON, bytes as they are, None as no body.

    `cut_after` ends the connection after so many bytes of the body; `seconds_per_byte` lets it drip. With
    `times` the body is sent so often, of a length that is not announced.
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    seconds_per_byte: float = 0.0
    times: int = 1

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        return json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Cut:
    """Ends the connection without an answer; `reset` sends RST rather than FIN."""

    reset: bool = False


def general_error(status: int, message: str, detail: str = "", original: str | None = None) -> Answer:
    """Appendix VI, "General Error"."""
    error = {"message": detail or message}
    if original is not None:
        error["originalInput"] = original
    return Answer(status, {"errorCode": str(status), "message": message, "generalError": error})


def validation_error(field_name: str, message: str, original: Any) -> Answer:
    """Appendix VI, "Validation Error"."""
    error = {"fieldName": field_name, "message": message, "originalInput": str(original)}
    return Answer(400, {"errorCode": "400", "message": message, "validationError": error})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def strict_json(body: bytes) -> Any:
    """UTF-8 JSON in which no key stands twice and no NaN; ValueError otherwise."""
    return json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)


def _part(raw: bytes) -> Part:
    head, found, body = raw.partition(b"\r\n\r\n")
    if not found:
        raise ValueError("a part has no end of its headers")
    message = BytesParser(policy=HTTP).parsebytes(head.removeprefix(b"\r\n") + b"\r\n\r\n", headersonly=True)
    name = message.get_param("name", header="content-disposition")
    return Part(
        name if isinstance(name, str) else None,
        message.get_filename(),
        message.get_content_disposition(),
        message.get_content_type() if message["content-type"] is not None else "",
        body,
    )


def multipart(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a body of RFC 2046's shape, to the letter; ValueError otherwise."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        raise ValueError("no multipart/form-data with a boundary")
    first, *raw_parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if first or not raw_parts or raw_parts.pop().rstrip(b"\r\n") != b"--":
        raise ValueError("the boundaries do not enclose the body")
    return tuple(_part(raw) for raw in raw_parts)
