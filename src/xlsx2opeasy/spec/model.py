"""The shapes of the catalogue: task type, command, field, and which command needs which field.

Names of fields are the headers of the workbook, dotted as in the Appendix. In a list of objects the index is
written `[n]`; a header of a workbook carries a number there (`callCenterInfo[0].callCenterId`).

Whatever the rest of the program must know of a command or a field is a fact here. Facts that contradict each
other raise ValueError when the catalogue is imported (`catalogue.py`); a fact that is left out means that
nothing of the kind is known (no effect on other rows, no inverse, no Sync command).
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from xlsx2opeasy.spec.effects import MODIFYING, NO_INVERSE, Effect, Inverse, ServedBy
from xlsx2opeasy.spec.rules import Characters, Digits, EmailStyle, MacAddress, NumberOrRange, Rule


class Kind(StrEnum):
    """What a cell of the field becomes in JSON."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    TEXTS = "list of texts"


class Content(StrEnum):
    """What a text field holds, which says how exactly its text is compared by the server and by the check.

    Invisible characters are refused in all but `WORDS`, typographic quotes and dashes in `CODE` and `NUMBER`.
    """

    WORDS = "words"
    NAME = "a name or id that must match exactly"
    CODE = "a code"
    NUMBER = "a phone number"


class Subject(StrEnum):
    """What a field names, where its row is about the thing of that name."""

    USER = "user"
    DEVICE = "device"
    CALL_CENTER = "call center"
    GROUP = "group"
    NUMBERS = "phone numbers"


