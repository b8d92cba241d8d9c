"""The foreign server on a loopback port: reads requests, asks the hooks, sends answers, records everything.

with ForeignServer() as server:
    server.settings.fail = lambda task_type, task: ("102", "User already exists.")
    ...                                  # drive the program against server.url
    assert server.calls("POST", "/v1/scheduledoperations") == 1
    assert server.state.executed == [("Users", {"command": "AddUser", "content": {...}})]
"""

import contextlib
import json
import socket
import ssl
import struct
import sys
import threading
import time
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from . import api
from .messages import Answer, Cut, Request
from .runs import finish
from .state import Event, Settings, State

_RESET = struct.pack("ii", 1, 0)


class ForeignServer:
    """Serves from `start` (or `with`) until `stop`. With an `ssl_context` it serves https.

    `requests` are all that arrived, in order and whether applied or not; `state` is the server's truth.
    `webhook_context` is what callbacks trust; a receiver with a certificate of its own needs one.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        ssl_context: ssl.SSLContext | None = None,
        webhook_context: ssl.SSLContext | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.state = State(self.settings)
        self.requests: list[Request] = []
        self.webhook_context = webhook_context
        self._lock = threading.RLock()
        self._http = _Http(self)
        self._scheme = "http" if ssl_context is None else "https"
        if ssl_context is not None:
            self._http.socket = ssl_context.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """The origin, without `/v1`."""
        return f"{self._scheme}://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Ends every connection and waits until nothing runs any more."""
        self._http.shutdown()
        self._thread.join()
        self._http.close_all()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def apply(self, request: Request) -> Answer:
        """What the request does, now: also for one that was cut before, as a late proxy delivers it."""
        with self._lock:
            answer = api.answer(self.state, request)
            callbacks, self.state.callbacks = self.state.callbacks, []
        self._call_back(callbacks)
        return answer

    def calls(self, method: str, path: str) -> int:
        """How many requests of this method and path arrived."""
        return sum(each.call == f"{method} {path}" for each in list(self.requests))

    def expire_tokens(self) -> None:
        """From now on no token that was issued is valid."""
        with self._lock:
            self.state.tokens.clear()

    def finish(self, scheduled_id: str) -> None:
        """Completes a scheduled operation without waiting for polls, and calls the webhooks back."""
        with self._lock:
            finish(self.state, self.state.scheduled[scheduled_id])
            callbacks, self.state.callbacks = self.state.callbacks, []
        self._call_back(callbacks)

    def exchange(self, request: Request) -> Answer | Cut:
        """What a request that has arrived whole is answered, hooks included."""
        with self._lock:
            self.requests.append(request)
        time.sleep(self.settings.delay(request))
        instead = self.settings.before(request)
        if instead is not None:
            return instead
        answer = self.apply(request)
        return self.settings.after(request, answer) or answer

    def _call_back(self, due: list[tuple[str, Event]]) -> None:
        for url, event in due:
            for each in self.settings.deliver(event):
                self._post(url, each)

    def _post(self, url: str, event: Event) -> None:
        """Sends one callback; a receiver that does not answer is the receiver's loss, as the text says."""
        parts = urlsplit(url)
        connection = HTTPSConnection(parts.netloc, timeout=5, context=self.webhook_context)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            headers = {"Content-Type": "application/json"}
            connection.request("POST", parts.path or "/", json.dumps(event), headers)
            connection.getresponse().read()


class _Http(ThreadingHTTPServer):
    """Knows its open connections, so that it can end them."""

    request_queue_size = 64

    def __init__(self, server: ForeignServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.foreign = server
        self.connections: dict[threading.Thread, socket.socket] = {}

    def close_all(self) -> None:
        self.server_close()
        for thread, connection in list(self.connections.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of this server; anything else shows on the test's stderr."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError, ssl.SSLError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "OpEasy"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def setup(self) -> None:
        self.server.connections[threading.current_thread()] = self.request
        super().setup()

    def finish(self) -> None:
        self.server.connections.pop(threading.current_thread(), None)
        with contextlib.suppress(ConnectionError):
            super().finish()

    def log_message(self, *args: Any) -> None:
        """Says nothing: `requests` is the record."""

    def _serve(self) -> None:
        foreign = self.server.foreign
        head = Request(self.command, self.path, tuple(self.headers.items()))
        outcome = foreign.settings.early(head)
        if outcome is None:
            outcome = self._read_and_exchange(head)
        else:
            self.close_connection = True
        self._cut(outcome) if isinstance(outcome, Cut) else self._send(outcome)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

    def _read_and_exchange(self, head: Request) -> Answer | Cut:
        length_sent = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length_sent.isdecimal():
            self.close_connection = True
            return Answer(411, headers={"Connection": "close"})
        length = int(length_sent)
        body = self.rfile.read(length)
        if len(body) < length:
            return Cut()
        return self.server.foreign.exchange(Request(head.method, head.target, head.headers, body))

    def _cut(self, cut: Cut) -> None:
        self.close_connection = True
        if cut.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()

    def _send(self, answer: Answer) -> None:
        content = answer.content
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json"} if answer.body is not None else {}
        if answer.times > 1:
            headers["Connection"] = "close"
        elif answer.status != 204:
            headers["Content-Length"] = str(len(content))
        for name, value in (headers | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if answer.cut_after is not None:
            content, self.close_connection = content[: answer.cut_after], True
        for _ in range(answer.times):
            self._write(content, answer.seconds_per_byte)

    def _write(self, content: bytes, seconds_per_byte: float) -> None:
        if not seconds_per_byte:
            self.wfile.write(content)
            return
        for each in content:
            self.wfile.write(bytes([each]))
            self.wfile.flush()
            time.sleep(seconds_per_byte)
