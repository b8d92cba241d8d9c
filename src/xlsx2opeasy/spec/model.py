"""The shapes of the catalogue: task type, command, field, and which command needs which field.

Names of fields are the headers of the workbook, dotted as in the Appendix. In a list of objects the index is
written `[n]`; a header of a workbook carries a number there (`callCenterInfo[0].callCenterId`).
"""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from xlsx2opeasy.spec.rules import Rule


class Kind(StrEnum):
    """What a cell of the field becomes in JSON."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    TEXTS = "list of texts"


@dataclass(frozen=True, slots=True)
class Required:
    """The field must be filled for `commands`, unless the field `unless` is filled (with `value`, if given)."""

    commands: frozenset[str]
    unless: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of Appendix I-V that a cell can fill.

    `wire` is its place in a task's content, where that differs from its name; `aliases` are other headers
    that mean it: the specification's own misspellings and the paths of its examples.
    """

    name: str
    kind: Kind
    description: str
    commands: frozenset[str]
    rules: tuple[Rule, ...] = ()
    required: tuple[Required, ...] = ()
    example: str = ""
    wire: str = ""
    aliases: tuple[str, ...] = ()
    secret: bool = False

    @property
    def wire_name(self) -> str:
        """Its path in a task's content, dotted, with `[n]` for an index."""
        return self.wire or self.name

    @property
    def object_list(self) -> str | None:
        """The list of objects it is part of (`callCenterInfo`), if any."""
        before, found, _ = self.name.partition("[n]")
        return before if found else None

    def rule(self, code: str) -> Rule | None:
        """Its rule with this code, if it has one."""
        return next((rule for rule in self.rules if rule.code == code), None)


@dataclass(frozen=True, slots=True)
class Group:
    """A row of the Appendix that holds fields rather than a value: an object or a list of objects."""

    name: str
    description: str
    commands: frozenset[str]
    many: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a task type (Appendix I-V, "Available Commands")."""

    name: str
    description: str
    last_and_once: bool = False


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """A row of `commands` must fill one of `fields`; where it fills none, the error stands at `stands_at`."""

    commands: frozenset[str]
    fields: tuple[str, ...]
    stands_at: str
    words: str


@dataclass(frozen=True, slots=True)
class Column:
    """A header as the catalogue understands it: the field, and the numbers that stand for its `[n]`.

    A text list in one cell has no last number; one item a column (`user.servicePacks[0]`) has `item`.
    """

    field: Field
    indices: tuple[int, ...] = ()
    item: int | None = None

    @property
    def name(self) -> str:
        """The header in its canonical spelling."""
        return self.place(self.field.name)

    @property
    def wire(self) -> str:
        """The path in a task's content."""
        return self.place(self.field.wire_name)

    def place(self, path: str) -> str:
        """`path` with this column's numbers in the place of its `[n]`."""
        for index in self.indices:
            path = path.replace("[n]", f"[{index}]", 1)
        return path if self.item is None else f"{path}[{self.item}]"


@dataclass(frozen=True)
class TaskType:
    """One sheet of the workbook: a task type with its commands and fields (Appendix `appendix`)."""

    name: str
    appendix: str
    description: str
    commands: tuple[Command, ...]
    fields: tuple[Field, ...]
    groups: tuple[Group, ...] = ()
    at_least_one: tuple[AtLeastOne, ...] = field(default=())

    @property
    def path(self) -> str:
        """Its segment in the API's paths (`/v1/operations/{id}/callcenteragent`)."""
        return self.name.lower()

    @cached_property
    def command_names(self) -> tuple[str, ...]:
        """The names of its commands, in the Appendix's order."""
        return tuple(command.name for command in self.commands)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Its fields by name."""
        return {each.name: each for each in self.fields}

    @cached_property
    def _by_folded_header(self) -> dict[str, Field]:
        headers = {folded(alias): each for each in self.fields for alias in each.aliases}
        return headers | {folded(each.name): each for each in self.fields}

    def column(self, header: str) -> Column | None:
        """The column that a header names, in any letter case and spacing; None where it is no field."""
        header = folded(header)
        numbers = tuple(int(number) for number in _INDEX.findall(header))
        generic = _INDEX.sub("[n]", header)
        if (found := self._by_folded_header.get(generic)) is not None:
            return Column(found, numbers) if found.name.count("[n]") == len(numbers) else None
        if generic.endswith("[n]") and (found := self._by_folded_header.get(generic.removesuffix("[n]"))):
            return Column(found, numbers[:-1], numbers[-1]) if found.kind is Kind.TEXTS else None
        return None


def folded(text: str) -> str:
    """Text as names of sheets, headers and commands are compared: no letter case, no white or invisible space."""
    if text.isascii():
        return "".join(text.lower().split())
    folded_case = unicodedata.normalize("NFKC", text).casefold()
    return "".join(each for each in folded_case if not each.isspace() and unicodedata.category(each) != "Cf")


_INDEX = re.compile(r"\[([0-9]{1,3})\]")
