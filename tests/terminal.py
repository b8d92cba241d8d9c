"""A pseudo-terminal whose screen the tests read (pyte): the program as a person sees it."""

import contextlib
import fcntl
import itertools
import os
import signal
import struct
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

PATIENCE = 60.0
"""Seconds until what is waited for counts as missing; a busy machine is slow."""


class Terminal:
    """A command that runs at a terminal of its own, as a context manager."""

    def __init__(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        *,
        columns: int = 80,
        rows: int = 60,
        cwd: Path | None = None,
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, rows, history=2000)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.written = b""
        self.code: int | None = None
        pid, self._fd = os.forkpty()
        if pid == 0:
            if cwd is not None:
                os.chdir(cwd)
            given = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
            os.execvpe(
                str(command[0]), [str(each) for each in command], given | {"TERM": "xterm"} | dict(env or {})
            )
        self.pid = pid
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self._reader.join(10)
        os.close(self._fd)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(self._fd, 65536):
                with self._lock:
                    self.written += piece
                    self._stream.feed(piece)

    @property
    def screen(self) -> str:
        """What the window shows now, without blanks at the ends of lines."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def scrollback(self) -> str:
        """All lines: those that scrolled away, then the window."""
        with self._lock:
            history = [
                "".join(line[column].data for column in range(self._screen.columns)).rstrip()
                for line in self._screen.history.top
            ]
        return "\n".join([*history, self.screen])

    def colour_of(self, text: str) -> str:
        """The foreground colour of the first sign of `text` on the screen."""
        with self._lock:
            for number, line in enumerate(self._screen.display):
                if (column := line.find(text)) >= 0:
                    return str(self._screen.buffer[number][column].fg)
        raise AssertionError(f"{text!r} is not on the screen:\n{self.screen}")

    def coloured(self) -> str:
        """The window with the colours of its signs, as escape sequences."""
        colours = {"red": 31, "green": 32, "brown": 33, "blue": 34, "magenta": 35, "cyan": 36}
        with self._lock:
            lines = []
            for number in range(self._screen.lines):
                signs = [self._screen.buffer[number][column] for column in range(self._screen.columns)]
                runs = itertools.groupby(signs, key=lambda each: (int(each.bold), colours.get(each.fg, 39)))
                lines.append(
                    "".join(
                        f"\x1b[{bold};{colour}m{''.join(each.data for each in run)}\x1b[0m"
                        for (bold, colour), run in runs
                    )
                )
        return "\n".join(lines[: self.screen.count("\n") + 1])

    def wait_for(self, text: str, seconds: float = PATIENCE, *, times: int = 1) -> str:
        """The screen, once `text` is on it (or scrolled away) so many times, or the command has ended."""
        end = time.monotonic() + seconds
        while self.scrollback.count(text) < times:
            assert time.monotonic() < end, f"waited in vain for {text!r}:\n{self.scrollback}"
            assert self._reader.is_alive(), f"it ended without {text!r}:\n{self.scrollback}"
            time.sleep(0.02)
        return self.screen

    def stays(self, text: str, seconds: float) -> None:
        """Asserts that `text` is in the window all the while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert text in self.screen, f"{text!r} went away:\n{self.screen}"
            time.sleep(0.02)

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def end(self, seconds: float = PATIENCE) -> int:
        """The exit code, once the command has ended."""
        end = time.monotonic() + seconds
        while self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                break
            assert time.monotonic() < end, f"it does not end:\n{self.scrollback}"
            time.sleep(0.02)
        self._reader.join(10)
        return self.code
