"""Reads an uploaded task file into judged tasks: those that are valid, and validation errors for the rest.

The file is read task by task, so that 100 MB of it are never in memory as objects. "JSON File Fields":
`{"tasks": {"Users": [{"command", "content"}], ...}}`, every list may be missing. Secrets are removed from a
task where the server is one that answers with masks (`mask_secrets`).
"""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any, Final

from xlsx2opeasy.sandbox.judge import PLACES, Place, judge
from xlsx2opeasy.sandbox.refusals import Refusal, general_error, validation_error
from xlsx2opeasy.sandbox.store import Batch, StoredTask, ValidationError, new_id
from xlsx2opeasy.sandbox.strict_json import DECODER, BrokenJson, dump
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import TaskType

_CHUNK: Final = 1 << 20
_WHITE: Final = " \t\n\r"


def read_tasks(file: IO[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields (task type, task) in the file's order.

    Raises:
        Refusal: 400; the file is no JSON, or does not have the shape of "JSON File Fields".
    """
    source = _Source(file)
    try:
        for key in source.members():
            if key != "tasks":
                raise validation_error(key, f"{key} is not a field of the file; it must hold tasks only", key)
            yield from _task_lists(source)
        source.end()
    except BrokenJson as error:
        raise broken_json(error) from error
    if not source.seen("tasks"):
        raise validation_error("tasks", "tasks is missing in the file")


def broken_json(error: BrokenJson) -> Refusal:
    """400 for something that is not JSON."""
    return general_error(400, "Invalid JSON", f"The JSON could not be read: {error}")


def _task_lists(source: "_Source") -> Iterator[tuple[str, dict[str, Any]]]:
    if source.peek() != "{":
        raise validation_error("tasks", "tasks must be a JSON object", source.value())
    for name in source.members():
        if name not in BY_NAME:
            raise validation_error(f"tasks.{name}", f"{name} is not a type of task", name)
        if source.peek() != "[":
            raise validation_error(f"tasks.{name}", f"tasks.{name} must be a JSON list", source.value())
        for index, task in enumerate(source.items()):
            if not isinstance(task, dict):
                place = f"tasks.{name}[{index}]"
                raise validation_error(place, f"{place} must be a JSON object", task)
            yield name, task


class _Source:
    """A text that is read on as far as the next value needs."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._ended = False
        self._seen: set[str] = set()

    def seen(self, key: str) -> bool:
        """Whether the outermost object, or one that was walked into, had this key."""
        return key in self._seen

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; the caller reads each value before the next key."""
        keys: set[str] = set()
        self._take("{")
        while self.peek() != "}":
            if keys:
                self._take(",")
            if self.peek() != '"':
                raise BrokenJson(f"a key is expected, not {self.peek() or 'the end'}")
            key = str(self.value())
            if key in keys:
                raise BrokenJson(f"the key {key!r} stands twice in one object")
            keys.add(key)
            self._seen.add(key)
            self._take(":")
            self.peek()
            yield key
        self._take("}")

    def items(self) -> Iterator[object]:
        """The values of the list that begins here."""
        first = True
        self._take("[")
        while self.peek() != "]":
            if not first:
                self._take(",")
            first = False
            self.peek()
            yield self.value()
        self._take("]")

    def peek(self) -> str:
        """The next character that is not white space, or an empty text at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _WHITE:
                    return self._text[self._at]
                self._at += 1
            if not self._read_on(_CHUNK):
                return ""

    def value(self) -> object:
        """The value that begins here."""
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise BrokenJson("it is nested too deeply") from error
            except json.JSONDecodeError as error:
                if not self._read_on(max(_CHUNK, len(self._text) - self._at)):
                    raise BrokenJson(error.msg) from error
                continue
            if end == len(self._text) and self._read_on(_CHUNK):
                continue
            self._at = end
            return value

    def end(self) -> None:
        """Nothing but white space may follow."""
        if self.peek():
            raise BrokenJson("something follows after the end of the object")

    def _take(self, character: str) -> None:
        if self.peek() != character:
            raise BrokenJson(f"{character} is expected, not {self.peek() or 'the end'}")
        self._at += 1

    def _read_on(self, size: int) -> bool:
        if self._ended:
            return False
        chunk = self._file.read(size)
        self._ended = not chunk
        try:
            self._text = self._text[self._at :] + self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            raise BrokenJson("it is not UTF-8") from error
        self._at = 0
        return True


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
