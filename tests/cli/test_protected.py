"""Workbooks protected with a password: asked for, wrong, given in a file; and what is written of them."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from msoffcrypto import OfficeFile
from msoffcrypto.exceptions import InvalidKeyError
from msoffcrypto.format.ooxml import OOXMLFile

from installed import COMMAND, run
from terminal import Terminal
from workbooks import write_workbook
from xlsx2opeasy.cli import queue_add
from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.workbook.read import read_workbook

PASSWORD = "corréct horse "
QUESTION = 'password of the workbook "staff.xlsx"'


BOOK = {
    "Users": "| command | groupId | user.userId | user.firstName | user.lastName |\n"
    "| AddUser | Dallas | anna.one@example.com | Ann | One |\n"
    "| AddUser | Dallas | bobby.two@example.com | Bob | Two |\n"
}


def protected(path: Path, password: str = PASSWORD) -> Path:
    sealed = BytesIO()
    OOXMLFile(BytesIO(path.read_bytes())).encrypt(password, sealed)
    path.write_bytes(sealed.getvalue())
    return path


def opened(path: Path, password: str = PASSWORD) -> Path:
    """The workbook without its password, in a file of its own."""
    file, plain = OfficeFile(BytesIO(path.read_bytes())), path.with_name(f"open-{path.name}")
    file.load_key(password=password, verify_password=True)
    with plain.open("wb") as out:
        file.decrypt(out)
    return plain


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return protected(write_workbook(tmp_path / "staff.xlsx", BOOK))


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password.txt"
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["check", "plan"])
def test_the_password_comes_from_a_file(book: Path, password_file: Path, command: str) -> None:
    done = run(command, book, "--workbook-password-file", password_file)
    assert done.returncode == 0, done.stderr


def test_without_a_terminal_and_a_file_it_is_2(book: Path) -> None:
    done = run("check", book)
    assert done.returncode == 2
    assert "--workbook-password-file" in done.stderr


@pytest.mark.parametrize("content", ["", "wrong", None])
def test_a_file_without_the_password(book: Path, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "other.txt"
    if content is not None:
        path.write_text(content)
    done = run("check", book, "--workbook-password-file", path)
    assert done.returncode == (7 if content else 2)
    assert PASSWORD not in done.stderr + done.stdout


def test_a_person_is_asked_again_after_a_wrong_one(book: Path) -> None:
    with Terminal([COMMAND, "check", book]) as terminal:
        for times, typed in enumerate(("wrong", "wrong again", PASSWORD.strip()), 1):
            terminal.wait_for(QUESTION, times=times)
            terminal.type(f"{typed}\n")
        assert terminal.end() == 7  # the blank at the end belongs to this password
        assert "wrong" not in terminal.scrollback


def test_the_right_one_at_last(tmp_path: Path) -> None:
    book = protected(write_workbook(tmp_path / "staff.xlsx", BOOK), "s3cret")
    with Terminal([COMMAND, "check", book]) as terminal:
        for times, typed in enumerate(("no", "no", "s3cret"), 1):
            terminal.wait_for(QUESTION, times=times)
            terminal.type(f"{typed}\n")
        assert terminal.end() == 0
        assert "s3cret" not in terminal.scrollback


@pytest.mark.parametrize("others", [0, 1])
def test_a_workbook_whose_password_is_not_given_was_not_read(book: Path, tmp_path: Path, others: int) -> None:
    more = [write_workbook(tmp_path / "open.xlsx", BOOK)] * others
    with Terminal([COMMAND, "check", book, *more]) as terminal:
        terminal.wait_for(QUESTION)
        terminal.type("\x04")
        assert terminal.end() == 7
        assert "staff.xlsx was not read: its password was not given" in terminal.scrollback


def test_copies_are_protected_too(book: Path, password_file: Path, tmp_path: Path, home: Path) -> None:
    given = ("--workbook-password-file", password_file)
    done = run("load", book, "--sandbox", *given)
    assert done.returncode == 0, done.stderr
    marked = tmp_path / "marked.xlsx"
    run("check", book, "--annotate", marked, *given)
    results = tmp_path / "staff.rehearsal.xlsx"
    for path in (results, marked):
        assert not path.read_bytes().startswith(b"PK")
        with pytest.raises(InvalidKeyError):
            opened(path, "another")
    assert len(read_workbook(opened(results)).sheets[0].earlier_results) == 2
    assert read_workbook(opened(marked)).other_sheets == ()
    clear = [path for path in home.rglob("*") if path.is_file() and path.read_bytes()[:2] == b"PK"]
    assert clear == []


def test_excels_own_password_is_not_asked_for(tmp_path: Path) -> None:
    book = protected(write_workbook(tmp_path / "staff.xlsx", BOOK), "VelvetSweatshop")
    assert run("check", book).returncode == 0


@pytest.fixture
def server() -> Iterator[RunningSandbox]:
    with serve_in_thread(SandboxSettings(processing_seconds=0.5)) as running:
        yield running


def test_resume_asks_again(
    server: RunningSandbox, book: Path, password_file: Path, home: Path, tmp_path: Path
) -> None:
    env = {
        "OPEASY_URL": server.url,
        "OPEASY_ENTERPRISE_ID": server.enterprise_id,
        "OPEASY_API_KEY": server.api_key,
    }
    given = ("--workbook-password-file", password_file)
    before = hashlib.sha256(book.read_bytes()).digest()
    assert run("load", book, "--yes", "--wait", "0", *given, env=env).returncode == 8
    (frozen,) = home.rglob("workbook.xlsx")
    assert hashlib.sha256(frozen.read_bytes()).digest() == before
    assert run("resume", env=env).returncode == 2
    with Terminal([COMMAND, "resume"], env) as terminal:
        for times in (1, 2, 3):
            terminal.wait_for(QUESTION, times=times)
            terminal.type("wrong\n")
        assert terminal.end() == 7
    done = run("resume", *given, env=env)
    assert done.returncode == 0, done.stderr
    assert len(read_workbook(opened(tmp_path / "staff.results.xlsx")).sheets[0].earlier_results) == 2


def test_a_damaged_protected_workbook_is_one_sentence(book: Path, password_file: Path) -> None:
    data = book.read_bytes()
    book.write_bytes(data[: len(data) // 2])
    done = run("check", book, "--workbook-password-file", password_file)
    assert done.returncode == 7
    assert "Traceback" not in done.stderr


def test_a_queue_takes_no_protected_workbook(book: Path) -> None:
    with pytest.raises(UsageError, match="queue"):
        queue_add._add(book, None, None, None, 0, None)  # type: ignore[arg-type]
