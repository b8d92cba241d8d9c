"""A Sync row is done only while no row that it serves is sent; and a second row of the same Sync is not sent."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from .books import outcomes, read_results, write_rows
from .command import run
from .rig import Rig

ADDED, DELETED = "SyncAddedModifiedTeamsUsers", "SyncDeletedTeamsUsers"
A, B = "anna.able@example.com", "bert.bold@example.com"
ADD = {"command": "AddUser", "groupId": "Dallas"}

SERVED = [
    (ADDED, ADD | {"user.msTeamsXsiPlugin": "TRUE"}),
    (ADDED, ADD | {"user.msTeamsXsiPlugin": "FALSE"}),
    (ADDED, ADD | {"userProfile": "MS Teams"}),
    (
        ADDED,
        {"command": "AddUserDevice", "groupId": "Dallas", "device.name": "d-1", "user.teamsVoiceRoute": "R"},
    ),
    (ADDED, {"command": "AddUserDevice", "groupId": "Dallas", "userProfile": "MS Teams"}),
    (ADDED, {"command": "ModifyUser", "user.teamsVoiceRoute": "US East"}),
    (ADDED, {"command": "ModifyUser", "user.teamsPbxLocation": "PBX HQ"}),
    (ADDED, {"command": "ModifyUser", "user.teamsVoiceRoute": '""'}),
    (ADDED, {"command": "RestoreUser"}),
    (DELETED, {"command": "DeleteUser"}),
    (DELETED, {"command": "DeleteUserAndDevices"}),
    (DELETED, {"command": "SuspendUser"}),
]
NOT_SERVED = [
    (ADDED, ADD | {"user.title": "Boss"}),
    (ADDED, {"command": "ModifyUser", "user.title": "Boss"}),
    (ADDED, {"command": "DeleteUser"}),
    (ADDED, {"command": "AddDevice", "groupId": "Dallas", "device.name": "d-1"}),
    (DELETED, ADD | {"user.msTeamsXsiPlugin": "TRUE"}),
    (DELETED, {"command": "RestoreUser"}),
]


def sent(rig: Rig) -> Counter[str]:
    return Counter(task["command"] for _, task in rig.server.state.executed)


def first_load(rig: Rig, path: Path, sync: str, row: dict[str, str]) -> Path:
    """A succeeds, B fails, the Sync succeeds; the results workbook."""
    subject = {} if row["command"] == "AddDevice" else {"user.userId": B}
    rows = [ADD | {"user.userId": A}, row | subject, {"command": sync}]
    rig.server.settings.fail = lambda _, task: (
        ("102", "No.") if task["command"] == row["command"] and A not in json.dumps(task) else None
    )
    result = rig.load(write_rows(path, {"Users": rows}))
    assert outcomes(Path(str(result.results))) == ["SUCCESS", "FAILED", "SUCCESS"]
    rig.server.settings.fail = lambda *_: None
    return Path(str(result.results))


@pytest.mark.parametrize(("sync", "row"), SERVED, ids=lambda each: each if isinstance(each, str) else "")
def test_a_sync_goes_out_again_with_what_it_serves(
    rig: Rig, env: dict[str, str], tmp_path: Path, sync: str, row: dict[str, str]
) -> None:
    results = first_load(rig, tmp_path / "a.xlsx", sync, row)
    planned = run("plan", results, "--json", env=env).json
    assert {each["command"]: each["rows"] for each in planned["commands"]} == {row["command"]: 1, sync: 1}
    assert sync in run("plan", results, env=env).out
    checked = run("check", results, "--json", env=env)
    assert checked.code == 0
    before = sent(rig)
    again = rig.load(results)
    assert (again.status, again.rows["succeeded"], again.rows["skipped"]) == ("completed", 2, 1)
    assert sent(rig) - before == Counter({row["command"]: 1, sync: 1})
    assert rig.server.state.executed[-1][1]["command"] == sync
    last = rig.load(results)
    assert (last.rows["skipped"], last.rows["total"]) == (3, 3)


@pytest.mark.parametrize(("sync", "row"), NOT_SERVED)
def test_a_sync_that_serves_nothing_of_the_load_is_skipped(
    rig: Rig, tmp_path: Path, sync: str, row: dict[str, str]
) -> None:
    results = first_load(rig, tmp_path / "a.xlsx", sync, row)
    before = sent(rig)
    again = rig.load(results)
    assert (again.rows["succeeded"], again.rows["skipped"]) == (1, 2)
    assert (sent(rig) - before)[sync] == 0


@pytest.mark.parametrize("fails", [False, True])
def test_a_second_row_of_the_same_sync_gets_the_result_of_the_one_that_is_sent(
    rig: Rig, env: dict[str, str], tmp_path: Path, *, fails: bool
) -> None:
    rows: list[Any] = [{"command": ADDED}, ADD | {"user.userId": A, "user.msTeamsXsiPlugin": "TRUE"}]
    rows += [{"command": ADDED}, {"command": DELETED}]
    book = write_rows(tmp_path / "a.xlsx", {"Users": rows})
    rig.server.settings.fail = lambda _, task: (
        ("100", "General Error.") if fails and task["command"] == ADDED else None
    )
    planned = run("plan", book, "--json", env=env).json
    assert {each["command"]: each["rows"] for each in planned["commands"]}[ADDED] == 1
    folder = tmp_path / "out"
    assert run("convert", book, "--output", folder, env=env).code == 0
    text = "".join(path.read_text() for path in folder.glob("*chunk*.json"))
    assert text.count(f'"{ADDED}"') == 1
    result = rig.load(book)
    assert sent(rig) == Counter({"AddUser": 1, ADDED: 1, DELETED: 1})
    told = read_results(Path(str(result.results)))
    word = "FAILED" if fails else "SUCCESS"
    assert [each[0] for each in told.values()] == [word, "SUCCESS", word, "SUCCESS"]
    assert sum(result.rows.values()) == 2 * result.rows["total"] == 8
    assert result.rows["failed"] == (2 if fails else 0)


def test_another_workbook_with_a_sync_is_not_kept_back(rig: Rig, tmp_path: Path) -> None:
    """All Sync rows are alike: that of an unfinished job is none of this workbook's."""
    rows = [ADD | {"user.userId": A, "userProfile": "x"}, {"command": ADDED}]
    rig.server.settings.polls_processing = 10**6
    rig.load(write_rows(tmp_path / "a.xlsx", {"Users": rows}), wait=1)
    rig.server.settings.polls_processing = 1
    others = [ADD | {"user.userId": B, "userProfile": "x"}, {"command": ADDED}]
    result = rig.load(write_rows(tmp_path / "b.xlsx", {"Users": others}))
    assert result.status == "completed"
    assert "sent again" not in rig.notices


def test_a_corrected_row_takes_its_sync_with_it_on_another_machine(rig: Rig, tmp_path: Path) -> None:
    from xlsx2opeasy.load.job.home import Home

    results = first_load(rig, tmp_path / "a.xlsx", ADDED, ADD | {"userProfile": "MS Teams"})
    typed = openpyxl.load_workbook(results)
    sheet = typed["Users"]
    sheet.cell(3, 2).value = "Berlin"
    typed.save(results)
    again = Rig(rig.server, Home(tmp_path / "elsewhere")).load(results)
    assert (again.rows["succeeded"], sent(rig)[ADDED]) == (2, 2)
