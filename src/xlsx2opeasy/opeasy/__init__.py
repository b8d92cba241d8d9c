"""The HTTP client of the OpEasy Provisioning API: all endpoints, typed, with failures in three classes."""

from xlsx2opeasy.http.clock import Clock, SystemClock
from xlsx2opeasy.http.reach import user_agent
from xlsx2opeasy.http.retry import RetryPolicy
from xlsx2opeasy.http.strict_json import BadAnswer
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection, checked_origin
from xlsx2opeasy.opeasy.errors import (
    CallDenied,
    CallError,
    CallFailed,
    CallFailure,
    CallRedirected,
    Cause,
    Classification,
    ServerWords,
)
from xlsx2opeasy.opeasy.exchange import RequestEvent, Timeouts
from xlsx2opeasy.opeasy.files import read_results, read_tasks, read_validation_errors
from xlsx2opeasy.opeasy.models import (
    STATUS_CHANGED,
    Deletion,
    Download,
    Operation,
    ResultCount,
    RunStatus,
    ScheduledOperation,
    Task,
    TaskCount,
    TaskResult,
    ValidationError,
    Webhook,
)

__all__ = [
    "STATUS_CHANGED",
    "BadAnswer",
    "CallDenied",
    "CallError",
    "CallFailed",
    "CallFailure",
    "CallRedirected",
    "Cause",
    "Classification",
    "Clock",
    "Connection",
    "Deletion",
    "Download",
    "OpEasyClient",
    "Operation",
    "RequestEvent",
    "ResultCount",
    "RetryPolicy",
    "RunStatus",
    "ScheduledOperation",
    "ServerWords",
    "SystemClock",
    "Task",
    "TaskCount",
    "TaskResult",
    "Timeouts",
    "ValidationError",
    "Webhook",
    "checked_origin",
    "read_results",
    "read_tasks",
    "read_validation_errors",
    "user_agent",
]
