"""`xlsx2opeasy load`, the installed command, against a server that strangers wrote: what goes over the wire."""

import json
import stat
from pathlib import Path
from typing import Any

from foreign.messages import Request
from foreign.server import ForeignServer

from .books import numbers_then_users, read_results, user_book, write_rows
from .command import run
from .every_command import SHEETS, TASKS

QUICK = ("--poll-interval", "0.05")


def uploads(server: ForeignServer) -> list[Request]:
    return [each for each in server.requests if each.media_type == "multipart/form-data"]


def tasks_in(request: Request) -> dict[str, list[Any]]:
    tasks: dict[str, list[Any]] = json.loads(request.parts[-1].body)["tasks"]
    return tasks


def sent(requests: list[Request]) -> dict[str, list[tuple[str, Any]]]:
    """By type in the order of the files, command and content of every task."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for request in requests:
        for name, tasks in tasks_in(request).items():
            for task in tasks:
                assert set(task) == {"command", "content"}
                found.setdefault(name, []).append((task["command"], task["content"]))
    return found


def test_every_command_and_field_goes_out_as_the_appendix_shows_it(
    server: ForeignServer, env: dict[str, str], tmp_path: Path
) -> None:
    book = write_rows(tmp_path / "every.xlsx", SHEETS)
    done = run("load", book, "--json", *QUICK, env=env)
    assert done.code == 0, done.err
    assert sent(uploads(server)) == TASKS
    assert list(sent(uploads(server))) == list(TASKS)  # the order of processing
    assert [(name, (task["command"], task["content"])) for name, task in server.state.executed] == [
        (name, task) for name, tasks in TASKS.items() for task in tasks
    ]
    total = sum(map(len, TASKS.values()))
    assert done.json["rows"] == _rows(total=total, succeeded=total)
    assert done.json["status"] == "completed"
    results = read_results(tmp_path / "every.results.xlsx")
    assert [result[0] for result in results.values()] == ["SUCCESS"] * total
    assert ("users ", 8) not in results  # the blank row


def _rows(**counts: int) -> dict[str, int]:
    names = [
        "total",
        "succeeded",
        "failed",
        "rejected",
        "invalid",
        "notSent",
        "running",
        "unknown",
        "skipped",
    ]
    return {name: counts.get(name, 0) for name in names}


def test_the_requests_are_those_of_the_specifications_pages(
    server: ForeignServer, env: dict[str, str], tmp_path: Path
) -> None:
    book = user_book(tmp_path / "five.xlsx", 5)
    done = run("load", book, "--chunk-tasks", "2", "--json", *QUICK, env=env)
    assert done.code == 0, done.err
    (operation,) = done.json["operations"]
    run_id = next(each.path.split("/")[3] for each in server.requests if "/scheduledoperations/" in each.path)
    calls = [each.call for each in server.requests]
    assert calls[0] == "POST /v1/authsessions"
    assert calls[1] == "POST /v1/operations"
    assert calls[2:5] == [f"PATCH /v1/operations/{operation}"] * 3
    assert calls[-2:] == [
        f"DELETE /v1/scheduledoperations/{run_id}",
        f"DELETE /v1/operations/{operation}",
    ]
    assert server.calls("POST", "/v1/scheduledoperations") == 1
    assert calls.index("POST /v1/scheduledoperations") > calls.index(
        f"GET /v1/operations/{operation}/users"
    )  # verified before it is run
    schedule = next(each for each in server.requests if each.call == "POST /v1/scheduledoperations")
    assert json.loads(schedule.body) == {"operation": {"id": operation}}
    assert (server.state.operations, server.state.scheduled) == ({}, {})  # nothing is left


def test_uploads_are_multipart_as_the_pages_say(
    server: ForeignServer, env: dict[str, str], tmp_path: Path
) -> None:
    done = run("load", user_book(tmp_path / "two.xlsx", 2), "--json", *QUICK, env=env)
    job = done.json["job"]
    create, append = uploads(server)
    enterprise, shell = create.parts
    assert (enterprise.name, enterprise.body, enterprise.filename) == (
        "enterpriseId",
        server.settings.enterprise_id.encode(),
        None,
    )
    assert json.loads(shell.body) == {"tasks": {}}
    (chunk,) = append.parts
    for part in (shell, chunk):
        assert (part.name, part.content_type) == ("file", "application/json")
        assert part.filename is not None
        assert part.filename.startswith(f"xlsx2opeasy-{job}-")
        assert part.filename.endswith(".json")
    for request in (create, append):
        assert request.header("Content-Length") == str(len(request.body))
        assert "Transfer-Encoding" not in dict(request.headers)


def test_the_headers_are_those_that_the_pages_require(
    server: ForeignServer, env: dict[str, str], tmp_path: Path
) -> None:
    done = run("load", user_book(tmp_path / "two.xlsx", 2), "--json", *QUICK, env=env)
    job = done.json["job"]
    login, *others = server.requests
    assert json.loads(login.body) == {
        "authSession": {
            "apiKey": server.settings.api_key,
            "enterpriseId": server.settings.enterprise_id,
        }
    }
    assert login.header("Authorization") == ""
    (token,) = server.state.tokens
    assert {each.header("Authorization") for each in others} == {token}  # alone, no "Bearer"
    assert all(f"load={job}" in each.header("User-Agent") for each in server.requests)
    ids = [each.header("X-Request-Id") for each in server.requests]
    assert all(ids)
    changing = [each.header("X-Request-Id") for each in others if each.method in ("POST", "PATCH", "DELETE")]
    assert len(set(changing)) == len(changing)


def test_rows_of_two_operations_go_in_the_order_in_which_they_need_each_other(
    server: ForeignServer, env: dict[str, str], tmp_path: Path
) -> None:
    done = run("load", numbers_then_users(tmp_path / "phases.xlsx"), "--json", *QUICK, env=env)
    assert done.code == 0, done.err
    assert [name for name, _ in server.state.executed] == ["PhoneNumbers", "Users", "Users"]
    assert len(done.json["operations"]) == 2
    schedules = [n for n, each in enumerate(server.requests) if each.call == "POST /v1/scheduledoperations"]
    patches = [n for n, each in enumerate(server.requests) if each.method == "PATCH"]
    assert len(schedules) == 2
    assert max(patches) < min(schedules)  # all drafts are built and verified before the first one runs


def test_failures_stand_beside_their_rows_with_what_to_do(
    server: ForeignServer, env: dict[str, str], tmp_path: Path
) -> None:
    server.settings.fail = lambda _, task: (
        ("102", "User already exists.")
        if task["content"]["user"]["userId"] == "user0001@example.com"
        else None
    )
    done = run("load", user_book(tmp_path / "three.xlsx"), "--json", *QUICK, env=env)
    assert (done.code, done.json["status"]) == (1, "completedWithErrors")
    assert done.json["rows"] == _rows(total=3, succeeded=2, failed=1)
    results = read_results(Path(done.json["results"]))
    outcome, code, detail, job = results[("Users", 3)]
    assert (outcome, code) == ("FAILED", "102")
    assert detail.startswith("User already exists.")
    assert len(detail) > len("User already exists. - ")  # Appendix VII says what to do
    assert job.startswith(done.json["job"] + " ")
    assert results[("Users", 2)][:3] == ("SUCCESS", "", "")


def test_the_files_that_are_left_are_the_owners_alone(
    server: ForeignServer, env: dict[str, str], tmp_path: Path, home: Path
) -> None:
    run("load", user_book(tmp_path / "two.xlsx", 2), "--json", *QUICK, env=env)
    made = list(home.rglob("*"))
    assert any(path.name == "journal.sqlite" for path in made)
    for path in made:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
