"""One load at a time at an enterprise on this machine, whichever account and home.

Linux has names for sockets that are no files: all accounts share them, the kernel frees them with their
process, and no account can remove or replace one. Windows has named mutexes of that kind. Elsewhere it is a
locked file in a folder where no account can remove another's file. Any account of the machine could hold such
a lock on purpose.

The name of a lock is derived slowly from machine, server and enterprise, so that neither can be tried out.
"""

import contextlib
import errno
import hashlib
import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from xlsx2opeasy.errors import LoadRefused, LocalFailure
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.store import Store

_PREFIX: Final = "xlsx2opeasy-"
_MACHINE_IDS: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_SHARED_FOLDERS: Final = (Path("/Users/Shared"), Path("/tmp"))  # noqa: S108 - sticky, and checked to be
_COST = 2**14
"""What a guess at a lock's name costs: a tenth of a second and 16 MB."""
_BACKLOG: Final = 1024
_LOOKS, _MOMENT = 5, 0.1
_ALREADY_EXISTS, _ACCESS_DENIED = 183, 5


class Held(Exception):
    """Another process holds the lock; `holder` says which, as far as the system does."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextlib.contextmanager
def load_lock(store: Store, target: Target) -> Iterator[None]:
    """Holds an enterprise for a load, in the store and on this machine; a rehearsal holds nothing.

    Raises LoadRefused where another process holds it, LocalFailure where it cannot be locked.
    """
    if target.rehearsal:
        yield
        return
    with contextlib.ExitStack() as stack:
        stack.enter_context(store.enterprise_lock(target.origin, target.enterprise_id))
        try:
            stack.enter_context(machine_lock(target.origin, target.enterprise_id))
        except Held as held:
            raise LoadRefused(
                f"another load runs at enterprise {target.enterprise_id} on this machine ({held.holder})",
                "wait for it to end; where it is yours: xlsx2opeasy jobs follow shows how far it is",
            ) from None
        yield


def machine_lock(origin: str, enterprise_id: str) -> AbstractContextManager[None]:
    """Holds the enterprise on this machine while the context lasts.

    Raises Held where another process does, LocalFailure where the system gives no such lock.
    """
    name = lock_name(origin, enterprise_id)
    if sys.platform == "win32":
        return mutex_lock(name)
    if sys.platform == "linux":
        return socket_lock(name)
    return file_lock(_shared_folder(), name)


@lru_cache(maxsize=64)
def lock_name(origin: str, enterprise_id: str) -> str:
    """The name of an enterprise's lock: the same for all accounts of this machine."""
    what = f"{origin}\n{enterprise_id}".encode()
    return _PREFIX + hashlib.scrypt(what, salt=_machine_id(), n=_COST, r=8, p=1, dklen=20).hex()


def _machine_id() -> bytes:
    """What differs from machine to machine, and all of its accounts can read."""
    for path in _MACHINE_IDS:
        with contextlib.suppress(OSError):
            if found := path.read_bytes().strip():
                return found
    return socket.gethostname().encode()


