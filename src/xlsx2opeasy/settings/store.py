"""The store in force: where jobs, journals, frozen files and locks are kept.

A folder of this machine, unless `XLSX2OPEASY_STORE` or `store` in `config.toml` names a database.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.store import Store
from xlsx2opeasy.operating_system import state_folder
from xlsx2opeasy.settings.config import config_file, read_config
from xlsx2opeasy.settings.resolved import Value
from xlsx2opeasy.store.address import checked_address, masked
from xlsx2opeasy.store.keyfile import KEY_VARIABLE, read_keys

if TYPE_CHECKING:
    from xlsx2opeasy.store.jobs import PostgresStore

STORE_VARIABLE: Final = "XLSX2OPEASY_STORE"


def is_shared() -> bool:
    """Whether the settings name a database."""
    return bool(_address())


def selected_store() -> Store:
    """The database that the settings name, else the folder of this machine's user.

    Raises UsageError where the address or the key is unusable, or the extra `fleet` is not installed.
    """
    return shared_store() if is_shared() else Home(state_folder())


def shared_store() -> "PostgresStore":
    """The database that the settings name. Raises UsageError where they name none, or it cannot be used."""
    found = _address()
    if not found:
        raise UsageError(
            "no shared store is named",
            f"set {STORE_VARIABLE}, or store in {config_file()}, to its address: postgresql://…",
        )
    address = checked_address(found)
    _require_extra()
    from xlsx2opeasy.store.jobs import PostgresStore
    from xlsx2opeasy.store.sealing import KeyRing

    keys = KeyRing(lambda: read_keys(key_file()))
    return PostgresStore(address, keys, state_folder() / "work")


def key_file() -> Path | None:
    """The file of the store's key."""
    name = os.environ.get(KEY_VARIABLE)
    return Path(name).expanduser() if name else None


def store_values() -> tuple[Value, Value]:
    """The store's address, without its password, and its key file, each with its source."""
    variable, key = os.environ.get(STORE_VARIABLE), os.environ.get(KEY_VARIABLE)
    found = _address()
    if variable:
        source = Value("store", masked(variable), f"environment variable {STORE_VARIABLE}")
    elif found:
        source = Value("store", masked(found), str(config_file()), ("store",))
    else:
        source = Value("store", None, "not set: a folder of this machine")
    of_key = f"environment variable {KEY_VARIABLE}" if key else "not set"
    return source, Value("store_key_file", key, of_key)


def _address() -> str:
    return os.environ.get(STORE_VARIABLE) or str(read_config(config_file()).get("store", ""))


def _require_extra() -> None:
    """Raises UsageError where a library of the extra is missing."""
    missing = [name for name in ("cryptography", "procrastinate", "psycopg") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"a shared store needs the extra fleet, of which {missing[0]} is not installed",
            'install it: pip install "xlsx2opeasy[fleet]"',
        )
