"""Pandera schemas built from the catalogue, and the one place where their findings are translated."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from xlsx2opeasy.check.normal import is_list_cell, items_of
from xlsx2opeasy.check.rules import item_verdicts, verdicts
from xlsx2opeasy.spec.model import Column, Kind
from xlsx2opeasy.spec.rules import Keyword, MaxItems, Rule

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


def schema_of(columns: Sequence[Column]) -> pa.DataFrameSchema:
    """The schema of a frame with these columns: one pandera column each, one check for each rule."""
    return pa.DataFrameSchema({column.name: pa.Column(str, _checks(column)) for column in columns})


def broken_rules(columns: Sequence[Column], frame: pd.DataFrame) -> Iterator[Broken]:
    """What in `frame` (texts, "" where there is nothing to check) breaks a rule of its own column."""
    try:
        schema_of(columns).validate(frame, lazy=True)
    except SchemaErrors as errors:
        by_name = {column.name: column for column in columns}
        for (name, code), cases in errors.failure_cases.groupby(["column", "check"], sort=False):
            yield Broken(by_name[name], code, pd.Index(cases["index"]))


def _checks(column: Column) -> list[pa.Check]:
    if column.field.kind is Kind.BOOLEAN:
        return [_named(_is_boolean, BOOLEAN)]
    checks = [_check(rule, column) for rule in column.field.rules if _by_itself(rule, column)]
    return [*checks, _named(_has_items, EMPTY_LIST)] if is_list_cell(column) else checks


def _by_itself(rule: Rule, column: Column) -> bool:
    """Whether the rule can be judged from the cell alone: a keyword hangs on the row's command."""
    return not isinstance(rule, Keyword) and not (isinstance(rule, MaxItems) and column.item is not None)


def _check(rule: Rule, column: Column) -> pa.Check:
    judge = item_verdicts if is_list_cell(column) and not isinstance(rule, MaxItems) else verdicts
    return _named(partial(judge, rule), rule.code)


def _is_boolean(texts: "pd.Series[str]") -> "pd.Series[bool]":
    return texts.isin(["", "true", "false"])


def _has_items(cells: "pd.Series[str]") -> "pd.Series[bool]":
    kept = {text for text in cells.unique() if text == "" or items_of(text)}
    return cells.isin(kept)


def _named(judge: Callable[["pd.Series[str]"], "pd.Series[bool]"], code: str) -> pa.Check:
    return pa.Check(judge, error=code, name=code)
