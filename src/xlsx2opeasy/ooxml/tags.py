"""The cells of a piece of sheet XML, found by looking at all its tags at once."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from xlsx2opeasy.ooxml.address import LAST_COLUMN, LAST_ROW, outside_grid
from xlsx2opeasy.ooxml.byte_arrays import Bools, Bytes, Ints, Words, byte_array, read_numbers
from xlsx2opeasy.ooxml.relations import MAIN_NAMESPACES
from xlsx2opeasy.ooxml.scanned import STRIDE, TYPED_BOOLEANS

_ATTRIBUTES_LIMIT = 32
_MULTIPLIERS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64
)
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
"""Which bits of a word are its first bytes."""
_BEFORE_ADDRESS = b' r="'
_BOOLEANS = tuple(f"{formula}</f><v>{value}<".encode() for formula, value in TYPED_BOOLEANS)
_ENDS_NAME = b" \t\r\n>/"
_NO_CHARACTER = re.compile(b"\xef\xbf[\xbe\xbf]")

_ELEMENTS = ("row", "c", "f", "v", "is", "si", "t")
_FORMS = ("{}", "{}/", "/{}")
KINDS = {name: at for at, name in enumerate(form.format(each) for each in _ELEMENTS for form in _FORMS)}
"""Kinds of tags: `v` opens, `v/` is empty, `/v` closes."""

_OTHER = 31
_FOLLOWERS = {
    "row": "c c/ /row",
    "row/": "row row/",
    "/row": "row row/",
    "c": "f f/ v v/ is is/ /c",
    "c/": "c c/ /row",
    "/c": "c c/ /row",
    "f": "/f",
    "f/": "v v/ /c",
    "/f": "v v/ /c",
    "v": "/v",
    "v/": "/c",
    "/v": "/c",
    "is": "t t/ /is",
    "is/": "/c",
    "/is": "/c",
    "t": "/t",
    "t/": "/is",
    "/t": "/is",
}
"""Which tags may follow which in the plain spelling of rows; whatever holds to it is nested as it must be."""


def _kind_table() -> Bytes:
    """The kind that a tag may be, by the two bytes after its `<`, and 1 << 16 where it is empty."""
    table = np.full(1 << 17, _OTHER, np.uint8)
    for name in map(str.encode, _ELEMENTS):
        for second in name[1:2] or _ENDS_NAME:
            code = name[0] | second << 8
            table[code], table[1 << 16 | code] = KINDS[name.decode()], KINDS[name.decode() + "/"]
        table[ord("/") | name[0] << 8] = KINDS["/" + name.decode()]
    return table


def _third_table() -> Bools:
    """By kind and third byte of a tag, whether they go together."""
    table = np.zeros((_OTHER + 1, 256), np.bool_)
    table[_OTHER] = True
    for name in _ELEMENTS:
        for form in _FORMS[:2]:
            thirds = name[2:3].encode() or (_ENDS_NAME if len(name) == 2 else range(256))
            table[KINDS[form.format(name)], list(thirds)] = True
        table[KINDS[f"/{name}"], (name[1:2] or ">").encode()[0]] = True
    return table.ravel()


def _follower_table() -> Bools:
    table = np.zeros((_OTHER + 1, _OTHER + 1), np.bool_)
    for name, followers in _FOLLOWERS.items():
        for each in followers.split():
            table[KINDS[name], KINDS[each]] = True
    return table.ravel()


_IS_END = np.isin(np.arange(256), list(_ENDS_NAME))
_KIND_OF = _kind_table()
_THIRD = _third_table()
_MAY_FOLLOW = _follower_table()

BEYOND = 4
"""Tags of no kind behind the last of a piece."""


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
    """All tags of a piece: where each begins and ends, and its kind (`KINDS`).

    Some more follow the last, so that every tag has followers.
    """

    text: Bytes
    opens: Ints
    closes: Ints
    kinds: Bytes

    def which(self, *names: str) -> Ints:
        """The tags of these kinds."""
        return np.flatnonzero(self.are(slice(None), *names))

    def are(self, which: "Ints | slice", *names: str) -> Bools:
        """Whether these tags are of one of these kinds."""
        kinds = self.kinds[which]
        found: Bools = kinds == KINDS[names[0]]
        for name in names[1:]:
            found |= kinds == KINDS[name]
        return found

    def bare(self, which: Ints) -> Bools:
        """Whether these tags, of elements with names of one letter, have no attributes."""
        found: Bools = self.closes[which] - self.opens[which] == len("<v")
        return found


def cells_of(tags: Tags) -> Cells:
    """All cells among the tags of rows; raise NotPlain where the spelling is another one than expected."""
    _check_rows(tags)
    cell = tags.which("c", "c/")
    key, after = _keys(tags, cell)
    group, attributes = _attribute_groups(tags.text, after, tags.closes[cell] - tags.are(cell, "c/"))
    child = cell + 1
    formula = tags.are(child, "f", "f/")
    typed = _typed_booleans(tags, child, formula)
    child = child + formula + tags.are(child, "f")
    formula = formula & ~typed
    has_value, filled = tags.are(child, "v", "v/"), tags.are(child, "v")
    if not tags.bare(child[filled]).all():
        raise NotPlain
    value_start = np.where(has_value, tags.closes[child] + 1, 0)
    value_end = np.where(filled, tags.opens[child + 1], value_start)
    inline = tags.are(child, "is", "is/")
    return Cells(
        tags.opens[cell], key, group, attributes, formula, inline, child, has_value, value_start, value_end
    )


def _check_rows(tags: Tags) -> None:
    """Raise NotPlain where tags are not those of rows, cells and what is in them, each in its place."""
    kinds = tags.kinds[:-BEYOND]
    if not len(kinds):
        return
    around = tags.kinds[[0, len(kinds) - 1]]
    ends = around[0] in (KINDS["row"], KINDS["row/"]) and around[1] in (KINDS["/row"], KINDS["row/"])
    pairs = kinds[:-1] * np.uint16(_OTHER + 1) + kinds[1:]
    if not ends or not _MAY_FOLLOW[pairs].all():
        raise NotPlain


def _typed_booleans(tags: Tags, child: Ints, formula: Bools) -> Bools:
    """Which formulas are `TRUE()` or `FALSE()` with just that value."""
    typed = np.zeros(len(child), np.bool_)
    start = tags.closes[child[formula]] + 1
    for spelling in _BOOLEANS:
        typed[formula] |= stands_at(tags.text, start, spelling)
    return typed


def stands_at(text: Bytes, places: Ints, what: bytes) -> Bools:
    """Whether these bytes stand at each place."""
    expected = np.frombuffer(what, np.uint8)
    place = np.minimum(places, len(text) - len(expected))[:, None] + np.arange(len(expected))
    found: Bools = (text[place] == expected).all(axis=1)
    return found


_ROOT = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*<([A-Za-z]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*/?>"""
)
_DEFAULT_NAMESPACE = re.compile(rb"""\sxmlns\s*=\s*["']([^"']*)""")


