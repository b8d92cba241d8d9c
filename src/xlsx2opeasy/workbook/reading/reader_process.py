"""Starts the reading process, gives it the package, and turns whatever becomes of it into an answer (S03)."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import astuple

import pyarrow as pa

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.limits import Limits
from xlsx2opeasy.workbook.reading import wire

_COMMAND = (sys.executable, "-P", "-m", "xlsx2opeasy.workbook.reading.child")
_OWN_SETTINGS = ("OPEASY_", "WEBEX_", "XLSX2OPEASY_")
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(256 << 20), "MALLOC_TRIM_THRESHOLD_": str(512 << 20)}
"""For the C library of Linux: arrays come and go for each megabyte of XML, and to give their memory back to
the system and ask for it anew took an eighth of the time. Others do not know these names."""
_REMEDY = "Open it in Excel, copy the cells of the task sheets into a new workbook, save it, and load that."


def read_apart(data: bytes, name: str, limits: Limits, lists: Sequence[str] = ()) -> wire.RawBook:
    """Read the package `data` in a process of its own; raise WorkbookUnusable where that fails or dies.

    `lists` are the folded titles of sheets to read besides the task sheets.
    """
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        (*_COMMAND, name, json.dumps(lists), *map(str, astuple(limits))),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    )
    try:
        answer, noise = process.communicate(data, timeout=limits.wall_seconds)
    except subprocess.TimeoutExpired as error:
        raise _died(name, b"", f"took more than {limits.wall_seconds} seconds") from error
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode != 0:
        raise _died(name, noise, f"ended unexpectedly ({_how(process.returncode)})")
    try:
        return wire.read_streams(answer)
    except MemoryError as error:
        raise _died(name, noise, f"needed more than {limits.memory:,} bytes of memory") from error
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise _died(name, noise, "broke off") from error


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
    lines = noise.decode("utf-8", "replace").splitlines()
    titles = [line.removeprefix(wire.PROGRESS) for line in lines if line.startswith(wire.PROGRESS)]
    at = f' at its sheet "{titles[-1]}"' if titles else ""
    return WorkbookUnusable(f'"{name}" cannot be read: the reader {what}{at}.', _REMEDY)
