"""The HTTP client of the OpEasy Provisioning API: all endpoints, typed, with failures in three classes.

Each name is imported when it is first used, so that who needs a value or an error waits for no HTTP library.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsx2opeasy.http.clock import Clock, SystemClock
    from xlsx2opeasy.http.protocol import RequestEvent
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
    from xlsx2opeasy.opeasy.exchange import Timeouts
    from xlsx2opeasy.opeasy.models import (
        STATUS_CHANGED,
        Deletion,
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
    "user_agent",
]

_MODULES = {
    "http.clock": (
        "Clock",
        "SystemClock",
    ),
    "http.protocol": ("RequestEvent",),
    "http.reach": ("user_agent",),
    "http.retry": ("RetryPolicy",),
    "http.strict_json": ("BadAnswer",),
    "opeasy.client": ("OpEasyClient",),
    "opeasy.connection": (
        "Connection",
        "checked_origin",
    ),
    "opeasy.errors": (
        "CallDenied",
        "CallError",
        "CallFailed",
        "CallFailure",
        "CallRedirected",
        "Cause",
        "Classification",
        "ServerWords",
    ),
    "opeasy.exchange": ("Timeouts",),
    "opeasy.models": (
        "STATUS_CHANGED",
        "Deletion",
        "Operation",
        "ResultCount",
        "RunStatus",
        "ScheduledOperation",
        "Task",
        "TaskCount",
        "TaskResult",
        "ValidationError",
        "Webhook",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Imports a public name when it is first asked for."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"xlsx2opeasy.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
