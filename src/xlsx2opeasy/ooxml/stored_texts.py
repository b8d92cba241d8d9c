"""Texts as a package stores them -> texts as people typed them (ECMA-376 Part 1, 18.4 and 22.9.2.19).

Whole pieces are gathered with numpy; only texts with references, escapes, several runs or space at their
edges come to Python one by one.
"""

import re

import numpy as np
import pyarrow as pa

from xlsx2opeasy.ooxml.byte_arrays import Bools, Bytes, Ints
from xlsx2opeasy.ooxml.tags import BEYOND, NotPlain, Tags, stands_at
from xlsx2opeasy.ooxml.text import XML_SPACE, unescaped

_PRESERVING = b'<t xml:space="preserve">'
_TEXT = re.compile(rb'<t( xml:space="preserve")?>([^<]*)</t>')
_ANY_TEXT = rb'<t(?: xml:space="preserve")?(?:/>|>[^<]*</t>)'
_ATTRIBUTES = rb'(?: [A-Za-z]+="[^"<&]*")*'
_FONT = rb"<rPr/>|<rPr>(?:<[A-Za-z]+%b/>)*</rPr>" % _ATTRIBUTES
_HINT = rb"<rPh%b>(?:%b)?</rPh>" % (_ATTRIBUTES, _ANY_TEXT)
_PHONETIC = re.compile(_HINT)
_ITEM = re.compile(
    rb"<si>(?:%b)?(?:<r>(?:%b)?(?:%b)?</r>)*(?:%b)*(?:<phoneticPr%b/>)?</si>\s*"
    % (_ANY_TEXT, _FONT, _ANY_TEXT, _HINT, _ATTRIBUTES)
)
"""A shared text of runs, as Excel and others spell it."""
_REFERENCE = re.compile(r"&([^;]{0,12});?")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_DENSE = 8
"""Where slices fill more than one part in so many of a piece, a mask is quicker than an index."""


def item_texts(piece: bytes, tags: Tags, items: Ints) -> pa.LargeStringArray:
    """The texts of string items, `<si>` or `<is>`, given as indices of their tags.

    Each `<si>` reaches to the next one or to the end of the piece. Raises NotPlain for other spellings than
    those of Excel.
    """
    inner, after, last = items + 1, items + 2, items + 3
    last = np.minimum(last, len(tags.opens) - 1)
    closed = tags.are(items, "is/", "si/")
    empty = ~closed & tags.are(inner, "/is", "/si")
    unfilled = ~closed & tags.are(inner, "t/") & tags.are(after, "/is", "/si")
    filled = ~closed & tags.are(inner, "t") & tags.are(after, "/t") & tags.are(last, "/is", "/si")
    preserved = ~tags.bare(inner)
    odd = filled & preserved
    if not stands_at(tags.text, tags.opens[inner[odd]], _PRESERVING).all() or not _bare(tags, items).all():
        raise NotPlain
    tag = np.where(preserved, len(_PRESERVING), len("<t>"))
    start = np.where(filled, tags.opens[inner] + tag, 0)
    end = np.where(filled, tags.opens[inner + 1], start)
    texts = sliced_texts(piece, start, end, trimmed=~preserved)
    size = closed + 2 * empty + 3 * unfilled + 4 * filled
    following = np.append(items[1:], len(tags.opens) - BEYOND)
    shared = tags.are(items, "si", "si/")
    parsed = np.flatnonzero(shared & (items + size != following))
    if not (size[~shared] > 0).all():
        raise NotPlain
    places = zip(parsed.tolist(), items[parsed].tolist(), following[parsed].tolist(), strict=True)
    return replaced(
        texts, {at: _parsed(piece[tags.opens[first] : tags.opens[after]]) for at, first, after in places}
    )


def _bare(tags: Tags, items: Ints) -> Bools:
    """Whether these items have no attributes."""
    after = tags.text[len("<si") :][tags.opens[items]]
    found: Bools = (after == ord(">")) | tags.are(items, "si/", "is/") & (after == ord("/"))
    return found


