"""What each task is about: the users, devices and numbers that it names, wherever `[wire]` puts them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xlsx2opeasy.check.across import exact_key, user_key
from xlsx2opeasy.check.numbers import TouchedNumbers, number_key
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import Subject
from xlsx2opeasy.tasks.build import Task

USERS = "Users"
_PHONE_NUMBER = "user.phoneNumber"
_SUPERVISORS = "callCenterInfo[n].supervisors"
_KEYS: Mapping[Subject, Callable[[str], str]] = {Subject.USER: user_key, Subject.DEVICE: exact_key}


def does(task: Task, *effects: Effect) -> bool:
    """Whether the task's command has at least one of `effects`."""
    return BY_NAME[task.type].by_command[task.command].does(*effects)


@dataclass(frozen=True, slots=True)
class Subjects:
    """The users and devices of a task by their keys, and its phone numbers and ranges as they are written."""

    names: frozenset[tuple[Subject, str]]
    numbers: tuple[str, ...]


class SubjectIndex:
    """The subjects of many tasks, to find out whether another task shares one of them."""

    def __init__(self) -> None:
        self._names: set[tuple[Subject, str]] = set()
        self._numbers: TouchedNumbers[bool] = TouchedNumbers()

    def add(self, subjects: Subjects) -> None:
        """Takes the subjects of one more task in."""
        self._names |= subjects.names
        for numbers in subjects.numbers:
            self._numbers.add(numbers, True)

    def shares(self, subjects: Subjects) -> bool:
        """Whether one of `subjects` is a subject of a task that was added."""
        return not self._names.isdisjoint(subjects.names) or any(
            self._numbers.of_any(numbers) is not None for numbers in subjects.numbers
        )


class Reader:
    """Reads out of tasks what the plan needs; `wire_names` are those under which the tasks were built."""

    def __init__(self, wire_names: Mapping[str, str]) -> None:
        self._wire_names = wire_names

    def text(self, task: Task, field: str) -> str:
        """The text of a field; empty where the task does not have it."""
        return next(self._texts(task.type, task.content, field), "")

    def has(self, task_type: str, content: Any, field: str) -> bool:  # noqa: ANN401
        """Whether a task's content has the field: also empty, as one that is cleared, or FALSE."""
        of = BY_NAME[task_type]
        for key in of.wire_path(of.by_name[field], self._wire_names).split("."):
            if not isinstance(content, dict) or key not in content:
                return False
            content = content[key]
        return True

    def user(self, task: Task) -> str:
        """The key of the user that the task is about; empty where it is about none."""
        names = BY_NAME[task.type].names_of(Subject.USER)
        return user_key(self.text(task, names[0])) if names else ""

    def number_taken(self, task: Task) -> str:
        """The digits of the number that a Users row takes; empty where it takes none."""
        return number_key(self.text(task, _PHONE_NUMBER)) if task.type == USERS else ""

    def subjects(self, task: Task) -> Subjects:
        """All users, devices and numbers that the task names."""
        of, content = BY_NAME[task.type], task.content
        names = {
            (subject, key(text))
            for subject, key in _KEYS.items()
            for field in of.names_of(subject)
            for text in self._texts(task.type, content, field)
        }
        if _SUPERVISORS in of.by_name:
            supervisors = self._texts(task.type, content, _SUPERVISORS)
            names |= {(Subject.USER, user_key(text)) for text in supervisors}
        fields = [*of.names_of(Subject.NUMBERS), *([_PHONE_NUMBER] if _PHONE_NUMBER in of.by_name else [])]
        numbers = (text for field in fields for text in self._texts(task.type, content, field))
        return Subjects(frozenset(names), tuple(numbers))

    def _texts(self, task_type: str, content: Any, field: str) -> Iterator[str]:  # noqa: ANN401
        of = BY_NAME[task_type]
        return _texts_at(content, of.wire_path(of.by_name[field], self._wire_names).split("."))


def _texts_at(value: Any, keys: list[str]) -> Iterator[str]:  # noqa: ANN401
    """The texts at a path, also those in a list of texts; a key that ends with `[n]` goes through a list."""
    if not keys:
        yield from (str(each) for each in (value if isinstance(value, list) else [value]) if each)
    elif isinstance(value, dict):
        key = keys[0].removesuffix("[n]")
        within = value.get(key)
        for each in within if key != keys[0] and isinstance(within, list) else [within]:
            if each is not None:
                yield from _texts_at(each, keys[1:])
