"""Scheduling, status and results, as their pages have them."""

import re
import time
from typing import Any

from xlsx2opeasy.spec.catalogue import PROCESSING_ORDER

from .session import FILE, ONE_OF_EACH, Session, add_user, recording

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


def test_scheduling_answers_202_with_the_way_to_the_status(session: Session) -> None:
    operation_id = session.new(ONE_OF_EACH)
    answer = session.schedule(operation_id)
    scheduled = answer.json()["scheduledOperation"]
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/scheduledoperations/{scheduled['id']}/status"
    assert scheduled == {
        "id": scheduled["id"],
        "status": "pending",
        "operation": {"id": operation_id, "enterpriseId": session.enterprise_id},
    }


def test_the_status_goes_through_its_states(start: Any) -> None:
    session = start(pending_seconds=0.1, processing_seconds=0.1)
    scheduled_id = session.schedule(session.new(ONE_OF_EACH)).json()["scheduledOperation"]["id"]
    path = f"/v1/scheduledoperations/{scheduled_id}"
    seen: dict[str, Any] = {}
    while "completed" not in seen:
        answer = session.http.get(f"{path}/status")
        body = answer.json()["scheduledOperation"]
        if body["status"] not in seen:
            seen[body["status"]] = body
            assert answer.status_code == (200 if body["status"] == "completed" else 202)
            assert ("location" in answer.headers) is (body["status"] == "completed")
        time.sleep(0.01)
    assert list(seen) == ["pending", "processing", "completed"]
    assert "startTime" not in seen["pending"]
    assert TIMESTAMP.fullmatch(seen["processing"]["startTime"])
    assert TIMESTAMP.fullmatch(seen["completed"]["completedTime"])
    assert seen["completed"]["links"] == {"results": f"{path}/results"}
    assert "links" not in seen["processing"]
    assert answer.headers["location"] == f"{path}/results"


def test_results_and_deletes_wait_for_the_end(start: Any) -> None:
    session = start(pending_seconds=0.3)
    operation_id = session.new(ONE_OF_EACH)
    scheduled_id = session.schedule(operation_id).json()["scheduledOperation"]["id"]
    operation, scheduled = f"/v1/operations/{operation_id}", f"/v1/scheduledoperations/{scheduled_id}"
    assert session.http.get(f"{scheduled}/results").status_code == 404
    for name in ONE_OF_EACH:
        early = session.http.get(f"{scheduled}/results/{name.lower()}")
        assert (early.status_code, early.json()["message"]) == (404, "Results not available")
    assert session.http.delete(scheduled).status_code == 400
    assert session.http.delete(operation).status_code == 400
    session.await_end(scheduled_id)
    assert session.http.get(f"{scheduled}/results").status_code == 200
    assert session.http.delete(operation).status_code == 400
    assert session.http.delete(scheduled).status_code == 204
    assert session.http.get(f"{scheduled}/status").status_code == 404
    assert session.http.delete(operation).status_code == 204
    assert session.http.get(operation).status_code == 404


def test_validation_errors_hold_scheduling_up(session: Session) -> None:
    operation_id = session.new({"Users": [add_user("short@example.com"), add_user()]})
    answer = session.schedule(operation_id)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "400")
    path = f"/v1/operations/{operation_id}/users/validationerrors"
    for error in session.http.get(path).json()["Users"]:
        session.http.delete(f"{path}/{error['id']}")
    assert session.schedule(operation_id).status_code == 202


def test_results_say_what_became_of_each_task(session: Session) -> None:
    operation_id = session.new(
        {"Users": [add_user(), add_user()], "CallRecording": [recording("nobody", recordCall="Never")]}
    )
    scheduled_id = session.schedule(operation_id).json()["scheduledOperation"]["id"]
    status = session.await_end(scheduled_id).json()["scheduledOperation"]["status"]
    assert status == "completedWithErrors"
    path = f"/v1/scheduledoperations/{scheduled_id}/results"
    summary = session.http.get(path).json()["results"]
    assert summary["Users"] == {
        "size": 2,
        "successful": 1,
        "failed": 1,
        "href": f"/scheduledoperations/{scheduled_id}/results/users",
    }
    assert summary["PhoneNumbers"]["size"] == 0
    page = session.http.get(f"{path}/users", params={"pageSize": 1, "pageNumber": 1}).json()
    assert page["totalItems"] == 2
    assert page["Users"] == [
        {
            "command": "AddUser",
            "status": "FAILED",
            "errorCode": "102",
            "errorDescription": "User already exists. john.doe@example.com",
            "content": add_user()["content"],
        }
    ]
    file = session.http.get(f"{path}/users", headers=FILE).json()
    assert list(file) == ["Users"]
    assert file["Users"][0] == {"command": "AddUser", "status": "SUCCESS", "content": add_user()["content"]}


def test_an_empty_operation_completes(session: Session) -> None:
    scheduled_id = session.schedule(session.new()).json()["scheduledOperation"]["id"]
    assert session.await_end(scheduled_id).json()["scheduledOperation"]["status"] == "completed"


def test_task_types_are_processed_in_the_documented_order(start: Any) -> None:
    session = start()
    reversed_file = dict(reversed(ONE_OF_EACH.items()))
    session.run(reversed_file)
    order = [each.task_type for each in session.sandbox.truth.applied]
    assert order == [task_type.name for task_type in PROCESSING_ORDER]
    assert order == ["Users", "CallCenterAgent", "CallForwarding", "CallRecording", "PhoneNumbers"]


def test_the_truth_counts_every_application(start: Any) -> None:
    session = start()
    session.run({"Users": [add_user(), add_user()]})
    applied = session.sandbox.truth.applications("Users", "AddUser", add_user()["content"])
    assert [(each.index, each.error_code) for each in applied] == [(0, None), (1, "102")]


def test_enterprises_do_not_touch_each_other(session: Session) -> None:
    other = Session(session.sandbox, session.enterprise_id + "-other")
    assert session.run({"Users": [add_user()]})["Users"][0]["status"] == "SUCCESS"
    assert other.run({"Users": [add_user()]})["Users"][0]["status"] == "SUCCESS"
    other.http.close()


def test_a_token_ends_with_its_life(start: Any) -> None:
    session = start(token_life=3.0)
    assert session.http.get("/v1/webhooks").status_code == 200
    deadline = time.monotonic() + 60
    while (answer := session.http.get("/v1/webhooks")).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert answer.status_code == 401
    assert "expired" in answer.json()["generalError"]["message"]
    session.http.headers["Authorization"] = session.login().json()["authSession"]["token"]
    assert session.http.get("/v1/webhooks").status_code == 200
