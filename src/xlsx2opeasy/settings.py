"""Where a connection's settings come from: a flag, else the environment, else the profile in `config.toml`.

The API key comes from the environment, the operating system's keyring, a file, or a question; never from an
argument, where everybody on the machine could read it.
"""

import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from xlsx2opeasy.errors import AccessDenied, UsageError
from xlsx2opeasy.load.home import HOME_VARIABLE
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.spec.catalogue import TASK_TYPES, nearest
from xlsx2opeasy.tasks.limits import ChunkLimits

KEYRING_SERVICE = "xlsx2opeasy"
WEBEX_KEYRING_NAME = "webex"
PROFILE_KEYS = ("url", "enterprise_id", "ca_bundle", "chunk_tasks", "chunk_bytes")
TOP_KEYS = ("profiles", "wire", "default_profile")
ENTERPRISE_FIELD = "enterpriseId"


@dataclass(frozen=True)
class Flags:
    """What the command line said; None where it said nothing."""

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
    enterprise_field: str = ENTERPRISE_FIELD


def config_file() -> Path:
    """`config.toml` in `XLSX2OPEASY_HOME`, or in the operating system's folder for configuration."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home).expanduser().absolute() / "config.toml"
    return platformdirs.user_config_path("xlsx2opeasy", appauthor=False) / "config.toml"


def read_settings(flags: Flags) -> Settings:
    """Raises UsageError where a setting is missing, unknown or of the wrong kind."""
    config = _read_config(config_file())
    name = flags.profile or os.environ.get("OPEASY_PROFILE") or config.get("default_profile") or "default"
    profiles = config.get("profiles", {})
    if name not in profiles and (flags.profile or os.environ.get("OPEASY_PROFILE")):
        known = ", ".join(profiles) or "none"
        raise UsageError(f"there is no profile {name} in {config_file()}", f"profiles there: {known}")
    profile = profiles.get(name, {})
    url = flags.url or os.environ.get("OPEASY_URL") or profile.get("url")
    enterprise_id = (
        flags.enterprise_id or os.environ.get("OPEASY_ENTERPRISE_ID") or profile.get("enterprise_id")
    )
    ca_bundle = flags.ca_bundle or os.environ.get("OPEASY_CA_BUNDLE") or profile.get("ca_bundle")
    if not url:
        raise UsageError(
            "no server is named", "give --url, set OPEASY_URL, or rehearse without a server: --sandbox"
        )
    if not enterprise_id:
        raise UsageError("no enterprise is named", "give --enterprise-id or set OPEASY_ENTERPRISE_ID")
    wire = dict(config.get("wire", {}))
    return Settings(
        url=url,
        enterprise_id=enterprise_id,
        profile=name,
        ca_bundle=Path(ca_bundle) if ca_bundle else None,
        limits=_limits(profile),
        enterprise_field=wire.pop(ENTERPRISE_FIELD, ENTERPRISE_FIELD),
        wire_names=wire,
    )


def read_limits_and_wire(profile: str | None) -> tuple[ChunkLimits, Mapping[str, str]]:
    """What `convert` needs of the configuration, which connects to nothing."""
    config = _read_config(config_file())
    name = profile or os.environ.get("OPEASY_PROFILE") or config.get("default_profile") or "default"
    wire = {key: path for key, path in config.get("wire", {}).items() if key != ENTERPRISE_FIELD}
    return _limits(config.get("profiles", {}).get(name, {})), wire


def _limits(profile: Mapping[str, Any]) -> ChunkLimits:
    usual = ChunkLimits()
    return ChunkLimits(profile.get("chunk_tasks", usual.tasks), profile.get("chunk_bytes", usual.bytes))


def _read_config(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "correct the file, or remove it") from None
    _hold_keys(config, TOP_KEYS, path)
    for name, profile in config.get("profiles", {}).items():
        _hold_keys(profile, PROFILE_KEYS, path, f"profiles.{name}")
    fields = [each.name for task_type in TASK_TYPES for each in task_type.fields]
    _hold_keys(config.get("wire", {}), (ENTERPRISE_FIELD, *fields), path, "wire")
    return config


def _hold_keys(table: object, known: tuple[str, ...], path: Path, where: str = "") -> None:
    if not isinstance(table, dict):
        raise UsageError(f"{path}: {where or 'the file'} must be a table", "see the README, Configuration")
    for key, value in table.items():
        if key not in known:
            suggestion = nearest(key, known)
            hint = f"did you mean {suggestion}?" if suggestion else f"known are {', '.join(known)}"
            raise UsageError(f"{path}: {where}{'.' if where else ''}{key} is no setting", hint)
        wants_number = key.startswith("chunk_")
        if where and not isinstance(value, int if wants_number else str):
            raise UsageError(f"{path}: {where}.{key} must be a {'number' if wants_number else 'text'}", "")


def find_api_key(settings: Settings, flags: Flags, ask: Callable[[str], str] | None) -> Secret:
    """The key from `--api-key-file`, `OPEASY_API_KEY`, the keyring, or a question (where `ask` can be asked).

    Raises AccessDenied where there is none, UsageError where the file cannot be read.
    """
    if flags.api_key_file is not None:
        return Secret(_read_key_file(flags.api_key_file))
    if key := os.environ.get("OPEASY_API_KEY"):
        return Secret(key.strip())
    if key := _from_keyring(keyring_name(settings)):
        return Secret(key)
    if ask is not None and (key := ask(f"API key for enterprise {settings.enterprise_id}")):
        return Secret(key.strip())
    raise AccessDenied(
        f"there is no API key for enterprise {settings.enterprise_id} at {settings.url}",
        "set OPEASY_API_KEY or give --api-key-file",
    )


def keyring_name(settings: Settings) -> str:
    """The name under which the keyring holds the key of an enterprise at a server."""
    return f"{settings.enterprise_id}@{settings.url}"


def find_webex_token() -> Secret:
    """Webex's access token from `WEBEX_ACCESS_TOKEN` or the keyring; AccessDenied where there is none."""
    token = os.environ.get("WEBEX_ACCESS_TOKEN") or _from_keyring(WEBEX_KEYRING_NAME)
    if not token:
        raise AccessDenied("there is no Webex access token", "set WEBEX_ACCESS_TOKEN")
    return Secret(token)


