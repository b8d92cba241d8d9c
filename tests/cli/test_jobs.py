"""`jobs`, `jobs show`, `jobs abandon`, `jobs forget`: the installed command against a sandbox of its own."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from installed import COMMAND, run
from workbooks import write_workbook
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings

CANNOT_VERIFY = "getUsersTasks 1 status:403"
"""Ends a load when its draft is whole at the server, and not started."""
SECRET = "Canary-Passw0rd-77"


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write_workbook(
        tmp_path / "branch.xlsx",
        {
            "Users": f"""
| command | groupId | user.userId | user.userPassword |
| AddUser | Dallas | john.doe@example.com | {SECRET} |
| AddUser | Dallas | jane.doe@example.com | {SECRET} |
"""
        },
    )


@contextmanager
def sandbox(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Iterator[RunningSandbox]:
    """A sandbox that the environment points at."""
    with serve_in_thread(SandboxSettings(**settings)) as running:
        monkeypatch.setenv("OPEASY_URL", running.url)
        monkeypatch.setenv("OPEASY_ENTERPRISE_ID", running.enterprise_id)
        monkeypatch.setenv("OPEASY_API_KEY", running.api_key)
        yield running


def listed(*arguments: object) -> list[dict[str, Any]]:
    """The items of `jobs … --json`, which says nothing else on standard output."""
    done = run("jobs", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return items


def state_of(item: dict[str, Any]) -> tuple[str, str]:
    return item["latestExecutionStatus"], item["latestExecutionExitCode"]


def steps_of(item: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["exitCode"] for each in item["jobExecutionStatus"][0]["stepExecutionStatuses"]}


def results_of(path: Path) -> list[str]:
    head, *rows = openpyxl.load_workbook(path)["Users"].iter_rows(values_only=True)
    return [str(row[head.index("Result")]) for row in rows]


def drafts(running: RunningSandbox) -> int:
    return len(running.app.state.rooms.store._operations)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


def test_nothing_was_loaded_yet() -> None:
    done = run("jobs")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no such jobs" in done.stderr
    assert listed() == []


def test_a_load_that_went_well(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox(monkeypatch):
        assert run("load", book, "--yes").returncode == 0
    (item,) = listed()
    assert state_of(item) == ("COMPLETED", "COMPLETED")
    assert item["percentageComplete"] == 100
    assert item["counts"]["succeeded"] == 2
    assert item["workbook"] == str(book)
    assert item["results"] == str(book.with_name("branch.results.xlsx"))
    assert item["rehearsal"] is False
    names = ["check", "upload-1", "verify-1", "schedule-1", "wait-1", "results-1"]
    assert steps_of(item) == dict.fromkeys(names, "COMPLETED")
    table = run("jobs")
    assert item["id"] in table.stdout
    assert "branch.xlsx" in table.stdout
    shown = run("jobs", "show", item["id"])
    assert shown.returncode == 0
    assert "upload-1" in shown.stdout
    assert json.loads(run("jobs", "show", item["id"], "--json").stdout)["items"] == [item]
    assert json.loads(run("jobs", "--json", "show", item["id"]).stdout)["items"] == [item]


def test_latest_first_from_start_at_most_max(book: Path) -> None:
    ids = [json.loads(run("load", book, "--sandbox", "--json").stdout)["job"] for _ in range(3)][::-1]
    items = listed()
    assert [each["id"] for each in items] == ids
    assert all(each["rehearsal"] and each["id"].startswith("R") for each in items)
    assert [each["id"] for each in listed("--start", 1, "--max", 1)] == ids[1:2]
    assert listed("--start", 3) == []


def test_an_invalid_workbook_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = write_workbook(tmp_path / "wrong.xlsx", {"Users": "| command |\n| AddUser |"})
    with sandbox(monkeypatch):
        assert run("load", wrong, "--yes").returncode == 3
    (item,) = listed()
    assert state_of(item) == ("FAILED", "FAILED")
    assert "invalid" in item["message"]
    assert steps_of(item) == {"check": "FAILED"}


def test_a_job_that_never_reached_the_server_is_given_up_without_it(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sandbox(monkeypatch, faults=("authenticate * status:401",)):
        assert run("load", book, "--yes").returncode == 4
    (item,) = listed()
    assert state_of(item) == ("FAILED", "FAILED")
    assert f"resume {item['id']}" in item["message"]
    monkeypatch.delenv("OPEASY_API_KEY")  # the sandbox is gone, and nothing is asked for
    (given_up,) = listed("abandon", item["id"])
    assert state_of(given_up) == ("FAILED", "STOPPED")
    assert given_up["counts"]["notSent"] == 2
    assert results_of(Path(given_up["results"])) == ["NOT SENT", "NOT SENT"]


def test_abandon_deletes_the_draft_and_sets_the_workbook_free(
    book: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sandbox(monkeypatch, faults=(CANNOT_VERIFY,)) as running:
        assert run("load", book, "--yes").returncode == 4
        (item,) = listed()
        assert state_of(item) == ("FAILED", "FAILED")
        assert steps_of(item) == {"check": "COMPLETED", "upload-1": "COMPLETED", "verify-1": "STOPPED"}
        assert item["percentageComplete"] == 40
        assert drafts(running) == 1
        assert run("load", book, "--yes").returncode == 6
        done = run("jobs", "abandon", item["id"])
        assert (done.returncode, done.stdout) == (0, "")
        assert "2 rows not sent" in done.stderr
        assert drafts(running) == 0
        assert run("jobs", "abandon", item["id"]).returncode == 2
        assert run("resume", item["id"]).returncode == 1
        assert SECRET.encode() not in b"".join(
            each.read_bytes() for each in home.rglob("*") if each.is_file() and item["id"] in str(each)
        )
        assert run("load", book, "--yes").returncode == 0
        assert len(running.truth.applied) == 2
    assert [state_of(each) for each in listed()] == [("COMPLETED", "COMPLETED"), ("FAILED", "STOPPED")]


def test_a_draft_that_cannot_be_deleted_keeps_the_job(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = (CANNOT_VERIFY, "deleteOperation 1 status:403")
    with sandbox(monkeypatch, faults=faults) as running:
        run("load", book, "--yes")
        (item,) = listed()
        done = run("jobs", "abandon", item["id"], "--json")
        assert done.returncode == 4
        document = json.loads(done.stdout)
        assert document["items"] == []
        assert "the server refused the request" in document["message"]
        assert "resume" in listed()[0]["message"]  # as it was: not given up
        assert run("jobs", "abandon", item["id"]).returncode == 0
        assert drafts(running) == 0


def test_what_has_run_keeps_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = write_workbook(
        tmp_path / "two.xlsx",
        {
            "Users": """
