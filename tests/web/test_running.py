"""Loads that run: closed pages, *Stop*, Ctrl-C, a killed program and *Resume*, two tabs, *Settle*."""

import json
import os
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from installed import run
from web.page import Visitor, running, words
from workbooks import write_workbook
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.jobs.listing import list_jobs
from xlsx2opeasy.operating_system import state_folder
from xlsx2opeasy.sandbox.backend import Backend
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.store import ScheduledOperation


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The back end of a sandbox without settings of its own takes nothing up before this is set."""
    event, process = threading.Event(), Backend._process

    def when_released(self: Backend, scheduled: ScheduledOperation) -> None:
        while not event.wait(0.05) and not self._closed.is_set():
            pass
        process(self, scheduled)

    monkeypatch.setattr(Backend, "_process", when_released)
    return event


@pytest.fixture
def sandbox(
    request: pytest.FixtureRequest, released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningSandbox]:
    own = getattr(request, "param", {})
    if own:
        released.set()
    with serve_in_thread(SandboxSettings(**own)) as server:
        monkeypatch.setenv("OPEASY_URL", server.url)
        monkeypatch.setenv("OPEASY_ENTERPRISE_ID", server.enterprise_id)
        monkeypatch.setenv("OPEASY_API_KEY", server.api_key)
        yield server


@pytest.fixture
def book(tmp_path: Path) -> Path:
    table = """
