"""What a blank workbook has: which sheets, with which commands, and which columns in which order."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import Column, Field, TaskType

_FAMILIES = (
    ("Calling line ID", ("user.clid",)),
    ("Teams", ("user.msTeams", "user.teams")),
    ("SIP", ("user.sipAuth",)),
    ("Aliases", ("user.alias",)),
    ("Address", ("user.address", "user.city", "user.stateProvince", "user.zipPostalCode", "user.country")),
    ("Ping", ("user.useExistingPingAccount", "user.ping")),
    ("DECT", ("device.dect112Info",)),
    ("AudioCodes", ("device.audioCodesDeviceSettings",)),
    ("Trunk", ("device.trunkUserInformation",)),
    ("Device", ("device.",)),
    ("Call center 1", ("callCenterInfo[0]",)),
    ("Call center 2", ("callCenterInfo[1]",)),
    ("Call center 3", ("callCenterInfo[2]",)),
)
"""Columns that fold together, by the beginnings of their headers; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """A column of a blank sheet: `number` counts from 0; it `folds` where its family's first is another."""

    column: Column
    number: int
    family: str
    folds: bool

    @property
    def field(self) -> Field:
        """The field that a cell of it fills."""
        return self.column.field

    @property
    def name(self) -> str:
        """Its header."""
        return self.column.name

    @property
    def letters(self) -> str:
        """Excel's name of the column."""
        return letters_of(self.number + 1)

    @property
    def cell(self) -> str:
        """Its cell in row 2, as a formula for the whole column speaks of it: column fixed, row not."""
        return f"${self.letters}2"


@dataclass(frozen=True, slots=True)
class TemplateSheet:
    """A task sheet to be: the commands it offers, and its columns from B on (A is the command)."""

    task_type: TaskType
    commands: tuple[str, ...]
    columns: tuple[TemplateColumn, ...]

    def of(self, field: str) -> tuple[TemplateColumn, ...]:
        """The columns of a field; none where the sheet was narrowed without it."""
        return tuple(each for each in self.columns if each.field.name == field)


def template_sheets(
    task_types: Collection[str] = (), commands: Collection[str] = ()
) -> tuple[TemplateSheet, ...]:
    """The sheets for these task types (all, if none is named), narrowed to these commands and their columns.

    Commands narrow the task types that have them. A task type that has none of them keeps all its own where
    it was asked for by name, and is left out otherwise.
    """
    sheets = []
    for task_type in TASK_TYPES:
        chosen = tuple(name for name in task_type.command_names if name in commands)
        named = task_type.name in task_types
        if named or (not task_types and (chosen or not commands)):
            sheets.append(_sheet(task_type, chosen or task_type.command_names))
    return tuple(sheets)


def _sheet(task_type: TaskType, commands: tuple[str, ...]) -> TemplateSheet:
    placed: list[TemplateColumn] = []
    for number, column in enumerate(_ordered(task_type, commands), start=1):
        family = _family(column.name)
        before = placed[-1].family if placed else ""
        placed.append(TemplateColumn(column, number, family, bool(family) and family == before))
    return TemplateSheet(task_type, commands, tuple(placed))


def _ordered(task_type: TaskType, commands: tuple[str, ...]) -> Iterator[Column]:
    """The Appendix's order, but first what a row is about: the field that most commands need."""
    used = [each for each in task_type.fields if not each.commands.isdisjoint(commands)]
    of_all = task_type.command_names
    alone = [each for each in used if each.object_list is None]
    subject = max(alone, key=lambda each: (_needing(each, commands), _needing(each, of_all)), default=None)
    if subject is not None and _needing(subject, commands):
        yield Column(subject)
        used.remove(subject)
    members: dict[str, list[Field]] = {}
    for each in used:
        if each.object_list is not None:
            members.setdefault(each.object_list, []).append(each)
    for each in used:
        if each.object_list is None:
            yield Column(each)
        elif of_list := members.pop(each.object_list, None):
            for index in range(task_type.repeat_of(each.object_list)):
                yield from (Column(member, (index,)) for member in of_list)


def _needing(field: Field, commands: tuple[str, ...]) -> int:
    return len({name for required in field.required for name in required.commands if name in commands})


def _family(header: str) -> str:
    return next((title for title, beginnings in _FAMILIES if header.startswith(beginnings)), "")
