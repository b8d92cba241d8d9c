"""The wire below httpx: every call on a connection of its own, and none longer than its deadline.

A connection is used once. An idle one that the server is about to close would turn a call that was never
read into one of unknown outcome, and what is left in its buffer would be taken for the answer to the next.

httpx times each read by itself, so an answer that drips never ends; here each read, write and connect gets
at most what is left of the whole call's time, headers included.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import h11
import httpcore
import httpx

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.http.clock import Clock, SystemClock
from xlsx2opeasy.http.reach import certificate_error, proxy_to, tls_context
from xlsx2opeasy.http.strict_json import BadAnswer

_WRITE_BYTES = 64 * 1024
_KEPT_OF_TOO_LARGE = 64 * 1024

_ends_at: ContextVar[float] = ContextVar("ends_at")


@contextmanager
def deadline(ends_at: float) -> Iterator[None]:
    """Everything this thread does on the wire in this block ends at `ends_at`, in the clock's seconds."""
    reset = _ends_at.set(ends_at)
    try:
        yield
    finally:
        _ends_at.reset(reset)


class _Timer:
    """What is left of the call's time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def left(self, timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
        left = _ends_at.get() - self._clock.monotonic()
        if left <= 0:
            raise error("the time for the whole call is over")
        return left if timeout is None else min(timeout, left)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, timer: _Timer) -> None:
        self._stream = stream
        self._timer = timer

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._timer.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES):
            left = self._timer.left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _WRITE_BYTES], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._timer.left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left), self._timer)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _DeadlineBackend(httpcore.SyncBackend):
    def __init__(self, timer: _Timer) -> None:
        super().__init__()
        self._timer = timer

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._timer.left(timeout, httpcore.ConnectTimeout)
        stream = super().connect_tcp(host, port, left, local_address, socket_options)
        return _DeadlineStream(stream, self._timer)


class _AnswerStream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx_errors():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class DeadlineTransport(httpx.BaseTransport):
    """httpx's transport with the two rules above; every use is inside a `deadline`."""

    def __init__(self, context: ssl.SSLContext, proxy: httpx.Proxy | None, clock: Clock) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            proxy=None if proxy is None else _as_core(proxy, context),
            max_keepalive_connections=0,
            network_backend=_DeadlineBackend(_Timer(clock)),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it once; what goes wrong is raised as httpx's own errors."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        content: Any = request.stream
        with _as_httpx_errors():
            answer = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=content,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_AnswerStream(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Let go of every connection."""
        self._pool.close()


class Progress:
    """How far one request got: whether it left this machine, and what came back."""

    def __init__(self) -> None:
        self.begun = False
        self.body = bytearray()
        self.response: httpx.Response | None = None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's trace: a CONNECT to a proxy is not yet the request."""
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self.begun = True

    def take_body(self) -> bytearray:
        """The body, which this lets go of: request and answer hold each other in a circle."""
        body, self.body = self.body, bytearray()
        return body

    def header(self, name: str) -> str | None:
        """A header of the answer, where there is one."""
        return None if self.response is None else self.response.headers.get(name)

    @property
    def status(self) -> int | None:
        """The answer's status code, where one arrived."""
        return None if self.response is None else self.response.status_code


def http_client(
    context: ssl.SSLContext,
    proxy: httpx.Proxy | None,
    clock: Clock,
    timeout: httpx.Timeout,
    headers: dict[str, str],
    base_url: str = "",
) -> httpx.Client:
    """A client that follows no redirect, keeps no cookie, takes nothing from the environment."""
    return httpx.Client(
        base_url=base_url,
        transport=DeadlineTransport(context, proxy, clock),
        headers={"Accept-Encoding": "identity", "Connection": "close", **headers},
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def receive(
    client: httpx.Client,
    request: httpx.Request,
    progress: Progress,
    ends_at: float,
    most: Callable[[httpx.Response], int],
) -> None:
    """Sends the request and takes the whole answer into `progress`, until `ends_at` in the clock's seconds.

    Raises httpx's errors, and TooLarge where the body has more bytes than `most` allows; its beginning is
    kept.
    """
    with deadline(ends_at):
        progress.response = response = client.send(request, stream=True)
        try:
            limit = most(response)
            announced = response.headers.get("Content-Length", "")
            if request.method == "GET" and announced.isdecimal() and int(announced[:18]) > limit:
                raise TooLarge(limit)
            for piece in response.iter_bytes():
                progress.body += piece
                if len(progress.body) > limit:
                    del progress.body[_KEPT_OF_TOO_LARGE:]
                    raise TooLarge(limit)
        finally:
            response.close()


class TooLarge(BadAnswer):
    """An answer of more bytes than are taken into memory."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"it is larger than {limit // 2**20} MiB")


def _as_core(proxy: httpx.Proxy, context: ssl.SSLContext) -> httpcore.Proxy:
    return httpcore.Proxy(
        str(proxy.url),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
        ssl_context=context if proxy.url.scheme == "https" else None,
    )


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    """httpcore and httpx name their errors alike; the cause stays, for it tells a certificate's failure."""
    try:
        yield
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.ProxyError,
    ) as error:
        named: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise named(str(error)) from error
    except h11.LocalProtocolError as error:
        # httpcore lets this one through: a body that is shorter or longer than was announced.
        raise httpx.LocalProtocolError(str(error)) from error


def post_once(
    url: str, body: bytes, headers: Mapping[str, str], *, ca_bundle: Path | None, seconds: float
) -> str:
    """One POST to an address of the user's, outside the API: why it was not taken, or "" for a 2xx.

    No redirect is followed, the answer is not read, and it takes at most so many seconds.
    """
    clock = SystemClock()
    try:
        transport = DeadlineTransport(tls_context(ca_bundle), proxy_to(httpx.URL(url).host), clock)
        with (
            httpx.Client(transport=transport, follow_redirects=False) as client,
            deadline(clock.monotonic() + seconds),
            client.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            return "" if answer.is_success else f"the answer was {answer.status_code}"
    except UsageError as error:
        return error.message
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return certificate_error(error) or type(error).__name__
