"""The API's resources as values. Bodies of tasks hold secrets and are left out of every `repr`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from xlsx2opeasy.spec.catalogue import BY_NAME

STATUS_CHANGED: Final = "scheduledOperation.statusChanged"
"""The only event a webhook can be registered for ("Supported Callback Types")."""


@dataclass(frozen=True, slots=True)
class TaskCount:
    """How many tasks of one type an operation holds, and how many were set aside as validation errors."""

    size: int
    validation_errors: int = 0

    @property
    def received(self) -> int:
        """All that the server counted, good or not."""
        return self.size + self.validation_errors


@dataclass(frozen=True, slots=True)
class Operation:
    """A draft, or what was scheduled of it ("Get a Specific Operation").

    `tasks` is by task type, in the catalogue's spelling; a type it does not have keeps the name it came with.
    """

    id: str
    enterprise_id: str
    tasks: Mapping[str, TaskCount]

    @property
    def unknown_types(self) -> tuple[str, ...]:
        """Task types in the answer that the specification does not have."""
        return tuple(name for name in self.tasks if name not in BY_NAME)

    @property
    def validation_errors(self) -> int:
        """All validation errors, over every type."""
        return sum(count.validation_errors for count in self.tasks.values())


class RunStatus(StrEnum):
    """The words of `scheduledOperation.status`."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completedWithErrors"


_BY_FOLDED_STATUS = {status.value.casefold(): status for status in RunStatus}


@dataclass(frozen=True, slots=True)
class ScheduledOperation:
    """A run of an operation ("Get Status of Scheduled Operation").

    `status` is the server's word; times are its texts. `operation_id` and `enterprise_id` are "" where it did
    not tell them. `retry_after` is how many seconds it asked to wait before the next look.
    """

    id: str
    status: str
    operation_id: str = ""
    enterprise_id: str = ""
    start_time: str = ""
    completed_time: str = ""
    retry_after: float | None = None

    @property
    def run_status(self) -> RunStatus | None:
        """The status, letter case and `_` aside; None for a word the specification does not have."""
        return _BY_FOLDED_STATUS.get(self.status.replace("_", "").strip().casefold())

    @property
    def is_completed(self) -> bool:
        """Whether it has ended. An unknown word counts as still running."""
        return self.run_status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS)


@dataclass(frozen=True, slots=True)
class Task:
    """One task as the server holds it."""

    command: str
    content: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ValidationError:
    """A task that the server's validation set aside; the messages have the task's secrets masked."""

    id: str
    messages: tuple[str, ...]
    task: Task


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What became of one task; `status` is `SUCCESS` or `FAILED` as the server wrote it.

    `error_code` is a text even where a number came; `error_description` has the task's secrets masked.
    """

    command: str
    status: str
    error_code: str = ""
    error_description: str = ""
    content: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the status is SUCCESS, in any letter case."""
        return self.status.strip().casefold() == "success"


@dataclass(frozen=True, slots=True)
class ResultCount:
    """The overview of one task type's results."""

    size: int
    successful: int
    failed: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registered receiver of callbacks."""

    id: str
    enterprise_id: str
    url: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; numbers begin from 0. `items` are JSON objects."""

    number: int
    total_pages: int
    total_items: int
    items: tuple[Mapping[str, Any], ...] = field(repr=False)


class Deletion(StrEnum):
    """How a DELETE ended well."""

    DELETED = "deleted"
    """The server said that it did it."""
    GONE_AFTER_RETRY = "gone after an unanswered try"
    """404 after an earlier try of the same call that got no answer: most likely our own doing."""
    NOT_FOUND = "not found"
    """404 on the first answer: it was gone before."""
