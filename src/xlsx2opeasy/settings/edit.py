"""Changes to `config.toml`: one setting or a whole profile, with comments and everything else kept.

A value is checked as a load would check it before anything is written: then UsageError is raised and the
file is unchanged.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from xlsx2opeasy.durable import make_folder, why_refused, write_file
from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.settings.config import PROFILE_KEYS, config_file, read_config
from xlsx2opeasy.settings.resolved import Flags, profile_in_force
from xlsx2opeasy.spec.catalogue import nearest

_SECRETS = {
    "api_key": "it is stored by: xlsx2opeasy login, or read from --api-key-file",
    "webex_token": "it is stored by: xlsx2opeasy login --webex",
    "notify_secret": "write it into config.toml yourself, so that it is in no shell history",
}
_ELSEWHERE = {
    "home": "set XLSX2OPEASY_HOME",
    "config_file": "set XLSX2OPEASY_HOME",
    "webex_url": "set WEBEX_URL",
    "store_key_file": "set XLSX2OPEASY_STORE_KEY_FILE",
}
_NUMBERS = ("chunk_tasks", "chunk_bytes")
_OF_PROFILE = tuple(name for name in PROFILE_KEYS if name not in ("wire", "notify_secret"))


def set_value(name: str, value: str, flags: Flags) -> str:
    """Changes one setting of the profile in force; says where. Raises UsageError, LocalFailure."""
    keys = _place_of(name, flags)
    if not value.strip():
        raise UsageError(f"{name} needs a value", f"to take it out: xlsx2opeasy config unset {name}")
    checked = checked_value(name, value)

    def change(document: Any) -> None:  # noqa: ANN401
        table = document
        for key in keys[:-1]:
            table = table.setdefault(key, tomlkit.table())
        table[keys[-1]] = checked

    _change(change)
    return _spoken(keys)


def unset_value(name: str, flags: Flags) -> str | None:
    """Takes one setting out of the profile in force; says where, or None where it was not set there."""
    keys = _place_of(name, flags)
    found: Any = read_config(config_file())
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    if found is None:
        return None

    def change(document: Any) -> None:  # noqa: ANN401
        table = document
        for key in keys[:-1]:
            table = table[key]
        del table[keys[-1]]

    _change(change)
    return _spoken(keys)


def write_profile(profile: str, url: str, enterprise_id: str, ca_bundle: Path | None = None) -> Path:
    """Writes a profile and makes it the default one; its other settings stay. The file's place."""

    def change(document: Any) -> None:  # noqa: ANN401
        table = document.setdefault("profiles", tomlkit.table(is_super_table=True)).setdefault(
            profile, tomlkit.table()
        )
        table["url"], table["enterprise_id"] = url, enterprise_id
        if ca_bundle is not None:
            table["ca_bundle"] = str(ca_bundle.absolute())
        if "default_profile" in document:
            document["default_profile"] = profile
        else:
            _put_first(document, "default_profile", profile)

    return _change(change)


def variables_before_profiles() -> list[str]:
    """A sentence for each variable of the environment that is set, and goes before what a profile says."""
    every = ("OPEASY_URL", "OPEASY_ENTERPRISE_ID", "OPEASY_API_KEY", "OPEASY_PROFILE")
    return [
        f"{name} is set, and goes before the profile as long as it is."
        for name in every
        if os.environ.get(name)
    ]


def _put_first(document: Any, key: str, value: str) -> None:  # noqa: ANN401
    """A key of the file itself must precede its first table."""
    rest = tomlkit.dumps(document)
    document.clear()
    for name, item in tomlkit.parse(f"{key} = {tomlkit.item(value).as_string()}\n{rest}").body:
        document.append(name, item)


