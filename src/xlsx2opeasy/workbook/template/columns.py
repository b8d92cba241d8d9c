"""What a blank workbook has: which sheets, with which commands, and which columns in which order."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import Column, Field, TaskType
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS

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
    """A column of a blank sheet: `number` counts from 0.

    Its `level` of folding is 1 where it is rarely used, and one more where its family's first is another.
    """

    column: Column
    number: int
    family: str
    level: int

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
        """Its cell in row 2, as a formula for the whole column refers to it: column fixed, row not."""
        return f"${self.letters}2"


@dataclass(frozen=True, slots=True)
class TemplateSheet:
    """A task sheet to be: the commands it offers, and its columns (A is the command).

    The result columns are beside the row's subject, from the column `first_result` (from 0) on.
    """

    task_type: TaskType
    commands: tuple[str, ...]
    columns: tuple[TemplateColumn, ...]
    first_result: int

    def of(self, field: str) -> tuple[TemplateColumn, ...]:
        """The columns of a field; none where the sheet was narrowed without it."""
        return tuple(each for each in self.columns if each.field.name == field)


def template_sheets(
    task_types: Collection[str] = (), commands: Collection[str] = (), *, essential: bool = False
) -> tuple[TemplateSheet, ...]:
    """The sheets for these task types (all, if none is named), narrowed to these commands and their columns.

    Commands narrow the task types that have them. A task type that has none of them keeps all its own where
    it was asked for by name, and is left out otherwise. With `essential` rarely used columns are left out.
    """
    sheets = []
    for task_type in TASK_TYPES:
        chosen = tuple(name for name in task_type.command_names if name in commands)
        named = task_type.name in task_types
        if named or (not task_types and (chosen or not commands)):
            sheets.append(_sheet(task_type, chosen or task_type.command_names, essential=essential))
    return tuple(sheets)


def _sheet(task_type: TaskType, commands: tuple[str, ...], *, essential: bool) -> TemplateSheet:
    used = [each for each in task_type.fields if not each.commands.isdisjoint(commands)]
    if essential:
        used = [each for each in used if task_type.is_essential(each)]
    subject = _subject(task_type, commands, used)
    placed: list[TemplateColumn] = []
    for column in _ordered(task_type, used, subject):
        number = len(placed) + 1
        if column.field is not subject:
            number += len(RESULT_COLUMNS)
        family = _family(column.name)
        before = placed[-1].family if placed else ""
        rare, follows = not task_type.is_essential(column.field), bool(family) and family == before
        placed.append(TemplateColumn(column, number, family, rare + follows))
    return TemplateSheet(task_type, commands, tuple(placed), 1 if subject is None else 2)


def _subject(task_type: TaskType, commands: tuple[str, ...], used: Sequence[Field]) -> Field | None:
    """What a row is about: the field that most commands need, if any does."""
    alone = [each for each in used if each.object_list is None]
    of_all = task_type.command_names
    subject = max(alone, key=lambda each: (_needing(each, commands), _needing(each, of_all)), default=None)
    return subject if subject is not None and _needing(subject, commands) else None


def _ordered(task_type: TaskType, used: list[Field], subject: Field | None) -> Iterator[Column]:
    """The Appendix's order, but the subject first."""
    if subject is not None:
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
