"""An answer of 500 MB to a command that has 1 GB of memory: a sentence and an exit code.

Its length is not announced, so that it has to be counted while it is read.
"""

from pathlib import Path

import pytest

from foreign.messages import Answer, Request
from foreign.server import ForeignServer

from .books import user_book
from .command import run
from .rig import on_call

_MEMORY = 10**9
_PIECE = b" " * 1_000_000


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/users", 200, 5),
        ("GET", "/results/users", 200, 5),
        ("POST", "/authsessions", 401, 4),
    ],
)
def test_an_answer_of_500_mb_ends_with_a_sentence(
    server: ForeignServer,
    env: dict[str, str],
    tmp_path: Path,
    method: str,
    path: str,
    status: int,
    code: int,
) -> None:
    told: list[str] = []

    def huge(request: Request, answer: Answer) -> Answer | None:
        if request.method != method or not request.path.endswith(path):
            return None
        told.append(request.call)
        headers = {"Content-Type": request.header("Accept") or "application/json"}
        return Answer(status, _PIECE, headers, times=500)

    server.settings.after = huge
    done = run("load", user_book(tmp_path / "book.xlsx", 2), env=env, memory=_MEMORY, hurry=True)
    assert told
    assert "Traceback" not in done.err
    assert "the answer cannot be understood, it is larger than 64 MiB" in done.err
    assert done.code == code, done.err


def test_a_job_whose_own_lists_may_be_as_large_ends_with_a_sentence_and_is_resumed(
    server: ForeignServer, env: dict[str, str], tmp_path: Path
) -> None:
    """One of 100,000 rows; how many bytes are taken of a list follows from how many were sent."""
    spaces = Answer(200, _PIECE, {"Content-Type": "application/octet-stream"}, times=500)
    server.settings.after = on_call("GET", "/results/users", spaces)
    limits = {"xlsx2opeasy.load.run.connection": {"LEAST_LIST_BYTES": 2**30}}
    book = user_book(tmp_path / "book.xlsx", 2)
    done = run("load", book, "--json", env=env, memory=_MEMORY, limits=limits, hurry=True)
    assert (done.code, done.json["rows"]["total"]) == (5, 0), done.err
    assert "not enough memory" in done.json["message"]
    assert "xlsx2opeasy resume" in done.json["message"]
    resumed = run("resume", "--json", env=env, memory=_MEMORY, hurry=True)
    assert (resumed.code, resumed.json["rows"]["succeeded"], len(server.state.executed)) == (0, 2, 2)
