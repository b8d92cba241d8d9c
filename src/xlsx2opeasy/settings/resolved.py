"""The settings in force, and where each comes from: a flag, else the environment, else the profile."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.http.names import canonical_enterprise
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings.config import ENTERPRISE_FIELD, config_file, line_of, read_config
from xlsx2opeasy.tasks.limits import ChunkLimits

DEFAULT_PROFILE = "default"
_PROFILE_VARIABLE = "OPEASY_PROFILE"
_VARIABLES = {
    "url": "OPEASY_URL",
    "enterprise_id": "OPEASY_ENTERPRISE_ID",
    "ca_bundle": "OPEASY_CA_BUNDLE",
}


@dataclass(frozen=True)
class Flags:
    """The options of the command line; None where one is missing."""

    url: str | None = None
    enterprise_id: str | None = None
    profile: str | None = None
    ca_bundle: Path | None = None
    api_key_file: Path | None = None


@dataclass(frozen=True)
class Settings:
    """The settings in force, all but the key."""

    url: str
    enterprise_id: str
    profile: str
    ca_bundle: Path | None = None
    limits: ChunkLimits = field(default_factory=ChunkLimits)
    wire_names: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None
    notify: str = ""
    notify_secret: Secret | None = None
    enterprise_field: str = ENTERPRISE_FIELD


@dataclass(frozen=True)
class OfflineSettings:
    """What a profile says of reading a workbook and making tasks, for which no server is needed."""

    limits: ChunkLimits = field(default_factory=ChunkLimits)
    wire_names: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None
    notify_secret: Secret | None = None
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value, None where it is not set; `keys` is its place in `config.toml`."""

    name: str
    value: str | int | None
    origin: str
    keys: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where the value comes from, in words, with the line of a file."""
        return f"{self.origin}, line {line_of(config_file(), *self.keys)}" if self.keys else self.origin


def read_settings(flags: Flags) -> Settings:
    """Raises UsageError where a setting is missing, unknown or of the wrong kind."""
    found = {each.name: each.value for each in resolve(flags)}
    if not found["url"]:
        raise UsageError(
            "no server is named", "give --url, set OPEASY_URL, or rehearse without a server: --sandbox"
        )
    enterprise = canonical_enterprise(str(found["enterprise_id"] or ""))
    if not enterprise:
        raise UsageError("no enterprise is named", "give --enterprise-id or set OPEASY_ENTERPRISE_ID")
    offline = read_offline_settings(flags.profile)
    bundle = found["ca_bundle"]
    return Settings(
        url=str(found["url"]),
        enterprise_id=enterprise,
        profile=str(found["profile"]),
        ca_bundle=Path(str(bundle)) if bundle else None,
        limits=offline.limits,
        mapping=offline.mapping,
        notify=str(found["notify"] or ""),
        notify_secret=offline.notify_secret,
        enterprise_field=str(found.get(f"wire.{ENTERPRISE_FIELD}", ENTERPRISE_FIELD)),
        wire_names=offline.wire_names,
    )


def read_offline_settings(profile: str | None) -> OfflineSettings:
    """The settings of a profile that need no server. Raises UsageError as `read_settings` does."""
    config = read_config(config_file())
    chosen = _profile_table(config, _profile(config, Flags(profile=profile)))
    usual = ChunkLimits()
    limits = ChunkLimits(chosen.get("chunk_tasks", usual.tasks), chosen.get("chunk_bytes", usual.bytes))
    wire = {**config.get("wire", {}), **chosen.get("wire", {})}
    wire.pop(ENTERPRISE_FIELD, None)
    mapping, secret = chosen.get("mapping"), chosen.get("notify_secret")
    lists = _beside(config_file(), mapping) if mapping else None
    allow = tuple(chosen.get("allow", ()))
    return OfflineSettings(limits, wire, lists, Secret(secret) if secret else None, allow)


def _beside(path: Path, name: str) -> Path:
    """A file that the configuration names, which is looked for beside it."""
    return path.parent / Path(name).expanduser()


def profile_naming(origin: str, enterprise_id: str) -> str | None:
    """The profile whose server and enterprise these are; None where no profile names them."""
    from xlsx2opeasy.opeasy.connection import checked_origin  # it brings httpx

    for name, profile in read_config(config_file()).get("profiles", {}).items():
        if profile.get("enterprise_id") == enterprise_id and profile.get("url"):
            with contextlib.suppress(UsageError):
                if checked_origin(profile["url"]) == origin:
                    return str(name)
    return None


def resolve(flags: Flags) -> tuple[Value, ...]:
    """Every setting with its source; wire names only where the configuration has some.

    Raises UsageError where the configuration cannot be understood, or lacks the profile that is asked for.
    """
    path = config_file()
    config = read_config(path)
    profile = _profile(config, flags)
    table = _profile_table(config, profile)
    name = str(profile.value)
    texts = [_text(each, flags, table, path, name) for each in _VARIABLES]
    usual = ChunkLimits()
    limits = [
        _limit(each, usual_value, table, path, name)
        for each, usual_value in (("chunk_tasks", usual.tasks), ("chunk_bytes", usual.bytes))
    ]
    mapping = table.get("mapping")
    lists = Value("mapping", None, "not set")
    if mapping:
        lists = _of_file("mapping", str(_beside(path, mapping)), path, "profiles", name, "mapping")
    allow = Value("allow", None, "not set")
    if "allow" in table:
        allow = _of_file("allow", ", ".join(table["allow"]), path, "profiles", name, "allow")
    found = [_of_profile(each, table, path, name) for each in ("notify", "notify_secret")]
    return (profile, *texts, *limits, lists, allow, *found, *_wire(config, table, path, name))


def _profile(config: Mapping[str, Any], flags: Flags) -> Value:
    """The profile in force; UsageError where one is asked for that the configuration lacks."""
    path = config_file()
    if flags.profile:
        value = Value("profile", flags.profile, "option --profile")
    elif variable := os.environ.get(_PROFILE_VARIABLE):
        value = Value("profile", variable, f"environment variable {_PROFILE_VARIABLE}")
    elif found := config.get("default_profile"):
        value = _of_file("profile", found, path, "default_profile")
    else:
        return Value("profile", DEFAULT_PROFILE, "default")
    profiles = config.get("profiles", {})
    if value.value not in profiles:
        known = ", ".join(profiles) or "none"
        raise UsageError(
            f"there is no profile {value.value} in {path} ({value.source})", f"profiles there: {known}"
        )
    return value


def _profile_table(config: Mapping[str, Any], profile: Value) -> Mapping[str, Any]:
    table: Mapping[str, Any] = config.get("profiles", {}).get(profile.value, {})
    return table


def _text(name: str, flags: Flags, table: Mapping[str, Any], path: Path, profile: str) -> Value:
    variable = _VARIABLES[name]
    if flag := getattr(flags, name):
        return Value(name, str(flag), f"option --{name.replace('_', '-')}")
    if value := os.environ.get(variable):
        return Value(name, value, f"environment variable {variable}")
    if value := table.get(name):
        if name == "ca_bundle":
            value = str(_beside(path, value))
        return _of_file(name, value, path, "profiles", profile, name)
    return Value(name, None, "not set")


def _of_profile(name: str, table: Mapping[str, Any], path: Path, profile: str) -> Value:
    """A setting that only a profile has; for a secret only that it is set."""
    if not (value := table.get(name)):
        return Value(name, None, "not set")
    return _of_file(name, "set" if name.endswith("_secret") else value, path, "profiles", profile, name)


def _limit(name: str, usual: int, table: Mapping[str, Any], path: Path, profile: str) -> Value:
    if name in table:
        return _of_file(name, table[name], path, "profiles", profile, name)
    return Value(name, usual, "default")


def _wire(config: Mapping[str, Any], table: Mapping[str, Any], path: Path, profile: str) -> list[Value]:
    own = table.get("wire", {})
    everywhere = {key: name for key, name in config.get("wire", {}).items() if key not in own}
    return [
        *(_of_file(f"wire.{key}", name, path, "wire", key) for key, name in everywhere.items()),
        *(_of_file(f"wire.{key}", name, path, "profiles", profile, "wire", key) for key, name in own.items()),
    ]


def _of_file(name: str, value: str | int, path: Path, *keys: str) -> Value:
    of_profile = f"profile {keys[1]} in " if keys[0] == "profiles" else ""
    return Value(name, value, f"{of_profile}{path}", keys)


def profile_in_force(flags: Flags) -> Value:
    """The profile that a load would use; UsageError where one is asked for that the configuration lacks."""
    return _profile(read_config(config_file()), flags)
