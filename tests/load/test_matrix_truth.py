"""F50-F66: a server that holds, counts or tells other things than it should (docs/safety.md)."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foreign.messages import Answer, Request
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.run.connection import LEAST_LIST_BYTES
from xlsx2opeasy.load.run.undecided import Settling

from .books import numbers_then_users, outcomes, read_results, user_book, write_rows
from .rig import Rig, kept_promise, on_call


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return user_book(tmp_path / "three.xlsx")


def change(part: str, edit: Any, times: int = 10_000) -> Any:
    """A hook that lets `edit` change the JSON of answers to calls whose path ends with `part`."""
    left = [times]

    def hook(request: Request, answer: Answer) -> Answer | None:
        if not request.path.endswith(part) or answer.status >= 300 or answer.body is None or not left[0]:
            return None
        left[0] -= 1
        body = json.loads(json.dumps(answer.body))
        edit(body)
        return Answer(answer.status, body, answer.headers)

    return hook


def test_f50_a_draft_that_lacks_tasks_is_never_run_and_its_rows_are_named(rig: Rig, book: Path) -> None:
    rig.server.settings.validate = lambda name, task: []

    def lose(request: Request, answer: Answer) -> Answer | None:
        if request.method == "PATCH":
            operation = rig.server.state.operations[request.path.rpartition("/")[2]]
            operation.tasks["Users"].pop()
            body = dict(answer.body) | {"tasks": {"Users": {"size": 2}}}
            return Answer(200, body)
        return None

    rig.server.settings.after = lose
    result = rig.load(book)
    assert (result.exit_code, rig.schedules()) == (5, 0)
    assert "Users row 4" in result.message
    assert rig.drafts() == []
    kept_promise(rig.server, result)


def test_f51_a_draft_that_holds_more_is_never_run(rig: Rig, book: Path) -> None:
    def add(request: Request, answer: Answer) -> None:
        if request.method == "PATCH":
            tasks = rig.server.state.operations[request.path.rpartition("/")[2]].tasks["Users"]
            tasks.append(tasks[0])

    rig.server.settings.after = add
    result = rig.load(book)
    assert (result.exit_code, rig.schedules()) == (5, 0)
    assert "1 tasks that were not sent" in result.message
    kept_promise(rig.server, result)


def test_f51_a_draft_that_was_verified_is_compared_again_before_a_later_run_starts_it(
    rig: Rig, book: Path
) -> None:
    rig.server.settings.before = on_call("POST", "/scheduledoperations", Answer(403))
    stopped = rig.load(book)
    (draft,) = rig.server.state.operations.values()
    draft.tasks["Users"][0]["content"]["groupId"] = "Berlin"
    done = rig.resume(stopped.job)
    assert (done.status, done.rows["succeeded"]) == ("completed", 3)
    assert {task["content"]["groupId"] for _, task in rig.server.state.executed} == {"Dallas"}
    assert "does not hold Users row 2 as sent (different: groupId)" in rig.notices
    kept_promise(rig.server, done)


def test_f52_rejected_rows_stop_everything_and_stand_beside_their_rows(rig: Rig, book: Path) -> None:
    rig.server.settings.validate = lambda name, task: (
        ["no such group"] if task["content"]["user"]["userId"].startswith("user0001") else []
    )
    result = rig.load(book)
    assert (result.status, result.exit_code, rig.schedules()) == ("rejected", 1, 0)
    told = read_results(Path(result.results or ""))
    assert [each[0] for each in told.values()] == ["NOT SENT", "REJECTED", "NOT SENT"]
    assert told[("Users", 3)][1:3] == ("", "no such group")
    assert rig.server.state.operations == {}
    kept_promise(rig.server, result)


def test_f52_rejected_rows_can_be_dropped(rig: Rig, book: Path) -> None:
    rig.server.settings.validate = lambda name, task: (
        ["no such group"] if task["content"]["user"]["userId"].startswith("user0001") else []
    )
    result = rig.load(book, drop_rejected=True)
    assert (result.status, result.exit_code) == ("completedWithErrors", 1)
    assert outcomes(Path(result.results or "")) == ["SUCCESS", "REJECTED", "SUCCESS"]
    kept_promise(rig.server, result)


def test_f52_where_all_rows_are_rejected_and_dropped_nothing_is_run(rig: Rig, book: Path) -> None:
    rig.server.settings.validate = lambda name, task: ["never"]
    result = rig.load(book, drop_rejected=True)
    assert (result.exit_code, rig.schedules()) == (1, 0)
    assert outcomes(Path(result.results or "")) == ["REJECTED"] * 3
    assert rig.server.state.operations == {}
    kept_promise(rig.server, result)


def test_f53_altered_content_is_never_run_and_the_field_is_named(rig: Rig, tmp_path: Path) -> None:
    book = user_book(tmp_path / "umlaut.xlsx", user__lastName="Müller")

    def garble(request: Request, answer: Answer) -> None:
        if request.method == "PATCH":
            for task in rig.server.state.operations[request.path.rpartition("/")[2]].tasks["Users"]:
                task["content"]["user"]["lastName"] = "MÃ¼ller"

    rig.server.settings.after = garble
    result = rig.load(book)
    assert (result.exit_code, rig.schedules()) == (5, 0)
    assert "user.lastName" in result.message
    kept_promise(rig.server, result)


def test_a_list_far_larger_than_what_was_sent_is_not_taken_into_memory(rig: Rig, book: Path) -> None:
    def flood(request: Request, answer: Answer) -> Answer | None:
        if "/results/" in request.target:
            return Answer(200, b"[" + b" " * (LEAST_LIST_BYTES + 2**20) + b"]", answer.headers)
        return None

    rig.server.settings.after = flood
    result = rig.load(book)
    assert (result.exit_code, rig.schedules()) == (5, 1)
    assert outcomes(Path(result.results or "")) == ["RUNNING"] * 3
    rig.server.settings.after = lambda request, answer: None
    done = rig.resume()
    assert (done.status, rig.schedules()) == ("completed", 1)
    kept_promise(rig.server, done)


def test_f54_counts_in_the_answer_that_two_looks_refute_are_not_believed(rig: Rig, book: Path) -> None:
    rig.server.settings.after = lambda request, answer: (
        Answer(200, dict(answer.body) | {"tasks": {"Users": {"size": 7}}})
        if request.method == "PATCH"
        else None
    )
    result = rig.load(book)
    assert result.status == "completed"
    assert rig.server.calls("POST", "/v1/operations") == 1
    kept_promise(rig.server, result)


def test_f55_pages_that_do_not_belong_together_are_no_proof(rig: Rig, book: Path) -> None:
    rig.server.settings.downloads = False
    rig.server.settings.page_limit = 2

    def first_page_again(request: Request) -> Answer | None:
        if request.path.endswith("/users") and "pageNumber=1" in request.target:
            return rig.server.apply(
                Request("GET", request.target.replace("pageNumber=1", "pageNumber=0"), request.headers)
            )
        return None

    rig.server.settings.before = first_page_again
    result = rig.load(book)
    assert (result.exit_code, rig.schedules()) == (5, 0)
    kept_promise(rig.server, result)


def test_f56_a_cut_file_is_fetched_again(rig: Rig, book: Path) -> None:
    cut: list[str] = []

    def cut_once(request: Request, answer: Answer) -> Answer | None:
        if request.path.endswith("/users") and request.path not in cut:
            cut.append(request.path)
            return Answer(answer.status, answer.body, answer.headers, cut_after=30)
        return None

    rig.server.settings.after = cut_once
    result = rig.load(book)
    assert (result.status, len(cut)) == ("completed", 2)
    kept_promise(rig.server, result)


@pytest.mark.parametrize("word", ["FINISHED", "queued", "", "complete"])
def test_f57_an_unknown_word_is_still_running_and_told(rig: Rig, book: Path, word: str) -> None:
    def say(body: Any) -> None:
        body["scheduledOperation"]["status"] = word

    rig.server.settings.after = change("/status", say, times=3)
    result = rig.load(book)
    assert result.status == "completed"
    assert f"unknown state {word!r}" in rig.notices
    assert len(rig.interruption.slept) >= 3
    kept_promise(rig.server, result)


@pytest.mark.parametrize("word", ["COMPLETED", "Completed_With_Errors"])
def test_readings_14_other_spellings_of_completed_count(rig: Rig, book: Path, word: str) -> None:
    def say(body: Any) -> None:
        if body["scheduledOperation"]["status"] == "completed":
            body["scheduledOperation"]["status"] = word

    rig.server.settings.after = change("/status", say)
    assert rig.load(book).status == "completed"


def test_f58_a_run_that_goes_back_is_waited_for_and_noted(rig: Rig, book: Path) -> None:
    answers: list[str] = []

    def back(body: Any) -> None:
        answers.append(body["scheduledOperation"]["status"])
        if len(answers) == 1:
            body["scheduledOperation"]["status"] = "completed"

    rig.server.settings.polls_processing = 3
    rig.server.settings.after = change("/status", back)
    result = rig.load(book)
    assert result.status == "completed"
    assert "is processing again" in rig.notices
    kept_promise(rig.server, result)


def test_f59_rows_without_a_result_are_unknown_and_can_be_asked_for_again(rig: Rig, book: Path) -> None:
    rig.server.settings.after = change("/results/users", lambda body: body["Users"].pop())
    result = rig.load(book)
    assert (result.status, result.exit_code) == ("unknown", 1)
    told = read_results(Path(result.results or ""))
    assert [each[0] for each in told.values()] == ["SUCCESS", "SUCCESS", "UNKNOWN"]
    assert "no result came" in told[("Users", 4)][2]
    kept_promise(rig.server, result)
    assert rig.resume().status == "unknown"  # asked again, and no other answer
    rig.server.settings.after = lambda request, answer: None
    done = rig.resume()
    assert (done.status, done.results) == ("completed", result.results)
    assert (rig.server.state.operations, rig.schedules()) == ({}, 1)
    kept_promise(rig.server, done)


def test_f60_foreign_results_are_said(rig: Rig, book: Path) -> None:
    stranger = {"command": "AddUser", "status": "SUCCESS", "content": {"user": {"userId": "x@example.com"}}}
    rig.server.settings.after = change("/results/users", lambda body: body["Users"].append(stranger))
    result = rig.load(book)
    assert result.exit_code == 1
    assert "1 results that belong to no row" in result.message
    kept_promise(rig.server, result)


def test_f61_identical_rows_with_different_results_say_that_nobody_can_tell(rig: Rig, tmp_path: Path) -> None:
    row = {"command": "ModifyUser", "user.userId": "john.doe@example.com", "user.title": "Boss"}
    book = write_rows(tmp_path / "alike.xlsx", {"Users": [row, row, row]})
    seen: list[Any] = []
    rig.server.settings.fail = lambda name, task: (
        ("109", "No.") if seen.append(task) or len(seen) < 3 else None
    )
    result = rig.load(book)
    told = list(read_results(Path(result.results or "")).values())
    assert [each[0] for each in told] == ["FAILED", "FAILED", "SUCCESS"]
    assert all("2 of 3 identical rows failed, which cannot be told" in each[2] for each in told)


@pytest.mark.parametrize(("word", "failing"), [("completed", True), ("completedWithErrors", False)])
def test_f62_the_rows_decide_not_the_summary(rig: Rig, book: Path, word: str, failing: bool) -> None:
    def say(body: Any) -> None:
        if body["scheduledOperation"]["status"].startswith("completed"):
            body["scheduledOperation"]["status"] = word

    rig.server.settings.fail = lambda name, task: ("102", "User already exists.") if failing else None
    rig.server.settings.after = change("/status", say)
    result = rig.load(book)
    assert outcomes(Path(result.results or "")) == ["FAILED" if failing else "SUCCESS"] * 3
    assert result.exit_code == int(failing)
    kept_promise(rig.server, result)


def test_a_result_that_is_neither_success_nor_failed_is_unknown(rig: Rig, book: Path) -> None:
    rig.server.settings.after = change("/results/users", lambda body: body["Users"][0].update(status="MAYBE"))
    result = rig.load(book)
    told = read_results(Path(result.results or ""))
    assert told[("Users", 2)][0] == "UNKNOWN"
    assert "'MAYBE'" in told[("Users", 2)][2]


@pytest.mark.parametrize("status", [404, 409])
def test_f63_results_that_come_late_are_waited_for(rig: Rig, book: Path, status: int) -> None:
    late = [Answer(status)] * 5
    rig.server.settings.before = on_call("GET", "/results/users", *late)
    result = rig.load(book)
    assert result.status == "completed"
    kept_promise(rig.server, result)


@pytest.mark.parametrize("status", [404, 409])
def test_f63_results_that_come_later_than_the_wait_are_left_to_resume(
    rig: Rig, book: Path, status: int
) -> None:
    rig.server.settings.before = on_call("GET", "/results/users", *[Answer(status)] * 1000)
    result = rig.load(book, wait=5.0)
    assert (result.status, result.exit_code, sum(rig.interruption.slept) <= 6) == ("running", 8, True)
    assert "without results yet" in result.message
    assert outcomes(Path(result.results or "")) == ["RUNNING"] * 3
    rig.server.settings.before = lambda request: None
    assert rig.resume(wait=5.0).status == "completed"


@pytest.mark.parametrize("status", [404, 409])
def test_f63_results_that_come_within_the_wait_are_waited_for(rig: Rig, book: Path, status: int) -> None:
    rig.server.settings.before = on_call("GET", "/results/users", *[Answer(status)] * 6)
    assert rig.load(book, wait=3600.0).status == "completed"


def test_f64_an_operation_that_outlasts_the_wait_goes_on_at_the_server(rig: Rig, book: Path) -> None:
    rig.server.settings.polls_processing = 10**6
    result = rig.load(book, wait=120.0)
    assert (result.status, result.exit_code) == ("running", 8)
    assert f"operation {result.operations[0]} is still " in result.message
    assert result.message.endswith(f"xlsx2opeasy resume {result.job}")
    assert outcomes(Path(result.results or "")) == ["RUNNING"] * 3
    kept_promise(rig.server, result)
    rig.server.settings.polls_processing = 1
    done = rig.resume()
    assert (done.status, rig.schedules()) == ("completed", 1)
    kept_promise(rig.server, done)


@pytest.mark.parametrize("again", [False, True])
def test_rows_in_doubt_are_loaded_on_no_other_machine(
    rig: Rig, book: Path, tmp_path: Path, again: bool
) -> None:
    """Which knows nothing of the job: what stands beside the row is all there is."""
    rig.server.settings.polls_processing = 10**6
    result = rig.load(book, wait=120.0)
    elsewhere = Rig(rig.server, Home(tmp_path / "elsewhere"))
    with pytest.raises(LoadRefused, match="Users row 2 is RUNNING since an earlier load") as refused:
        elsewhere.load(Path(result.results or ""), again=again)
    assert f"xlsx2opeasy resume {result.job}" in refused.value.hint
    assert (rig.schedules(), list(elsewhere.home.jobs())) == (1, [])


def test_f65_nothing_is_deleted_before_its_results_are_here(rig: Rig, book: Path) -> None:
    rig.server.settings.polls_processing = 4
    result = rig.load(book)
    calls = [each.call for each in rig.server.requests]
    fetched = next(place for place, each in enumerate(calls) if each.endswith("/results/users"))
    assert min(place for place, each in enumerate(calls) if each.startswith("DELETE")) > fetched
    assert result.status == "completed"


def test_f66_unknown_fields_are_ignored_and_unknown_task_types_are_not_run(rig: Rig, book: Path) -> None:
    def strange(request: Request, answer: Answer) -> Answer | None:
        if isinstance(answer.body, dict):
            return Answer(answer.status, {**answer.body, "surprise": [1]}, answer.headers)
        return None

    rig.server.settings.after = strange
    assert rig.load(book).status == "completed"
    rig.server.settings.after = lambda request, answer: (
        Answer(200, answer.body | {"tasks": {**answer.body["tasks"], "Trunks": {"size": 1}}})
        if isinstance(answer.body, dict) and "tasks" in answer.body
        else None
    )
    result = rig.load(book, again=True)
    assert (result.exit_code, rig.schedules()) == (5, 1)


@pytest.mark.parametrize("enriched", [False, True])
def test_shuffled_and_enriched_results_find_their_rows(rig: Rig, tmp_path: Path, enriched: bool) -> None:
    rows = [
        {"command": "ModifyUser", "user.userId": f"user{n:04}@example.com", "user.title": f"T{n}"}
        for n in range(40)
    ]
    book = write_rows(tmp_path / "many.xlsx", {"Users": rows})
    rig.server.settings.shuffle = random.Random(7)

    def enrich(body: Any) -> None:
        for each in body["Users"]:
            each["content"]["groupId"] = "Dallas"  # the server knows more than was sent
            each["content"]["user"]["extension"] = "1"

    if enriched:
        rig.server.settings.after = change("/results/users", enrich)
    rig.server.settings.fail = lambda name, task: (
        ("109", "No.") if task["content"]["user"]["title"].endswith("7") else None
    )
    result = rig.load(book)
    failed = [
        row for (_, row), each in read_results(Path(result.results or "")).items() if each[0] == "FAILED"
    ]
    assert failed == [9, 19, 29, 39]
    kept_promise(rig.server, result)


def test_rows_that_need_what_failed_before_are_not_sent(rig: Rig, tmp_path: Path) -> None:
    rig.server.settings.fail = lambda name, task: ("122", "No.") if name == "PhoneNumbers" else None
    result = rig.load(numbers_then_users(tmp_path / "phases.xlsx"))
    told = read_results(Path(result.results or ""))
    assert told[("PhoneNumbers", 2)][0] == "FAILED"
    assert told[("Users", 2)][0] == "NOT SENT"
    assert "PhoneNumbers row 2" in told[("Users", 2)][2]
    assert told[("Users", 3)][0] == "SUCCESS"
    assert result.rows["notSent"] == 1
    assert (rig.server.state.operations, result.exit_code) == ({}, 1)
    kept_promise(rig.server, result)


def test_rows_that_are_left_are_cut_into_files_as_large_as_before(rig: Rig, tmp_path: Path) -> None:
    rig.server.settings.fail = lambda name, task: ("122", "No.") if name == "PhoneNumbers" else None
    book = numbers_then_users(tmp_path / "phases.xlsx", others=4)
    result = rig.load(book, chunk_tasks=2)
    assert (result.rows["notSent"], result.rows["succeeded"]) == (1, 4)
    (cut_again,) = (each for each in rig.records(result) if each.call == "rechunked")
    assert [each["counts"] for each in cut_again.detail["chunks"]] == [{"Users": 2}, {"Users": 2}]


def test_rows_that_need_what_was_not_known_then_are_sent_with_the_results(rig: Rig, tmp_path: Path) -> None:
    rig.server.settings.after = strange_results("phonenumbers")
    result = rig.load(numbers_then_users(tmp_path / "phases.xlsx"))
    assert (result.status, result.rows["notSent"]) == ("unknown", 1)
    rig.server.settings.after = lambda *_: None
    again = rig.resume(result.job)
    told = read_results(Path(again.results or ""))
    assert told[("PhoneNumbers", 2)][0] == "SUCCESS"
    assert told[("Users", 2)][0] == "NOT SENT"
    assert "PhoneNumbers row 2, whose result was not known when" in told[("Users", 2)][2]
    rest = rig.load(Path(again.results or ""))
    assert (rest.status, rest.rows["succeeded"]) == ("completed", 1)
    kept_promise(rig.server, rest)


def strange_results(of: str) -> Callable[[Request, Answer], Answer | None]:
    """Results whose status is no word of the API."""

    def strange(request: Request, answer: Answer) -> Answer | None:
        if not request.path.endswith(f"/results/{of}"):
            return None
        return replace(answer, body=json.loads(json.dumps(answer.body).replace('"SUCCESS"', '"1"')))

    return strange


def test_a_claimed_run_of_another_operation_is_not_believed(rig: Rig, tmp_path: Path) -> None:
    first = rig.load(user_book(tmp_path / "first.xlsx"), keep=True)
    (strange,) = rig.server.state.scheduled
    rig.server.settings.after = on_call("POST", "/scheduledoperations", Answer(503))
    second = rig.load(user_book(tmp_path / "second.xlsx", 2, user__title="other"))
    assert (first.status, second.status) == ("completed", "unknown")
    for wrong in (strange, "no-such-run"):
        refused = rig.resume(second.job, settling=Settling(scheduled_id=wrong))
        assert refused.exit_code == 2
        assert "does not say" in refused.message
    assert rig.resume(second.job).status == "unknown"


def test_f40_a_run_that_the_server_forgot_is_unknown_never_failed(rig: Rig, book: Path) -> None:
    rig.server.settings.polls_processing = 10**6
    rig.server.settings.before = lambda request: Answer(404) if request.path.endswith("/status") else None
    result = rig.load(book)
    assert (result.status, outcomes(Path(result.results or ""))) == ("unknown", ["UNKNOWN"] * 3)
    assert "it was started as run" in result.message
    assert f"xlsx2opeasy resume {result.job}\n" in result.message
    kept_promise(rig.server, result)
    assert rig.resume(result.job).status == "unknown"


def test_f40_a_run_that_the_server_knows_again_is_followed_by_resume(rig: Rig, book: Path) -> None:
    rig.server.settings.before = lambda request: Answer(404) if request.path.endswith("/status") else None
    result = rig.load(book)
    assert result.status == "unknown"
    rig.server.settings.before = lambda _: None
    done = rig.resume(result.job)
    assert (done.status, outcomes(Path(done.results or ""))) == ("completed", ["SUCCESS"] * 3)
    assert rig.schedules() == 1
    kept_promise(rig.server, done)


def test_a_result_that_is_no_word_of_the_api_is_unknown_until_it_is_asked_for_again(
    rig: Rig, book: Path
) -> None:
    rig.server.settings.after = strange_results("users")
    result = rig.load(book)
    assert (result.status, outcomes(Path(result.results or ""))) == ("unknown", ["UNKNOWN"] * 3)
    kept_promise(rig.server, result)  # each row says what to do
    rig.server.settings.after = lambda *_: None
    again = rig.resume(result.job)
    assert (again.status, again.rows["succeeded"]) == ("completed", 3)
