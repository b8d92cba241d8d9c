"""What a test can change about the foreign server, and what the server knows."""

import random
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from .appendix import complaints
from .messages import Answer, Cut, Refused, Request, general_error

Task = dict[str, Any]
Event = dict[str, Any]
Hook = Callable[[Request], Answer | Cut | None]
AnswerHook = Callable[[Request, Answer], Answer | Cut | None]
Thing = TypeVar("Thing")


def new_id() -> str:
    """Thirty-two hexadecimal digits, as in the examples."""
    return uuid.uuid4().hex


def now() -> str:
    """A timestamp as in the examples."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def find(things: Mapping[str, Thing], thing_id: str, name: str) -> Thing:
    """The thing with this id; refuses the request with 404 where there is none."""
    if thing_id not in things:
        message = f"{name} with ID={thing_id} could not be found"
        raise Refused(general_error(404, f"{name} not found", message, thing_id))
    return things[thing_id]


@dataclass
class Settings:
    """One enterprise with one key; every hook may be set at any time, also while the server runs.

    `validate` says what is wrong with a task of a type, `fail` which error code and description its result
    gets (None for success). `early` is asked when the headers have come, before the body is read; `before`
    when the request is whole, and what it returns is sent in place of applying the request; `after` when
    it was applied, and what it returns is sent in place of the answer. `delay` gives seconds to wait
    before a request is applied. `deliver` gives the callbacks that are sent where one is due.
    """

    enterprise_id: str = "example-enterprise"
    api_key: str = "a-key-of-the-foreign-server"
    token_seconds: float = 3600.0
    token_uses: int | None = None

    validate: Callable[[str, Any], list[str]] = complaints
    fail: Callable[[str, Task], tuple[str, str] | None] = lambda task_type, task: None

    polls_pending: int = 0
    polls_processing: int = 1
    shuffle: random.Random | None = None
    mask: str | None = None
    downloads: bool = True
    page_limit: int | None = None
    body_limit: int | None = None
    omit_empty_types: bool = False

    delay: Callable[[Request], float] = lambda request: 0.0
    early: Hook = lambda request: None
    before: Hook = lambda request: None
    after: AnswerHook = lambda request, answer: None
    deliver: Callable[[Event], Iterable[Event]] = lambda event: [event]


@dataclass
class Webhook:
    """A receiver of callbacks."""

    id: str
    enterprise_id: str
    url: str
    events: list[str]

    def as_json(self) -> dict[str, Any]:
        """The shape of "Register new Webhook Receiver"."""
        return {
            "id": self.id,
            "enterpriseId": self.enterprise_id,
            "url": self.url,
            "events": self.events,
        }


@dataclass
class Operation:
    """A draft, or what is left of it when it was scheduled: its tasks and rejected tasks by type."""

    id: str
    tasks: dict[str, list[Task]]
    errors: dict[str, list[dict[str, Any]]]
    filenames: list[str] = field(default_factory=list)


@dataclass
class ScheduledOperation:
    """An operation that was scheduled; `polls` counts how often its status was asked for."""

    id: str
    operation_id: str
    results: dict[str, list[dict[str, Any]]]
    status: str = "pending"
    start_time: str | None = None
    completed_time: str | None = None
    polls: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether its results can be had."""
        return self.status.startswith("completed")


@dataclass
class State:
    """The server's truth. `executed` holds every task in the order in which it took effect; `tokens` say
    until when each is valid and how often it was used; `callbacks` are due, each for one URL."""

    settings: Settings
    tokens: dict[str, tuple[float, int]] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    scheduled: dict[str, ScheduledOperation] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    executed: list[tuple[str, Task]] = field(default_factory=list)
    callbacks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def run_of(self, operation_id: str) -> ScheduledOperation | None:
        """The scheduled operation of an operation, while it exists."""
        return next((each for each in self.scheduled.values() if each.operation_id == operation_id), None)

    def use_token(self, token: str) -> None:
        """Counts a use of the token; refuses the request with 401 where it is none or has expired."""
        ends, uses = self.tokens.get(token, (0.0, 0))
        if time.monotonic() >= ends or uses == self.settings.token_uses:
            self.tokens.pop(token, None)
            raise Refused(general_error(401, "Unauthorized", "The authentication token is not valid"))
        self.tokens[token] = (ends, uses + 1)
