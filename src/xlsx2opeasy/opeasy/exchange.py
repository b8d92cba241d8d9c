"""One request, sent once, and what its answer means: an `Answer`, or a `CallError` with its class."""

import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from xlsx2opeasy.opeasy.answers import MAX_BODY_BYTES, Answer, BadAnswer, cleaned, server_words
from xlsx2opeasy.opeasy.calls import Call
from xlsx2opeasy.opeasy.clock import Clock
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallError, CallFailure, Classification, ServerWords, error_of
from xlsx2opeasy.opeasy.hints import hint_for
from xlsx2opeasy.opeasy.reading import is_usable_id
from xlsx2opeasy.opeasy.retry import retry_after
from xlsx2opeasy.opeasy.transport import DeadlineTransport, deadline
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.secret import Secret

_REFUSALS: Final = frozenset({400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 415, 422, 425, 429})
"""Statuses that say the call was not applied; with 3xx."""

Sink = Callable[[Iterator[bytes]], None]
"""Takes the pieces of a 2xx body that is not to be held in memory."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds: `connect`, each `read` and `write`, and the whole call (`total`).

    An upload may take longer by its size at `slowest` bytes a second; a download has `download` in all.
    """

    connect: float = 10.0
    read: float = 60.0
    write: float = 60.0
    total: float = 120.0
    download: float = 1800.0
    slowest: float = 20_000.0

    def whole(self, bytes_sent: int, *, download: bool) -> float:
        """The time for one whole request and its answer."""
        return self.download if download else self.total + bytes_sent / self.slowest


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """One request as a log may tell it: no header, no body, no id but the request's own.

    `path` has its variables in braces; `status` is None where no answer came; `milliseconds` is the whole
    time. `server_date` is the answer's `Date`, for whoever compares clocks.
    """

    method: str
    path: str
    status: int | None
    milliseconds: int
    request_id: str
    server_date: str | None = None


class _Progress:
    """How far one request got."""

    def __init__(self) -> None:
        self.begun = False
        self.body = bytearray()
        self.response: httpx.Response | None = None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's trace: a CONNECT to a proxy is not yet the request."""
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self.begun = True

    def header(self, name: str) -> str | None:
        return None if self.response is None else self.response.headers.get(name)

    @property
    def status(self) -> int | None:
        return None if self.response is None else self.response.status_code


class Exchange:
    """The connection to the server; `on_request` is told of every request and must not raise."""

    def __init__(
        self,
        connection: Connection,
        timeouts: Timeouts,
        clock: Clock,
        on_request: Callable[[RequestEvent], None] | None,
    ) -> None:
        self._connection = connection
        self._timeouts = timeouts
        self._clock = clock
        self._on_request = on_request
        self._proxy = connection.proxy()
        self._client = httpx.Client(
            base_url=connection.origin,
            transport=DeadlineTransport(connection.ssl_context(), self._proxy, clock),
            headers={"User-Agent": connection.user_agent, "Connection": "close"},
            timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect, write=timeouts.write),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def send(self, call: Call, token: Secret | None, sink: Sink | None = None) -> Answer:
        """The 2xx answer, whole; raises CallError for everything else.

        With a `sink` the body of a 2xx answer goes there, and the Answer's is empty.
        """
        progress = _Progress()
        started = self._clock.monotonic()
        try:
            with self._request(call, token, progress) as request:
                self._receive(request, progress, started, sink)
        except (httpx.HTTPError, httpx.StreamError, BadAnswer, OSError) as problem:
            raise self._failed(call, token, progress, problem) from None
        finally:
            self._tell(call, progress, started)
        if not 200 <= (progress.status or 0) < 300:
            raise self._failed(call, token, progress, None)
        return self._answer(progress)

    @contextmanager
    def _request(self, call: Call, token: Secret | None, progress: _Progress) -> Iterator[httpx.Request]:
        with call.content() as content:
            yield self._client.build_request(
                call.endpoint.method,
                call.path,
                params=dict(call.query) or None,
                headers=call.headers(token.reveal() if token else None),
                extensions={"trace": progress.trace},
                **content,
            )

    def _receive(
        self, request: httpx.Request, progress: _Progress, started: float, sink: Sink | None
    ) -> None:
        sent = int(request.headers.get("Content-Length", 0))
        with deadline(started + self._timeouts.whole(sent, download=sink is not None)):
            progress.response = response = self._client.send(request, stream=True)
            try:
                if sink is not None and response.is_success:
                    sink(response.iter_bytes())
                    return
                for piece in response.iter_bytes():
                    progress.body += piece
                    if len(progress.body) > MAX_BODY_BYTES:
                        raise BadAnswer("it is too large")
            finally:
                response.close()

    def _answer(self, progress: _Progress) -> Answer:
        return Answer(
            progress.status or 0,
            bytes(progress.body),
            progress.header("Location"),
            retry_after(progress.header("Retry-After"), progress.header("Date")),
        )

    def _tell(self, call: Call, progress: _Progress, started: float) -> None:
        if self._on_request is not None:
            took = round(1000 * (self._clock.monotonic() - started))
            about = (call.endpoint.method, call.endpoint.path, progress.status, took, call.request_id)
            self._on_request(RequestEvent(*about, progress.header("Date")))

    def _failed(
        self, call: Call, token: Secret | None, progress: _Progress, problem: Exception | None
    ) -> CallError:
        certificate = _certificate_error(problem)
        reason, permanent = "", False
        if certificate is not None:
            reason, permanent = f"the server's certificate is not trusted: {certificate}", True
        elif isinstance(problem, httpx.ProxyError) and self._proxy is not None:
            where = self._proxy.url.copy_with(username=None, password=None)
            reason, permanent = (
                f"the proxy {where} answered {cleaned(str(problem))}",
                str(problem).startswith("4"),
            )
        else:
            reason = _phrase(progress.status) if problem is None else _reason(problem)
        failure = self._failure(call, token, progress, reason, permanent)
        login = call.endpoint.name == "authenticate"
        hint = hint_for(failure, self._connection, certificate=certificate is not None, login=login)
        return error_of(failure, hint, login=login)

    def _failure(
        self, call: Call, token: Secret | None, progress: _Progress, reason: str, permanent: bool
    ) -> CallFailure:
        known = [self._connection.api_key, *([token] if token else [])]
        status = progress.status
        is_2xx = status is not None and 200 <= status < 300
        return CallFailure(
            classification=_classified(progress),
            method=call.endpoint.method,
            path=call.endpoint.path,
            request_id=call.request_id,
            status=status,
            server=ServerWords()
            if is_2xx
            else server_words(progress.body, lambda text: _scrubbed(text, known)),
            reason=reason,
            evidence_id=evidence_of(call, progress.header("Location"), progress.body),
            retry_after=retry_after(progress.header("Retry-After"), progress.header("Date")),
            permanent=permanent,
        )


