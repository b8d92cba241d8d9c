"""The judge: what of the catalogue a task must keep. Laws over the whole catalogue, and cases by hand."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.sandbox.judge import judge
from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES
from xlsx2opeasy.spec.model import Field, Kind, TaskType

from .session import ONE_OF_EACH, add_user, agent_task, device_task, forwarding, numbers_task, user_task

COMMANDS = [(task_type, command) for task_type in TASK_TYPES for command in task_type.command_names]
USED = [
    (task_type, command, field)
    for task_type, command in COMMANDS
    for field in task_type.fields
    if command in field.commands
]


def named(value: Any) -> str:
    return value if isinstance(value, str) else value.name


def example_value(field: Field) -> Any:
    """The catalogue's example, as JSON has it."""
    if field.kind is Kind.BOOLEAN:
        return True
    if field.kind is Kind.INTEGER:
        return int(field.example)
    return field.example.split(";") if field.kind is Kind.TEXTS else field.example


def put(content: dict[str, Any], path: str, value: Any) -> None:
    """Puts a value at a wire path; `[n]` is the first of the list."""
    *way, last = path.split(".")
    for name in way:
        if name.endswith("[n]"):
            content = content.setdefault(name.removesuffix("[n]"), [{}])[0]
        else:
            content = content.setdefault(name, {})
    content[last] = value


def take(content: dict[str, Any], path: str) -> None:
    *way, last = path.split(".")
    for name in way:
        content = content[name.removesuffix("[n]")][0] if name.endswith("[n]") else content[name]
    del content[last]


def full_task(task_type: TaskType, command: str) -> dict[str, Any]:
    """A task with every field that the command uses."""
    content: dict[str, Any] = {}
    for field in task_type.fields:
        if command in field.commands:
            put(content, field.wire_name, example_value(field))
    return {"command": command, "content": content}


@pytest.mark.parametrize(("task_type", "command"), COMMANDS, ids=named)
def test_the_catalogues_examples_are_valid(task_type: TaskType, command: str) -> None:
    assert judge(task_type, full_task(task_type, command)) == []


@pytest.mark.parametrize(("task_type", "command", "field"), USED, ids=named)
def test_each_field_has_one_json_type(task_type: TaskType, command: str, field: Field) -> None:
    right = {Kind.TEXT: str, Kind.BOOLEAN: bool, Kind.INTEGER: int, Kind.TEXTS: list}[field.kind]
    for value in ("text", True, 7, 7.0, None, ["a"], [1], {}, [{}]):
        if type(value) is right and value != [1] and value != [{}]:
            continue
        task = full_task(task_type, command)
        put(task["content"], field.wire_name, value)
        messages = judge(task_type, task)
        where = field.wire_name.replace("[n]", "[0]")
        assert any(message.startswith(f"{where} must be a") for message in messages), (value, messages)


@pytest.mark.parametrize(("task_type", "command"), COMMANDS, ids=named)
def test_fields_of_other_commands_and_unknown_ones_are_refused(task_type: TaskType, command: str) -> None:
    for field in task_type.fields:
        if command not in field.commands | field.doubtful:
            task = full_task(task_type, command)
            put(task["content"], field.wire_name, example_value(field))
            assert any(f"is not used in {command}" in message for message in judge(task_type, task)), (
                field.name
            )
    for path in ("nonsense", "user.nonsense", "user"):
        task = full_task(task_type, command)
        if "." in path and "user" not in task["content"]:
            continue
        put(task["content"], path, "x")
        assert judge(task_type, task)


REQUIRED = [
    (task_type, command, field)
    for task_type, command, field in USED
    if any(command in each.commands and each.unless is None for each in field.required)
]


@pytest.mark.parametrize(("task_type", "command", "field"), REQUIRED, ids=named)
def test_required_fields_are_missed_and_cannot_be_empty(
    task_type: TaskType, command: str, field: Field
) -> None:
    where = field.wire_name.replace("[n]", "[0]")
    full = full_task(task_type, command)
    missing, empty = copy.deepcopy(full), copy.deepcopy(full)
    take(missing["content"], field.wire_name)
    put(empty["content"], field.wire_name, "")
    for task in (missing, empty):
        assert f"{where} is required for {command}" in judge(task_type, task)