| command | groupId | user.userId |
| AddUser | Dallas | john.doe@example.com |
| AddUser | Dallas | jane.doe@example.com |
"""
    return write_workbook(tmp_path / "branch.xlsx", {"Users": table})


def until(condition: Callable[[], bool], longest: float = 120) -> None:
    end = time.monotonic() + longest
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.1)


def begin(visitor: Visitor, book: Path, enterprise: str) -> str:
    """Begins a load, and gives its job once the page knows it."""
    visitor.upload(book).click("Plan").press("Load", {"enterprise": enterprise})

    def is_job() -> bool:
        return visitor.go(str(visitor.answer.url)).path.startswith("/jobs/")

    until(is_job)
    return visitor.path.rpartition("/")[2]


def waits_for_the_run() -> bool:
    """Whether the load knows its run: a program that dies before may not know whether it was started."""
    return any('"wait-1"' in json.dumps(each.as_json()) for each in list_jobs(Home(state_folder())))


def test_a_load_goes_on_without_its_page_and_stops_and_resumes(
    sandbox: RunningSandbox, released: threading.Event, book: Path
) -> None:
    with running() as page:
        job = begin(page.client(), book, sandbox.enterprise_id)
        other = page.client().go("/")
        assert "branch.xlsx" in other.text
        other.click("branch.xlsx")
        assert ">Stop<" in other.answer.text
        listed = json.loads(run("jobs", "--json").stdout)["items"]
        assert [(each["id"], each["latestExecutionStatus"]) for each in listed] == [(job, "STARTED")]
        refused = run("load", book, "--yes")
        assert refused.returncode == 6
        second = page.client().upload(book).click("Plan")
        assert "Load" not in [each for each in second.answer.text.split(">") if each.startswith("Load<")]
        other.press("Stop")
        until(lambda: ">Resume<" in other.go(f"/jobs/{job}").answer.text)
        assert "Resume" in other.go("/").text
        assert "Resume" in other.go("/jobs").text
        released.set()
        other.press("Resume").wait()
        assert other.path == f"/jobs/{job}"
        assert "2 succeeded" in other.text
    assert run("resume").returncode == 2


def test_ctrl_c_ends_it_though_streams_are_open(
    sandbox: RunningSandbox, released: threading.Event, book: Path
) -> None:
    with running() as page:
        visitor = page.client()
        job = begin(visitor, book, sandbox.enterprise_id)
        with visitor.http.stream("GET", f"{page.origin}/jobs/{job}/live") as stream:
            assert next(stream.iter_lines()).startswith("data: ")
            assert "no-store" in stream.headers["cache-control"]
            page.interrupt()
            assert page.process.wait(120) == 0
    (known,) = json.loads(run("jobs", "--json").stdout)["items"]
    assert known["loadStatus"] in ("interrupted", "running")
    released.set()
    with running() as page:
        again = page.client().go("/").press("Resume").wait()
        assert "2 succeeded" in again.text


def test_a_killed_program_resumes(sandbox: RunningSandbox, released: threading.Event, book: Path) -> None:
    with running() as page:
        job = begin(page.client(), book, sandbox.enterprise_id)
        until(waits_for_the_run)
        page.process.kill()
        page.process.wait()
    released.set()
    with running() as page:
        visitor = page.client()
        assert "branch.xlsx" in visitor.text
        visitor.press("Resume").wait()
        assert visitor.path == f"/jobs/{job}"
        assert "2 succeeded" in visitor.text
        results = visitor.http.get(f"{page.origin}/jobs/{job}/results")
        assert 'filename="branch.results.xlsx"' in results.headers["content-disposition"]


def test_a_protected_workbook_resumes_with_its_password(
    sandbox: RunningSandbox, released: threading.Event, book: Path, tmp_path: Path
) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    sealed = tmp_path / "sealed.xlsx"
    with book.open("rb") as plain, sealed.open("wb") as target:
        OOXMLFile(plain).encrypt("open-sesame", target)
    with running() as page:
        visitor = page.client().upload(sealed).press("Open", {"password": "open-sesame"}).click("Plan")
        visitor.press("Load", {"enterprise": sandbox.enterprise_id})
        until(lambda: visitor.go(str(visitor.answer.url)).path.startswith("/jobs/"))
        job = visitor.path
        until(waits_for_the_run)
        page.process.kill()
        page.process.wait()
    released.set()
    with running() as page:
        visitor = page.client().press("Resume")
        for wrong in ("not the password", "not the password", "protected with another password"):
            visitor.press("Resume", {"password": "wrong-one"})
            assert wrong in visitor.text
        typed = visitor.http.post(f"{page.origin}{job}/password", data={"password": "open-sesame"})
        assert ">Resume<" in typed.text
        visitor.go(job).press("Resume").press("Resume", {"password": "open-sesame"}).wait()
        assert "2 succeeded" in visitor.text
        results = visitor.http.get(f"{page.origin}{job}/results")
        assert results.content.startswith(b"\xd0\xcf\x11\xe0")


def test_the_profile_says_which_rules_are_allowed_and_how_lists_are_read(tmp_path: Path, home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(
        'default_profile = "acme"\n[profiles.acme]\nallow = ["email-style"]\nmapping = "staff.toml"\n'
        '[profiles.other]\nurl = "https://opeasy.example.com"\nenterprise_id = "other"\n'
    )
    (home / "staff.toml").write_text(
        'sheet = "Staff"\ntask_type = "Users"\n[columns]\nMail = "user.userId"\nSite = "groupId"\n'
        '[constants]\ncommand = "AddUser"\n'
    )
    staff = write_workbook(tmp_path / "staff.xlsx", {"Staff": "\n| Mail | Site |\n| john.doe | Dallas |\n"})
    with running("--sandbox") as page:
        visitor = page.client().upload(staff)
        assert "1 row, 1 valid, no errors, 1 warning" in visitor.text
        workbook = visitor.path
        visitor.click("Plan").press("Load", {"enterprise": "sandbox"}).wait()
        assert "1 rejected" in visitor.text  # sent, and judged by the server
        visitor.go("/connection").press("Use", {"profile": "other"})
        assert "no task sheet" in visitor.go(workbook).text


def test_a_busy_port_is_told(tmp_path: Path) -> None:
    with running() as page:
        done = run("web", "--no-browser", "--port", page.port)
        assert done.returncode == 2
        assert str(page.port) in done.stderr
        assert done.stdout == ""


def test_uploads_that_were_not_loaded_are_gone_after_a_day(
    sandbox: RunningSandbox, released: threading.Event, book: Path, home: Path
) -> None:
    released.set()
    with running() as page:
        loaded = page.client()
        begin(loaded, book, sandbox.enterprise_id)
        loaded.wait()
        only_rehearsed = page.client().upload(book).press("Rehearse").wait()
        assert "2 succeeded" in only_rehearsed.text
        rehearsal = only_rehearsed.path.rpartition("/")[2]
    assert len(list((home / "web").iterdir())) == 2
    old = time.time() - 2 * 24 * 3600
    for each in (home / "web").rglob("*"):
        os.utime(each, (old, old))
    with running() as page:
        until(lambda: len(list((home / "web").iterdir())) == 1)
        until(lambda: not (home / "loads" / rehearsal).exists())
        visitor = page.client().go("/jobs")
        visitor.click("branch.xlsx")
        assert visitor.http.get(f"{visitor.answer.url}/results").status_code == 200


def test_nothing_secret_is_printed(sandbox: RunningSandbox, book: Path, page_log: Path) -> None:
    with running() as page, page_log.open("w") as log:
        visitor = page.client()
        visitor.go("/connection")
        assert sandbox.api_key not in visitor.answer.text
        visitor.press("Check the connection")
        assert sandbox.api_key not in visitor.answer.text
        assert "the server takes the API key" in visitor.text
        refused = visitor.press("Use", {"key": "wrong-key-of-mine"})
        assert refused.answer.status_code == 422
        assert "wrong-key-of-mine" not in refused.answer.text
        taken = visitor.go("/connection").press("Use", {"key": sandbox.api_key})
        assert "The server takes the key" in taken.text
        page.interrupt()
        page.process.wait(120)
        log.write("".join(page.said))
    assert page.address.split("=")[1] not in page_log.read_text()
    assert sandbox.api_key not in page_log.read_text()


def test_a_key_is_kept_on_request_while_the_server_is_away(
    sandbox: RunningSandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPEASY_URL", "OPEASY_ENTERPRISE_ID", "OPEASY_API_KEY"):
        monkeypatch.delenv(name)
    with socket.create_server(("127.0.0.1", 0)) as held:
        away = f"http://127.0.0.1:{held.getsockname()[1]}"
    typed = {"url": away, "enterprise_id": "acme", "key": "key-of-mine", "save_as": "branch"}
    with running() as page:
        visitor = page.client().go("/connection").press("Use", typed)
        assert visitor.answer.status_code == 422
        assert "key-of-mine" not in visitor.answer.text
        assert not (home / "config.toml").exists()
        address, fields = visitor.form("Use all the same")
        visitor.press("Use all the same")
        assert "Profile branch is written" in visitor.text
        assert "key-of-mine" not in visitor.answer.text
        assert "as typed before" in visitor.answer.text
        again = visitor.http.post(address, data=fields)
        assert again.status_code == 422
        taken = visitor.go("/connection").press(
            "Use", {"url": sandbox.url, "enterprise_id": sandbox.enterprise_id, "key": sandbox.api_key}
        )
        assert "The server takes the key" in taken.text
    kept = (home / "config.toml").read_text()
    assert 'default_profile = "branch"' in kept
    assert f'url = "{away}"' in kept
    assert "key-of-mine" not in kept


@pytest.fixture
def page_log(tmp_path: Path) -> Path:
    return tmp_path / "log.txt"


@pytest.mark.parametrize("sandbox", [{"processing_seconds": 0.2}], indirect=True)
@pytest.mark.parametrize(
    ("answer", "counts"), [("Go on", "3 succeeded"), ("Send no more", "1 succeeded 2 not sent")]
)
def test_a_person_says_after_a_canary_whether_the_other_rows_follow(
    sandbox: RunningSandbox, tmp_path: Path, home: Path, answer: str, counts: str
) -> None:
    rows = "".join(f"| AddUser | Dallas | person{number}@example.com |\n" for number in range(3))
    book = write_workbook(
        tmp_path / "three.xlsx", {"Users": f"\n| command | groupId | user.userId |\n{rows}"}
    )
    with running() as page:
        visitor = page.client().upload(book).click("Plan")
        visitor.press("Show the stages", {"canary": "1", "ask": "1"})
        assert "canary" in visitor.text
        visitor.press("Load", {"enterprise": sandbox.enterprise_id, "ask": "1"})
        until(lambda: f">{answer}<" in visitor.go(str(visitor.answer.url)).answer.text)
        assert "1 first row ran, 0 failed" in visitor.text
        assert "Answer its question" in page.client().text
        address, fields = visitor.form(answer)
        value = {"Go on": "go-on", "Send no more": "no-more"}[answer]
        refused = visitor.http.post(address, data={**fields, "answer": "perhaps"})
        assert refused.status_code == 422
        visitor.press(answer, {"answer": value}).wait()
        assert counts in visitor.text


@pytest.mark.parametrize(
    "sandbox",
    [{"faults": ("getScheduledOperationStatus 1 delay:3", "getScheduledOperationStatus 2+ status:503:600")}],
    indirect=True,
)
def test_a_running_load_says_what_became_of_rows_what_is_tried_again_and_how_long_it_takes(
    sandbox: RunningSandbox, tmp_path: Path, home: Path
) -> None:
    rows = "".join(f"| AddUser | Dallas | person{number}@example.com |\n" for number in range(100))
    book = write_workbook(tmp_path / "many.xlsx", {"Users": f"\n| command | groupId | user.userId |\n{rows}"})
    with running() as page:
        visitor = page.client().upload(book).click("Plan")
        visitor.press("Load", {"enterprise": sandbox.enterprise_id, "canary": "1"})
        until(lambda: "trying again in" in visitor.go(str(visitor.answer.url)).text)
        assert "1 succeeded 99 still to come" in visitor.text
        assert re.search(r"127\.0\.0\.1: [^;]+; trying again in 6\d\d s", visitor.text)
        assert re.search(r"about \d minutes left", visitor.text)
        page.process.kill()
        page.process.wait()
    with running() as page:
        visitor = page.client().go(visitor.path)
        assert "1 succeeded 99 running" in visitor.text
        assert _results_shown(visitor) == {"SUCCESS": 1, "RUNNING": 99}
        assert "started as run" in visitor.text
        assert _results_shown(visitor.go("?result=RUNNING")) == {"RUNNING": 99}
        assert "1 succeeded 99 running" in visitor.text
        report = visitor.http.get(f"{page.origin}{visitor.path}/report").text
        assert words(report).count("RUNNING 99") == 1
        visitor.go(visitor.path)
        assert "trying again" not in visitor.text
        assert ">Resume<" in visitor.answer.text


def _results_shown(visitor: Visitor) -> Counter[str]:
    """How many rows of the table say what."""
    return Counter(re.findall(r'<span class="dot [^"]*"></span>([A-Z ]+)</td>', visitor.answer.text))


@pytest.mark.parametrize("sandbox", [{"processing_seconds": 600}], indirect=True)
def test_a_stopped_load_says_of_each_row_what_its_counts_say(
    sandbox: RunningSandbox, tmp_path: Path, home: Path
) -> None:
    rows = "".join(f"| AddUser | Dallas | person{number}@example.com |\n" for number in range(5))
    book = write_workbook(tmp_path / "five.xlsx", {"Users": f"\n| command | groupId | user.userId |\n{rows}"})
    with running() as page:
        visitor = page.client().upload(book).click("Plan")
        visitor.press("Load", {"enterprise": sandbox.enterprise_id, "canary": "1"})
        until(waits_for_the_run)
        visitor.go(str(visitor.answer.url)).press("Stop")
        until(lambda: ">Resume<" in visitor.go(str(visitor.answer.url)).answer.text)
        assert "4 not sent 1 running" in visitor.text
        assert _results_shown(visitor) == {"RUNNING": 1, "NOT SENT": 4}
        assert "not sent yet: the load has not ended" in visitor.text


@pytest.mark.parametrize("sandbox", [{"processing_seconds": 0.2}], indirect=True)
def test_a_question_after_a_canary_is_asked_again_after_a_stop(
    sandbox: RunningSandbox, book: Path, home: Path
) -> None:
    with running() as page:
        visitor = page.client().upload(book).click("Plan")
        visitor.press("Load", {"enterprise": sandbox.enterprise_id, "canary": "1", "ask": "1"})
        until(lambda: ">Go on<" in visitor.go(str(visitor.answer.url)).answer.text)
        visitor.press("Stop")
        until(lambda: ">Resume<" in visitor.go(str(visitor.answer.url)).answer.text)
    with running() as page:
        visitor = page.client().go("/jobs").press("Resume")
        until(lambda: ">Go on<" in visitor.go(str(visitor.answer.url)).answer.text)
        assert visitor.press("Go on", {"answer": "go-on"}).wait().text.count("2 succeeded")
