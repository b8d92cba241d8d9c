"""A network between the page and a server that can go away and come back at the same address."""

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Relay:
    """Passes bytes on to the server at `url` while it is open; what is under way breaks where it is closed."""

    def __init__(self, url: str) -> None:
        self._server = urlsplit(url)
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        """The address at which the server is found through this."""
        return f"{self._server.scheme}://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Takes connections, at the port of before."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Takes no more connections, and breaks those that are there."""
        if self._listener is not None:
            _end(self._listener)
        for each in list(self._open):
            _end(each)
        self._listener = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        address = (str(self._server.hostname), int(self._server.port or 0))
        with (
            contextlib.suppress(OSError, ValueError),
            client,
            socket.create_connection(address) as server,
        ):
            self._open |= {client, server}
            while True:
                for source in select.select([client, server], [], [])[0]:
                    content = source.recv(65536)
                    if not content:
                        return
                    (server if source is client else client).sendall(content)


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
