"""Starts the reading process, gives it the package, and turns whatever becomes of it into an answer.

A command that will read a workbook starts the process first of all (`reader_started`), and imports its own
libraries while the process imports those that it needs: so this module imports none of them at its top.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from typing import TYPE_CHECKING

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


_started: "list[subprocess.Popen[bytes]]" = []


@contextmanager
def reader_started() -> Iterator[None]:
    """Start the reading process for the first `read_apart` within the block; it waits for its package."""
    process = _start()
    _started.append(process)
    try:
        yield
    finally:
        if process in _started:
            _started.remove(process)
            _end(process)


def read_apart(data: bytes, name: str, limits: Limits, lists: Sequence[str] = ()) -> "wire.RawBook":
    """Read the package `data` in a process of its own; raise WorkbookUnusable where that fails or dies.

    `lists` are the folded titles of sheets to read besides the task sheets.
    """
    import pyarrow as pa

    from xlsx2opeasy.workbook.reading import wire

    process = _started.pop() if _started else _start()
    asked = json.dumps([name, list(lists), astuple(limits)]).encode()
    try:
        answer, noise = process.communicate(asked + b"\n" + data, timeout=limits.wall_seconds)
    except subprocess.TimeoutExpired as error:
        raise _died(name, b"", f"took more than {limits.wall_seconds} seconds") from error
    finally:
        _end(process)
    if process.returncode != 0:
        raise _died(name, noise, f"ended unexpectedly ({_how(process.returncode)})")
    try:
        return wire.read_streams(answer)
    except MemoryError as error:
        raise _died(name, noise, f"needed more than {limits.memory:,} bytes of memory") from error
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise _died(name, noise, "broke off") from error


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
        process.communicate()


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
