"""One sandbox for all tests without settings of their own; each test has its own enterprise in it."""

import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.state import parse_state

from .session import Session

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared() -> Iterator[RunningSandbox]:
    with serve_in_thread() as sandbox:
        yield sandbox
        assert not sandbox.truth.crashes


@pytest.fixture
def session(shared: RunningSandbox) -> Iterator[Session]:
    found = Session(shared, f"enterprise-{next(_numbers)}")
    with closing(found.http):
        yield found


@pytest.fixture
def start(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Session]]:
    """Starts a sandbox with settings of its own; `state` is the table of a state file."""
    with ExitStack() as stack:

        def make(*, state: dict[str, Any] | None = None, **settings: Any) -> Session:
            chosen = SandboxSettings(state=parse_state(state or {}), **settings)
            sandbox = stack.enter_context(serve_in_thread(chosen))
            stack.callback(lambda: _require_no_crash(sandbox))
            session = Session(sandbox, sandbox.enterprise_id)
            stack.callback(session.http.close)
            return session

        yield make
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def _require_no_crash(sandbox: RunningSandbox) -> None:
    assert not sandbox.truth.crashes
