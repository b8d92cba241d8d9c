"""Fault rules: each action does what it says, to the calls that it names and to no other."""

import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from xlsx2opeasy.sandbox import gate
from xlsx2opeasy.sandbox.faults import ACTIONS, FaultRuleError, FaultRules, parse_rule

from .session import FILE, ONE_OF_EACH, Session, add_user


def users(session: Session, operation_id: str) -> int:
    size: int = session.http.get(f"/v1/operations/{operation_id}").json()["tasks"]["Users"]["size"]
    return size


def append(session: Session, operation_id: str) -> httpx.Response:
    return session.append(operation_id, {"Users": [add_user()]})


def faults_of(session: Session) -> list[tuple[int | None, str | None]]:
    return [(each.status, each.fault) for each in session.sandbox.truth.calls_of("appendTasks")]


def test_drop_before_applies_nothing(start: Any) -> None:
    session = start(faults=("PATCH 1 drop-before",))
    operation_id = session.new()
    with pytest.raises(httpx.TransportError):
        append(session, operation_id)
    assert users(session, operation_id) == 0
    assert append(session, operation_id).status_code == 200
    assert faults_of(session) == [(None, "PATCH 1 drop-before"), (200, None)]


def test_drop_after_applies_and_says_nothing(start: Any) -> None:
    session = start(faults=("appendTasks 2 drop-after",))
    operation_id = session.new()
    assert append(session, operation_id).status_code == 200
    with pytest.raises(httpx.TransportError):
        append(session, operation_id)
    assert users(session, operation_id) == 2
    assert faults_of(session) == [(200, None), (None, "appendTasks 2 drop-after")]


def test_later_applies_when_nobody_waits_any_more(start: Any) -> None:
    session = start(faults=("scheduleOperation 1 later:3",))
    operation_id = session.new({"Users": [add_user()]})
    with pytest.raises(httpx.TransportError):
        session.schedule(operation_id)
    assert session.http.get(f"/v1/operations/{operation_id}").status_code == 200
    assert not session.sandbox.truth.applied
    deadline = time.monotonic() + 60
    while not session.sandbox.truth.applied:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert session.schedule(operation_id).status_code == 400


def test_twice_applies_twice(start: Any) -> None:
    session = start(faults=("PATCH 1 twice", "scheduleOperation 1 twice"))
    operation_id = session.new()
    assert append(session, operation_id).json()["tasks"]["Users"]["size"] == 2
    assert session.schedule(operation_id).status_code == 400
    assert users(session, operation_id) == 2


def test_status_answers_in_the_servers_place(start: Any) -> None:
    session = start(faults=("PATCH 1 status:503:7", "PATCH 2-3 status:429", "PATCH 4 status-after:502"))
    operation_id = session.new()
    first = append(session, operation_id)
    assert (first.status_code, first.headers["retry-after"], first.json()["errorCode"]) == (503, "7", "503")
    assert [append(session, operation_id).status_code for _ in range(2)] == [429, 429]
    assert users(session, operation_id) == 0
    assert append(session, operation_id).status_code == 502
    assert users(session, operation_id) == 1
    assert append(session, operation_id).status_code == 200


def test_redirect_and_html(start: Any) -> None:
    session = start(
        faults=("GET 1 redirect:https://elsewhere.example/v1", "GET 2 html", "PATCH 1 html-after")
    )
    operation_id = session.new()
    path = f"/v1/operations/{operation_id}"
    answer = session.http.get(path)
    assert (answer.status_code, answer.headers["location"]) == (307, "https://elsewhere.example/v1")
    page = session.http.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert append(session, operation_id).text == page.text
    assert users(session, operation_id) == 1


def test_truncate_cuts_the_answer_in_the_middle(start: Any) -> None:
    session = start(faults=("PATCH 1 truncate", "getUsersTasks 1 truncate"))
    operation_id = session.new()
    with pytest.raises(httpx.RemoteProtocolError):
        append(session, operation_id)
    assert users(session, operation_id) == 1
    with pytest.raises(httpx.RemoteProtocolError):
        session.http.get(f"/v1/operations/{operation_id}/users", headers=FILE)


def test_drip_gives_byte_after_byte(start: Any) -> None:
    session = start(faults=("getWebhooks 1 drip:0.01", "getWebhooks 2 drip:30"))
    answer = session.http.get("/v1/webhooks")
    assert answer.json() == {"webhooks": []}
    assert answer.elapsed.total_seconds() > 0.1
    with pytest.raises(httpx.ReadTimeout):
        session.http.get("/v1/webhooks", timeout=httpx.Timeout(60, read=0.2))


