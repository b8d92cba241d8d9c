"""Takes secrets out of a task, where the server is one that answers with masks (`mask_secrets`)."""

import json
from typing import Any, Final

from xlsx2opeasy.sandbox.judge import PLACES, Place
from xlsx2opeasy.spec.model import TaskType

MASK: Final = "********"


def masked(task_type: TaskType, content: dict[str, Any]) -> dict[str, Any]:
    """A copy of a content with every filled secret replaced by a mask."""
    copy: dict[str, Any] = json.loads(json.dumps(content))
    _mask(PLACES[task_type.name], copy)
    return copy


def _mask(place: Place, value: dict[str, Any]) -> None:
    for name, inner in value.items():
        found = place.places.get(name)
        if found is None:
            continue
        if found.leaf is not None:
            if found.leaf.secret and inner:
                value[name] = MASK
            continue
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, dict):
                _mask(found, each)
