"""The workbook's bytes: read once, hashed, and known not to have changed meanwhile."""

import contextlib
import hashlib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.limits import Limits, too_large
from xlsx2opeasy.paths import is_there
from xlsx2opeasy.spec.catalogue import nearest

_LOCK_PREFIX = "~$"
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a workbook and their SHA-256; `open_elsewhere` when Excel's lock file lies beside it."""

    path: Path
    data: bytes
    sha256: str
    open_elsewhere: bool


def read_source(path: Path, limits: Limits) -> Source:
    """Read the file once; raise WorkbookUnusable where it is missing, too large or being rewritten."""
    if path.name.startswith(_LOCK_PREFIX):
        raise WorkbookUnusable(
            f'"{path.name}" is no workbook, but what Excel keeps beside "{path.name[2:]}" while it is open.',
            f'Name "{path.name[2:]}" instead.',
        )
    try:
        data = _unchanging_bytes(path, limits)
    except FileNotFoundError as error:
        raise WorkbookUnusable(f'There is no file "{path}".', _nearest(path)) from error
    except IsADirectoryError as error:
        raise WorkbookUnusable(
            f'"{path}" is a folder, not a workbook.', "Name the workbook in it."
        ) from error
    except OSError as error:
        raise WorkbookUnusable(
            f'"{path}" cannot be read: {error.strerror or error}.',
            "Close it in other programs, and check that you may read it.",
        ) from error
    return Source(path, data, hashlib.sha256(data).hexdigest(), is_there(path.parent / f"~${path.name}"))


def _unchanging_bytes(path: Path, limits: Limits) -> bytes:
    """The file's bytes, where size and modification time are the same before and after."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise WorkbookUnusable(
                    f'"{path}" is a pipe or a device, and a workbook is read more than once.',
                    "Save it as a file, and name that.",
                )
            if before.st_size > limits.file:
                size = f"it has {before.st_size:,} bytes, more than {limits.file:,}"
                raise too_large(path.name, size, limits)
            data = file.read(before.st_size + 1)  # so many bytes are reserved, whatever comes
        after = path.stat()
        if _stamp(before) == _stamp(after) and len(data) == after.st_size:
            return data
    raise WorkbookUnusable(
        f'"{path.name}" changes while it is read: another program is writing it.',
        "Wait until it is saved or synchronised, and try again.",
    )


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _nearest(path: Path) -> str:
    """What to do where a file is missing: mostly its name was mistyped, or its extension is."""
    with contextlib.suppress(OSError):
        names = {each.stem: each.name for each in path.parent.iterdir() if each.suffix in (".xlsx", ".xlsm")}
        if (near := nearest(path.stem, names)) is not None:
            return f'Did you mean "{names[near]}"?'
    return "Check the name and the folder."
