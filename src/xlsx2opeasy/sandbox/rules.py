"""What each rule of the catalogue means for one value of a task; only the judge asks."""

import re
from typing import assert_never

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

_PHONE_NUMBER = re.compile(r"\+?[0-9(](?: ?[0-9().\-/])* ?")
_WHITE_SPACE = re.compile(r"\s")


Value = str | int | list[str]
"""A value of a field's JSON type; a Boolean is an int here."""


def broken_rule(rule: Rule, value: Value, command: str) -> bool:
    """Whether `value` (of the field's JSON type, not empty) breaks the rule in a task with this command."""
    if isinstance(value, list):
        if isinstance(rule, MaxItems):
            return len(value) > rule.limit
        return any(broken_rule(rule, item, command) for item in value)
    if isinstance(value, int):
        return isinstance(rule, Between) and not rule.low <= value <= rule.high
    return _breaks_text(rule, value, command)


def _breaks_text(rule: Rule, text: str, command: str) -> bool:
    match rule:
        case Between() | MaxItems():
            raise TypeError(f"{rule.code} is no rule for a text")
        case Keyword():
            return text.casefold() == rule.word.casefold() and command not in rule.commands
        case MaxLength() | MacAddress():
            return len(text) > rule.limit
        case Digits():
            return not rule.advised and not (text.isascii() and text.isdigit())
        case OneOf():
            return not rule.open and text.casefold() not in {each.casefold() for each in rule.values}
        case EmailStyle():
            least = 1 if command in rule.existing else rule.min_address
            return not _is_email_style(text, least)
        case Characters():
            return not rule.advised and any(character not in rule.allowed for character in text)
        case NumberOrRange():
            return not _is_number_or_range(text, rule.separator)
        case _:
            assert_never(rule)


def _is_email_style(text: str, min_address: int) -> bool:
    address, _, domain = text.partition("@")
    return (
        len(address) >= min_address
        and domain != ""
        and text.count("@") == 1
        and _WHITE_SPACE.search(text) is None
    )


def _is_number_or_range(text: str, separator: str) -> bool:
    numbers = text.split(separator)
    if len(numbers) > 2 or not all(_is_phone_number(each) for each in numbers):
        return False
    if len(numbers) == 1:
        return True
    first, last = (re.sub("[^0-9]", "", each) for each in numbers)
    return len(first) == len(last) and first <= last


def _is_phone_number(text: str) -> bool:
    return _PHONE_NUMBER.fullmatch(text) is not None and any(each.isdigit() for each in text)
