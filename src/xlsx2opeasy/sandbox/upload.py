"""An uploaded task file becomes judged tasks: those that are valid, and validation errors for the rest."""

from typing import IO, Any

from xlsx2opeasy.sandbox.judge import judge
from xlsx2opeasy.sandbox.masks import masked
from xlsx2opeasy.sandbox.store import Batch, StoredTask, ValidationError, new_id
from xlsx2opeasy.sandbox.strict_json import BrokenJson, dump
from xlsx2opeasy.sandbox.task_file import broken_json, read_tasks
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import TaskType


def read_batch(file: IO[bytes], mask_secrets: bool) -> tuple[Batch, set[str]]:
    """The judged tasks of a file, and the groups that its Users tasks name; raises 400 as `read_tasks`."""
    file.seek(0)
    batch, groups = Batch(), set[str]()
    for name, task in read_tasks(file):
        messages = judge(BY_NAME[name], task)
        try:
            if messages:
                error = _validation_error(BY_NAME[name], task, messages, mask_secrets)
                batch.errors.setdefault(name, []).append(error)
            else:
                batch.tasks.setdefault(name, []).append(_stored(BY_NAME[name], task, mask_secrets))
                groups |= _group(task["content"])
        except BrokenJson as error:
            raise broken_json(error) from error
    return batch, groups


def _stored(task_type: TaskType, task: dict[str, Any], mask_secrets: bool) -> StoredTask:
    content = dump(task["content"])
    shown = dump(masked(task_type, task["content"])) if mask_secrets else content
    return StoredTask(task["command"], content, shown)


def _validation_error(
    task_type: TaskType, task: dict[str, Any], messages: list[str], mask_secrets: bool
) -> ValidationError:
    content = task.get("content")
    if mask_secrets and isinstance(content, dict):
        task = task | {"content": masked(task_type, content)}
    return ValidationError(new_id(), tuple(messages), dump(task))


def _group(content: dict[str, Any]) -> set[str]:
    group = content.get("groupId")
    return {group} if group else set()
