"""The operating system's keyring: which entry holds which key, and what is wrong where it cannot be used.

An entry is named by enterprise and server, not by profile: so whichever way these two are given, by flags,
environment or a profile, the same key is found.
"""

import contextlib
from collections.abc import Iterator

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.http.names import earlier_spellings
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings.resolved import Settings

KEYRING_SERVICE = "xlsx2opeasy"
WEBEX_KEYRING_NAME = "webex"


class KeyringTrouble(UsageError):
    """The keyring cannot be used on this machine, or not at the moment."""


def keyring_name(settings: Settings) -> str:
    """The name under which the keyring holds the key of an enterprise at a server."""
    return keyring_names(settings)[0]


def keyring_names(settings: Settings) -> tuple[str, ...]:
    """The same, and the names under which earlier versions may have stored it."""
    from xlsx2opeasy.opeasy.connection import checked_origin  # it brings httpx, which most commands need not

    origin = checked_origin(settings.url)
    return tuple(f"{settings.enterprise_id}@{each}" for each in earlier_spellings(origin))


def keyring_kind() -> str:
    """What the keyring in use calls itself. Raises KeyringTrouble where there is none."""
    import keyring

    with _telling():
        backend = keyring.get_keyring()
        if backend.priority <= 0:
            raise KeyringTrouble(*_none())
        return str(backend.name)


def look_up(*names: str) -> Secret | None:
    """The entry of the first of these names that has one, else None. Raises KeyringTrouble."""
    import keyring

    with _telling():
        found = (keyring.get_password(KEYRING_SERVICE, name) for name in names)
        return next((Secret(each) for each in found if each), None)


def store(name: str, secret: Secret) -> None:
    """Puts the entry there and reads it back. Raises KeyringTrouble where it was not kept."""
    import keyring

    with _telling():
        keyring.set_password(KEYRING_SERVICE, name, secret.reveal())
        kept = keyring.get_password(KEYRING_SERVICE, name)
    if kept != secret.reveal():
        raise KeyringTrouble(*_none())


def remove(*names: str) -> bool:
    """Removes the entries; False where there was none. Raises KeyringTrouble."""
    import keyring

    present = [name for name in names if look_up(name) is not None]
    with _telling():
        for name in present:
            keyring.delete_password(KEYRING_SERVICE, name)
    return bool(present)


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """A backend is a plugin of any make and raises what it likes; its words might hold the key."""
    from keyring.errors import KeyringLocked, NoKeyringError

    try:
        yield
    except KeyringTrouble:
        raise
    except NoKeyringError:
        raise KeyringTrouble(*_none()) from None
    except KeyringLocked:
        raise KeyringTrouble(
            "the keyring of this machine is locked", "unlock it, by logging in at the desktop, and try again"
        ) from None
    except Exception as error:  # noqa: BLE001 - see above
        raise KeyringTrouble(
            f"the keyring of this machine cannot be used ({type(error).__name__})", _WAY_OUT
        ) from None


_WAY_OUT = "set OPEASY_API_KEY, or keep the key in a file that only you can read and give --api-key-file"


def _none() -> tuple[str, str]:
    return "this machine has no keyring that keeps keys", _WAY_OUT
