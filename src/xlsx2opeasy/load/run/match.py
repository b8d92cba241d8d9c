"""Which of the server's tasks is which of ours: for verifying a draft, and for the way of results to rows.

The server gives no row numbers. A task of ours and one of the server's are the same where the command agrees
and everything that we sent is there; secret values are left out (they may come back masked), and whatever
the server adds is. They are matched by position first, then by content with duplicates in their order.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from typing import Any

import orjson

from xlsx2opeasy.masking import SecretFields
from xlsx2opeasy.spec.catalogue import BY_NAME

Task = Mapping[str, Any]
"""A task as on the wire: `{"command", "content"}`."""


@dataclass(frozen=True, slots=True)
class Match:
    """`pairs[i]`: where the server holds our i-th task, or None; `foreign`: those that are none of ours."""

    pairs: tuple[int | None, ...]
    foreign: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether each of ours has one, and none is left over."""
        return not self.foreign and None not in self.pairs


def match(
    task_type: str, ours: Sequence[Task], theirs: Sequence[Task], wire_names: Mapping[str, str]
) -> Match:
    """Matches our tasks of one type, as sent, with what the server holds of it; nearly linear in time."""
    secrets = SecretFields(task_type, wire_names)
    matching = _Matching(_Bare(ours, secrets), _Bare(theirs, secrets), secrets)
    matching.by_position()
    matching.by_equal_content()
    matching.by_subject(_subject_paths(task_type, wire_names))
    left = (index for index in range(len(theirs)) if index not in matching.taken)
    return Match(tuple(matching.pairs), tuple(left))


def corresponds_in_order(
    task_type: str, ours: Iterable[Task], theirs: Iterable[Task], wire_names: Mapping[str, str]
) -> bool:
    """Whether each of ours is covered by the one in its place, and there are as many: as it nearly always is.

    Each is looked at once and let go of, so that no memory grows with their number.
    """
    secrets = SecretFields(task_type, wire_names)
    pairs = zip_longest(ours, theirs)
    return all(mine and its and corresponds(mine, its, secrets) for mine, its in pairs)


def is_same(mine: Task, its: Task, secrets: SecretFields) -> bool:
    """Whether two tasks are the same but for their secrets; keys in another order make them others."""
    return orjson.dumps(_bare(mine, secrets)) == orjson.dumps(_bare(its, secrets))


def corresponds(mine: Task, its: Task, secrets: SecretFields) -> bool:
    """Whether the server's task is ours, or covers it; secret values may be masked.

    First with their secrets, as nearly all are the same to the letter, their keys in the same order; only
    where the server masks these do they have to be left out.
    """
    if mine == its and orjson.dumps(mine) == orjson.dumps(its):
        return True
    return is_same(mine, its, secrets) or _covers(_bare(its, secrets), _bare(mine, secrets))


def further_results(
    task_type: str, ours: Sequence[Task], theirs: Sequence[Task], found: Match, wire_names: Mapping[str, str]
) -> Mapping[int, int]:
    """Of what `found` has left over, which of ours it is once more: its index -> that of our task."""
    left = list(found.foreign)
    again: dict[int, int] = {}
    while left:
        more = match(task_type, ours, [theirs[index] for index in left], wire_names)
        taken = {left[other]: index for index, other in enumerate(more.pairs) if other is not None}
        if not taken:
            break
        again |= taken
        left = [index for index in left if index not in taken]
    return again


def alike_keys(task_type: str, tasks: Iterable[Task], wire_names: Mapping[str, str]) -> list[bytes]:
    """A key for each task (20 bytes); tasks that no result can tell apart have the same."""
    secrets = SecretFields(task_type, wire_names)
    return [blake2b(_canonical(_bare(each, secrets)), digest_size=20).digest() for each in tasks]


class _Bare(Sequence[Task]):
    """Tasks without their secrets, made when they are looked at: a copy of each would fill the memory."""

    def __init__(self, tasks: Sequence[Task], secrets: SecretFields) -> None:
        self.tasks = tasks
        self._secrets = secrets

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401
        return _bare(self.tasks[index], self._secrets)


