"""The documents of `--json` where nothing could be done; only the standard library is needed for them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_COUNTS: Final = (
    "total",
    "succeeded",
    "failed",
    "rejected",
    "invalid",
    "notSent",
    "running",
    "unknown",
    "skipped",
)
_LOAD: Final[Mapping[str, Any]] = {
    "job": None,
    "status": "failed",
    "workbook": None,
    "results": None,
    "rows": dict.fromkeys(_COUNTS, 0),
    "operations": [],
}
EMPTY: Final[Mapping[str, Mapping[str, Any]]] = {
    "check": {"workbook": None, "rows": {"total": 0, "valid": 0, "invalid": 0}, "problems": []},
    "convert": {"workbook": None, "sha256": "", "chunks": []},
    "load": _LOAD,
    "resume": _LOAD,
    "plan": {
        "workbook": None,
        "rows": {"total": 0, "toSend": 0, "invalid": 0, "skipped": 0},
        "commands": [],
        "operations": [],
        "skipped": 0,
        "problems": [],
    },
    "fields": {"fields": []},
    "rules": {"rules": []},
    "jobs": {"items": []},
    "queue": {"items": []},
    "webex": {"items": []},
}
"""By command; `message` is added to it."""


def empty_document(arguments: Sequence[str]) -> dict[str, Any]:
    """The document of the command that the arguments name."""
    return dict(next((EMPTY[each] for each in arguments[1:] if each in EMPTY), {}))
