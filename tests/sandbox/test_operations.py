"""Uploads, tasks and validation errors: what the operations pages say, and what they refuse."""

import json
from typing import Any

import pytest

from .session import FILE, ONE_OF_EACH, Session, add_user


def test_a_new_operation_tells_its_counts_and_links(session: Session) -> None:
    body = session.create(ONE_OF_EACH).json()
    assert body["enterpriseId"] == session.enterprise_id
    assert list(body["tasks"]) == list(ONE_OF_EACH)
    assert body["tasks"]["Users"] == {"size": 1, "href": f"/v1/operations/{body['id']}/users"}
    assert body["tasks"]["CallForwarding"]["href"].endswith("/callForwarding")
    assert session.http.get(f"/v1/operations/{body['id']}").json() == body


def test_an_empty_operation_can_be_filled_in_steps(session: Session) -> None:
    operation_id = session.new()
    for number in range(3):
        answer = session.append(operation_id, {"Users": [add_user(f"john.doe{number}@example.com")]})
        assert answer.status_code == 200
        assert answer.json()["tasks"]["Users"]["size"] == number + 1
    listed = session.http.get(f"/v1/operations/{operation_id}/users").json()["Users"]
    assert [each["content"]["user"]["userId"] for each in listed] == [
        f"john.doe{number}@example.com" for number in range(3)
    ]


@pytest.mark.parametrize("field", ["enterpriseId", "enterpriseld"])
def test_both_spellings_of_the_form_field_are_understood(session: Session, field: str) -> None:
    data = {field: session.enterprise_id}
    assert session.upload("POST", "/v1/operations", '{"tasks": {}}', data=data).status_code == 201


def test_tasks_come_back_as_they_were_sent(session: Session) -> None:
    task = add_user(
        lastName="Müller 😀", firstName='"\\/\b\t', userPassword="geheim-1", vmTranscription=False
    )
    operation_id = session.new({"Users": [task]})
    path = f"/v1/operations/{operation_id}/users"
    assert session.http.get(path).json()["Users"] == [task]
    assert session.http.get(path, headers=FILE).json() == {"Users": [task]}


def test_pages_cover_the_list_once(session: Session) -> None:
    tasks = [add_user(f"john.doe{number}@example.com") for number in range(123)]
    path = f"/v1/operations/{session.new({'Users': tasks})}/users"
    first = session.http.get(path).json()
    assert (first["pageSize"], first["pageNumber"], first["totalPages"], first["totalItems"]) == (
        50,
        0,
        3,
        123,
    )
    assert len(first["Users"]) == 50
    pages = [session.http.get(path, params={"pageSize": 40, "pageNumber": n}).json() for n in range(5)]
    assert [len(page["Users"]) for page in pages] == [40, 40, 40, 3, 0]
    assert [task for page in pages for task in page["Users"]] == tasks
    assert {page["totalPages"] for page in pages} == {4}
    assert session.http.get(path, headers=FILE).json() == {"Users": tasks}


@pytest.mark.parametrize(
    "query", ["pageSize=0", "pageSize=-1", "pageSize=x", "pageNumber=-1", "pageNumber=1.5", "pageNumber=²"]
)
def test_paging_that_is_no_number_is_400(session: Session, query: str) -> None:
    answer = session.http.get(f"/v1/operations/{session.new()}/users?{query}")
    assert answer.status_code == 400
    assert answer.json()["validationError"]["fieldName"] == query.split("=", maxsplit=1)[0]


def test_invalid_tasks_become_validation_errors_of_their_type(session: Session) -> None:
    bad, good = add_user("short@example.com"), add_user()
    body = session.create({"Users": [bad, good, {"command": "AddUsr"}], "PhoneNumbers": []}).json()
    path = f"/v1/operations/{body['id']}/users"
    assert body["tasks"]["Users"] == {
        "size": 1,
        "href": path,
        "validationErrors": {"size": 2, "href": f"{path}/validationerrors"},
    }
    assert "validationErrors" not in body["tasks"]["PhoneNumbers"]
    errors = session.http.get(f"{path}/validationerrors").json()
    assert errors["totalItems"] == 2
    first = errors["Users"][0]
    assert (first["task"], list(first)) == (bad, ["id", "validationErrors", "task"])
    assert "user.userId" in first["validationErrors"][0]
    assert session.http.get(f"{path}/validationerrors/{first['id']}").json() == first
    assert session.http.delete(f"{path}/validationerrors/{first['id']}").status_code == 204
    assert session.http.get(f"{path}/validationerrors/{first['id']}").status_code == 404
    assert session.http.get(path).json()["Users"] == [good]


