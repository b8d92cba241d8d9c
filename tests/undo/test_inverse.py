"""The inverse of single rows and of rows that touch each other, without files and sockets."""

from typing import Any

from xlsx2opeasy.load.results.completed_effects import CompletedEffect
from xlsx2opeasy.undo.inverse import Inverted, inverted

ANNA, NEW, THIRD = "anna.able@example.com", "new.person@example.com", "third.person@example.com"


def done(command: str, of: str = "Users", *, known: bool = True, **values: Any) -> CompletedEffect:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return CompletedEffect(of, 0, of, command, named, known)


def numbered(*tasks: CompletedEffect) -> list[CompletedEffect]:
    return [
        CompletedEffect(each.sheet, row, each.type, each.command, each.values, each.known)
        for row, each in enumerate(tasks, 2)
    ]


def rows(found: Inverted) -> list[tuple[str, dict[str, str]]]:
    return [(row.command, dict(row.cells)) for sheet in found.sheets() for row in sheet.rows]


def left(found: Inverted) -> dict[int, str]:
    return {each.of.row: each.kind.value for each in found.not_undone}


def agent(command: str, *centers: str, agent_id: str = ANNA) -> CompletedEffect:
    values: dict[str, Any] = {"agentId": agent_id, "callCenterInfo[n].callCenterId": list(centers)}
    return done(command, "CallCenterAgent", **values)


def numbers(command: str, which: str, group: str = "Dallas", **more: Any) -> CompletedEffect:
    return done(command, "PhoneNumbers", groupId=group, phoneNumbers=which, **more)


def test_rows_of_one_load_that_took_each_other_back() -> None:
    found = inverted(
        numbered(
            done("AddUser", user__userId=NEW),
            done("ModifyUser", user__userId=NEW),
            done("DeleteUser", user__userId=NEW.title()),
            done("AddUserDevice", user__userId=ANNA, device__name="her-phone"),
            done("DeleteUser", user__userId=ANNA),
            done("AddUserDevice", user__userId=THIRD, device__name="third-phone"),
            done("DeleteDevice", device__name="third-phone"),
            done("AddUserDevice", user__userId=NEW),
            done("DeleteUser", user__userId=NEW),
        )
    )
    assert rows(found) == [
        ("DeleteUserAndDevices", {"user.userId": THIRD}),
        ("DeleteDevice", {"device.name": "her-phone"}),
    ]
    gone = dict.fromkeys((2, 3, 4, 6, 8, 10), "nothing left to undo")
    assert left(found) == gone | {9: "cannot be undone"}
    assert "whose name is not known here" in next(each.why for each in found.not_undone if each.of.row == 9)


def test_a_user_who_was_deleted_and_added_again_is_deleted() -> None:
    found = inverted(
        numbered(
            done("SuspendUser", user__userId=ANNA),
            done("DeleteUserAndDevices", user__userId=ANNA),
            done("AddUser", user__userId=ANNA),
        )
    )
    assert rows(found) == [("DeleteUser", {"user.userId": ANNA})]
    assert left(found) == {2: "nothing left to undo", 3: "cannot be undone"}


def test_agents_who_are_assigned_again_get_no_settings_back() -> None:
    found = inverted(numbered(agent("Remove", "sales", "help"), agent("Modify", "info")))
    assert rows(found) == [
        (
            "Assign",
            {
                "agentId": ANNA,
                "callCenterInfo[0].callCenterId": "sales",
                "callCenterInfo[1].callCenterId": "help",
            },
        )
    ]
    assert left(found) == {2: "undone in part", 3: "cannot be undone"}
    (note,) = [row.note for sheet in found.sheets() for row in sheet.rows]
    assert note.startswith("undoes Remove in CallCenterAgent row 2; whether the agent had joined")


def test_an_agent_s_settings_go_with_the_assignment() -> None:
    found = inverted(
        numbered(agent("Assign", "sales", "help"), agent("Modify", "sales"), agent("Modify", "info"))
    )
    assert [command for command, _ in rows(found)] == ["Remove"]
    assert left(found) == {3: "undone with another row", 4: "cannot be undone"}


def test_numbers_that_were_activated_moved_or_assigned_twice() -> None:
    found = inverted(
        numbered(
            numbers("Assign", "214-555-0100 - 214-555-0101", activated=True),
            numbers("Assign", "2145550110 - 2145550119"),
            numbers("Modify", "+1 (214) 555-0112", "Plano"),
            numbers("Assign", "2145550120 - 2145550129"),
            numbers("Assign", "2145550125 - 2145550130"),
            numbers("Assign", "2145550125"),
            numbers("Unassign", "2145550125"),
            numbers("Assign", "2145550125"),
            done("Modify", "PhoneNumbers", phoneNumbers="2145550100", activated=False),
        )
    )
    assert [(command, cells["phoneNumbers"]) for command, cells in rows(found)] == [
        ("Unassign", "2145550125"),
        ("Assign", "2145550125"),
        ("Unassign", "2145550120 - 2145550129"),
        ("Unassign", "214-555-0100 - 214-555-0101"),
    ]
    cannot = dict.fromkeys((3, 4, 6, 7, 10), "cannot be undone")
    assert left(found) == cannot | {2: "undone in part"}
    whys = {each.of.row: each.why for each in found.not_undone}
    assert whys[3].startswith("PhoneNumbers row 4 moved some of these numbers")
    assert whys[6].startswith("PhoneNumbers row 5 had assigned some of these numbers already")


def test_the_same_numbers_assigned_twice_are_unassigned_once() -> None:
    found = inverted(numbered(numbers("Assign", "2145550100"), numbers("Assign", "214-555-0100")))
    assert [cells["phoneNumbers"] for _, cells in rows(found)] == ["2145550100"]
    assert left(found) == {3: "undone with another row"}


def test_what_nobody_knows_is_left_alone() -> None:
    found = inverted(
        numbered(
            done("AddUser", user__userId=NEW, known=False),
            done("SuspendUser", user__userId=NEW),
            done("AddUser", user__userId=THIRD, **{"user.useExistingPingAccount": False}),
        )
    )
    assert rows(found) == [
        ("DeleteUser", {"user.userId": THIRD}),
        ("RestoreUser", {"user.userId": NEW}),
    ]
    assert left(found) == {2: "not known"}
