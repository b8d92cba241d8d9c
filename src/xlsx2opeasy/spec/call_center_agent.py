"""Appendix II: the CallCenterAgent sheet."""

from xlsx2opeasy.spec.build import boolean, integer, required, text, texts
from xlsx2opeasy.spec.model import AtLeastOne, Command, Group, TaskType
from xlsx2opeasy.spec.rules import Between

ALL = frozenset({"Assign", "Modify", "Remove"})
SETTING = frozenset({"Assign", "Modify"})

# fmt: off
_FIELDS = (
    text("agentId", "ID of the call center agent.", ALL, required=(required(*ALL),), example="john.doe@example.com"),
    text("callCenterInfo[n].callCenterId", "ID of the call center.", ALL, required=(required(*ALL),), example="sales.cc@example.com"),
    boolean("callCenterInfo[n].join", "Whether the agent is automatically joined to the call center.", SETTING),
    integer("callCenterInfo[n].skillLevel", "Skill level, in Premium call centers only.", SETTING, Between(1, 20), example="5"),
    texts("callCenterInfo[n].supervisors", "IDs of the supervisors of this agent.", SETTING, example="jane.doe@example.com"),
)
# fmt: on

CALL_CENTER_AGENT = TaskType(
    name="CallCenterAgent",
    appendix="II",
    description="Agents of call centers: assign, modify, remove.",
    commands=(
        Command("Assign", "Assign an agent to one or more call centers."),
        Command("Modify", "Modify the settings of an agent; also assign supervisors to the agent."),
        Command("Remove", "Remove an agent from one or more call centers."),
    ),
    groups=(
        Group("callCenterInfo", "The call centers to assign, modify or remove the agent on.", ALL, many=True),
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
