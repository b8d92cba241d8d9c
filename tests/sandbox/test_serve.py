"""Starting, stopping and configuring a sandbox."""

import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import xlsx2opeasy.sandbox
from xlsx2opeasy.sandbox.inventory import NumbersRefused
from xlsx2opeasy.sandbox.serve import serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.state import StateFileError, parse_state, read_state
from xlsx2opeasy.sandbox.upload import read_tasks

from .session import ONE_OF_EACH, Session, add_user

EXAMPLE = Path(xlsx2opeasy.sandbox.__file__).with_name("example_state.toml")


def test_it_starts_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with serve_in_thread() as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")
        session = Session(sandbox, "any-enterprise")
        session.run(ONE_OF_EACH)
        session.http.close()
    ends = time.monotonic() + 60
    while left := set(threading.enumerate()) - before:  # those that answered end a moment after their loop
        assert time.monotonic() < ends, left
        time.sleep(0.01)
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.url, trust_env=False, verify=False)


def test_keys_are_random_unless_given() -> None:
    with serve_in_thread() as one, serve_in_thread(SandboxSettings(api_key="my-key")) as other:
        assert len(one.api_key) == 32
        assert other.api_key == "my-key"
        session = Session(other, "e")
        assert session.login(one.api_key).status_code == 401
        token = {"Authorization": session.http.headers["Authorization"]}
        assert httpx.get(f"{one.url}/v1/webhooks", headers=token, verify=False).status_code == 401
        session.http.close()


def test_it_stops_while_an_operation_and_a_call_go_on() -> None:
    settings = SandboxSettings(processing_seconds=600, faults=("getWebhooks 1 delay-after:600",))
    began = time.monotonic()
    with serve_in_thread(settings) as sandbox:
        session = Session(sandbox, "e")
        session.schedule(session.new(ONE_OF_EACH))
        with pytest.raises(httpx.ReadTimeout):
            session.http.get("/v1/webhooks", timeout=httpx.Timeout(60, read=0.1))
        session.http.close()
    assert time.monotonic() - began < 300, "it waited for what takes 600 seconds"


def test_extra_routes_are_served_beside_the_api() -> None:
    async def jobs(_: Request) -> PlainTextResponse:
        return PlainTextResponse("jobs")

    path = "/v1/telephony/config/jobs"
    with serve_in_thread(
        SandboxSettings(faults=("GET 2 status:503",)), extra_routes=[Route(path, jobs)]
    ) as sandbox:
        answers = [httpx.get(sandbox.url + path, verify=False) for _ in range(2)]
        assert [answers[0].text, answers[1].status_code] == ["jobs", 503]
        assert sandbox.truth.calls[0].endpoint is None


def test_a_taken_port_is_an_error() -> None:
    program = (
        "import sys; from xlsx2opeasy.sandbox.serve import serve_forever;"
        "from xlsx2opeasy.sandbox.settings import SandboxSettings;"
        "serve_forever(SandboxSettings(), int(sys.argv[1]),"
        " announce=lambda s: print(s.url, s.api_key, s.enterprise_id, flush=True))"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        [*command, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as served:
        assert served.stdout is not None
        assert served.stderr is not None
        url, key, enterprise_id = served.stdout.readline().split()
        assert (key, enterprise_id) == ("sandbox-key", "sandbox")
        body = {"authSession": {"apiKey": key, "enterpriseId": enterprise_id}}
        assert httpx.post(f"{url}/v1/authsessions", json=body, verify=False).status_code == 201
        port = url.rpartition(":")[2]
        second = subprocess.run(
            [*command, port], capture_output=True, text=True, check=False, env=environment
        )
        assert "OSError" in second.stderr
        served.send_signal(signal.SIGINT)
        # 0 where the signal meets a server between two requests
        assert served.wait(60) in (0, -signal.SIGINT)


class Endless(RawIOBase):
    """A task file that is made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:
        return next(self._pieces, b"")


def test_a_large_file_is_read_in_bounded_memory() -> None:
    task = b'{"command": "AddUser", "content": {"x": "' + b"y" * 1000 + b'"}},\n'

    def pieces() -> Iterator[bytes]:
        yield b'{"tasks": {"Users": ['
        for _ in range(200):
            yield task * 100
        yield b"{}]}}"

    tracemalloc.start()
    count = sum(1 for _ in read_tasks(Endless(pieces())))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_001
    assert peak < 5_000_000  # of 21 MB


def test_the_example_state_works() -> None:
    settings = SandboxSettings(state=read_state(EXAMPLE))
    with serve_in_thread(settings) as sandbox:
        assert sandbox.enterprise_id == "example-enterprise"
        session = Session(sandbox, sandbox.enterprise_id)
        tasks = [add_user(phoneNumber="214-555-0101", department="Sales", servicePacks=["Premium"])]
        assert session.run({"Users": tasks})["Users"][0]["status"] == "SUCCESS"
        assert set(sandbox.enterprise().users) >= {"jane.doe@example.com", "john.doe@example.com"}
        session.http.close()


def test_a_state_may_be_json(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"groups": ["Dallas"]}', encoding="utf-8")
    assert read_state(path).names == {"groups": frozenset({"Dallas"})}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([], "must be a table"),
        ({"grups": []}, "grups: no such key"),
        ({"groups": "Dallas"}, "groups in the state file must be of type list"),
        ({"groups": [1]}, "must be a list of texts"),
        ({"users": [{"userId": "x"}]}, r"groupId is missing in users\[0\]"),
        ({"users": [{"userId": "x", "groupId": "g", "phone": "1"}]}, r"phone: no such key in users\[0\]"),
        ({"users": [5]}, r"users\[0\] must be a table"),
        ({"passwordMinLength": True}, "must be of type int"),
        ({"suspendRestore": 1}, "must be of type bool"),
        ({"numbers": [{"groupId": "g"}]}, "phoneNumbers is missing"),
        ({"devices": [{"name": ""}]}, "name is missing"),
    ],
)
def test_a_state_file_with_a_slip_is_refused(table: Any, words: str) -> None:
    with pytest.raises(StateFileError, match=words):
        parse_state(table)


def test_a_state_file_that_is_neither_toml_nor_json_is_refused(tmp_path: Path) -> None:
    for name in ("state.toml", "state.json"):
        path = tmp_path / name
        path.write_text("groups: [Dallas]", encoding="utf-8")
        with pytest.raises(StateFileError, match=name):
            read_state(path)


def test_a_state_that_contradicts_itself_does_not_start() -> None:
    user = {"userId": "jane.doe@example.com", "groupId": "Dallas", "phoneNumber": "1"}
    state = parse_state({"numbers": [{"phoneNumbers": "1", "groupId": "Plano"}], "users": [user]})
    with pytest.raises(NumbersRefused), serve_in_thread(SandboxSettings(state=state)):
        pass