# -- Linux ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def socket_lock(name: str) -> Iterator[None]:
    """A listening socket of the abstract namespace (unix(7)): whoever connects learns process and account."""
    try:
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError as error:
        raise _no_lock("a socket of this machine", error) from error
    with lock:
        try:
            lock.bind(f"\0{name}")
            lock.listen(_BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Held(_listener(name)) from None
            raise _no_lock("a socket of this machine", error) from error
        yield


def _listener(name: str) -> str:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(1.0)
        asking.connect(f"\0{name}")
        size = struct.calcsize("3i")
        pid, uid, _ = struct.unpack("3i", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return f"process {pid} of account {_account(uid)}"
    return "a process of this machine"


def _account(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


# -- macOS and others ----------------------------------------------------------------------------------------


def _shared_folder() -> Path:
    return next((each for each in _SHARED_FOLDERS if each.is_dir()), _SHARED_FOLDERS[-1])


@contextlib.contextmanager
def file_lock(folder: Path, name: str) -> Iterator[None]:
    """A locked file of this account, where no other account has locked its own.

    The folder must be one in which no account can remove another's file (sticky). Each account has a file of
    its own, because whoever owns a file may remove it.

    Raises Held, and LocalFailure where the folder is of another kind, or something else has the file's name.
    """
    own = folder / f"{name}.{os.getuid()}.lock"
    with contextlib.ExitStack() as stack:
        try:
            _require_shared(folder)
            descriptor = _opened(own)
            stack.callback(os.close, descriptor)
            _require_own(own, descriptor)
            if not _locked(descriptor, exclusively=True):
                raise Held(_holder(descriptor, own))
            _require_own(own, descriptor)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            _require_no_other(folder, name, own)
        except OSError as error:
            raise _no_lock(str(own), error) from error
        yield


def _require_shared(folder: Path) -> None:
    mode = folder.stat().st_mode
    if not mode & stat.S_ISVTX and mode & stat.S_IWOTH:
        raise LocalFailure(
            f"{folder} cannot hold a lock that all accounts share: anybody may remove files there",
            f"nothing was sent; have an administrator run: chmod +t {folder}",
        )


def _opened(own: Path) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    with contextlib.suppress(FileExistsError):
        made = os.open(own, flags | os.O_CREAT | os.O_EXCL, 0o644)
        os.fchmod(made, 0o644)
        return made
    return os.open(own, flags)


def _require_own(own: Path, descriptor: int) -> None:
    """What was opened is a file of this account, and still the one of that name."""
    found, there = os.fstat(descriptor), own.lstat()
    same = (found.st_dev, found.st_ino) == (there.st_dev, there.st_ino)
    if not stat.S_ISREG(found.st_mode) or not same or found.st_uid != os.getuid():
        raise LocalFailure(
            f"{own} is not the lock file of this account",
            "nothing was sent; have its owner, or an administrator, remove it",
        )


def _locked(descriptor: int, *, exclusively: bool) -> bool:
    """Whether the lock was had; whoever only looks at it holds it for a moment, hence several tries."""
    import fcntl

    how = fcntl.LOCK_EX if exclusively else fcntl.LOCK_SH
    for _ in range(_LOOKS):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            return True
        time.sleep(_MOMENT)
    return False


def _require_no_other(folder: Path, name: str, own: Path) -> None:
    """Raises Held where another account has locked its file; what is not that account's is ignored."""
    for path in folder.glob(f"{name}.*.lock"):
        if path == own:
            continue
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            found = os.fstat(descriptor)
            theirs = stat.S_ISREG(found.st_mode) and path.name == f"{name}.{found.st_uid}.lock"
            if theirs and not _locked(descriptor, exclusively=False):
                raise Held(_holder(descriptor, path))
        finally:
            os.close(descriptor)


def _holder(descriptor: int, path: Path) -> str:
    text = os.pread(descriptor, 20, 0).decode("ascii", "replace")
    account = _account(os.fstat(descriptor).st_uid)
    return f"process {text} of account {account}" if text.isdecimal() else f"account {account}, {path}"


# -- Windows -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def mutex_lock(name: str, kernel: Any = None, last_error: Callable[[], int] | None = None) -> Iterator[None]:  # noqa: ANN401
    """A mutex of all sessions (`Global`): it exists as long as a process holds it open."""
    if kernel is None or last_error is None:
        kernel, last_error = _kernel32()
    handle = kernel.CreateMutexW(None, True, f"Global\\{name}")
    error = last_error()
    if not handle and error != _ACCESS_DENIED:
        raise _no_lock("a mutex of this machine", OSError(error, f"Windows error {error}"))
    if not handle:
        raise Held("a process of another account")
    try:
        if error == _ALREADY_EXISTS:
            raise Held("a process of this machine")
        yield
    finally:
        kernel.CloseHandle(handle)


def _kernel32() -> tuple[Any, Callable[[], int]]:
    import ctypes

    loaded: Any = ctypes
    kernel = loaded.WinDLL("kernel32", use_last_error=True)
    kernel.CreateMutexW.restype = ctypes.c_void_p
    kernel.CreateMutexW.argtypes = [ctypes.c_void_p, ctypes.c_bool, ctypes.c_wchar_p]
    kernel.CloseHandle.argtypes = [ctypes.c_void_p]
    return kernel, loaded.get_last_error


def _no_lock(what: str, error: OSError) -> LocalFailure:
    return LocalFailure(
        f"{what} cannot be locked for the load: {error.strerror or error}",
        "nothing was sent; other accounts of this machine could load the same enterprise meanwhile",
    )
