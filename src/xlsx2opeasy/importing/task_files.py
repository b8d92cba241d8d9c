"""Tasks as others wrote them: task files, what the server gave for download, and our own `--json` documents.

Understood are `{"tasks": {"Users": [...]}}` ("JSON File Fields"), a list or a page under the name of its type
(tasks, results, validation errors), and `{"items": [...]}` of `operations tasks --json`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from xlsx2opeasy.errors import InvalidWorkbook, WorkbookUnusable
from xlsx2opeasy.http.strict_json import BadAnswer, read_json
from xlsx2opeasy.importing.cells import Note
from xlsx2opeasy.spec.catalogue import BY_NAME, nearest, task_type_of_sheet
from xlsx2opeasy.spec.model import TaskType
from xlsx2opeasy.spec.outcomes import Outcome, RowResult

_PAGING: Final = frozenset({"pageSize", "pageNumber", "totalPages", "totalItems"})
_OF_RESULTS: Final = ("status", "errorCode", "errorDescription")
_OF_ERRORS: Final = ("id", "validationErrors", "messages")
_OUTCOMES: Final = {"success": Outcome.SUCCESS, "failed": Outcome.FAILED}


@dataclass(frozen=True, slots=True)
class ParsedTask:
    """A task as it was found; `content` is not checked. `place` is its location in the file."""

    task_type: TaskType
    command: str
    content: Mapping[str, Any] = field(repr=False)
    place: str
    result: RowResult | None = None


@dataclass(slots=True)
class ParsedTasks:
    """The tasks of files, in their order, and what could not be understood of them."""

    tasks: list[ParsedTask] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def read_task_file(path: Path) -> ParsedTasks:
    """The tasks of one JSON file.

    Raises WorkbookUnusable where it cannot be read, InvalidWorkbook where it is no JSON object.
    """
    try:
        body = read_json(path.read_bytes())
    except OSError as error:
        raise WorkbookUnusable(
            f"{path} cannot be read: {error.strerror or error}", "give the path of a JSON file of tasks"
        ) from error
    except BadAnswer as problem:
        raise InvalidWorkbook(f"{path} cannot be understood: {problem}", "correct the file") from None
    if isinstance(body, dict) and {"sha256", "chunks"} <= body.keys():
        raise InvalidWorkbook(
            f"{path} is the list of a conversion's files, and holds no tasks itself",
            f"name the task files: {path.with_name('operation-*.json')}",
        )
    if not isinstance(body, dict):
        raise InvalidWorkbook(
            f"{path} is no JSON object", 'a file of tasks begins with {"tasks": {"Users": [ ... ]}}'
        )
    finder = _Finder(ParsedTasks())
    finder.file(body, path.name)
    return finder.found


@dataclass(slots=True)
class _Finder:
    """Walks through one file."""

    found: ParsedTasks

    def file(self, body: Mapping[str, Any], place: str) -> None:
        tasks = body.get("tasks")
        for name, value in body.items():
            if name == "tasks" and isinstance(tasks, Mapping):
                for type_name, items in tasks.items():
                    self._typed(type_name, items, f"{place}: tasks.{type_name}")
            elif name == "items" and isinstance(value, list):
                for number, item in enumerate(value):
                    self._of_any_type(item, f"{place}: items[{number}]")
            elif name in _PAGING:
                self._paging(name, value, place)
            elif name == "message" and "items" in body:
                pass  # of our own document: how the command went, not a task
            else:
                self._typed(name, value, f"{place}: {name}")

    def _paging(self, name: str, value: object, place: str) -> None:
        if name == "totalPages" and isinstance(value, int) and value > 1:
            self._tell(place, f"is one page of {value}; the others are files of their own", blocking=False)

    def _of_any_type(self, item: object, place: str) -> None:
        if not isinstance(item, Mapping) or not isinstance(item.get("type"), str):
            self._tell(place, "has no type")
        elif (of := self._type(item["type"], f"{place}.type")) is not None:
            self._item(of, {key: value for key, value in item.items() if key != "type"}, place)

    def _type(self, name: str, place: str) -> TaskType | None:
        if (of := task_type_of_sheet(name)) is None:
            near = nearest(name, BY_NAME)
            self._tell(place, "is no type of task" + (f"; did you mean {near}?" if near else ""))
        return of

    def _typed(self, name: str, items: object, place: str) -> None:
        if (of := self._type(name, place)) is None:
            return
        if not isinstance(items, list):
            self._tell(place, "is no list of tasks")
            return
        for number, item in enumerate(items):
            if isinstance(item, Mapping):
                self._item(of, item, f"{place}[{number}]")
            else:
                self._tell(f"{place}[{number}]", "is no object")

    def _item(self, of: TaskType, item: Mapping[str, Any], place: str) -> None:
        task, result = item, None
        if "validationErrors" in item or "messages" in item:
            task, result = self._set_aside(item, place)
        elif "status" in item:
            result = self._result(item, place)
        known = ("command", "content", *(_OF_RESULTS if task is item else ()))
        known += _OF_ERRORS if task is item and result is not None else ()
        for name in task:
            if name not in known:
                self._tell(f"{place}.{name}", "is no field of a task")
        command, content = task.get("command"), task.get("content")
        if not isinstance(command, str):
            self._tell(f"{place}.command", "is no text")
        elif content is not None and not isinstance(content, Mapping):
            self._tell(f"{place}.content", "is no object")
        else:
            self.found.tasks.append(ParsedTask(of, command, content or {}, place, result))

    def _set_aside(self, item: Mapping[str, Any], place: str) -> tuple[Mapping[str, Any], RowResult]:
        """The task of a validation error, which is inside it or (in our own document) beside it."""
        messages = item.get("validationErrors", item.get("messages"))
        listed = messages if isinstance(messages, list) else [messages]
        result = RowResult(Outcome.REJECTED, "", "; ".join(map(str, listed)))
        task = item.get("task")
        if not isinstance(task, Mapping):
            return item, result
        for name in item:
            if name not in (*_OF_ERRORS, "task"):
                self._tell(f"{place}.{name}", "is no field of a validation error")
        return task, result

    def _result(self, item: Mapping[str, Any], place: str) -> RowResult | None:
        outcome = _OUTCOMES.get(str(item["status"]).strip().casefold())
        if outcome is None:
            self._tell(f"{place}.status", "is neither SUCCESS nor FAILED")
            return None
        code, detail = (str(item.get(name) or "") for name in _OF_RESULTS[1:])
        return RowResult(outcome, code, detail)

    def _tell(self, place: str, words: str, *, blocking: bool = True) -> None:
        self.found.notes.append(Note(place, words, blocking))


def parse_tasks(
    task_type: TaskType, items: "Iterator[tuple[str, Mapping[str, Any], RowResult | None]]"
) -> ParsedTasks:
    """Tasks that the client read: command, content and, of a run, the result of each."""
    tasks = [
        ParsedTask(task_type, command, content, f"{task_type.name}[{number}]", result)
        for number, (command, content, result) in enumerate(items)
    ]
    return ParsedTasks(tasks)
