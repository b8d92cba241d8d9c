"""One request, sent once, and what its answer means: an `Answer`, or a `CallError` with its class."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

import httpx

from xlsx2opeasy.http.protocol import OnRequest, RequestEvent, request_ended
from xlsx2opeasy.http.retry import SILENCE, RetryLoop, retry_after
from xlsx2opeasy.http.strict_json import MAX_BODY_BYTES, BadAnswer
from xlsx2opeasy.http.transport import Progress, http_client, receive
from xlsx2opeasy.masking import Masker
from xlsx2opeasy.opeasy.calls import FILE, Answer, ApiCall
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallError, error_of
from xlsx2opeasy.opeasy.failures import failure_of, hint_for
from xlsx2opeasy.secret import Secret

MAX_FILE_BYTES: Final = 2**30
"""The largest list that is taken as a file, in bytes."""


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


def _allow() -> None:
    """Nothing keeps a call from being sent."""


class Exchange:
    """The connection to the server; `on_request` gets every request as it ends and must not raise."""

    def __init__(
        self,
        connection: Connection,
        timeouts: Timeouts,
        loop: RetryLoop,
        mask: Masker,
        on_request: OnRequest | None,
    ) -> None:
        self._connection = connection
        self._timeouts = timeouts
        self._loop = loop
        self._clock = loop.clock
        self._mask = mask
        self._on_request = on_request
        self.before_change: Callable[[], None] = _allow
        self.most_file_bytes = MAX_FILE_BYTES
        self._proxy = connection.proxy()
        self._client = http_client(
            connection.ssl_context(),
            self._proxy,
            self._clock,
            httpx.Timeout(timeouts.read, connect=timeouts.connect, write=timeouts.write),
            {"User-Agent": connection.user_agent},
            connection.origin,
        )

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def send(self, call: ApiCall, token: Secret | None) -> Answer:
        """The 2xx answer, whole; raises CallError for everything else."""
        if token is not None:
            self._mask.learn(token)
        if call.changes_something:
            self.before_change()
        progress = Progress()
        started = self._clock.monotonic()
        try:
            with self._request(call, token, progress) as request, self._watched(progress):
                receive(
                    self._client, request, progress, self._ends_at(call, request, started), self._most(call)
                )
        except (httpx.HTTPError, httpx.StreamError, BadAnswer, OSError) as problem:
            raise self._failed(call, progress, problem) from None
        finally:
            self._loop.answered |= progress.response is not None
            took = round(1000 * (self._clock.monotonic() - started))
            about = (call.endpoint.method, call.endpoint.path, progress.status, took, call.request_id)
            request_ended(RequestEvent(*about, progress.header("Date")), self._on_request)
        if not 200 <= (progress.status or 0) < 300:
            raise self._failed(call, progress, None)
        return Answer(
            progress.status or 0,
            progress.take_body(),
            progress.header("Location"),
            retry_after(progress.header("Retry-After"), progress.header("Date")),
            self._mask,
        )

    @contextmanager
    def _request(self, call: ApiCall, token: Secret | None, progress: Progress) -> Iterator[httpx.Request]:
        with call.content() as content:
            yield self._client.build_request(
                call.endpoint.method,
                call.path,
                params=dict(call.query) or None,
                headers=call.headers(token.reveal() if token else None),
                extensions={"trace": progress.trace},
                **content,
            )

    def _ends_at(self, call: ApiCall, request: httpx.Request, started: float) -> float:
        sent = int(request.headers.get("Content-Length", 0))
        ends_at = started + self._timeouts.whole(sent, download=call.accept == FILE)
        return ends_at if self._loop.answered else min(ends_at, self._loop.first_contact_ends())

    def _most(self, call: ApiCall) -> Callable[[httpx.Response], int]:
        """The largest body that is taken of a call's answer, in bytes."""
        is_file = call.accept == FILE
        return lambda response: self.most_file_bytes if is_file and response.is_success else MAX_BODY_BYTES

    def _watched(self, progress: Progress) -> AbstractContextManager[None]:
        """Reports a server that is not reached, or has never answered, while the request still waits."""

        def silent() -> str:
            if progress.response is not None or (progress.begun and self._loop.answered):
                return ""
            what = "no answer yet" if progress.begun else "no connection yet"
            return f"{self._connection.host}: {what} after {SILENCE:.0f} s"

        return self._loop.watching(silent)

    def _failed(self, call: ApiCall, progress: Progress, problem: Exception | None) -> CallError:
        failure = failure_of(call, progress, problem, self._proxy, self._mask)
        login = call.endpoint.name == "authenticate"
        return error_of(failure, hint_for(failure, self._connection, login=login), login=login)
