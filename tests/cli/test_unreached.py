"""A server that cannot be reached: named on the screen at once, given up within 40 seconds, nothing left."""

import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import installed
from workbooks import write_workbook
from xlsx2opeasy.sandbox.serve import serve_in_thread

BOOK = {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | john.doe@example.com |\n"}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "branch.xlsx", BOOK)


class Silent:
    """An address that takes connections and never answers; `asked` is when the first one came."""

    def __init__(self, server: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{server.getsockname()[1]}"
        self.asked: float | None = None
        self._server = server
        self.taken: list[socket.socket] = []

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.taken.append(self._server.accept()[0])
                self.asked = self.asked or time.monotonic()


@pytest.fixture
def silent() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = Silent(server)
        thread = threading.Thread(target=answering.serve)
        thread.start()
        yield answering
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for each in answering.taken:
            each.close()


def settings(url: str) -> dict[str, str]:
    return {"OPEASY_URL": url, "OPEASY_ENTERPRISE_ID": "acme", "OPEASY_API_KEY": "key"}


def unused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
def test_it_is_named_on_the_screen_and_nothing_is_left(book: Path, home: Path) -> None:
    from terminal import Terminal

    with Terminal([installed.COMMAND, "load", book, "--yes"], settings(unused())) as terminal:
        terminal.wait_for("Job L")
        terminal.wait_for("cannot reach 127.0.0.1")
        assert terminal.end() == 5
        assert "nothing answers at this address" in " ".join(terminal.scrollback.split())
        assert "resume" not in terminal.scrollback
    assert [each.name for each in book.parent.iterdir()] == [book.name]
    assert not list((home / "loads").iterdir())
    assert installed.run("resume").returncode == 2
    assert json.loads(installed.run("jobs", "--json").stdout) == {"items": []}


def test_a_server_that_says_nothing_is_given_up_as_well(book: Path, silent: Silent) -> None:
    done = installed.run("load", book, "--yes", "--json", env=settings(silent.url))
    assert silent.asked is not None
    assert time.monotonic() - silent.asked < 40  # 30 s, and something for a busy machine
    assert done.returncode == 5
    document = json.loads(done.stdout)
    assert (document["job"], document["results"], document["status"]) == (None, None, "failed")
    assert (document["rows"]["total"], document["rows"]["notSent"]) == (1, 1)
    assert [each.name for each in book.parent.iterdir()] == [book.name]


def test_the_next_load_simply_begins(book: Path) -> None:
    assert installed.run("load", book, "--yes", env=settings(unused()), hurry=True).returncode == 5
    with serve_in_thread() as sandbox:
        env = settings(sandbox.url) | {
            "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id,
            "OPEASY_API_KEY": sandbox.api_key,
        }
        assert installed.run("load", book, "--yes", "--poll-interval", "0.1", env=env).returncode == 0
