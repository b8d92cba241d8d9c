"""The catalogue's rules as Excel formulas, for validations and conditional formats of blank workbooks.

They refer to one cell (`$C2`) and keep to what Excel allows in both places and LibreOffice evaluates alike:
no array constants, unions or newer functions. They help whoever types; `check` decides. Known to differ from
it: TRIM also takes double spaces within a text for one, and Excel counts a character outside the BMP (an
emoji) as two.

`missing`, `missing_one_of`, `refused` and `unused` say what a command asks of its row.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from xlsx2opeasy.spec.model import AtLeastOne, Field, Kind, Required
from xlsx2opeasy.spec.rules import (
    Between,
    Characters,
    Digits,
    EmailStyle,
    Keyword,
    MacAddress,
    MaxItems,
    MaxLength,
    NumberOrRange,
    OneOf,
    Rule,
)
from xlsx2opeasy.workbook.template.columns import TemplateColumn, TemplateSheet

CLEAR = '""'
"""The cell text that sends an empty text: no rule of a text is applied to it."""

_DIGITS = "0123456789"
_HEXADECIMAL = "0123456789ABCDEFabcdef"
_PUNCTUATION = " ().-/"
_BOOLEANS = ("TRUE", "FALSE", "yes", "no", "1", "0")


def text(words: str) -> str:
    """A text as a formula's literal."""
    return '"' + words.replace('"', '""') + '"'


def trimmed(cell: str) -> str:
    """The cell's text without the space around it."""
    return f"TRIM({cell})"


def is_one_of(cell: str, words: Iterable[str]) -> str:
    """The cell says one of `words`, in any letter case."""
    said = [f"{cell}={text(word)}" for word in words]
    return said[0] if len(said) == 1 else f"OR({','.join(said)})"


def is_blank(cell: str) -> str:
    """The cell is blank, or white space."""
    return f'{trimmed(cell)}=""'


def is_filled(cell: str) -> str:
    """The cell holds something."""
    return f'{trimmed(cell)}<>""'


def is_clear(cell: str) -> str:
    """The cell says that the field is to be emptied."""
    return f"{trimmed(cell)}={text(CLEAR)}"


def breaks_rule(field: Field, cell: str) -> str | None:
    """A condition that holds where the cell's value breaks a rule of the field; None where it has no rule.

    Keywords hang on the row's command, and open enumerations allow other values: neither is judged here.
    """
    broken = [found for rule in field.rules if (found := _broken(rule, field, trimmed(cell)))]
    if field.kind is Kind.BOOLEAN:
        broken.append(f"NOT(OR(ISLOGICAL({cell}),{is_one_of(trimmed(cell), _BOOLEANS)}))")
    if not broken:
        return None
    any_broken = broken[0] if len(broken) == 1 else f"OR({','.join(broken)})"
    if field.kind in (Kind.BOOLEAN, Kind.INTEGER):
        return f"AND({is_filled(cell)},{any_broken})"
    return f"AND({is_filled(cell)},NOT({is_clear(cell)}),{any_broken})"


def _broken(rule: Rule, field: Field, value: str) -> str | None:
    if field.kind is Kind.TEXTS and isinstance(rule, OneOf):
        return _other_items(rule, value)
    make = _BROKEN.get(type(rule))
    return make(rule, value) if make else None


def _max_length(rule: MaxLength, value: str) -> str:
    return f"LEN({value})>{rule.limit}"


def _digits(_rule: Digits, value: str) -> str:
    return _other_characters(value, _DIGITS)


def _one_of(rule: OneOf, value: str) -> str | None:
    return None if rule.open else f"NOT({is_one_of(value, rule.values)})"


def _other_items(rule: OneOf, value: str) -> str:
    """What is left of a list without the allowed items and their separators."""
    rest = f"UPPER({value})"
    for allowed in sorted(rule.values, key=len, reverse=True):
        rest = f'SUBSTITUTE({rest},{text(allowed.upper())},"")'
    return f'TRIM(SUBSTITUTE({rest},";",""))<>""'


def _email_style(rule: EmailStyle, value: str) -> str:
    too_short = f'FIND("@",{value}&"@")<={rule.min_address}'
    not_one_at = f'LEN({value})-LEN(SUBSTITUTE({value},"@",""))<>1'
    return f'OR({too_short},{not_one_at},RIGHT({value})="@",ISNUMBER(FIND(" ",{value})))'


