"""The OpEasy Provisioning API, one method for each kind of endpoint; what the load and the commands call.

Every method raises `CallError` (see `errors.py`). Create, append and schedule are sent once: again only where
the call certainly was not applied (NOT_SENT, 429, and a 401 after which the token was renewed). Reading,
deleting and logging in are also tried again after an answer that cannot be relied on. A `request_id` is made
up where none is given.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from xlsx2opeasy.http.clock import Clock, SystemClock
from xlsx2opeasy.http.protocol import OnRequest
from xlsx2opeasy.http.retry import Jitter, OnDelay, RetryLoop, RetryPolicy, uniform
from xlsx2opeasy.http.strict_json import BadAnswer
from xlsx2opeasy.masking import Masker
from xlsx2opeasy.opeasy import reading
from xlsx2opeasy.opeasy.caller import Caller
from xlsx2opeasy.opeasy.calls import Answer, ApiCall, Upload, call_to
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallError
from xlsx2opeasy.opeasy.exchange import MAX_FILE_BYTES, Exchange, Timeouts
from xlsx2opeasy.opeasy.failures import misunderstood
from xlsx2opeasy.opeasy.lists import Keep, kept, of_pages, other_than, whole
from xlsx2opeasy.opeasy.models import (
    STATUS_CHANGED,
    Deletion,
    Operation,
    ResultCount,
    RunStatus,
    ScheduledOperation,
    Task,
    TaskResult,
    ValidationError,
    Webhook,
)
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import TaskType

_T = TypeVar("_T")
_K = TypeVar("_K")

_PLAIN = frozenset(
    {"SUCCESS", "FAILED", STATUS_CHANGED, *RunStatus}
    | {name for each in TASK_TYPES for name in (each.name, *each.command_names)}
)
"""Words of the API, which are masked for no API key: statuses, task types and commands."""


class OpEasyClient:
    """A client for one enterprise, usable by several threads. Close it, or use it in a `with`.

    `on_request` is called with each request as it ends, for a log; it must not raise.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock | None = None,
        timeouts: Timeouts | None = None,
        retries: RetryPolicy | None = None,
        jitter: Jitter = uniform,
        on_request: OnRequest | None = None,
    ) -> None:
        self.connection = connection
        self.mask = Masker(connection.api_key, plain=[*_PLAIN, connection.enterprise_id])
        """Takes this connection's credentials out of a text; `whole` also what `hide` was given."""
        self._loop = RetryLoop(retries or RetryPolicy(), clock or SystemClock(), jitter)
        self._exchange = Exchange(connection, timeouts or Timeouts(), self._loop, self.mask, on_request)
        self._caller = Caller(connection, self._exchange, self._loop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections; the token is forgotten with the client."""
        self._exchange.close()

    def hide(self, hidden: Callable[[str], str]) -> None:
        """Have what only the caller knows to be secret masked in what the server says about errors."""
        self.mask.hidden = hidden

    def report_delays(self, listener: OnDelay) -> None:
        """Have each pause before another try, and a server that does not answer, reported as it happens.

        `listener` may be called in another thread, and must not raise.
        """
        self._loop.on_delay = listener

    def before_change(self, allow: Callable[[], None]) -> None:
        """Have `allow` called before each try of a call that changes something; it may raise."""
        self._exchange.before_change = allow

    def expect_files_of(self, most: int) -> None:
        """Refuse lists of more than `most` bytes: whoever knows what was sent knows what can come back."""
        self._exchange.most_file_bytes = min(most, MAX_FILE_BYTES)

    @property
    def has_answered(self) -> bool:
        """Whether the server has answered anything so far."""
        return self._loop.answered

    # Authentication

    def authenticate(self) -> float:
        """Log in now ("Authenticate with API"), as other methods do by themselves; the seconds it lasts."""
        return self._caller.authenticate()

    # Operations

    def create_operation(
        self, file: Path, *, filename: str | None = None, request_id: str | None = None
    ) -> Operation:
        """Make a draft of a JSON file of tasks, which may hold none ("Create New Operation")."""
        fields = {self.connection.enterprise_field: self.connection.enterprise_id}
        upload = Upload(file, filename or file.name, fields)
        call = call_to("createOperation", upload=upload, request_id=request_id)
        return self._json(call, reading.operation)

    def append_tasks(
        self,
        operation_id: str,
        file: Path | bytes,
        *,
        filename: str | None = None,
        request_id: str | None = None,
    ) -> Operation:
        """Add a JSON file of tasks to a draft ("Append tasks to Existing Operation"); the counts after it.

        Where the file's bytes are given it is called `filename`, or `tasks.json`.
        """
        upload = Upload(file, filename or (file.name if isinstance(file, Path) else "tasks.json"))
        call = call_to("appendTasks", upload=upload, request_id=request_id, operation_id=operation_id)
        return self._json(call, lambda body: reading.operation(body, operation_id))

    def get_operation(self, operation_id: str) -> Operation:
        """The operation's counts ("Get a Specific Operation")."""
        call = call_to("getOperation", operation_id=operation_id)
        return self._json(call, lambda body: reading.operation(body, operation_id))

    def delete_operation(self, operation_id: str, *, request_id: str | None = None) -> Deletion:
        """Delete an operation with its tasks ("Delete Operation"); a status 400 says that it is scheduled."""
        return self._delete(call_to("deleteOperation", request_id=request_id, operation_id=operation_id))

    # Tasks of an operation

    def tasks(self, operation_id: str, of: TaskType) -> Iterator[Task]:
        """The operation's tasks of one type, page by page ("Get …-related Tasks of a Specific Operation")."""
        call = call_to(f"get{of.name}Tasks", operation_id=operation_id)
        return of_pages(self._caller, call, of.name, reading.task)

    def all_tasks(self, operation_id: str, of: TaskType) -> Collection[Task]:
        """The same, all at once; see `lists.whole`."""
        call = call_to(f"get{of.name}Tasks", operation_id=operation_id)
        return whole(self._caller, call, of.name, reading.task)

    def tasks_other_than(
        self, operation_id: str, of: TaskType, lists: Callable[[], Iterable[bytes]]
    ) -> Collection[Task] | None:
        """The same; None where these are the tasks of `lists` to the letter, see `lists.other_than`."""
        call = call_to(f"get{of.name}Tasks", operation_id=operation_id)
        return other_than(self._caller, call, of.name, reading.task, lists)

    # Validation errors of an operation

    def validation_errors(self, operation_id: str, of: TaskType) -> Iterator[ValidationError]:
        """The tasks that were set aside, page by page ("Get All … Validation Errors on Operation").

        An id that comes twice is a CallError: the pages overlap.
        """
        call = call_to(f"get{of.name}ValidationErrors", operation_id=operation_id)
        seen: set[str] = set()
        for error in of_pages(self._caller, call, of.name, reading.validation_error):
            if error.id in seen:
                problem = BadAnswer("a validation error came twice")
                raise misunderstood(call, Answer(200, b""), problem)
            seen.add(error.id)
            yield error

    def all_validation_errors(self, operation_id: str, of: TaskType) -> tuple[ValidationError, ...]:
        """The same, all at once; see `lists.whole`."""
        call = call_to(f"get{of.name}ValidationErrors", operation_id=operation_id)
        return tuple(whole(self._caller, call, of.name, reading.validation_error))

    def get_validation_error(self, operation_id: str, of: TaskType, error_id: str) -> ValidationError:
        """One of them ("Get Specific … Validation Error on Operation")."""
        call = call_to(
            f"get{of.name}ValidationError", operation_id=operation_id, validation_error_id=error_id
        )
        return self._json(call, lambda body: reading.validation_error(body, error_id))

    def delete_validation_error(
        self, operation_id: str, of: TaskType, error_id: str, *, request_id: str | None = None
    ) -> Deletion:
        """Give a task up that was set aside ("Delete … Validation Error on Operation")."""
        name = f"delete{of.name}ValidationError"
        return self._delete(
            call_to(name, request_id=request_id, operation_id=operation_id, validation_error_id=error_id)
        )

    # Scheduled operations

    def schedule(self, operation_id: str, *, request_id: str | None = None) -> ScheduledOperation:
        """Start an operation ("Schedule Operation for Processing"). Never call it twice for one operation.

        An answer about another operation is UNKNOWN; its id is then `evidence_id`.
        """
        body = {"operation": {"id": operation_id}}
        call = call_to("scheduleOperation", body=body, request_id=request_id)

        def read(answer: Answer) -> ScheduledOperation:
            found = reading.scheduled_operation(answer.json())
            if found.operation_id not in ("", operation_id):
                raise BadAnswer("it is about another operation than the one that was to be scheduled")
            return found

        return self._caller.perform(call, read)

    def status(self, scheduled_id: str) -> ScheduledOperation:
        """How far a run is ("Get Status of Scheduled Operation"); its status decides."""

        def read(answer: Answer) -> ScheduledOperation:
            found = reading.scheduled_operation(answer.json(), answer.retry_after)
            if found.id != scheduled_id:
                raise BadAnswer("it is about another scheduled operation than the one that was asked for")
            return found

        return self._caller.perform(
            call_to("getScheduledOperationStatus", scheduled_operation_id=scheduled_id), read
        )

    def delete_scheduled_operation(self, scheduled_id: str, *, request_id: str | None = None) -> Deletion:
        """Delete a run with its results ("Delete Scheduled Operation"); a status 400 says it still runs."""
        call = call_to("deleteScheduledOperation", request_id=request_id, scheduled_operation_id=scheduled_id)
        return self._delete(call)

    # Results of a scheduled operation

    def results_overview(self, scheduled_id: str) -> Mapping[str, ResultCount]:
        """The counts by task type ("View Results of Completed Scheduled Operation")."""
        return self._json(
            call_to("getResults", scheduled_operation_id=scheduled_id), reading.results_overview
        )

    def results(self, scheduled_id: str, of: TaskType) -> Iterator[TaskResult]:
        """The results of one type, page by page ("View …-specific Results")."""
        call = call_to(f"get{of.name}Results", scheduled_operation_id=scheduled_id)
        return of_pages(self._caller, call, of.name, reading.task_result)

    def all_results(
        self, scheduled_id: str, of: TaskType, *, patient: bool = False
    ) -> Collection[TaskResult]:
        """The same, all at once; see `lists.whole`.

        `patient` also waits where the run has completed and the server has no results yet (404, 409).
        """
        call = call_to(f"get{of.name}Results", scheduled_operation_id=scheduled_id)
        return whole(self._caller, call, of.name, reading.task_result, patient=patient)

    def keep_results(
        self,
        scheduled_id: str,
        of: TaskType,
        keeping: Callable[[], Keep[_K]],
        sent: Callable[[], Iterable[tuple[str, bytes]]],
        *,
        patient: bool = False,
    ) -> list[_K]:
        """What is made of the same, some thousand of them at a time; see `lists.kept`."""
        call = call_to(f"get{of.name}Results", scheduled_operation_id=scheduled_id)
        return kept(self._caller, call, of.name, keeping, sent, patient=patient)

    # Webhooks

    def register_webhook(
        self, url: str, events: tuple[str, ...] = (STATUS_CHANGED,), *, request_id: str | None = None
    ) -> Webhook:
        """Have callbacks sent to an https URL ("Register new Webhook Receiver")."""
        body = {"enterpriseId": self.connection.enterprise_id, "url": url, "events": list(events)}
        return self._json(call_to("registerWebhook", body=body, request_id=request_id), reading.webhook)

    def webhooks(self) -> tuple[Webhook, ...]:
        """All of the enterprise ("Get All Webhook Receivers for Enterprise")."""
        return self._json(call_to("getWebhooks"), reading.webhooks)

    def get_webhook(self, webhook_id: str) -> Webhook:
        """One of them ("Get Webhook Receiver by ID")."""
        call = call_to("getWebhook", webhook_id=webhook_id)
        return self._json(call, lambda body: reading.webhook(body, webhook_id))

    def remove_webhook(self, webhook_id: str, *, request_id: str | None = None) -> Deletion:
        """Remove one ("Un-register/Remove Webhook Receiver")."""
        return self._delete(call_to("removeWebhook", request_id=request_id, webhook_id=webhook_id))

    # What they share

    def _json(self, call: ApiCall, read: Callable[[Any], _T]) -> _T:
        return self._caller.perform(call, lambda answer: read(answer.json()))

    def _delete(self, call: ApiCall) -> Deletion:
        try:
            return self._caller.perform(call, _deleted)
        except CallError as error:
            if error.http_status != 404:
                raise
            return Deletion.GONE_AFTER_RETRY if error.failure.after_unanswered else Deletion.NOT_FOUND


def _deleted(answer: Answer) -> Deletion:
    """204 by the specification; a page of HTML from in between is no deletion."""
    if answer.body.strip():
        answer.json()
    return Deletion.DELETED
