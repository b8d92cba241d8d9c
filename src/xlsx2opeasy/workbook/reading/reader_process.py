"""Starts the reading process, gives it the package, and turns whatever becomes of it into an answer.

A command that will read a workbook starts the process first of all (`reader_started`), and imports its own
libraries while the process imports those that it needs: so this module imports none of them at its top.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from threading import Thread, Timer
from typing import IO, TYPE_CHECKING

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.limits import Limits

if TYPE_CHECKING:
    from xlsx2opeasy.workbook.reading import wire

_COMMAND = (sys.executable, "-P", "-m", "xlsx2opeasy.workbook.reading.child")
_OWN_SETTINGS = ("OPEASY_", "WEBEX_", "XLSX2OPEASY_")
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(256 << 20), "MALLOC_TRIM_THRESHOLD_": str(512 << 20)}
"""For the C library of Linux: arrays come and go for each megabyte of XML, and to give their memory back to
the system and ask for it again took an eighth of the time. Others do not know these names."""
_REMEDY = "Open it in Excel, copy the cells of the task sheets into a new workbook, save it, and load that."

_PIECE = 1 << 20


_started: "list[_Reader]" = []


@contextmanager
def reader_started() -> Iterator[None]:
    """Start the reading process for the first `read_apart` within the block; it waits for its package."""
    process = _Reader()
    _started.append(process)
    try:
        yield
    finally:
        if process in _started:
            _started.remove(process)
            process.end()


def read_apart(data: bytes, name: str, limits: Limits, lists: Sequence[str] = ()) -> "wire.RawBook":
    """Read the package `data` in a process of its own; raise WorkbookUnusable where that fails or dies.

    `lists` are the folded titles of sheets to read besides the task sheets.
    """
    process = _started.pop() if _started else _Reader()
    asked = json.dumps([name, list(lists), astuple(limits)]).encode()
    try:
        with process.answering(asked + b"\n", data, limits.wall_seconds) as answer:
            import pandas as pd  # noqa: F401 - what becomes of the answer needs it; the process works

            from xlsx2opeasy.workbook.reading import wire

            return wire.read_streams(answer)
    except _LateError as error:
        raise _died(name, b"", f"took more than {limits.wall_seconds} seconds") from error
    except _EndedError as error:
        raise _died(name, process.noise, f"ended unexpectedly ({_how(error.code)})") from error
    except MemoryError as error:
        raise _died(name, process.noise, f"needed more than {limits.memory:,} bytes of memory") from error
    except (ValueError, KeyError, OSError) as error:  # Arrow's own are some of these
        raise _died(name, process.noise, "broke off") from error


class _LateError(Exception):
    """The process took longer than it may."""


class _EndedError(Exception):
    """The process ended with another code than 0."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Reader:
    """The reading process; what it says on standard error is in a file, for nobody reads it meanwhile."""

    def __init__(self) -> None:
        self._says = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._is_late = False
        self.noise = b""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._says,
            env=_environment(),
        )

    @contextmanager
    def answering(self, asked: bytes, data: bytes, seconds: float) -> Iterator[IO[bytes]]:
        """What it answers, to be read while it works; it is killed after so many seconds, and at the end."""
        feeding = Thread(target=self._feed, args=(asked, data), daemon=True)
        deadline = Timer(seconds, self._late)
        answer, broken = self._process.stdout, None
        assert answer is not None
        try:
            feeding.start()
            deadline.start()
            try:
                yield answer
            except Exception as error:  # noqa: BLE001 - raised below, where the process did not fail itself
                broken = error
            while answer.read(_PIECE):
                pass
            code = self._process.wait()
        finally:
            deadline.cancel()
            self._kill()
            feeding.join()
            self.end()
        if self._is_late:
            raise _LateError from broken
        if code != 0:
            raise _EndedError(code) from broken
        if broken is not None:
            raise broken

    def end(self) -> None:
        """Kill it, where it is not over, and close what belongs to it."""
        self._kill()
        self._says.seek(0)
        self.noise = self._says.read()
        for each in (self._says, self._process.stdin, self._process.stdout):
            if each is not None:
                with suppress(OSError):
                    each.close()

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _feed(self, asked: bytes, data: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it is over: its code says how
            self._process.stdin.write(asked)
            self._process.stdin.write(data)
            self._process.stdin.close()

    def _late(self) -> None:
        self._is_late = True
        self._process.kill()


def _environment() -> dict[str, str]:
    """The environment without keys and settings, and with one thread for numpy (each reserves memory)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_SETTINGS)}
    return (
        kept
        | _KEEP_MEMORY
        | {
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
    )


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"


def _died(name: str, noise: bytes, what: str) -> WorkbookUnusable:
    from xlsx2opeasy.workbook.reading import wire

    lines = noise.decode("utf-8", "replace").splitlines()
    titles = [line.removeprefix(wire.PROGRESS) for line in lines if line.startswith(wire.PROGRESS)]
    at = f' at its sheet "{titles[-1]}"' if titles else ""
    return WorkbookUnusable(f'"{name}" cannot be read: the reader {what}{at}.', _REMEDY)
