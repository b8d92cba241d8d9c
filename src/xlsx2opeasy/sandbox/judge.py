"""Judges one task against the catalogue: the server's validation at upload ("Validation Error Handling").

A plain interpreter, on one value at a time. It shares nothing with the program's own check but the catalogue,
so that a slip in either is seen by the other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard, assert_never

from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import AtLeastOne, Field, Kind, Required, TaskType
from xlsx2opeasy.spec.rules import (
    Between,
    Characters,
    Digits,
    EmailStyle,
    Keyword,
    MacAddress,
    MaxItems,
    MaxLength,
    NumberOrRange,
    OneOf,
    Rule,
)

_PHONE_NUMBER = re.compile(r"\+?[0-9(](?: ?[0-9().\-/])* ?")
_WHITE_SPACE = re.compile(r"\s")


Value = str | int | list[str]
"""A value of a field's JSON type; a Boolean is an int here."""


def broken_rule(rule: Rule, value: Value, command: str) -> bool:
    """Whether `value` (of the field's JSON type, not empty) breaks the rule in a task with this command."""
    if isinstance(value, list):
        if isinstance(rule, MaxItems):
            return len(value) > rule.limit
        return any(broken_rule(rule, item, command) for item in value)
    if isinstance(value, int):
        return isinstance(rule, Between) and not rule.low <= value <= rule.high
    return _breaks_text(rule, value, command)


def _breaks_text(rule: Rule, text: str, command: str) -> bool:
    match rule:
        case Between() | MaxItems():
            raise TypeError(f"{rule.code} is no rule for a text")
        case Keyword():
            return text.casefold() == rule.word.casefold() and command not in rule.commands
        case MaxLength() | MacAddress():
            return len(text) > rule.limit
        case Digits():
            return not rule.advised and not (text.isascii() and text.isdigit())
        case OneOf():
            return not rule.open and text.casefold() not in {each.casefold() for each in rule.values}
        case EmailStyle():
            least = 1 if command in rule.existing else rule.min_address
            return not _is_email_style(text, least)
        case Characters():
            return not rule.advised and any(character not in rule.allowed for character in text)
        case NumberOrRange():
            return not _is_number_or_range(text, rule.separator)
        case _:
            assert_never(rule)


def _is_email_style(text: str, min_address: int) -> bool:
    address, _, domain = text.partition("@")
    return (
        len(address) >= min_address
        and domain != ""
        and text.count("@") == 1
        and _WHITE_SPACE.search(text) is None
    )


def _is_number_or_range(text: str, separator: str) -> bool:
    numbers = text.split(separator)
    if len(numbers) > 2 or not all(_is_phone_number(each) for each in numbers):
        return False
    if len(numbers) == 1:
        return True
    first, last = (re.sub("[^0-9]", "", each) for each in numbers)
    return len(first) == len(last) and first <= last


def _is_phone_number(text: str) -> bool:
    return _PHONE_NUMBER.fullmatch(text) is not None and any(each.isdigit() for each in text)


_JSON_TYPES = {
    Kind.TEXT: "a String",
    Kind.BOOLEAN: "a Boolean",
    Kind.INTEGER: "an Integer",
    Kind.TEXTS: "a JSON List of Strings",
}


def judge(task_type: TaskType, task: Mapping[str, Any]) -> list[str]:
    """What is wrong with a task of this type; each message begins with the field, none where all is well."""
    messages = [f"{name} is not a field of a task" for name in task if name not in ("command", "content")]
    command, content = task.get("command"), task.get("content")
    if not isinstance(command, str):
        return [*messages, "command must be a String"]
    if command not in task_type.command_names:
        allowed = ", ".join(task_type.command_names)
        return [*messages, f"command {command[:80]!r} is not one of {allowed}"]
    if not isinstance(content, dict):
        return [*messages, "content must be a JSON Object"]
    return messages + _Reading(task_type, command).judge(content)


@dataclass(slots=True)
class Place:
    """A place in a content: a field, or an object (or, where `many`, a list of objects) that holds places."""

    leaf: Field | None = None
    many: bool = False
    commands: set[str] = field(default_factory=set)
    places: dict[str, "Place"] = field(default_factory=dict)


def _places(fields: tuple[Field, ...]) -> Place:
    root = Place()
    for each in fields:
        place = root
        for name in each.wire_name.split("."):
            place = place.places.setdefault(name.removesuffix("[n]"), Place(many=name.endswith("[n]")))
            place.commands |= each.commands | each.doubtful
        place.leaf = each
    return root