def _parsed(item: bytes) -> str:
    """The text of a shared item of several runs, without its phonetic hints (18.4.8)."""
    if not _ITEM.fullmatch(item):
        raise NotPlain
    return "".join(
        _typed(text.decode(), not attributes) for attributes, text in _TEXT.findall(_PHONETIC.sub(b"", item))
    )


def sliced_texts(piece: bytes, start: Ints, end: Ints, trimmed: Bools) -> pa.LargeStringArray:
    """The texts between the places `start` and `end`, with white space at their edges taken off or not."""
    array, data, offsets = gathered(piece, start, end)
    if not len(data):
        return array
    marks = (data == ord("&")) | (data == ord("\r"))
    marks[:-1] |= (data[:-1] == ord("_")) & (data[1:] == ord("x"))
    odd = np.zeros(len(array), np.bool_)
    if marks.any():
        before = np.concatenate([[0], np.cumsum(marks, dtype=np.int64)])
        odd = before[offsets[1:]] > before[offsets[:-1]]
    filled = offsets[1:] > offsets[:-1]
    edges = (data[offsets[:-1][filled]] <= ord(" ")) | (data[offsets[1:][filled] - 1] <= ord(" "))
    odd[filled] |= edges & trimmed[filled]
    places = np.flatnonzero(odd)
    stored = array.take(pa.array(places)).to_pylist()
    trims = trimmed[places].tolist()
    return replaced(
        array,
        {place: _typed(text, trim) for place, text, trim in zip(places.tolist(), stored, trims, strict=True)},
    )


def gathered(piece: bytes, start: Ints, end: Ints) -> tuple[pa.LargeStringArray, Bytes, Ints]:
    """The texts between the places as an array, with its bytes and offsets; raise NotPlain if not UTF-8."""
    length = end - start
    offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    data = _bytes_between(np.frombuffer(piece, np.uint8), start, end, offsets)
    array = pa.LargeStringArray.from_buffers(len(length), pa.py_buffer(offsets), pa.py_buffer(data))
    try:
        array.validate(full=True)
    except pa.ArrowInvalid as error:
        raise NotPlain from error
    return array, data, offsets


def joined(piece: bytes, start: Ints, end: Ints) -> bytes:
    """The bytes between the places, one slice after the other."""
    offsets = np.concatenate([[0], np.cumsum(end - start)]).astype(np.int64)
    return _bytes_between(np.frombuffer(piece, np.uint8), start, end, offsets).tobytes()


def _bytes_between(text: Bytes, start: Ints, end: Ints, offsets: Ints) -> Bytes:
    """The bytes of all slices, one after the other; the slices are in order and do not overlap."""
    total = int(offsets[-1])
    if total * _DENSE < len(text):
        return text[np.repeat(start - offsets[:-1], end - start) + np.arange(total)]
    filled = end > start
    edges = np.zeros(len(text) + 1, np.int8)
    edges[start[filled]], edges[end[filled]] = 1, -1
    return text[np.cumsum(edges[:-1], dtype=np.int8).view(np.bool_)]


def replaced(texts: pa.LargeStringArray, new: dict[int, str]) -> pa.LargeStringArray:
    """`texts` with some of them, by place, replaced."""
    if not new:
        return texts
    index = np.arange(len(texts), dtype=np.int64)
    index[list(new)] = len(texts) + np.arange(len(new))
    return pa.concat_arrays([texts, pa.array(list(new.values()), pa.large_string())]).take(pa.array(index))


def _typed(stored: str, trim: bool) -> str:
    """A text of the XML as it was typed: line ends, references, space and escapes, in this order."""
    text = _REFERENCE.sub(_referred, stored.replace("\r\n", "\n").replace("\r", "\n"))
    return unescaped(text.strip(XML_SPACE) if trim else text)


def _referred(found: re.Match[str]) -> str:
    name = found[1]
    if (character := _NAMED.get(name)) is not None and found[0].endswith(";"):
        return character
    number = re.fullmatch("#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))", name)
    if number is None or not found[0].endswith(";"):
        raise NotPlain
    code = int(number[1], 16) if number[1] else int(number[2])
    if code > 0x10FFFF or 0xD800 <= code < 0xE000 or (code < 0x20 and chr(code) not in XML_SPACE):
        raise NotPlain
    return chr(code)
