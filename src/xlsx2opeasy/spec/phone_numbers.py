"""Appendix V: the PhoneNumbers sheet.

The table puts the fields at the top of `content`, the three examples inside `content.phoneNumbers`; the
examples are followed (README, "Where the specification contradicts itself").
"""

from xlsx2opeasy.spec.build import boolean, required, text
from xlsx2opeasy.spec.model import AtLeastOne, Command, TaskType
from xlsx2opeasy.spec.rules import Keyword, NumberOrRange

ALL = frozenset({"Modify", "Unassign", "Assign"})
_IN = "phoneNumbers"

PHONE_NUMBERS = TaskType(
    name="PhoneNumbers",
    appendix="V",
    description="Phone numbers of groups: assign, unassign, activate.",
    commands=(
        Command("Modify", "Activate or deactivate phone numbers, or move them between groups."),
        Command("Unassign", "Unassign phone numbers from a group."),
        Command("Assign", "Assign phone numbers to a group."),
    ),
    fields=(
        text(
            "groupId",
            "The group. With Modify: the group to move to, None for the enterprise only, blank to leave as it is.",
            ALL,
            Keyword("None", frozenset({"Modify"})),
            required=(required("Assign", "Unassign"),),
            wire=f"{_IN}.groupId",
            aliases=(f"{_IN}.groupId",),
            example="Dallas",
        ),
        text(
            "phoneNumbers",
            "One phone number, or an inclusive range.",
            ALL,
            NumberOrRange(),
            required=(required(*ALL),),
            wire=f"{_IN}.phoneNumbers",
            aliases=(f"{_IN}.phoneNumbers",),
            example="214-555-0100 - 214-555-0149",
        ),
        boolean(
            "activated",
            "Whether the numbers are to be activated; ignored where Phone Number Activation is disabled.",
            ALL,
            wire=f"{_IN}.activated",
            aliases=(f"{_IN}.activated",),
        ),
    ),
    at_least_one=(
        AtLeastOne(
            frozenset({"Modify"}), ("groupId", "activated"), "groupId", "a groupId or activated to change"
        ),
    ),
)
