"""Each of the 38 endpoints by its name: its success, its content type and lengths, its 401 and its 404."""

import re
from contextlib import closing

import httpx
import pytest

from xlsx2opeasy.spec.endpoints import ENDPOINTS, Endpoint

from .session import FILE, ONE_OF_EACH, Session

UNKNOWN = "0" * 32
BROKEN_TASKS = {name: [{"command": "Nonsense", "content": {}}] for name in ONE_OF_EACH}
LISTS = ("operation-id", "scheduled-operation-id", "validation-error-id", "webhook-id")


class World:
    """An operation with a task and a validation error of each type, a completed one, and a webhook."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.operation_id = session.new(ONE_OF_EACH)
        assert session.append(self.operation_id, BROKEN_TASKS).status_code == 200
        scheduled = session.schedule(session.new(ONE_OF_EACH)).json()["scheduledOperation"]
        self.scheduled_id = scheduled["id"]
        session.await_end(self.scheduled_id)
        hook = {"enterpriseId": session.enterprise_id, "url": "https://127.0.0.1:1/hook", "events": [EVENT]}
        self.webhook_id = session.http.post("/v1/webhooks", json=hook).json()["webhook"]["id"]

    def path(self, endpoint: Endpoint) -> str:
        ids = {
            "operation-id": self.operation_id,
            "scheduled-operation-id": self.scheduled_id,
            "webhook-id": self.webhook_id,
            "validation-error-id": self._error_id(endpoint) if "{validation" in endpoint.path else "",
        }
        return re.sub(r"\{(.+?)\}", lambda found: ids[found[1]], endpoint.path)

    def _error_id(self, endpoint: Endpoint) -> str:
        assert endpoint.task_type is not None
        path = f"/v1/operations/{self.operation_id}/{endpoint.task_type.lower()}/validationerrors"
        identifier: str = self.session.http.get(path).json()[endpoint.task_type][0]["id"]
        return identifier

    def call(self, endpoint: Endpoint) -> httpx.Response:
        session = self.session
        if endpoint.name == "authenticate":
            return session.login()
        if endpoint.name == "registerWebhook":
            body = {"enterpriseId": session.enterprise_id, "url": "https://127.0.0.1:1/x", "events": [EVENT]}
            return session.http.post(endpoint.path, json=body)
        if endpoint.name == "createOperation":
            return session.create(ONE_OF_EACH)
        if endpoint.name == "appendTasks":
            return session.append(self.operation_id, ONE_OF_EACH)
        if endpoint.name == "scheduleOperation":
            return session.schedule(session.new())
        if endpoint.name == "deleteOperation":
            return session.http.delete(f"/v1/operations/{session.new()}")
        return session.http.request(endpoint.method, self.path(endpoint))


EVENT = "scheduledOperation.statusChanged"


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_success_is_as_its_page_says(world: World, endpoint: Endpoint) -> None:
    answer = world.call(endpoint)
    assert answer.status_code in endpoint.success
    assert world.session.sandbox.truth.calls_of(endpoint.name)
    if answer.status_code == 204:
        assert answer.content == b""
        return
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize(
    "endpoint", [each for each in ENDPOINTS if each.name != "authenticate"], ids=lambda each: each.name
)
@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "Bearer {}", "{}x"])
def test_without_a_good_token_it_is_401(session: Session, endpoint: Endpoint, token: str) -> None:
    path = re.sub(r"\{.+?\}", UNKNOWN, endpoint.path)
    good = session.http.headers["Authorization"]
    answer = session.http.request(endpoint.method, path, headers={"Authorization": token.format(good)})
    assert answer.status_code == 401
    assert answer.json()["errorCode"] == "401"


@pytest.mark.parametrize(
    "endpoint", [each for each in ENDPOINTS if "{" in each.path], ids=lambda each: each.name
)
def test_unknown_ids_and_those_of_others_are_404(world: World, session: Session, endpoint: Endpoint) -> None:
    assert 404 in endpoint.refusals
    stranger = Session(session.sandbox, "a-stranger")
    with closing(stranger.http):
        asked = [(session, re.sub(r"\{.+?\}", UNKNOWN, endpoint.path)), (stranger, world.path(endpoint))]
        for who, path in asked:
            if endpoint.name == "appendTasks":
                answer = who.upload("PATCH", path, '{"tasks": {}}')
            else:
                answer = who.http.request(endpoint.method, path)
            assert answer.status_code == 404
            body = answer.json()
            assert body["errorCode"] == "404"
            assert body["generalError"]["originalInput"] in path


def test_a_validation_error_of_another_type_is_404(world: World, session: Session) -> None:
    path = f"/v1/operations/{world.operation_id}"
    error = session.http.get(f"{path}/users/validationerrors").json()["Users"][0]["id"]
    assert session.http.get(f"{path}/phonenumbers/validationerrors/{error}").status_code == 404
    assert session.http.get(f"{path}/users/validationerrors/{error}").status_code == 200


@pytest.mark.parametrize(
    "endpoint", [each for each in ENDPOINTS if each.download], ids=lambda each: each.name
)
def test_a_file_has_what_the_pages_have(world: World, endpoint: Endpoint) -> None:
    assert endpoint.task_type is not None
    path, http = world.path(endpoint), world.session.http
    page = http.get(path).json()
    file = http.get(path, headers=FILE)
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"].startswith("attachment; filename=")
    assert int(file.headers["content-length"]) == len(file.content)
    assert file.json() == {endpoint.task_type: page[endpoint.task_type]}
    assert list(page) == ["pageSize", "pageNumber", "totalPages", "totalItems", endpoint.task_type]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_other_accepted_types_are_406(world: World, endpoint: Endpoint) -> None:
    if endpoint.method == "DELETE":
        return
    path = world.path(endpoint)
    answer = world.session.http.request(endpoint.method, path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["errorCode"]) == (406, "406")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/operations/", "/v1/operations/x/nothing"])
def test_unknown_paths_are_404_in_the_usual_shape(session: Session, path: str) -> None:
    answer = session.http.get(path)
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "404")
    assert answer.json()["generalError"]["message"]


def test_other_methods_are_405_in_the_usual_shape(session: Session) -> None:
    answer = session.http.put("/v1/operations")
    assert (answer.status_code, answer.json()["errorCode"]) == (405, "405")