def check_head(head: bytes, root: bytes) -> None:
    """Raise NotPlain where what precedes cells or items has comments, CDATA, a DOCTYPE, or another root."""
    if b"<!" in head or b"\0" in head:
        raise NotPlain
    found = _ROOT.match(head)
    namespace = found and found[1] == root and _DEFAULT_NAMESPACE.search(found[2])
    if not namespace or namespace[1].decode("ascii", "replace") not in MAIN_NAMESPACES:
        raise NotPlain


def tags_of(piece: bytes) -> Tags:
    """All tags of a piece; raise NotPlain for comments, CDATA, texts with a bare ">", and what is no XML."""
    text = byte_array(piece)
    opens, closes = np.flatnonzero(text == ord("<")), np.flatnonzero(text == ord(">"))
    if len(opens) != len(closes) or (opens > closes).any() or (closes[:-1] > opens[1:]).any():
        raise NotPlain  # a raw ">" in a text
    if _is_no_xml(piece, text):
        raise NotPlain
    beyond = np.full(BEYOND, len(piece), np.int64)
    opens, closes = np.concatenate([opens, beyond]), np.concatenate([closes, beyond + 1])
    words = np.ndarray(len(text) - 3, "<u4", text, strides=(1,))[opens]
    first = words >> 8 & 0xFF
    if ((first == ord("!")) | (first == ord("?"))).any():
        raise NotPlain
    kinds = _KIND_OF[(text[closes - 1] == ord("/")) * np.uint32(1 << 16) | words >> 8 & 0xFFFF]
    kinds[-BEYOND:] = _OTHER
    if not _THIRD[kinds * np.uint32(1 << 8) | words >> 24].all():
        raise NotPlain
    tags = Tags(text, opens, closes, kinds)
    fourth = text[opens[tags.which("row", "row/")] + 4]
    closing = text[opens[tags.which("/is", "/si")] + 4]
    ends = opens[tags.which("/row")] + 4
    if not (
        _IS_END[fourth].all()
        and (closing == ord(">")).all()
        and (text[ends] == ord("w")).all()
        and (text[ends + 1] == ord(">")).all()
    ):
        raise NotPlain
    return tags


def _is_no_xml(piece: bytes, text: Bytes) -> bool:
    """Whether there is what no XML holds; one byte is found ten times faster than several."""
    if (b"]" in piece and b"]]>" in piece) or (b"\xef" in piece and _NO_CHARACTER.search(piece)):
        return True
    low = text < ord(" ")
    return bool(low.any()) and not _IS_END[text[low]].all()


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
