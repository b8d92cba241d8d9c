"""Reading what was downloaded. A file that is no longer what was saved is a LocalFailure."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.http.strict_json import BadAnswer, read_json
from xlsx2opeasy.opeasy import reading
from xlsx2opeasy.opeasy.models import Task, TaskResult, ValidationError
from xlsx2opeasy.spec.model import TaskType

_T = TypeVar("_T")


def read_tasks(path: Path, of: TaskType) -> tuple[Task, ...]:
    """The tasks of a file from `download_tasks`."""
    return _read(path, of, reading.task)


def read_validation_errors(path: Path, of: TaskType) -> tuple[ValidationError, ...]:
    """The validation errors of a file from `download_validation_errors`."""
    return _read(path, of, reading.validation_error)


def read_results(path: Path, of: TaskType) -> tuple[TaskResult, ...]:
    """The results of a file from `download_results`, in the server's order."""
    return _read(path, of, reading.task_result)


def _read(path: Path, of: TaskType, read: Callable[[Mapping[str, Any]], _T]) -> tuple[_T, ...]:
    try:
        return tuple(read(item) for item in reading.items(read_json(path.read_bytes()), of.name))
    except OSError as problem:
        raise LocalFailure(f"{path} cannot be read: {problem.strerror}") from None
    except BadAnswer as problem:
        raise LocalFailure(f"{path} cannot be understood, {problem}") from None
