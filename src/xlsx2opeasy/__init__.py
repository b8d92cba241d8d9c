"""Checks, converts and loads Excel workbooks into the Clearspan OpEasy Provisioning API.

The functions `check`, `convert`, `load`, `resume` and `template` are in `xlsx2opeasy.library`; the values,
errors and the API's client that go with them are in `__all__` here (docs/library.md). Each name is imported
when it is first used, so that importing the package, and with it `xlsx2opeasy --help`, stays quick.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked, check_workbook
    from xlsx2opeasy.errors import (
        AccessDenied,
        Interrupted,
        InvalidWorkbook,
        LoadRefused,
        LocalFailure,
        NeverReached,
        ServiceFailed,
        StillRunning,
        TakenOver,
        UsageError,
        WorkbookUnusable,
        Xlsx2OpeasyError,
    )
    from xlsx2opeasy.load.events import Event, Listener
    from xlsx2opeasy.load.plan.prepare import LoadOptions, Target
    from xlsx2opeasy.load.plan.task_files import TaskFiles
    from xlsx2opeasy.load.results.load_result import LoadResult
    from xlsx2opeasy.load.runner import Waiting
    from xlsx2opeasy.opeasy.client import OpEasyClient
    from xlsx2opeasy.opeasy.connection import Connection
    from xlsx2opeasy.opeasy.errors import CallError
    from xlsx2opeasy.problems import Problem
    from xlsx2opeasy.secret import Secret
    from xlsx2opeasy.spec.catalogue import TASK_TYPES
    from xlsx2opeasy.tasks.limits import ChunkLimits
    from xlsx2opeasy.workbook.model import Workbook
    from xlsx2opeasy.workbook.read import read_workbook

__all__ = [
    "TASK_TYPES",
    "AccessDenied",
    "CallError",
    "Checked",
    "ChunkLimits",
    "Connection",
    "Event",
    "Interrupted",
    "InvalidWorkbook",
    "Listener",
    "LoadOptions",
    "LoadRefused",
    "LoadResult",
    "LocalFailure",
    "NeverReached",
    "OpEasyClient",
    "Problem",
    "Secret",
    "ServiceFailed",
    "StillRunning",
    "TakenOver",
    "Target",
    "TaskFiles",
    "UsageError",
    "Waiting",
    "Workbook",
    "WorkbookUnusable",
    "Xlsx2OpeasyError",
    "check_workbook",
    "read_workbook",
]

_MODULES = {
    "check.checked": ("Checked", "check_workbook"),
    "errors": (
        "AccessDenied",
        "Interrupted",
        "InvalidWorkbook",
        "LoadRefused",
        "LocalFailure",
        "NeverReached",
        "ServiceFailed",
        "StillRunning",
        "TakenOver",
        "UsageError",
        "WorkbookUnusable",
        "Xlsx2OpeasyError",
    ),
    "load.events": ("Event", "Listener"),
    "load.plan.prepare": ("LoadOptions", "Target"),
    "load.results.load_result": ("LoadResult",),
    "load.runner": ("Waiting",),
    "load.plan.task_files": ("TaskFiles",),
    "opeasy.client": ("OpEasyClient",),
    "opeasy.connection": ("Connection",),
    "opeasy.errors": ("CallError",),
    "problems": ("Problem",),
    "secret": ("Secret",),
    "spec.catalogue": ("TASK_TYPES",),
    "tasks.limits": ("ChunkLimits",),
    "workbook.model": ("Workbook",),
    "workbook.read": ("read_workbook",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Imports a public name when it is first asked for."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, imported or not."""
    return sorted({*globals(), *__all__})
