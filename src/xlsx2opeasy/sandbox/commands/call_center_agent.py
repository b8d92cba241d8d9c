"""CallCenterAgent: Assign, Modify, Remove."""

from typing import Any, Final

from xlsx2opeasy.sandbox.enterprise import Command, Enterprise, TaskFailed, User


def assign(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """Assign: to call centers that exist (105) and that the agent is not in (107)."""
    user = enterprise.user(content["agentId"])
    wanted = _call_centers(enterprise, content)
    if already := [each for each in wanted if each in user.call_centers]:
        raise TaskFailed("107", f"[{', '.join(already)}]")
    user.call_centers |= wanted


def modify(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """Modify: the settings in call centers that the agent is in (105)."""
    user, wanted = _assigned(enterprise, content)
    for call_center, settings in wanted.items():
        user.call_centers[call_center] |= settings


def remove(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """Remove: from call centers that the agent is in (105)."""
    user, wanted = _assigned(enterprise, content)
    for call_center in wanted:
        del user.call_centers[call_center]


def _assigned(enterprise: Enterprise, content: dict[str, Any]) -> tuple[User, dict[str, dict[str, Any]]]:
    user = enterprise.user(content["agentId"])
    wanted = _call_centers(enterprise, content)
    for call_center in wanted:
        if call_center not in user.call_centers:
            raise TaskFailed("105", f"[{call_center}]")
    return user, wanted


def _call_centers(enterprise: Enterprise, content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    wanted = {each["callCenterId"]: dict(each) for each in content["callCenterInfo"]}
    for call_center, settings in wanted.items():
        if not enterprise.state.knows("callCenters", call_center):
            raise TaskFailed("105", f"[{call_center}]")
        for supervisor in settings.get("supervisors", ()):
            enterprise.require_known("supervisors", supervisor)
    return wanted


COMMANDS: Final[dict[str, Command]] = {"Assign": assign, "Modify": modify, "Remove": remove}
