"""Appendix II: the CallCenterAgent sheet."""

from xlsx2opeasy.spec.build import NO_FORMER_VALUE, boolean, command, integer, required, text, texts
from xlsx2opeasy.spec.effects import Effect, Inverse
from xlsx2opeasy.spec.model import AtLeastOne, Content, Group, Subject, TaskType
from xlsx2opeasy.spec.rules import Between

ALL = frozenset({"Assign", "Modify", "Remove"})
SETTING = frozenset({"Assign", "Modify"})
_AGENT_AND_CALL_CENTERS = ("agentId", "callCenterInfo[n].callCenterId")

# fmt: off
_FIELDS = (
    text("agentId", "ID of the call center agent.", ALL, required=(required(*ALL),), content=Content.CODE, subject=Subject.USER, example="john.doe@example.com"),
    text("callCenterInfo[n].callCenterId", "ID of the call center.", ALL, required=(required(*ALL),), content=Content.CODE, subject=Subject.CALL_CENTER, example="sales.cc@example.com"),
    boolean("callCenterInfo[n].join", "Whether the agent is automatically joined to the call center.", SETTING),
    integer("callCenterInfo[n].skillLevel", "Skill level, in Premium call centers only.", SETTING, Between(1, 20), example="5"),
    texts("callCenterInfo[n].supervisors", "IDs of the supervisors of this agent.", SETTING, content=Content.CODE, example="jane.doe@example.com"),
)
# fmt: on

CALL_CENTER_AGENT = TaskType(
    name="CallCenterAgent",
    appendix="II",
    description="Agents of call centers: assign, modify, remove.",
    headings=("Call Center Agent", "Call Center Agent"),
    tab="#7B3F00",
    commands=(
        command(
            "Assign",
            "Assign an agent to one or more call centers.",
            Effect.ASSIGNS_AGENT,
            inverse=Inverse("Remove", _AGENT_AND_CALL_CENTERS),
        ),
        command(
            "Modify",
            "Modify the settings of an agent; also assign supervisors to the agent.",
            Effect.CHANGES_USER,
            inverse=NO_FORMER_VALUE,
        ),
        command(
            "Remove",
            "Remove an agent from one or more call centers.",
            Effect.REMOVES_AGENT,
            inverse=Inverse(
                "Assign",
                _AGENT_AND_CALL_CENTERS,
                in_part="whether the agent had joined, the skill level and the supervisors are not known here:"
                " fill them in, if you know them",
            ),
        ),
    ),
    groups=(
        Group(
            "callCenterInfo",
            "The call centers to assign, modify or remove the agent on.",
            ALL,
            many=True,
            repeat=3,
        ),
    ),
    fields=_FIELDS,
    at_least_one=(
        AtLeastOne(
            ALL,
            ("callCenterInfo[n].callCenterId",),
            "callCenterInfo[0].callCenterId",
            "at least one call center",
        ),
    ),
)
