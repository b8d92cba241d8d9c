"""An answer of 500 MB to a command that has 1 GB of memory: a sentence and an exit code.

Its length is not announced, so that it has to be counted while it is read.
"""

import os
import resource
import subprocess
from pathlib import Path

import pytest

import installed
from foreign.messages import Answer, Request
from foreign.server import ForeignServer

from .books import user_book
from .command import environment

_MEMORY = 10**9
_PIECE = b" " * 1_000_000


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/users", 200, 5),
        ("GET", "/results/users", 200, 5),
        ("POST", "/authsessions", 401, 4),
    ],
)
def test_an_answer_of_500_mb_ends_with_a_sentence(
    tmp_path: Path, method: str, path: str, status: int, code: int
) -> None:
    told: list[str] = []

    def huge(request: Request, answer: Answer) -> Answer | None:
        if request.method != method or not request.path.endswith(path):
            return None
        told.append(request.call)
        headers = {"Content-Type": request.header("Accept") or "application/json"}
        return Answer(status, _PIECE, headers, times=500)

    with ForeignServer() as server:
        server.settings.after = huge
        done = subprocess.run(
            [installed.COMMAND, "load", user_book(tmp_path / "book.xlsx", 2), "--yes"],
            env=os.environ | environment(server.url, server.settings.enterprise_id, server.settings.api_key),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            preexec_fn=_limit,
        )
    assert told
    assert "Traceback" not in done.stderr
    assert "the answer cannot be understood, it is larger than 64 MiB" in done.stderr
    assert done.returncode == code, done.stderr