def test_delay_applies_after_the_client_has_gone(start: Any) -> None:
    session = start(faults=("PATCH 1 delay:1", "PATCH 2 delay:0.05", "PATCH 3 delay-after:30"))
    operation_id = session.new()
    with pytest.raises(httpx.ReadTimeout):
        session.http.patch(
            f"/v1/operations/{operation_id}",
            files={"file": ("a.json", b'{"tasks": {"Users": [{}]}}', "application/json")},
            timeout=httpx.Timeout(60, read=0.1),  # an answer without delay would have come
        )
    assert append(session, operation_id).elapsed.total_seconds() >= 0.05
    session.http.timeout = httpx.Timeout(60, read=0.5)
    with pytest.raises(httpx.ReadTimeout):
        append(session, operation_id)
    session.http.timeout = httpx.Timeout(60)
    assert users(session, operation_id) == 2
    errors = f"/v1/operations/{operation_id}/users/validationerrors"
    deadline = time.monotonic() + 60
    while session.http.get(errors).json()["totalItems"] == 0:
        assert time.monotonic() < deadline


def test_replace_and_lose_change_the_answer(start: Any) -> None:
    session = start(
        faults=(
            "getScheduledOperationStatus 1 replace:completed=>on its way",
            "getUsersResults 1 lose:1",
            "getUsersResults 2 lose:5",
        )
    )
    tasks = {"Users": [add_user(), add_user("jane.doe@example.com")]}
    scheduled_id = session.schedule(session.new(tasks)).json()["scheduledOperation"]["id"]
    deadline = time.monotonic() + 60
    while not session.sandbox.truth.applied:
        assert time.monotonic() < deadline
    path = f"/v1/scheduledoperations/{scheduled_id}"
    altered = session.await_end(scheduled_id)
    assert altered.json()["scheduledOperation"]["status"] in ("on its way", "processing")
    assert len(altered.content) == int(altered.headers["content-length"])
    assert session.await_end(scheduled_id).json()["scheduledOperation"]["status"] == "completed"
    page = session.http.get(f"{path}/results/users").json()
    assert (len(page["Users"]), page["totalItems"]) == (1, 1)
    assert session.http.get(f"{path}/results/users", headers=FILE).json() == {"Users": []}
    assert len(session.results(scheduled_id, "Users")) == 2


def test_query_ignores_what_the_client_asked_for(start: Any) -> None:
    session = start(faults=("getUsersTasks 2+ query:pageNumber=0",))
    tasks = [add_user(f"john.doe{number}@example.com") for number in range(60)]
    path = f"/v1/operations/{session.new({'Users': tasks})}/users"
    asked = [session.http.get(path, params={"pageNumber": 1}).json() for _ in range(2)]
    assert [(each["pageNumber"], len(each["Users"])) for each in asked] == [(1, 10), (0, 50)]


def test_a_rate_limit_answers_429(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(gate, "time", SimpleNamespace(monotonic=lambda: now[0]))
    session = start(rate_limit=5)
    answers = [session.http.get("/v1/webhooks") for _ in range(8)]
    assert [each.status_code for each in answers] == [200] * 4 + [429] * 4
    assert answers[-1].headers["retry-after"] == "1"
    now[0] += 1
    assert session.http.get("/v1/webhooks").status_code == 200


def test_latency_is_added_to_each_call(start: Any) -> None:
    session = start(latency=0.1)
    assert session.http.get("/v1/webhooks").elapsed.total_seconds() >= 0.1


def test_the_first_rule_that_hits_decides_and_all_count() -> None:
    rules = FaultRules(("GET 2 html", "* 2+ drop-before", "getWebhooks 4-5 truncate"))
    hits = [rules.hit("GET", "getWebhooks") for _ in range(5)]
    assert [rule.action if rule else None for rule in hits] == [None, "html", *["drop-before"] * 3]
    assert rules.hit("POST", "authenticate") is not None


def test_each_action_has_a_test_above() -> None:
    started = Path(__file__).read_text(encoding="utf-8").partition("def test_each_action")[0]
    assert [action for action in ACTIONS if not re.search(rf' {action}[:"]', started)] == []


@pytest.mark.parametrize(
    "text",
    [
        "", "PATCH", "PATCH 2", "PUT 1 html", "appendTask 1 html", "GET 0 html", "GET -1 html", "GET x html",
        "GET 1- html", "GET + html", "GET 2-1 html", "GET 1 explode", "GET 1 delay", "GET 1 delay:x",
        "GET 1 delay:-1", "GET 1 delay:nan", "GET 1 status", "GET 1 status:99", "GET 1 status:600",
        "GET 1 html:1", "GET 1 lose", "GET 1 lose:0", "GET 1 replace:x", "GET 1 redirect",
    ],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(FaultRuleError, match=r"^\"|three words"):
        parse_rule(text)


def test_garbage_in_retry_after_is_a_fault_of_its_own() -> None:
    assert parse_rule("GET 1 status:503:Sun, 06 Nov").retry_after == "Sun, 06 Nov"


def test_a_sandbox_with_a_bad_rule_does_not_start(start: Any) -> None:
    with pytest.raises(FaultRuleError):
        start(faults=("PATCH sometimes html",))


def test_one_of_each_still_runs_under_harmless_faults(start: Any) -> None:
    session = start(faults=("* * delay:0.001",))
    results = session.run(ONE_OF_EACH)
    assert {each["status"] for listed in results.values() for each in listed} == {"SUCCESS"}
