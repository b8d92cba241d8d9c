"""`--canary` and `--stop-after` through the installed command."""

from pathlib import Path

import pytest

from foreign.server import ForeignServer

from .books import outcomes, user_book, users, write_rows
from .command import run

QUICK = ("--poll-interval", "0.05", "--yes", "--json")


@pytest.mark.parametrize(
    "option",
    [
        ("--canary", "0"),
        ("--canary", "-3"),
        ("--canary", "ten"),
        ("--canary", "2.5"),
        ("--stop-after", "120%"),
    ]
    + [("--stop-after", text) for text in ("0%", "-1", "few", "2.5", "5 %", "")],
)
@pytest.mark.parametrize("command", ["load", "plan"])
def test_what_asks_for_no_stages_is_wrong_usage(
    command: str,
    option: tuple[str, str],
    tmp_path: Path,
    home: Path,
    server: ForeignServer,
    env: dict[str, str],
) -> None:
    done = run(command, user_book(tmp_path / "a.xlsx", 1), *option, env=env)
    assert done.code == 2
    assert option[0] in done.err
    assert server.requests == []


def test_the_plan_shows_the_stages(tmp_path: Path, home: Path, env: dict[str, str]) -> None:
    leaver = {"command": "DeleteUser", "user.userId": "user0000@example.com"}
    forwarding = {
        "command": "Modify",
        "userId": "USER0000@example.com",
        "callforwarding.callFwdAllActive": "no",
    }
    path = write_rows(
        tmp_path / "a.xlsx", {"Users": [leaver, *users(39, first=1)], "CallForwarding": [forwarding]}
    )
    plain = run("plan", path, "--json", env=env)
    assert plain.code == 0
    assert [
        (each["number"], each["stage"], each["tasks"], each["why"]) for each in plain.json["operations"]
    ] == [
        (1, None, 1, "rows of other sheets about users that Users rows delete or suspend"),
        (2, None, 40, "everything else"),
    ]
    assert plain.json["operations"][0]["commands"] == [
        {"type": "CallForwarding", "command": "Modify", "rows": 1}
    ]
    staged = run("plan", path, "--json", "--canary", "2", "--stop-after", "10%", env=env)
    stages = [each["stage"] for each in staged.json["operations"]]
    assert stages[:2] == ["canary", "canary"]
    assert stages[2:] == [f"stage {number}" for number in range(1, len(stages) - 1)]
    assert sum(each["tasks"] for each in staged.json["operations"]) == 41
    assert staged.json["skipped"] == 0
    screen = run("plan", path, "--canary", "2", env=env)
    assert "Operation 1 (canary; rows of other sheets about users" in screen.out


def test_a_load_that_its_budget_stopped_is_done(
    tmp_path: Path, home: Path, server: ForeignServer, env: dict[str, str]
) -> None:
    server.settings.fail = lambda task_type, task: ("106", "Validation Error")
    path = user_book(tmp_path / "a.xlsx", 200)
    stopped = run("load", path, *QUICK, "--canary", "10", "--stop-after", "5", env=env)
    assert (stopped.code, stopped.json["status"]) == (1, "completedWithErrors")
    assert (stopped.json["rows"]["failed"], stopped.json["rows"]["notSent"]) == (10, 190)
    assert "10 of its 10 rows failed" in stopped.err
    resumed = run("resume", stopped.json["job"], "--json", env=env)
    assert resumed.code == 2
    assert run("resume", "--json", env=env).code == 2
    server.settings.fail = lambda task_type, task: None
    again = run("load", stopped.json["results"], *QUICK, env=env)
    assert (again.code, again.json["rows"]["succeeded"]) == (0, 200)
    assert outcomes(Path(again.json["results"])) == ["SUCCESS"] * 200
