"""From a task's content to the cells of its row: the reverse of `build`.

Fields are found by their path on the wire, by their name and by the specification's own misspellings, in any
letter case. What a row cannot represent is reported with its place; nothing is skipped silently.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from xlsx2opeasy.check.normal import CLEAR, LIST_SEPARATOR
from xlsx2opeasy.ooxml.text import cut, visible
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import BY_NAME, nearest
from xlsx2opeasy.spec.model import Column, Field, Kind, TaskType, folded

MOST_ITEMS: Final = 1000
"""A header's number has at most three digits."""

WireNames = Mapping[str, str]
_Renamed = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something about one place (`content.user.title`) that a person must know; never with a secret in it.

    A `blocking` one is what a workbook cannot hold; the others (a number written as a text) are understood.
    """

    place: str
    words: str
    blocking: bool = True


@dataclass(slots=True)
class RowCells:
    """What a content became: cells by column, and notes. `masked` are secret fields that came masked."""

    by_column: dict[Column, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)


def cells_of(
    task_type: TaskType, content: Mapping[str, Any], wire_names: WireNames | None = None
) -> RowCells:
    """The cells of a content of this task type; `wire_names` are those of the configuration."""
    names = tuple(sorted((wire_names or {}).items()))
    reader = _Reader(task_type, names, RowCells())
    reader.walk(content, "", "content", ())
    return reader.cells


@cache
def _paths(task_type: str, wire_names: _Renamed) -> dict[str, Field]:
    """Every path that means a field, folded, with `[n]` for an index."""
    of, wire = BY_NAME[task_type], dict(wire_names)
    paths = {folded(alias): each for each in of.fields for alias in each.aliases}
    paths |= {folded(each.name): each for each in of.fields}
    return paths | {folded(of.wire_path(each, wire)): each for each in of.fields}


@lru_cache(4096)
def _field(task_type: str, wire_names: _Renamed, path: str) -> Field | None:
    """The field that a path means."""
    return _paths(task_type, wire_names).get(folded(path))


@lru_cache(4096)
def _leads_on(task_type: str, wire_names: _Renamed, beginning: str) -> bool:
    """Whether the path of some field begins so."""
    start = folded(beginning)
    return any(path.startswith(start) for path in _paths(task_type, wire_names))


@dataclass(slots=True)
class _Reader:
    """Walks through one content."""

    task_type: TaskType
    wire_names: _Renamed
    cells: RowCells

    def walk(self, value: Mapping[str, Any], path: str, place: str, indices: tuple[int, ...]) -> None:
        """The members of an object; `path` has `[n]` for an index, `place` the numbers."""
        if not value and path:
            self._tell(
                place,
                "is an empty object, which a workbook cannot say",
                blocking=path.endswith("[n]"),
            )
        for name, inner in value.items():
            self._member(inner, f"{path}.{name}" if path else name, f"{place}.{name}", indices)

    def _member(self, value: object, path: str, place: str, indices: tuple[int, ...]) -> None:
        if isinstance(value, Mapping) and self._leads_on(f"{path}."):
            self.walk(value, path, place, indices)
        elif isinstance(value, list) and self._leads_on(f"{path}[n]."):
            self._objects(value, path, place, indices)
        elif value is None and (self._field(path) or self._holds_fields(path)):
            self._tell(place, "is null; the cell is left blank, so nothing is sent", blocking=False)
        elif (found := self._field(path)) is not None:
            self._fill(found, value, place, indices)
        else:
            self._tell(place, self._unknown(path))

    def _field(self, path: str) -> Field | None:
        return _field(self.task_type.name, self.wire_names, path)

    def _holds_fields(self, path: str) -> bool:
        return self._leads_on(f"{path}.") or self._leads_on(f"{path}[n].")

    def _leads_on(self, beginning: str) -> bool:
        return _leads_on(self.task_type.name, self.wire_names, beginning)

    def _objects(self, value: list[Any], path: str, place: str, indices: tuple[int, ...]) -> None:
        if not value:
            self._tell(place, "is an empty list of objects, which a workbook cannot say")
        if len(value) > MOST_ITEMS:
            self._tell(place, f"has more than {MOST_ITEMS} items")
            return
        for number, item in enumerate(value):
            if isinstance(item, Mapping):
                self.walk(item, f"{path}[n]", f"{place}[{number}]", (*indices, number))
            else:
                self._tell(f"{place}[{number}]", "is no object")

    def _unknown(self, path: str) -> str:
        if self._holds_fields(path):
            return "is no object" if self._leads_on(f"{path}.") else "is no list of objects"
        near = nearest(path, self.task_type.by_name, 0.8)
        return f"is no field of {self.task_type.name}" + (f"; did you mean {near}?" if near else "")

    def _fill(self, of: Field, value: object, place: str, indices: tuple[int, ...]) -> None:
        if of.secret and isinstance(value, str) and is_mask(value):
            self.cells.masked.append(Column(of, indices).name)
        elif of.kind is Kind.TEXTS:
            self._fill_list(of, value, place, indices)
        elif (text := self._text(of, value, place)) is not None:
            self._put(Column(of, indices), text, place)

    def _fill_list(self, of: Field, value: object, place: str, indices: tuple[int, ...]) -> None:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._tell(place, "is no list of texts")
        elif len(value) > MOST_ITEMS:
            self._tell(place, f"has more than {MOST_ITEMS} items")
        elif any(item in ("", CLEAR) for item in value):
            self._tell(place, "has an item that is empty, which a workbook cannot say")
        elif all(LIST_SEPARATOR not in item and item == item.strip() for item in value):
            self._put(Column(of, indices), LIST_SEPARATOR.join(value) or CLEAR, place)
        else:
            for number, item in enumerate(value):
                self._put(Column(of, indices, number), item, f"{place}[{number}]")

    def _text(self, of: Field, value: object, place: str) -> str | None:
        match of.kind, value:
            case Kind.TEXT, str():
                if value == CLEAR:
                    self._tell(place, f"is {CLEAR}, which in a workbook stands for an empty text")
                    return None
                return value or CLEAR
            case Kind.BOOLEAN, bool():
                return str(value).upper()
            case Kind.INTEGER, int() if not isinstance(value, bool):
                return str(value)
            case (Kind.BOOLEAN | Kind.INTEGER, str()) | (Kind.TEXT, int()) if not isinstance(value, bool):
                words = {
                    Kind.TEXT: "a number; it becomes a text",
                    Kind.BOOLEAN: "a text; it becomes a boolean",
                }
                self._tell(place, f"is {words.get(of.kind, 'a text; it becomes a number')}", blocking=False)
                return str(value) or CLEAR
            case _:
                self._tell(place, f"is no {of.kind.value}")
                return None

    def _put(self, column: Column, text: str, place: str) -> None:
        if visible(text) != text or cut(text) != text:
            self._tell(place, "has a character, or more characters, than a cell can hold")
        elif column in self.cells.by_column:
            self._tell(place, f"fills {column.name} a second time")
        else:
            self.cells.by_column[column] = text

    def _tell(self, place: str, words: str, *, blocking: bool = True) -> None:
        self.cells.notes.append(Note(place, words, blocking))


def is_mask(text: str) -> bool:
    """Whether a secret came masked: as we mask it, or in asterisks or dots of any number."""
    return text == MASK or (len(text) > 2 and not text.strip("*•"))


def ordered(task_type: TaskType, used: "set[Column]") -> Iterator[Column]:
    """The used columns in the catalogue's order; the members of one object of a list are adjacent."""
    position = {each.name: number for number, each in enumerate(task_type.fields)}
    first = {
        of: min(position[each.name] for each in task_type.fields if each.object_list == of)
        for of in {each.object_list for each in task_type.fields if each.object_list is not None}
    }

    def key(column: Column) -> tuple[int, tuple[int, ...], int, int]:
        of = column.field
        own = position[of.name]
        start = own if of.object_list is None else first[of.object_list]
        return start, column.indices, own, -1 if column.item is None else column.item

    yield from sorted(used, key=key)
