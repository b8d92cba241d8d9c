"""One call as it will be sent, the same bytes at each try, and the whole answer to it."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.http.strict_json import read_json
from xlsx2opeasy.masking import Masker
from xlsx2opeasy.opeasy.reading import is_usable_id
from xlsx2opeasy.spec.endpoints import BY_ENDPOINT_NAME, Endpoint

JSON: Final = "application/json"
FILE: Final = "application/octet-stream"


def new_request_id() -> str:
    """A fresh `X-Request-Id`."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Upload:
    """A JSON file for multipart/form-data, streamed from disk or its bytes, after plain form fields."""

    file: Path | bytes
    filename: str
    fields: Mapping[str, str] = field(default_factory=dict)
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))

    def __post_init__(self) -> None:
        if not self.filename.endswith(".json"):
            raise ValueError("the name of an uploaded file ends in .json")

    def opened(self) -> AbstractContextManager[BinaryIO | bytes]:
        """The file, to be read from its beginning, or its bytes; LocalFailure where it cannot be."""
        if isinstance(self.file, bytes):
            return nullcontext(self.file)
        try:
            return self.file.open("rb")
        except OSError as problem:
            raise LocalFailure(f"{self.file} cannot be read: {problem.strerror}") from None


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call of an endpoint, with the values of its path's variables.

    `request_id` goes out as `X-Request-Id`, and as `Idempotency-Key` where the call is a POST or PATCH.
    """

    endpoint: Endpoint
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = None
    accept: str = JSON
    request_id: str = field(default_factory=new_request_id)

    def __post_init__(self) -> None:
        if not self.request_id or not all("!" <= each <= "~" for each in self.request_id):
            raise ValueError("a request id is printable ASCII without spaces")

    @property
    def changes_something(self) -> bool:
        """Whether it is more than a question or a login."""
        return self.endpoint.method != "GET" and self.endpoint.name != "authenticate"

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when its outcome is unknown: not what creates something."""
        return self.endpoint.method in ("GET", "DELETE") or self.endpoint.name == "authenticate"

    @property
    def path(self) -> str:
        """The path, each id percent-encoded as one segment; UsageError for what can be no id."""
        path = self.endpoint.path
        for name, value in self.ids.items():
            if not is_usable_id(value):
                raise UsageError(f"{value[:80]!r} cannot be an id of the API ({name})")
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return path

    def headers(self, token: str | None) -> dict[str, str]:
        """The headers, but for those that httpx makes of the content."""
        made = {"Accept": self.accept, "Accept-Encoding": "identity", "X-Request-Id": self.request_id}
        if token is not None:
            made["Authorization"] = token
        if self.endpoint.method in ("POST", "PATCH"):
            made["Idempotency-Key"] = self.request_id
        if self.body is not None:
            made["Content-Type"] = JSON
        if self.upload is not None:
            made["Content-Type"] = f"multipart/form-data; boundary={self.upload.boundary}"
        return made

    @contextmanager
    def content(self) -> Iterator[dict[str, Any]]:
        """The body, as arguments of httpx's `build_request`; a file is read from the disk each time."""
        if self.upload is not None:
            with self.upload.opened() as file:
                parts = [(name, (None, text, "text/plain")) for name, text in self.upload.fields.items()]
                yield {"files": [*parts, ("file", (self.upload.filename, file, JSON))]}
        else:
            yield {} if self.body is None else {"content": json.dumps(self.body).encode()}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole 2xx answer; `retry_after` is in seconds, `location` as it came."""

    status: int
    body: bytes | bytearray = field(repr=False)
    location: str | None = None
    retry_after: float | None = None
    mask: Masker = field(default_factory=Masker, repr=False)

    def json(self) -> Any:  # noqa: ANN401
        """Its JSON value, credentials masked everywhere but in the contents of tasks; raises BadAnswer.

        An id that holds a credential is no id: masked, it would be another one.
        """
        return self.masked(read_json(self.body))

    def masked(self, value: Any) -> Any:  # noqa: ANN401
        """A JSON value of it, changed in place: credentials masked but in the contents of tasks."""
        return self.mask.tree(value, apart=_CONTENTS)


_CONTENTS: Final = frozenset({"content"})


def call_to(
    name: str,
    *,
    body: Mapping[str, Any] | None = None,
    upload: Upload | None = None,
    request_id: str | None = None,
    **ids: str,
) -> ApiCall:
    """A call of the endpoint `name`; `operation_id` fills `{operation-id}` in its path."""
    variables = {variable.replace("_", "-"): value for variable, value in ids.items()}
    request_id = request_id or new_request_id()
    return ApiCall(BY_ENDPOINT_NAME[name], variables, body=body, upload=upload, request_id=request_id)
