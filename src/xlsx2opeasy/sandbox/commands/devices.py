"""Users: AddDevice, ModifyDevice, DeleteDevice."""

from collections.abc import Iterable
from typing import Any, Final

from xlsx2opeasy.sandbox.enterprise import Command, Device, Enterprise, TaskFailed

_UNIQUE: Final = ("linePort", "accessUserName")
"""Fields of a device that are unique within the system, beside its name."""


def add_device(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """AddDevice: a new device, at a group or (without one) at the enterprise."""
    group_id = content.get("groupId") or None
    enterprise.require_rights(group_id)
    require_addable(enterprise, content["device"])
    enterprise.require_names(content)
    add(enterprise, content["device"], group_id)


def modify_device(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """ModifyDevice: the fields that are given; a group moves the device."""
    settings = content["device"]
    device = enterprise.device(settings["name"])
    group_id = content.get("groupId") or device.group_id
    enterprise.require_rights(group_id)
    enterprise.require_names(content)
    _require_unique(enterprise, settings)
    device.group_id = group_id
    _set(enterprise, device, settings)


def delete_device(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """DeleteDevice: users who have it lose it."""
    remove(enterprise, enterprise.device(content["device"]["name"]).name)


def require_addable(enterprise: Enterprise, settings: dict[str, Any]) -> None:
    """Fails with 104 where the name is taken, with 100 where another unique field is."""
    enterprise.require_working(settings["name"])
    if settings["name"] in enterprise.devices:
        raise TaskFailed("104", settings["name"])
    _require_unique(enterprise, settings)


def add(enterprise: Enterprise, settings: dict[str, Any], group_id: str | None, *user_ids: str) -> None:
    """Puts a device into the enterprise, with the users who have it."""
    device = enterprise.devices[settings["name"]] = Device(settings["name"], group_id)
    device.user_ids.update(user_ids)
    _set(enterprise, device, settings)


def remove(enterprise: Enterprise, name: str) -> None:
    """Takes a device out of the enterprise."""
    device = enterprise.devices.pop(name)
    _release(enterprise, device, _UNIQUE)
    for user_id in device.user_ids:
        enterprise.users[user_id].devices.discard(name)


def _require_unique(enterprise: Enterprise, settings: dict[str, Any]) -> None:
    for name in _UNIQUE:
        owner = enterprise.unique_values.get((name, settings.get(name, "")))
        if owner not in (None, settings["name"]):
            raise TaskFailed("100", f"{name} {settings[name]} is already used by device {owner}")


def _set(enterprise: Enterprise, device: Device, settings: dict[str, Any]) -> None:
    _release(enterprise, device, [name for name in _UNIQUE if name in settings])
    device.settings |= settings
    for name in _UNIQUE:
        if value := device.settings.get(name):
            enterprise.unique_values[name, value] = device.name


def _release(enterprise: Enterprise, device: Device, names: Iterable[str]) -> None:
    for name in names:
        enterprise.unique_values.pop((name, device.settings.get(name, "")), None)


COMMANDS: Final[dict[str, Command]] = {
    "AddDevice": add_device,
    "ModifyDevice": modify_device,
    "DeleteDevice": delete_device,
}
