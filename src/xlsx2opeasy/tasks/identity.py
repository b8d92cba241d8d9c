"""When two tasks, or two workbooks, are the same: hashes of what is sent and of where it is sent to.

Values are compared as they are sent, keys in any order. A password is part of its task: a changed password is
a changed task. But a hash of it could be tried out, so what depends on secret values is keyed with a key that
is derived from the enterprise's API key.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from xlsx2opeasy.secret import Secret
from xlsx2opeasy.tasks.build import Task

_SALT = b"xlsx2opeasy: fingerprints of tasks"


def task_hash(task: Task, content: Any, origin: str, enterprise_id: str) -> str:  # noqa: ANN401
    """64 hexadecimal digits: the same task at the same enterprise gives the same.

    `content` is the task's own or, where it has secrets, the one in which these are masked.
    """
    return hashlib.sha256(_canonical([origin, enterprise_id, task.type, task.command, content])).hexdigest()


def workbook_identity(task_hashes: Iterable[str]) -> str:
    """64 hexadecimal digits: two workbooks that become the same tasks, in whatever order, give the same."""
    return hashlib.sha256("\n".join(sorted(task_hashes)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class FingerprintKey:
    """A key for what depends on secret values, derived from an API key (HKDF, RFC 5869); one an enterprise.

    `name` is its short name, by which a fingerprint tells which key it was made with.
    """

    name: str
    _key: bytes = field(repr=False)

    @classmethod
    def derived(cls, api_key: Secret, origin: str, enterprise_id: str) -> "FingerprintKey":
        """The key of the enterprise at the server."""
        extracted = hmac.digest(_SALT, api_key.reveal().encode(), "sha256")
        where = f"{origin}\n{enterprise_id}\n".encode()
        key, name = (hmac.digest(extracted, where + what + b"\x01", "sha256") for what in (b"key", b"name"))
        return cls(name.hex()[:6], key)

    def task_digits(self, task: Task, content: Any) -> str:  # noqa: ANN401
        """64 hexadecimal digits of a task with its secrets."""
        return self.digits(_canonical([task.type, task.command, content]))

    def digits(self, text: bytes) -> str:
        """64 hexadecimal digits of a text."""
        return hmac.digest(self._key, text, "sha256").hex()


def _canonical(value: Any) -> bytes:  # noqa: ANN401
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
