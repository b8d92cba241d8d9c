"""All 20 commands change the enterprise or fail with the fitting code of Appendix VII."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from xlsx2opeasy.sandbox.commands import COMMANDS
from xlsx2opeasy.sandbox.enterprise import Enterprise
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.state import parse_state
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.error_codes import ERROR_CODES

from .session import (
    Session,
    add_user,
    agent_task,
    device_task,
    forwarding,
    numbers_task,
    recording,
    user_task,
)

JOHN, JANE = "john.doe@example.com", "jane.doe@example.com"
NUMBER = "214-555-0100"

_enterprises = itertools.count(1)


def codes(session: Session, task_type: str, *tasks: dict[str, Any]) -> list[str | None]:
    """The error codes of tasks that run in one operation; None for SUCCESS."""
    return [each.get("errorCode") for each in session.run({task_type: list(tasks)})[task_type]]


def failure(session: Session, task_type: str, task: dict[str, Any]) -> tuple[str, str]:
    [result] = session.run({task_type: [task]})[task_type]
    assert result["status"] == "FAILED"
    return result["errorCode"], result["errorDescription"]


def enterprise(session: Session) -> Enterprise:
    return session.sandbox.enterprise(session.enterprise_id)


def test_every_command_of_the_catalogue_is_there() -> None:
    assert {name: set(commands) for name, commands in COMMANDS.items()} == {
        name: set(task_type.command_names) for name, task_type in BY_NAME.items()
    }
    assert sum(map(len, COMMANDS.values())) == 20


class TestUsers:
    def test_add_user(self, session: Session) -> None:
        assert codes(session, "Users", add_user(lastName="Doe")) == [None]
        user = enterprise(session).users[JOHN]
        assert (user.group_id, user.settings["lastName"]) == ("Dallas", "Doe")
        assert failure(session, "Users", add_user()) == ("102", f"User already exists. {JOHN}")

    def test_add_user_device(self, session: Session) -> None:
        task = add_user() | {"command": "AddUserDevice"}
        task["content"]["device"] = {"name": "phone", "linePort": "1.primary"}
        assert codes(session, "Users", task) == [None]
        assert enterprise(session).users[JOHN].devices == {"phone"}
        assert enterprise(session).devices["phone"].group_id == "Dallas"
        task["content"]["user"]["userId"] = JANE
        assert failure(session, "Users", task) == ("104", "Device already exists. phone")
        assert JANE not in enterprise(session).users
        task["content"]["device"]["name"] = "second"
        code, description = failure(session, "Users", task)
        assert (code, "linePort 1.primary" in description) == ("100", True)

    def test_add_user_device_by_profile(self, session: Session) -> None:
        task = add_user() | {"command": "AddUserDevice"}
        task["content"] |= {"userProfile": "MS Teams", "device": {"physicalLocation": "DALLAS TX"}}
        assert codes(session, "Users", task) == [None]
        assert enterprise(session).devices[JOHN].settings["physicalLocation"] == "DALLAS TX"
        assert enterprise(session).pending_teams_additions == {JOHN}

    def test_modify_user(self, session: Session) -> None:
        assert failure(session, "Users", user_task("ModifyUser", title="x")) == (
            "101",
            f"User does not exist. {JOHN}",
        )
        change = user_task("ModifyUser", title="Boss", lastName="")
        change["content"]["groupId"] = "Plano"
        assert codes(session, "Users", add_user(lastName="Doe", city="D"), change) == [None, None]
        user = enterprise(session).users[JOHN]
        assert user.group_id == "Plano"
        assert {name: user.settings[name] for name in ("title", "lastName", "city")} == {
            "title": "Boss",
            "lastName": "",
            "city": "D",
        }

    def test_delete_user_leaves_the_device(self, session: Session) -> None:
        task = add_user(phoneNumber=NUMBER) | {"command": "AddUserDevice"}
        task["content"]["device"] = {"name": "phone"}
        assert codes(session, "Users", task, user_task("DeleteUser")) == [None, None]
        assert not enterprise(session).users
        assert not enterprise(session).devices["phone"].user_ids
        assert enterprise(session).inventory.by_digits["2145550100"].user_id is None
        assert (
            codes(session, "Users", user_task("DeleteUser"), user_task("DeleteUserAndDevices")) == ["101"] * 2
        )

    def test_delete_user_and_devices(self, session: Session) -> None:
        task = add_user() | {"command": "AddUserDevice"}
        task["content"]["device"] = {"name": "phone", "linePort": "1"}
        again = add_user(JANE) | {"command": "AddUserDevice"}
        again["content"]["device"] = {"name": "other", "linePort": "1"}
        assert codes(session, "Users", task, user_task("DeleteUserAndDevices"), again) == [None] * 3
        assert set(enterprise(session).devices) == {"other"}

    def test_devices(self, session: Session) -> None:
        assert codes(
            session,
            "Users",
            device_task("ModifyDevice", vlanId="1"),
            device_task("DeleteDevice"),
            device_task("AddDevice", group_id="Dallas", linePort="1"),
            device_task("AddDevice", group_id="Dallas"),
            device_task("AddDevice", "device-2", group_id="Dallas", linePort="1"),
            device_task("ModifyDevice", vlanId="120", linePort="2"),
            device_task("AddDevice", "device-2", group_id="Dallas", linePort="1"),
            device_task("ModifyDevice", "device-2", linePort="2"),
            device_task("DeleteDevice"),
            device_task("ModifyDevice", "device-2", linePort="2"),
        ) == ["103", "103", None, "104", "100", None, None, "100", None, None]
        assert set(enterprise(session).devices) == {"device-2"}

    def test_suspend_and_restore(self, session: Session) -> None:
        suspend, restore = user_task("SuspendUser"), user_task("RestoreUser")
        assert codes(session, "Users", suspend, restore) == ["101", "101"]
        assert codes(session, "Users", add_user(), restore, suspend, suspend) == [None, "111", None, "100"]
        assert enterprise(session).users[JOHN].suspended
        assert codes(session, "Users", restore) == [None]
        assert not enterprise(session).users[JOHN].suspended

    def test_sync(self, session: Session) -> None:
        added = add_user(msTeamsXsiPlugin=True)
        sync_added = {"command": "SyncAddedModifiedTeamsUsers", "content": {}}
        sync_deleted = {"command": "SyncDeletedTeamsUsers", "content": {}}
        assert codes(session, "Users", added) == [None]
        assert enterprise(session).pending_teams_additions == {JOHN}
        assert codes(session, "Users", sync_added) == [None]
        assert enterprise(session).pending_teams_additions == set()
        assert codes(session, "Users", user_task("DeleteUser")) == [None]
        assert enterprise(session).pending_teams_deletions == {JOHN}
        assert codes(session, "Users", sync_deleted) == [None]
        assert enterprise(session).pending_teams_deletions == set()

    def test_teams_fields_need_a_teams_user(self, session: Session) -> None:
        change = user_task("ModifyUser", teamsVoiceRoute="US East")
        assert codes(session, "Users", add_user(), change) == [None, "112"]
        becomes = user_task("ModifyUser", teamsVoiceRoute="US East", msTeamsXsiPlugin=True)
        assert codes(session, "Users", becomes, change) == [None, None]


class TestCallCenterAgent:
    def test_assign_modify_remove(self, session: Session) -> None:
        assert codes(session, "CallCenterAgent", agent_task("Assign", "a@x")) == ["101"]
        assert codes(session, "Users", add_user()) == [None]
        assert (
            codes(
                session,
                "CallCenterAgent",
                agent_task("Assign", "a@x", "b@x"),
                agent_task("Modify", "a@x"),
                agent_task("Remove", "a@x"),
            )
            == [None] * 3
        )
        assert set(enterprise(session).users[JOHN].call_centers) == {"b@x"}

    def test_agents_who_are_already_there(self, session: Session) -> None:
        session.run({"Users": [add_user()], "CallCenterAgent": [agent_task("Assign", "a@x", "b@x")]})
        again = agent_task("Assign", "a@x", "c@x", "b@x")
        expected = ("107", "User is already assigned to Call Center(s) in the list [a@x, b@x]")
        assert failure(session, "CallCenterAgent", again) == expected
        assert "c@x" not in enterprise(session).users[JOHN].call_centers

    @pytest.mark.parametrize("command", ["Modify", "Remove"])
    def test_agents_who_are_not_there(self, session: Session, command: str) -> None:
        session.run({"Users": [add_user()], "CallCenterAgent": [agent_task("Assign", "a@x")]})
        assert failure(session, "CallCenterAgent", agent_task(command, "a@x", "b@x")) == (
            "105",
            "Call Center does not exist or agent cannot be assigned to call center. [b@x]",
        )
        assert set(enterprise(session).users[JOHN].call_centers) == {"a@x"}


class TestSettings:
    def test_call_recording(self, session: Session) -> None:
        session.run({"Users": [add_user()]})
        assert codes(
            session, "CallRecording", recording(recordCall="Always"), recording(JANE, recordCall="Never")
        ) == [
            None,
            "101",
        ]
        assert enterprise(session).users[JOHN].call_recording == {"recordCall": "Always"}

    def test_call_forwarding(self, session: Session) -> None:
        session.run({"Users": [add_user()]})
        task = forwarding(callFwdAllActive=True, callFwdAllNumber="1")
        assert codes(session, "CallForwarding", task, forwarding(JANE, callFwdAllActive=True)) == [
            None,
            "101",
        ]
        assert enterprise(session).users[JOHN].call_forwarding["callFwdAllNumber"] == "1"

    def test_a_suspended_teams_user_stays_forwarded(self, session: Session) -> None:
        session.run({"Users": [add_user(msTeamsXsiPlugin=True), user_task("SuspendUser")]})
        off = forwarding(callFwdAllActive=False)
        assert failure(session, "CallForwarding", off) == (
            "113",
            "Call Foward All cannot be disabled for a SUSPENDED team user.",
        )
        session.run({"Users": [user_task("RestoreUser")]})
        assert codes(session, "CallForwarding", off) == [None]


class TestPhoneNumbers:
    def test_assign_unassign_modify(self, session: Session) -> None:
        span = "214-555-0100 - 214-555-0102"
        assert codes(
            session,
            "PhoneNumbers",
            numbers_task("Assign", span, "Dallas"),
            numbers_task("Assign", "214.555.0101", "Plano"),
            numbers_task("Unassign", NUMBER, "Plano"),
            numbers_task("Unassign", NUMBER, "Dallas"),
            numbers_task("Modify", "2145550101", "Plano", activated=True),
            numbers_task("Modify", "2145550102", "none"),
            numbers_task("Modify", "2145550102", activated=False),
        ) == [None, "100", "100", None, None, None, None]
        inventory = enterprise(session).inventory.by_digits
        assert [(each.group_id, each.activated) for each in inventory.values()] == [
            (None, None),
            ("Plano", True),
            (None, False),
        ]

    def test_numbers_in_use_stay(self, session: Session) -> None:
        session.run({"PhoneNumbers": [numbers_task("Assign", f"{NUMBER} - 214-555-0105", "Dallas")]})
        assert codes(session, "Users", add_user(phoneNumber="2145550103")) == [None]
        assert codes(
            session,
            "PhoneNumbers",
            numbers_task("Unassign", f"{NUMBER} - 214-555-0105", "Dallas"),
            numbers_task("Modify", "2145550103", "Plano"),
            numbers_task("Modify", "2145550103", "Dallas"),
        ) == ["100", "100", None]
        assert enterprise(session).inventory.by_digits["2145550100"].group_id == "Dallas"

    def test_a_range_without_end_is_refused(self, session: Session) -> None:
        task = numbers_task("Assign", "1000000000 - 9999999999", "Dallas")
        assert failure(session, "PhoneNumbers", task) == ("106", "Validation Error")
        assert not enterprise(session).inventory.by_digits


class TestNumbersOfUsers:
    def test_any_number_is_fine_while_nothing_is_known_of_it(self, session: Session) -> None:
        assert codes(session, "Users", add_user(phoneNumber=NUMBER)) == [None]
        assert codes(session, "Users", add_user(JANE, phoneNumber="2145550100")) == ["100"]

    def test_a_number_must_be_in_the_group_of_the_user(self, session: Session) -> None:
        session.run({"PhoneNumbers": [numbers_task("Assign", NUMBER, "Plano")]})
        code, description = failure(session, "Users", add_user(phoneNumber="2145550100"))
        assert code == "100"
        assert description == (
            "General Error. Phone number 2145550100 is assigned to group Plano, not to group Dallas"
        )
        assert codes(session, "Users", add_user(JANE, "Plano", phoneNumber="2145550100")) == [None]

    def test_the_wrong_order_in_one_operation_is_punished(self, session: Session) -> None:
        tasks = {
            "Users": [add_user(phoneNumber=NUMBER)],
            "PhoneNumbers": [numbers_task("Assign", f"{NUMBER} - 214-555-0149", "Dallas")],
        }
        results = session.run(tasks)
        assert [each["status"] for name in tasks for each in results[name]] == ["FAILED", "SUCCESS"]
        assert "is assigned to the enterprise only" in results["Users"][0]["errorDescription"]
        assert codes(session, "Users", add_user(phoneNumber=NUMBER)) == [None]

    def test_a_move_needs_a_number_of_the_new_group(self, session: Session) -> None:
        session.run({"PhoneNumbers": [
            numbers_task("Assign", NUMBER, "Dallas"), numbers_task("Assign", "2145550200", "Plano"),
        ]})  # fmt: skip
        move, move_with_number = user_task("ModifyUser"), user_task("ModifyUser", phoneNumber="2145550200")
        move["content"]["groupId"] = move_with_number["content"]["groupId"] = "Plano"
        assert codes(session, "Users", add_user(phoneNumber=NUMBER), move, move_with_number) == [
            None,
            "100",
            None,
        ]
        assert enterprise(session).users[JOHN].phone_number == "2145550200"
        assert enterprise(session).inventory.by_digits["2145550100"].user_id is None

    def test_a_number_can_be_given_back(self, session: Session) -> None:
        assert (
            codes(
                session,
                "Users",
                add_user(phoneNumber=NUMBER),
                user_task("ModifyUser", phoneNumber=""),
                add_user(JANE, phoneNumber=NUMBER),
            )
            == [None] * 3
        )


CLOSED: dict[str, Any] = {
    "groups": ["Dallas"],
    "departments": ["Sales"],
    "servicePacks": ["Premium", "Basic"],
    "callCenters": ["known@x"],
    "supervisors": [JANE],
    "domains": ["example.com"],
    "numbers": [{"phoneNumbers": "2145550100 - 2145550101", "groupId": "Dallas"},
                {"phoneNumbers": "2145550200"}],
    "users": [{"userId": JANE, "groupId": "Dallas", "phoneNumber": "2145550101", "servicePacks": ["Premium"],
               "devices": ["phone"], "callCenters": ["known@x"]}],
    "devices": [{"name": "phone", "groupId": "Dallas", "linePort": "1"}],
    "callForwardingPacks": ["Premium"],
    "passwordMinLength": 8,
    "suspendRestore": False,
    "unsupportedCommands": ["SyncDeletedTeamsUsers"],
    "systemErrors": ["broken.user@example.com", "broken-device"],
}  # fmt: skip
"""Somebody's picture of their system."""


