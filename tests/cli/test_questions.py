"""Every question the program asks, at a pseudo-terminal whose screen is read."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import installed
from workbooks import write_workbook
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings

if sys.platform == "win32":
    pytest.skip("There is no pseudo-terminal on Windows.", allow_module_level=True)

from terminal import Terminal

HEAD = "| command | groupId | user.userId |\n"
BOOK = {
    "Users": HEAD
    + "| AddUser | Dallas | user.one@example.com |\n"
    + "| AddUser | Dallas | user.two@example.com |\n"
    + "| DeleteUser | | user.gone@example.com |\n"
    + "| SuspendUser | | user.rests@example.com |\n"
}
QUESTION = "[y/N]:"


@pytest.fixture
def server() -> Iterator[RunningSandbox]:
    with serve_in_thread(SandboxSettings(processing_seconds=0.2)) as running:
        yield running


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "branch.xlsx", BOOK)


def settings(server: RunningSandbox, *, key: bool = True) -> dict[str, str]:
    env = {"OPEASY_URL": server.url, "OPEASY_ENTERPRISE_ID": server.enterprise_id}
    return env | ({"OPEASY_API_KEY": server.api_key} if key else {})


def load(book: Path, env: dict[str, str], *more: str) -> Terminal:
    return Terminal([installed.COMMAND, "load", book, "--poll-interval", "0.1", *more], env)


def untouched(server: RunningSandbox, book: Path) -> bool:
    return not server.enterprise().users and [each.name for each in book.parent.iterdir()] == [book.name]


def test_the_confirmation_names_the_rows_of_each_command(server: RunningSandbox, book: Path) -> None:
    with load(book, settings(server)) as terminal:
        screen = terminal.wait_for(QUESTION)
        assert "  Users AddUser: 2 rows\n" in screen
        assert "  Users DeleteUser: 1 row (1 deletion)\n" in screen
        assert "  Users SuspendUser: 1 row (1 suspension)\n" in screen
        assert terminal.colour_of("Users DeleteUser") == "red"
        assert terminal.colour_of("Users SuspendUser") == "red"
        assert terminal.colour_of("Users AddUser") == "default"
        terminal.stays(QUESTION, 1.5)
        terminal.type("y\n")
        assert terminal.end() == 1, terminal.scrollback
        assert "4 rows: 2 succeeded, 2 failed" in terminal.scrollback
    assert len(server.enterprise().users) == 2


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04", "perhaps\nmaybe\nhm\n"])
def test_an_answer_that_is_not_yes_sends_nothing(server: RunningSandbox, book: Path, answer: str) -> None:
    with load(book, settings(server)) as terminal:
        terminal.wait_for(QUESTION)
        for number, line in enumerate(answer.splitlines(keepends=True), 1):
            terminal.wait_for(QUESTION, times=number)
            terminal.type(line)
        assert terminal.end() == 6
        assert "nothing was sent" in terminal.scrollback
    assert untouched(server, book)


def test_ctrl_c_at_the_question_ends_the_command(server: RunningSandbox, book: Path) -> None:
    with load(book, settings(server)) as terminal:
        terminal.wait_for(QUESTION)
        terminal.type("\x03")
        assert terminal.end() == 130
        assert "nothing was sent" in terminal.scrollback
    assert untouched(server, book)


def test_what_was_typed_before_the_question_does_not_answer_it(server: RunningSandbox, book: Path) -> None:
    with load(book, settings(server)) as terminal:
        terminal.type("y\ny\ny\n")
        terminal.wait_for(QUESTION)
        terminal.stays(QUESTION, 1.0)
        assert terminal.code is None
        terminal.type("n\n")
        assert terminal.end() == 6
    assert untouched(server, book)


def test_the_question_for_the_key_stays_visible(server: RunningSandbox, book: Path) -> None:
    with load(book, settings(server, key=False)) as terminal:
        terminal.wait_for(QUESTION)
        terminal.type("y\n")
        terminal.wait_for("API key for enterprise")
        terminal.stays("API key for enterprise", 1.5)
        terminal.type(f"{server.api_key}\n")
        assert terminal.end() == 1
        assert server.api_key not in terminal.scrollback
        assert terminal.scrollback.count("API key for") == 1


@pytest.mark.parametrize("answer", ["\x04", "\n\n\n"])
def test_no_key_begins_no_job(server: RunningSandbox, book: Path, answer: str, home: Path) -> None:
    with load(book, settings(server, key=False), "--yes") as terminal:
        for number, line in enumerate(answer.splitlines(keepends=True), 1):
            terminal.wait_for("API key for enterprise", times=number)
            terminal.type(line)
        assert terminal.end() == 6
        assert "nothing was sent" in terminal.scrollback
    assert untouched(server, book)
    assert not list(home.glob("loads/*"))


def test_resume_asks_for_the_key_and_nothing_else(server: RunningSandbox, book: Path) -> None:
    env = settings(server)
    first = installed.run("load", book, "--yes", "--wait", "0", env=env)
    assert first.returncode == 8, first.stderr
    with Terminal(
        [installed.COMMAND, "resume", "--poll-interval", "0.1"], settings(server, key=False)
    ) as terminal:
        terminal.wait_for("API key for enterprise")
        terminal.stays("API key for enterprise", 1.0)
        terminal.type(f"{server.api_key}\n")
        assert terminal.end() == 1
        assert QUESTION not in terminal.scrollback


@pytest.mark.parametrize(
    "command", [("webhooks", "list"), ("operations", "show", "0" * 32), ("doctor",)], ids=" ".join
)
def test_every_command_that_connects_asks_for_the_key(
    server: RunningSandbox, command: tuple[str, ...]
) -> None:
    with Terminal([installed.COMMAND, *command], settings(server, key=False)) as terminal:
        terminal.wait_for("API key for enterprise")
        terminal.stays("API key for enterprise", 0.5)
        terminal.type(f"{server.api_key}\n")
        terminal.end()
        assert server.api_key not in terminal.scrollback


def test_without_a_terminal_nothing_is_sent(server: RunningSandbox, book: Path) -> None:
    done = installed.run("load", book, env=settings(server))
    assert done.returncode == 2
    assert f"xlsx2opeasy load {book} --yes" in done.stderr
    assert untouched(server, book)
    as_json = installed.run("load", book, "--json", env=settings(server))
    assert as_json.returncode == 2
    assert '"status": "failed"' in as_json.stdout
    assert '"total": 4' in as_json.stdout


def test_the_question_comes_last(server: RunningSandbox, book: Path, tmp_path: Path) -> None:
    env = settings(server)
    invalid = write_workbook(tmp_path / "wrong.xlsx", {"Users": HEAD + "| Nope | Dallas | a@example.com |\n"})
    assert installed.run("load", invalid, env=env).returncode == 3
    assert installed.run("load", book, "--yes", "--poll-interval", "0.1", env=env).returncode == 1
    assert installed.run("load", book, env=env).returncode == 6
    adds = write_workbook(
        tmp_path / "adds.xlsx", {"Users": HEAD + "| AddUser | Dallas | user.three@example.com |\n"}
    )
    assert installed.run("load", adds, "--yes", "--poll-interval", "0.1", env=env).returncode == 0
    assert installed.run("load", tmp_path / "adds.results.xlsx", env=env).returncode == 0


def test_a_rehearsal_asks_nothing(book: Path) -> None:
    with load(book, {}, "--sandbox") as terminal:
        assert terminal.end() == 1
        assert QUESTION not in terminal.scrollback


@pytest.mark.parametrize("terminals", [(0,), (2,)], ids=["only standard input", "only standard error"])
def test_half_a_terminal_is_none(server: RunningSandbox, book: Path, terminals: tuple[int, ...]) -> None:
    person, terminal = os.openpty()
    streams = [terminal if each in terminals else subprocess.PIPE for each in (0, 1, 2)]
    try:
        with subprocess.Popen(
            [installed.COMMAND, "load", book],
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            env=os.environ | settings(server),
        ) as process:
            assert process.wait(60) == 2
    finally:
        os.close(person)
        os.close(terminal)
    assert untouched(server, book)
