"""The secret values of tasks: masked in what is kept of answers, left out where tasks are compared."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from xlsx2opeasy.opeasy.masking import without_values
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import BY_NAME

_SOUNDS_SECRET = re.compile(r"pass(word|code|wd)|secret|token|api_?key|authcode", re.IGNORECASE)
"""Names under which another program's tasks, whose results come with ours, may hold what is secret."""


_Tree: TypeAlias = "dict[str, _Tree]"
"""The keys on the way to secret values, `[n]` for the items of a list; `_SECRET` is where one stands."""

_LISTED = "[n]"
_SECRET: _Tree = {}
_NOTHING: _Tree = {}
_NESTED = frozenset({dict, list})


class Secrets:
    """Which places in the tasks of one type are secret; `wire_names` are those of `[wire]`."""

    def __init__(self, task_type: str, wire_names: Mapping[str, str]) -> None:
        of = BY_NAME[task_type]
        self._tree = _tree_of(of.wire_path(each, wire_names) for each in of.fields if each.secret)

    def masked(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """A task's content in which each secret value is the mask."""
        changed: dict[str, Any] = _masked(content, self._tree, "")
        return changed

    def without(self, content: Any) -> Any:  # noqa: ANN401
        """A task's content that has no secret values; it shares with `content` what holds none."""
        return _without(content, self._tree)

    def hidden_in(self, text: str, content: Mapping[str, Any]) -> str:
        """`text` in which each secret value of `content` is the mask, where it is a word of its own."""
        return without_values(text, self.values_in(content)) if text else text

    def values_in(self, content: Mapping[str, Any]) -> Iterator[str]:
        """The secret values of a task's content, as texts."""
        return (str(each) for each in _values(content, self._tree, "") if each not in (None, "", MASK))


def _tree_of(paths: Iterable[str]) -> _Tree:
    tree: _Tree = {}
    for path in paths:
        *parents, last = path.replace(_LISTED, f".{_LISTED}").split(".")
        place = tree
        for key in parents:
            if (place := place.setdefault(key, {})) is _SECRET:
                break  # all below is secret already
        else:
            place[last] = _SECRET
    return tree


@cache
def _sounds_secret(name: str) -> bool:
    return _SOUNDS_SECRET.search(name) is not None


def _is_secret(value: object, tree: _Tree, name: str) -> bool:
    if tree is _SECRET:
        return True
    return _sounds_secret(name) and isinstance(value, str | int) and not isinstance(value, bool)


def _masked(value: Any, tree: _Tree, name: str) -> Any:  # noqa: ANN401
    if _is_secret(value, tree, name):
        return MASK
    if isinstance(value, dict):
        return {
            key: _masked(item, tree.get(key, _NOTHING), key)
            if key in tree or type(item) in _NESTED or _sounds_secret(key)
            else item  # as nearly all are: looked at here, where it is quick
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, tree.get(_LISTED, _NOTHING), name) for item in value]
    return value


def _without(value: Any, tree: _Tree) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        told = dict(value)
        for key in tree.keys() & value.keys():
            if tree[key] is _SECRET:
                del told[key]
            else:
                told[key] = _without(value[key], tree[key])
        return told
    if isinstance(value, list) and _LISTED in tree:
        return [_without(item, tree[_LISTED]) for item in value]
    return value


def _values(value: Any, tree: _Tree, name: str) -> Iterator[Any]:  # noqa: ANN401
    if _is_secret(value, tree, name):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, tree.get(key, _NOTHING), key)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, tree.get(_LISTED, _NOTHING), name)
