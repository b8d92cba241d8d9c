"""The cells of a piece of sheet XML, found by looking at all its tags at once."""

import re
from dataclasses import dataclass
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from xlsx2opeasy.ooxml.address import LAST_COLUMN, LAST_ROW, letters_of, outside_grid
from xlsx2opeasy.ooxml.byte_arrays import (
    Bools,
    Bytes,
    Ints,
    Words,
    byte_array,
    first_bytes,
    read_numbers,
    word_at,
)
from xlsx2opeasy.ooxml.relations import MAIN_NAMESPACES
from xlsx2opeasy.ooxml.scanned import STRIDE, TYPED_BOOLEANS

_ATTRIBUTES_LIMIT = 32
_MULTIPLIERS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64
)
_BEFORE_ADDRESS = b'<c r="'
_BEFORE_ROW = b'<row r="'
_BOOLEANS = tuple(f"{formula}</f><v>{value}<".encode() for formula, value in TYPED_BOOLEANS)
_ROW_DIGITS = 7
_SIX_BYTES, _CELL_START = np.uint64((1 << 48) - 1), np.uint64(int.from_bytes(_BEFORE_ADDRESS, "little"))
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
    """The kind that a tag may be that is not empty, by the two bytes after its `<`."""
    table = np.full(1 << 16, _OTHER, np.uint8)
    for name in map(str.encode, _ELEMENTS):
        for second in name[1:2] or _ENDS_NAME:
            table[name[0] | second << 8] = KINDS[name.decode()]
        table[ord("/") | name[0] << 8] = KINDS["/" + name.decode()]
    return table


