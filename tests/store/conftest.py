"""A database for each test, its key file, and machines that share it."""

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foreign.server import ForeignServer
from load.command import environment
from postgres import PostgresServer, running_postgres
from xlsx2opeasy.settings.store import STORE_VARIABLE, shared_store
from xlsx2opeasy.store.jobs import PostgresStore
from xlsx2opeasy.store.keyfile import KEY_VARIABLE

from .fleet import Machine


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def server() -> Iterator[ForeignServer]:
    with ForeignServer() as running:
        yield running


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return write_key(tmp_path / "store.key", os.urandom(32))


def write_key(path: Path, *keys: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_text("".join(base64.b64encode(key).decode() + "\n" for key in keys))
    return path


@pytest.fixture
def store_url(postgres: PostgresServer, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings of this process, and of commands that it starts, name the store."""
    url = postgres.new_database()
    monkeypatch.setenv(STORE_VARIABLE, url)
    monkeypatch.setenv(KEY_VARIABLE, str(key_file))
    return url


@pytest.fixture
def machine(store_url: str, server: ForeignServer, tmp_path: Path) -> Callable[[str], Machine]:
    """A machine of that name, with the server's key."""
    known = environment(server.url, server.settings.enterprise_id, server.settings.api_key)
    return lambda name: Machine(tmp_path / name, {**known, STORE_VARIABLE: store_url})


@pytest.fixture
def new_store(store_url: str) -> Iterator[Callable[[], PostgresStore]]:
    """Another machine of the store, each time it is called."""
    made: list[PostgresStore] = []

    def make() -> PostgresStore:
        made.append(shared_store())
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def store(new_store: Callable[[], PostgresStore]) -> PostgresStore:
    return new_store()
