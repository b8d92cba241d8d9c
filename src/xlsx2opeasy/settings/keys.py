"""Where the secrets are found: the API key, and Webex's access token."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from xlsx2opeasy.errors import AccessDenied, UsageError
from xlsx2opeasy.operating_system import others_can_read
from xlsx2opeasy.paths import is_file_there, is_folder_there
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings.keyrings import WEBEX_KEYRING_NAME, KeyringTrouble, keyring_names, look_up
from xlsx2opeasy.settings.resolved import Flags, Settings

KEY_VARIABLE, TOKEN_VARIABLE = "OPEASY_API_KEY", "WEBEX_ACCESS_TOKEN"
_NOTHING_THERE = "there is no Webex access token"
_OR_A_FILE = " or give --api-key-file FILE"
_OR_A_FILE_OR_LOGIN = ", give --api-key-file FILE, or store it: xlsx2opeasy login"


def find_api_key(settings: Settings, flags: Flags, ask: Callable[[str], str] | None) -> Secret:
    """The key from `--api-key-file`, `OPEASY_API_KEY`, the keyring, or a question (where `ask` can be asked).

    Raises AccessDenied where there is none, UsageError where the file cannot be read.
    """
    if flags.api_key_file is not None:
        return read_key_file(flags.api_key_file)
    if key := os.environ.get(KEY_VARIABLE):
        return Secret(key.strip())
    trouble = ""
    try:
        if kept := look_up(*keyring_names(settings)):
            return kept
    except KeyringTrouble as error:
        trouble = f" ({error.message})"
    if ask is not None and (key := ask(f"API key for enterprise {settings.enterprise_id}")):
        return Secret(key.strip())
    raise AccessDenied(
        f"there is no API key for enterprise {settings.enterprise_id} at {settings.url}{trouble}",
        f"set {KEY_VARIABLE}{_OR_A_FILE if trouble else _OR_A_FILE_OR_LOGIN}",
    )


def key_of_profile(settings: Settings) -> Secret | None:
    """The key that the keyring holds for the server and the enterprise; None where it holds none."""
    try:
        return look_up(*keyring_names(settings))
    except KeyringTrouble:
        return None


def api_key_source(settings: Settings, flags: Flags) -> str | None:
    """Where `find_api_key` would find the key without asking, in words; None where nowhere."""
    if flags.api_key_file is not None:
        return f"option --api-key-file ({flags.api_key_file})"
    if os.environ.get(KEY_VARIABLE):
        return f"environment variable {KEY_VARIABLE}"
    return "keyring" if _kept(*keyring_names(settings)) else None


def find_webex_token() -> Secret:
    """Webex's access token from `WEBEX_ACCESS_TOKEN` or the keyring; AccessDenied where there is none."""
    if token := os.environ.get(TOKEN_VARIABLE):
        return Secret(token)
    try:
        kept = look_up(WEBEX_KEYRING_NAME)
    except KeyringTrouble as error:
        raise AccessDenied(f"{_NOTHING_THERE} ({error.message})", f"set {TOKEN_VARIABLE}") from None
    if kept is None:
        raise AccessDenied(_NOTHING_THERE, f"set {TOKEN_VARIABLE}, or store it: xlsx2opeasy login --webex")
    return kept


def webex_token_source() -> str | None:
    """Where `find_webex_token` would find the token, in words; None where nowhere."""
    if os.environ.get(TOKEN_VARIABLE):
        return f"environment variable {TOKEN_VARIABLE}"
    return "keyring" if _kept(WEBEX_KEYRING_NAME) else None


def webex_url() -> str | None:
    """`WEBEX_URL`, where it is set."""
    return os.environ.get("WEBEX_URL") or None


def _kept(*names: str) -> bool:
    """Whether the keyring has one of the entries: one that cannot be used has none."""
    try:
        return look_up(*names) is not None
    except KeyringTrouble:
        return False


def read_key_file(path: Path) -> Secret:
    """The key in a file. Raises UsageError where it cannot be read, or is empty."""
    return Secret(_text_in(path, "API key file", "key").strip())


def read_password_file(path: Path) -> Secret:
    """The password of a workbook in a file, blanks included. Raises UsageError as `read_key_file` does."""
    return Secret(_text_in(path, "workbook password file", "password").rstrip("\r\n"))


def _text_in(path: Path, what: str, holds: str) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the {what} {path} {_why_no_key(path, error)}", f"name a text file that holds the {holds} alone"
        ) from error
    if not text.strip():
        raise UsageError(f"the {what} {path} is empty", f"put the {holds} into it, alone")
    return text


def _why_no_key(path: Path, error: OSError | UnicodeDecodeError) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "does not exist"
        case IsADirectoryError():
            return "is a folder"
        case PermissionError():
            return "is a folder" if is_folder_there(path) else "may not be read by you"
        case UnicodeDecodeError():
            return "is no text file"
        case _:
            return f"cannot be read: {error.strerror or error}"


def validate_key_and_ca_files(settings: Settings, flags: Flags) -> None:
    """Reads the files that a connection needs, before anything is begun with it.

    Raises UsageError where the API key file or the CA bundle cannot be used.
    """
    from xlsx2opeasy.http.reach import tls_context  # it brings httpx, which most commands need not

    if flags.api_key_file is not None:
        read_key_file(flags.api_key_file)
    if settings.ca_bundle is not None:
        tls_context(settings.ca_bundle)


def key_file_is_open(path: Path) -> bool:
    """Whether others than the owner can read the key file; not where there is no such file."""
    return is_file_there(path) and others_can_read(path)


def key_file_remarks(path: Path) -> Iterator[str]:
    """What a person should know of a key file that works: who can read it, and blanks in it."""
    if key_file_is_open(path):
        yield f"warning: others than you can read {path}; chmod 600 it"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return  # which reading the key itself says
    if text.strip() and text.strip() != text.removesuffix("\n").removesuffix("\r"):
        yield f"note: {path} has blanks or blank lines around the key; they are left out"
