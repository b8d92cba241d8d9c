"""Appendix IV: the CallForwarding sheet."""

from xlsx2opeasy.spec.build import NO_FORMER_VALUE, boolean, command, integer, required, text
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import AtLeastOne, Content, Group, Subject, TaskType
from xlsx2opeasy.spec.rules import Between

MODIFY = frozenset({"Modify"})
_F = "callforwarding"

# fmt: off
_SETTINGS = (
    boolean(f"{_F}.callFwdAllActive", "Forward all calls.", MODIFY, number_field=f"{_F}.callFwdAllNumber"),
    text(f"{_F}.callFwdAllNumber", "Destination when all calls are forwarded.", MODIFY, content=Content.NUMBER, example="2145550150"),
    boolean(f"{_F}.callFwdAllReminder", "A short ring on the primary phone when a call is forwarded.", MODIFY),
    boolean(f"{_F}.callFwdBusyActive", "Forward calls when the phone is busy.", MODIFY, number_field=f"{_F}.callFwdBusyNumber"),
    text(f"{_F}.callFwdBusyNumber", "Destination when the phone is busy.", MODIFY, content=Content.NUMBER, example="2145550150"),
    boolean(f"{_F}.callFwdNoAnswerActive", "Forward calls that are not answered.", MODIFY, number_field=f"{_F}.callFwdNoAnswerNumber"),
    text(f"{_F}.callFwdNoAnswerNumber", "Destination when the phone is not answered.", MODIFY, content=Content.NUMBER, example="2145550150"),
    integer(f"{_F}.callFwdNoAnswerRings", "Rings before forwarding; 0 for none.", MODIFY, Between(0, 20), example="4"),
    boolean(f"{_F}.callFwdNotReachableActive", "Forward calls when the device is not reachable.", MODIFY, number_field=f"{_F}.callFwdNotReachableNumber"),
    text(f"{_F}.callFwdNotReachableNumber", "Destination when the device is not reachable.", MODIFY, content=Content.NUMBER, example="2145550150"),
)
# fmt: on

CALL_FORWARDING = TaskType(
    name="CallForwarding",
    appendix="IV",
    description="Call forwarding of existing users.",
    headings=("Call Forwarding", "Call Forwarding"),
    tab="#2F6F6F",
    commands=(
        command(
            "Modify",
            "Modify call forwarding settings for the user.",
            Effect.CHANGES_USER,
            inverse=NO_FORMER_VALUE,
        ),
    ),
    groups=(Group(_F, "The call forwarding settings.", MODIFY),),
    fields=(
        text(
            "userId",
            "ID of the user.",
            MODIFY,
            required=(required("Modify"),),
            content=Content.CODE,
            subject=Subject.USER,
            example="john.doe@example.com",
        ),
        *_SETTINGS,
    ),
    at_least_one=(
        AtLeastOne(
            MODIFY, tuple(each.name for each in _SETTINGS), "userId", "at least one setting", advised=True
        ),
    ),
)
