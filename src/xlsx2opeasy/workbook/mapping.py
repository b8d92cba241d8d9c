"""Mappings: which field each header of a list with headers of its own means, as a TOML file says it."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.spec.catalogue import BY_NAME, COMMAND_HEADER, nearest
from xlsx2opeasy.spec.model import Column, TaskType, folded

_KEYS = ("sheet", "task_type", "columns", "constants", "ignore")
_HELP = "xlsx2opeasy map LIST.xlsx --output MAPPING.toml writes one to correct"


@dataclass(frozen=True)
class SheetMapping:
    """One list: the sheet `sheet`, read as tasks of `task_type`.

    `columns` has a canonical field name, or "command", by folded header; `constants` the text that every row
    has in a field; `ignored` the folded headers of columns that are not read.
    """

    sheet: str
    task_type: TaskType
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    ignored: frozenset[str]

    def column(self, header: str) -> Column | None:
        """The field that a header means; None for the command, an ignored column and an unknown header."""
        return self.task_type.column(self.columns.get(folded(header), ""))

    def ignores(self, header: str) -> bool:
        """Whether a column is not read: an ignored one, or a note that begins with # and is not mapped."""
        bare = folded(header)
        return bare in self.ignored or (bare.startswith("#") and bare not in self.columns)

    def require_headers(self, headers: Iterable[str]) -> None:
        """Raises UsageError where the list lacks a header of `columns`: its values would be missing."""
        known = {folded(each): each for each in headers}
        for header, name in self.columns.items():
            if header not in known:
                near = nearest(header, known.values())
                raise UsageError(
                    f'the mapping takes {name} from "{header}", a header that the sheet "{self.sheet}" lacks',
                    f'did you mean "{near}"?'
                    if near
                    else "correct the header in [columns], or remove its line",
                )

    def without_secrets(self) -> dict[str, Any]:
        """The mapping as a job keeps it; constants of secret fields are left out."""
        kept = {name: text for name, text in self.constants.items() if not self._is_secret(name)}
        return {
            "sheet": self.sheet,
            "task_type": self.task_type.name,
            "columns": dict(self.columns),
            "constants": kept,
            "ignore": sorted(self.ignored),
        }

    def _is_secret(self, name: str) -> bool:
        column = self.task_type.column(name)
        return column is not None and column.field.secret


@dataclass(frozen=True)
class ListMapping:
    """The lists of one workbook; the empty mapping reads task sheets only.

    An `optional` mapping, such as that of a profile, also goes with workbooks that lack its sheets.
    """

    sheets: tuple[SheetMapping, ...] = ()
    file: Path | None = field(default=None, compare=False)
    optional: bool = False

    def of(self, title: str) -> SheetMapping | None:
        """The mapping of a sheet, whose title is compared in any letter case and spacing."""
        return next((each for each in self.sheets if folded(each.sheet) == folded(title)), None)

    def require_sheets(self, titles: Iterable[str]) -> None:
        """Raises UsageError where the workbook has no sheet of that name."""
        known = list(titles)
        if self.optional:
            return
        for each in self.sheets:
            if folded(each.sheet) not in map(folded, known):
                near = nearest(each.sheet, known)
                listed = ", ".join(f'"{title}"' for title in known[:10])
                raise UsageError(
                    f'the mapping {self.file} reads a sheet "{each.sheet}", which the workbook lacks',
                    f'did you mean "{near}"?' if near else f"its sheets are {listed}",
                )


NO_MAPPING = ListMapping()


def mapping_in_force(file: Path | None, of_profile: Path | None) -> ListMapping:
    """The mapping of a file that was asked for, else that of the profile, else none; raises as below."""
    if file is not None or of_profile is None:
        return read_mapping(file)
    return replace(read_mapping(of_profile), optional=True)


def read_mapping(file: Path | None) -> ListMapping:
    """The mapping that a file holds; the empty one for None.

    Raises UsageError where the file cannot be read, is no TOML, or names a field or task type that is none.
    """
    if file is None:
        return NO_MAPPING
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"the mapping {file} cannot be read: {error.strerror or error}", _HELP) from error
    except ValueError as error:  # TOML, and bytes that are no UTF-8
        raise UsageError(f"the mapping {file} is no TOML: {error}", _HELP) from error
    return _Reader(file).read(found)


def kept_mapping(sheets: Iterable[Mapping[str, Any]]) -> ListMapping:
    """The mapping that a job keeps (`SheetMapping.without_secrets`)."""
    reader = _Reader(Path())
    return ListMapping(tuple(reader.sheet(each) for each in sheets))


