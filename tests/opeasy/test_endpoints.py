"""Every endpoint of the specification has its method, and what each sends and understands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.http.protocol import RequestEvent
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.models import Deletion, RunStatus, TaskCount
from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES
from xlsx2opeasy.spec.endpoints import ENDPOINTS
from xlsx2opeasy.spec.model import TaskType

from .conftest import ENTERPRISE
from .wire import API_KEY, TOKEN, Wire, encode, raw, reply

USERS = BY_NAME["Users"]
ERROR = {"id": "e1", "validationErrors": ["too short"], "task": {"command": "AddUser", "content": {}}}
RUN = {"scheduledOperation": {"id": "s1", "status": "pending", "operation": {"id": "o1"}}}
WEBHOOK = {"id": "w1", "enterpriseId": "acme", "url": "https://here.example", "events": ["x"]}


def a_page(of: TaskType, *items: Any) -> dict[str, Any]:
    return {"pageSize": 50, "pageNumber": 0, "totalPages": 1, "totalItems": len(items), of.name: list(items)}


@pytest.fixture
def answering(wire: Wire) -> Wire:
    """A server that answers every endpoint well."""
    operation = {"id": "o1", "enterpriseId": "acme", "tasks": {"Users": {"size": 1}}}
    wire.on("POST", "/v1/operations", reply(201, operation))
    wire.on("PATCH", "/v1/operations/o1", reply(200, operation))
    wire.on("GET", "/v1/operations/o1", reply(200, operation))
    wire.on("DELETE", "/v1/operations/o1", reply(204))
    wire.on("POST", "/v1/scheduledoperations", reply(202, RUN))
    wire.on("GET", "/v1/scheduledoperations/s1/status", reply(202, RUN))
    counts = {"Users": {"size": 3, "successful": 2, "failed": 1, "href": "/elsewhere"}}
    wire.on("GET", "/v1/scheduledoperations/s1/results", reply(200, {"results": counts}))
    wire.on("DELETE", "/v1/scheduledoperations/s1", reply(204))
    wire.on("POST", "/v1/webhooks", reply(201, {"webhook": WEBHOOK}))
    wire.on("GET", "/v1/webhooks", reply(200, {"webhooks": [WEBHOOK]}))
    wire.on("GET", "/v1/webhooks/w1", reply(200, {"webhook": WEBHOOK}))
    wire.on("DELETE", "/v1/webhooks/w1", reply(204))
    for of in TASK_TYPES:
        task = {"command": of.command_names[0], "content": {}}
        base = f"/v1/operations/o1/{of.name.lower()}"
        wire.on("GET", base, reply(200, a_page(of, task)))
        wire.on("GET", f"{base}/validationerrors", reply(200, a_page(of, ERROR)))
        wire.on("GET", f"{base}/validationerrors/e1", reply(200, ERROR))
        wire.on("DELETE", f"{base}/validationerrors/e1", reply(204))
        results = f"/v1/scheduledoperations/s1/results/{of.name.lower()}"
        wire.on("GET", results, reply(200, a_page(of, {**task, "status": "SUCCESS"})))
    return wire


def every_method(client: OpEasyClient, chunk: Path, folder: Path) -> None:
    client.authenticate()
    client.create_operation(chunk)
    client.append_tasks("o1", chunk)
    client.get_operation("o1")
    for of in TASK_TYPES:
        assert len(list(client.tasks("o1", of))) == 1
        assert [error.id for error in client.validation_errors("o1", of)] == ["e1"]
        client.get_validation_error("o1", of, "e1")
        assert client.delete_validation_error("o1", of, "e1") is Deletion.DELETED
        assert [result.succeeded for result in client.results("s1", of)] == [True]
        assert len(client.all_tasks("o1", of)) == 1
        assert len(client.all_validation_errors("o1", of)) == 1
        assert len(client.all_results("s1", of)) == 1
    client.schedule("o1")
    client.status("s1")
    client.results_overview("s1")
    assert client.delete_scheduled_operation("s1") is Deletion.DELETED
    assert client.delete_operation("o1") is Deletion.DELETED
    client.register_webhook("https://here.example")
    client.webhooks()
    client.get_webhook("w1")
    assert client.remove_webhook("w1") is Deletion.DELETED


def test_every_endpoint_has_its_method_and_nothing_else_is_called(
    answering: Wire, client: OpEasyClient, events: list[RequestEvent], chunk: Path, tmp_path: Path
) -> None:
    every_method(client, chunk, tmp_path)
    called = {(event.method, event.path): event.status for event in events}
    promised = {(endpoint.method, endpoint.path): endpoint.success for endpoint in ENDPOINTS}
    assert len(promised) == 38
    assert called.keys() == promised.keys()
    assert {key: status for key, status in called.items() if status not in promised[key]} == {}


def test_create_sends_the_enterprise_and_the_file_as_the_specification_says(
    answering: Wire, client: OpEasyClient, chunk: Path
) -> None:
    operation = client.create_operation(chunk, filename="xlsx2opeasy-L1-01.json", request_id="req-1")
    (request,) = answering.sent("POST", "/v1/operations")
    boundary = request.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    assert request.body.decode() == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="enterpriseId"\r\n'
        f"Content-Type: text/plain\r\n\r\n{ENTERPRISE}\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="xlsx2opeasy-L1-01.json"\r\n'
        f'Content-Type: application/json\r\n\r\n{{"tasks": {{"Users": []}}}}\r\n--{boundary}--\r\n'
    )
    assert request.headers["authorization"] == TOKEN
    assert request.headers["x-request-id"] == request.headers["idempotency-key"] == "req-1"
    assert request.headers["accept"] == "application/json"
    assert operation.tasks == {"Users": TaskCount(1, 0)}


def test_append_sends_the_file_only(answering: Wire, client: OpEasyClient, chunk: Path) -> None:
    client.append_tasks("o1", chunk)
    (request,) = answering.sent("PATCH")
    assert request.body.count(b"Content-Disposition") == 1
    assert b'name="file"; filename="chunk-01.json"' in request.body


def test_login_sends_key_and_enterprise_and_no_token(answering: Wire, client: OpEasyClient) -> None:
    assert client.authenticate() == 3600
    (request,) = answering.sent("POST", "/v1/authsessions")
    assert request.json == {"authSession": {"apiKey": API_KEY, "enterpriseId": ENTERPRISE}}
    assert "authorization" not in request.headers


def test_schedule_and_webhook_bodies(answering: Wire, client: OpEasyClient) -> None:
    assert client.schedule("o1").operation_id == "o1"
    assert answering.sent("POST", "/v1/scheduledoperations")[0].json == {"operation": {"id": "o1"}}
    client.register_webhook("https://here.example/hook")
    assert answering.sent("POST", "/v1/webhooks")[0].json == {
        "enterpriseId": ENTERPRISE,
        "url": "https://here.example/hook",
        "events": ["scheduledOperation.statusChanged"],
    }


def test_an_id_is_one_segment_of_the_path(wire: Wire, client: OpEasyClient) -> None:
    wanted = "a/../b?c#d%2e é"
    path = "/v1/operations/a%2F..%2Fb%3Fc%23d%252e%20%C3%A9"
    wire.on("GET", path, reply(200, {"id": wanted, "tasks": {}}))
    assert client.get_operation(wanted).id == wanted


@pytest.mark.parametrize("wanted", ["", ".", "..", "a\r\nX: y", "x" * 257])
def test_what_can_be_no_id_is_refused_before_anything_is_sent(
    wire: Wire, client: OpEasyClient, wanted: str
) -> None:
    with pytest.raises(UsageError):
        client.status(wanted)
    assert not wire.sent("GET")


def test_a_chunk_that_is_gone_is_this_machines_failure_and_nothing_is_sent(
    wire: Wire, client: OpEasyClient, tmp_path: Path
) -> None:
    with pytest.raises(LocalFailure):
        client.create_operation(tmp_path / "gone.json")
    assert not wire.sent("POST", "/v1/operations")


def test_the_enterprise_spelt_with_an_l_is_understood(wire: Wire, client: OpEasyClient) -> None:
    wire.on("GET", "/v1/operations/o1", reply(200, {"id": "o1", "enterpriseld": "acme", "tasks": {}}))
    assert client.get_operation("o1").enterprise_id == "acme"


@pytest.mark.parametrize(
    ("word", "status", "completed"),
    [
        ("pending", RunStatus.PENDING, False),
        ("PROCESSING", RunStatus.PROCESSING, False),
        ("COMPLETED_WITH_ERRORS", RunStatus.COMPLETED_WITH_ERRORS, True),
        ("completedWithErrors", RunStatus.COMPLETED_WITH_ERRORS, True),
        ("Completed", RunStatus.COMPLETED, True),
        ("completedMaybe", None, False),
    ],
)
def test_f57_an_unknown_status_counts_as_running(
    wire: Wire, client: OpEasyClient, word: str, status: RunStatus | None, completed: bool
) -> None:
    body = {"scheduledOperation": {"id": "s1", "status": word}, "operation": {"id": "o1"}}
    wire.on("GET", "/v1/scheduledoperations/s1/status", reply(200, body, Retry_After="7"))
    run = client.status("s1")
    assert (run.status, run.run_status, run.is_completed) == (word, status, completed)
    assert (run.operation_id, run.retry_after) == ("o1", 7.0)


def test_f66_unknown_fields_are_ignored_and_unknown_types_stay_visible(
    wire: Wire, client: OpEasyClient
) -> None:
    tasks = {"users": {"size": 2, "new": 1}, "Faxes": {"size": 1, "validationErrors": {"size": "4"}}}
    wire.on("GET", "/v1/operations/o1", reply(200, {"id": "o1", "tasks": tasks, "more": [1]}))
    operation = client.get_operation("o1")
    assert operation.tasks == {"Users": TaskCount(2), "Faxes": TaskCount(1, 4)}
    assert operation.unknown_types == ("Faxes",)
    assert operation.validation_errors == 4


def test_an_error_code_may_be_a_number_and_secrets_stay_out_of_what_is_told(
    wire: Wire, client: OpEasyClient
) -> None:
    content = {"user": {"userId": "a@b.c", "userPassword": "canary-pass", "voicePortalPasscode": 4711}}
    result = {
        "command": "AddUser",
        "status": "FAILED",
        "errorCode": 102,
        "errorDescription": "canary-pass or 4711 is weak, 47110 is not",
        "content": content,
    }
    page = json.dumps(a_page(USERS, result)).encode()
    wire.on("GET", "/v1/scheduledoperations/s1/results/users", raw(encode(200, page)))
    (found,) = client.results("s1", USERS)
    assert found.error_code == "102"
    assert found.error_description == "******** or ******** is weak, 47110 is not"
    assert found.content == content
    assert "canary" not in repr(found)


def test_the_log_of_requests_holds_no_id_and_no_secret(
    answering: Wire,
    connect: Callable[..., OpEasyClient],
    events: list[RequestEvent],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    connect(answering.url).get_operation("o1")
    assert [(event.method, event.path, event.status) for event in events] == [
        ("POST", "/v1/authsessions", 201),
        ("GET", "/v1/operations/{operation-id}", 200),
    ]
    assert "canary" not in caplog.text + repr(events)
