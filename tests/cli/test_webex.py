"""`webex jobs`: the installed command against the simulated Webex, and against a hostile one."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import installed
from opeasy.wire import Wire, reply
from webex.items import EXAMPLE, PATH, TOKEN, jobs
from xlsx2opeasy.sandbox.serve import serve_in_thread
from xlsx2opeasy.sandbox.webex import SimulatedWebex, WebexSettings
from xlsx2opeasy.sandbox.webex_jobs import History


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("WEBEX_ACCESS_TOKEN", TOKEN)


@pytest.fixture
def webex() -> SimulatedWebex:
    return SimulatedWebex(WebexSettings(page_limit=5))


@pytest.fixture
def served(webex: SimulatedWebex, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedWebex]:
    with serve_in_thread(extra_routes=webex.routes()) as running:
        monkeypatch.setenv("WEBEX_URL", f"{running.url}/v1")
        yield webex


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    with Wire() as running:
        monkeypatch.setenv("WEBEX_URL", f"{running.url}/v1/")
        yield running


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return installed.run("webex", "jobs", *arguments)


def items(*arguments: object) -> list[dict[str, Any]]:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return found


def test_the_table(served: SimulatedWebex) -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    heading, *lines = done.stdout.splitlines()
    assert heading.split()[:2] == ["Created", "Status"]
    assert len(lines) == 12
    assert "STARTED" in lines[0]
    assert "412" in lines[0]
    assert "COMPLETED_WITH_ERRORS" in lines[1]
    assert "Köln" in lines[1]
    assert "100 %" in lines[1]
    assert "0:02:11" in lines[1]
    assert "\x1b" not in done.stdout


def test_json_is_the_answer_s_items(served: SimulatedWebex) -> None:
    whole = items()
    ended = [job.as_json() for job in served.history.latest_first()[1:]]
    assert whole[1:] == ended
    assert [each["id"] for each in items("--start", 2, "--max", 6)] == [each["id"] for each in whole[2:8]]


def test_nothing_unknown_is_lost(wire: Wire) -> None:
    strange = {**EXAMPLE, "brandNew": {"deep": [1, None, "ä"]}, "latestExecutionStatus": "PAUSED"}
    wire.on("GET", PATH, reply(200, {"items": [strange]}))
    assert items("--org-id", "o 1") == [strange]
    assert "orgId=o%201" in wire.requests[0].target.replace("+", "%20")


@pytest.mark.parametrize(
    ("status", "number"), [("FAILED", 3), ("failed", 3), ("STOPPED", 1), ("COMPLETED_WITH_ERRORS", 2)]
)
def test_status_means_status_or_exit_code(served: SimulatedWebex, status: str, number: int) -> None:
    found = items("--status", status)
    assert len(found) == number
    for each in found:
        assert status.upper() in (each["latestExecutionStatus"], each["latestExecutionExitCode"])
    assert items("--status", status, "--max", 1) == found[:1]


def test_a_status_nobody_knows_is_said(served: SimulatedWebex) -> None:
    done = run("--status", "COMPLETE")
    assert (done.returncode, done.stdout) == (0, "")
    assert "known are" in done.stderr


def test_the_workbook(served: SimulatedWebex, tmp_path: Path) -> None:
    path = tmp_path / "jobs.xlsx"
    done = run("--output", path)
    assert (done.returncode, done.stdout) == (0, "")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Jobs", "Executions and steps"]
    assert book["Jobs"].max_row == 13
    assert book["Jobs"]["A2"].is_date
    assert book["Executions and steps"].max_row == 25
    assert run("--output", tmp_path / "nowhere" / "jobs.xlsx").returncode == 7


def test_watch_waits_for_the_newest_job(monkeypatch: pytest.MonkeyPatch) -> None:
    webex = SimulatedWebex(history=History(new_job_lasts=timedelta(seconds=2)))
    with serve_in_thread(extra_routes=webex.routes()) as running:
        monkeypatch.setenv("WEBEX_URL", f"{running.url}/v1")
        webex.history.begin("", customized=False)
        done = run("--watch", "--json")
    assert done.returncode == 0
    (item,) = json.loads(done.stdout)["items"]
    assert item["latestExecutionStatus"] == "COMPLETED"
    assert "The newest job is START" in done.stderr


def test_watch_can_be_interrupted(served: SimulatedWebex) -> None:
    watching = subprocess.Popen(
        [installed.COMMAND, "webex", "jobs", "--watch", "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stderr is not None
    watching.stderr.readline()  # it has looked once
    watching.send_signal(signal.SIGINT)
    out, _ = watching.communicate(timeout=120)
    assert watching.returncode == 130
    assert json.loads(out) == {"items": [], "message": "interrupted; nothing was lost"}


def test_a_next_link_elsewhere_gives_the_jobs_so_far_and_5(wire: Wire, tmp_path: Path) -> None:
    with Wire() as other:
        link = f'<{other.url}{PATH}?start=2>; rel="next"'
        wire.on("GET", PATH, reply(200, {"items": jobs(1, 2)}, Link=link))
        done = run("--json")
        assert done.returncode == 5
        assert [each["id"] for each in json.loads(done.stdout)["items"]] == ["job-1", "job-2"]
        assert "another server" in done.stderr
        done = run("--output", tmp_path / "jobs.xlsx")
        assert done.returncode == 5
        assert openpyxl.load_workbook(tmp_path / "jobs.xlsx")["Jobs"].max_row == 3
        assert run().stdout.count("COMPLETED  COMPLETED") == 2
        assert other.connections == 0


@pytest.mark.parametrize(("status", "code"), [(400, 5), (401, 4), (403, 4), (404, 5), (302, 2), (410, 5)])
def test_exit_codes(wire: Wire, status: int, code: int) -> None:
    wire.on("GET", PATH, reply(status, {"message": f"bad {TOKEN}"}))
    done = run("--json")
    assert done.returncode == code
    assert json.loads(done.stdout)["items"] == []
    assert TOKEN not in done.stderr
    assert "bad" in done.stderr


def test_a_short_pause_is_sat_through(wire: Wire) -> None:
    wire.on(
        "GET",
        PATH,
        reply(429, Retry_After="0.3"),
        reply(423, Retry_After="0"),
        reply(200, {"items": jobs(1)}),
    )
    assert len(items()) == 1


def test_a_pause_that_is_noticed_is_told(wire: Wire) -> None:
    wire.on("GET", PATH, reply(429, Retry_After="1"), reply(200, {"items": []}))
    done = run("--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"items": []})
    assert "429" in done.stderr
    assert "trying again in 1 s" in done.stderr


def test_a_long_pause_is_not(wire: Wire) -> None:
    wire.on("GET", PATH, reply(429, Retry_After="100000"))
    done = run()
    assert done.returncode == 5
    assert "try again after" in done.stderr


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"WEBEX_ACCESS_TOKEN": ""}, 4),
        ({"WEBEX_ACCESS_TOKEN": "two words"}, 2),
        ({"WEBEX_URL": "http://webexapis.com/v1"}, 2),
        ({"WEBEX_URL": "https://webexapis.com"}, 2),
    ],
)
def test_settings_that_will_not_do(
    variables: dict[str, str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    done = run("--json")
    assert done.returncode == code
    assert json.loads(done.stdout)["items"] == []


@pytest.mark.parametrize(
    "arguments", [["--max", 0], ["--start", -1], ["--output", "jobs.csv"], ["--output", "a.xlsx", "--json"]]
)
def test_wrong_usage(arguments: list[object]) -> None:
    assert run(*arguments).returncode == 2


def test_the_keyring_is_asked_where_the_environment_is_silent(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Ring(KeyringBackend):\n"
        "    priority = 1\n"
        "    set_password = delete_password = None\n"
        "    def get_password(self, service, name):\n"
        "        return 'from-the-ring' if (service, name) == ('xlsx2opeasy', 'webex') else None\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "ring.Ring")
    monkeypatch.delenv("WEBEX_ACCESS_TOKEN")
    wire.on("GET", PATH, reply(200, {"items": []}))
    assert items() == []
    assert wire.requests[0].headers["authorization"] == "Bearer from-the-ring"


def test_text_of_the_server_cannot_steer_the_terminal(wire: Wire) -> None:
    nasty = "a\x1b[31mb\u202ec[bold]d\ne"
    wire.on("GET", PATH, reply(200, {"items": jobs(1, latestExecutionStatus=nasty, target=nasty)}))
    out = run().stdout
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold]d e" in out
    assert len(out.splitlines()) == 2


def test_the_sandbox_command_serves_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    serving = subprocess.Popen(
        [installed.COMMAND, "sandbox", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert serving.stderr is not None
        for line in serving.stderr:
            if "WEBEX_URL=" in line:
                break
        said = dict(each.split("=", 1) for each in line.split() if "=" in each)
        for name, text in said.items():
            monkeypatch.setenv(name, text)
        assert len(items()) == 12
    finally:
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=120)
