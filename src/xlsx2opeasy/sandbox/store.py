"""Operations with tasks and validation errors, scheduled operations with results; in memory, one lock.

The JSON of a scheduled operation is the same in the schedule answer, the status answer and callbacks.
"""

import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from xlsx2opeasy.sandbox.refusals import general_error, not_found
from xlsx2opeasy.spec.catalogue import TASK_TYPES


class Status(StrEnum):
    """The states of a scheduled operation ("Get Status of Scheduled Operation")."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completedWithErrors"

    @property
    def is_complete(self) -> bool:
        """Whether nothing changes any more."""
        return self in (Status.COMPLETED, Status.COMPLETED_WITH_ERRORS)


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A valid task. `content` is UTF-8 JSON as uploaded; `shown`, what answers carry, may mask secrets."""

    command: str
    content: bytes
    shown: bytes


@dataclass(frozen=True, slots=True)
class ValidationError:
    """A task that failed validation, as JSON that may be shown, with what is wrong."""

    id: str
    messages: tuple[str, ...]
    task: bytes


@dataclass(frozen=True, slots=True)
class TaskResult:
    """SUCCESS where `code` is None, else FAILED with a code and description of Appendix VII."""

    code: str | None = None
    description: str = ""


@dataclass(slots=True)
class Batch:
    """The judged tasks of one file, by task type, in the file's order."""

    tasks: dict[str, list[StoredTask]] = field(default_factory=dict)
    errors: dict[str, list[ValidationError]] = field(default_factory=dict)


@dataclass(slots=True)
class Operation:
    """An operation. `scheduled_id` is the scheduled operation that exists; `was_scheduled` never ends."""

    id: str
    enterprise_id: str
    tasks: dict[str, list[StoredTask]] = field(default_factory=lambda: {each.name: [] for each in TASK_TYPES})
    errors: dict[str, dict[str, ValidationError]] = field(
        default_factory=lambda: {each.name: {} for each in TASK_TYPES}
    )
    scheduled_id: str | None = None
    was_scheduled: bool = False


@dataclass(slots=True)
class ScheduledOperation:
    """A scheduled operation; `results` lie parallel to `operation.tasks`, and count once it is complete."""

    id: str
    operation: Operation
    status: Status = Status.PENDING
    start_time: datetime | None = None
    completed_time: datetime | None = None
    results: dict[str, list[TaskResult]] = field(default_factory=dict)


def new_id() -> str:
    """32 hexadecimal digits, as in the specification's examples."""
    return uuid.uuid4().hex


