"""Which of the server's tasks is which of ours: for verifying a draft, and for the way of results to rows.

The server gives no row numbers. A task of ours and one of the server's are the same where the command agrees
and everything that we sent is there; secret values are left out (they may come back masked), and whatever
the server adds is. They are matched by position first, then by content with duplicates in their order.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from xlsx2opeasy.load.masking import secret_paths
from xlsx2opeasy.spec.catalogue import BY_NAME


@dataclass(frozen=True, slots=True)
class Match:
    """`pairs[i]`: where the server holds our i-th task, or None; `foreign`: those that are none of ours."""

    pairs: tuple[int | None, ...]
    foreign: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether each of ours has one, and none is left over."""
        return not self.foreign and None not in self.pairs


def match(task_type: str, ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> Match:
    """Matches our tasks of one type (`{"command", "content"}` as sent) with what the server holds of it."""
    secret = secret_paths(task_type)
    sent = [_bare(task, secret) for task in ours]
    got = [_bare(task, secret) for task in theirs]
    pairs: list[int | None] = [None] * len(sent)
    for index, (mine, its) in enumerate(zip(sent, got, strict=False)):
        if _covers(its, mine):
            pairs[index] = index
    taken = {index for index in pairs if index is not None}
    _match_by_content(task_type, sent, got, pairs, taken)
    return Match(tuple(pairs), tuple(index for index in range(len(got)) if index not in taken))


def _match_by_content(
    task_type: str, sent: Sequence[Any], got: Sequence[Any], pairs: list[int | None], taken: set[int]
) -> None:
    """First those that are equal to the letter, then those to which the server added something."""
    free: dict[bytes, deque[int]] = defaultdict(deque)
    for index, task in enumerate(got):
        if index not in taken:
            free[_canonical(task)].append(index)
    for index, task in enumerate(sent):
        if pairs[index] is None and (same := free.get(_canonical(task))):
            other = same.popleft()
            pairs[index] = other
            taken.add(other)
    by_subject: dict[bytes, list[int]] = defaultdict(list)
    for index in range(len(got)):
        if index not in taken:
            by_subject[_subject(task_type, got[index])].append(index)
    for index, task in enumerate(sent):
        if pairs[index] is None:
            candidates = by_subject[_subject(task_type, task)]
            found = next((other for other in candidates if _covers(got[other], task)), None)
            if found is not None:
                candidates.remove(found)
                pairs[index] = found
                taken.add(found)


def _subject(task_type: str, task: Mapping[str, Any]) -> bytes:
    """What the task is about: its command and the fields that rows of this type must have."""
    names = (field.wire_name for field in BY_NAME[task_type].fields if field.required)
    return _canonical([task["command"], [_at(task["content"], name) for name in names]])


def _at(content: Any, path: str) -> Any:  # noqa: ANN401
    for key in path.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _canonical(value: Any) -> bytes:  # noqa: ANN401
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _covers(its: Any, mine: Any) -> bool:  # noqa: ANN401
    """Whether everything in `mine` stands in `its` too; lists must agree item by item."""
    if isinstance(mine, dict):
        return isinstance(its, dict) and all(key in its and _covers(its[key], mine[key]) for key in mine)
    if isinstance(mine, list):
        return (
            isinstance(its, list)
            and len(its) == len(mine)
            and all(_covers(each, own) for each, own in zip(its, mine, strict=True))
        )
    return type(its) is type(mine) and bool(its == mine)


def _bare(task: Mapping[str, Any], secret: frozenset[str]) -> dict[str, Any]:
    """Command and content without the values of secret fields."""
    content = _without(task.get("content"), secret, "")
    return {"command": task.get("command"), "content": content}


def _without(value: Any, secret: frozenset[str], path: str) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        inner = ((key, f"{path}.{key}" if path else key) for key in value)
        return {key: _without(value[key], secret, below) for key, below in inner if below not in secret}
    if isinstance(value, list):
        return [_without(item, secret, f"{path}[n]") for item in value]
    return value
