"""The enterprise that a sandbox starts with: a TOML or JSON file, as `example_state.toml` beside this module.

Whatever kind of thing the file lists is a closed world: what is not in the list does not exist. Kinds that it
does not list are open: any name is accepted. Users and devices are always those of the file plus those
that tasks have added since.

    enterprises            list of texts: the enterprise ids that exist; each begins with the same state
    groups, departments, servicePacks, userProfiles, billingBundles, callPickupGroups, huntGroups,
    networkClassesOfService, networkServerSites, languages, timeZones, teamsVoiceRoutes, teamsPbxLocations,
    deviceTypes, deviceTemplates, trunkGroups, enterpriseTrunks, callCenters, supervisors,
    domains                lists of texts: the names that exist (`domains`: of user ids, e-mail, aliases)
    numbers                list of tables: phoneNumbers (one, or "A - B"), groupId, activated
    users                  list of tables: userId, groupId, phoneNumber, servicePacks, devices, callCenters,
                           suspended, teams
    devices                list of tables: name, groupId, linePort
    administeredGroups     list of texts: the account's groups; a task elsewhere fails with 401
    suspendRestore         false: SuspendUser and RestoreUser fail with 108
    unsupportedCommands    list of texts: commands that fail with 110
    callForwardingPacks    list of texts: a user without one of these service packs cannot forward all
                           calls (109)
    passwordMinLength      integer: a shorter user password fails with 106
    systemErrors           list of texts: user ids and device names whose tasks fail with 500
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

NAME_LISTS: Final = frozenset({
    "groups",
    "departments",
    "servicePacks",
    "userProfiles",
    "billingBundles",
    "callPickupGroups",
    "huntGroups",
    "networkClassesOfService",
    "networkServerSites",
    "languages",
    "timeZones",
    "teamsVoiceRoutes",
    "teamsPbxLocations",
    "deviceTypes",
    "deviceTemplates",
    "trunkGroups",
    "enterpriseTrunks",
    "callCenters",
    "supervisors",
    "domains",
})  # fmt: skip


_Kind = TypeVar("_Kind")
_Default = TypeVar("_Default")


class StateFileError(ValueError):
    """The state file cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class NumberBlock:
    """Numbers of the inventory: one number or a range, and the group that has them (None: the enterprise)."""

    phone_numbers: str
    group_id: str | None = None
    activated: bool | None = None


@dataclass(frozen=True, slots=True)
class DeclaredUser:
    """A user that exists from the start."""

    user_id: str
    group_id: str
    phone_number: str | None = None
    service_packs: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    call_centers: tuple[str, ...] = ()
    suspended: bool = False
    teams: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredDevice:
    """A device that exists from the start."""

    name: str
    group_id: str | None = None
    line_port: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What exists from the start; `None` and a missing list mean an open world. See the module's text."""

    enterprises: frozenset[str] | None = None
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    numbers: tuple[NumberBlock, ...] | None = None
    users: tuple[DeclaredUser, ...] = ()
    devices: tuple[DeclaredDevice, ...] = ()
    administered_groups: frozenset[str] | None = None
    suspend_restore: bool = True
    unsupported_commands: frozenset[str] = frozenset()
    call_forwarding_packs: frozenset[str] | None = None
    password_min_length: int = 0
    system_errors: frozenset[str] = frozenset()

    def has_enterprise(self, enterprise_id: str) -> bool:
        """Whether this enterprise exists."""
        return self.enterprises is None or enterprise_id in self.enterprises

    def knows(self, kind: str, name: str) -> bool:
        """Whether `name` exists among the things of this kind (a key of `NAME_LISTS`)."""
        known = self.names.get(kind)
        return known is None or name in known


def read_state(path: Path) -> State:
    """The state in a `.toml` or `.json` file.

    Raises:
        StateFileError: it is neither, or says something that this module's text does not know.
        OSError: it cannot be read.
    """
    try:
        if path.suffix.lower() == ".json":
            table = json.loads(path.read_text(encoding="utf-8"))
        else:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StateFileError(f"{path.name} is neither valid TOML nor JSON: {error}") from error
    return parse_state(table)


def parse_state(table: object) -> State:
    """The state in a parsed file; raises `StateFileError` where a key or a type is wrong."""
    reader = _Table(table, "the state file")
    state = State(
        enterprises=reader.names("enterprises"),
        names={kind: names for kind in sorted(NAME_LISTS) if (names := reader.names(kind)) is not None},
        numbers=_numbers(reader),
        users=tuple(_user(each) for each in reader.tables("users") or ()),
        devices=tuple(_device(each) for each in reader.tables("devices") or ()),
        administered_groups=reader.names("administeredGroups"),
        suspend_restore=reader.value("suspendRestore", bool, default=True),
        unsupported_commands=reader.names("unsupportedCommands") or frozenset(),
        call_forwarding_packs=reader.names("callForwardingPacks"),
        password_min_length=reader.value("passwordMinLength", int, default=0),
        system_errors=reader.names("systemErrors") or frozenset(),
    )
    reader.done()
    return state


def _numbers(reader: "_Table") -> tuple[NumberBlock, ...] | None:
    tables = reader.tables("numbers")
    if tables is None:
        return None
    return tuple(_number_block(each) for each in tables)


def _number_block(reader: "_Table") -> NumberBlock:
    block = NumberBlock(
        phone_numbers=reader.needed("phoneNumbers"),
        group_id=reader.value("groupId", str, default=None),
        activated=reader.value("activated", bool, default=None),
    )
    reader.done()
    return block


def _user(reader: "_Table") -> DeclaredUser:
    user = DeclaredUser(
        user_id=reader.needed("userId"),
        group_id=reader.needed("groupId"),
        phone_number=reader.value("phoneNumber", str, default=None),
        service_packs=reader.texts("servicePacks") or (),
        devices=reader.texts("devices") or (),
        call_centers=reader.texts("callCenters") or (),
        suspended=reader.value("suspended", bool, default=False),
        teams=reader.value("teams", bool, default=False),
    )
    reader.done()
    return user


def _device(reader: "_Table") -> DeclaredDevice:
    device = DeclaredDevice(
        name=reader.needed("name"),
        group_id=reader.value("groupId", str, default=None),
        line_port=reader.value("linePort", str, default=None),
    )
    reader.done()
    return device


class _Table:
    """A table of the file that is read key by key; `done` refuses the keys that were not read."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, dict):
            raise StateFileError(f"{where} must be a table")
        self._rest = dict(table)
        self._where = where

    def value(self, key: str, kind: type[_Kind], *, default: _Default) -> _Kind | _Default:
        if key not in self._rest:
            return default
        value = self._rest.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise StateFileError(f"{key} in {self._where} must be of type {kind.__name__}")
        return value

    def needed(self, key: str) -> str:
        text = self.value(key, str, default="")
        if not text:
            raise StateFileError(f"{key} is missing in {self._where}")
        return text

    def texts(self, key: str) -> tuple[str, ...] | None:
        values = self.value(key, list, default=None)
        if values is not None and not all(isinstance(each, str) for each in values):
            raise StateFileError(f"{key} in {self._where} must be a list of texts")
        return None if values is None else tuple(values)

    def names(self, key: str) -> frozenset[str] | None:
        texts = self.texts(key)
        return None if texts is None else frozenset(texts)

    def tables(self, key: str) -> list["_Table"] | None:
        values = self.value(key, list, default=None)
        return None if values is None else [_Table(each, f"{key}[{n}]") for n, each in enumerate(values)]

    def done(self) -> None:
        if self._rest:
            raise StateFileError(f"{', '.join(sorted(self._rest))}: no such key in {self._where}")
