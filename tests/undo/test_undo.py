"""`undo`: the inverse of a load brings the enterprise back, and what cannot be undone is said, row for row."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from judges import saved_by_libreoffice
from load.books import read_results
from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import LoadRefused, LocalFailure, UsageError, WorkbookUnusable
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.operating_system import state_folder
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.undo.workbook import choose_undo_output, undo_of
from xlsx2opeasy.workbook.read import read_workbook

from .machine import ANNA, BERT, CARL, NEW, OTHER, STATE, Machine, left_in, tasks_in, words_of

PASSWORD = "Canary-Passw0rd-4711"
NO_FORMER = "set the former values by hand"
Row = dict[str, str]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with serve_in_thread(SandboxSettings(state=STATE)) as running:
        yield running
        assert not running.truth.crashes


@pytest.fixture
def machine(sandbox: RunningSandbox, tmp_path: Path) -> Machine:
    return Machine(sandbox, tmp_path)


def row(command: str, **fields: str) -> Row:
    return {"command": command} | {name.replace("__", "."): text for name, text in fields.items()}


def user(command: str, user_id: str, **fields: str) -> Row:
    return row(command, user__userId=user_id, **fields)


def add_user(user_id: str, **fields: str) -> Row:
    return user("AddUser", user_id, groupId="Dallas", **fields)


def kinds(path: Path) -> list[tuple[str, str, str]]:
    return [(sheet, number, kind) for sheet, number, _, _, kind, _ in left_in(path)]


def test_what_can_be_undone_is_undone_wholly(machine: Machine, tmp_path: Path) -> None:
    """All ten commands with an exact inverse, over three sheets and two operations."""
    before = machine.state()
    loaded = machine.load_rows({
        "Users": [
            add_user(NEW, user__phoneNumber="2145550105", user__userPassword=PASSWORD),
            user(
                "AddUserDevice",
                OTHER,
                groupId="Dallas",
                user__phoneNumber="2145550121",
                user__pingUserName="other",
                user__pingUserPassword="Canary4712",
                device__name="other-phone",
                device__linePort="other.primary",
                device__accessPassword=PASSWORD,
            ),
            row("AddDevice", groupId="Dallas", device__name="lobby-phone", device__level="Group"),
            user("SuspendUser", ANNA),
            user("RestoreUser", BERT),
            user("SuspendUser", BERT),
            user("ModifyUser", NEW, user__title="Boss"),
            row("ModifyDevice", device__name="other-phone", device__description="mine"),
            user("SuspendUser", OTHER),
        ],
        "CallCenterAgent": [
            row(
                "Assign",
                agentId=CARL,
                **{
                    "callCenterInfo[0].callCenterId": "help.cc@example.com",
                    "callCenterInfo[1].callCenterId": "info.cc@example.com",
                },
            ),
            row("Assign", agentId=NEW, **{"callCenterInfo[0].callCenterId": "help.cc@example.com"}),
            row(
                "Modify",
                agentId=CARL,
                **{"callCenterInfo[0].callCenterId": "info.cc@example.com", "callCenterInfo[0].join": "TRUE"},
            ),
        ],
        "CallForwarding": [row("Modify", userId=NEW, callforwarding__callFwdBusyActive="TRUE")],
        "PhoneNumbers": [
            row("Assign", groupId="Dallas", phoneNumbers="214-555-0100 - 214-555-0109"),
            row("Unassign", groupId="Dallas", phoneNumbers="2145550130"),
        ],
    })  # fmt: skip
    assert loaded.exit_code == 0, loaded
    assert len(loaded.operations) == 2
    assert machine.state() != before
    path = machine.undo(loaded)
    assert path == tmp_path / "branch.undo.xlsx"
    assert tasks_in(path) == [
        ("Users", "RestoreUser", {"user": {"userId": BERT}}),
        ("Users", "SuspendUser", {"user": {"userId": BERT}}),
        ("Users", "RestoreUser", {"user": {"userId": ANNA}}),
        ("Users", "DeleteDevice", {"device": {"name": "lobby-phone", "level": "Group"}}),
        (
            "Users",
            "DeleteUserAndDevices",
            {"user": {"userId": OTHER, "pingUserDispositionalState": "Deactivate"}},
        ),
        ("Users", "DeleteUser", {"user": {"userId": NEW}}),
        (
            "CallCenterAgent",
            "Remove",
            {
                "agentId": CARL,
                "callCenterInfo": [
                    {"callCenterId": "help.cc@example.com"},
                    {"callCenterId": "info.cc@example.com"},
                ],
            },
        ),
        ("PhoneNumbers", "Assign", {"phoneNumbers": {"groupId": "Dallas", "phoneNumbers": "2145550130"}}),
        (
            "PhoneNumbers",
            "Unassign",
            {"phoneNumbers": {"groupId": "Dallas", "phoneNumbers": "214-555-0100 - 214-555-0109"}},
        ),
    ]
    assert {kind for _, _, kind in kinds(path)} == {"undone with another row"}
    assert kinds(path)[0][:2] == ("Users", "8")
    undone = machine.load(path)
    assert (undone.exit_code, undone.rows["succeeded"]) == (0, 9), undone
    assert machine.state() == before


def test_teams_users_are_synchronised_again_where_the_load_did_that(machine: Machine) -> None:
    before = machine.state()
    loaded = machine.load_rows({
        "Users": [
            row("SyncAddedModifiedTeamsUsers"),
            add_user(NEW, userProfile="MS Teams", user__useExistingPingAccount="TRUE"),
        ]
    })  # fmt: skip
    path = machine.undo(loaded)
    assert [(command, content) for _, command, content in tasks_in(path)] == [
        ("DeleteUser", {"user": {"userId": NEW, "pingUserDispositionalState": "Retain"}}),
        ("SyncDeletedTeamsUsers", {}),
    ]
    assert kinds(path) == [("Users", "2", "undone with another row")]
    assert machine.load(path).exit_code == 0
    assert machine.state() == before


def test_what_cannot_be_undone_stands_in_its_sheet_with_the_reason(machine: Machine) -> None:
    loaded = machine.load_rows({
        "Users": [
            user("ModifyUser", ANNA, user__title="Boss", user__userPassword=PASSWORD),
            row("ModifyDevice", device__name="spare-phone", device__description="x"),
            user("DeleteUser", ANNA),
            user("DeleteUserAndDevices", CARL),
            row("DeleteDevice", device__name="spare-phone"),
            row("SyncDeletedTeamsUsers"),
        ],
        "CallRecording": [row("Modify", userId=BERT, callRecording__recordCall="Always")],
        "CallForwarding": [row("Modify", userId=BERT, callforwarding__callFwdBusyActive="TRUE")],
        "PhoneNumbers": [row("Modify", phoneNumbers="2145550120", activated="TRUE")],
    })  # fmt: skip
    assert loaded.exit_code == 0, loaded
    path = machine.undo(loaded)
    assert openpyxl.load_workbook(path).sheetnames == ["Read me", "Not undone"]
    assert "Nothing of the job can be undone" in words_of(path)
    left = left_in(path)
    assert [(each[0], each[1], each[2], each[3], each[4]) for each in left] == [
        ("Users", "2", "ModifyUser", ANNA, "nothing left to undo"),
        ("Users", "3", "ModifyDevice", "spare-phone", "nothing left to undo"),
        ("Users", "4", "DeleteUser", ANNA, "cannot be undone"),
        ("Users", "5", "DeleteUserAndDevices", CARL, "cannot be undone"),
        ("Users", "6", "DeleteDevice", "spare-phone", "cannot be undone"),
        ("Users", "7", "SyncDeletedTeamsUsers", "", "cannot be undone"),
        ("CallRecording", "2", "Modify", BERT, "cannot be undone"),
        ("CallForwarding", "2", "Modify", BERT, "cannot be undone"),
        ("PhoneNumbers", "2", "Modify", "2145550120", "cannot be undone"),
    ]
    assert NO_FORMER in left[-1][5]
    assert "the password and the settings of the deleted user" in left[2][5]
    assert "Users row 4 deleted" in left[0][5]


def test_the_workbook_s_words_place_and_secrets(
    machine: Machine, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.folder = tmp_path / "office"
    machine.folder.mkdir()
    loaded = machine.load_rows({
        "Users": [
            add_user(NEW, user__userPassword=PASSWORD, user__sipAuthPassword="Canary4713"),
            user("ModifyUser", CARL, user__userPassword=PASSWORD),
            user("RestoreUser", BERT),
            user("SuspendUser", ANNA),
        ],
        "PhoneNumbers": [row("Assign", groupId="Dallas", phoneNumbers="2145550100")],
    })  # fmt: skip
    first, second = machine.undo(loaded), machine.undo(loaded)
    assert [first.name, second.name] == ["branch.undo.xlsx", "branch.undo-2.xlsx"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(first.stat().st_mode) == 0o666 & ~umask, "no secret field is filled"
    said = words_of(first)
    assert said.startswith(f"The undo of job {loaded.job}\nNothing was sent")
    assert f"enterprise {machine.enterprise_id} at {machine.sandbox.url}" in said
    assert "the server works through Users, then PhoneNumbers" in said
    assert "SyncDeletedTeamsUsers" in said
    assert "SyncAddedModifiedTeamsUsers" in said
    assert "xlsx2opeasy load branch.undo.xlsx" in said
    assert "To load them again after the undo: copy them into a workbook of their own" in said
    assert "--again" not in said, "it would send what was not undone a second time"
    everything = b"".join(each.read_bytes() for each in home.rglob("*") if each.is_file())
    for sheet in openpyxl.load_workbook(first).worksheets:
        everything += repr([[cell.value for cell in line] for line in sheet.iter_rows()]).encode()
    assert b"Canary" not in everything
    folder = Home(state_folder()).job(str(loaded.job))
    facts = undo_of(folder).facts
    with pytest.raises(WorkbookUnusable, match="exists and is not replaced"):
        choose_undo_output(facts, first)
    with pytest.raises(UsageError, match="does not end in"):
        choose_undo_output(facts, tmp_path / "undo.csv")
    machine.folder.rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    assert machine.undo(loaded) == tmp_path / "branch.undo.xlsx"
    kept = (folder.path / "done.jsonl").read_text()
    assert json.loads(kept.splitlines()[0])[:5] == ["Users", 2, "Users", "AddUser", "SUCCESS"]
    (folder.path / "done.jsonl").write_text(kept[:-3])
    with pytest.raises(LocalFailure, match="is damaged"):
        machine.undo(loaded)
    (folder.path / "done.jsonl").unlink()
    with pytest.raises(LocalFailure, match="cannot be undone"):
        machine.undo(loaded)


def test_all_rows_again_is_proposed_only_where_all_are_undone(machine: Machine) -> None:
    said = words_of(machine.undo(machine.load_rows({"Users": [add_user(NEW)]})))
    assert "To load them again after the undo: xlsx2opeasy load branch.xlsx --again" in said


def test_it_is_refused_at_another_enterprise(
    machine: Machine, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    undo = machine.undo(machine.load_rows({"Users": [add_user(NEW)]}))
    elsewhere = Machine(sandbox, tmp_path)
    before = elsewhere.state()
    with pytest.raises(LoadRefused, match="undoes a load that was not at enterprise") as caught:
        elsewhere.load(undo)
    assert caught.value.exit_code == 6
    assert "Read me" in caught.value.hint
    assert elsewhere.state() == before
    assert elsewhere.load(undo, rehearsal=True).rows["total"] == 1
    assert elsewhere.load(undo, again=True).rows["failed"] == 1
    assert machine.load(undo).rows["succeeded"] == 1


def test_libreoffice_keeps_the_enterprise_of_an_undo(machine: Machine, tmp_path: Path) -> None:
    undo = machine.undo(machine.load_rows({"Users": [add_user(NEW)]}))
    saved = read_workbook(saved_by_libreoffice(undo, tmp_path))
    assert saved.meant_for == read_workbook(undo).meant_for != ""


def test_only_what_succeeded_in_this_job_is_undone(machine: Machine) -> None:
    """Not what failed, what was never sent, and what an earlier load did."""
    rows = [add_user(ANNA), add_user(NEW), add_user("bad@x")]
    first = machine.load_rows({"Users": rows}, skip_invalid=True)
    results = Path(str(first.results))
    assert [each[0] for each in read_results(results).values()] == ["FAILED", "SUCCESS", "INVALID"]
    path = machine.undo(first)
    assert [content["user"]["userId"] for _, _, content in tasks_in(path)] == [NEW]
    assert left_in(path) == []
    with pytest.raises(UsageError, match="took effect, so there is nothing to undo"):
        machine.undo(machine.load(results, skip_invalid=True))
    book = openpyxl.load_workbook(results)
    sheet: Any = book["Users"]
    sheet.cell(2, [cell.value for cell in sheet[1]].index("user.userId") + 1).value = OTHER
    book.save(results)
    third = machine.load(results, skip_invalid=True)
    path = machine.undo(third)
    assert [content["user"]["userId"] for _, _, content in tasks_in(path)] == [OTHER]
    assert f"Rows that had succeeded before job {third.job} (1)" in words_of(path)


@pytest.mark.parametrize("fault", ["a fact is missing", "the disk is full"])
def test_what_undo_remembers_never_stands_in_the_way_of_a_load(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def no_fact(*_: object) -> None:
        raise KeyError(fault)

    def full(path: Path, content: bytes) -> None:
        if path.name == "done.jsonl":
            raise OSError(28, "No space left on device")
        write_file(path, content)

    with monkeypatch.context() as patched:
        if fault == "a fact is missing":
            patched.setattr("xlsx2opeasy.load.results.completed_effects._lines", no_fact)
        else:
            patched.setattr("xlsx2opeasy.load.job.home.write_file", full)
        loaded = machine.load_rows({"Users": [add_user(f"late.{len(fault)}@example.com")]})
    assert (loaded.status, loaded.exit_code, loaded.rows["succeeded"]) == ("completed", 0, 1)
    with pytest.raises(LocalFailure, match="cannot be undone: what undo needs"):
        machine.undo(loaded)