class _Reader:
    """Reads a mapping; every refusal names the file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self, found: Mapping[str, Any]) -> ListMapping:
        several = found.get("sheets")
        if several is None:
            return ListMapping((self.sheet(found),), self._file)
        self._known(found, ("sheets",))
        if not isinstance(several, list) or not several:
            raise self._refusal("sheets is no list of tables", "write a table [[sheets]] for each list")
        sheets = tuple(self.sheet(self._table(each, "[[sheets]]")) for each in several)
        names = Counter(folded(each.sheet) for each in sheets)
        for each in sheets:
            if names[folded(each.sheet)] > 1:
                raise self._refusal(
                    f'the sheet "{each.sheet}" is mapped twice', "remove one of the two tables"
                )
        return ListMapping(sheets, self._file)

    def sheet(self, found: Mapping[str, Any]) -> SheetMapping:
        self._known(found, _KEYS)
        title, name = (self._text(found, key) for key in ("sheet", "task_type"))
        task_type = BY_NAME.get(name)
        if task_type is None:
            near = nearest(name, BY_NAME)
            hint = f"did you mean {near}?" if near else f"write one of {', '.join(BY_NAME)}"
            raise self._refusal(f'"{name}" is no task type', hint)
        columns = self._fields(found, "columns", task_type)
        constants = self._fields(found, "constants", task_type)
        ignored = frozenset(map(folded, self._texts(found.get("ignore", []))))
        if not columns:
            raise self._refusal("[columns] names no header", 'write "Header" = "user.userId" below it')
        mapped = {folded(header): field_name for header, field_name in columns.items()}
        self._refuse_two(mapped, columns, constants, ignored)
        texts = {spelled: self._constant(found["constants"][key], key) for key, spelled in constants.items()}
        return SheetMapping(title, task_type, mapped, texts, ignored)

    def _fields(self, found: Mapping[str, Any], key: str, task_type: TaskType) -> dict[str, str]:
        """For `columns` the canonical field by header, for `constants` the canonical field as it is typed."""
        table = self._table(found.get(key, {}), f"[{key}]")
        names = table.values() if key == "columns" else table.keys()
        return {header: self._field(name, task_type) for header, name in zip(table, names, strict=True)}

    def _field(self, name: object, task_type: TaskType) -> str:
        if isinstance(name, str):
            if folded(name) == COMMAND_HEADER:
                return COMMAND_HEADER
            if (column := task_type.column(name)) is not None:
                return column.name
        near = nearest(name, [COMMAND_HEADER, *task_type.by_name]) if isinstance(name, str) else None
        hint = f'did you mean "{near}"?' if near else "xlsx2opeasy fields lists them"
        raise self._refusal(f'"{name}" is no field of {task_type.name}', hint)

    def _refuse_two(
        self,
        mapped: Mapping[str, str],
        columns: Mapping[str, str],
        constants: Mapping[str, str],
        ignored: frozenset[str],
    ) -> None:
        if len(mapped) < len(columns):
            raise self._refusal("two headers in [columns] differ in letter case alone", "remove one of them")
        for name, count in Counter([*columns.values(), *constants.values()]).items():
            if count > 1:
                raise self._refusal(f"{name} comes from two places", "leave one header or constant for it")
        for header in columns:
            if folded(header) in ignored:
                raise self._refusal(f'"{header}" is mapped and ignored', "take it out of one of the two")

    def _constant(self, value: object, key: str) -> str:
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, str | int) and str(value).strip():
            return str(value)
        raise self._refusal(f'the constant "{key}" is no text', 'write it in quotes, such as "AddUser"')

    def _text(self, found: Mapping[str, Any], key: str) -> str:
        value = found.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self._refusal(f"{key} is missing or no text", f'write {key} = "..." above [columns]')
        return value

    def _texts(self, found: object) -> list[str]:
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self._refusal(
                "ignore is no list of headers", 'write ignore = ["Notes", "Room"] above [columns]'
            )
        return found

    def _table(self, found: object, name: str) -> Mapping[str, Any]:
        if not isinstance(found, dict):
            raise self._refusal(
                f"{name} is no table", f"write {name} in a line of its own, and its entries below"
            )
        return found

    def _known(self, found: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in found:
            if key not in keys:
                near = nearest(key, keys)
                hint = f"did you mean {near}?" if near else f"known are {', '.join(keys)}"
                raise self._refusal(f'"{key}" has no meaning in a mapping', hint)

    def _refusal(self, what: str, hint: str) -> UsageError:
        return UsageError(f"the mapping {self._file} cannot be used: {what}", hint)
