"""A Webex of plain sockets, and a clock that does not wait."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from opeasy.wire import Wire
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.webex import WebexClient, WebexConnection

from .items import TOKEN


class QuickClock:
    """Sleeps at once, and remembers how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def wall(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as running:
        yield running


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


@pytest.fixture
def client(wire: Wire, clock: QuickClock) -> Iterator[WebexClient]:
    with WebexClient(WebexConnection(Secret(TOKEN), f"{wire.url}/v1"), clock=clock) as made:
        yield made
