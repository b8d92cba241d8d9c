"""PhoneNumbers: Assign, Unassign, Modify."""

from typing import Any, Final

from xlsx2opeasy.sandbox.enterprise import Command, Enterprise

_ENTERPRISE_ONLY: Final = "none"
"""The word, in any letter case, that moves numbers back to the enterprise (Appendix V)."""


def assign(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """Assign: numbers of the enterprise come to a group."""
    numbers = content["phoneNumbers"]
    _require_group(enterprise, numbers["groupId"])
    enterprise.inventory.assign(numbers["phoneNumbers"], numbers["groupId"], numbers.get("activated"))


def unassign(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """Unassign: numbers of a group go back to the enterprise."""
    numbers = content["phoneNumbers"]
    _require_group(enterprise, numbers["groupId"])
    enterprise.inventory.unassign(numbers["phoneNumbers"], numbers["groupId"], numbers.get("activated"))


def modify(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """Modify: to another group, back to the enterprise (`None`), or activation only (no group)."""
    numbers = content["phoneNumbers"]
    group_id, activated = numbers.get("groupId"), numbers.get("activated")
    if not group_id:
        enterprise.inventory.activate(numbers["phoneNumbers"], activated)
    elif group_id.casefold() == _ENTERPRISE_ONLY:
        enterprise.inventory.move(numbers["phoneNumbers"], None, activated)
    else:
        _require_group(enterprise, group_id)
        enterprise.inventory.move(numbers["phoneNumbers"], group_id, activated)


def _require_group(enterprise: Enterprise, group_id: str) -> None:
    enterprise.require_rights(group_id)
    enterprise.require_known("groups", group_id)


COMMANDS: Final[dict[str, Command]] = {"Assign": assign, "Unassign": unassign, "Modify": modify}