class Store:
    """All operations of all enterprises. An enterprise sees its own alone; the others are not found (404)."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._operations: dict[str, Operation] = {}
        self._scheduled: dict[str, ScheduledOperation] = {}

    def create(self, enterprise_id: str, batch: Batch) -> Operation:
        """A new operation with the tasks of a file."""
        operation = Operation(new_id(), enterprise_id)
        _append(operation, batch)
        with self._lock:
            self._operations[operation.id] = operation
        return operation

    def append(self, enterprise_id: str, operation_id: str, batch: Batch) -> Operation:
        """Adds the tasks of a file; 404 unknown, 400 where the operation was scheduled."""
        with self._lock:
            operation = self.operation(enterprise_id, operation_id)
            _refuse_scheduled(operation, "can no longer be edited")
            _append(operation, batch)
            return operation

    def operation(self, enterprise_id: str, operation_id: str) -> Operation:
        """The operation; raises the 404 of its pages."""
        found = self._operations.get(operation_id)
        if found is None or found.enterprise_id != enterprise_id:
            raise not_found("Operation", operation_id)
        return found

    def validation_error(
        self, enterprise_id: str, operation_id: str, task_type: str, error_id: str
    ) -> ValidationError:
        """One validation error; raises the 404 of its pages."""
        errors = self.operation(enterprise_id, operation_id).errors[task_type]
        if (found := errors.get(error_id)) is None:
            raise not_found("Validation Error", error_id)
        return found

    def delete_validation_error(
        self, enterprise_id: str, operation_id: str, task_type: str, error_id: str
    ) -> None:
        """Deletes one validation error."""
        with self._lock:
            self.validation_error(enterprise_id, operation_id, task_type, error_id)
            del self.operation(enterprise_id, operation_id).errors[task_type][error_id]

    def delete_operation(self, enterprise_id: str, operation_id: str) -> None:
        """Deletes an operation; 400 while its scheduled operation exists."""
        with self._lock:
            operation = self.operation(enterprise_id, operation_id)
            if operation.scheduled_id is not None:
                raise general_error(
                    400,
                    "Operation cannot be deleted",
                    f"The Scheduled Operation with ID={operation.scheduled_id} must be deleted first",
                    operation_id,
                )
            del self._operations[operation_id]

    def schedule(self, enterprise_id: str, operation_id: str) -> ScheduledOperation:
        """A new scheduled operation; 400 while validation errors are unresolved, or when it was scheduled."""
        with self._lock:
            operation = self.operation(enterprise_id, operation_id)
            _refuse_scheduled(operation, "cannot be scheduled again")
            if unresolved := sum(map(len, operation.errors.values())):
                raise general_error(
                    400,
                    "Operation has unresolved validation errors",
                    f"The Operation has {unresolved} unresolved validation errors and cannot be scheduled",
                    operation_id,
                )
            scheduled = ScheduledOperation(new_id(), operation)
            operation.scheduled_id, operation.was_scheduled = scheduled.id, True
            self._scheduled[scheduled.id] = scheduled
            return scheduled

    def scheduled(self, enterprise_id: str, scheduled_id: str) -> ScheduledOperation:
        """The scheduled operation; raises the 404 of its pages."""
        found = self._scheduled.get(scheduled_id)
        if found is None or found.operation.enterprise_id != enterprise_id:
            raise not_found("Scheduled Operation", scheduled_id)
        return found

    def completed(self, enterprise_id: str, scheduled_id: str) -> ScheduledOperation:
        """The scheduled operation with its results; 404 also before it is complete."""
        scheduled = self.scheduled(enterprise_id, scheduled_id)
        if not scheduled.status.is_complete:
            raise general_error(
                404,
                "Results not available",
                "The Scheduled Operation has not completed yet, so no results are available",
                scheduled_id,
            )
        return scheduled

    def delete_scheduled(self, enterprise_id: str, scheduled_id: str) -> None:
        """Deletes a scheduled operation with its results; 400 before it is complete."""
        with self._lock:
            scheduled = self.scheduled(enterprise_id, scheduled_id)
            if not scheduled.status.is_complete:
                raise general_error(
                    400,
                    "Scheduled Operation cannot be deleted",
                    f"The Scheduled Operation is {scheduled.status}, not in a completed state",
                    scheduled_id,
                )
            scheduled.operation.scheduled_id = None
            del self._scheduled[scheduled_id]

    def change_status(self, scheduled: ScheduledOperation, status: Status) -> None:
        """Sets a status and the time that goes with it; only the back end does this."""
        with self._lock:
            if status is Status.PROCESSING:
                scheduled.start_time = datetime.now(UTC)
            elif status.is_complete:
                scheduled.completed_time = datetime.now(UTC)
            scheduled.status = status


def _append(operation: Operation, batch: Batch) -> None:
    for name, tasks in batch.tasks.items():
        operation.tasks[name].extend(tasks)
    for name, errors in batch.errors.items():
        operation.errors[name].update((error.id, error) for error in errors)


def _refuse_scheduled(operation: Operation, consequence: str) -> None:
    if operation.was_scheduled:
        raise general_error(
            400, "Operation was scheduled", f"The Operation was scheduled and {consequence}", operation.id
        )


def scheduled_body(scheduled: ScheduledOperation) -> dict[str, Any]:
    """The fields of `scheduledOperation` ("Get Status of Scheduled Operation")."""
    status = scheduled.status
    body: dict[str, Any] = {"id": scheduled.id, "status": status.value}
    if scheduled.start_time is not None:
        body["startTime"] = _timestamp(scheduled.start_time)
    if status.is_complete and scheduled.completed_time is not None:
        body["completedTime"] = _timestamp(scheduled.completed_time)
        body["links"] = {"results": results_link(scheduled)}
    operation = scheduled.operation
    body["operation"] = {"id": operation.id, "enterpriseId": operation.enterprise_id}
    return body


def status_link(scheduled: ScheduledOperation) -> str:
    """The status endpoint's path."""
    return f"/v1/scheduledoperations/{scheduled.id}/status"


def results_link(scheduled: ScheduledOperation) -> str:
    """The results endpoint's path."""
    return f"/v1/scheduledoperations/{scheduled.id}/results"


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
