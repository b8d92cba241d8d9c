"""What a command asks of its row, as Excel formulas: which cells it needs, and which it does not use."""

from collections.abc import Iterator

from xlsx2opeasy.spec.model import AtLeastOne, Required
from xlsx2opeasy.spec.rules import Keyword
from xlsx2opeasy.workbook.template.columns import TemplateColumn, TemplateSheet
from xlsx2opeasy.workbook.template.formulas import is_blank, is_clear, is_filled, is_one_of, trimmed

COMMAND_CELL = "$A2"
"""The command of row 2, as the formulas of a whole column refer to it."""


def needing(sheet: TemplateSheet, column: TemplateColumn) -> str | None:
    """A condition that holds where the row needs this cell and no other one can stand for it."""
    asked = [found for required in column.field.required if (found := _asked(sheet, column, required))]
    asked += [found for rule in sheet.task_type.at_least_one if (found := _asked_alone(sheet, column, rule))]
    return _any(asked)


def missing(sheet: TemplateSheet, column: TemplateColumn) -> str | None:
    """A condition that holds where the row needs the cell, and it is blank."""
    asked = needing(sheet, column)
    return f"AND({is_blank(column.cell)},{asked})" if asked else None


def one_is_missing(sheet: TemplateSheet, column: TemplateColumn) -> str | None:
    """A condition that holds where the row needs this cell or one of several others, and all are blank."""
    return _any(
        _and(_has_command(sheet, rule.commands), *(is_blank(each.cell) for each in choices))
        for rule in sheet.task_type.at_least_one
        if _has_command(sheet, rule.commands)
        and column in (choices := _choices(sheet, rule))
        and len(choices) > 1
    )


def refused(sheet: TemplateSheet, column: TemplateColumn) -> str | None:
    """A condition that holds where the command makes the value wrong: needed but cleared, or a keyword."""
    asked = needing(sheet, column)
    wrong = [_and(is_clear(column.cell), asked)] if asked else []
    wrong += [
        _and(is_one_of(trimmed(column.cell), [rule.word]), others)
        for rule in column.field.rules
        if isinstance(rule, Keyword)
        and (others := _has_command(sheet, column.field.commands - rule.commands))
    ]
    return _any(wrong)


def unused(sheet: TemplateSheet, column: TemplateColumn) -> str | None:
    """A condition that holds where the row's command does not use the field."""
    return _has_command(sheet, frozenset(sheet.commands) - column.field.commands)


def _asked(sheet: TemplateSheet, column: TemplateColumn, required: Required) -> str | None:
    asking = _has_command(sheet, required.commands)
    if asking is None:
        return None
    if column.field.object_list is not None:
        siblings = [each for each in sheet.columns if _same_object(each, column) and each != column]
        others = _any(is_filled(each.cell) for each in siblings)
        return _and(asking, others) if others else None
    excuses = [_excused(each, required) for each in sheet.of(required.unless or "")]
    return _and(asking, *(f"NOT({excuse})" for excuse in excuses))


def _same_object(one: TemplateColumn, other: TemplateColumn) -> bool:
    lists = (one.field.object_list, one.column.indices), (other.field.object_list, other.column.indices)
    return lists[0] == lists[1]


def _excused(by: TemplateColumn, required: Required) -> str:
    if required.value is None:
        return f"AND({is_filled(by.cell)},NOT({is_clear(by.cell)}))"
    return is_one_of(trimmed(by.cell), [required.value])


def _choices(sheet: TemplateSheet, rule: AtLeastOne) -> list[TemplateColumn]:
    """The columns that a person is shown as the choice: of a list of objects, its first object's alone."""
    columns = [each for name in rule.fields for each in sheet.of(name)]
    return [each for each in columns if not any(each.column.indices)]


def _asked_alone(sheet: TemplateSheet, column: TemplateColumn, rule: AtLeastOne) -> str | None:
    """Where one cell stands for the whole choice: the first object of a list."""
    asking = _has_command(sheet, rule.commands)
    if asking is None or _choices(sheet, rule) != [column]:
        return None
    others = [each for name in rule.fields for each in sheet.of(name) if each != column]
    return _and(asking, *(is_blank(each.cell) for each in others))


def _has_command(sheet: TemplateSheet, commands: frozenset[str]) -> str | None:
    named = [name for name in sheet.commands if name in commands]
    return is_one_of(COMMAND_CELL, named) if named else None


def _and(*conditions: str | None) -> str:
    held = [each for each in conditions if each]
    return held[0] if len(held) == 1 else f"AND({','.join(held)})"


def _any(conditions: "list[str] | Iterator[str]") -> str | None:
    held = list(conditions)
    return None if not held else held[0] if len(held) == 1 else f"OR({','.join(held)})"
