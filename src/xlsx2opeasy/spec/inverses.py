"""What takes a command back: for each of the 20 commands its inverse, or why there is none (Appendix I-V).

An inverse is built from the task alone, so it never needs a secret, and nothing that stood there before.
"""

from dataclasses import dataclass
from typing import Final

_NO_FORMER_VALUE = (
    "the task says what was set, not what stood there before: set the former values by hand, if you know them"
)
_NO_FORMER_USER = (
    "the task names the user only; the password and the settings of the deleted user are not known here:"
    " add the user again by hand"
)
_NO_FORMER_DEVICE = (
    "the task names the device only; its type, its settings and its users are not known here:"
    " add the device again by hand"
)
_NOTHING_TO_SYNC = "no command takes a synchronisation back, and this workbook leaves none to be done"


@dataclass(frozen=True, slots=True)
class Given:
    """`field` gets `value` where the task has the field `where` filled with something else than FALSE."""

    field: str
    value: str
    where: str


@dataclass(frozen=True, slots=True)
class Inverse:
    """The command that takes another one back, with the fields that it takes over from the task.

    `optional` fields are taken over where the task has them. `command` is empty where there is none: `why_not`
    says why. `in_part` says what the inverse does not bring back, where the task fills one of
    `in_part_where` (always, where that is empty).
    """

    command: str = ""
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    given: tuple[Given, ...] = ()
    why_not: str = ""
    in_part: str = ""
    in_part_where: tuple[str, ...] = ()


_PING = (
    Given("user.pingUserDispositionalState", "Retain", where="user.useExistingPingAccount"),
    Given("user.pingUserDispositionalState", "Deactivate", where="user.pingUserName"),
)
"""A Ping account that was there before stays; one that came with the user goes. The first that holds counts."""

_CALL_CENTERS = ("agentId", "callCenterInfo[n].callCenterId")
_NUMBERS = ("groupId", "phoneNumbers")
_ACTIVATION = "whether the numbers were activated before is not known here"

INVERSES: Final[dict[str, dict[str, Inverse]]] = {
    "Users": {
        "AddUser": Inverse("DeleteUser", ("user.userId",), given=_PING),
        "AddUserDevice": Inverse("DeleteUserAndDevices", ("user.userId",), given=_PING),
        "ModifyUser": Inverse(why_not=_NO_FORMER_VALUE),
        "AddDevice": Inverse("DeleteDevice", ("device.name",), ("device.level",)),
        "ModifyDevice": Inverse(why_not=_NO_FORMER_VALUE),
        "DeleteUser": Inverse(why_not=_NO_FORMER_USER),
        "DeleteDevice": Inverse(why_not=_NO_FORMER_DEVICE),
        "DeleteUserAndDevices": Inverse(why_not=_NO_FORMER_USER),
        "SuspendUser": Inverse("RestoreUser", ("user.userId",)),
        "RestoreUser": Inverse("SuspendUser", ("user.userId",)),
        "SyncAddedModifiedTeamsUsers": Inverse(why_not=_NOTHING_TO_SYNC),
        "SyncDeletedTeamsUsers": Inverse(why_not=_NOTHING_TO_SYNC),
    },
    "CallCenterAgent": {
        "Assign": Inverse("Remove", _CALL_CENTERS),
        "Modify": Inverse(why_not=_NO_FORMER_VALUE),
        "Remove": Inverse(
            "Assign",
            _CALL_CENTERS,
            in_part="whether the agent had joined, the skill level and the supervisors are not known here:"
            " fill them in, if you know them",
        ),
    },
    "CallRecording": {"Modify": Inverse(why_not=_NO_FORMER_VALUE)},
    "CallForwarding": {"Modify": Inverse(why_not=_NO_FORMER_VALUE)},
    "PhoneNumbers": {
        "Modify": Inverse(why_not=_NO_FORMER_VALUE),
        "Unassign": Inverse("Assign", _NUMBERS, in_part=_ACTIVATION, in_part_where=("activated",)),
        "Assign": Inverse("Unassign", _NUMBERS, in_part=_ACTIVATION, in_part_where=("activated",)),
    },
}
"""By task type and command."""

SYNC_AFTER: Final[dict[str, frozenset[str]]] = {
    "SyncDeletedTeamsUsers": frozenset({"DeleteUser", "DeleteUserAndDevices"}),
    "SyncAddedModifiedTeamsUsers": frozenset({"RestoreUser"}),
}
"""The command that Teams users need after inverses of these commands: once, after all of them."""

SUBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "Users": ("user.userId", "device.name"),
    "CallCenterAgent": _CALL_CENTERS,
    "CallRecording": ("userId",),
    "CallForwarding": ("userId",),
    "PhoneNumbers": _NUMBERS,
}
"""The fields that say what a task is about, for a person and for telling two tasks about the same thing."""


def remembered_fields(task_type: str) -> tuple[str, ...]:
    """Every field of this type's tasks that an inverse, or a word about one, is made of. None is a secret."""
    named = list(SUBJECTS[task_type])
    for inverse in INVERSES[task_type].values():
        named += [*inverse.fields, *inverse.optional, *inverse.in_part_where]
        named += [each.where for each in inverse.given]
    return tuple(dict.fromkeys(named))
