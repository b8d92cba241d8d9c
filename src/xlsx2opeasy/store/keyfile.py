"""The key of a store: 32 random bytes in base64 in a file of mode 0600, and maybe the last one below."""

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.operating_system import others_can_read

KEY_VARIABLE: Final = "XLSX2OPEASY_STORE_KEY_FILE"
KEY_BYTES: Final = 32
_HOW: Final = (
    "make one with: (umask 077; head -c 32 /dev/urandom | base64 > store.key), give every machine the same"
    f" file, and name it in {KEY_VARIABLE}"
)


@dataclass(frozen=True, slots=True)
class StoreKeys:
    """The present key, and the one before it while the store is being given the present one."""

    present: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)


def read_keys(path: Path | None) -> StoreKeys:
    """The keys in the file. UsageError where there is none, others can read it, or it is no key file."""
    if path is None:
        raise UsageError(f"the store needs a key, and {KEY_VARIABLE} names no file", _HOW)
    try:
        open_to_others = others_can_read(path)
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise UsageError(f"the store's key file {path} cannot be read: {error.strerror}", _HOW) from None
    if open_to_others:
        raise UsageError(
            f"others than you can read the store's key file {path}", f"close it to them: chmod 600 {path}"
        )
    lines = text.split()
    keys = [key for key in map(_key, lines) if key is not None]
    if not lines or len(keys) != len(lines) or len(keys) > 2:
        raise UsageError(
            f"the store's key file {path} does not hold {KEY_BYTES} random bytes in base64, and at most one"
            " previous key below",
            _HOW,
        )
    return StoreKeys(*keys)


def _key(line: str) -> bytes | None:
    try:
        key = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


def new_key() -> bytes:
    """A new key."""
    return secrets.token_bytes(KEY_BYTES)
