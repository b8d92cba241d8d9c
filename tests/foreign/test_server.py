"""Drives the foreign server by `http.client`: it must be strict, and its faults must be real ones."""

import http.client
import json
import random
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from .appendix import complaints, rows
from .certificate import make_certificate, serving, trusting
from .messages import Answer, Cut, multipart
from .server import ForeignServer

USER = {"command": "SuspendUser", "content": {"user": {"userId": "john.doe@example.com"}}}
OTHER = {"command": "RestoreUser", "content": {"user": {"userId": "jane.doe@example.com"}}}
BROKEN = {"command": "SuspendUser", "content": {"user": {"userId": "jane"}}}
NUMBERS = {
    "command": "Assign",
    "content": {"phoneNumbers": {"groupId": "Dallas", "phoneNumbers": "214-555-0100 - 214-555-0109"}},
}


class Client:
    """A plain client that sends what it is told, one connection a request."""

    def __init__(self, server: ForeignServer) -> None:
        self.server = server
        self.token = ""
        self.headers: http.client.HTTPMessage = http.client.HTTPMessage()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and decoded body; `headers` with `_` for `-`, an empty one is left out."""
        all_headers = {"Authorization": self.token, "Accept": "application/json"}
        if isinstance(body, dict):
            all_headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        address = urlsplit(self.server.url)
        with closing(http.client.HTTPConnection(address.hostname, address.port, timeout=5)) as connection:
            sent = {name: value for name, value in all_headers.items() if value}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            self.headers, content = response.headers, response.read()
        kind = self.headers.get_content_type()
        return response.status, json.loads(content) if content and kind != "text/plain" else content

    def login(self) -> None:
        settings = self.server.settings
        session = {"apiKey": settings.api_key, "enterpriseId": settings.enterprise_id}
        status, body = self.send("POST", "/v1/authsessions", {"authSession": session}, Authorization="")
        assert status == 201
        self.token = body["authSession"]["token"]

    def upload(
        self,
        method: str,
        path: str,
        document: Any,
        enterprise: str | None = None,
        filename: str = "tasks.json",
    ) -> tuple[int, Any]:
        raw = document if isinstance(document, bytes) else json.dumps({"tasks": document}).encode()
        parts = (
            [] if enterprise is None else [b'form-data; name="enterpriseId"\r\n\r\n' + enterprise.encode()]
        )
        head = f'form-data; name="file"; filename="{filename}"\r\nContent-Type: application/json\r\n\r\n'
        parts.append(head.encode() + raw)
        body = (
            b"".join(b"--edge\r\nContent-Disposition: " + part + b"\r\n" for part in parts) + b"--edge--\r\n"
        )
        return self.send(method, path, body, Content_Type="multipart/form-data; boundary=edge")

    def create(self, tasks: dict[str, Any]) -> dict[str, Any]:
        status, body = self.upload("POST", "/v1/operations", tasks, self.server.settings.enterprise_id)
        assert status == 201
        return body

    def schedule(self, operation_id: str) -> tuple[int, Any]:
        return self.send("POST", "/v1/scheduledoperations", {"operation": {"id": operation_id}})


@pytest.fixture
def server() -> Iterator[ForeignServer]:
    with ForeignServer() as running:
        yield running


@pytest.fixture
def client(server: ForeignServer) -> Client:
    client = Client(server)
    client.login()
    return client


def sizes(overview: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        name: (each["size"], each.get("validationErrors", {"size": 0})["size"])
        for name, each in overview["tasks"].items()
    }


def test_a_load_from_draft_to_deletion(server: ForeignServer, client: Client) -> None:
    draft = client.create({"Users": [USER], "PhoneNumbers": [NUMBERS]})
    operation = f"/v1/operations/{draft['id']}"
    status, overview = client.upload("PATCH", operation, {"Users": [OTHER]})
    assert status == 200
    assert sizes(overview)["Users"] == (2, 0)
    assert client.send("GET", operation) == (200, overview)
    assert client.send("GET", f"{operation}/users")[1] == {
        "pageSize": 50,
        "pageNumber": 0,
        "totalPages": 1,
        "totalItems": 2,
        "Users": [USER, OTHER],
    }

    status, body = client.schedule(draft["id"])
    run = f"/v1/scheduledoperations/{body['scheduledOperation']['id']}"
    assert (status, client.headers["Location"]) == (202, f"{run}/status")
    assert server.state.executed == [("Users", USER), ("Users", OTHER), ("PhoneNumbers", NUMBERS)]

    assert client.send("GET", f"{run}/results")[0] == 404
    assert client.send("DELETE", run, Accept="")[0] == 400
    assert client.send("GET", f"{run}/status")[0] == 202
    status, body = client.send("GET", f"{run}/status")
    assert (status, body["scheduledOperation"]["status"]) == (200, "completed")
    assert client.headers["Location"] == f"{run}/results"
    results = client.send("GET", f"{run}/results")[1]["results"]
    assert (results["Users"]["successful"], results["PhoneNumbers"]["size"]) == (2, 1)
    assert client.send("GET", f"{run}/results/users")[1]["Users"] == [
        {"command": each["command"], "status": "SUCCESS", "content": each["content"]}
        for each in (USER, OTHER)
    ]

    assert client.send("DELETE", operation, Accept="")[0] == 400
    assert client.send("DELETE", run, Accept="") == (204, b"")
    assert client.send("DELETE", operation, Accept="") == (204, b"")
    assert client.send("GET", operation)[0] == 404


def test_tasks_that_fail_validation_keep_the_draft_from_being_scheduled(client: Client) -> None:
    draft = client.create({"Users": [USER, BROKEN]})
    assert sizes(draft)["Users"] == (1, 1)
    errors = draft["tasks"]["Users"]["validationErrors"]["href"]
    (error,) = client.send("GET", errors)[1]["Users"]
    assert error["task"] == BROKEN
    assert error["validationErrors"] == [
        "user.userId must be address@domain with an address of at least 6 characters"
    ]
    assert client.send("GET", f"{errors}/{error['id']}") == (200, error)
    assert client.schedule(draft["id"])[0] == 400
    assert client.send("DELETE", f"{errors}/{error['id']}", Accept="")[0] == 204
    assert client.send("DELETE", f"{errors}/{error['id']}", Accept="")[0] == 404
    assert client.schedule(draft["id"])[0] == 202
    assert client.schedule(draft["id"])[0] == 400
    assert client.upload("PATCH", f"/v1/operations/{draft['id']}", {"Users": [OTHER]})[0] == 400


def test_failed_tasks_have_a_code_and_a_description(server: ForeignServer, client: Client) -> None:
    server.settings.fail = lambda task_type, task: ("101", "User does not exist.") if task == OTHER else None
    body = client.schedule(client.create({"Users": [USER, OTHER]})["id"])[1]["scheduledOperation"]
    server.finish(body["id"])
    run = f"/v1/scheduledoperations/{body['id']}"
    status, body = client.send("GET", f"{run}/status")
    assert (status, body["scheduledOperation"]["status"]) == (200, "completedWithErrors")
    assert "operation" in body
    _, failed = client.send("GET", f"{run}/results/users")[1]["Users"]
    assert (failed["status"], failed["errorCode"]) == ("FAILED", "101")
    assert failed["errorDescription"] == "User does not exist."


def test_polls_pending_then_processing_then_done(server: ForeignServer, client: Client) -> None:
    server.settings.polls_pending, server.settings.polls_processing = 1, 2
    run_id = client.schedule(client.create({})["id"])[1]["scheduledOperation"]["id"]
    path = f"/v1/scheduledoperations/{run_id}/status"
    seen = [client.send("GET", path) for _ in range(5)]
    assert [status for status, _ in seen] == [202, 202, 202, 200, 200]
    words = [body["scheduledOperation"]["status"] for _, body in seen]
    assert words == ["pending", "processing", "processing", "completed", "completed"]
    assert "startTime" not in seen[0][1]["scheduledOperation"]


def test_pages_and_downloads(server: ForeignServer, client: Client) -> None:
    path = f"/v1/operations/{client.create({'Users': [USER] * 120})['id']}/users"
    page = client.send("GET", f"{path}?pageSize=50&pageNumber=2")[1]
    assert (len(page["Users"]), page["totalPages"], page["totalItems"]) == (20, 3, 120)
    assert len(client.send("GET", path)[1]["Users"]) == 50
    assert client.send("GET", f"{path}?pageNumber=3")[1]["Users"] == []
    server.settings.page_limit = 7
    assert client.send("GET", f"{path}?pageSize=50")[1]["pageSize"] == 7
    download = client.send("GET", path, Accept="application/octet-stream")
    assert download == (200, {"Users": [USER] * 120})
    assert client.headers.get_content_type() == "application/octet-stream"
    server.settings.downloads = False
    assert client.send("GET", path, Accept="application/octet-stream")[0] == 406


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/operations/{id}", {"Authorization": ""}, 401),
        ("GET", "/v1/operations/{id}", {"Authorization": "Bearer {token}"}, 401),
        ("GET", "/v1/operations/{id}", {"Accept": ""}, 406),
        ("GET", "/v1/operations/{id}", {"Accept": "*/*"}, 406),
        ("GET", "/v1/operations/{id}", {"Accept": "application/octet-stream"}, 406),
        ("GET", "/v1/operations/{id}?pageSize=5", {}, 400),
        ("GET", "/v1/operations/{id}/users?pageSize=0", {}, 400),
        ("GET", "/v1/operations/{id}/users?size=5", {}, 400),
        ("GET", "/v1/operations/{id}/users?pageNumber=1&pageNumber=2", {}, 400),
        ("GET", "/v1/operations/{id}/Users", {}, 404),
        ("GET", "/v1/operations/none", {}, 404),
        ("GET", "/operations/{id}", {}, 404),
        ("PUT", "/v1/operations/{id}", {}, 405),
        ("GET", "/v1/scheduledoperations/none/status", {}, 404),
        ("DELETE", "/v1/operations/none", {}, 404),
        ("GET", "/v1/webhooks/none", {}, 404),
    ],
)
def test_what_the_specification_does_not_allow_is_refused(
    client: Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    draft = client.create({"Users": [USER]})
    headers = {name: value.replace("{token}", client.token) for name, value in headers.items()}
    assert client.send(method, path.replace("{id}", draft["id"]), **headers)[0] == status


@pytest.mark.parametrize(
    ("document", "filename"),
    [
        ({"users": [USER]}, "tasks.json"),
        ({"Users": USER}, "tasks.json"),
        (b'{"tasks": {}, "more": 1}', "tasks.json"),
        (b'{"tasks": {}, "tasks": {}}', "tasks.json"),
        (b'{"tasks": {"Users": [NaN]}}', "tasks.json"),
        (b'{"tasks": {"Users": [], }}', "tasks.json"),
        (b"\xff\xfe{}", "tasks.json"),
        ({"Users": [USER]}, "tasks.txt"),
    ],
)
def test_a_file_that_is_not_as_specified_is_refused_and_nothing_created(
    server: ForeignServer, client: Client, document: Any, filename: str
) -> None:
    enterprise = server.settings.enterprise_id
    status, body = client.upload("POST", "/v1/operations", document, enterprise, filename)
    assert (status, type(body)) == (400, bytes)
    assert server.state.operations == {}


def test_forms_must_be_exact(server: ForeignServer, client: Client) -> None:
    assert client.upload("POST", "/v1/operations", {})[0] == 400
    assert client.upload("POST", "/v1/operations", {}, "another-enterprise")[0] == 403
    path = f"/v1/operations/{client.create({})['id']}"
    assert client.upload("PATCH", path, {}, server.settings.enterprise_id)[0] == 400
    assert client.send("PATCH", path, {"tasks": {}})[0] == 415
    assert client.send("POST", "/v1/scheduledoperations", {"operation": {"id": "1", "at": "noon"}})[0] == 400
    assert client.send("DELETE", path, {"sure": True}, Accept="")[0] == 400
    server.settings.body_limit = 10
    assert client.upload("PATCH", path, {"Users": [USER]})[0] == 413


def test_multipart_to_the_letter() -> None:
    content_type = "multipart/form-data; boundary=edge"
    body = b'--edge\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\na\r\n--edge--'
    (part,) = multipart(content_type, body)
    assert (part.name, part.filename, part.content_type, part.body) == ("file", None, "", b"\r\na")
    for wrong in (body[:-2], b"x" + body, body.replace(b"\r\n" * 3, b"\r\n"), b"", b"--edge--"[:4]):
        with pytest.raises(ValueError):  # noqa: PT011 - any of several
            multipart(content_type, wrong)
    with pytest.raises(ValueError, match="boundary"):
        multipart("multipart/form-data", body)


def test_every_request_is_recorded_with_its_parts(server: ForeignServer, client: Client) -> None:
    client.create({"Users": [USER]})
    login, create = server.requests
    assert (login.call, create.call) == ("POST /v1/authsessions", "POST /v1/operations")
    assert create.header("authorization") == client.token
    assert [(part.name, part.filename, part.content_type) for part in create.parts] == [
        ("enterpriseId", None, ""),
        ("file", "tasks.json", "application/json"),
    ]
    assert json.loads(create.parts[1].body) == {"tasks": {"Users": [USER]}}
    assert server.calls("POST", "/v1/operations") == 1


@pytest.mark.parametrize("reset", [False, True])
def test_a_request_cut_before_it_was_applied_may_be_applied_late(
    server: ForeignServer, client: Client, reset: bool
) -> None:
    server.settings.before = lambda request: Cut(reset) if request.path == "/v1/operations" else None
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.create({"Users": [USER]})
    assert server.state.operations == {}
    assert server.apply(server.requests[-1]).status == 201
    assert len(server.state.operations) == 1


def test_a_request_may_be_applied_and_not_answered(server: ForeignServer, client: Client) -> None:
    server.settings.after = lambda request, answer: Cut() if answer.status == 201 else None
    with pytest.raises(http.client.RemoteDisconnected):
        client.create({"Users": [USER]})
    (operation,) = server.state.operations.values()
    assert operation.tasks["Users"] == [USER]


def test_hooks_may_answer_in_place_of_the_server(server: ForeignServer, client: Client) -> None:
    server.settings.before = lambda request: Answer(503, None, {"Retry-After": "7"})
    assert client.upload("POST", "/v1/operations", {}, "any")[0] == 503
    assert client.headers["Retry-After"] == "7"
    server.settings.before = lambda request: None
    server.settings.after = lambda request, answer: Answer(502, b"<html>", {"Content-Type": "text/plain"})
    assert client.upload("POST", "/v1/operations", {}, server.settings.enterprise_id) == (502, b"<html>")
    assert len(server.state.operations) == 1


def test_a_connection_may_end_while_the_body_is_being_sent(server: ForeignServer, client: Client) -> None:
    server.settings.early = lambda head: Cut(reset=True) if head.method == "POST" else None
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        client.upload("POST", "/v1/operations", b" " * 8_000_000, "any")
    assert server.calls("POST", "/v1/operations") == 0


def test_answers_may_be_cut_and_may_drip(server: ForeignServer, client: Client) -> None:
    server.settings.after = lambda request, answer: Answer(answer.status, answer.body, cut_after=10)
    with pytest.raises(http.client.IncompleteRead):
        client.create({})
    server.settings.after = lambda request, answer: Answer(answer.status, answer.body, seconds_per_byte=0.001)
    began = time.monotonic()
    assert client.send("GET", "/v1/webhooks") == (200, {"webhooks": []})
    assert time.monotonic() - began >= 0.001 * len('{"webhooks": []}')


def test_a_slow_answer_delays_its_own_request_only(server: ForeignServer, client: Client) -> None:
    released = threading.Event()
    server.settings.delay = lambda request: (released.wait(5) and 0.0) if "slow" in request.path else 0.0
    slow: list[int] = []
    waiting = threading.Thread(target=lambda: slow.append(Client(server).send("GET", "/v1/slow")[0]))
    waiting.start()
    assert client.send("GET", "/v1/webhooks")[0] == 200
    assert slow == []
    released.set()
    waiting.join(5)
    assert slow == [404]


def test_tokens_expire_by_time_by_use_and_on_demand(server: ForeignServer, client: Client) -> None:
    server.expire_tokens()
    assert client.send("GET", "/v1/webhooks")[0] == 401
    server.settings.token_uses = 2
    client.login()
    assert [client.send("GET", "/v1/webhooks")[0] for _ in range(3)] == [200, 200, 401]
    server.settings.token_seconds = 0.0
    client.login()
    assert client.send("GET", "/v1/webhooks")[0] == 401
    wrong = {"authSession": {"apiKey": "guess", "enterpriseId": server.settings.enterprise_id}}
    assert client.send("POST", "/v1/authsessions", wrong)[0] == 401


def test_results_may_be_shuffled_and_secrets_masked(server: ForeignServer, client: Client) -> None:
    server.settings.shuffle, server.settings.mask = random.Random(4), "****"
    users = [
        {
            "command": "ModifyUser",
            "content": {"user": {"userId": f"user.{number:03}@example.com", "userPassword": "Sample-1"}},
        }
        for number in range(30)
    ]
    draft = client.create({"Users": users})
    run_id = client.schedule(draft["id"])[1]["scheduledOperation"]["id"]
    server.finish(run_id)
    shown = client.send("GET", f"/v1/scheduledoperations/{run_id}/results/users")[1]["Users"]
    ids = [each["content"]["user"]["userId"] for each in shown]
    sent = [each["content"]["user"]["userId"] for each in users]
    assert sorted(ids) == sent != ids
    assert {each["content"]["user"]["userPassword"] for each in shown} == {"****"}
    assert server.state.executed[0][1]["content"]["user"]["userPassword"] == "Sample-1"


def test_empty_types_may_be_left_out(server: ForeignServer, client: Client) -> None:
    assert len(client.create({})["tasks"]) == 5
    server.settings.omit_empty_types = True
    assert list(client.create({"PhoneNumbers": [NUMBERS]})["tasks"]) == ["PhoneNumbers"]


def test_webhooks_are_registered_listed_and_removed(server: ForeignServer, client: Client) -> None:
    registration = {
        "enterpriseId": server.settings.enterprise_id,
        "url": "https://127.0.0.1:9/hook",
        "events": ["scheduledOperation.statusChanged"],
    }
    status, body = client.send("POST", "/v1/webhooks", registration)
    assert status == 201
    webhook = body["webhook"]
    assert client.send("GET", "/v1/webhooks") == (200, {"webhooks": [webhook]})
    assert client.send("GET", f"/v1/webhooks/{webhook['id']}") == (200, {"webhook": webhook})
    assert client.send("DELETE", f"/v1/webhooks/{webhook['id']}")[0] == 204
    assert client.send("GET", "/v1/webhooks") == (200, {"webhooks": []})
    plain = registration | {"url": "http://127.0.0.1:9/hook"}
    assert client.send("POST", "/v1/webhooks", plain)[0] == 400
    assert client.send("POST", "/v1/webhooks", registration | {"enterpriseId": "other"})[0] == 403


class Receiver(BaseHTTPRequestHandler):
    """Takes callbacks, and keeps their events at its server."""

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["event"]
        self.server.events.append(event)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


def test_status_changes_are_called_back_over_tls(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with (
        HTTPServer(("127.0.0.1", 0), Receiver) as receiver,
        ForeignServer(webhook_context=trusting(certificate)) as server,
    ):
        receiver.events = []  # type: ignore[attr-defined]
        receiver.socket = serving(certificate, key).wrap_socket(receiver.socket, server_side=True)
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        client = Client(server)
        client.login()
        url = f"https://127.0.0.1:{receiver.server_address[1]}/hook"
        registration = {"enterpriseId": server.settings.enterprise_id, "url": url}
        client.send("POST", "/v1/webhooks", registration | {"events": ["scheduledOperation.statusChanged"]})
        draft = client.create({"Users": [USER]})
        run_id = client.schedule(draft["id"])[1]["scheduledOperation"]["id"]
        server.finish(run_id)
        receiver.shutdown()
        thread.join()
    events = receiver.events  # type: ignore[attr-defined]
    assert [(each["previousStatus"], each["newStatus"]) for each in events] == [
        ("pending", "processing"),
        ("processing", "completed"),
    ]
    assert events[1]["scheduledOperation"]["operation"]["id"] == draft["id"]


def test_it_serves_https_with_a_context_of_ones_own(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with ForeignServer(ssl_context=serving(certificate, key)) as server:
        address = urlsplit(server.url)
        for context, works in ((ssl.create_default_context(), False), (trusting(certificate), True)):
            connection = http.client.HTTPSConnection(
                address.hostname, address.port, timeout=5, context=context
            )
            with closing(connection), nullcontext() if works else pytest.raises(ssl.SSLError):
                connection.request("GET", "/v1/webhooks", headers={"Accept": "application/json"})
                assert connection.getresponse().status == 401
    assert (address.scheme, len(server.requests)) == ("https", 1)


@pytest.mark.parametrize(
    ("task_type", "command", "content", "complaint"),
    [
        ("Users", "AddUsers", {}, "no command"),
        ("Users", "DeleteUser", {}, "user.userId is missing"),
        ("Users", "DeleteDevice", {"device": {}}, "device.name is missing"),
        ("Users", "SuspendUser", {"user": {"userId": "john.doe@example.com", "title": "x"}}, "not used in"),
        ("Users", "AddDevice", {"device": {"name": "d", "eriRecordName": "x"}}, "is no field"),
        ("Users", "AddDevice", {"device": {"name": "d" * 81}}, "longer than 80"),
        ("Users", "AddDevice", {"device": {"name": 7}}, "must be a String"),
        ("CallCenterAgent", "Assign", {"agentId": "a", "callCenterInfo": [{"skillLevel": 21}]}, "range"),
        ("CallCenterAgent", "Assign", {"agentId": "a", "callCenterInfo": [{"join": 1}]}, "a Boolean"),
        (
            "CallCenterAgent",
            "Assign",
            {"agentId": "a", "callCenterInfo": [{"skillLevel": True}]},
            "an? Integer",
        ),
        ("CallRecording", "Modify", {"userId": "u", "callRecording": {"recordCall": "always"}}, "one of"),
        ("PhoneNumbers", "Assign", {"groupId": "g", "phoneNumbers": {"phoneNumbers": "1"}}, "is no field"),
    ],
)
def test_the_judge_finds(task_type: str, command: str, content: Any, complaint: str) -> None:
    (found,) = complaints(task_type, {"command": command, "content": content})
    assert re.search(complaint, found)


def test_the_judge_lets_through_what_the_examples_show() -> None:
    physical = {
        "groupId": "g",
        "user": {"userId": "john.doe@example.com"},
        "device": {"physicalLocation": "DALLAS TX"},
    }
    assert complaints("Users", {"command": "AddUser", "content": physical}) == []
    assert complaints("Users", {"command": "SyncDeletedTeamsUsers", "content": {}}) == []
    assert complaints("PhoneNumbers", NUMBERS) == []
    cleared = {"user": {"userId": "john.doe@example.com", "voicemailAccount": "", "servicePacks": []}}
    assert complaints("Users", {"command": "ModifyUser", "content": cleared}) == []
    assert len(rows()) == 126 + 1