def webex_url() -> str | None:
    """`WEBEX_URL`, where it is set."""
    return os.environ.get("WEBEX_URL") or None


def _from_keyring(name: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING_SERVICE, name)
    except (KeyringError, NotImplementedError, RuntimeError, OSError):
        return None  # this machine has none, or it is locked or half installed: the next source is asked


def _read_key_file(path: Path) -> str:
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the API key file {path} {_why_no_key(path, error)}", "name a text file that holds the key alone"
        ) from error
    if not key:
        raise UsageError(f"the API key file {path} is empty", "put the key into it, alone")
    return key


def _why_no_key(path: Path, error: OSError | UnicodeDecodeError) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "does not exist"
        case IsADirectoryError():
            return "is a folder"
        case PermissionError():
            return "is a folder" if path.is_dir() else "may not be read by you"
        case UnicodeDecodeError():
            return "is no text file"
        case _:
            return f"cannot be read: {error.strerror or error}"


def hold_what_is_read(settings: Settings, flags: Flags) -> None:
    """Reads the files that a connection needs, before anything is begun with it.

    Raises UsageError where the API key file or the CA bundle cannot be used.
    """
    from xlsx2opeasy.http.reach import tls_context  # it brings httpx, which most commands need not

    if flags.api_key_file is not None:
        _read_key_file(flags.api_key_file)
    if settings.ca_bundle is not None:
        tls_context(settings.ca_bundle)


def key_file_is_open(path: Path) -> bool:
    """Whether others than the owner can read the key file; not where there is no such file."""
    return os.name != "nt" and path.is_file() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
