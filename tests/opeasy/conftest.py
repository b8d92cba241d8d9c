"""A wire server, a clock that does not wait, and a client between them."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from xlsx2opeasy.http.protocol import RequestEvent
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.exchange import Timeouts
from xlsx2opeasy.secret import Secret

from .wire import API_KEY, Wire

ENTERPRISE = "acme"


class SkippingClock:
    """Real time, but for its sleeps, which are over at once and written down."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._skipped = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._skipped += seconds

    def wall(self) -> datetime:
        return datetime(2026, 11, 22, 14, 0, tzinfo=UTC)

    def skip(self, seconds: float) -> None:
        self._skipped += seconds


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as server:
        yield server


@pytest.fixture
def events() -> list[RequestEvent]:
    return []


@pytest.fixture
def connect(clock: SkippingClock, events: list[RequestEvent]) -> Iterator[Callable[..., OpEasyClient]]:
    """Makes a client for an origin; options as of `OpEasyClient`, connection options by name."""
    with ExitStack() as stack:

        def make(origin: str, *, ca_bundle: Path | None = None, **options: Any) -> OpEasyClient:
            connection = Connection(origin, ENTERPRISE, Secret(API_KEY), ca_bundle)
            options = {
                "clock": clock,
                "on_request": events.append,
                "jitter": lambda low, high: high,
            } | options
            return stack.enter_context(OpEasyClient(connection, **options))

        yield make


@pytest.fixture
def client(wire: Wire, connect: Callable[..., OpEasyClient]) -> OpEasyClient:
    timeouts = Timeouts(connect=10.0, read=2.0, write=2.0, total=4.0, download=4.0)
    return connect(wire.url, timeouts=timeouts)


@pytest.fixture
def chunk(tmp_path: Path) -> Path:
    file = tmp_path / "chunk-01.json"
    file.write_bytes(b'{"tasks": {"Users": []}}')
    return file
