"""What really happened on the server: every call, and every task that was applied.

Tests hold a load's claims against it ("a row is provisioned at most once"). Its lists have a bound.
"""

import itertools
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_CALLS: Final = 100_000
_TASKS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its endpoint's name in the catalogue (None: no such path), what was answered, which fault.

    `status` None means that the connection was cut instead of an answer.
    """

    number: int
    endpoint: str | None
    method: str
    path: str
    status: int | None
    fault: str | None
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class AppliedTask:
    """One task that the back end processed, with its result; `content_json` is UTF-8 JSON."""

    enterprise_id: str
    operation_id: str
    scheduled_operation_id: str
    task_type: str
    index: int
    command: str
    content_json: bytes
    error_code: str | None

    @property
    def content(self) -> dict[str, Any]:
        """The content as it was uploaded."""
        content: dict[str, Any] = json.loads(self.content_json)
        return content

    @property
    def succeeded(self) -> bool:
        """Whether its status is SUCCESS."""
        return self.error_code is None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook callback: the receiver, the event's body, and what came back ("200", or the failure)."""

    webhook_id: str
    url: str
    body: dict[str, Any]
    outcome: str


class Truth:
    """The history of one sandbox. Written by its threads, read by tests at any time."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque(maxlen=_CALLS)
        self.applied: deque[AppliedTask] = deque(maxlen=_TASKS)
        self.deliveries: deque[Delivery] = deque(maxlen=_CALLS)
        self.crashes: deque[str] = deque(maxlen=_CALLS)
        """What went wrong in the sandbox itself; a test expects none."""
        self._numbers = itertools.count(1)

    def note_call(
        self,
        *,
        endpoint: str | None,
        method: str,
        path: str,
        status: int | None,
        fault: str | None,
        headers: dict[str, str],
    ) -> None:
        """Adds a call under the next number."""
        number = next(self._numbers)
        self.calls.append(Call(number, endpoint, method, path, status, fault, headers))

    def calls_of(self, endpoint: str) -> list[Call]:
        """The calls of one endpoint, oldest first."""
        return [call for call in tuple(self.calls) if call.endpoint == endpoint]

    def applications(self, task_type: str, command: str, content: dict[str, Any]) -> list[AppliedTask]:
        """How often, and with what result, exactly this task was processed."""
        return [each for each in self._of(task_type, command) if each.content == content]

    def _of(self, task_type: str, command: str) -> Iterator[AppliedTask]:
        wanted = (task_type, command)
        return (each for each in tuple(self.applied) if (each.task_type, each.command) == wanted)
