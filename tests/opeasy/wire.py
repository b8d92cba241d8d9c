"""A server of plain sockets that answers exactly the bytes a test asks for, and records what it was sent."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

API_KEY = "canary-api-key-7f3a"
TOKEN = "canary-token-91bd"

Handler = Callable[["Request", socket.socket], None]


@dataclass
class Request:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    raw: bytes = field(repr=False, default=b"")

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def encode(status: int, body: Any = b"", **headers: str) -> bytes:
    """A whole answer; a `body` that is no bytes goes as JSON. A header's `_` is a `-`, "" leaves it out."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in all_headers.items() if value]
    head = f"HTTP/1.1 {status} Whatever\r\n" + "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("latin-1") + content


def reply(status: int, body: Any = b"", **headers: str) -> Handler:
    return raw(encode(status, body, **headers))


def raw(data: bytes) -> Handler:
    return lambda request, sock: sock.sendall(data)


def cut(data: bytes = b"", *, reset: bool = False) -> Handler:
    """Send the beginning of an answer and break the connection."""

    def handle(request: Request, sock: socket.socket) -> None:
        sock.sendall(data)
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return handle


def drip(data: bytes, seconds: float) -> Handler:
    """One byte each `seconds`, until the other side has had enough."""

    def handle(request: Request, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for byte in data:
                sock.sendall(bytes([byte]))
                time.sleep(seconds)

    return handle


def hang(seconds: float = 3.0) -> Handler:
    """Say nothing until the other side leaves."""

    def handle(request: Request, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.settimeout(seconds)
            sock.recv(1)

    return handle


def login(token: str = TOKEN) -> Handler:
    return reply(201, {"authSession": {"token": token}})


class Wire:
    """Listens on a loopback port. `on` scripts the answers of one method and path, the last one for ever.

    Without a script, logging in works and everything else is a 599. `break_early` breaks a connection before
    its body was read; `refuse_early` answers by then, and throws away what comes after.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.break_early: Callable[[str], bool] = lambda first_line: False
        self.refuse_early: Callable[[str], bytes | None] = lambda first_line: None
        self._context = context
        self._script: dict[tuple[str, str], list[Handler]] = defaultdict(list)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self.on("POST", "/v1/authsessions", login())

    def on(self, method: str, path: str, *handlers: Handler) -> Self:
        self._script[method, path] = list(handlers)
        return self

    def sent(self, method: str, path: str | None = None) -> list[Request]:
        return [each for each in self.requests if each.method == method and path in (None, each.path)]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """From here on connections are refused."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            sock = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            with sock:
                request = self._read(sock)
                if request is not None:
                    self._handler(request)(request, sock)

    def _handler(self, request: Request) -> Handler:
        with self._lock:
            self.requests.append(request)
            script = self._script.get((request.method, request.path), [])
            if not script:
                return reply(599)
            return script.pop(0) if len(script) > 1 else script[0]

    def _read(self, sock: socket.socket) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := sock.recv(65536)):
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        if self.break_early(first):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return None
        if (early := self.refuse_early(first)) is not None:
            sock.sendall(early)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
            return None
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            if not (piece := sock.recv(65536)):
                return None
            body += piece
        method, target, _ = first.split(" ")
        return Request(method, target, headers, body, head + b"\r\n\r\n" + body)
