"""The spelling that is sent: enumerations, booleans, integers and MAC addresses, and nothing else.

A value that is not understood stays as it was typed, for the schema to find.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

import pandas as pd

from xlsx2opeasy.spec.model import Column, Kind, folded
from xlsx2opeasy.spec.rules import Keyword, MacAddress, OneOf

CLEAR = '""'
"""The cell text that sends an empty text (or list): how a field is cleared."""

TRUE, FALSE = "true", "false"
_BOOLEANS = {"true": TRUE, "yes": TRUE, "1": TRUE, "false": FALSE, "no": FALSE, "0": FALSE}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NO_SEPARATORS = str.maketrans("", "", MacAddress.separators)
_TWELVE_HEX = re.compile(r"[0-9A-Fa-f]{12}")
LIST_SEPARATOR = ";"
_SAMPLE = 1000


def items_of(cell: str) -> list[str]:
    """The items of a list in one cell, without the space around them; `a;;b;` has two."""
    return [item.strip() for item in cell.split(LIST_SEPARATOR) if item.strip()]


Normalise: TypeAlias = Callable[[str], str | None]
"""The right spelling of a text; None where it is not understood."""


def _boolean(text: str) -> str | None:
    return _BOOLEANS.get(folded(text))


def is_integer(text: str) -> bool:
    """Whether the text is a whole number."""
    return _INTEGER.fullmatch(text) is not None


def _integer(text: str) -> str | None:
    return str(int(text)) if is_integer(text) else None


def _mac(text: str) -> str | None:
    bare = text.translate(_NO_SEPARATORS)
    return bare if _TWELVE_HEX.fullmatch(bare) else None


def _spelling(words: tuple[str, ...]) -> Normalise:
    spelled = {folded(word): word for word in words}
    return lambda text: spelled.get(folded(text))


def _each_item(one: Normalise) -> Normalise:
    """The items, each in its spelling; a cell that has none stays, lest it count as blank."""
    return lambda text: LIST_SEPARATOR.join(one(item) or item for item in items_of(text)) or None


def _normaliser(column: Column) -> Normalise | None:
    field = column.field
    if field.kind is Kind.BOOLEAN:
        return _boolean
    if field.kind is Kind.INTEGER:
        return _integer
    for rule in field.rules:
        if isinstance(rule, MacAddress):
            return _mac
        if isinstance(rule, OneOf):
            spelling = _spelling(rule.values)
            return _each_item(spelling) if is_list_cell(column) else spelling
        if isinstance(rule, Keyword):
            return _spelling((rule.word,))
    return None


def is_list_cell(column: Column) -> bool:
    """Whether a cell of this column holds a whole list, its items separated by `;`."""
    return column.field.kind is Kind.TEXTS and column.item is None


def distinct_of(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Each text once."""
    return pd.Series(texts.unique(), dtype="str", copy=False)


def with_few_repeated(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Each text at least once: all as they stand where they hardly repeat, as to find that out takes long."""
    sample = texts.iloc[:_SAMPLE]
    return texts if sample.nunique() > len(sample) // 2 else distinct_of(texts)


def normalised(column: Column, values: "pd.Series[str]") -> "pd.Series[str]":
    """`values` (texts, "" where blank) of one column in the spelling that is sent; `CLEAR` stays."""
    normalise = _normaliser(column)
    if normalise is None:
        return values
    others = values
    if normalise is _mac:  # of which nearly all differ, and nearly all are right
        others = values[~values.str.fullmatch(_TWELVE_HEX.pattern)]
    distinct = [text for text in distinct_of(others).tolist() if text not in ("", CLEAR)]
    changed = {text: new for text in distinct if (new := normalise(text)) not in (None, text)}
    return values.map(changed).fillna(values) if changed else values
