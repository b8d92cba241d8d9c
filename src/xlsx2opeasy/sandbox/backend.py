"""The back end: processes scheduled operations one after another in a thread of its own.

The order is the documented one ("Operations and Scheduled Operations"): Users, CallCenterAgent,
CallForwarding, CallRecording, PhoneNumbers, each in the order of its upload.
"""

import json
import logging
import queue
import threading

from xlsx2opeasy.sandbox.commands import apply
from xlsx2opeasy.sandbox.enterprise import Enterprise, TaskFailed
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.store import (
    ScheduledOperation,
    Status,
    Store,
    StoredTask,
    TaskResult,
    scheduled_body,
)
from xlsx2opeasy.sandbox.truth import AppliedTask, Truth
from xlsx2opeasy.sandbox.webhooks import Webhooks
from xlsx2opeasy.spec.catalogue import PROCESSING_ORDER
from xlsx2opeasy.spec.model import TaskType

_LOG = logging.getLogger(__name__)


class Backend:
    """Owns the enterprises; only its thread changes them."""

    def __init__(self, settings: SandboxSettings, store: Store, webhooks: Webhooks, truth: Truth) -> None:
        self._settings = settings
        self._store = store
        self._webhooks = webhooks
        self._truth = truth
        Enterprise(settings.state)  # a state that contradicts itself is refused here, not in the thread
        self._enterprises: dict[str, Enterprise] = {}
        self._queue: queue.SimpleQueue[ScheduledOperation | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="back end")
        self._thread.start()

    def submit(self, scheduled: ScheduledOperation) -> None:
        """Takes a scheduled operation on; returns at once."""
        self._queue.put(scheduled)

    def enterprise(self, enterprise_id: str) -> Enterprise:
        """The simulated enterprise; it begins with the state of the settings."""
        if enterprise_id not in self._enterprises:
            self._enterprises[enterprise_id] = Enterprise(self._settings.state)
        return self._enterprises[enterprise_id]

    def close(self) -> None:
        """Stops; what is being processed is left as it is."""
        self._closed.set()
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (scheduled := self._queue.get()) is not None and not self._closed.is_set():
            self._process(scheduled)

    def _process(self, scheduled: ScheduledOperation) -> None:
        if self._closed.wait(self._settings.pending_seconds):
            return
        self._change(scheduled, Status.PROCESSING)
        tasks = sum(map(len, scheduled.operation.tasks.values()))
        if self._closed.wait(self._settings.processing_seconds + tasks * self._settings.task_seconds):
            return
        enterprise = self.enterprise(scheduled.operation.enterprise_id)
        enterprise.announce(json.loads(task.content) for task in scheduled.operation.tasks["PhoneNumbers"])
        for task_type in PROCESSING_ORDER:
            results = scheduled.results[task_type.name] = []
            for index, task in enumerate(scheduled.operation.tasks[task_type.name]):
                if self._closed.is_set():
                    return
                results.append(self._result(enterprise, scheduled, task_type, index, task))
        failed = any(result.code for results in scheduled.results.values() for result in results)
        self._change(scheduled, Status.COMPLETED_WITH_ERRORS if failed else Status.COMPLETED)

    def _result(
        self,
        enterprise: Enterprise,
        scheduled: ScheduledOperation,
        task_type: TaskType,
        index: int,
        task: StoredTask,
    ) -> TaskResult:
        result = self._apply(enterprise, task_type, task)
        operation = scheduled.operation
        self._truth.applied.append(
            AppliedTask(
                enterprise_id=operation.enterprise_id,
                operation_id=operation.id,
                scheduled_operation_id=scheduled.id,
                task_type=task_type.name,
                index=index,
                command=task.command,
                content_json=task.content,
                error_code=result.code,
            )
        )
        return result

    def _apply(self, enterprise: Enterprise, task_type: TaskType, task: StoredTask) -> TaskResult:
        try:
            apply(enterprise, task_type.name, task.command, json.loads(task.content))
        except TaskFailed as failure:
            return TaskResult(failure.code, failure.description)
        except Exception:  # noqa: BLE001
            # The specification has code 500 for this; the thread must live, or operations hang for ever.
            _LOG.exception("%s %s", task_type.name, task.command)
            self._truth.crashes.append(f"{task_type.name} {task.command}")
            return TaskResult("500", TaskFailed("500").description)
        return TaskResult()

    def _change(self, scheduled: ScheduledOperation, status: Status) -> None:
        previous = scheduled.status.value
        self._store.change_status(scheduled, status)
        self._webhooks.status_changed(scheduled.operation.enterprise_id, previous, scheduled_body(scheduled))
