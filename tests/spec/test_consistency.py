"""Facts that contradict each other are refused when the catalogue is imported, each by a sentence."""

from dataclasses import replace

import pytest

from xlsx2opeasy.spec.call_center_agent import CALL_CENTER_AGENT
from xlsx2opeasy.spec.catalogue import PROCESSING_ORDER, TASK_TYPES, require_consistent
from xlsx2opeasy.spec.effects import Inverse, ServedBy
from xlsx2opeasy.spec.model import AtLeastOne, Command, Required, TaskType
from xlsx2opeasy.spec.users import USERS

FIELD = USERS.by_name["user.title"]
INVERSE = Inverse("Nothing", ("user.userId",))


def _with(command: Command) -> TaskType:
    return replace(USERS, commands=(*USERS.commands[1:], command))


@pytest.mark.parametrize(
    ("task_type", "says"),
    [
        (replace(USERS, fields=(replace(FIELD, commands=frozenset({"Ad"})),)), "used by Ad, which is no"),
        (
            replace(USERS, fields=(replace(FIELD, required=(Required(frozenset({"DeleteUser"})),)),)),
            "needed by",
        ),
        (replace(CALL_CENTER_AGENT, groups=()), "no group callCenterInfo has many=True"),
        (_with(Command("AddUser", "", inverse=INVERSE)), "reversed by Nothing"),
        (_with(Command("AddUser", "", inverse=Inverse())), "either an inverse or a reason"),
        (
            _with(Command("AddUser", "", inverse=Inverse("DeleteUser", ("user.userPassword",)))),
            "a secret one",
        ),
        (_with(Command("AddUser", "", served_by=ServedBy("AddDevice"))), "which is no Sync command"),
        (_with(Command("AddUser", "", served_by=ServedBy(USERS.syncs[0], frozenset({"x"})))), "x is filled"),
        (replace(USERS, at_least_one=(AtLeastOne(frozenset(), ("x",), "user.userId", ""),)), "x is no field"),
    ],
)
def test_a_contradiction_is_refused(task_type: TaskType, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        require_consistent((task_type,), (task_type,))


def test_the_two_orders_hold_the_same() -> None:
    require_consistent(TASK_TYPES, PROCESSING_ORDER)
    with pytest.raises(ValueError, match="PROCESSING_ORDER"):
        require_consistent(TASK_TYPES, PROCESSING_ORDER[1:])


def test_a_command_asks_for_the_sync_that_serves_it() -> None:
    asked = {
        ("AddUser", "user.teamsVoiceRoute"): "SyncAddedModifiedTeamsUsers",
        ("AddUserDevice", "userProfile"): "SyncAddedModifiedTeamsUsers",
        ("AddUser", "user.title"): None,
        ("ModifyUser", "userProfile"): None,
        ("ModifyUser", "user.msTeamsXsiPlugin"): "SyncAddedModifiedTeamsUsers",
        ("RestoreUser", "user.userId"): "SyncAddedModifiedTeamsUsers",
        ("DeleteUser", "user.userId"): "SyncDeletedTeamsUsers",
        ("DeleteUserAndDevices", "user.userId"): "SyncDeletedTeamsUsers",
        ("SuspendUser", "user.userId"): "SyncDeletedTeamsUsers",
        ("AddDevice", "device.name"): None,
    }
    for (command, filled), sync in asked.items():
        assert USERS.by_command[command].sync_for([filled]) == sync, (command, filled)