def _place_of(name: str, flags: Flags) -> tuple[str, ...]:
    """The keys under which the file holds a setting; UsageError for a name that is none, or a secret."""
    if name in _SECRETS:
        raise UsageError(f"{name} is a secret, which config does not take", _SECRETS[name])
    if name in _ELSEWHERE:
        raise UsageError(f"{name} is no setting of a profile", _ELSEWHERE[name])
    if name == "profile":
        return ("default_profile",)
    if name == "store":
        return ("store",)
    profile = str(profile_in_force(flags).value)
    if name.startswith("wire.") and name != "wire.":
        return ("profiles", profile, "wire", name.removeprefix("wire."))
    if name in _OF_PROFILE:
        return ("profiles", profile, name)
    known = ("profile", *_OF_PROFILE, "wire.FIELD", "store")
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
    raise UsageError(f"{name} is no setting", hint)


def checked_value(name: str, value: str) -> str | int | list[str]:
    """The value as the file holds it. Raises UsageError where a load would not take it."""
    if name in _NUMBERS:
        if not value.isascii() or not value.isdecimal() or int(value) < 1:
            raise UsageError(f"{name} must be a number from 1 on", f"such as: config set {name} 500")
        return int(value)
    if name == "allow":
        return [each.strip() for each in value.replace(";", ",").split(",") if each.strip()]
    check = _CHECKS.get(name)
    return check(value) if check else value


def _server(value: str) -> str:
    from xlsx2opeasy.opeasy.connection import checked_origin

    return checked_origin(value)


def _enterprise(value: str) -> str:
    from xlsx2opeasy.opeasy.connection import Connection
    from xlsx2opeasy.secret import Secret

    return Connection("https://localhost", value, Secret("-")).enterprise_id


def _certificates(value: str) -> str:
    from xlsx2opeasy.http.reach import tls_context

    path = Path(value).expanduser().absolute()
    tls_context(path)
    return str(path)


def _mapping(value: str) -> str:
    from xlsx2opeasy.workbook.mapping import mapping_in_force

    path = Path(value).expanduser().absolute()
    mapping_in_force(path, None)
    return str(path)


def _notified(value: str) -> str:
    from xlsx2opeasy.http.reach import checked_notify_url

    return checked_notify_url(value)


def _profile_there(value: str) -> str:
    profiles = read_config(config_file()).get("profiles", {})
    if value not in profiles:
        raise UsageError(
            f"there is no profile {value} in {config_file()}",
            f"profiles there: {', '.join(profiles) or 'none'}",
        )
    return value


def _store(value: str) -> str:
    from xlsx2opeasy.store.address import checked_address

    if checked_address(value).has_password:
        raise UsageError(
            "the store's address holds a password, which config does not take",
            "leave it out and use a password file of PostgreSQL (~/.pgpass), or write it yourself",
        )
    return value


_CHECKS: dict[str, Callable[[str], str]] = {
    "url": _server,
    "enterprise_id": _enterprise,
    "ca_bundle": _certificates,
    "mapping": _mapping,
    "notify": _notified,
    "profile": _profile_there,
    "store": _store,
}


def _change(change: Callable[[Any], None]) -> Path:
    """Reads the file, changes it, holds the new one against the rules of all settings, and writes it."""
    path = config_file().resolve()  # a link stays a link
    read_config(path)  # what is wrong with it already is named by its own line
    try:
        document = (
            tomlkit.parse(path.read_text(encoding="utf-8-sig")) if path.exists() else tomlkit.document()
        )
        change(document)
        text = tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} cannot be changed: {error}", "correct the file by hand") from None
    trial = path.with_name(f".{path.name}.{os.getpid()}.trial")
    try:
        make_folder(path.parent)
        write_file(trial, text.encode())
        try:
            read_config(trial)
        except UsageError as error:
            raise UsageError(error.message.replace(str(trial), str(path)), error.hint) from None
        write_file(path, text.encode())
    except OSError as error:
        raise LocalFailure(
            f"{path} cannot be written: {why_refused(error)}", "nothing was changed"
        ) from error
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
    return path


def _spoken(keys: tuple[str, ...]) -> str:
    return f"profile {keys[1]} in {config_file()}" if keys[0] == "profiles" else str(config_file())
