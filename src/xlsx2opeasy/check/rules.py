"""The Appendix's rules as vectorised checks: for each kind of rule, which values of a column keep it.

Each function takes a column of texts, in which "" passes (a blank cell breaks no rule), and gives a column of
booleans. The sandbox interprets the same rules in plain Python; a property test holds the two together.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import pandas as pd

from xlsx2opeasy.check.normal import items_of
from xlsx2opeasy.check.numbers import digits_of
from xlsx2opeasy.spec.rules import (
    Between,
    Characters,
    Digits,
    EmailStyle,
    MacAddress,
    MaxItems,
    MaxLength,
    NumberOrRange,
    OneOf,
    Rule,
)

Texts: TypeAlias = "pd.Series[str]"
Verdicts: TypeAlias = "pd.Series[bool]"

_SPACES = "".join(each for each in map(chr, range(0x3001)) if each.isspace())
"""What Python's own \\s means, spelt out: with \\s, pandas leaves Arrow for a loop over all texts."""


def _max_length(rule: MaxLength, texts: Texts) -> Verdicts:
    return texts.str.len() <= rule.limit


def _digits(_rule: Digits, texts: Texts) -> Verdicts:
    return texts.str.fullmatch("[0-9]*")


def _one_of(rule: OneOf, texts: Texts) -> Verdicts:
    return texts.isin(["", *rule.values])


def _email_style(rule: EmailStyle, texts: Texts) -> Verdicts:
    return texts.str.fullmatch(f"(?:[^@{_SPACES}]{{{rule.min_address},}}@[^@{_SPACES}]+)?")


def _between(rule: Between, texts: Texts) -> Verdicts:
    whole = texts.str.fullmatch("[+-]?[0-9]{1,18}")
    numbers = pd.to_numeric(texts.where(whole, "0"))
    return (whole & numbers.between(rule.low, rule.high)) | (texts == "")


def _characters(rule: Characters, texts: Texts) -> Verdicts:
    return texts.str.fullmatch(f"[{re.escape(rule.allowed)}]*")


def _mac_address(rule: MacAddress, texts: Texts) -> Verdicts:
    return texts.str.len() <= rule.limit


def is_number_or_range(text: str) -> bool:
    """Whether `text` is one phone number, or a range whose ends are in order and of equal length."""
    ends = [digits_of(end) for end in text.split(NumberOrRange.separator)]
    if len(ends) == 1:
        return ends[0] is not None
    first, last = ends[0], ends[-1]
    if len(ends) != 2 or first is None or last is None:
        return False
    return len(first) == len(last) and first <= last


def _number_or_range(_rule: NumberOrRange, texts: Texts) -> Verdicts:
    kept = {text for text in texts.unique() if text == "" or is_number_or_range(text)}
    return texts.isin(kept)


def _max_items(rule: MaxItems, texts: Texts) -> Verdicts:
    kept = {text for text in texts.unique() if len(items_of(text)) <= rule.limit}
    return texts.isin(kept)


_CHECKS: dict[type[Any], Callable[[Any, Texts], Verdicts]] = {
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


def verdicts(rule: Rule, texts: Texts) -> Verdicts:
    """For each text of the column, whether it keeps `rule`."""
    return _CHECKS[type(rule)](rule, texts)


def item_verdicts(rule: Rule, cells: Texts) -> Verdicts:
    """For each cell that holds a list, whether all its items keep `rule`."""
    distinct = pd.Series(list(cells.unique()), dtype="str")
    items = distinct.map(items_of).explode()
    kept = verdicts(rule, items.fillna("").astype("str")).groupby(level=0).all()
    return cells.isin(set(distinct[kept.to_numpy()]))
