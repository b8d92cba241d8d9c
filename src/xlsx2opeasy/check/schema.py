"""Pandera schemas built from the catalogue, and the one place where their findings are translated.

Pandera is asked about the columns in which a text breaks a rule, and imported for them: mostly there are
none, and to judge each distinct text once takes a tenth of the time.

The Appendix's rules are vectorised checks: each function takes a column of texts, in which "" passes (a
blank cell breaks no rule), and gives a column of booleans. The sandbox interprets the same rules in plain
Python; a property test holds the two together.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from xlsx2opeasy.check.normal import distinct_of, is_list_cell, items_of, with_few_repeated
from xlsx2opeasy.check.numbers import digits_of
from xlsx2opeasy.spec.model import Column, Kind
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

if TYPE_CHECKING:
    import pandera.pandas as pa

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
    numbers = pd.to_numeric(texts.where(whole))
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
    first, last = ends if len(ends) == 2 else (None, None)
    return first is not None and last is not None and len(first) == len(last) and first <= last


def _number_or_range(_rule: NumberOrRange, texts: Texts) -> Verdicts:
    kept = {text for text in distinct_of(texts).tolist() if text == "" or is_number_or_range(text)}
    return texts.isin(kept)


def _max_items(rule: MaxItems, texts: Texts) -> Verdicts:
    kept = {text for text in distinct_of(texts).tolist() if len(items_of(text)) <= rule.limit}
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
    distinct = distinct_of(cells)
    items = distinct.map(items_of).explode()
    kept = verdicts(rule, items.fillna("").astype("str")).groupby(level=0).all()
    return cells.isin(set(distinct[kept.to_numpy()]))


BOOLEAN = "boolean"
"""The code of the rule that a Boolean's type sets; the other codes are those of `spec.rules`."""

EMPTY_LIST = "empty-list"
"""A list cell that holds separators and no item: it must not clear the list without saying so."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The rows of one column that break one rule; `code` names the rule, `rows` are Excel's row numbers."""

    column: Column
    code: str
    rows: pd.Index


def schema_of(columns: Sequence[Column]) -> "pa.DataFrameSchema":
    """The schema of a frame with these columns: one pandera column each, one check for each rule.

    No column says its type: all are texts, made so by the reader, and pandera would look at each cell for it.
    """
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            column.name: pa.Column(checks=[pa.Check(judge, error=code) for code, judge in _judges(column)])
            for column in columns
        }
    )


def broken_rules(columns: Sequence[Column], frame: pd.DataFrame) -> Iterator[Broken]:
    """What in `frame` (texts, "" where there is nothing to check) breaks a rule of its own column."""
    by_name = {column.name: column for column in columns if _is_broken(column, frame[column.name])}
    if not by_name:
        return
    from pandera.errors import SchemaErrors

    try:
        schema_of(list(by_name.values())).validate(frame[list(by_name)], lazy=True)
    except SchemaErrors as errors:
        for (name, code), cases in errors.failure_cases.groupby(["column", "check"], sort=False):
            yield Broken(by_name[name], code, pd.Index(cases["index"]))


def _is_broken(column: Column, texts: Texts) -> bool:
    """Whether one of the texts breaks a rule."""
    judged = with_few_repeated(texts)
    return not all(judge(judged).all() for _, judge in _judges(column))


def _judges(column: Column) -> list[tuple[str, Callable[[Texts], Verdicts]]]:
    """What a cell of the column can be judged by alone, each with its code."""
    if column.field.kind is Kind.BOOLEAN:
        return [(BOOLEAN, _is_boolean)]
    judges = [(rule.code, _judge(rule, column)) for rule in column.field.rules if _by_itself(rule, column)]
    return [*judges, (EMPTY_LIST, _has_items)] if is_list_cell(column) else judges


def _by_itself(rule: Rule, column: Column) -> bool:
    """Whether the rule can be judged from the cell alone: a keyword hangs on the row's command."""
    return not isinstance(rule, Keyword) and not (isinstance(rule, MaxItems) and column.item is not None)


def _judge(rule: Rule, column: Column) -> Callable[[Texts], Verdicts]:
    of_items = is_list_cell(column) and not isinstance(rule, MaxItems)
    return partial(item_verdicts if of_items else verdicts, rule)


def _is_boolean(texts: Texts) -> Verdicts:
    return texts.isin(["", "true", "false"])


def _has_items(cells: Texts) -> Verdicts:
    kept = {text for text in distinct_of(cells).tolist() if text == "" or items_of(text)}
    return cells.isin(kept)