def test_another_enterprise_is_403_for_create(session: Session) -> None:
    answer = session.create({}, enterprise_id="another")
    assert answer.status_code == 403
    assert list(answer.json()) == ["errorCode", "message"]


def test_in_a_closed_world_enterprises_and_groups_are_known(start: Any) -> None:
    session = start(state={"enterprises": ["only"], "groups": ["Dallas"]})
    assert session.enterprise_id == "only"
    assert session.create({}, enterprise_id="another").status_code == 404
    assert session.login(enterprise_id="another").status_code == 401
    answer = session.create({"Users": [add_user(group_id="Nowhere")]})
    assert (answer.status_code, answer.json()["message"]) == (404, "Group not found")
    assert session.create({"Users": [add_user()]}).status_code == 201


def test_what_was_scheduled_can_no_longer_be_edited(session: Session) -> None:
    operation_id = session.new(ONE_OF_EACH)
    scheduled_id = session.schedule(operation_id).json()["scheduledOperation"]["id"]
    session.await_end(scheduled_id)
    for _ in range(2):
        answer = session.append(operation_id, ONE_OF_EACH)
        assert (answer.status_code, list(answer.json())) == (400, ["errorCode", "message", "generalError"])
        assert session.schedule(operation_id).status_code == 400
        session.http.delete(f"/v1/scheduledoperations/{scheduled_id}")


def test_secrets_can_be_masked_wherever_they_would_show(start: Any) -> None:
    session = start(mask_secrets=True)
    secret, mask = "Sample-Secret", "*" * 8
    good = add_user(userPassword=secret, sipAuthPassword="", lastName=secret)
    handsets = {"handsetInfo": [{"ipeiNumber": "1", "registrationCode": secret}]}
    device = {
        "command": "AddDevice",
        "content": {"groupId": "g", "device": {"name": "d", "dect112Info": handsets}},
    }
    bad = add_user("short@example.com", userPassword=secret)
    operation_id = session.new({"Users": [good, device, bad]})
    path = f"/v1/operations/{operation_id}/users"
    shown = session.http.get(path).json()["Users"]
    assert shown[0]["content"]["user"]["userPassword"] == mask
    assert shown[0]["content"]["user"]["sipAuthPassword"] == ""
    assert shown[0]["content"]["user"]["lastName"] == secret
    assert shown[1]["content"]["device"]["dect112Info"]["handsetInfo"][0]["registrationCode"] == mask
    error = session.http.get(f"{path}/validationerrors").json()["Users"][0]
    assert error["task"]["content"]["user"]["userPassword"] == mask
    session.http.delete(f"{path}/validationerrors/{error['id']}")
    scheduled_id = session.schedule(operation_id).json()["scheduledOperation"]["id"]
    session.await_end(scheduled_id)
    assert session.results(scheduled_id, "Users")[0]["content"] == shown[0]["content"]
    assert session.sandbox.truth.applied[0].content == good["content"]


def test_a_thousand_tasks_are_appended(session: Session) -> None:
    tasks = [add_user(f"john.doe{number}@example.com", lastName="Doe") for number in range(1000)]
    answer = session.append(session.new(), {"Users": tasks})
    assert answer.json()["tasks"]["Users"] == {"size": 1000, "href": answer.json()["tasks"]["Users"]["href"]}


def test_file_downloads_can_be_refused(start: Any) -> None:
    session = start(file_downloads=False)
    path = f"/v1/operations/{session.new(ONE_OF_EACH)}/users"
    assert session.http.get(path, headers=FILE).status_code == 406
    assert session.http.get(path).status_code == 200


def test_the_task_file_may_be_large_and_indented(session: Session) -> None:
    tasks = [add_user(f"john.doe{number}@example.com", addressLine1="x" * 80) for number in range(5000)]
    content = json.dumps({"tasks": {"PhoneNumbers": [], "Users": tasks}}, indent=4)
    assert len(content) > 1_500_000  # more than one piece of the reader
    answer = session.upload("PATCH", f"/v1/operations/{session.new()}", content)
    assert answer.json()["tasks"]["Users"]["size"] == 5000
