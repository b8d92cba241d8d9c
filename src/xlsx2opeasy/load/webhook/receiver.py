"""An https receiver of callbacks ("Webhook Callback Support"), open to the world and believing nothing.

Only a POST to the secret path counts, and of its body only ids are kept, as hints to be confirmed by asking
the server. Bodies, connections and times are limited.
"""

import hmac
import json
import re
import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import Any, Final, Self

from xlsx2opeasy.errors import UsageError

MOST_BYTES: Final = 64 * 1024
MOST_CONNECTIONS: Final = 16
SECONDS: Final = 10.0
"""How long one connection may take for its handshake, and for each read."""

_MOST_HINTS: Final = 1000
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Receiver:
    """Serves while the context lasts; `on_event` is called for each callback, in a thread of its own."""

    def __init__(
        self, host: str, port: int, path: str, tls: ssl.SSLContext, on_event: Callable[[], None]
    ) -> None:
        """`host` "" is every address. Raises UsageError where the port cannot be had."""
        self.path = path
        self.on_event = on_event
        self._hints: OrderedDict[str, str] = OrderedDict()
        self._news = threading.Condition()
        try:
            self._server = _Server(self, host, port, tls)
        except OSError as error:
            raise UsageError(
                f"the webhook receiver cannot listen on port {port}: {error.strerror or error}",
                "choose another port in --webhook-url, or leave it out",
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="webhook")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def is_secret_path(self, path: str) -> bool:
        """Whether a request is for the path that only the server knows."""
        return hmac.compare_digest(path.encode("utf-8", "replace"), self.path.encode())

    def received(self, body: bytes) -> None:
        """Takes the ids out of a callback, and tells that there was one."""
        ids = _ids_in(body)
        with self._news:
            if ids is not None:
                self._hints[ids[0]] = ids[1]
                while len(self._hints) > _MOST_HINTS:
                    self._hints.popitem(last=False)
            self._news.notify_all()
        self.on_event()

    def hint(self, operation_id: str, seconds: float) -> str | None:
        """The scheduled operation that a callback named for an operation, waited for; never to be trusted."""
        with self._news:
            self._news.wait_for(lambda: operation_id in self._hints, timeout=seconds)
            return self._hints.get(operation_id)


def tls_of(certificate: Path, key: Path) -> ssl.SSLContext:
    """The server's side of TLS; UsageError where the files cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the webhook's certificate {certificate} and key {key} cannot be used: {error}",
            "give PEM files that belong together, the key without a password",
        ) from None
    return context


def _no_password() -> str:
    raise ValueError("the key has a password")


def _ids_in(body: bytes) -> tuple[str, str] | None:
    """Operation and scheduled operation of a `statusChanged` event; None where it names none."""
    try:
        run = json.loads(body)["event"]["scheduledOperation"]
        ids = run["operation"]["id"], run["id"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return ids if all(isinstance(each, str) and _ID.fullmatch(each) for each in ids) else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, receiver: Receiver, host: str, port: int, tls: ssl.SSLContext) -> None:
        self.receiver = receiver
        self._tls = tls
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        # The handshake is here, in the connection's own thread, so that a slow one blocks no other.
        try:
            request.settimeout(SECONDS)
            secured: socket = self._tls.wrap_socket(request, server_side=True)
        except OSError:
            self.shutdown_request(request)
        else:
            super().process_request_thread(secured, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """A caller that breaks off is ignored: polling decides."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "xlsx2opeasy"
    sys_version = ""
    timeout = SECONDS

    def do_POST(self) -> None:
        receiver = self.server.receiver
        length = self.headers.get("Content-Length", "")
        if not receiver.is_secret_path(self.path):
            self._answer(404)
        elif not length.isascii() or not length.isdecimal():
            self._answer(411)
        elif len(length) > 9 or int(length) > MOST_BYTES:
            self._answer(413)
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                self._answer(200)
                receiver.received(body)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Says nothing: the path is a secret."""
