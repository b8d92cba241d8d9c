"""The table of conformance holds: its tests exist, and each method of the client is the endpoint it is said to be."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox.session import ONE_OF_EACH, Session
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.endpoints import ENDPOINTS, Endpoint

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "conformance.md"
ROW = re.compile(r"\| `(\w+) (\S+)` \| (.+?) \| .+? \| `(\w+)` \| `(\w+)` \|")
TEST = re.compile(r"`(tests/\S+::\w+)\[NAME\]`")
HOOK = "https://127.0.0.1:9/hook"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with serve_in_thread() as running:
        yield running


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[OpEasyClient]:
    with OpEasyClient(Connection(sandbox.url, "acme", Secret(sandbox.api_key))) as client:
        yield client


def said() -> dict[str, tuple[str, str, str, str]]:
    """By the endpoint's name: HTTP method, path, paragraph and the client's method, as the table says."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    found = [match.groups() for line in lines if (match := ROW.fullmatch(line))]
    return {name: (verb, path, page, method) for verb, path, page, method, name in found}


def test_the_table_has_every_endpoint_with_its_paragraph() -> None:
    assert {name: row[:3] for name, row in said().items()} == {
        each.name: (each.method, each.path, each.page) for each in ENDPOINTS
    }


def test_every_test_that_the_table_names_exists() -> None:
    kinds = TEST.findall(DOCUMENT.read_text(encoding="utf-8"))
    files = sorted({each.partition("::")[0] for each in kinds})
    collecting = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", *files]
    collected = subprocess.run(
        collecting, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(kinds) == 2
    assert {f"{kind}[{name}]" for kind in kinds for name in said()} <= set(collected)


def prepared(
    endpoint: Endpoint, client: OpEasyClient, sandbox: RunningSandbox, chunk: Path
) -> tuple[Any, ...]:
    """The arguments of the endpoint's method, with ids that exist."""
    session = Session(sandbox, "acme")
    broken = {name: [{"command": "Nonsense", "content": {}}] for name in ONE_OF_EACH}
    with closing(session.http):
        operation = session.new({} if endpoint.name == "scheduleOperation" else ONE_OF_EACH)
        of = BY_NAME[endpoint.task_type or "Users"]
        if "{scheduled-operation-id}" in endpoint.path:
            run = session.schedule(operation).json()["scheduledOperation"]["id"]
            session.await_end(run)
            return (run, of) if endpoint.task_type else (run,)
        if "{validation-error-id}" in endpoint.path or endpoint.name.endswith("ValidationErrors"):
            session.append(operation, broken)
            (error,) = client.validation_errors(operation, of)
            return (operation, of, error.id) if "{validation" in endpoint.path else (operation, of)
        special: dict[str, Callable[[], tuple[Any, ...]]] = {
            "authenticate": tuple,
            "getWebhooks": tuple,
            "registerWebhook": lambda: (HOOK,),
            "getWebhook": lambda: (client.register_webhook(HOOK).id,),
            "removeWebhook": lambda: (client.register_webhook(HOOK).id,),
            "createOperation": lambda: (chunk,),
            "appendTasks": lambda: (operation, chunk),
        }
        if endpoint.name in special:
            return special[endpoint.name]()
        return (operation, of) if endpoint.task_type else (operation,)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_the_method_of_the_client_is_its_endpoint(
    endpoint: Endpoint, client: OpEasyClient, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    chunk = tmp_path / "tasks.json"
    chunk.write_text('{"tasks": {}}')
    arguments = prepared(endpoint, client, sandbox, chunk)
    client.authenticate()
    before = len(sandbox.truth.calls)
    answer = getattr(client, said()[endpoint.name][3])(*arguments)
    if isinstance(answer, Iterator):
        assert list(answer)
    (call,) = list(sandbox.truth.calls)[before:]
    assert (call.endpoint, call.status in endpoint.success) == (endpoint.name, True)
