"""The simulated enterprise: users, devices, phone numbers, and the names it knows. `commands` change it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from xlsx2opeasy.sandbox.inventory import Inventory
from xlsx2opeasy.sandbox.state import DeclaredDevice, DeclaredUser, State
from xlsx2opeasy.spec.error_codes import ERROR_CODES

KINDS: Final[dict[str, str]] = {
    "userProfile": "userProfiles",
    "groupId": "groups",
    "user.department": "departments",
    "user.billingBundle": "billingBundles",
    "user.networkServerSite": "networkServerSites",
    "user.servicePacks": "servicePacks",
    "user.callPickupGroup": "callPickupGroups",
    "user.huntGroup": "huntGroups",
    "user.teamsVoiceRoute": "teamsVoiceRoutes",
    "user.teamsPbxLocation": "teamsPbxLocations",
    "user.networkClassOfService": "networkClassesOfService",
    "user.language": "languages",
    "user.timeZone": "timeZones",
    "device.type": "deviceTypes",
    "device.template": "deviceTemplates",
    "device.trunkUserInformation.trunkGroup": "trunkGroups",
    "device.trunkUserInformation.enterpriseTrunk": "enterpriseTrunks",
}
"""Which field of a Users task names a thing of which kind (`xlsx2opeasy.sandbox.state`)."""

ADDRESSES: Final = ("user.userId", "user.emailAddress", "user.alias1", "user.alias2", "user.alias3")
"""Fields whose domain must be known by the system."""


class TaskFailed(Exception):
    """A task that the back end refuses, with its code of Appendix VII."""

    def __init__(self, code: str, context: str = "") -> None:
        """`context` is what the notes of Appendix VII put at the end of the description."""
        self.code = code
        self.description = f"{ERROR_CODES[code].description} {context}".rstrip()
        super().__init__(self.description)


@dataclass(slots=True)
class User:
    """A user. `settings` are the fields of `user` as set last; `call_centers` those it is an agent of."""

    user_id: str
    group_id: str
    phone_number: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    devices: set[str] = field(default_factory=set)
    call_centers: dict[str, dict[str, Any]] = field(default_factory=dict)
    call_forwarding: dict[str, Any] = field(default_factory=dict)
    call_recording: dict[str, Any] = field(default_factory=dict)
    suspended: bool = False
    teams: bool = False


@dataclass(slots=True)
class Device:
    """A device. `settings` are the fields of `device` as set last; `user_ids` the users who have it."""

    name: str
    group_id: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    user_ids: set[str] = field(default_factory=set)


class Enterprise:
    """Everything that tasks can change, beginning with a state. Names are compared exactly."""

    def __init__(self, state: State) -> None:
        """Raises `NumbersRefused` where the state's numbers contradict each other."""
        self.state = state
        self.users: dict[str, User] = {}
        self.devices: dict[str, Device] = {}
        self.unique_values: dict[tuple[str, str], str] = {}
        """(field, value) of the devices' unique fields -> device."""
        self.inventory = Inventory(closed=state.numbers is not None)
        self.pending_teams_additions: set[str] = set()
        self.pending_teams_deletions: set[str] = set()
        for block in state.numbers or ():
            self.inventory.declare(block.phone_numbers, block.group_id, block.activated)
        for device in state.devices:
            self._declare_device(device)
        for user in state.users:
            self._declare_user(user)

    def _declare_device(self, declared: DeclaredDevice) -> None:
        device = self.devices[declared.name] = Device(declared.name, declared.group_id)
        if declared.line_port is not None:
            device.settings["linePort"] = declared.line_port
            self.unique_values["linePort", declared.line_port] = device.name

    def _declare_user(self, declared: DeclaredUser) -> None:
        user = User(
            user_id=declared.user_id,
            group_id=declared.group_id,
            phone_number=declared.phone_number,
            settings={"servicePacks": list(declared.service_packs)},
            devices=set(declared.devices),
            call_centers={each: {} for each in declared.call_centers},
            suspended=declared.suspended,
            teams=declared.teams,
        )
        self.users[user.user_id] = user
        for name in user.devices:
            self.devices.setdefault(name, Device(name, user.group_id)).user_ids.add(user.user_id)
        if user.phone_number is not None:
            self.inventory.give(user.phone_number, user.group_id, user.user_id)

    def announce(self, contents: Iterable[dict[str, Any]]) -> None:
        """Makes the numbers known that PhoneNumbers tasks of an operation are going to assign.

        Until then they are in no group, so a Users task of the same operation, which is processed earlier,
        cannot have them.
        """
        for content in contents:
            numbers = content["phoneNumbers"]
            group = numbers.get("groupId", "")
            if group and group.casefold() != "none":
                self.inventory.announce(numbers["phoneNumbers"])

    def user(self, user_id: str) -> User:
        """The user; fails with 101."""
        self.require_working(user_id)
        if user_id not in self.users:
            raise TaskFailed("101", user_id)
        user = self.users[user_id]
        self.require_rights(user.group_id)
        return user

    def device(self, name: str) -> Device:
        """The device; fails with 103."""
        self.require_working(name)
        if name not in self.devices:
            raise TaskFailed("103", name)
        device = self.devices[name]
        self.require_rights(device.group_id)
        return device

    def require_working(self, name: str) -> None:
        """Fails with 500 where the state says that the system fails at this user or device."""
        if name in self.state.system_errors:
            raise TaskFailed("500")

    def require_rights(self, group_id: str | None) -> None:
        """Fails with 401 where the API account administers other groups only."""
        administered = self.state.administered_groups
        if administered is not None and group_id not in administered:
            raise TaskFailed("401")

    def require_known(self, kind: str, name: str) -> None:
        """Fails with 100 where the world of this kind is closed and the name not in it."""
        if not self.state.knows(kind, name):
            raise TaskFailed("100", f'"{name}" does not exist ({kind})')

    def require_names(self, content: dict[str, Any]) -> None:
        """Fails with 100 at the first name in a Users task that does not exist."""
        for path, kind in KINDS.items():
            value = value_at(content, path)
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and name:
                    self.require_known(kind, name)
        for path in ADDRESSES:
            address = value_at(content, path)
            if isinstance(address, str) and address:
                self.require_known("domains", address.rpartition("@")[2])


Command = Callable[[Enterprise, dict[str, Any]], None]
"""Changes the enterprise as a content says; or raises `TaskFailed`, `NumbersRefused` and changes nothing."""


def value_at(content: dict[str, Any], path: str) -> object:
    """The value at a dotted path of a content, or None."""
    value: object = content
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
