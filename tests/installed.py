"""The installed command, started from a process in which its libraries are loaded already.

Most of a short run is the loading of libraries and modules. Hundreds of runs share it here: one process a test
worker loads them and forks for each run, which then runs the installed console script with its own arguments,
environment, folder and streams, and ends as a Python process does, but for the freeing of its modules. A run with
less memory, other limits or modules of its own (PYTHONPATH) loads ours afresh. Where the start itself is tested
(signals, crashes, an installed wheel), tests start the script themselves.

These runs read workbooks in their own process, too: to start one that loads numpy for each of hundreds of
small workbooks takes a minute. The reading process is tested where it is the subject, and by every run of the
script itself. The names of their locks cost nothing, as those of this process. A run in a `hurry` makes no pause between two tries or two looks: its clock jumps over them.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import pkgutil
import resource
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("xlsx2opeasy")
_LIBRARIES = (
    *("pandas", "pandera.pandas", "pandera.backends.pandas.builtin_checks", "httpx", "rich.progress"),
    *("psycopg", "procrastinate", "cryptography.hazmat.primitives.ciphers.aead"),
)
_LONGEST_REQUEST = 1 << 20
CHEAP_LOCK = 2
"""What it costs to derive a lock's name in the tests; who waits for a script's lock must pay what that pays."""
LOCK_MODULE = "xlsx2opeasy.load.job.machine_lock"


def run(
    *arguments: object,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 180,
    hurry: bool = False,
    memory: int | None = None,
    limits: Mapping[str, Mapping[str, Any]] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Runs the command to its end with nothing on standard input; `env` is added to this process's own.

    It gets no more than `memory` bytes of address space; `limits` has other values for constants of modules.
    """
    run = Run(*arguments, env=env, cwd=cwd, hurry=hurry, memory=memory, limits=limits)
    return run.wait(timeout)


class Run:
    """A run that goes on by itself, as a process with a `pid`."""

    def __init__(
        self,
        *arguments: object,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        hurry: bool = False,
        memory: int | None = None,
        limits: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.args = [str(COMMAND), *map(str, arguments)]
        request = {
            "argv": self.args,
            "env": os.environ | (env or {}),
            "cwd": str(cwd or Path.cwd()),
            "hurry": hurry,
            "memory": memory,
            "limits": limits or {},
        }
        afresh = bool(limits or request["env"].get("PYTHONPATH")) or memory is not None
        self._streams = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - `wait` closes them
        self._answer, theirs = socket.socketpair()
        with theirs:
            files = [*(each.fileno() for each in self._streams), theirs.fileno()]
            socket.send_fds(_loaded(ours=not afresh), [json.dumps(request).encode()], files)
        self._lines = self._answer.makefile("r")
        self.pid = int(self._lines.readline())

    def kill(self) -> None:
        """Ends it, as `kill -9` does; it must not have been waited for."""
        os.kill(self.pid, signal.SIGKILL)

    def stopped(self, timeout: float = 180) -> "subprocess.CompletedProcess[str]":
        """Asks it to stop, and waits for its end; it must not have been waited for."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(timeout)

    def wait(self, timeout: float = 180) -> "subprocess.CompletedProcess[str]":
        """Waits for its end; TimeoutExpired where it does not come, and it is killed."""
        self._answer.settimeout(timeout)
        try:
            code = int(self._lines.readline())
        except TimeoutError:
            self.kill()
            raise subprocess.TimeoutExpired(self.args, timeout) from None
        finally:
            self._lines.close()
            self._answer.close()
            texts = [_text(each) for each in self._streams]
        return subprocess.CompletedProcess(self.args, code, *texts)


def _text(file: Any) -> str:
    with file:
        file.seek(0)
        return str(file.read().decode())


@functools.cache
def _loaded(*, ours: bool) -> socket.socket:
    """The way to the process that has the libraries, and `ours`; it ends when this process ends."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONGEST_REQUEST)
    with theirs:
        command = [sys.executable, __file__, str(theirs.fileno()), *["ours"] * ours]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    atexit.register(process.wait)
    atexit.register(mine.close)
    return mine


def _serve(control: socket.socket) -> list[str]:
    """Forks for each request; returns, with its arguments, in the process that is to be the command."""
    while True:
        message, files, _, _ = socket.recv_fds(control, _LONGEST_REQUEST, 3)
        if not message:
            sys.exit()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            request = json.loads(message)
            *streams, answer = files
            pid = os.fork()
            if pid == 0:
                _become(request, streams, answer)
                return list(request["argv"])
            _watch(pid, answer)
        for each in files:
            os.close(each)


def _watch(pid: int, answer: int) -> None:
    os.write(answer, f"{pid}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(answer, f"{code}\n".encode())
    os._exit(0)


def _become(request: dict[str, Any], streams: list[int], answer: int) -> None:
    os.close(answer)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate([nothing, *streams]):
        os.dup2(file, number)
        os.close(file)
    if request["memory"] is not None:
        resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    for name, values in request["limits"].items():
        _CHANGES[name] = functools.partial(_set, values)
    if request["hurry"] and _CLOCK in sys.modules:
        _without_pauses(sys.modules[_CLOCK])
    elif request["hurry"]:
        _CHANGES[_CLOCK] = _without_pauses
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))


