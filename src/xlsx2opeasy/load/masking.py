"""The secret values of tasks: masked in what is kept of answers, left out where tasks are compared."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import BY_NAME

_SOUNDS_SECRET = re.compile(r"pass(word|code|wd)|secret|token|api_?key|authcode", re.IGNORECASE)
"""Names under which another program's tasks, whose results come with ours, may hold what is secret."""


def _is_filled(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


class Secrets:
    """Which places in the tasks of one type are secret; `wire_names` are those of `[wire]`."""

    def __init__(self, task_type: str, wire_names: Mapping[str, str]) -> None:
        fields = BY_NAME[task_type].fields
        self._paths = frozenset(wire_names.get(each.name, each.wire_name) for each in fields if each.secret)

    def masked(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """A task's content in which each secret value is the mask."""
        changed: dict[str, Any] = self._masked(content, "")
        return changed

    def without(self, content: Any) -> Any:  # noqa: ANN401
        """A task's content that has no secret values."""
        return self._without(content, "")

    def hidden_in(self, text: str, content: Mapping[str, Any]) -> str:
        """`text` in which each secret value of `content` is the mask, where it is a word of its own."""
        if not text:
            return text
        values = {str(each) for each in self._values(content, "") if each not in (None, "", MASK)}
        for value in sorted(values, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", MASK, text)
        return text

    def _masked(self, value: Any, path: str) -> Any:  # noqa: ANN401
        if path in self._paths or (_SOUNDS_SECRET.search(path.rpartition(".")[2]) and _is_filled(value)):
            return MASK
        if isinstance(value, Mapping):
            return {key: self._masked(item, _below(path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._masked(item, f"{path}[n]") for item in value]
        return value

    def _without(self, value: Any, path: str) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            inner = ((key, _below(path, key)) for key in value)
            return {key: self._without(value[key], below) for key, below in inner if below not in self._paths}
        if isinstance(value, list):
            return [self._without(item, f"{path}[n]") for item in value]
        return value

    def _values(self, value: Any, path: str) -> Iterator[Any]:  # noqa: ANN401
        if path in self._paths or (_SOUNDS_SECRET.search(path.rpartition(".")[2]) and _is_filled(value)):
            yield value
        elif isinstance(value, Mapping):
            for key, item in value.items():
                yield from self._values(item, _below(path, key))
        elif isinstance(value, list):
            for item in value:
                yield from self._values(item, f"{path}[n]")


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
