"""Users: AddUser, AddUserDevice, ModifyUser, DeleteUser, DeleteUserAndDevices."""

from typing import Any, Final

from xlsx2opeasy.sandbox.commands import devices, teams
from xlsx2opeasy.sandbox.enterprise import Command, Enterprise, TaskFailed, User
from xlsx2opeasy.sandbox.inventory import digits

_TEAMS_ONLY: Final = ("teamsVoiceRoute", "teamsPbxLocation")


def add_user(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """AddUser: a new user."""
    _require_addable(enterprise, content)
    _add(enterprise, content)


def add_user_device(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """AddUserDevice: a new user with a new device; without a name in the task, the user id is its name."""
    _require_addable(enterprise, content)
    device = content.get("device", {})
    device = device if device.get("name") else device | {"name": content["user"]["userId"]}
    devices.require_addable(enterprise, device)
    user = _add(enterprise, content)
    devices.add(enterprise, device, user.group_id, user.user_id)
    user.devices.add(device["name"])


def modify_user(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """ModifyUser: the fields that are given; a group moves the user, with a number of that group."""
    settings = content["user"]
    user = enterprise.user(settings["userId"])
    enterprise.require_names(content)
    _require_password(enterprise, settings)
    if not (user.teams or settings.get("msTeamsXsiPlugin")) and any(map(settings.get, _TEAMS_ONLY)):
        raise TaskFailed("112")
    group_id = content.get("groupId") or user.group_id
    enterprise.require_rights(group_id)
    number = settings.get("phoneNumber", user.phone_number)
    if number:
        enterprise.inventory.require_free(number, group_id, user.user_id)
    user.group_id = group_id
    _set_number(enterprise, user, number)
    user.settings |= settings
    teams.touch(enterprise, user, wanted=bool(settings.get("msTeamsXsiPlugin")))


def delete_user(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """DeleteUser: the devices stay."""
    _delete(enterprise, content)


def delete_user_and_devices(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """DeleteUserAndDevices: the devices go with the user."""
    for name in _delete(enterprise, content):
        devices.remove(enterprise, name)


def _require_addable(enterprise: Enterprise, content: dict[str, Any]) -> None:
    settings, group_id = content["user"], _group_of(enterprise, content)
    user_id = settings["userId"]
    enterprise.require_working(user_id)
    enterprise.require_rights(group_id)
    if user_id in enterprise.users:
        raise TaskFailed("102", user_id)
    enterprise.require_names(content)
    _require_password(enterprise, settings)
    if number := settings.get("phoneNumber"):
        enterprise.inventory.require_free(number, group_id, user_id)


def _group_of(enterprise: Enterprise, content: dict[str, Any]) -> str:
    """The group of a new user; where a user profile brings it, that of the user's number, if any."""
    number = enterprise.inventory.by_digits.get(digits(content["user"].get("phoneNumber") or ""))
    return content.get("groupId") or (number.group_id if number else None) or ""


def _require_password(enterprise: Enterprise, settings: dict[str, Any]) -> None:
    password = settings.get("userPassword")
    if password and len(password) < enterprise.state.password_min_length:
        raise TaskFailed("106")


def _add(enterprise: Enterprise, content: dict[str, Any]) -> User:
    settings = content["user"]
    user = User(settings["userId"], _group_of(enterprise, content), settings=dict(settings))
    enterprise.users[user.user_id] = user
    _set_number(enterprise, user, settings.get("phoneNumber"))
    of_teams = "teams" in content.get("userProfile", "").casefold()
    teams.touch(enterprise, user, wanted=of_teams or teams.has_teams_fields(settings))
    return user


def _set_number(enterprise: Enterprise, user: User, number: str | None) -> None:
    if user.phone_number:
        enterprise.inventory.take_back(user.phone_number)
    user.phone_number = number or None
    if user.phone_number:
        enterprise.inventory.give(user.phone_number, user.group_id, user.user_id)


def _delete(enterprise: Enterprise, content: dict[str, Any]) -> set[str]:
    """Deletes the user; answers the names of the devices that it had, which stay."""
    user = enterprise.user(content["user"]["userId"])
    _set_number(enterprise, user, None)
    del enterprise.users[user.user_id]
    enterprise.pending_teams_additions.discard(user.user_id)
    if user.teams:
        enterprise.pending_teams_deletions.add(user.user_id)
    for name in user.devices:
        enterprise.devices[name].user_ids.discard(user.user_id)
    return user.devices


COMMANDS: Final[dict[str, Command]] = {
    "AddUser": add_user,
    "AddUserDevice": add_user_device,
    "ModifyUser": modify_user,
    "DeleteUser": delete_user,
    "DeleteUserAndDevices": delete_user_and_devices,
}
