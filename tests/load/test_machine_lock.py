"""The lock of an enterprise is the machine's: two homes, another account, a killed process, a squatted file."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from foreign.server import ForeignServer
from installed import LOCK_MODULE
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job import machine_lock as machine_locks
from xlsx2opeasy.load.job.machine_lock import Held, file_lock, lock_name, machine_lock, mutex_lock

from .books import user_book
from .command import run, start, until
from .rig import executed

HOLDING = """
import contextlib, fcntl, os, pwd, sys
from pathlib import Path
from xlsx2opeasy.load.job import machine_lock as locks
if len(sys.argv) > 3:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
with locks.{how}:
    print("held", flush=True)
    sys.stdin.read()
"""
HOWS = {
    "the machine's": "machine_lock('https://a.example', sys.argv[1])",
    "a file": "file_lock(Path(sys.argv[2]), sys.argv[1])",
}


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder as `/tmp` is, which every account reaches: not below pytest's own, which is closed to others."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o1777)
        yield folder


@pytest.fixture(params=HOWS)
def how(request: pytest.FixtureRequest) -> str:
    if request.param == "the machine's" and sys.platform != "linux":
        pytest.skip("that one is tested through the file here")
    return str(request.param)


def hold(how: str, name: str, folder: Path, *, as_nobody: bool = False) -> "subprocess.Popen[str]":
    """A process that holds the lock until its standard input ends."""
    code = HOLDING.format(how=HOWS[how])
    extra = ["nobody"] if as_nobody else []
    holder = subprocess.Popen(
        [sys.executable, "-c", code, name, str(folder), *extra],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def lock(how: str, name: str, folder: Path) -> AbstractContextManager[None]:
    return file_lock(folder, name) if how == "a file" else machine_lock("https://a.example", name)


def test_one_process_at_a_time_and_kill_9_frees_it(how: str, shared: Path) -> None:
    name = f"acme-{os.getpid()}"
    holder = hold(how, name, shared)
    with pytest.raises(Held, match=f"process {holder.pid} of account"), lock(how, name, shared):
        pass
    with lock(how, f"{name}-other", shared):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with lock(how, name, shared):
        pass


def test_another_account_is_named_and_keeps_what_it_holds(
    how: str, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become another account")
    name = f"acme-{os.getpid()}"
    theirs = hold(how, name, shared, as_nobody=True)
    found = Path.glob
    for backwards in (False, True):  # whichever of the two accounts' files the folder lists first
        in_order = lambda *of, way=backwards: iter(sorted(found(*of), reverse=way))  # noqa: E731
        monkeypatch.setattr(Path, "glob", in_order)
        with pytest.raises(Held, match="nobody"), lock(how, name, shared):
            pass
        monkeypatch.undo()
    theirs.communicate()
    with lock(how, name, shared):
        ours = [sys.executable, "-c", HOLDING.format(how=HOWS[how]), name, str(shared), "nobody"]
        done = subprocess.run(ours, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert "Held" in done.stderr
        for path in shared.glob(f"*.{os.getuid()}.lock"):
            removing = [sys.executable, "-c", f"import os; os.setuid(65534); os.unlink({str(path)!r})"]
            assert b"PermissionError" in subprocess.run(removing, capture_output=True, check=False).stderr


def squat(kind: str, path: Path) -> None:
    match kind:
        case "link":
            (path.parent / "aim").write_text("")
            path.symlink_to(path.parent / "aim")
        case "dangling":
            path.symlink_to(path.parent / "nothing")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)


@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "pipe"])
def test_what_is_no_file_in_its_place_is_refused(shared: Path, kind: str) -> None:
    squat(kind, shared / f"acme.{os.getuid()}.lock")
    with pytest.raises(LocalFailure) as refused, file_lock(shared, "acme"):
        pass
    assert refused.value.exit_code == 5
    assert "nothing was sent" in refused.value.hint
    assert not (shared / "nothing").exists()


@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "pipe"])
def test_what_others_put_there_for_nobody_holds_nothing(shared: Path, kind: str) -> None:
    squat(kind, shared / "acme.12345.lock")
    with file_lock(shared, "acme"):
        pass


def test_a_folder_in_which_anybody_removes_files_is_refused(shared: Path) -> None:
    shared.chmod(0o777)
    with pytest.raises(LocalFailure, match="anybody may remove files"), file_lock(shared, "acme"):
        pass


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalFailure), file_lock(tmp_path / "none", "acme"):
        pass


def test_what_fails_within_the_lock_is_not_taken_for_the_lock(how: str, shared: Path) -> None:
    with pytest.raises(OSError, match="the disk"), lock(how, f"x-{os.getpid()}", shared):
        raise OSError("the disk")


def test_a_name_tells_no_server_and_no_enterprise() -> None:
    name = lock_name("https://opeasy.example.com", "acme")
    assert name != lock_name("https://opeasy.example.com", "acm")
    assert not [each for each in ("acme", "opeasy.example") if each in name]


class Kernel:
    """Windows' mutexes, as far as the lock uses them."""

    def __init__(self) -> None:
        self.open: dict[int, str] = {}
        self.error = 0
        self.foreign: set[str] = set()

    def CreateMutexW(self, _: object, __: bool, name: str) -> int:  # noqa: N802
        self.error = 5 if name in self.foreign else 183 if name in self.open.values() else 0
        if self.error == 5:
            return 0
        self.open[handle := len(self.open) + 1] = name
        return handle

    def CloseHandle(self, handle: int) -> None:  # noqa: N802
        del self.open[handle]


def test_the_mutex_of_windows() -> None:
    kernel = Kernel()

    def locked(name: str) -> AbstractContextManager[None]:
        return mutex_lock(name, kernel, lambda: kernel.error)

    with locked("a"), locked("b"), pytest.raises(Held), locked("a"):
        pass
    assert kernel.open == {}
    kernel.foreign.add("Global\\c")
    with pytest.raises(Held, match="another account"), locked("c"):
        pass


@pytest.fixture
def homes(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    return lambda name: {"XLSX2OPEASY_HOME": str(tmp_path / name)}


def test_two_homes_at_once_send_nothing_twice(
    server: ForeignServer, env: dict[str, str], tmp_path: Path, homes: Callable[[str], dict[str, str]]
) -> None:
    book = user_book(tmp_path / "users.xlsx", 20)
    copy = Path(shutil.copy(book, tmp_path / "copy.xlsx"))
    server.settings.polls_processing = 10**6
    first = start("load", book, "--yes", env=env | homes("one"))
    until(lambda: any(each.path.endswith("/status") for each in server.requests))
    as_the_script = {LOCK_MODULE: {"_COST": machine_locks._COST}}
    second = run("load", copy, "--yes", "--json", env=env | homes("two"), limits=as_the_script)
    assert second.code == 6, second.err
    assert f"process {first.pid} of account" in second.json["message"]
    assert server.settings.enterprise_id in second.json["message"]
    first.kill()
    first.communicate(timeout=120)
    server.settings.polls_processing = 0
    listed: Any = run("jobs", "--json", env=env | homes("one")).json
    resumed = run("resume", "--json", env=env | homes("one"))
    assert (resumed.code, resumed.json["job"]) == (0, listed["items"][0]["id"])
    assert set(executed(server).values()) == {1}
