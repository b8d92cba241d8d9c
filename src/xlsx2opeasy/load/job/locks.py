"""One load at a time at an enterprise on this machine, and who works on a job.

The kernel frees a lock when its process dies.
"""

import contextlib
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from xlsx2opeasy.durable import make_folder, refuses_to_write, what_helps, why_refused
from xlsx2opeasy.errors import LoadRefused, LocalFailure


@contextlib.contextmanager
def enterprise_lock(locks: Path, origin: str, enterprise_id: str) -> Iterator[None]:
    """Holds the enterprise while the block runs, by a lock in the folder `locks`.

    Raises LoadRefused where another process holds it.
    """
    name = hashlib.sha256(f"{origin}\n{enterprise_id}".encode()).hexdigest()
    holder = locks / f"{name}.json"
    try:
        make_folder(locks)
        lock = FileLock(locks / f"{name}.lock", timeout=0, mode=0o600)
        lock.acquire()
    except Timeout:
        # rare: another load runs
        raise LoadRefused(
            f"another load runs at enterprise {enterprise_id} on this machine{_who(holder)}",
            "wait for it to end; xlsx2opeasy jobs follow shows how far it is",
        ) from None
    except (OSError, NotImplementedError) as error:
        raise _no_lock(locks, error) from error
    try:
        with contextlib.suppress(OSError):  # only informative: other writes must succeed
            holder.touch(mode=0o600)
            holder.write_text(json.dumps(_myself()))
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def job_lock(file: Path, job_id: str) -> Iterator[None]:
    """Says that this process works on the job while the block runs. LoadRefused where another one does."""
    # Whoever asks whether the job is worked on holds the lock for a moment: hence not at once refused.
    lock = FileLock(file, timeout=1.0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise LoadRefused(
            f"another process works on job {job_id}",
            f"wait for it to end; xlsx2opeasy jobs follow {job_id} shows how far it is",
        ) from None
    except (OSError, NotImplementedError) as error:
        raise _no_lock(file.parent, error) from error
    try:
        yield
    finally:
        lock.release()


def is_held(file: Path) -> bool:
    """Whether a living process holds the lock of a job."""
    if not file.exists():
        return False
    lock = FileLock(file, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return False  # what cannot be locked is held by no process
    lock.release()
    return False


def _no_lock(folder: Path, error: OSError | NotImplementedError) -> LocalFailure:
    if refuses_to_write(error):
        said = f"the folder {folder} cannot be written: {why_refused(error)}"
        return LocalFailure(said, f"nothing was sent; {what_helps(error, folder)}")
    return LocalFailure(
        f"the folder {folder} does not take locks: {error}",
        "set XLSX2OPEASY_HOME to a folder on this machine's own disk",
    )


def _myself() -> dict[str, str | int]:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": started}


def _who(holder: Path) -> str:
    """Only informative: the lock itself is the kernel's, and is held a moment before this is written."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(holder.read_bytes())
        return f" (process {known['pid']} on {known['host']}, since {known['since']})"
    return ""
