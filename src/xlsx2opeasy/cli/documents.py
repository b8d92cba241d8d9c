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
    "operations append": {"operation": None},
    "operations delete": {"deleted": False},
    "operations delete-error": {"deleted": []},
    "operations errors": {"items": []},
    "operations show": {"operation": None},
    "operations tasks": {"items": []},
    "scheduled create": {"scheduledOperation": None},
    "scheduled delete": {"deleted": False},
    "scheduled results": {"overview": None, "items": []},
    "scheduled status": {"scheduledOperation": None},
    "webhooks list": {"items": []},
    "webhooks register": {"webhook": None},
    "webhooks remove": {"deleted": False},
    "webhooks show": {"webhook": None},
    "config": {"settings": []},
    "doctor": {"checks": []},
    "store": {"store": None},
}
"""By command, or by command and subcommand; `message` is added to it."""


def empty_document(arguments: Sequence[str], status: str = "failed") -> dict[str, Any]:
    """The document of the command that the arguments name, with `status` where it has one."""
    words = [each for each in arguments[1:] if not each.startswith("-")]
    names = (" ".join(words[at : at + length]) for at in range(len(words)) for length in (1, 2))
    document = dict(next((EMPTY[name] for name in names if name in EMPTY), {}))
    return document | {"status": status} if "status" in document else document
