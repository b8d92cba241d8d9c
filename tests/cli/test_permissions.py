"""Who can read what the commands write, and files that another program holds for a moment."""

import os
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import installed
from workbooks import write_workbook
from xlsx2opeasy.durable import why_refused, write_file
from xlsx2opeasy.load import interrupt
from xlsx2opeasy.operating_system import HELD_PAUSES, replace_patiently

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permission bits mean nothing on Windows")

HEAD = "| command | groupId | user.userId | user.userPassword |\n"
PLAIN = {"Users": HEAD + "| AddUser | Dallas | john.doe@example.com | |\n"}
SECRET = {"Users": HEAD + "| AddUser | Dallas | john.doe@example.com | Canary-1234 |\n"}


@pytest.fixture(params=[0o022, 0o077], ids=["umask 022", "umask 077"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def start(*arguments: object, cwd: Path) -> None:
    """Starts the command itself: runs of `installed` have the umask of their own process."""
    import subprocess

    done = subprocess.run(
        [installed.COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stderr


@pytest.mark.parametrize("bits", [0o640, 0o664, 0o600])
def test_results_and_marked_copies_have_the_bits_of_the_workbook(
    tmp_path: Path, umask: int, bits: int
) -> None:
    book = write_workbook(tmp_path / "book.xlsx", PLAIN)
    book.chmod(bits)
    start("load", book, "--sandbox", "--quiet", cwd=tmp_path)
    start("check", book, "--annotate", "marked.xlsx", cwd=tmp_path)
    assert mode(tmp_path / "book.rehearsal.xlsx") == bits
    assert mode(tmp_path / "marked.xlsx") == bits


def test_new_files_have_those_of_the_umask_but_for_secrets(tmp_path: Path, umask: int) -> None:
    usual = 0o666 & ~umask
    start("template", "blank.xlsx", cwd=tmp_path)
    assert mode(tmp_path / "blank.xlsx") == usual
    for name, content, expected in (("plain", PLAIN, usual), ("secret", SECRET, 0o600)):
        book = write_workbook(tmp_path / f"{name}.xlsx", content)
        start("convert", book, "--output", name, cwd=tmp_path)
        (chunk,) = (tmp_path / name).glob("operation-*.json")
        assert mode(chunk) == expected
        assert mode(tmp_path / name / "manifest.json") == usual
        start("import", chunk, "--output", f"{name}-again.xlsx", cwd=tmp_path)
        assert mode(tmp_path / f"{name}-again.xlsx") == expected


def test_a_secret_under_another_wire_name_is_as_private(tmp_path: Path, home: Path) -> None:
    (home / "config.toml").write_text('[wire]\n"user.userPassword" = "user.login.pass"\n')
    book = write_workbook(tmp_path / "secret.xlsx", SECRET)
    start("convert", book, "--output", "files", cwd=tmp_path)
    (chunk,) = (tmp_path / "files").glob("operation-*.json")
    assert b'"pass"' in chunk.read_bytes()
    assert mode(chunk) == 0o600


def held(times: int, winerror: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lets the renaming of files fail so many times, as Windows has it fail."""
    calls = []
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        calls.append(1)
        if len(calls) <= times:
            error = PermissionError(13, "held")
            error.winerror = winerror  # type: ignore[attr-defined]
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    return calls


@pytest.mark.parametrize("winerror", [5, 32, 33])
def test_a_file_that_is_held_for_a_moment_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
) -> None:
    calls = held(2, winerror, monkeypatch)
    write_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert len(calls) == 3


def test_a_file_that_stays_held_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held(100, 32, monkeypatch)
    (tmp_path / "new").write_bytes(b"new")
    waited: list[float] = []
    with pytest.raises(PermissionError) as caught:
        replace_patiently(tmp_path / "new", tmp_path / "old", waited.append)
    assert why_refused(caught.value) == "another program holds the file open"
    assert tuple(waited) == HELD_PAUSES
    assert 3 <= sum(waited) <= 10


def test_what_is_refused_for_good_is_not_tried_again(tmp_path: Path) -> None:
    waited: list[float] = []
    with pytest.raises(FileNotFoundError):
        replace_patiently(tmp_path / "none", tmp_path / "old", waited.append)
    assert waited == []


def test_ctrl_break_and_the_closing_of_a_console_are_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    interruption = interrupt.Interruption()
    with interruption.listening():
        os.kill(os.getpid(), signal.SIGUSR1)
        with pytest.raises(interrupt.Interrupted):
            interruption.checkpoint()
    left = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    for each in left:
        each.join(60)  # one that was not cancelled would end this whole process
        assert each.finished.is_set()
