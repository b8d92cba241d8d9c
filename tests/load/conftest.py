"""A stranger's server for each test, and how the command and this process reach it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foreign.server import ForeignServer
from xlsx2opeasy.load.job.home import Home

from .command import environment
from .rig import Rig


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[ForeignServer]:
    with ForeignServer() as running:
        yield running


@pytest.fixture
def env(server: ForeignServer) -> dict[str, str]:
    return environment(server.url, server.settings.enterprise_id, server.settings.api_key)


@pytest.fixture
def rig(server: ForeignServer, home: Path) -> Rig:
    return Rig(server, Home(home))
