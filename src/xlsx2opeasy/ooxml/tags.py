"""The cells of a piece of sheet XML, found by looking at all its tags at once."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from xlsx2opeasy.ooxml.address import LAST_COLUMN, LAST_ROW, outside_grid
from xlsx2opeasy.ooxml.byte_arrays import Bools, Bytes, Ints, Words, byte_array, read_numbers
from xlsx2opeasy.ooxml.scanned import STRIDE, TYPED_BOOLEANS

_ATTRIBUTES_LIMIT = 32
_MULTIPLIERS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64
)
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
"""Which bits of a word are its first bytes."""
_BEFORE_ADDRESS = b' r="'
_BOOLEANS = tuple(f"{formula}</f><v>{value}<".encode() for formula, value in TYPED_BOOLEANS)


class NotPlain(Exception):
    """The sheet is not spelt in the plain form."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a piece, as parallel arrays.

    `start` is the place of the tag in the piece, `group` an index into `attributes` (the distinct texts of
    the attributes after the address), `formula` whether it has one (but LibreOffice's TRUE() and FALSE()),
    `value_start`/`value_end` the place of the text of `<v>`, and `inline` whether the cell has an `<is>`,
    which is the tag `child`.
    """

    start: Ints
    key: Ints
    group: Ints
    attributes: list[bytes]
    formula: Bools
    inline: Bools
    child: Ints
    has_value: Bools
    value_start: Ints
    value_end: Ints


@dataclass(frozen=True, slots=True)
class Tags:
    """All tags of a piece: where each begins and ends, and the two bytes after its `<`.

    Some more follow the last, so that every tag has followers.
    """

    text: Bytes
    opens: Ints
    closes: Ints
    first: Bytes
    second: Bytes

    def named(self, which: Ints, letter: str) -> Bools:
        """Whether these tags open the element with this one-letter name."""
        found: Bools = (self.first[which] == ord(letter)) & _ends_name(self.second[which])
        return found

    def ending(self, which: Ints, letter: str) -> Bools:
        """Whether these tags close the element with this one-letter name."""
        found: Bools = (self.first[which] == ord("/")) & (self.second[which] == ord(letter))
        return found

    def empty(self, which: Ints) -> Bools:
        """Whether these tags close themselves."""
        found: Bools = self.text[self.closes[which] - 1] == ord("/")
        return found


def _ends_name(byte: Bytes) -> Bools:
    found: Bools = (byte <= ord(" ")) | (byte == ord(">")) | (byte == ord("/"))
    return found


def cells_of(tags: Tags) -> Cells:
    """All cells among the tags; raise NotPlain where the spelling is another one than expected."""
    cell = np.flatnonzero(tags.named(np.arange(len(tags.opens)), "c"))
    key, after = _keys(tags, cell)
    group, attributes = _attribute_groups(tags.text, after, tags.closes[cell] - tags.empty(cell))
    has_children = ~tags.empty(cell)
    child = cell + 1
    formula = has_children & tags.named(child, "f")
    typed = _typed_booleans(tags, child, formula)
    child = child + formula + (formula & ~tags.empty(child))
    formula = formula & ~typed
    has_value = has_children & tags.named(child, "v")
    self_closed = has_value & tags.empty(child)
    value_start = np.where(has_value, tags.closes[child] + 1, 0)
    value_end = np.where(has_value & ~self_closed, tags.opens[child + 1], value_start)
    if not tags.ending((child + 1)[has_value & ~self_closed], "v").all():
        raise NotPlain
    inline = has_children & (tags.first[child] == ord("i")) & (tags.second[child] == ord("s"))
    _check_rest(tags, child, has_children & ~has_value & ~inline)
    after = child + 2 - self_closed
    both = has_value & (tags.first[after] == ord("i")) & (tags.second[after] == ord("s"))
    child, inline = np.where(both, after, child), inline | both
    return Cells(
        tags.opens[cell], key, group, attributes, formula, inline, child, has_value, value_start, value_end
    )


def _typed_booleans(tags: Tags, child: Ints, formula: Bools) -> Bools:
    """Which formulas are `TRUE()` or `FALSE()` with just that value."""
    typed = np.zeros(len(child), np.bool_)
    start = tags.closes[child[formula]] + 1
    for spelling in _BOOLEANS:
        expected = np.frombuffer(spelling, np.uint8)
        place = np.minimum(start, len(tags.text) - len(expected))[:, None] + np.arange(len(expected))
        typed[formula] |= (tags.text[place] == expected).all(axis=1)
    return typed


def _check_rest(tags: Tags, child: Ints, others: Bools) -> None:
    """A cell without a value ends at once, or after its formula."""
    if not tags.ending(child[others], "c").all():
        raise NotPlain


def check_head(head: bytes) -> None:
    """Raise NotPlain where what precedes the cells or items has comments, CDATA or a DOCTYPE."""
    if b"<!" in head or b"\0" in head:
        raise NotPlain


def tags_of(piece: bytes) -> Tags:
    """All tags of a piece; raise NotPlain for comments, CDATA, and texts with a bare ">"."""
    text = byte_array(piece)
    opens, closes = np.flatnonzero(text == ord("<")), np.flatnonzero(text == ord(">"))
    if len(opens) != len(closes) or (opens > closes).any() or (closes[:-1] > opens[1:]).any():
        raise NotPlain  # a raw ">" in a text
    beyond = np.full(4, len(piece), np.int64)
    opens, closes = np.concatenate([opens, beyond]), np.concatenate([closes, beyond + 1])
    first, second = text[opens + 1], text[opens + 2]
    if ((first == ord("!")) | (first == ord("?"))).any():
        raise NotPlain
    return Tags(text, opens, closes, first, second)


def _keys(tags: Tags, cell: Ints) -> tuple[Ints, Ints]:
    """The key of each cell from its `r`, which must be its first attribute, and where that ends."""
    place = tags.opens[cell] + 2
    for offset, byte in enumerate(_BEFORE_ADDRESS):
        if not (tags.text[place + offset] == byte).all():
            raise NotPlain
    place = place + len(_BEFORE_ADDRESS)
    column, place = read_numbers(tags.text, place, ord("A"), 26, 3)
    row, place = read_numbers(tags.text, place, ord("0"), 10, 7)
    if not (tags.text[place] == ord('"')).all() or not (column > 0).all():
        raise NotPlain
    outside = np.flatnonzero((column > LAST_COLUMN) | (row > LAST_ROW) | (row < 1))
    if len(outside):
        at = outside[0]
        raise outside_grid(bytes(tags.text[tags.opens[cell[at]] + 6 : place[at]]).decode())
    return row * STRIDE + column - 1, place + 1


def numbers_after(text: Bytes, place: Ints, before: bytes) -> Ints:
    """The number in quotes that follows `before` at each place; raise NotPlain where there is none."""
    for offset, byte in enumerate(before):
        if not (text[place + offset] == byte).all():
            raise NotPlain
    start = place + len(before)
    numbers, end = read_numbers(text, start, ord("0"), 10, 9)
    if not ((end > start) & (text[end] == ord('"'))).all():
        raise NotPlain
    return numbers


def _word(text: Bytes, place: Ints, length: Ints) -> Words:
    """The first bytes at each place, at most 8, as a number."""
    every_place: Words = np.ndarray(len(text) - 7, "<u8", text, strides=(1,))
    found: Words = every_place[np.minimum(place, len(every_place) - 1)] & _MASKS[np.clip(length, 0, 8)]
    return found


def _attribute_groups(text: Bytes, start: Ints, end: Ints) -> tuple[Ints, list[bytes]]:
    """The distinct attribute texts, and for each cell which one it has."""
    length = end - start
    longest = int(length.max(initial=0))
    if longest > _ATTRIBUTES_LIMIT:
        raise NotPlain
    words = (longest + 7) // 8 or 1
    packed = np.stack([_word(text, start + 8 * at, length - 8 * at) for at in range(words)], axis=1)
    mixed = (packed * _MULTIPLIERS[:words]).sum(axis=1, dtype=np.uint64)
    encoded = pa.array(mixed).dictionary_encode()
    group = np.asarray(encoded.indices).astype(np.int64)
    example = np.zeros(len(encoded.dictionary), np.int64)
    example[group] = np.arange(len(group))
    if not (packed == packed[example][group]).all():
        raise NotPlain  # two texts mixed to one number
    return group, [bytes(text[start[at] : end[at]]) for at in example]
