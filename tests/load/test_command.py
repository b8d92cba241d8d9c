"""`load` and `resume` as scripts see them: exit codes, the one JSON document, what a person reads."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from foreign.messages import Answer, Cut
from foreign.server import ForeignServer

from .books import outcomes, read_results, user_book, users, write_rows
from .command import Done, run, start, until
from .rig import Rig, executed, on_call

QUICK = ("--poll-interval", "0.05", "--json")
COUNTS = {"total", "succeeded", "failed", "rejected", "invalid", "notSent", "running", "unknown", "skipped"}
BAD = {"command": "AddUser", "groupId": "Dallas", "user.userId": "short@x"}


def told(done: Done) -> Any:
    """The document, whose counts add up."""
    rows = done.json["rows"]
    assert set(rows) == COUNTS
    assert sum(rows.values()) == 2 * rows["total"]
    return done.json


def test_invalid_3_and_nothing_is_sent(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    book = write_rows(tmp_path / "bad.xlsx", {"Users": [*users(2), BAD]})
    done = run("load", book, *QUICK, env=env)
    assert (done.code, told(done)["status"], rig.server.requests) == (3, "invalid", [])
    assert outcomes(tmp_path / "bad.results.xlsx") == ["NOT SENT", "NOT SENT", "INVALID"]
    assert done.json["message"].endswith(f"xlsx2opeasy load {tmp_path}/bad.results.xlsx")
    assert list(rig.home.loads.rglob("workbook.xlsx")) == []
    corrected = write_rows(tmp_path / "bad.xlsx", {"Users": users(3)})
    assert run("load", corrected, *QUICK, env=env).code == 0


def test_skip_invalid_1_and_the_loop_of_results(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    book = write_rows(tmp_path / "bad.xlsx", {"Users": [*users(2), BAD]})
    done = run("load", book, "--skip-invalid", *QUICK, env=env)
    assert (done.code, told(done)["rows"]["succeeded"], done.json["rows"]["invalid"]) == (1, 2, 1)
    again = run("load", tmp_path / "bad.results.xlsx", "--skip-invalid", *QUICK, env=env)
    assert (again.code, told(again)["rows"]["skipped"], again.json["rows"]["invalid"]) == (1, 2, 1)
    assert executed(rig.server).total() == 2


def test_access_4_unreachable_5_and_the_workbook_7(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    book = user_book(tmp_path / "three.xlsx")
    wrong = run("load", book, *QUICK, env=env | {"OPEASY_API_KEY": "wrong-key-canary"})
    assert (wrong.code, told(wrong)["status"]) == (4, "failed")
    assert wrong.json["message"].endswith(f"xlsx2opeasy resume {wrong.json['job']}")
    assert run("resume", *QUICK, env=env).code == 0
    other = user_book(tmp_path / "other.xlsx", 2, user__title="x")
    (tmp_path / "none.txt").write_text("no workbook")
    broken = run("load", tmp_path / "none.txt", *QUICK, env=env)
    assert (broken.code, told(broken)["status"]) == (7, "failed")
    several = run("load", other, tmp_path / "none.txt", *QUICK, env=env)
    assert (several.code, [each["status"] for each in several.json["loads"]]) == (7, ["completed", "failed"])


def test_rejected_1_stop_and_drop(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    rig.server.settings.validate = lambda name, task: (
        ["no such group"] if "0001" in task["content"]["user"]["userId"] else []
    )
    book = user_book(tmp_path / "three.xlsx")
    done = run("load", book, *QUICK, env=env)
    assert (done.code, told(done)["status"]) == (1, "rejected")
    assert done.json["message"].endswith(f"xlsx2opeasy load {tmp_path}/three.results.xlsx")
    dropped = run("load", tmp_path / "three.results.xlsx", "--on-rejected", "drop", *QUICK, env=env)
    assert (dropped.code, told(dropped)["rows"]["rejected"]) == (1, 1)
    assert outcomes(tmp_path / "three.results.xlsx") == ["SUCCESS", "REJECTED", "SUCCESS"]


def test_refused_6_with_the_job_and_its_results(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    book = user_book(tmp_path / "three.xlsx")
    first = told(run("load", book, *QUICK, env=env))
    again = run("load", book, *QUICK, env=env)
    assert (again.code, told(again)["status"]) == (6, "refused")
    assert first["job"] in again.json["message"]
    assert first["results"] in again.json["message"]
    with ForeignServer() as other:
        other.settings.enterprise_id = "another"
        elsewhere = env | {"OPEASY_URL": other.url, "OPEASY_ENTERPRISE_ID": "another"}
        refused = run("load", first["results"], *QUICK, env=elsewhere)
        assert (refused.code, other.requests) == (6, [])
        sent = run("load", first["results"], "--again", *QUICK, env=elsewhere)
        assert (sent.code, told(sent)["rows"]["succeeded"]) == (0, 3)


def test_a_corrected_results_workbook_sends_only_what_must_be_sent(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    rig.server.settings.fail = lambda name, task: (
        ("102", "User already exists.") if "0001" in task["content"]["user"]["userId"] else None
    )
    done = told(run("load", user_book(tmp_path / "three.xlsx"), *QUICK, env=env))
    rig.server.settings.fail = lambda name, task: None
    next_run = run("load", done["results"], *QUICK, env=env)
    assert (next_run.code, told(next_run)["results"]) == (0, done["results"])
    assert (next_run.json["rows"]["skipped"], next_run.json["rows"]["succeeded"]) == (2, 1)
    assert executed(rig.server) == {
        "user0000@example.com": 1,
        "user0001@example.com": 2,
        "user0002@example.com": 1,
    }


def test_wait_8_then_resume(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    rig.server.settings.polls_processing = 10**6
    done = run("load", user_book(tmp_path / "three.xlsx"), "--wait", "0.3", *QUICK, env=env)
    assert (done.code, told(done)["status"]) == (8, "running")
    rig.server.settings.polls_processing = 1
    resumed = run("resume", done.json["job"], *QUICK, env=env)
    assert (resumed.code, told(resumed)["status"], rig.schedules()) == (0, "completed", 1)
    assert run("resume", *QUICK, env=env).code == 2


def test_ctrl_c_130_while_waiting_then_resume(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    rig.server.settings.polls_processing = 10**6
    process = start("load", user_book(tmp_path / "three.xlsx"), *QUICK, env=env)
    until(lambda: any(each.path.endswith("/status") for each in rig.server.requests))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, json.loads(out)["status"]) == (130, "interrupted")
    rig.server.settings.polls_processing = 1
    assert run("resume", *QUICK, env=env).code == 0
    assert (rig.schedules(), executed(rig.server).total()) == (1, 3)


def test_keep_output_and_in_place(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    first = user_book(tmp_path / "first.xlsx", 1)
    done = run("load", first, "--keep", "--output", tmp_path / "out.xlsx", *QUICK, env=env)
    assert (done.code, done.json["results"]) == (0, str(tmp_path / "out.xlsx"))
    assert len(rig.server.state.operations) == len(rig.server.state.scheduled) == 1
    second = user_book(tmp_path / "second.xlsx", 2, user__title="x")
    done = run("load", second, "--in-place", *QUICK, env=env)
    assert (done.code, outcomes(second)) == (0, ["SUCCESS"] * 2)
    assert run("load", first, second, "--output", "x.xlsx", env=env).code == 2


def test_undecided_1_and_how_it_is_settled(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    rig.server.settings.after = on_call("POST", "/scheduledoperations", Cut())
    done = run("load", user_book(tmp_path / "three.xlsx"), *QUICK, env=env)
    assert (done.code, told(done)["status"]) == (1, "unknown")
    assert all("--scheduled-id" in each[2] for each in read_results(Path(done.json["results"])).values())
    again = run("resume", *QUICK, env=env)
    assert (again.code, told(again)["message"]) == (1, done.json["message"])
    (run_id,) = rig.server.state.scheduled
    assert run("resume", done.json["job"], "--scheduled-id", "other", *QUICK, env=env).code == 2
    assert run("resume", done.json["job"], "--not-scheduled", "other", *QUICK, env=env).code == 2
    settled = run("resume", done.json["job"], "--scheduled-id", run_id, *QUICK, env=env)
    assert (settled.code, told(settled)["status"]) == (0, "completed")


@pytest.mark.parametrize("how", ["well", "failing", "killed", "undecided"])
def test_secrets_are_nowhere(rig: Rig, env: dict[str, str], tmp_path: Path, home: Path, how: str) -> None:
    """The key, the token and a user's password, in what is printed and in what is left."""
    key, password = "canary-key-5e1f", "Canary-Passw0rd"
    rig.server.settings.api_key = key
    if how == "failing":
        rig.server.settings.fail = lambda name, task: ("106", f"The password {password} is too weak.")
    if how == "undecided":
        rig.server.settings.after = on_call("POST", "/scheduledoperations", Answer(503))
    rig.server.settings.polls_processing = 10**6 if how == "killed" else 1
    book = user_book(tmp_path / "three.xlsx", user__userPassword=password)
    process = start("load", book, *QUICK, env=env | {"OPEASY_API_KEY": key})
    until(lambda: rig.schedules() == 1 or process.poll() is not None)
    cmdline = Path(f"/proc/{process.pid}/cmdline")
    arguments = cmdline.read_bytes() if cmdline.exists() else b""
    if how == "killed":
        process.kill()
    out, err = process.communicate(timeout=30)
    tokens = [each.header("Authorization") for each in rig.server.requests if each.header("Authorization")]
    assert tokens
    spoken = (out + err).encode() + arguments
    for secret in (key, password, tokens[0]):
        assert secret.encode() not in spoken
    for path in (each for each in home.rglob("*") if each.is_file()):
        content = path.read_bytes()
        assert key.encode() not in content
        assert tokens[0].encode() not in content
        unfinished = how in ("killed", "undecided") and path.parent.name == "chunks"
        assert unfinished or password.encode() not in content, path
    if how == "failing":
        detail = read_results(tmp_path / "three.results.xlsx")[("Users", 2)][2]
        assert "The password ******** is too weak." in detail


def test_secrets_under_another_wire_name_are_masked_too(
    rig: Rig, env: dict[str, str], tmp_path: Path, home: Path
) -> None:
    home.joinpath("config.toml").write_text(
        '[wire]\n"user.userPassword" = "user.login.pass"\n"user.userId" = "user.login.name"\n'
    )
    rig.server.settings.validate = lambda name, task: []
    rig.server.settings.fail = lambda name, task: ("106", "Canary-Passw0rd is too weak.")
    book = user_book(tmp_path / "three.xlsx", user__userPassword="Canary-Passw0rd")
    done = run("load", book, *QUICK, env=env)
    assert (done.code, told(done)["rows"]["failed"]) == (1, 3)
    assert rig.server.state.executed[0][1]["content"]["user"] == {
        "login": {"pass": "Canary-Passw0rd", "name": "user0000@example.com"}
    }
    for path in (each for each in home.rglob("*") if each.is_file()):
        assert b"Canary-Passw0rd" not in path.read_bytes(), path
    assert "Canary" not in done.out + done.err
