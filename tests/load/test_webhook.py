"""`load --webhook-url`: callbacks wake the polling, are never believed, and leave no registration behind."""

import json
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from foreign.certificate import make_certificate, trusting
from foreign.messages import Answer, Cut, Request
from foreign.server import ForeignServer
from foreign.state import Settings, Webhook
from xlsx2opeasy.load.webhook.receiver import MOST_BYTES

from .books import user_book
from .command import environment, run, start, until

FOR_EVER = 1_000_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(files: tuple[Path, Path]) -> Iterator[ForeignServer]:
    settings = Settings(polls_processing=FOR_EVER)
    with ForeignServer(settings, webhook_context=trusting(files[0])) as running:
        yield running


@pytest.fixture
def env(server: ForeignServer) -> dict[str, str]:
    return environment(server.url, server.settings.enterprise_id, server.settings.api_key)


@pytest.fixture
def base() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"https://127.0.0.1:{free.getsockname()[1]}/hooks"


@pytest.fixture
def load(
    tmp_path: Path, env: dict[str, str], base: str, files: tuple[Path, Path]
) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    book = user_book(tmp_path / "book.xlsx", 2)
    started: list[subprocess.Popen[str]] = []

    def begin(*more: object) -> "subprocess.Popen[str]":
        webhook = ("--webhook-url", base, "--webhook-cert", files[0], "--webhook-key", files[1])
        process = start("load", book, "--yes", "--json", "--poll-interval", 300, *webhook, *more, env=env)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def post(
    url: str, body: bytes, context: ssl.SSLContext, path: str | None = None, length: int | None = None
) -> int:
    parts = urlsplit(url)
    connection = HTTPSConnection(parts.netloc, timeout=10, context=context)
    try:
        headers = {"Content-Length": str(len(body) if length is None else length)}
        connection.request("POST", parts.path if path is None else path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def ended(process: "subprocess.Popen[str]", code: int) -> Any:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, (process.returncode, out, err)
    return json.loads(out), err


def test_a_callback_wakes_the_polling_and_nothing_is_left_registered(
    server: ForeignServer, load: Callable[..., "subprocess.Popen[str]"], base: str, files: tuple[Path, Path]
) -> None:
    left_behind = Webhook("old", server.settings.enterprise_id, f"{base}/xlsx2opeasy-old", [])
    others = Webhook("theirs", server.settings.enterprise_id, "https://127.0.0.1:9/theirs", [])
    server.state.webhooks |= {each.id: each for each in (left_behind, others)}
    process = load()
    until(lambda: any(each.polls for each in server.state.scheduled.values()))
    (hook,) = [each for each in server.state.webhooks.values() if each.url.startswith(base)]
    assert hook.url.startswith(f"{base}/xlsx2opeasy-")
    assert len(hook.url) > len(base) + 40
    (scheduled,) = server.state.scheduled

    # What is posted is never believed: lies only make the load look again.
    context = trusting(files[0])
    polls = server.state.scheduled[scheduled].polls
    lie = {
        "event": {"newStatus": "completed", "scheduledOperation": {"id": scheduled, "status": "completed"}}
    }
    assert post(hook.url, json.dumps(lie).encode(), context) == 200
    until(lambda: server.state.scheduled[scheduled].polls > polls)
    assert post(hook.url, b"\xff{no json", context) == 200
    assert process.poll() is None
    assert post(hook.url, b"{}", context, path="/hooks/xlsx2opeasy-guess") == 404
    assert post(hook.url, b"", context, length=MOST_BYTES + 1) == 413

    server.finish(scheduled)
    document, _ = ended(process, 0)
    assert document["rows"]["succeeded"] == 2
    assert list(server.state.webhooks) == ["theirs"]
    assert len(server.state.executed) == 2


def test_a_slow_or_silent_caller_keeps_nobody_waiting(
    server: ForeignServer, load: Callable[..., "subprocess.Popen[str]"], base: str
) -> None:
    process = load()
    until(lambda: any(each.polls for each in server.state.scheduled.values()))
    address = ("127.0.0.1", urlsplit(base).port)
    silent = [socket.create_connection(address) for _ in range(5)]
    try:
        server.finish(next(iter(server.state.scheduled)))
        document, _ = ended(process, 0)
    finally:
        for each in silent:
            each.close()
    assert document["status"] == "completed"


def test_a_lost_scheduled_id_is_taken_from_a_callback_and_confirmed(
    server: ForeignServer, load: Callable[..., "subprocess.Popen[str]"]
) -> None:
    def lose(request: Request, answer: Answer) -> Cut | None:
        if request.call != "POST /v1/scheduledoperations":
            return None
        server.finish(next(iter(server.state.scheduled)))
        return Cut()

    server.settings.after = lose
    document, _ = ended(load(), 0)
    assert document["rows"]["succeeded"] == 2
    assert server.calls("POST", "/v1/scheduledoperations") == 1
    assert len(server.state.executed) == 2
    assert not server.state.webhooks


def test_without_a_registration_the_load_goes_on_by_polling(
    server: ForeignServer, load: Callable[..., "subprocess.Popen[str]"]
) -> None:
    server.settings.polls_processing = 0
    refused = Answer(403, {"errorCode": "403", "message": "no webhooks here"})
    server.settings.before = lambda request: refused if request.path == "/v1/webhooks" else None
    document, err = ended(load(), 0)
    assert document["rows"]["succeeded"] == 2
    assert "No webhook, so the server is asked now and then" in err


def test_ctrl_c_removes_the_registration_too(
    server: ForeignServer, load: Callable[..., "subprocess.Popen[str]"]
) -> None:
    process = load()
    until(lambda: any(each.polls for each in server.state.scheduled.values()))
    os.kill(process.pid, signal.SIGINT)
    document, _ = ended(process, 130)
    assert document["status"] == "interrupted"
    assert not server.state.webhooks


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/x", "is no https URL"),
        ("https://user:pass@127.0.0.1:1/x", "is no https URL"),
        ("https://127.0.0.1:1/x", "cannot be used"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(
    server: ForeignServer, env: dict[str, str], tmp_path: Path, url: str, said: str
) -> None:
    book = user_book(tmp_path / "book.xlsx")
    missing = tmp_path / "missing.pem"
    done = run(
        "load", book, "--webhook-url", url, "--webhook-cert", missing, "--webhook-key", missing, env=env
    )
    assert done.code == 2
    assert said in done.err
    assert server.requests == []


def test_the_three_options_go_together(env: dict[str, str], tmp_path: Path) -> None:
    done = run("load", user_book(tmp_path / "book.xlsx"), "--webhook-url", "https://127.0.0.1:1/x", env=env)
    assert done.code == 2
    assert "go together" in done.err
