"""CallForwarding: Modify."""

from typing import Any, Final

from xlsx2opeasy.sandbox.enterprise import Command, Enterprise, TaskFailed, User


def modify(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """Modify: to forward all calls needs a service (109), to stop that needs no suspension (113)."""
    user = enterprise.user(content["userId"])
    settings = content.get("callforwarding", {})
    always = settings.get("callFwdAllActive")
    if always is True and not _has_call_forwarding_always(enterprise, user):
        raise TaskFailed("109")
    if always is False and user.suspended and user.teams:
        raise TaskFailed("113")
    user.call_forwarding |= settings


def _has_call_forwarding_always(enterprise: Enterprise, user: User) -> bool:
    packs = enterprise.state.call_forwarding_packs
    return packs is None or not packs.isdisjoint(user.settings.get("servicePacks", ()))


COMMANDS: Final[dict[str, Command]] = {"Modify": modify}