@pytest.fixture(scope="module")
def closed_sandbox() -> Iterator[RunningSandbox]:
    with serve_in_thread(SandboxSettings(state=parse_state(CLOSED))) as sandbox:
        yield sandbox
        assert not sandbox.truth.crashes


@pytest.fixture
def closed(closed_sandbox: RunningSandbox) -> Iterator[Session]:
    """A session with an enterprise of its own, which begins with the closed world."""
    session = Session(closed_sandbox, f"enterprise-{next(_enterprises)}")
    with closing(session.http):
        yield session


class TestClosedWorld:
    @pytest.mark.parametrize(
        ("task_type", "task", "code"),
        [
            ("Users", add_user(department="Sales", servicePacks=["Premium"], phoneNumber="2145550100"), None),
            ("Users", add_user(department="Marketing"), "100"),
            ("Users", add_user(servicePacks=["Premium", "Gold"]), "100"),
            ("Users", add_user("john.doe@elsewhere.org"), "100"),
            ("Users", add_user(emailAddress="john.doe@elsewhere.org"), "100"),
            ("Users", add_user(phoneNumber="2145559999"), "100"),
            ("Users", add_user(phoneNumber="2145550200"), "100"),
            ("Users", add_user(phoneNumber="2145550101"), "100"),
            ("Users", add_user(userPassword="short"), "106"),
            ("Users", add_user(JANE), "102"),
            ("Users", device_task("AddDevice", "phone", "Dallas"), "104"),
            ("Users", device_task("AddDevice", "new", "Dallas", linePort="1"), "100"),
            ("Users", user_task("SuspendUser", JANE), "108"),
            ("Users", user_task("RestoreUser", JANE), "108"),
            ("Users", {"command": "SyncDeletedTeamsUsers", "content": {}}, "110"),
            ("Users", user_task("ModifyUser", "broken.user@example.com"), "500"),
            ("Users", add_user("broken.user@example.com"), "500"),
            ("Users", device_task("AddDevice", "broken-device", "Dallas"), "500"),
            ("CallCenterAgent", agent_task("Assign", "unknown@x", agent=JANE), "105"),
            ("CallCenterAgent", agent_task("Assign", "known@x", agent=JANE), "107"),
            ("CallCenterAgent", agent_task("Remove", "known@x", agent=JANE), None),
            ("CallForwarding", forwarding(JANE, callFwdAllActive=True), None),
            ("PhoneNumbers", numbers_task("Assign", "2145559999", "Dallas"), "100"),
            ("PhoneNumbers", numbers_task("Assign", "2145550200", "Nowhere"), "100"),
            ("PhoneNumbers", numbers_task("Assign", "2145550200", "Dallas"), None),
        ],
    )
    def test_what_is_not_listed_does_not_exist(
        self, closed: Session, task_type: str, task: dict[str, Any], code: str | None
    ) -> None:
        assert codes(closed, task_type, task) == [code]

    def test_forwarding_all_calls_needs_a_service(self, closed: Session) -> None:
        session = closed
        session.run({"Users": [add_user(servicePacks=["Basic"])]})
        assert failure(session, "CallForwarding", forwarding(callFwdAllActive=True)) == (
            "109",
            "Call Forwarding Always is not enabled for the user.",
        )
        assert codes(session, "CallForwarding", forwarding(callFwdBusyActive=True)) == [None]

    def test_an_account_for_some_groups_is_not_authorised_elsewhere(self, start: Any) -> None:
        session = start(state={"administeredGroups": ["Dallas"]})
        plano = add_user(JANE, "Plano")
        assert codes(session, "Users", add_user(), plano, device_task("AddDevice", level="Enterprise")) == [
            None,
            "401",
            "401",
        ]
        assert codes(session, "PhoneNumbers", numbers_task("Assign", NUMBER, "Plano")) == ["401"]

    def test_the_unsupported_command_stands_at_the_end(self, closed: Session) -> None:
        task = {"command": "SyncDeletedTeamsUsers", "content": {}}
        description = "Unsupported API command. SyncDeletedTeamsUsers"
        assert failure(closed, "Users", task) == ("110", description)


def test_every_code_of_appendix_vii_is_reached_by_a_test_above() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [code for code in ERROR_CODES if f'"{code}"' not in text] == []
