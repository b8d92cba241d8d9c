"""The open connections of a server, so that a fault can cut one: ASGI itself has no word for that."""

import asyncio
from collections.abc import Callable

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol


class Connections:
    """The transports of one server by the client's address, which is what a request's scope tells."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """uvicorn's HTTP protocol, telling these connections of each that is made and lost."""
        transports = self._transports

        class TellingProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                if self.client is not None:
                    transports.pop(self.client, None)

        return TellingProtocol

    def transport(self, scope: Scope) -> asyncio.Transport:
        """The transport that a request came in by."""
        transport = self._transports.get(tuple(scope.get("client") or ()))
        if transport is None:
            raise RuntimeError("a connection can only be cut where the sandbox's own server has it")
        return transport


class Connection:
    """The connection of one request; `on_cut` is called before it ends."""

    def __init__(self, connections: Connections, scope: Scope, on_cut: Callable[[], None]) -> None:
        self._connections = connections
        self._scope = scope
        self._on_cut = on_cut

    def cut(self) -> None:
        """Ends it with a reset; what was not yet sent is lost."""
        self._on_cut()
        self._connections.transport(self._scope).abort()

    def end(self) -> None:
        """Ends it once what was sent so far is out."""
        self._on_cut()
        self._connections.transport(self._scope).close()