def _between(rule: Between, value: str) -> str:
    number = f"VALUE({value})"
    outside = f"IFERROR(OR({number}<{rule.low},{number}>{rule.high}),TRUE)"
    # VALUE alone would take 1-2 for a date, and 1e3 for a thousand.
    return f"OR({_other_characters(_unsigned(value), _DIGITS)},{outside})"


def _characters(rule: Characters, value: str) -> str:
    return _other_characters(value, rule.allowed)


def _other_characters(value: str, allowed: str) -> str:
    """Some character of the value is none of `allowed`; INDIRECT only counts from 1 to the value's length."""
    each = f'MID({value},ROW(INDIRECT("A1:A"&MAX(1,LEN({value})))),1)'
    return f"SUMPRODUCT(--ISERROR(FIND({each},{text(allowed)})))>0"


def _mac_address(rule: MacAddress, value: str) -> str:
    bare = _without(value, rule.separators)
    twelve = f"AND(LEN({bare})={rule.limit},NOT({_other_characters(bare, _HEXADECIMAL)}))"
    return f"AND(LEN({value})>{rule.limit},NOT({twelve}))"


def _number_or_range(rule: NumberOrRange, value: str) -> str:
    separator = text(rule.separator)
    at = f"FIND({separator},{value}&{separator})"
    ends = f"LEFT({value},{at}-1)", f"MID({value},{at}+{len(rule.separator)},99)"
    first, last = (_without(end, f"+{_PUNCTUATION}") for end in ends)
    is_range = f"ISNUMBER(FIND({separator},{value}))"
    disordered = f"AND({is_range},OR(LEN({first})<>LEN({last}),{first}>{last}))"
    return f'OR({_no_number(ends[0])},{_no_number(ends[1])},{first}="",{disordered})'


def _no_number(end: str) -> str:
    """One end of a range, unless blank, begins with or holds what no phone number does."""
    unsigned = _unsigned(end)
    begins_wrong = f'ISERROR(FIND(LEFT({unsigned}),"{_DIGITS}("))'
    wrong = f"OR({begins_wrong},{_other_characters(unsigned, _DIGITS + _PUNCTUATION)})"
    return f'AND({end}<>"",{wrong})'  # to find "" is an error in LibreOffice, and 1 in Excel


def _unsigned(value: str) -> str:
    return f'MID({value},1+(LEFT({value})="+"),99)'


def _without(value: str, characters: str) -> str:
    for each in characters:
        value = f'SUBSTITUTE({value},{text(each)},"")'
    return value


def _max_items(rule: MaxItems, value: str) -> str:
    separators = f'LEN({value})-LEN(SUBSTITUTE({value},";",""))'
    return f'{separators}-(RIGHT({value})=";")>={rule.limit}'


_BROKEN: dict[type[Any], Callable[[Any, str], str | None]] = {
    MaxLength: _max_length,
    Digits: _digits,
    OneOf: _one_of,
    EmailStyle: _email_style,
    Between: _between,
    Characters: _characters,
    MacAddress: _mac_address,
    NumberOrRange: _number_or_range,
    MaxItems: _max_items,
}


COMMAND_CELL = "$A2"
"""The command of row 2, as the formulas of a whole column refer to it."""


def is_required(sheet: TemplateSheet, column: TemplateColumn) -> str | None:
    """A condition that holds where the row needs this cell and no other one can replace it."""
    asked = [found for required in column.field.required if (found := _asked(sheet, column, required))]
    asked += [found for rule in sheet.task_type.at_least_one if (found := _asked_alone(sheet, column, rule))]
    return _any(asked)


def missing(sheet: TemplateSheet, column: TemplateColumn) -> str | None:
    """A condition that holds where the row needs the cell, and it is blank."""
    asked = is_required(sheet, column)
    return f"AND({is_blank(column.cell)},{asked})" if asked else None


def missing_one_of(sheet: TemplateSheet, column: TemplateColumn) -> str | None:
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
    asked = is_required(sheet, column)
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
    """Where one cell decides the whole choice: the first object of a list."""
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
