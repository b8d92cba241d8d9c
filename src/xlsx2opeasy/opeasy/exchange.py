"""One request, sent once, and what its answer means: an `Answer`, or a `CallError` with its class."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from xlsx2opeasy.http.clock import Clock
from xlsx2opeasy.http.retry import retry_after
from xlsx2opeasy.http.strict_json import MAX_BODY_BYTES, BadAnswer
from xlsx2opeasy.http.transport import DeadlineTransport, deadline
from xlsx2opeasy.opeasy.answers import Answer
from xlsx2opeasy.opeasy.calls import FILE, Call
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallError, error_of
from xlsx2opeasy.opeasy.failures import Progress, failure_of
from xlsx2opeasy.opeasy.hints import hint_for
from xlsx2opeasy.secret import Secret

MAX_FILE_BYTES: Final = 2**30
"""The largest list that is taken as a file."""


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
        self.hidden: Callable[[str], str] = str
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

    def send(self, call: Call, token: Secret | None) -> Answer:
        """The 2xx answer, whole; raises CallError for everything else."""
        progress = Progress()
        started = self._clock.monotonic()
        try:
            with self._request(call, token, progress) as request:
                self._receive(request, progress, started, is_file=call.accept == FILE)
        except (httpx.HTTPError, httpx.StreamError, BadAnswer, OSError) as problem:
            raise self._failed(call, token, progress, problem) from None
        finally:
            self._tell(call, progress, started)
        if not 200 <= (progress.status or 0) < 300:
            raise self._failed(call, token, progress, None)
        return self._answer(progress)

    @contextmanager
    def _request(self, call: Call, token: Secret | None, progress: Progress) -> Iterator[httpx.Request]:
        with call.content() as content:
            yield self._client.build_request(
                call.endpoint.method,
                call.path,
                params=dict(call.query) or None,
                headers=call.headers(token.reveal() if token else None),
                extensions={"trace": progress.trace},
                **content,
            )

    def _receive(self, request: httpx.Request, progress: Progress, started: float, *, is_file: bool) -> None:
        sent = int(request.headers.get("Content-Length", 0))
        with deadline(started + self._timeouts.whole(sent, download=is_file)):
            progress.response = response = self._client.send(request, stream=True)
            try:
                most = MAX_FILE_BYTES if is_file and response.is_success else MAX_BODY_BYTES
                for piece in response.iter_bytes():
                    progress.body += piece
                    if len(progress.body) > most:
                        raise BadAnswer("it is too large")
            finally:
                response.close()

    def _answer(self, progress: Progress) -> Answer:
        return Answer(
            progress.status or 0,
            bytes(progress.body),
            progress.header("Location"),
            retry_after(progress.header("Retry-After"), progress.header("Date")),
        )

    def _tell(self, call: Call, progress: Progress, started: float) -> None:
        if self._on_request is not None:
            took = round(1000 * (self._clock.monotonic() - started))
            about = (call.endpoint.method, call.endpoint.path, progress.status, took, call.request_id)
            self._on_request(RequestEvent(*about, progress.header("Date")))

    def _failed(
        self, call: Call, token: Secret | None, progress: Progress, problem: Exception | None
    ) -> CallError:
        known = [self._connection.api_key, *([token] if token else [])]
        failure = failure_of(call, progress, problem, self._proxy, known, self.hidden)
        login = call.endpoint.name == "authenticate"
        return error_of(failure, hint_for(failure, self._connection, login=login), login=login)