def misunderstood(call: Call, answer: Answer, problem: BadAnswer) -> CallError:
    """A 2xx answer that says not what it should: nobody knows what became of the call."""
    failure = CallFailure(
        classification=Classification.UNKNOWN,
        method=call.endpoint.method,
        path=call.endpoint.path,
        request_id=call.request_id,
        status=answer.status,
        reason=f"the answer cannot be understood, {problem}",
        evidence_id=evidence_of(call, answer.location, answer.body),
        retry_after=answer.retry_after,
    )
    return error_of(failure)


def evidence_of(call: Call, location: str | None, body: bytes | bytearray) -> str | None:
    """An id that arrived in an answer which is no success by itself, for a call that makes something."""
    if call.endpoint.success[0] not in (201, 202) or call.endpoint.name == "authenticate":
        return None
    own = {*call.ids.values(), *_IDS.findall(json.dumps(call.body))}
    told = _LOCATION.search(location or "")
    ids = ([told[1]] if told else []) + _IDS.findall(body.decode("utf-8", "replace"))
    return next((each for each in ids if each not in own and is_usable_id(each)), None)


_LOCATION = re.compile(r"/(?:scheduledoperations|operations|webhooks)/([A-Za-z0-9_-]+)")
_IDS = re.compile(r'"id"\s*:\s*"([A-Za-z0-9_-]+)"')


def _classified(progress: _Progress) -> Classification:
    if not progress.begun:
        return Classification.NOT_SENT
    status = progress.status or 0
    refused = status in _REFUSALS or 300 <= status < 400
    return Classification.REJECTED if refused else Classification.UNKNOWN


def _certificate_error(problem: BaseException | None) -> str | None:
    while problem is not None:
        if isinstance(problem, ssl.SSLCertVerificationError):
            return problem.verify_message or str(problem)
        problem = problem.__cause__ or problem.__context__
    return None


def _phrase(status: int | None) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""


def _reason(problem: Exception) -> str:
    match problem:
        case httpx.ConnectTimeout():
            return "the server did not answer the connection in time"
        case httpx.ConnectError():
            return f"no connection ({problem})"
        case httpx.TimeoutException():
            return "the time was over before the whole answer had come"
        case BadAnswer():
            return f"the answer cannot be understood, {problem}"
        case OSError():
            return f"the file to be sent could not be read to its end ({problem.strerror})"
        case _:
            return f"the connection broke before the whole answer had come ({type(problem).__name__})"


def _scrubbed(text: str, known: list[Secret]) -> str:
    for secret in known:
        text = text.replace(secret.reveal(), MASK)
    return text