@pytest.mark.parametrize(("task_type", "command", "field"), USED, ids=named)
def test_other_texts_and_lists_can_be_cleared(task_type: TaskType, command: str, field: Field) -> None:
    if field.kind not in (Kind.TEXT, Kind.TEXTS) or field.required:
        return
    task = full_task(task_type, command)
    put(task["content"], field.wire_name, "" if field.kind is Kind.TEXT else [])
    if "userProfile" in field.name and command == "AddUserDevice":
        assert "device" in task["content"]
    assert judge(task_type, task) == []


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("lastName", ["D" * 30, "é" * 30, "😀" * 30], ["D" * 31]),
        ("extension", ["0101", "1" * 20], ["1" * 21, "12a", "١٢", " 1"]),
        ("voicePortalPasscode", ["0" * 99, "12-34", "voice-portal-passcode"], []),  # "should be digits only"
        ("endpointType", ["DeviceUser", "trunkuser"], ["Gadget", "Trunk  User"]),
        ("phoneNumberActivation", ["Activate", "ACTIVATE"], ["True"]),
        (
            "emailAddress",
            ["abcdef@x"],
            ["abcde@x", "abcdef@", "abcdef", "abc def@x", "abcdef@x@y", "abcdef@x y"],
        ),
        ("alias1", ["a" * 155 + "@exam"], ["a" * 157 + "@exam", "alias-1"]),
    ],
)
def test_rules_of_user_fields(field: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        assert judge(BY_NAME["Users"], add_user(**{field: value})) == [], value
    for value in bad:
        [message] = judge(BY_NAME["Users"], add_user(**{field: value}))
        assert message.startswith(f"user.{field} is not valid: "), message
        assert value not in message


@pytest.mark.parametrize(("name", "good"), [("john.doe=1'_-./\"}", True), ("John", True), ("j doe", True)])
def test_ping_user_names_have_characters_of_their_own(name: str, good: bool) -> None:
    assert (judge(BY_NAME["Users"], user_task("ModifyUser", pingUserName=name)) == []) is good


@pytest.mark.parametrize(
    ("task_type", "task", "errors"),
    [
        ("Users", add_user("john.d@x"), 0),
        ("Users", add_user("john.@x"), 1),
        ("Users", device_task("AddDevice"), 1),
        ("Users", device_task("AddDevice", level="Enterprise"), 0),
        ("Users", device_task("AddDevice", level="enterprise"), 0),
        ("Users", device_task("AddDevice", level="Site"), 1),
        ("Users", device_task("AddDevice", level="Site", group_id="g"), 0),
        ("Users", device_task("ModifyDevice", macAddress="00085D123456"), 0),
        ("Users", device_task("ModifyDevice", macAddress="mac-address"), 0),
        ("Users", device_task("ModifyDevice", macAddress="00:08:5D:12:34:56"), 1),
        ("Users", device_task("ModifyDevice", dect112Info={"repeaterIpeiNumber": ["1", "2", "3"]}), 0),
        ("Users", device_task("ModifyDevice", dect112Info={"repeaterIpeiNumber": ["1", "2", "3", "4"]}), 1),
        ("Users", device_task("ModifyDevice", audioCodesDeviceSettings={"sasRegistrarPort": 65535}), 0),
        ("Users", device_task("ModifyDevice", audioCodesDeviceSettings={"sasRegistrarPort": 65536}), 1),
        ("Users", device_task("ModifyDevice", audioCodesDeviceSettings={"sasRegistrarPort": 0}), 1),
        ("Users", user_task("ModifyUser", pingEnabledFeatures=["SMS", "Call Center"]), 0),
        ("Users", user_task("ModifyUser", pingEnabledFeatures=["SMS", "Fax"]), 1),
        ("Users", user_task("ModifyUser", servicePacks=["Premium", ""]), 1),
        ("Users", {"command": "SyncDeletedTeamsUsers", "content": {}}, 0),
        ("Users", {"command": "SyncDeletedTeamsUsers", "content": {"groupId": "x"}}, 1),
        ("Users", {"command": "SyncDeletedTeamsUsers"}, 1),
        ("Users", {"command": "adduser", "content": {}}, 1),
        ("Users", {"command": None, "content": {}}, 1),
        ("Users", {"content": {}}, 1),
        ("Users", add_user() | {"status": "SUCCESS"}, 1),
        ("Users", add_user() | {"command": "AddUserDevice"}, 1),
        ("CallCenterAgent", {"command": "Assign", "content": {"agentId": "a"}}, 1),
        ("CallCenterAgent", {"command": "Assign", "content": {"agentId": "a", "callCenterInfo": []}}, 1),
        ("CallCenterAgent", {"command": "Assign", "content": {"agentId": "a", "callCenterInfo": {}}}, 2),
        ("CallCenterAgent", agent_task("Assign", "a", ""), 1),
        ("CallCenterAgent", agent_task("Remove", "a", "b"), 0),
        ("CallForwarding", forwarding(), 0),
        ("CallForwarding", forwarding(callFwdNoAnswerRings=20), 0),
        ("CallForwarding", forwarding(callFwdNoAnswerRings=21), 1),
        ("CallForwarding", forwarding(callFwdNoAnswerRings=-1), 1),
        ("CallForwarding", {"command": "Modify", "content": {"userId": "any-id"}}, 0),
        ("CallRecording", {"command": "Modify", "content": {"userId": "u", "callRecording": {}}}, 0),
        ("PhoneNumbers", numbers_task("Assign", "1", "g"), 0),
        ("PhoneNumbers", numbers_task("Assign", "1"), 1),
        ("PhoneNumbers", numbers_task("Unassign", "1"), 1),
        ("PhoneNumbers", numbers_task("Assign", "1", "NONE"), 1),
        ("PhoneNumbers", numbers_task("Modify", "1", "none"), 0),
        ("PhoneNumbers", numbers_task("Modify", "1", activated=False), 0),
        ("PhoneNumbers", numbers_task("Modify", "1"), 0),
        ("PhoneNumbers", {"command": "Assign", "content": {"groupId": "g", "phoneNumbers": "1"}}, 4),
    ],
)
def test_cases(task_type: str, task: dict[str, Any], errors: int) -> None:
    messages = judge(BY_NAME[task_type], task)
    assert len(messages) == errors, messages


@pytest.mark.parametrize(
    ("numbers", "good"),
    [
        ("214-844-6611", True),
        ("+1 (214) 844-6611", True),
        ("214.844.6611", True),
        ("214-844-6611 - 214-844-6612", True),
        ("214-844-6611 - 214-844-6611", True),
        ("214-844-6612 - 214-844-6611", False),
        ("214-844-6611 - 6612", False),
        ("214-844-6611 - 214-844-6612 - 214-844-6613", False),
        ("214-844-6611 -", True),
        ("214-844-6611 - ", False),
        (" - 214-844-6611", False),
        ("214-844-6611 – 214-844-6612", False),
        ("none", False),
        ("+", False),
        ("214,844", False),
        ("٢١٤", False),
    ],
)
def test_numbers_and_ranges(numbers: str, good: bool) -> None:
    assert (judge(BY_NAME["PhoneNumbers"], numbers_task("Assign", numbers, "g")) == []) is good


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
def test_whatever_stands_in_a_field_the_judge_answers_in_words(data: st.DataObject) -> None:
    task_type, command, field = data.draw(st.sampled_from(USED))
    task = full_task(task_type, command)
    put(task["content"], field.wire_name, data.draw(JSON))
    messages = judge(task_type, task)
    assert all(isinstance(message, str) and message for message in messages)


def test_one_of_each_is_valid() -> None:
    for name, tasks in ONE_OF_EACH.items():
        assert [judge(BY_NAME[name], task) for task in tasks] == [[]]
