"""`jobs follow`, and what `jobs` tells a person: with loads that run in other processes."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from installed import COMMAND, run
from workbooks import write_workbook
from xlsx2opeasy.load.event_log import EventLog, JobEnded, follow
from xlsx2opeasy.load.events import Notice, StatusSeen
from xlsx2opeasy.load.job.home import JobFolder
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings


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
            "Users": """
| command | groupId | user.userId |
| AddUser | Dallas | john.doe@example.com |
| DeleteUser | | nobody@example.com |
"""
        },
    )


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    seconds = getattr(request, "param", 8)
    with serve_in_thread(SandboxSettings(processing_seconds=seconds)) as running:
        monkeypatch.setenv("OPEASY_URL", running.url)
        monkeypatch.setenv("OPEASY_ENTERPRISE_ID", running.enterprise_id)
        monkeypatch.setenv("OPEASY_API_KEY", running.api_key)
        yield running


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the command; whatever still runs at the end of the test is ended."""
    with ExitStack() as stack:

        def start_one(*arguments: object) -> "subprocess.Popen[str]":
            pipe = subprocess.PIPE
            command = [str(COMMAND), *map(str, arguments)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start_one


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def _stopped(process: "subprocess.Popen[str]") -> bool:
    """Ctrl-C, once more after a while: Python drops one that arrives while it frees an object."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
    return process.poll() is not None


def events_of(home: Path) -> str:
    return "".join(each.read_text() for each in home.glob("loads/*/events.jsonl"))


def test_a_running_load_is_followed_to_its_end(
    book: Path, home: Path, sandbox: RunningSandbox, start: Start
) -> None:
    loading = start("load", book, "--yes")
    until(lambda: "JobStarted" in events_of(home))
    following = start("jobs", "follow")
    (job,) = [each.name for each in (home / "loads").iterdir()]
    _, told = loading.communicate(timeout=600)
    assert loading.returncode == 1
    _, followed = following.communicate(timeout=600)
    assert following.returncode == 1
    from_job = told[told.index(f"Job {job}") :]
    commonest = [line for line in from_job.splitlines() if " x " in line]
    assert followed.splitlines() == [line for line in from_job.splitlines() if line not in commonest]
    assert sandbox.api_key not in events_of(home)
    (file,) = home.glob("loads/*/events.jsonl")
    assert os.name == "nt" or file.stat().st_mode & 0o077 == 0
    again = run("jobs", "follow", job)
    assert (again.returncode, again.stderr) == (1, followed)
    table = run("jobs").stdout
    assert "done, with errors" in table
    assert "2: 1 succeeded, 1 failed" in table
    assert "Exit code" not in table


@pytest.mark.parametrize("sandbox", [300], indirect=True)
def test_a_killed_load_is_told_and_can_be_resumed(
    book: Path, home: Path, sandbox: RunningSandbox, start: Start
) -> None:
    loading = start("load", book, "--yes")
    until(lambda: "StatusSeen" in events_of(home))
    following = start("jobs", "follow")
    assert following.stderr is not None
    following.stderr.readline()
    assert "running, " in run("jobs").stdout
    (job,) = [each.name for each in (home / "loads").iterdir()]
    interrupted = start("jobs", "follow", job)
    assert interrupted.stderr is not None
    interrupted.stderr.readline()
    until(lambda: _stopped(interrupted))
    assert interrupted.returncode == 130
    assert "goes on" in interrupted.stderr.read()
    loading.kill()
    loading.communicate()
    assert following.wait(600) == 130
    assert f"xlsx2opeasy resume {job}" in following.stderr.read()
    listed = run("jobs")
    assert "unfinished" in listed.stdout
    assert f"Next: xlsx2opeasy resume {job}" in listed.stderr
    shown = run("jobs", "show", job).stdout
    assert f"xlsx2opeasy resume {job}" in shown
    assert "cut off" in shown
    assert run("resume", job, "--wait", 0).returncode == 8
    again = run("jobs", "follow", job)
    assert again.returncode == 8
    assert again.stderr.count("Job L") == 1  # of the latest run only
    waiting = run("jobs")
    assert "running at the server" in waiting.stdout
    assert f"Next: xlsx2opeasy resume {job}" in waiting.stderr


def test_nothing_to_follow(book: Path) -> None:
    done = run("jobs", "follow")
    assert done.returncode == 2
    assert "no load is running" in done.stderr
    assert run("jobs", "follow", "L20261122-none").returncode == 2


def test_a_job_without_its_events_still_ends_as_it_did(book: Path, home: Path) -> None:
    assert run("load", book, "--sandbox").returncode == 1
    (file,) = home.glob("loads/*/events.jsonl")
    file.unlink()
    assert run("jobs", "follow", file.parent.name).returncode == 1


def test_a_line_that_is_cut_or_unknown_is_passed_over(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    with EventLog(folder, lambda event: None) as log:
        for status in ("pending", "pending", "processing"):
            log(StatusSeen(1, status, 0.5))
        log(Notice("a\nline"))
    path = tmp_path / "events.jsonl"
    assert len(path.read_text().splitlines()) == 3
    with path.open("a") as file:
        file.write('{"event": "OfTomorrow"}\n[]\n{"event": "Notice"}\n{"event": "Notice", "te')
    found = list(follow(folder, time.sleep))
    assert found == [StatusSeen(1, "pending", 0.5), StatusSeen(1, "processing", 0.5), Notice("a\nline")]


def test_a_log_that_cannot_be_written_stops_no_load(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").mkdir()
    heard: list[object] = []
    with EventLog(JobFolder(tmp_path), heard.append) as log:
        log(Notice("one"))
    assert heard == [Notice("one")]


def test_a_run_that_begins_anew_is_followed_from_its_beginning(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    path = tmp_path / "events.jsonl"
    with EventLog(folder, lambda event: None) as log:
        log(Notice("of the first run, which is longer"))
    (tmp_path / "lock").touch()
    from filelock import FileLock

    lock = FileLock(tmp_path / "lock")

    def next_run(_seconds: float) -> None:
        with EventLog(folder, lambda event: None) as again:
            again(Notice("second"))
        lock.release()

    lock.acquire()
    try:
        found = [each.text for each in follow(folder, next_run) if isinstance(each, Notice)]
    finally:
        lock.release()
    assert found == ["of the first run, which is longer", "second"]
    assert JobEnded.__name__ not in path.read_text()


def test_listing_jobs_imports_nothing_heavy(book: Path) -> None:
    code = (
        "import sys; from xlsx2opeasy.cli.main import cli; sys.argv = ['x', 'jobs'];"
        "cli.main(standalone_mode=False);"
        "heavy = {'pandas', 'numpy', 'httpx', 'pandera', 'openpyxl', 'keyring'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([COMMAND.with_name("python"), "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_load_status_stands_in_the_document(book: Path) -> None:
    run("load", book, "--sandbox")
    (item,) = json.loads(run("jobs", "--json").stdout)["items"]
    assert item["loadStatus"] == "completedWithErrors"