@dataclass(frozen=True, slots=True)
class Required:
    """The field must be filled for `commands`, unless the field `unless` is filled (with `value`, if given).

    `advised`: it is a warning where it is blank because of `unless`.
    """

    commands: frozenset[str]
    unless: str | None = None
    value: str | None = None
    advised: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field of Appendix I-V that a cell can fill.

    `wire` is its place in a task's content, where that differs from its name; `aliases` are other headers
    that mean it: the specification's own misspellings and the paths of its examples. `content` is what its
    text holds; fields whose rules ask for a code are codes without saying so. `doubtful` are commands that do
    not use the field by its table, where an example contradicts the table. `number_field` is the field that a Boolean switches on.
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
    content: Content = Content.WORDS
    subject: Subject | None = None
    doubtful: frozenset[str] = frozenset()
    number_field: str = ""

    def __post_init__(self) -> None:
        if self.content is Content.WORDS and any(isinstance(rule, _CODE_RULES) for rule in self.rules):
            object.__setattr__(self, "content", Content.CODE)

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
    """A row of the Appendix that holds fields rather than a value: an object or a list of objects.

    `repeat` is how many objects of a list have columns in a blank workbook.
    """

    name: str
    description: str
    commands: frozenset[str]
    many: bool = False
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a task type (Appendix I-V, "Available Commands").

    `effects` are what it does to things that other rows may be about, `inverse` is what reverses it,
    `served_by` the Sync command that Teams users need after it. A Sync command itself is `last_and_once`.
    """

    name: str
    description: str
    effects: frozenset[Effect] = frozenset()
    inverse: Inverse = NO_INVERSE
    served_by: ServedBy | None = None
    last_and_once: bool = False

    def does(self, *effects: Effect) -> bool:
        """Whether it has at least one of `effects`."""
        return not self.effects.isdisjoint(effects)

    @property
    def deletes(self) -> bool:
        """Whether users or devices are gone after it."""
        return self.does(Effect.DELETES_USER, Effect.DELETES_DEVICE, Effect.DELETES_DEVICES_OF_USER)

    @property
    def suspends(self) -> bool:
        """Whether users cannot telephone after it."""
        return self.does(Effect.SUSPENDS_USER)

    @property
    def teams_fields(self) -> frozenset[str]:
        """Its fields that make or change a Teams user."""
        return self.served_by.teams_fields if self.served_by else frozenset()

    def sync_for(self, filled: Collection[str]) -> str | None:
        """The Sync command that a task with these filled fields asks for; None where it asks for none."""
        served = self.served_by
        if served is None or (served.where and served.where.isdisjoint(filled)):
            return None
        return served.sync


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """A row of `commands` must fill one of `fields`; where it fills none, the error is at `stands_at`.

    `advised`: it is a warning, as the task does nothing then.
    """

    commands: frozenset[str]
    fields: tuple[str, ...]
    stands_at: str
    words: str
    advised: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A header as the catalogue understands it: the field, and the numbers in place of its `[n]`.

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
    """One sheet of the workbook: a task type with its commands and fields (Appendix `appendix`).

    `headings` are its names in the specification's headings of task pages and of result pages. `tab` is the
    colour (`#1F4E78`) of its tab in a blank workbook. `locating` are fields that say where a subject is, and
    modify nothing; `essential` those that most people fill in.
    """

    name: str
    appendix: str
    description: str
    commands: tuple[Command, ...]
    fields: tuple[Field, ...]
    groups: tuple[Group, ...] = ()
    at_least_one: tuple[AtLeastOne, ...] = field(default=())
    headings: tuple[str, str] = ("", "")
    tab: str = "#595959"
    locating: frozenset[str] = frozenset()
    essential: frozenset[str] = frozenset()

    def is_essential(self, field: Field) -> bool:
        """Whether most people need the field: it is one of `essential`, or required; all are where none is named."""
        return not self.essential or bool(field.required) or field.name in self.essential

    @property
    def path(self) -> str:
        """Its segment in the API's paths (`/v1/operations/{id}/callcenteragent`)."""
        return self.name.lower()

    @cached_property
    def command_names(self) -> tuple[str, ...]:
        """The names of its commands, in the Appendix's order."""
        return tuple(command.name for command in self.commands)

    @cached_property
    def by_command(self) -> dict[str, Command]:
        """Its commands by name."""
        return {each.name: each for each in self.commands}

    def commands_that(self, *effects: Effect) -> frozenset[str]:
        """The names of the commands that have at least one of `effects`."""
        return frozenset(each.name for each in self.commands if each.does(*effects))

    @cached_property
    def syncs(self) -> tuple[str, ...]:
        """The names of its Sync commands, which go last and once."""
        return tuple(each.name for each in self.commands if each.last_and_once)

    @cached_property
    def subjects(self) -> tuple[Field, ...]:
        """The fields that say what a task is about; where none is marked, those that every command needs."""
        marked = tuple(each for each in self.fields if each.subject is not None)
        return marked or tuple(each for each in self.fields if self._needed_by_all(each))

    def _needed_by_all(self, of: Field) -> bool:
        return frozenset(self.command_names) <= {name for each in of.required for name in each.commands}

    def subject_of(self, command: str) -> Field | None:
        """The field that says what a row of this command is about: the first subject that it needs."""
        needing = (
            each for each in self.subjects if any(command in required.commands for required in each.required)
        )
        return next(needing, next(iter(self.subjects), None))

    def settings_of(self, command: str) -> tuple[str, ...]:
        """The fields of which a row of this command must fill one, lest it modify nothing; () where none."""
        if not self.by_command[command].does(*MODIFYING):
            return ()
        for rule in self.at_least_one:
            if rule.advised and command in rule.commands:
                return rule.fields
        about = {*(each.name for each in self.subjects), *self.locating}
        return tuple(each.name for each in self.fields if command in each.commands and each.name not in about)

    def names_of(self, subject: Subject) -> tuple[str, ...]:
        """The names of its fields that name a thing of this kind."""
        return self._names_by_subject[subject]

    @cached_property
    def _names_by_subject(self) -> dict[Subject, tuple[str, ...]]:
        return {
            subject: tuple(each.name for each in self.fields if each.subject is subject)
            for subject in Subject
        }

    @cached_property
    def remembered(self) -> tuple[str, ...]:
        """The fields of which an inverse, or a sentence about one, is made. None is secret."""
        named = [each.name for each in self.subjects if not each.secret]
        for command in self.commands:
            named += command.inverse.remembered
        return tuple(dict.fromkeys(named))

    def repeat_of(self, object_list: str) -> int:
        """How many objects of the list have columns in a blank workbook."""
        return next((each.repeat for each in self.groups if each.name == object_list), 1)

    def wire_path(self, of: Field, wire_names: Mapping[str, str]) -> str:
        """The place of a field in a task's content, where `wire_names` say otherwise than the catalogue.

        Its name together with the task type's (`PhoneNumbers.groupId`) outweighs its name alone.
        """
        return wire_names.get(f"{self.name}.{of.name}") or wire_names.get(of.name, of.wire_name)

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


_CODE_RULES = (Characters, Digits, EmailStyle, MacAddress, NumberOrRange)
_INDEX = re.compile(r"\[([0-9]{1,3})\]")
