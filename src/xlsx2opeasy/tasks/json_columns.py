"""JSON texts made column by column: an array holds one value's text for each row, null where it has none.

Arrow joins whole columns at once, so that no object is made for a row only to be written out again.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.compute as pc

Texts: TypeAlias = pa.LargeStringArray
Values: TypeAlias = pa.LargeStringArray | pa.DictionaryArray
"""Those of a column are encoded: each distinct text is there once."""
Convert: TypeAlias = Callable[[str], Any]

_ESCAPED = r'["\\\x00-\x1f]'


def _text(text: str | None) -> pa.LargeStringScalar:
    return pa.scalar(text, pa.large_string())


_NOTHING, _COMMA, _NULL = _text(""), _text(","), _text(None)


def values(cells: Texts, convert: Convert) -> Values:
    """What `convert` makes of each cell as JSON, of each distinct text once; null where it is blank."""
    encoded = cells.dictionary_encode()
    return _with_distinct(encoded, _converted(encoded.dictionary, convert))


def strings(cells: Texts, convert: Convert) -> Values:
    """The same for texts that `convert` may change only where they hold a character that JSON escapes."""
    encoded = cells.dictionary_encode()
    escaped = pc.any(pc.match_substring_regex(encoded.dictionary, _ESCAPED)).as_py()
    if escaped:
        return _with_distinct(encoded, _converted(encoded.dictionary, convert))
    return _with_distinct(encoded, _quoted(encoded.dictionary))


def _with_distinct(encoded: pa.DictionaryArray, distinct: Texts) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(encoded.indices, distinct)


def _converted(texts: Texts, convert: Convert) -> Texts:
    made = [orjson.dumps(convert(text)).decode() if text else None for text in texts.to_pylist()]
    return pa.array(made, pa.large_string())


def _quoted(texts: Texts) -> Texts:
    return pc.if_else(pc.equal(texts, _NOTHING), _NULL, between('"', texts, '"'))


def decoded(texts: Values) -> Texts:
    """The texts row by row."""
    return texts.dictionary_decode() if isinstance(texts, pa.DictionaryArray) else texts


def between(before: str, texts: Texts, after: str) -> Texts:
    """The texts with something before and after; null where there is none."""
    return pc.binary_join_element_wise(_text(before), texts, _text(after), _NOTHING)


def objects(members: Mapping[str, Values]) -> Texts:
    """An object of the members that each row has, in their order; null where a row has none."""
    named = (_named(name, texts) for name, texts in members.items())
    return between("{", _joined([decoded(texts) for texts in named]), "}")


def lists(items: Sequence[Values]) -> Texts:
    """A list of the items that each row has, gaps closed up; null where a row has none."""
    return between("[", _joined([decoded(texts) for texts in items]), "]")


def _named(name: str, texts: Values) -> Values:
    if isinstance(texts, pa.DictionaryArray):
        return _with_distinct(texts, _named(name, texts.dictionary))
    return between(f"{orjson.dumps(name).decode()}:", texts, "")


def _joined(parts: Sequence[Texts]) -> Texts:
    """The parts that a row has with commas between; null where it has none."""
    if not all(part.null_count for part in parts):
        return pc.binary_join_element_wise(*parts, _COMMA, null_handling="skip")
    none = reduce(pc.and_, map(pc.is_null, parts))
    # a row whose parts are all null is left out by this join (Arrow 26), so one is filled meanwhile
    filled = pc.if_else(none, _NOTHING, parts[0])
    joined = pc.binary_join_element_wise(filled, *parts[1:], _COMMA, null_handling="skip")
    return pc.if_else(none, _NULL, joined)
