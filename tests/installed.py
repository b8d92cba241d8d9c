"""The installed command, started from a process in which its libraries are loaded already.

Most of a short run is the loading of pandas and pandera. Hundreds of runs share it here: one process a test
worker loads the libraries (none of our own modules) and forks for each run, which then runs the installed
console script with its own arguments, environment, folder and streams, and ends as any Python process ends.
Where the start itself is tested (signals, crashes, an installed wheel), tests start the script themselves.

These runs read workbooks in their own process, too: to start one that loads numpy for each of hundreds of
small workbooks takes a minute. The reading process is tested where it is the subject, and by every run of the
script itself.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import importlib.abc
import importlib.machinery
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("xlsx2opeasy")
_LIBRARIES = ("pandas", "pandera.pandas", "pandera.backends.pandas.builtin_checks", "httpx", "rich.progress")
_LONGEST_REQUEST = 1 << 20


def run(
    *arguments: object, env: dict[str, str] | None = None, cwd: Path | None = None, timeout: float = 60
) -> "subprocess.CompletedProcess[str]":
    """Runs the command to its end with nothing on standard input; `env` is added to this process's own."""
    argv = [str(COMMAND), *map(str, arguments)]
    request = {"argv": argv, "env": os.environ | (env or {}), "cwd": str(cwd or Path.cwd())}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        mine, theirs = socket.socketpair()
        with mine:
            with theirs:
                files = [out.fileno(), err.fileno(), theirs.fileno()]
                socket.send_fds(_loaded(), [json.dumps(request).encode()], files)
            code = _code(mine, argv, timeout)
        texts = [_text(file) for file in (out, err)]
    return subprocess.CompletedProcess(argv, code, *texts)


def _code(reply: socket.socket, argv: list[str], timeout: float) -> int:
    reply.settimeout(timeout)
    with reply.makefile("r") as lines:
        pid = int(lines.readline())
        try:
            return int(lines.readline())
        except TimeoutError as error:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(argv, timeout) from error


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode())


@functools.cache
def _loaded() -> socket.socket:
    """The way to the process that has the libraries; it ends when this process ends."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONGEST_REQUEST)
    with theirs:
        command = [sys.executable, __file__, str(theirs.fileno())]
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
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))


class _ReaderAtHand(importlib.abc.MetaPathFinder):
    """Imports the modules of the reading process as ever, and then has all read within their own process."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _INSTEAD:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def and_then_replace(module: Any) -> None:
            execute(module)
            vars(module).update(_INSTEAD[name])

        spec.loader.exec_module = and_then_replace  # type: ignore[method-assign]
        return spec


def _read_here(data: bytes, name: str, limits: Any, lists: Any = ()) -> Any:
    sys.path.append(str(Path(__file__).parent))
    from reader_at_hand import read_here

    with contextlib.redirect_stderr(io.StringIO()):  # where it tells its parent how far it is
        return read_here(data, name, limits, lists)


_INSTEAD: dict[str, dict[str, Any]] = {
    "xlsx2opeasy.workbook.read": {"read_apart": _read_here},
    "xlsx2opeasy.workbook.reading.reader_process": {"reader_started": contextlib.nullcontext},
}
"""What stands for names of modules, by module."""


def _main() -> None:
    for name in _LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # or each run's collector, and its end, would touch and so copy all of the libraries' objects
    sys.meta_path.insert(0, _ReaderAtHand())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who watches a run is waited for by nobody
    with socket.socket(fileno=int(sys.argv[1])) as control:
        sys.argv = _serve(control)
    del sys.path[0]  # the script's folder is not the tests' folder
    runpy.run_path(str(COMMAND), run_name="__main__")


if __name__ == "__main__":
    _main()