def _third_table() -> Bools:
    """By kind and third byte of a tag, whether they go together."""
    table = np.zeros((_OTHER + 1, 256), np.bool_)
    table[_OTHER] = True
    for name in _ELEMENTS:
        thirds = name[2:3].encode() or (_ENDS_NAME if len(name) == 2 else range(256))
        table[KINDS[name], list(thirds)] = True
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
class Rows:
    """The rows of a piece, as parallel arrays: the tag of each, its place, its number, the digits of that."""

    tag: Ints
    start: Ints
    number: Ints
    digits: Ints


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a piece, as parallel arrays.

    `strayed` says which have the address of another row, `group` is an index into `attributes` (the distinct
    texts of the attributes after the address), `formula` whether it has one (but LibreOffice's TRUE() and
    FALSE()), `value_start`/`value_end` the place of the text of `<v>`, and `inline` whether the cell has an
    `<is>`, which is the tag `child`.
    """

    key: Ints
    strayed: Bools
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
    """All tags of a piece: where each begins, and its kind (`KINDS`).

    Some more follow the last, so that every tag has followers.
    """

    text: Bytes
    opens: Ints
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
        found: Bools = self.text[2:][self.opens[which]] == ord(">")
        return found

    def ends(self, which: Ints) -> Ints:
        """The `>` of these tags, which must stand before the next tag; raise NotPlain where it does not."""
        ends = self.opens[1:][which] - 1
        if not (self.text[ends] == ord(">")).all():
            raise NotPlain
        return ends

    def first_ends(self, which: Ints) -> Ints:
        """The first `>` in each of these tags; raise NotPlain where another tag begins before it."""
        closes = np.append(np.flatnonzero(self.text == ord(">")), len(self.text))
        ends: Ints = closes[np.searchsorted(closes, self.opens[which])]
        if not (ends < self.opens[which + 1]).all():
            raise NotPlain
        return ends


def rows_of(tags: Tags) -> Rows:
    """All rows, whose number must be their first attribute; raise NotPlain for another spelling."""
    tag = tags.which("row", "row/")
    start = tags.opens[tag]
    place = start + len(_BEFORE_ROW)
    number, end = read_numbers(tags.text, place, ord("0"), 10, _ROW_DIGITS)
    spelt = (end > place) & (tags.text[end] == ord('"')) & stands_at(tags.text, start, _BEFORE_ROW)
    if not spelt.all():
        raise NotPlain
    return Rows(tag, start, number, end - place)


def cells_of(tags: Tags, rows: Rows) -> Cells:
    """All cells among the tags of rows; raise NotPlain where the spelling is another one than expected."""
    _check_rows(tags)
    cell = tags.which("c", "c/")
    key, strayed, after = _keys(tags, cell, rows)
    group, attributes = _attribute_groups(tags.text, after, tags.ends(cell) - tags.are(cell, "c/"))
    child = cell + 1
    formula = tags.are(child, "f", "f/")
    typed = formula
    if formula.any():
        typed = _typed_booleans(tags, child, formula)
        child = child + formula + tags.are(child, "f")
        formula = formula & ~typed
    filled, empty = tags.are(child, "v"), tags.are(child, "v/")
    value_start = tags.opens[child] + len("<v>")
    if not (tags.bare(child) | ~filled).all():
        raise NotPlain
    value_end = np.where(filled, tags.opens[1:][child], value_start)
    inline = tags.are(child, "is", "is/")
    return Cells(
        key, strayed, group, attributes, formula, inline, child, filled | empty, value_start, value_end
    )


def _check_rows(tags: Tags) -> None:
    """Raise NotPlain where tags are not those of rows, cells and what is in them, each in its place."""
    kinds = tags.kinds[:-BEYOND]
    if not len(kinds):
        return
    around = tags.kinds[[0, len(kinds) - 1]]
    ends = around[0] in (KINDS["row"], KINDS["row/"]) and around[1] in (KINDS["/row"], KINDS["row/"])
    pairs = kinds[:-1] * np.uint16(_OTHER + 1) + kinds[1:]
    if not ends or not _MAY_FOLLOW.take(pairs).all():
        raise NotPlain


def _typed_booleans(tags: Tags, child: Ints, formula: Bools) -> Bools:
    """Which formulas are `TRUE()` or `FALSE()` with just that value."""
    typed = np.zeros(len(child), np.bool_)
    start = tags.first_ends(child[formula]) + 1
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
    """Raise NotPlain where what precedes cells or items is no XML, has comments, a DOCTYPE, another root."""
    if b"<!" in head or b"\0" in head:
        raise NotPlain
    try:
        expat.ParserCreate("utf-8", namespace_separator=" ").Parse(head, False)
    except expat.ExpatError as error:
        raise NotPlain from error
    found = _ROOT.match(head)
    namespace = found and found[1] == root and _DEFAULT_NAMESPACE.search(found[2])
    if not namespace or namespace[1].decode("ascii", "replace") not in MAIN_NAMESPACES:
        raise NotPlain


def tags_of(piece: bytes) -> Tags:
    """All tags of a piece; raise NotPlain for comments, CDATA, and what is no XML.

    A tag with attributes is empty where `/>` stands before the next tag: what is in a cell or row is a tag.
    """
    text = byte_array(piece)
    if _is_no_xml(piece, text):
        raise NotPlain
    opens = np.append(np.flatnonzero(text == ord("<")), [len(piece)] * BEYOND)
    first, second, third = (text[distance:][opens] for distance in (1, 2, 3))
    if ((first == ord("!")) | (first == ord("?"))).any():
        raise NotPlain
    kinds = _KIND_OF.take(second.astype(np.uint16) << 8 | first)
    if not _THIRD.take(kinds.astype(np.uint16) << 8 | third).all():
        raise NotPlain
    longer = np.flatnonzero((first != ord("/")) & (second != ord(">")) & (kinds != _OTHER))
    ends = opens[1:][longer] - 2
    kinds[longer[(text[ends] == ord("/")) & (text[1:][ends] == ord(">"))]] += 1
    tags = Tags(text, opens, kinds)
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


def _keys(tags: Tags, cell: Ints, rows: Rows) -> tuple[Ints, Bools, Ints]:
    """The key of each cell from its `r`, which must be its first attribute; which strayed; where `r` ends."""
    text, start = tags.text, tags.opens[cell]
    words = word_at(text, start)
    letters = [(words >> np.uint64(shift) & np.uint64(255)).view(np.int64) - ord("A") for shift in (48, 56)]
    has_two = (letters[1] >= 0) & (letters[1] < 26)
    spelt = (words & _SIX_BYTES == _CELL_START) & (letters[0] >= 0) & (letters[0] < 26)
    if not spelt.all():
        raise NotPlain
    column = np.where(has_two, letters[0] * 26 + letters[1] + 26, letters[0]) + 1
    place = start + len(_BEFORE_ADDRESS) + 1 + has_two
    third = text[place] - np.uint8(ord("A"))
    if (has_three := has_two & (third < 26)).any():
        column = np.where(has_three, column * 26 + third + 1, column)
        place = place + has_three
    return _keys_in_rows(text, rows, cell, column, place)


def _keys_in_rows(text: Bytes, rows: Rows, cell: Ints, column: Ints, place: Ints) -> tuple[Ints, Bools, Ints]:
    """The keys of cells in these columns, whose row is spelt at `place`: mostly as in the tag of the row."""
    counts = np.diff(np.searchsorted(cell, rows.tag), append=len(cell))
    own = first_bytes(word_at(text, rows.start + len(_BEFORE_ROW)), rows.digits + 1)
    row, digits = np.repeat(rows.number, counts), np.repeat(rows.digits, counts)
    end = place + digits
    strayed = first_bytes(word_at(text, place), digits + 1) != np.repeat(own, counts)
    if len(others := np.flatnonzero(strayed)):
        found, end[others] = read_numbers(text, place[others], ord("0"), 10, _ROW_DIGITS)
        strayed[others] = found != row[others]
        row[others] = found
        if not (text[end[others]] == ord('"')).all():
            raise NotPlain
    if len(outside := np.flatnonzero((column > LAST_COLUMN) | (row > LAST_ROW) | (row < 1))):
        at = outside[0]
        address = bytes(text[place[at] - len(letters_of(int(column[at]))) : end[at]])
        raise outside_grid(address.decode())
    return row * STRIDE + column - 1, strayed, end + 1


def _attribute_groups(text: Bytes, start: Ints, end: Ints) -> tuple[Ints, list[bytes]]:
    """The distinct attribute texts, and for each cell which one it has."""
    length = end - start
    longest = int(length.max(initial=0))
    if longest > _ATTRIBUTES_LIMIT or (length < 0).any():
        raise NotPlain
    packed = [
        first_bytes(word_at(text, start + at), np.clip(length - at, 0, 8)) for at in range(0, longest or 1, 8)
    ]
    mixed: Words = packed[0]
    for word, multiplier in zip(packed[1:], _MULTIPLIERS, strict=False):
        mixed = mixed * multiplier + word
    if len(mixed) and (mixed == mixed[0]).all():
        group, example = np.zeros(len(mixed), np.int64), np.zeros(1, np.int64)
    else:
        encoded = pa.array(mixed).dictionary_encode()
        group = np.asarray(encoded.indices).astype(np.int64)
        example = np.zeros(len(encoded.dictionary), np.int64)
        example[group] = np.arange(len(group))
    if not all((word == word[example][group]).all() for word in packed):
        raise NotPlain  # two texts mixed to one number
    return group, [bytes(text[start[at] : end[at]]) for at in example]
