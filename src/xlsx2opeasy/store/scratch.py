"""Folders of this machine for files of the moment, which hold what is sealed in the store."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from xlsx2opeasy.durable import make_folder, what_helps, why_refused
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.paths import is_there

_LOCK = "lock"


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder below `parent` while the block runs; those of processes that died are removed."""
    folder = parent / secrets.token_hex(8)
    try:
        make_folder(parent)
        _sweep(parent)
        folder.mkdir(mode=0o700)
        lock = FileLock(folder / _LOCK, timeout=0, mode=0o600)
        lock.acquire()
    except OSError as error:
        raise LocalFailure(
            f"the folder {parent} cannot be written: {why_refused(error)}",
            f"nothing was sent; {what_helps(error, parent)}",
        ) from error
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    for folder in parent.iterdir():
        if not is_there(folder / _LOCK):
            continue  # it is being made, or removed
        lock = FileLock(folder / _LOCK, timeout=0)
        with contextlib.suppress(Timeout, OSError):
            lock.acquire()
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()
