"""What systems do differently: limits of a process, its user's name, who can read a file, folders."""

import contextlib
import ctypes
import errno
import getpass
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

HOME_VARIABLE: Final = "XLSX2OPEASY_HOME"
_ENDING: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""The last is Ctrl-Break and the closing of a console of Windows."""
_JOB_EXTENDED_LIMITS: Final = 9
_LIMIT_PROCESS_TIME, _LIMIT_PROCESS_MEMORY, _DIE_ON_EXCEPTION = 0x2, 0x100, 0x400
_PR_SET_DUMPABLE: Final = 4
_TICKS_A_SECOND: Final = 10_000_000
"""Windows counts time in units of 100 ns."""

HELD_BY_ANOTHER: Final = (32, 33)
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION of Windows."""
_ACCESS_DENIED: Final = 5
_CANNOT_SYNC: Final = (errno.EINVAL, errno.ENOTSUP)
"""What file systems answer that have no way to sync a folder (fsync(2))."""
HELD_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 2.0)


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("per_process_user_time", ctypes.c_int64),
        ("per_job_user_time", ctypes.c_int64),
        ("limit_flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_process_limit", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION; the counters of input and output are six numbers of 64 bits."""

    _fields_ = (
        ("basic", _BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def ending_signals() -> list[int]:
    """The signals that ask a program to end, but for those that it was started to ignore.

    `nohup` has SIGHUP ignored, and a shell without job control SIGINT of what it starts in the background.
    """
    known = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) != signal.SIG_IGN]


_heard: list[int] = []


def raise_interrupt(number: int, _frame: FrameType | None) -> None:
    """Handle one of them as Ctrl-C is handled, and remember it.

    What is raised while Python runs a callback, as it does within an import, is lost.
    """
    _heard.append(number)
    raise KeyboardInterrupt


@contextlib.contextmanager
def ending_signals_handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have `handler` called for them while the block runs, and for one that was lost; for the main thread."""
    before = {number: signal.signal(number, handler) for number in ending_signals()}
    try:
        for number in _heard[:1]:
            handler(number, None)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def state_folder() -> Path:
    """Where jobs are kept: `XLSX2OPEASY_HOME`, or the operating system's folder for state."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home).expanduser().absolute()
    import platformdirs  # not for the reader's process

    return platformdirs.user_state_path("xlsx2opeasy", appauthor=False)


def limit_this_process(memory: int, cpu_seconds: int) -> None:
    """Limits bytes of memory and processor time of this process, which also leaves no core file."""
    if os.name == "nt":
        limit_by_job(memory, cpu_seconds, _kernel32())
        return
    import resource

    leave_no_core_file()
    _lower(resource.RLIMIT_CPU, cpu_seconds)
    if sys.platform != "darwin":  # there, address space is reserved by the terabyte
        _lower(resource.RLIMIT_AS, memory)


def leave_no_core_file() -> None:
    """Lets a crash of this process, which may hold passwords, leave no image of its memory.

    On Linux it may not be handed to a program either, nor be read by another process of the account.
    """
    if os.name == "nt":
        return
    import resource

    _lower(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _lower(kind: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (allowed, allowed))


def limit_by_job(memory: int, cpu_seconds: int, kernel: Any) -> None:  # noqa: ANN401 - kernel32, or a stand-in
    """Limits this process by a job object of Windows. Raises OSError where `kernel` refuses.

    The object lives as long as the process: its handle is never closed.
    """
    limits = _ExtendedLimits()
    limits.basic.limit_flags = _LIMIT_PROCESS_TIME | _LIMIT_PROCESS_MEMORY | _DIE_ON_EXCEPTION
    limits.basic.per_process_user_time = cpu_seconds * _TICKS_A_SECOND
    limits.process_memory = memory
    job = kernel.CreateJobObjectW(None, None)
    size = ctypes.sizeof(limits)
    if not (
        job
        and kernel.SetInformationJobObject(job, _JOB_EXTENDED_LIMITS, ctypes.byref(limits), size)
        and kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess())
    ):
        raise OSError("Windows gives this process no job object")


def _kernel32() -> Any:  # noqa: ANN401
    loaded: Any = ctypes
    kernel = loaded.WinDLL("kernel32", use_last_error=True)
    for name in ("CreateJobObjectW", "GetCurrentProcess"):
        getattr(kernel, name).restype = ctypes.c_void_p
    kernel.SetInformationJobObject.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_uint32,
    ]
    kernel.AssignProcessToJobObject.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    return kernel


def replace_patiently(file: Path, target: Path, sleep: Callable[[float], None] = time.sleep) -> None:
    """Renames `file` to `target`, which a scanner or a synchronised folder may hold for a moment (Windows).

    It is tried again for some seconds. Raises OSError where the system refuses to the end.
    """
    for pause in HELD_PAUSES:
        try:
            file.replace(target)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in (*HELD_BY_ANOTHER, _ACCESS_DENIED):
                raise
        sleep(pause)
    file.replace(target)


def others_can_read(file: Path) -> bool:
    """Whether other accounts may read a file by its permission bits, which mean nothing on Windows."""
    return os.name != "nt" and bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def sync_folder(folder: Path) -> None:
    """Puts the entries of `folder` (creations, renames, removals) on disk. Windows has no such call.

    Raises OSError where the disk refuses; a file system that cannot sync folders is left at that.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def give_like(descriptor: int, model: os.stat_result) -> None:
    """Gives an open file the permissions of another, and its owner where that is allowed."""
    if os.name != "nt":
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, model.st_uid, model.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(model.st_mode) & 0o777)


def user_name() -> str:
    """Who runs this process, as far as the system has a name: a container may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def give_memory_back() -> None:
    """Gives freed memory back to the system, which the libraries of C (glibc) and Arrow keep for themselves.

    To be called where a step has ended that needed much and the next one needs it in other pieces.
    """
    if (arrow := sys.modules.get("pyarrow")) is not None:
        arrow.default_memory_pool().release_unused()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