PLACES: Final[dict[str, Place]] = {each.name: _places(each.fields) for each in TASK_TYPES}
"""The tree of all places of each task type, by their names on the wire."""


class _Reading:
    """One walk through a content. `filled` has the fields that hold something, each with its indices."""

    def __init__(self, task_type: TaskType, command: str) -> None:
        self._type = task_type
        self._command = command
        self._messages: list[str] = []
        self._given: dict[str, dict[tuple[int, ...], Any]] = {}
        self._objects: dict[str, list[tuple[int, ...]]] = {}

    def judge(self, content: dict[str, Any]) -> list[str]:
        self._object(PLACES[self._type.name], content, "", ())
        for each in self._type.fields:
            for required in each.required:
                self._messages += self._missing(each, required)
        for rule in self._type.at_least_one:
            self._messages += self._none_of(rule)
        return self._messages

    def _object(self, place: Place, value: dict[str, Any], path: str, indices: tuple[int, ...]) -> None:
        for name, inner in value.items():
            inner_path = f"{path}.{name}" if path else name
            inner_place = place.places.get(name)
            if inner_place is None:
                self._messages.append(f"{inner_path[:120]} is not a field of {self._type.name}")
            elif self._command not in inner_place.commands:
                self._messages.append(f"{inner_path} is not used in {self._command}")
            elif inner_place.leaf is not None:
                self._value(inner_place.leaf, inner, inner_path, indices)
            elif inner_place.many:
                self._list(inner_place, inner, inner_path, indices)
            elif isinstance(inner, dict):
                self._object(inner_place, inner, inner_path, indices)
            else:
                self._messages.append(f"{inner_path} must be a JSON Object")

    def _list(self, place: Place, value: object, path: str, indices: tuple[int, ...]) -> None:
        if not isinstance(value, list):
            self._messages.append(f"{path} must be a JSON List of JSON Objects")
            return
        for number, item in enumerate(value):
            if isinstance(item, dict):
                self._objects.setdefault(path, []).append((*indices, number))
                self._object(place, item, f"{path}[{number}]", (*indices, number))
            else:
                self._messages.append(f"{path}[{number}] must be a JSON Object")

    def _value(self, of: Field, value: object, path: str, indices: tuple[int, ...]) -> None:
        if _has_type(value, of.kind):
            self._given.setdefault(of.name, {})[indices] = value
            self._messages += [f"{path} is not valid: {words}" for words in _broken(of, value, self._command)]
        else:
            self._messages.append(f"{path} must be {_JSON_TYPES[of.kind]}")

    def _missing(self, of: Field, required: Required) -> Iterator[str]:
        if self._command not in required.commands or self._excused(required):
            return
        for indices in self._indices_of(of):
            if self._given.get(of.name, {}).get(indices) in (None, "", []):
                yield f"{_at(of.wire_name, indices)} is required for {self._command}"

    def _excused(self, required: Required) -> bool:
        if required.unless is None:
            return False
        value = self._given.get(required.unless, {}).get(())
        if required.value is None:
            return value not in (None, "")
        return isinstance(value, str) and value.casefold() == required.value.casefold()

    def _indices_of(self, of: Field) -> Iterable[tuple[int, ...]]:
        if of.object_list is None:
            return [()]
        return self._objects.get(of.wire_name.partition("[n]")[0], ())

    def _none_of(self, rule: AtLeastOne) -> Iterator[str]:
        if rule.advised:
            return
        if self._command in rule.commands and not any(name in self._given for name in rule.fields):
            place = self._type.by_name.get(rule.stands_at.replace("[0]", "[n]"))
            where = _at(place.wire_name, (0,)) if place else rule.stands_at
            yield f"{where}: {self._command} needs {rule.words}"


def _has_type(value: object, kind: Kind) -> TypeGuard[Value]:
    if kind is Kind.TEXT:
        return isinstance(value, str)
    if kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    if kind is Kind.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _broken(of: Field, value: Value, command: str) -> Iterator[str]:
    """The words of each rule that the value breaks. An empty text or list clears a field: no rule applies."""
    if value in ("", []):
        return
    if isinstance(value, list) and "" in value:
        yield "a list has no empty texts"
        return
    for rule in of.rules:
        if broken_rule(rule, value, command):
            yield rule.words


def _at(path: str, indices: tuple[int, ...]) -> str:
    for index in indices:
        path = path.replace("[n]", f"[{index}]", 1)
    return path
