"""Tasks with their secret values masked: what may be kept of the server's answers."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import BY_NAME


@cache
def secret_paths(task_type: str) -> frozenset[str]:
    """The wire paths of the secret fields of a task type, `[n]` for an index."""
    return frozenset(field.wire_name for field in BY_NAME[task_type].fields if field.secret)


def masked(task_type: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """A task's content in which each secret value is the mask."""
    changed: dict[str, Any] = _masked(content, secret_paths(task_type), "")
    return changed


def _masked(value: Any, secret: frozenset[str], path: str) -> Any:  # noqa: ANN401
    if path in secret:
        return MASK
    if isinstance(value, Mapping):
        return {key: _masked(item, secret, f"{path}.{key}" if path else key) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, secret, f"{path}[n]") for item in value]
    return value
