"""`operations`, `scheduled`, `webhooks` and `import` as a person and a script call them, against the sandbox."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import installed
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.secret import Secret

PASSWORD = "Canary-Passw0rd"
KEY = "canary-api-key"
JOHN, JANE = "john.doe@example.com", "jane.doe@example.com"


def add(user_id: str, **fields: str) -> dict[str, Any]:
    return {
        "command": "AddUser",
        "content": {"groupId": "Dallas", "user": {"userId": user_id, "userPassword": PASSWORD, **fields}},
    }


TASKS = {
    "Users": [add(JOHN, title="=1+1"), add(JOHN)],
    "CallForwarding": [
        {"command": "Modify", "content": {"userId": JOHN, "callforwarding": {"callFwdAllActive": False}}}
    ],
}


ASKING = {
    ("operations", "append"),
    ("operations", "delete"),
    ("scheduled", "create"),
    ("scheduled", "delete"),
    ("webhooks", "remove"),
}
"""Commands that ask before they change something at the server."""


class Place:
    """A sandbox and the installed command beside it; what every run showed is kept."""

    def __init__(self, sandbox: RunningSandbox, folder: Path) -> None:
        self.sandbox, self.folder, self.shown = sandbox, folder, ""
        self.client = OpEasyClient(Connection(sandbox.url, sandbox.enterprise_id, Secret(KEY)))

        self.connection = {
            "OPEASY_URL": sandbox.url,
            "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id,
            "OPEASY_API_KEY": KEY,
        }

    def run(self, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        yes = ["--yes"] if arguments[:2] in ASKING and "--yes" not in arguments else []
        done = installed.run(*arguments, *yes, env=self.connection)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        self.shown += done.stdout + done.stderr
        return done

    def json(self, *arguments: object, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def file(self, document: Any, name: str = "tasks.json") -> Path:
        path = self.folder / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def operation(self, tasks: Any) -> str:
        return self.client.create_operation(self.file({"tasks": tasks})).id


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with serve_in_thread(SandboxSettings(api_key=KEY)) as running:
        yield running


@pytest.fixture
def place(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Place]:
    place = Place(sandbox, tmp_path)
    with place.client:
        yield place
    assert not sandbox.truth.crashes
    assert PASSWORD not in place.shown
    assert KEY not in place.shown


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    headers, *lines = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [
        {str(name): value for name, value in zip(headers, line, strict=True) if value is not None}
        for line in lines
    ]


def test_an_operation_is_looked_at_corrected_and_deleted(place: Place) -> None:
    operation = place.operation(TASKS)
    assert place.run("operations", "show", operation).stdout.split()[:2] == ["Operation", operation]
    wrong = place.file(
        {
            "tasks": {
                "Users": [
                    {"command": "AddUser", "content": {"user": {"userId": JANE, "userPassword": PASSWORD}}}
                ]
            }
        }
    )
    done = place.run("operations", "append", operation, wrong, code=1)
    assert (
        done.stdout
        == f"0 tasks appended to operation {operation}, 1 set aside: xlsx2opeasy operations errors {operation}\n"
    )
    (error,) = place.json("operations", "errors", operation)["items"]
    assert error["content"] == {"user": {"userId": JANE, "userPassword": "********"}}
    assert (error["type"], error["command"], error["messages"]) == (
        "Users",
        "AddUser",
        ["groupId is required for AddUser"],
    )
    assert error["id"] in place.run("operations", "errors", operation).stdout
    counts = place.json("operations", "show", operation)["operation"]["tasks"]
    assert counts["Users"] == {"size": 2, "validationErrors": 1}
    assert (
        place.run("operations", "delete-error", operation, error["id"]).stdout
        == "1 validation error deleted\n"
    )
    unknown = place.json("operations", "delete-error", operation, error["id"], code=5)
    assert unknown == {
        "deleted": [],
        "message": f"operation {operation} has no validation error {error['id']}",
    }
    assert place.run("operations", "errors", operation).stderr == "There are no validation errors.\n"
    assert place.run("operations", "delete", operation).stdout == f"Operation {operation} is deleted\n"
    gone = place.json("operations", "delete", operation, code=5)
    assert gone == {
        "deleted": False,
        "message": f"Operation {operation} does not exist, so nothing was deleted",
    }


def test_the_tasks_of_an_operation_become_a_workbook_that_loads_the_same(place: Place) -> None:
    operation = place.operation(TASKS)
    listed = place.json("operations", "tasks", operation)["items"]
    assert [(item["type"], item["command"]) for item in listed] == [
        ("Users", "AddUser"),
        ("Users", "AddUser"),
        ("CallForwarding", "Modify"),
    ]
    assert listed[0]["content"]["user"] == {"userId": JOHN, "userPassword": "********", "title": "=1+1"}
    only = place.run("operations", "tasks", operation, "--task-type", "callforwarding").stdout
    assert "callFwdAllActive" in only
    assert "AddUser" not in only
    found, chunks = place.folder / "found.xlsx", place.folder / "chunks"
    done = place.run("operations", "tasks", operation, "--task-type", "CallForwarding", "--output", found)
    assert done.stdout == f"1 task written to {found}\n"
    place.run("convert", found, "--output", chunks)
    sent = json.loads((chunks / "operation-1-chunk-0001.json").read_text())
    assert sent == {"tasks": {"CallForwarding": TASKS["CallForwarding"]}}
    assert place.run("operations", "tasks", operation, "--output", found, code=7).stderr.startswith(
        f"error: {found} exists"
    )
    done = place.run("operations", "tasks", operation, "--output", found, "--force", code=3)
    assert "is added in row 2 already" in done.stderr  # John is added twice: written, and told
    assert [row["user.userPassword"] for row in rows(found, "Users")] == [PASSWORD, PASSWORD]


def test_a_run_by_hand_and_its_results_in_a_workbook_that_sends_only_what_failed(place: Place) -> None:
    operation = place.operation({"Users": [add("first.one@example.com"), add("first.one@example.com")]})
    done = place.run("scheduled", "create", operation)
    run = done.stdout.split()[-1]
    assert done.stderr.startswith("warning: this starts the operation outside of a load")
    refused = place.json("operations", "delete", operation, code=5)
    assert "must be deleted first" in refused["message"]
    shown = place.json("scheduled", "status", run)["scheduledOperation"]
    assert (shown["id"], shown["operationId"], shown["status"]) == (run, operation, "completedWithErrors")
    assert "completedWithErrors" in place.run("scheduled", "status", run).stdout
    document = place.json("scheduled", "results", run)
    assert document["overview"]["Users"] == {"size": 2, "successful": 1, "failed": 1}
    assert [(item["status"], item["errorCode"]) for item in document["items"]] == [
        ("SUCCESS", ""),
        ("FAILED", "102"),
    ]
    assert document["items"][0]["content"]["user"]["userPassword"] == "********"
    assert "1 of 2 tasks succeeded, 1 failed" in place.run("scheduled", "results", run).stdout

    output = place.folder / "results.xlsx"
    place.run(
        "scheduled", "results", run, "--output", output, code=3
    )  # the same user twice must be corrected
    first, second = rows(output, "Users")
    assert (first["Result"], first.get("Error code"), second["Result"], second["Error code"]) == (
        "SUCCESS",
        None,
        "FAILED",
        "102",
    )
    assert first["Job"].startswith("S")
    assert "Use ModifyUser" in second["Error detail"]
    book = openpyxl.load_workbook(output)
    names = [cell.value for cell in book["Users"][1]]
    book["Users"].cell(3, names.index("user.userId") + 1, "second.one@example.com")
    book.save(output)
    loaded = place.json("load", output, "--yes")
    assert {name: count for name, count in loaded["rows"].items() if count} == {
        "total": 2,
        "succeeded": 1,
        "skipped": 1,
    }

    assert place.run("scheduled", "delete", run).stdout == f"Scheduled operation {run} is deleted\n"
    assert place.json("scheduled", "results", run, code=5)["items"] == []
    assert place.json("scheduled", "delete", run, code=5)["deleted"] is False


def test_masked_secrets_are_left_blank_with_a_note(tmp_path: Path) -> None:
    with serve_in_thread(SandboxSettings(api_key=KEY, mask_secrets=True)) as sandbox:
        place = Place(sandbox, tmp_path)
        with place.client:
            operation = place.operation({"Users": [add(JOHN)]})
            output = tmp_path / "found.xlsx"
            done = place.run("operations", "tasks", operation, "--output", output)
    assert done.stderr == "In 1 row secrets came masked and are left blank: see the column # note.\n"
    (row,) = rows(output, "Users")
    assert row == {
        "command": "AddUser",
        "groupId": "Dallas",
        "user.userId": JOHN,
        "# note": "masked, and left blank: user.userPassword",
    }


def test_webhooks_are_registered_listed_shown_and_removed(place: Place) -> None:
    url = "https://127.0.0.1:9/hook"
    registered = place.json("webhooks", "register", url)["webhook"]
    assert (registered["url"], registered["events"]) == (url, ["scheduledOperation.statusChanged"])
    assert place.json("webhooks", "list")["items"] == [registered]
    assert registered["id"] in place.run("webhooks", "list").stdout
    assert place.json("webhooks", "show", registered["id"])["webhook"] == registered
    assert place.json("webhooks", "remove", registered["id"]) == {"deleted": True, "message": ""}
    assert place.json("webhooks", "remove", registered["id"], code=5)["deleted"] is False
    assert place.run("webhooks", "list").stderr == "There are no webhook receivers.\n"
    refused = place.json("webhooks", "register", "http://127.0.0.1:9/hook", code=5)
    assert refused["webhook"] is None
    assert "https" in refused["message"]


def test_what_is_wrong_ends_with_its_exit_code_and_one_document(place: Place) -> None:
    assert place.json("operations", "show", "a/../b c", code=5)["operation"] is None
    assert any(call.path.endswith("/v1/operations/a/../b c") for call in place.sandbox.truth.calls)
    assert "cannot be an id" in place.json("operations", "show", "..", code=2)["message"]
    assert place.json("operations", "append", "x", "tasks.txt", code=2)["operation"] is None
    assert place.json("webhooks", "list", "--url", "http://127.0.0.1:9", code=5)["items"] == []
    wrong_key = place.folder / "key"
    wrong_key.write_text("wrong")
    wrong_key.chmod(0o600)
    assert (
        place.json("scheduled", "status", "x", "--api-key-file", wrong_key, code=4)["scheduledOperation"]
        is None
    )


def test_import_makes_a_workbook_of_files_and_names_what_it_cannot(place: Place) -> None:
    output = place.folder / "made.xlsx"
    right = place.file({"tasks": {"Users": [add(JANE)]}}, "right.json")
    results = place.file(
        {"CallForwarding": [{**TASKS["CallForwarding"][0], "status": "SUCCESS"}]}, "results.json"
    )
    done = place.run("import", right, results, "--output", output)
    assert done.stdout == f"2 tasks written to {output}\n"
    assert (
        done.stderr
        == "The results in the files are in note columns: a load of the workbook sends every row.\n"
    )
    assert rows(output, "Users")[0]["user.userPassword"] == PASSWORD
    assert rows(output, "CallForwarding")[0]["# Result"] == "SUCCESS"
    assert output.stat().st_mode & 0o077 == 0
    place.run("check", output)
    wrong = place.file({"tasks": {"Users": [add(JANE, nickname=PASSWORD)]}}, "wrong.json")
    other = place.folder / "other.xlsx"
    done = place.run("import", wrong, "--output", other, code=3)
    assert (
        done.stderr.splitlines()[0] == "wrong.json: tasks.Users[0].content.user.nickname is no field of Users"
    )
    assert not other.exists()
    assert (
        place.run("import", place.file({}), "--output", other, code=3).stderr
        == "error: there is no task: nothing was written\n"
    )
    place.run("import", place.folder / "none.json", "--output", other, code=7)
    place.run("import", right, "--output", place.folder / "made.xls", code=2)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
@pytest.mark.parametrize(("answer", "code", "kept"), [("n", 6, True), ("y", 0, False)])
def test_a_person_at_a_terminal_is_asked_once_before_anything_is_deleted(
    place: Place, answer: str, code: int, kept: bool
) -> None:
    from terminal import Terminal

    operation = place.operation(TASKS)
    deletes = [installed.COMMAND, "operations", "delete", operation]
    with Terminal(deletes, place.connection) as terminal:
        terminal.wait_for("[y/N]")
        terminal.type(f"{answer}\n")
        assert terminal.end() == code
        assert terminal.scrollback.count("[y/N]") == 1
    shown = place.run("operations", "show", operation, code=0 if kept else 5)
    assert (operation in shown.stdout) is kept


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
def test_a_question_that_nobody_can_see_is_answered_by_nothing(place: Place) -> None:
    import pty

    operation = place.operation(TASKS)
    person, terminal = pty.openpty()
    try:
        os.write(person, b"y\n")
        done = subprocess.run(
            [installed.COMMAND, "operations", "delete", operation, "--json"],
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            env=os.environ | place.connection,
        )
    finally:
        os.close(person)
        os.close(terminal)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert json.loads(done.stdout)["deleted"] is False
    assert operation in place.run("operations", "show", operation).stdout


@pytest.mark.parametrize("asking", sorted(ASKING))
def test_nothing_is_sent_where_nobody_can_be_asked(place: Place, asking: tuple[str, str]) -> None:
    files = [place.file(TASKS)] if asking[1] == "append" else []
    done = installed.run(*asking, "c0debec94fe54c38", *files, env=place.connection)
    assert done.returncode == 2
    assert "--yes" in done.stderr


def test_a_file_that_is_no_json_is_named_before_any_is_appended(place: Place) -> None:
    broken = place.folder / "broken.json"
    broken.write_text("{")
    done = place.run("operations", "append", "c0debec94fe54c38", place.file(TASKS), broken, code=2)
    assert "broken.json is no JSON" in done.stderr


def test_no_file_is_appended_where_another_cannot_be_read(place: Place) -> None:
    operation = place.operation(TASKS)
    before = place.json("operations", "show", operation)
    done = place.run("operations", "append", operation, place.file(TASKS), place.folder / "none.json", code=7)
    assert "none.json cannot be read" in done.stderr
    assert "nothing was appended" in done.stderr
    assert place.json("operations", "show", operation) == before
