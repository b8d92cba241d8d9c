"""A server that takes uploads as quickly as Python can, so that what is measured is the client.

Run as a process (`python -m bench.server`), it prints its port. It speaks the part of the API that a load
needs, counts tasks without reading them, and gives every one back as SUCCESS.
"""

import json
import re
import socket
from dataclasses import dataclass, field
from typing import Any

_TASK = b'{"command":'
_BEGIN, _END = b'{"tasks":{"Users":[', b"]}}"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_AT_ONCE = 1 << 20
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
ENTERPRISE, API_KEY = "bench", "bench-key"


@dataclass
class _Operation:
    """What the server holds: the lists of tasks as they came."""

    lists: list[bytes] = field(default_factory=list)
    tasks: int = 0

    def take(self, body: bytes) -> None:
        content = body[body.index(_BEGIN) + len(_BEGIN) : body.rindex(_END)] if _BEGIN in body else b""
        self.tasks += content.count(_TASK)
        if content:
            self.lists.append(content)


class _Server:
    def __init__(self) -> None:
        self._operation = _Operation()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, list[bytes]]:
        """The status, and the body in pieces."""
        if method == "DELETE":
            return 204, []
        if path == "/v1/authsessions":
            return 201, _json({"authSession": {"token": "bench-token"}})
        if path == "/plain":
            self._operation.take(body)
            return 200, _json(self._counts())
        if path.startswith("/v1/operations"):
            return self._of_operation(method, path, body)
        return self._of_run(method, path)

    def _of_operation(self, method: str, path: str, body: bytes) -> tuple[int, list[bytes]]:
        if path.endswith("/users"):
            return 200, _listed(self._operation.lists)
        if method == "POST":
            self._operation = _Operation()
        if method in ("POST", "PATCH"):
            self._operation.take(body)
        return 201 if method == "POST" else 200, _json(self._counts())

    def _of_run(self, method: str, path: str) -> tuple[int, list[bytes]]:
        about = {"id": "op-1", "enterpriseId": ENTERPRISE}
        if path.endswith("/users"):
            done = b'{"status":"SUCCESS","command":'
            return 200, _listed([each.replace(_TASK, done) for each in self._operation.lists])
        run = {"id": "run-1", "status": "completed" if method == "GET" else "pending", "operation": about}
        return 200 if method == "GET" else 202, _json({"scheduledOperation": run})

    def _counts(self) -> dict[str, Any]:
        users = {"size": self._operation.tasks, "href": "/v1/operations/op-1/users"}
        return {"enterpriseId": ENTERPRISE, "id": "op-1", "tasks": {"Users": users}}


def _listed(lists: list[bytes]) -> list[bytes]:
    pieces = [b'{"Users":[']
    for each in lists:
        pieces += [each, b","]
    return [*pieces[:-1], b"]}"] if lists else [b'{"Users":[]}']


def _json(document: dict[str, Any]) -> list[bytes]:
    return [json.dumps(document, separators=(",", ":")).encode()]


def _serve(connection: socket.socket, server: _Server) -> None:
    """Answers the requests of one connection until it ends."""
    data = bytearray()
    while True:
        while (end := data.find(b"\r\n\r\n")) < 0:
            if not (piece := connection.recv(1 << 20)):
                return
            data += piece
        head = bytes(data[:end])
        found = _LENGTH.search(head)
        whole = end + 4 + (int(found[1]) if found else 0)
        while len(data) < whole:
            data += connection.recv(1 << 20)
        method, target, _ = head.split(b" ", 2)
        status, pieces = server.answer(method.decode(), target.decode(), bytes(data[end + 4 : whole]))
        del data[:whole]
        size = sum(map(len, pieces))
        answer = b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n" % (status, size)
        for piece in pieces if size > _AT_ONCE else [b"".join(pieces)]:
            answer += piece
            connection.sendall(answer)
            answer = b""
        connection.sendall(answer)
        if _CLOSE.search(head):
            return


def main() -> None:
    """Serves until it is killed; one connection after another, as its only client opens them."""
    server = _Server()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _serve(connection, server)


if __name__ == "__main__":
    main()
