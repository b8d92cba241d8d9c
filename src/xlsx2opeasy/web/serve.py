"""Serves the page on this machine until Ctrl-C, and opens the browser."""

import asyncio
import contextlib
import html
import logging
import os
import secrets
import shutil
import socket
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.operating_system import ending_signals_handled
from xlsx2opeasy.web.app import create_app
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.gate import Access

HOST = "127.0.0.1"
BACKLOG = 128
OPENED_SECONDS = 60.0
"""How long the file that opens the browser is there at the most."""
STREAM_SECONDS = 2
"""How long open streams and downloads may go on after Ctrl-C."""
LOAD_SECONDS = 14.0
"""How long running loads are waited for after Ctrl-C; they are interrupted at once."""
HEAD_SECONDS = 20.0
"""How long a connection may take to send the head of its first request."""


def serve(
    desk: Desk,
    port: int,
    announce: Callable[[str], None],
    *,
    opens_browser: bool,
    note: Callable[[str], None],
) -> None:
    """Serves until SIGINT, SIGTERM or SIGHUP; loads that run then are interrupted as by Ctrl-C.

    `announce` gets the address with the token once the page answers, `note` a line for the person. Raises
    UsageError where the port is in use.
    """
    listener = _listen(port)
    access = Access(listener.getsockname()[1])
    address = f"http://{HOST}:{listener.getsockname()[1]}/?token={access.token}"
    with contextlib.ExitStack() as stack:
        stack.enter_context(listener)
        stop = stack.enter_context(_signals())
        entered = threading.Event()
        server = uvicorn.Server(_config(create_app(desk, access, entered.set)))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="page")
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        if not thread.is_alive():
            raise LocalFailure("the page could not be served", "try again")
        announce(address)
        threading.Thread(target=desk.warm_up, daemon=True).start()
        if opens_browser:
            threading.Thread(target=_open, args=(address, entered, note), daemon=True).start()
        while not stop.wait(0.5) and thread.is_alive():
            pass
        desk.is_closing = True
        for run in desk.runs.active():
            run.stop()
        server.should_exit = True
        desk.runs.stop_all(LOAD_SECONDS)
        thread.join(STREAM_SECONDS + 1)


def _listen(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only where the protocol is named; without it an answer takes 40 ms on loopback.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"port {port} cannot be used: {why}", "choose another with --port, or leave it out"
        ) from error
    return listener


def _config(app: Callable[..., object]) -> uvicorn.Config:
    """No access log, for addresses hold the token; and no traceback, whose frames might hold a secret."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
    return uvicorn.Config(
        app,
        http=_ImpatientProtocol,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=STREAM_SECONDS,
    )


class _ImpatientProtocol(H11Protocol):
    """Closes a connection whose first request does not come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(HEAD_SECONDS, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """The event that the signals set; a second one ends the program at once."""
    stop = threading.Event()

    def signalled(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    with ending_signals_handled(signalled):
        yield stop


def _open(address: str, entered: threading.Event, note: Callable[[str], None]) -> None:
    """Opens the browser through a file that leads to the address, so that no process list shows the token."""
    folder = Path(tempfile.mkdtemp(prefix="xlsx2opeasy-"))
    try:
        file = folder / f"open-{secrets.token_hex(4)}.html"
        file.touch(mode=0o600)
        target = html.escape(address, quote=True)
        file.write_text(
            f'<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0; url={target}"><title>xlsx2opeasy</title>'
            f'<a href="{target}">xlsx2opeasy</a>',
            encoding="utf-8",
        )
        opened = False
        with contextlib.suppress(webbrowser.Error, OSError):
            opened = webbrowser.open(file.as_uri())
        if not opened:
            note("No browser could be opened here: open the address above in one.")
        entered.wait(OPENED_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
