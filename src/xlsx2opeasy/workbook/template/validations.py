"""Excel's data validations of a blank workbook: dropdowns, limits, and the message beside each cell.

A value that breaks a rule may be kept after a warning, for `""` (which empties a field), `yes` and `1` are
right as well, and `check` has the last word. Only the command must be one of the list.
"""

from collections.abc import Mapping
from typing import Any

from xlsx2opeasy.spec.model import Field, Kind
from xlsx2opeasy.spec.rules import OneOf
from xlsx2opeasy.workbook.template.columns import TemplateColumn, TemplateSheet
from xlsx2opeasy.workbook.template.formulas import breaks_rule
from xlsx2opeasy.workbook.template.messages import message_of, refusal_of, title_of

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
