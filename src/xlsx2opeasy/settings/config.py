"""`config.toml`: which settings it may hold, and the line of each."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.operating_system import HOME_VARIABLE
from xlsx2opeasy.registry import allowed_rules
from xlsx2opeasy.spec.catalogue import TASK_TYPES, nearest

PROFILE_KEYS = (
    "url",
    "enterprise_id",
    "ca_bundle",
    "chunk_tasks",
    "chunk_bytes",
    "mapping",
    "notify",
    "notify_secret",
    "allow",
    "wire",
)
TOP_KEYS = ("profiles", "wire", "default_profile", "store")
ENTERPRISE_FIELD = "enterpriseId"


def config_file() -> Path:
    """`config.toml` in `XLSX2OPEASY_HOME`, or in the operating system's folder for configuration."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home).expanduser().absolute() / "config.toml"
    return platformdirs.user_config_path("xlsx2opeasy", appauthor=False) / "config.toml"


def read_config(path: Path) -> Mapping[str, Any]:
    """What the file says; {} where there is none. Raises UsageError where it cannot be understood."""
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror or error}", "see to it that you may read it"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "correct the file, or remove it") from None
    _hold_keys(config, TOP_KEYS, path)
    for key, example in (("default_profile", "acme"), ("store", "postgresql://loads@db.example.com/loads")):
        if not isinstance(config.get(key, ""), str):
            raise UsageError(f"{path}: {key} must be a text", f'write it in quotes, such as "{example}"')
    for name, profile in _table(config.get("profiles", {}), path, "profiles").items():
        _hold_profile(_table(profile, path, f"profiles.{name}"), path, f"profiles.{name}")
    _hold_wire(config.get("wire", {}), path, "wire")
    return config


def line_of(path: Path, *keys: str) -> int | None:
    """The line in which the value under `keys` ends; None where the file does not hold it.

    TOML can be written in many ways: so the parser itself is asked, line by line, from where on it sees it.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    for number in range(1, len(lines) + 1):
        try:
            found: Any = tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue  # in the middle of a value
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return number
    return None


def _hold_profile(profile: Mapping[str, Any], path: Path, where: str) -> None:
    _hold_keys(profile, PROFILE_KEYS, path, where)
    for key, value in profile.items():
        if key == "allow":
            _hold_allow(value, path, f"{where}.allow")
        elif key == "wire":
            _hold_wire(value, path, f"{where}.wire")
        elif key.startswith("chunk_"):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UsageError(
                    f"{path}: {where}.{key} must be a number from 1 on",
                    "write it without quotes, such as 500",
                )
        elif not isinstance(value, str):
            raise UsageError(f"{path}: {where}.{key} must be a text", 'write it in quotes, such as "acme"')


def _hold_allow(allow: object, path: Path, where: str) -> None:
    if not isinstance(allow, list) or not all(isinstance(each, str) for each in allow):
        raise UsageError(f"{path}: {where} must be a list of rules", 'write it such as ["unused"]')
    try:
        allowed_rules(allow)
    except UsageError as error:
        raise UsageError(f"{path}: {where}: {error.message}", error.hint) from None


def _hold_wire(wire: object, path: Path, where: str) -> None:
    fields = [
        name
        for task_type in TASK_TYPES
        for each in task_type.fields
        for name in (each.name, f"{task_type.name}.{each.name}")
    ]
    table = _table(wire, path, where)
    _hold_keys(table, (ENTERPRISE_FIELD, *fields), path, where, few=False)
    for key, value in table.items():
        if not isinstance(value, str) or not value:
            raise UsageError(
                f'{path}: {where}."{key}" must be a text', "write the name that the server wants"
            )


def _table(found: object, path: Path, where: str) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise UsageError(f"{path}: {where} must be a table", f"write it as a heading: [{where}]")
    return found


def _hold_keys(
    table: Mapping[str, Any], known: tuple[str, ...], path: Path, where: str = "", *, few: bool = True
) -> None:
    for key in table:
        if key not in known:
            suggestion = nearest(key, known)
            listed = f"known are {', '.join(known)}" if few else "known are the fields: xlsx2opeasy fields"
            hint = f"did you mean {suggestion}?" if suggestion else listed
            raise UsageError(f"{path}: {where}{'.' if where else ''}{key} is no setting", hint)
