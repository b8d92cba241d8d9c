"""Each of the 20 commands has an inverse that the Appendix knows, or a reason why it has none."""

import pytest

from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES

ALL = [(task_type.name, command) for task_type in TASK_TYPES for command in task_type.command_names]
APPENDIX = {
    ("Users", "AddUser"): "DeleteUser",
    ("Users", "AddUserDevice"): "DeleteUserAndDevices",
    ("Users", "AddDevice"): "DeleteDevice",
    ("Users", "SuspendUser"): "RestoreUser",
    ("Users", "RestoreUser"): "SuspendUser",
    ("CallCenterAgent", "Assign"): "Remove",
    ("CallCenterAgent", "Remove"): "Assign",
    ("PhoneNumbers", "Assign"): "Unassign",
    ("PhoneNumbers", "Unassign"): "Assign",
}
"""What takes what back, written down from the commands' descriptions in Appendix I, II and V."""


@pytest.mark.parametrize(("task_type", "command"), ALL)
def test_each_command_is_taken_back_or_said_to_have_no_inverse(task_type: str, command: str) -> None:
    inverse = BY_NAME[task_type].by_command[command].inverse
    assert inverse.command == APPENDIX.get((task_type, command), "")
    assert bool(inverse.command) != bool(inverse.why_not)
    fields = BY_NAME[task_type].by_name
    for name in (*inverse.fields, *inverse.optional):
        assert {command, inverse.command} <= fields[name].commands, name
        assert not fields[name].secret
    for given in inverse.given:
        assert inverse.command in fields[given.field].commands
        assert command in fields[given.where].commands or given.where == "user.pingUserName"


@pytest.mark.parametrize("task_type", list(BY_NAME))
def test_an_inverse_has_all_that_its_command_needs(task_type: str) -> None:
    for inverse in (each.inverse for each in BY_NAME[task_type].commands):
        for each in BY_NAME[task_type].fields:
            needed = any(inverse.command in required.commands for required in each.required)
            assert not needed or each.name in inverse.fields, (inverse.command, each.name)


def test_nothing_secret_is_remembered() -> None:
    for task_type in TASK_TYPES:
        assert all(not task_type.by_name[field].secret for field in task_type.remembered)