class _Changing(importlib.abc.MetaPathFinder):
    """Imports some modules as ever, and then changes them."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _CHANGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def and_then_change(module: Any) -> None:
            execute(module)
            _CHANGES[name](module)

        spec.loader.exec_module = and_then_change  # type: ignore[method-assign]
        return spec


def _read_here(data: bytes, name: str, limits: Any, lists: Any = ()) -> Any:
    sys.path.append(str(Path(__file__).parent))
    from reader_at_hand import read_here

    return read_here(data, name, limits, lists)


def _set(values: Mapping[str, Any], module: Any) -> None:
    vars(module).update(values)


def _without_pauses(module: Any) -> None:
    skipped = 0.0

    def sleep(self: Any, seconds: float) -> None:
        nonlocal skipped
        self.checkpoint()
        skipped += seconds

    module.Interruption.sleep = sleep
    module.Interruption.monotonic = lambda self: time.monotonic() + skipped


_CLOCK = "xlsx2opeasy.load.interrupt"
_CHANGES: dict[str, Callable[[Any], None]] = {
    "xlsx2opeasy.workbook.read": lambda module: vars(module).update(read_apart=_read_here),
    "xlsx2opeasy.workbook.reading.reader_process": lambda module: vars(module).update(
        reader_started=contextlib.nullcontext
    ),
    LOCK_MODULE: functools.partial(_set, {"_COST": CHEAP_LOCK}),
}
"""What is changed in a module, by its name."""


def _our_modules() -> list[str]:
    (place,) = importlib.import_module("xlsx2opeasy").__path__
    found = (each.name for each in pkgutil.walk_packages([place], "xlsx2opeasy."))
    return [name for name in found if not name.endswith("__main__")]


def _main() -> None:
    del sys.path[0]  # the script's folder is not the tests' folder
    sys.meta_path.insert(0, _Changing())
    for name in (*_LIBRARIES, *(_our_modules() if sys.argv[2:] else ())):
        importlib.import_module(name)
    gc.freeze()  # or each run's collector, and its end, would touch and so copy all of the libraries' objects
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who watches a run is waited for by nobody
    with socket.socket(fileno=int(sys.argv[1])) as control:
        sys.argv = _serve(control)
    try:
        runpy.run_path(str(COMMAND), run_name="__main__")
    except SystemExit as end:
        _leave(int(end.code or 0))


def _leave(code: int) -> None:
    """Ends as Python does, but for freeing all modules one by one, which copies the pages they are on."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _main()