class _Matching:
    """The pairs found so far."""

    def __init__(self, sent: _Bare, got: _Bare, secrets: SecretFields) -> None:
        self._sent = sent
        self._got = got
        self._secrets = secrets
        self.pairs: list[int | None] = [None] * len(sent)
        self.taken: set[int] = set()

    def _pair(self, index: int, other: int) -> None:
        self.pairs[index] = other
        self.taken.add(other)

    def _unmatched(self) -> list[int]:
        return [index for index, pair in enumerate(self.pairs) if pair is None]

    def _free(self) -> list[int]:
        return [index for index in range(len(self._got)) if index not in self.taken]

    def by_position(self) -> None:
        """All of them where each is covered by the one in its place, else those that are equal there.

        Where the order is not ours, being covered proves little: an emptier task would take a fuller one's.
        """
        in_order = len(self._sent) == len(self._got) and all(
            corresponds(mine, its, self._secrets)
            for mine, its in zip(self._sent.tasks, self._got.tasks, strict=True)
        )
        if in_order:
            self.pairs = list(range(len(self._got)))
            self.taken = set(range(len(self._got)))
            return
        for index, (mine, its) in enumerate(zip(self._sent, self._got, strict=False)):
            if _covers(its, mine) and _covers(mine, its):
                self._pair(index, index)

    def by_equal_content(self) -> None:
        """Those that are equal to the letter."""
        free: dict[bytes, deque[int]] = defaultdict(deque)
        for index in self._free():
            free[_canonical(self._got[index])].append(index)
        for index in self._unmatched():
            if same := free.get(_canonical(self._sent[index])):
                self._pair(index, same.popleft())

    def by_subject(self, paths: Sequence[str]) -> None:
        """Those to which the server added something: looked for among the tasks about the same thing.

        The fullest of ours come first, so that none takes what only a fuller one fits.
        """
        free = self._free()
        by_paths: dict[tuple[str, ...], dict[bytes, list[int]]] = {}
        unmatched = sorted(self._unmatched(), key=lambda index: -len(_canonical(self._sent[index])))
        for index in unmatched if free else ():
            mine = self._sent[index]
            present = tuple(path for path in paths if value_at(mine["content"], path.split(".")) is not None)
            if present not in by_paths:
                by_paths[present] = self._indexed(free, present)
            candidates = by_paths[present].get(_subject(mine, present), [])
            fitting = (each for each in candidates if each not in self.taken)
            found = next((each for each in fitting if _covers(self._got[each], mine)), None)
            if found is not None:
                self._pair(index, found)
                candidates.remove(found)

    def _indexed(self, free: Sequence[int], present: tuple[str, ...]) -> dict[bytes, list[int]]:
        subjects: dict[bytes, list[int]] = defaultdict(list)
        for index in free:
            subjects[_subject(self._got[index], present)].append(index)
        return subjects


def _subject_paths(task_type: str, wire_names: Mapping[str, str]) -> list[str]:
    """Where the tasks of a type say what they are about: the fields that some row must have."""
    of = BY_NAME[task_type]
    fields = (each for each in of.fields if each.required and each.object_list is None)
    return [of.wire_path(each, wire_names) for each in fields]


def _subject(task: Task, paths: tuple[str, ...]) -> bytes:
    return _canonical([task["command"], [value_at(task["content"], path.split(".")) for path in paths]])


def value_at(content: Any, keys: Iterable[str]) -> Any:  # noqa: ANN401
    """The value that these keys lead to, one within the other; None where there is none."""
    for key in keys:
        if not isinstance(content, dict):
            return None
        content = content.get(key)
    return content


def _canonical(value: Any) -> bytes:  # noqa: ANN401
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _covers(its: Any, mine: Any) -> bool:  # noqa: ANN401
    """Whether everything in `mine` is in `its` too; lists must agree item by item."""
    if isinstance(mine, dict):
        return isinstance(its, dict) and all(key in its and _covers(its[key], mine[key]) for key in mine)
    if isinstance(mine, list):
        return (
            isinstance(its, list)
            and len(its) == len(mine)
            and all(_covers(each, own) for each, own in zip(its, mine, strict=True))
        )
    return type(its) is type(mine) and bool(its == mine)


def _bare(task: Task, secrets: SecretFields) -> Task:
    """Command and content without the values of secret fields."""
    return {"command": task.get("command"), "content": secrets.without(task.get("content"))}
