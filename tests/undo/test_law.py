"""The law of `undo`: where nothing is left that cannot be undone, the enterprise is as it was before.

Played on the simulated enterprise itself, without files and sockets, so that many loads can be played.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from xlsx2opeasy.load.results.completed_effects import CompletedEffect
from xlsx2opeasy.sandbox.commands import apply
from xlsx2opeasy.sandbox.enterprise import Enterprise, TaskFailed
from xlsx2opeasy.sandbox.inventory import expand
from xlsx2opeasy.sandbox.state import DeclaredDevice, DeclaredUser, NumberBlock, State
from xlsx2opeasy.spec.catalogue import BY_NAME, PROCESSING_ORDER
from xlsx2opeasy.undo.inverse import Reason, inverted

USERS = [f"user{number}@example.com" for number in range(4)]
DEVICES = [f"device{number}" for number in range(3)]
CENTERS = ["sales", "help"]
STATE = State(
    numbers=(NumberBlock("100 - 105"), NumberBlock("110 - 115", "Dallas")),
    users=(
        DeclaredUser(USERS[0], "Dallas", call_centers=("sales",)),
        DeclaredUser(USERS[1], "Dallas", devices=(DEVICES[0],), suspended=True),
    ),
    devices=(DeclaredDevice(DEVICES[1], "Dallas"),),
)

Values = dict[str, Any]
Play = tuple[str, str, Values]
users, devices, groups = (
    st.sampled_from(USERS),
    st.sampled_from(DEVICES),
    st.sampled_from(["Dallas", "Plano"]),
)
numbers = st.sampled_from(["100", "101 - 103", "103 - 105", "110", "111 - 112"])


def play(task_type: str, commands: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Play]:
    values = st.fixed_dictionaries({name.replace("__", "."): of for name, of in fields.items()})
    return st.tuples(st.just(task_type), st.sampled_from(commands.split()), values)


PLAYS = st.one_of(
    play("Users", "AddUser", groupId=st.just("Dallas"), user__userId=users),
    play("Users", "AddUserDevice", groupId=st.just("Dallas"), user__userId=users, device__name=devices),
    play("Users", "AddDevice", groupId=st.just("Dallas"), device__name=devices),
    play("Users", "SuspendUser RestoreUser DeleteUser DeleteUserAndDevices", user__userId=users),
    play("Users", "ModifyUser", user__userId=users, user__title=st.just("Boss")),
    play("Users", "DeleteDevice", device__name=devices),
    play("Users", "ModifyDevice", device__name=devices, device__description=st.just("x")),
    play(
        "CallCenterAgent",
        "Assign Remove Modify",
        agentId=users,
        **{"callCenterInfo[n].callCenterId": st.lists(st.sampled_from(CENTERS), min_size=1, unique=True)},
    ),
    play("CallForwarding", "Modify", userId=users, callforwarding__callFwdBusyActive=st.just(True)),
    play("PhoneNumbers", "Assign Unassign Modify", groupId=groups, phoneNumbers=numbers),
)


def nested(task_type: str, values: Values) -> dict[str, Any]:
    """The content of a task whose values stand under the fields' names, as on the wire."""
    content: dict[str, Any] = {}
    for name, value in values.items():
        if name == "callCenterInfo[n].callCenterId":
            content["callCenterInfo"] = [{"callCenterId": each} for each in value]
            continue
        *way, last = BY_NAME[task_type].by_name[name].wire_name.split(".")
        node = content
        for key in way:
            node = node.setdefault(key, {})
        node[last] = value
    return content


def carried_out(enterprise: Enterprise, plays: Sequence[Play]) -> list[CompletedEffect]:
    """Those that the enterprise did, in the order in which an operation does them."""
    order = {each.name: place for place, each in enumerate(PROCESSING_ORDER)}
    done = []
    for number, (name, command, values) in enumerate(plays, 2):
        done.append(CompletedEffect(name, number, name, command, values))
    effective = []
    mine: set[str] = set()
    for task in sorted(done, key=lambda each: order[each.type]):
        numbers = set(expand(task.values.get("phoneNumbers", "0")))
        in_groups = {
            each for each in numbers if (of := enterprise.inventory.by_digits.get(each)) and of.group_id
        }
        if task.command == "Assign" and in_groups - mine:
            continue  # it would do nothing, and its undo something
        try:
            apply(enterprise, task.type, task.command, nested(task.type, task.values))
        except TaskFailed:
            continue
        mine = mine | numbers if task.command == "Assign" else mine - numbers
        effective.append(task)
    return effective


def state_of(enterprise: Enterprise) -> Any:
    return deepcopy(
        (
            {key: asdict(each) for key, each in enterprise.users.items()},
            {key: asdict(each) for key, each in enterprise.devices.items()},
            {key: asdict(each) for key, each in enterprise.inventory.by_digits.items()},
        )
    )


@settings(max_examples=200)
@given(plays=st.lists(PLAYS, max_size=14))
def test_where_all_can_be_undone_the_enterprise_is_as_before(plays: list[Play]) -> None:
    enterprise = Enterprise(STATE)
    before = state_of(enterprise)
    done = carried_out(enterprise, plays)
    found = inverted(done)
    told = [(each.of.sheet, each.of.row) for each in found.not_undone]
    assert len(told) == len(set(told))
    whole = not any(each.kind in (Reason.CANNOT, Reason.IN_PART) for each in found.not_undone)
    for sheet in sorted(found.sheets(), key=lambda each: PROCESSING_ORDER.index(each.task_type)):
        for row in sheet.rows:
            centers = [text for name, text in row.cells.items() if name.startswith("callCenterInfo")]
            values: Values = {k: v for k, v in row.cells.items() if not k.startswith("callCenterInfo")}
            values |= {"callCenterInfo[n].callCenterId": centers} if centers else {}
            try:
                apply(enterprise, sheet.task_type.name, row.command, nested(sheet.task_type.name, values))
            except TaskFailed:
                assert not whole
    event("all is undone" if whole else "something is left")
    if whole:
        assert state_of(enterprise) == before
