"""A server that cannot be reached: named at once, given up within 40 seconds, and nothing is left of the job."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from foreign.server import ForeignServer

from .books import user_book
from .command import environment, run, start


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A port where connections are made and nothing ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@contextlib.contextmanager
def closed() -> Iterator[int]:
    """A port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    yield port


@pytest.mark.parametrize("kind", [silent, closed])
def test_it_is_named_within_seconds_given_up_and_nothing_is_left(
    tmp_path: Path, home: Path, server: ForeignServer, env: dict[str, str], kind: object
) -> None:
    book = user_book(tmp_path / "users.xlsx")
    assert callable(kind)
    with kind() as port:
        loading = start(
            "load", book, "--yes", "--json", env=environment(f"http://127.0.0.1:{port}", "acme", "k")
        )
        assert loading.stderr is not None
        begun = time.monotonic()
        for line in loading.stderr:
            if line.startswith("Job "):
                begun = time.monotonic()  # a busy machine may have taken long until here
            if "cannot reach 127.0.0.1" in line:
                break
        assert time.monotonic() - begun < 10
        out, _ = loading.communicate(timeout=90)
        assert time.monotonic() - begun < 60
    assert loading.returncode == 5
    assert '"notSent": 3' in out
    assert not list((home / "loads").glob("L*"))
    assert not list(tmp_path.glob("*.results*"))
    assert run("resume", env=env).code == 2
    assert run("load", book, "--yes", env=env).code == 0


def test_a_server_that_answers_and_goes_leaves_a_job(
    tmp_path: Path, home: Path, server: ForeignServer, env: dict[str, str]
) -> None:
    book = user_book(tmp_path / "users.xlsx")
    server.settings.api_key = "another"
    assert run("load", book, "--yes", env=env).code == 4
    assert len(list((home / "loads").glob("L*"))) == 1
