"""Ctrl-C, SIGTERM and SIGHUP: the first lets the request under way finish, the second leaves at once.

Neither deletes anything, nor stops what the server does. The journal holds every intent already.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from types import FrameType

from xlsx2opeasy.errors import Interrupted
from xlsx2opeasy.operating_system import ending_signals_handled

GRACE_SECONDS = 10.0
"""How long SIGTERM and SIGHUP wait for the request under way."""
CLOSING_SECONDS = 4.0
"""The same where a console window of Windows is closed, which ends its programs after five seconds."""
_TICK = 0.2


def _grace(number: int) -> float:
    """Seconds for the request under way; Ctrl-Break and the closing of a console are both SIGBREAK."""
    return CLOSING_SECONDS if number == getattr(signal, "SIGBREAK", None) else GRACE_SECONDS


class Interruption:
    """Whether this process was asked to stop; also the clock of the client, so that waits end early."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._leaving: threading.Timer | None = None
        self._wake = threading.Event()
        self._is_immediate = False

    def checkpoint(self) -> None:
        """Raises Interrupted where the process was asked to stop. Called between requests only."""
        if self._asked.is_set():
            raise Interrupted("interrupted; nothing was lost", "")

    def ask(self) -> None:
        """The process is to stop after the request under way."""
        self._asked.set()

    def wake(self) -> None:
        """Ends the present wait between two polls."""
        self._wake.set()

    def sleep(self, seconds: float) -> None:
        """Waits; raises Interrupted where the process was asked to stop before or meanwhile."""
        end = time.monotonic() + seconds
        while True:
            self.checkpoint()
            left = end - time.monotonic()
            if left <= 0 or self._wake.wait(min(left, _TICK)):
                self._wake.clear()
                return

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def wall(self) -> datetime:
        """The time of day, for words only."""
        return datetime.now(UTC).astimezone()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Handles the signals while the block runs; in another thread than the main one it does nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        try:
            with ending_signals_handled(self._signalled):
                self.checkpoint()
                yield
        finally:
            if self._leaving is not None:
                self._leaving.cancel()  # the load ended in time, and its process may have more to do

    @contextlib.contextmanager
    def immediate(self) -> Iterator[None]:
        """A signal ends the block at once, with Interrupted: for what has no request, such as reading."""
        self.checkpoint()
        self._is_immediate = True
        try:
            yield
            self.checkpoint()  # what a handler raises while Python runs a callback is lost
        except KeyboardInterrupt:
            raise Interrupted("interrupted before a job was begun; nothing was sent") from None
        finally:
            self._is_immediate = False

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._is_immediate:
            self._is_immediate = False
            self.ask()
            signal.default_int_handler(number, frame)
        if self._asked.is_set():
            os._exit(Interrupted.exit_code)
        self.ask()
        if number != signal.SIGINT:
            self._leaving = threading.Timer(_grace(number), os._exit, (Interrupted.exit_code,))
            self._leaving.daemon = True
            self._leaving.start()
