"""A scheduled operation as JSON: the same for the schedule answer, the status answer and callbacks."""

from datetime import datetime
from typing import Any

from xlsx2opeasy.sandbox.store import ScheduledOperation


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
