"""Excel's data validations of a blank workbook: dropdowns, limits, and the message beside each cell.

A value that breaks a rule may be kept after a warning, for `""` (which empties a field), `yes` and `1` are
right as well, and `check` has the last word. Only the command must be one of the list.
"""

from collections.abc import Mapping
from typing import Any

from xlsx2opeasy.spec.model import Field, Kind, TaskType
from xlsx2opeasy.spec.rules import OneOf
from xlsx2opeasy.spec.words import needs_in_words, rule_words, users_in_words
from xlsx2opeasy.workbook.template.columns import TemplateColumn, TemplateSheet
from xlsx2opeasy.workbook.template.formulas import breaks_rule

MOST_TITLE, MOST_MESSAGE = 32, 255
"""Excel's limits for a message's title and text (ECMA-376 Part 1, 18.18, ST_Xstring of dataValidation)."""


def title_of(header: str) -> str:
    """The header, or as much of its end as the title holds (`sasDefaultGatewayPort`)."""
    while len(header) > MOST_TITLE and "." in header:
        header = header.partition(".")[2]
    return header if len(header) <= MOST_TITLE else f"{header[: MOST_TITLE - 1]}…"


def message_of(task_type: TaskType, field: Field, commands: tuple[str, ...]) -> str:
    """What the field is, its rule, an example, and the commands that need and use it.

    Where that is too long the description is cut, as the rest is what the cell is filled in by.
    """
    rule = _sentence("Rule", rule_words(field))
    needed = _sentence("Needed by", needs_in_words(task_type, field, commands))
    example = _sentence("Example", field.example)
    used = _sentence("Used by", users_in_words(field, commands))
    lines = [line for line in (rule, example, needed, used) if line]
    if len("\n".join(lines)) > MOST_MESSAGE - 40:
        lines.remove(used)
    room = MOST_MESSAGE - len("\n".join(lines)) - 1
    return "\n".join([_cut(field.description, room), *lines])


def refusal_of(field: Field) -> str:
    """What Excel says when a value breaks the field's rule and the person may keep it all the same."""
    return _cut(f"Allowed: {rule_words(field)}. Example: {field.example}", MOST_MESSAGE)


def _sentence(label: str, words: str) -> str:
    return f"{label}: {words}" if words else ""


def _cut(text: str, most: int) -> str:
    """The text, else its first clause, else as many words of it as there is room for."""
    if len(text) <= most:
        return text
    clause = text.partition(";")[0]
    return f"{clause}." if len(clause) < most else f"{text[: most - 1].rpartition(' ')[0]}…"


Validation = dict[str, Any]
"""A validation as XlsxWriter takes it."""

MOST_FORMULA = 255
"""The longest list or formula that Excel takes in a validation."""


def command_validation(sheet: TemplateSheet) -> Validation:
    """The dropdown of commands; Excel refuses any other."""
    return {
        "validate": "list",
        "source": list(sheet.commands),
        "input_title": "command",
        "input_message": "Choose what is to be done. The row then shows which cells it needs (yellow) "
        "and which it does not use (grey).",
        "error_title": "No such command",
        "error_message": f"{sheet.task_type.name} knows: {', '.join(sheet.commands)}",
        "error_type": "stop",
    }


def validation(sheet: TemplateSheet, column: TemplateColumn) -> Validation:
    """The validation of a field's column, with its message."""
    field = column.field
    about = {
        "input_title": title_of(column.name),
        "input_message": message_of(sheet.task_type, field, sheet.commands),
    }
    return about | _allowed(field, column.cell)


def message_alone(rule: Mapping[str, Any]) -> Validation:
    """The message of a validation, without its rule."""
    return {"validate": "any"} | {name: rule[name] for name in ("input_title", "input_message")}


def _allowed(field: Field, cell: str) -> Validation:
    if choices := _choices(field):
        # A list holds several items, and an open enumeration has other values: offered, not asked.
        offered = field.kind is Kind.TEXTS or any(
            isinstance(rule, OneOf) and rule.open for rule in field.rules
        )
        return {"validate": "list", "source": list(choices)} | (
            {"show_error": False} if offered else _warning(field)
        )
    condition = breaks_rule(field, cell)
    if condition is None:
        return {"validate": "any"}
    formula = f"=NOT({condition})"
    if len(formula) > MOST_FORMULA:
        return {"validate": "any"}
    return {"validate": "custom", "value": formula} | _warning(field)


def _choices(field: Field) -> tuple[str, ...]:
    if field.kind is Kind.BOOLEAN:
        return ("TRUE", "FALSE")
    return next((rule.values for rule in field.rules if isinstance(rule, OneOf)), ())


def _warning(field: Field) -> Validation:
    return {
        "error_type": "warning",
        "error_title": "Not as the rule has it",
        "error_message": refusal_of(field),
    }
