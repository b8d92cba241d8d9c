"""JSON texts made column by column, so that no object is made for a row only to be written out again.

Each distinct text of a column is turned into JSON once. What a row is made of is gathered at the end, of all
columns at once: which text of which column follows which.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import accumulate
from typing import Any, Self, TypeAlias

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from xlsx2opeasy.ooxml.byte_arrays import Bools, Ints

Texts: TypeAlias = pa.LargeStringArray
Convert: TypeAlias = Callable[[str], Any]

_ESCAPED = r'["\\\x00-\x1f]'


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of JSON in each row where it is `present`: that of `texts` at the row's code, and around it."""

    present: Bools
    codes: Ints
    texts: Texts
    before: str = ""
    after: str = ""

    @classmethod
    def of(cls, text: str, present: Bools) -> Self:
        """The same piece in all these rows."""
        return cls(present, np.zeros(len(present), np.int64), pa.array([text], pa.large_string()))

    def where(self, rows: Bools) -> Self:
        """The part in these rows alone."""
        return replace(self, present=self.present & rows)

    def following(self, earlier: Bools, name: str) -> "list[_Part]":
        """The part with a name before it, and a comma in rows where something is there earlier."""
        plain, comma = (replace(self, before=f"{sign}{name}{self.before}") for sign in ("", ","))
        if not (earlier & self.present).any():
            return [plain]
        return [comma] if earlier[self.present].all() else [plain.where(~earlier), comma.where(earlier)]

    def pieces(self) -> Texts:
        """The distinct pieces."""
        if not self.before and not self.after:
            return self.texts
        return pc.binary_join_element_wise(_scalar(self.before), self.texts, _scalar(self.after), _scalar(""))


@dataclass(frozen=True, slots=True)
class Values:
    """A JSON value in each row where it is `present`, as parts that follow each other."""

    present: Bools
    parts: tuple[_Part, ...]

    def otherwise(self, others: "Values") -> "Values":
        """The value, and where there is none the other one."""
        rest = (part.where(~self.present) for part in others.parts)
        return Values(self.present | others.present, (*self.parts, *rest))

    def headed(self) -> tuple[_Part, ...]:
        """Its parts, of which the first is in each row where the value is."""
        if (self.parts[0].present == self.present).all():
            return self.parts
        return _Part.of("", self.present), *self.parts

    def texts(self) -> Texts:
        """The texts row by row, "" where there is no value."""
        pools = [part.pieces() for part in self.parts]
        starts = accumulate((len(pool) for pool in pools[:-1]), initial=0)
        codes = [part.codes + start for part, start in zip(self.parts, starts, strict=True)]
        present = np.stack([part.present for part in self.parts], axis=1)
        chosen = np.stack(codes, axis=1)[present]
        pieces = pa.concat_arrays(pools).take(pa.array(chosen))
        ends = np.concatenate([[0], np.cumsum(present.sum(axis=1))])
        offsets = np.frombuffer(pieces.buffers()[1], np.int64)[ends]
        return pa.LargeStringArray.from_buffers(len(present), pa.py_buffer(offsets), pieces.buffers()[2])


def _scalar(text: str) -> pa.LargeStringScalar:
    return pa.scalar(text, pa.large_string())


def values(cells: Texts, convert: Convert) -> Values:
    """What `convert` makes of each cell as JSON, of each distinct text once; none where it is blank."""
    encoded = cells.dictionary_encode()
    return _with_distinct(encoded, _converted(encoded.dictionary, convert))


def strings(cells: Texts, convert: Convert) -> Values:
    """The same for texts that `convert` may change only where they hold a character that JSON escapes."""
    encoded = cells.dictionary_encode()
    escaped = pc.any(pc.match_substring_regex(encoded.dictionary, _ESCAPED)).as_py()
    if escaped:
        return _with_distinct(encoded, _converted(encoded.dictionary, convert))
    return _with_distinct(encoded, encoded.dictionary, '"')


def _converted(texts: Texts, convert: Convert) -> Texts:
    made = [orjson.dumps(convert(text)).decode() if text else "" for text in texts.to_pylist()]
    return pa.array(made, pa.large_string())


def _with_distinct(encoded: pa.DictionaryArray, texts: Texts, around: str = "") -> Values:
    codes = np.asarray(encoded.indices)
    present = codes != pc.index(encoded.dictionary, "").as_py()
    return Values(present, (_Part(present, codes, texts, around, around),))


def objects(members: Mapping[str, Values]) -> Values:
    """An object of the members that each row has, in their order; none where a row has none."""
    names = [f"{orjson.dumps(name).decode()}:" for name in members]
    return _enclosed("{", list(members.values()), names, "}")


def lists(items: Sequence[Values]) -> Values:
    """A list of the items that each row has, gaps closed up; none where a row has none.

    A list of one item that is the empty text is the empty list.
    """
    found = _enclosed("[", items, [""] * len(items), "]")
    empty = np.logical_or.reduce([_is_empty_text(each) for each in items])
    empty &= np.sum([each.present for each in items], axis=0) == 1
    if not empty.any():
        return found
    first, *inner, last = found.parts
    return Values(found.present, (first, *(each.where(~empty) for each in inner), last))


def _is_empty_text(item: Values) -> Bools:
    part = item.parts[0]
    found: Bools = part.present & np.asarray(pc.equal(part.pieces(), '""'))[part.codes]
    return found


def _enclosed(before: str, members: Sequence[Values], names: Sequence[str], after: str) -> Values:
    present = reduce(np.logical_or, (each.present for each in members))
    parts = [_Part.of(before, present)]
    earlier = np.zeros(len(present), np.bool_)
    for each, name in zip(members, names, strict=True):
        first, *rest = each.headed()
        parts += [*first.following(earlier, name), *rest]
        earlier = earlier | each.present
    return Values(present, (*parts, _Part.of(after, present)))


def constant(text: str, rows: int) -> Values:
    """The same JSON in so many rows."""
    present = np.ones(rows, np.bool_)
    return Values(present, (_Part.of(text, present),))
