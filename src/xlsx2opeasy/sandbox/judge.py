"""Judges one task against the catalogue: the server's validation at upload ("Validation Error Handling").

A plain interpreter, on one value at a time. It shares nothing with the program's own check but the catalogue,
so that a slip in either is seen by the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from xlsx2opeasy.sandbox.rules import Value, broken_rule
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import AtLeastOne, Field, Kind, Required, TaskType

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
