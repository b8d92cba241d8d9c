"""The gate before every page: who may ask, how much may be sent and how slowly, what each answer carries.

The Host is looked at before anything else (a rebound name has this machine's address and its own Host), then
the token, the cookie, and where the request comes from. Comparing Origin with Host alone would be useless
against rebinding; and a cookie alone would be sent along by other servers' pages on this machine, for which
all ports are one site.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_FORM = 256 * 1024
"""Bytes of any form but an upload."""
MULTIPART_OVERHEAD = 64 * 1024
MOST_DRAINED = 1 << 30
"""Of a body that is refused for its length, what is read and dropped."""
SILENCE = 15.0
"""Seconds in which some bytes of a body must come."""
GRACE, SLOWEST = 30.0, 64 * 1024
"""After `GRACE` seconds a body must have come at `SLOWEST` bytes a second on the whole."""

POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
_HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_READING = ("GET", "HEAD")


class Access:
    """Who may come in: the hosts of this port, a token for the first visit, and the cookie for all others.

    All are made when the program starts, so that nothing of an earlier run is worth anything.
    """

    def __init__(self, port: int) -> None:
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self.token = secrets.token_urlsafe(32)
        self.cookie_name = f"xlsx2opeasy-{port}"
        self.cookie_value = secrets.token_urlsafe(32)

    def host(self, headers: Headers) -> str | None:
        """The request's Host where it is one of ours and the only one."""
        given = [each.lower() for each in headers.getlist("host")]
        return given[0] if len(given) == 1 and given[0] in self.hosts else None

    def has_cookie(self, headers: Headers) -> bool:
        """Whether the cookie of this run is among those that came along."""
        pairs = (
            each.strip().partition("=") for line in headers.getlist("cookie") for each in line.split(";")
        )
        values = [value for name, _, value in pairs if name == self.cookie_name]
        return any(_equal(value, self.cookie_value) for value in values)

    def entered(self, token: str) -> Response | None:
        """The answer to the address with the token: a redirect to one without it, and the cookie."""
        if not _equal(token, self.token):
            return None
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(self.cookie_name, self.cookie_value, httponly=True, samesite="strict", path="/")
        return answer


def _equal(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(errors="surrogateescape"), wanted.encode())


class Gate:
    """ASGI middleware around the whole application; `upload_limit` are the bytes of a workbook."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        upload_limit: int,
        upload_paths: Iterable[str] = (),
        on_entered: Callable[[], None] = lambda: None,
    ) -> None:
        self._app, self._access, self._on_entered = app, access, on_entered
        self._upload_limit = upload_limit
        self._upload_paths = frozenset(upload_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers itself, or lets the request through with a limited body."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no WebSocket is served
        sending = _with_headers(send)
        headers = Headers(scope=scope)
        answer = self._answer(scope, headers)
        is_multipart = headers.get("content-type", "").casefold().startswith("multipart/form-data")
        is_upload = scope["path"] in self._upload_paths and is_multipart
        limit = self._upload_limit + MULTIPART_OVERHEAD if is_upload else LONGEST_FORM
        if answer is None:
            answer = _refused_length(headers, limit, self._upload_limit if is_upload else None)
        if answer is not None:
            await answer(scope, receive, sending)
            return
        await self._app(scope, _LimitedBody(receive, limit), sending)

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        """What is answered without asking the application; None where the request may go on."""
        host = self._access.host(headers)
        if host is None:
            return _refusal(HTTPStatus.FORBIDDEN, "This page answers at its own address only.")
        method = scope["method"]
        if method not in (*_READING, "POST"):
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "This page takes GET and POST only.")
        if (foreign := _foreign(method, headers, host)) is not None:
            return foreign
        if method in _READING and scope["path"] == "/" and (token := _token(scope)) is not None:
            answer = self._access.entered(token)
            if answer is None:
                return _refusal(HTTPStatus.FORBIDDEN, "This address is not valid any more. " + _HOW_TO_ENTER)
            self._on_entered()
            return answer
        if not self._access.has_cookie(headers):
            return _no_cookie(method, headers)
        return None


_HOW_TO_ENTER = "Start the program again, or open the address that it showed when it started."


def _foreign(method: str, headers: Headers, host: str) -> Response | None:
    """The refusal of a request that another page makes; None where it is our own page's, or a person's.

    A form must say where it comes from. A person's own navigation (a bookmark, a link in a mail) may open a
    page, and gets no further than a page.
    """
    site, origin = (_only(headers, name) for name in ("sec-fetch-site", "origin"))
    navigation = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    if method in _READING:
        own = site in (None, "same-origin", "none") or navigation
        good = own and origin in (None, f"http://{host}")
    else:
        said = site is not None or origin is not None
        good = said and site in (None, "same-origin") and origin in (None, f"http://{host}")
    return None if good else _refusal(HTTPStatus.FORBIDDEN, "Another page asked for this; nothing was done.")


def _only(headers: Headers, name: str) -> str | None:
    """The header's value; of several all, which then equal none that is allowed."""
    return ", ".join(headers.getlist(name)) if name in headers else None


