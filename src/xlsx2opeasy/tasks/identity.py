"""When two tasks, or two workbooks, are the same: hashes of what is sent and of where it is sent to.

Values are compared as they are sent, keys in any order. A password is part of its task, so that a changed
password is a changed task.
"""

import hashlib
from collections.abc import Iterable

import orjson

from xlsx2opeasy.tasks.build import Task


def task_hash(task: Task, origin: str, enterprise_id: str) -> str:
    """64 hexadecimal digits: the same task at the same enterprise gives the same."""
    canonical = orjson.dumps(
        [origin, enterprise_id, task.type, task.command, task.content], option=orjson.OPT_SORT_KEYS
    )
    return hashlib.sha256(canonical).hexdigest()


def workbook_identity(task_hashes: Iterable[str]) -> str:
    """64 hexadecimal digits: two workbooks that become the same tasks, in whatever order, give the same."""
    return hashlib.sha256("\n".join(sorted(task_hashes)).encode()).hexdigest()