| command | groupId | user.userId | user.phoneNumber |
| AddUser | Dallas | taker.one@example.com | 2145550100 |
""",
            "PhoneNumbers": """
| command | groupId | phoneNumbers |
| Assign | Dallas | 214-555-0100 - 214-555-0109 |
""",
        },
    )
    with sandbox(monkeypatch, faults=("scheduleOperation 2 status:422",)) as running:
        assert run("load", book, "--yes").returncode == 5
        (item,) = listed()
        assert steps_of(item)["results-1"] == "COMPLETED"
        (given_up,) = listed("abandon", item["id"])
        assert given_up["counts"]["succeeded"] == given_up["counts"]["notSent"] == 1
        assert results_of(Path(given_up["results"])) == ["NOT SENT"]
        assert drafts(running) == 0
        assert run("load", book, "--yes").returncode == 6  # the number would be assigned twice
        assert run("load", given_up["results"], "--yes").returncode == 0
        assert len(running.truth.applied) == 2


def test_an_undecided_job_is_not_given_up(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox(monkeypatch, faults=("scheduleOperation 1 drop-after",)) as running:
        assert run("load", book, "--yes").returncode == 1
        (item,) = listed()
        assert state_of(item) == ("FAILED", "FAILED")
        assert "RESULT UNKNOWN" in item["message"]
        done = run("jobs", "abandon", item["id"])
        assert done.returncode == 6
        assert f"resume {item['id']} --scheduled-id" in done.stderr
        assert drafts(running) == 1
    assert listed() == [item]


@pytest.mark.skipif(os.name == "nt", reason="There is no pseudo-terminal on Windows.")
@pytest.mark.parametrize("columns", [80, 46, 120])
def test_the_words_about_an_unknown_result_keep_their_lines(
    book: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """As in docs/safety.md: on a terminal wrapped below the second column, elsewhere as they are."""
    from terminal import Terminal

    with sandbox(monkeypatch, faults=("scheduleOperation 1 drop-after",)):
        loaded = run("load", book, "--yes")
        (item,) = listed()
        lines = item["message"].split("\n")
        assert len(lines) >= 7
        for stream in (loaded.stderr, run("resume").stderr, run("jobs", "show", item["id"]).stdout):
            assert item["message"] in stream
        for arguments in (["resume"], ["jobs", "show", item["id"]]):
            with Terminal([COMMAND, *arguments], columns=columns, rows=100) as terminal:
                terminal.end()
                shown = [each.rstrip() for each in terminal.scrollback.split("\n")]
            first = shown.index(next(each for each in shown if each.startswith("RESULT UNKNOWN")))
            for line in lines:
                label, _, rest = line.partition(" : ")
                hang = len(label) + 3 if rest and columns >= 80 else None
                pieces = [shown[first]]
                first += 1
                while " ".join(" ".join(pieces).split()) != " ".join(line.split()):
                    indent = len(shown[first]) - len(shown[first].lstrip())
                    assert indent == hang if hang else indent > 0, shown
                    pieces.append(shown[first])
                    first += 1


def test_a_running_job_is_seen_and_a_killed_one_too(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox(monkeypatch, processing_seconds=60):
        loading = subprocess.Popen(
            [COMMAND, "load", book, "--yes"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            until(lambda: any("wait-1" in steps_of(each) for each in listed()))
            (item,) = listed()
            assert state_of(item) == ("STARTED", "UNKNOWN")
            assert steps_of(item)["wait-1"] == "UNKNOWN"
            assert item["percentageComplete"] == 55
            assert "endTime" not in item["jobExecutionStatus"][0]
            assert run("jobs", "abandon", item["id"]).returncode == 6  # another process works on it
        finally:
            loading.send_signal(signal.SIGKILL)
            loading.wait()
        (item,) = listed()
        assert state_of(item) == ("FAILED", "STOPPED")
        assert f"resume {item['id']}" in item["message"]
        assert steps_of(item)["wait-1"] == "STOPPED"
        done = run("jobs", "abandon", item["id"])
        assert done.returncode == 6
        assert f"resume {item['id']}" in done.stderr


def test_another_server_is_not_asked_to_delete_the_draft(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox(monkeypatch, faults=(CANNOT_VERIFY,)):
        run("load", book, "--yes")
        (item,) = listed()
        with serve_in_thread() as other:
            assert run("jobs", "abandon", item["id"], "--url", other.url).returncode == 6
            assert not other.truth.calls


def test_secrets_are_nowhere(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox(monkeypatch, faults=(CANNOT_VERIFY,)) as running:
        run("load", book, "--yes")
        (item,) = listed()
        said = run("jobs", "show", item["id"]).stdout + run("jobs").stdout + json.dumps(item)
        assert SECRET not in said
        assert running.api_key not in said


def test_what_is_no_job() -> None:
    for name in ("L20261122-none", "../etc", ""):
        done = run("jobs", "show", name, "--json")
        assert done.returncode == 2
        document = json.loads(done.stdout)
        assert document["items"] == []
        assert document["message"] in done.stderr
        assert run("jobs", "abandon", name).returncode == 2


def test_forget_keeps_what_keeps_a_workbook_from_being_loaded_twice(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = write_workbook(tmp_path / "wrong.xlsx", {"Users": "| command |\n| AddUser |"})
    with sandbox(monkeypatch):
        run("load", book, "--yes")
        run("load", wrong, "--yes")
        run("load", book, "--sandbox")
        done, invalid, rehearsal = (each["id"] for each in sorted(listed(), key=_order))
        assert run("jobs", "forget", "--older-than", 1).stdout == "0 jobs removed\n"
        forgotten = run("jobs", "forget", "--older-than", 0)
        assert forgotten.stdout == "2 jobs removed\n"
        assert done in forgotten.stderr
        assert "loaded twice" in forgotten.stderr
        assert invalid not in forgotten.stderr
        assert rehearsal not in forgotten.stderr
        assert [each["id"] for each in listed()] == [done]
        assert run("load", book, "--yes").returncode == 6
        assert run("jobs", "forget", "--older-than", 0, "--done").stdout == "1 job removed\n"
        assert listed() == []
        assert book.with_name("branch.results.xlsx").exists()
        assert run("load", book, "--yes").returncode == 1  # sent a second time: both users are there already


def _order(item: dict[str, Any]) -> str:
    return str(item["jobExecutionStatus"][0]["createdTime"])


def test_forget_keeps_what_is_not_finished(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox(monkeypatch, faults=(CANNOT_VERIFY,)):
        run("load", book, "--yes")
    (item,) = listed()
    done = run("jobs", "forget", "--older-than", 0, "--done")
    assert done.stdout == "0 jobs removed\n"
    assert "not finished" in done.stderr
    assert listed() == [item]


def test_a_damaged_job_hides_no_other(book: Path, home: Path) -> None:
    for _ in range(2):
        run("load", book, "--sandbox")
    damaged, whole = (each["id"] for each in listed())
    (home / "loads" / damaged / "job.json").write_text("{")
    items = {each["id"]: each for each in listed()}
    assert items.keys() == {damaged, whole}
    assert state_of(items[damaged]) == ("FAILED", "FAILED")
    assert "damaged" in items[damaged]["message"]
    assert run("jobs").returncode == 0
    assert run("jobs", "show", damaged).returncode == 0


def test_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("no such file names there")
    book = write_workbook(
        tmp_path / "red\x1b[31m[bold]x.xlsx",
        {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | john.doe@example.com |"},
    )
    assert run("load", book, "--sandbox").returncode == 0
    (item,) = listed()
    said = run("jobs").stdout + run("jobs", "show", item["id"]).stdout
    assert "\x1b" not in said
    assert "[bold]x.xlsx" in said
