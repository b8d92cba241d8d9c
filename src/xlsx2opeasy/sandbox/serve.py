"""Runs the sandbox: in a thread beside a load or a test, or alone until it is stopped."""

import asyncio
import dataclasses
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from xlsx2opeasy.sandbox.app import create_app
from xlsx2opeasy.sandbox.connections import Connections
from xlsx2opeasy.sandbox.enterprise import Enterprise
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.truth import Truth

COMMAND_API_KEY: Final = "sandbox-key"
"""The key of a sandbox that serves alone, where the settings have none."""

DEFAULT_ENTERPRISE: Final = "sandbox"
_HOST: Final = "127.0.0.1"
_BACKLOG: Final = 128
_STARTUP_LIMIT: Final = 10.0
_LOOK_SECONDS: Final = 0.1
_SHUTDOWN_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """Where a sandbox is, and how to come in. `url` is the origin, without `/v1`."""

    url: str
    api_key: str
    enterprise_id: str
    truth: Truth
    app: Starlette

    def enterprise(self, enterprise_id: str | None = None) -> Enterprise:
        """The simulated enterprise, to look at."""
        found: Enterprise = self.app.state.rooms.backend.enterprise(enterprise_id or self.enterprise_id)
        return found


@contextmanager
def serve_in_thread(
    settings: SandboxSettings | None = None, *, extra_routes: Sequence[BaseRoute] = ()
) -> Iterator[RunningSandbox]:
    """A sandbox on a free port of the loopback address for as long as the context lasts.

    Raises:
        FaultRuleError, NumbersRefused, OSError: as `create_app`.
        OSError: no port can be had.
    """
    server, listener, running = _prepare(settings or SandboxSettings(), 0, extra_routes)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="sandbox")
    thread.start()
    try:
        _await_start(server, thread)
        yield running
    finally:
        server.end()
        thread.join()
        listener.close()


def serve_forever(
    settings: SandboxSettings,
    port: int,
    *,
    announce: Callable[[RunningSandbox], None] = lambda _: None,
    extra_routes: Sequence[BaseRoute] = (),
) -> None:
    """A sandbox on the loopback address until SIGINT or SIGTERM; `announce` is called once it can be reached.

    Raises:
        FaultRuleError, NumbersRefused, OSError: as `create_app`.
        OSError: the port is taken.
        KeyboardInterrupt: after a clean end, where SIGINT was the reason.
    """
    if settings.api_key is None:
        settings = dataclasses.replace(settings, api_key=COMMAND_API_KEY)
    server, listener, running = _prepare(settings, port, extra_routes)
    with listener:
        announce(running)
        server.run([listener])


def _prepare(
    settings: SandboxSettings, port: int, extra_routes: Sequence[BaseRoute]
) -> tuple["_Server", socket.socket, RunningSandbox]:
    connections = Connections()
    listener = _listen(port)
    try:
        app = create_app(settings, connections=connections, extra_routes=extra_routes)
    except BaseException:
        listener.close()
        raise
    server = _Server(_config(app, connections))
    url = f"http://{_HOST}:{listener.getsockname()[1]}"
    rooms = app.state.rooms
    enterprise_id = settings.enterprise_id or min(settings.state.enterprises or (DEFAULT_ENTERPRISE,))
    return server, listener, RunningSandbox(url, rooms.api_key, enterprise_id, app.state.truth, app)


def _listen(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only where the protocol is named; without it an answer takes 40 ms on loopback.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _config(app: Starlette, connections: Connections) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=connections.protocol(),
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=60,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, which ends as soon as it should and no request is left.

    uvicorn's own looks every 0.1 s whether it is to end, then waits for 0.1 s: as long as a small rehearsal.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def end(self) -> None:
        """Ends it from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        """Serves until `should_exit`, or a signal."""
        self._loop = asyncio.get_running_loop()
        looks = 0
        while not await self.on_tick(looks):
            looks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), _LOOK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes no more connections, gives requests that are under way a second, and ends."""
        for each in (*self.servers, *(sockets or ())):
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        while self._is_busy() and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
        for task in self.server_state.tasks:
            task.cancel()
        await self.lifespan.shutdown()

    def _is_busy(self) -> bool:
        return bool(self.server_state.connections or self.server_state.tasks)


def _await_start(server: _Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _STARTUP_LIMIT
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        time.sleep(0.002)
