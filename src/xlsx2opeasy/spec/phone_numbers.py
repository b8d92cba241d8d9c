"""Appendix V: the PhoneNumbers sheet.

The table puts the fields at the top of `content`, the three examples inside `content.phoneNumbers`; the
examples are followed (README, "Where the specification contradicts itself").
"""

from xlsx2opeasy.spec.build import NO_FORMER_VALUE, boolean, command, required, text
from xlsx2opeasy.spec.effects import Effect, Inverse
from xlsx2opeasy.spec.model import AtLeastOne, Content, Subject, TaskType
from xlsx2opeasy.spec.rules import Keyword, NumberOrRange

ALL = frozenset({"Modify", "Unassign", "Assign"})
_IN = "phoneNumbers"


def _reversed_by(command: str) -> Inverse:
    in_part = "whether the numbers were activated before is not known here"
    return Inverse(command, ("groupId", "phoneNumbers"), in_part=in_part, in_part_where=("activated",))


PHONE_NUMBERS = TaskType(
    name="PhoneNumbers",
    appendix="V",
    description="Phone numbers of groups: assign, unassign, activate.",
    headings=("Phone Numbers", "Phone Numbers"),
    tab="#375623",
    commands=(
        command(
            "Modify",
            "Activate or deactivate phone numbers, or move them between groups.",
            Effect.MOVES_NUMBERS,
            inverse=NO_FORMER_VALUE,
        ),
        command(
            "Unassign",
            "Unassign phone numbers from a group.",
            Effect.UNASSIGNS_NUMBERS,
            inverse=_reversed_by("Assign"),
        ),
        command(
            "Assign",
            "Assign phone numbers to a group.",
            Effect.ASSIGNS_NUMBERS,
            inverse=_reversed_by("Unassign"),
        ),
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
            content=Content.NAME,
            subject=Subject.GROUP,
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
            content=Content.NUMBER,
            subject=Subject.NUMBERS,
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
            frozenset({"Modify"}),
            ("groupId", "activated"),
            "groupId",
            "a groupId or activated to change",
            advised=True,
        ),
    ),
)