def _token(scope: Scope) -> str | None:
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return next((value for name, value in pairs if name == "token"), None)


def _no_cookie(method: str, headers: Headers) -> Response:
    """A browser that comes from elsewhere (a file, a mail) omits a strict cookie: it is sent round once."""
    came_from_elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    again = (
        '<meta http-equiv="refresh" content="0; url=/">' if came_from_elsewhere and method == "GET" else ""
    )
    return _refusal(HTTPStatus.FORBIDDEN, _HOW_TO_ENTER, again)


def _refused_length(headers: Headers, limit: int, workbook: int | None) -> Response | None:
    """The refusal of a body that says that it is too long; `workbook` is the limit of one, for an upload."""
    length = headers.get("content-length", "0")
    known = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None
    if known is not None and known <= limit:
        return None
    words = f"What was sent is larger than {limit:,} bytes. Nothing was done."
    if workbook is not None and known is not None:
        words = (
            f"The workbook is refused: it has some {known:,} bytes, more than {workbook:,}, the limit."
            " Split the rows over several workbooks."
        )
    style = '<link rel="stylesheet" href="/static/app.css">'  # who sends this has the cookie
    return _Drained(_refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words, style, close=True))


class _Drained(Response):
    """An answer at once; then the body is read and dropped for a while, or a browser would not show it."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.body, answer.status_code, dict(answer.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": bytes(self.body), "more_body": True})
        body = _LimitedBody(receive, MOST_DRAINED)
        with contextlib.suppress(HTTPException):
            while (message := await body())["type"] == "http.request" and message.get("more_body"):
                pass
        await send({"type": "http.response.body", "body": b""})


def _refusal(status: HTTPStatus, words: str, head: str = "", *, close: bool = False) -> Response:
    """A small page without anything of ours in it. `words` hold nothing that came from outside."""
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{head}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{status.phrase}</title></head><body><main><h1>{status.phrase}</h1><p>{words}</p>"
        f'<p><a href="/">xlsx2opeasy</a></p></main></body></html>'
    )
    return HTMLResponse(page, status, {"connection": "close"} if close else None)


def _with_headers(send: Send) -> Send:
    """Adds what every answer carries; a page may have a policy of its own (the report)."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers["cache-control"] = "no-store"
        await send(message)

    return sending


class _LimitedBody:
    """A request's body, refused where it becomes too long or comes too slowly."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._began, self._taken, self._complete = time.monotonic(), 0, False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()  # waits for the connection's end
        left = self._began + GRACE + self._taken / SLOWEST - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, min(SILENCE, left)))
        except TimeoutError:
            raise _refused(HTTPStatus.REQUEST_TIMEOUT, "What was sent came too slowly.") from None
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._taken > self._limit:
                raise _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "What was sent is too large.")
        return message


def _refused(status: HTTPStatus, words: str) -> HTTPException:
    return HTTPException(status, words, {"connection": "close"})
