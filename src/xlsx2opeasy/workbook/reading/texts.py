"""Text cells -> the text that a field would send; what is invisible at its edges is trimmed, and reported.

Whole columns are looked at in their Arrow memory; only texts with something odd in them come to Python.
"""

import unicodedata
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from xlsx2opeasy.ooxml.byte_arrays import Bools
from xlsx2opeasy.spec.model import Content, Field, Kind
from xlsx2opeasy.workbook.reading.findings import Reading, kept, refused, repaired, visible

_TYPOGRAPHIC = frozenset("‘’‚‛“”„‟′″‐‑‒–—―−…")
_TYPE_AGAIN = "Type the value again by hand instead of pasting it."


@dataclass(frozen=True, slots=True)
class Traits:
    """How exact a column's texts are.

    `secret` texts are never changed, `key` must have no invisible characters, `telephonic` (mails, numbers,
    codes) of typographic quotes and dashes too.
    """

    secret: bool = False
    key: bool = False
    telephonic: bool = False


PLAIN = Traits()


def traits_of(field: Field) -> Traits:
    """The traits of a field, from what it holds."""
    if field.kind in (Kind.BOOLEAN, Kind.INTEGER):
        return Traits(secret=field.secret)
    telephonic = field.content in (Content.CODE, Content.NUMBER)
    return Traits(field.secret, telephonic or field.content is Content.NAME, telephonic)


def odd(texts: pa.LargeStringArray) -> Bools:
    """For each text whether it must be looked at: a space at an edge, or a byte that is no visible ASCII."""
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    found = np.zeros(len(texts), np.bool_)
    if offsets[-1] == offsets[0]:
        return found
    data = np.frombuffer(texts.buffers()[2], np.uint8)
    filled = offsets[1:] > offsets[:-1]
    first, last = data[offsets[:-1][filled]], data[offsets[1:][filled] - 1]
    found[filled] = (first == ord(" ")) | (last == ord(" "))
    used = data[offsets[0] : offsets[-1]]
    if used.min() < ord(" ") or used.max() > ord("~"):
        marked = np.concatenate([[0], np.cumsum((used < ord(" ")) | (used > ord("~")), dtype=np.int64)])
        places = offsets - offsets[0]
        found |= marked[places[1:]] > marked[places[:-1]]
    return found


def text_reading(text: str, traits: Traits) -> Reading | None:
    """What an odd text says in a column with these traits; None where it is valid as it is."""
    if text.isprintable() and text[0] != " " and text[-1] != " " and not traits.telephonic:
        return None
    inner = _without_edges(text)
    if (control := _control(text)) is not None:
        return refused("control-character", f"has the control character {control} in it", _TYPE_AGAIN)
    if traits.secret and inner != text:
        return kept(
            text,
            "space-around-secret",
            "begins or ends with a space or an invisible character, which is never trimmed from a secret",
            "Type it again without the space.",
        )
    return _inner_reading(inner, traits) or _trimmed(text, inner)


def _inner_reading(inner: str, traits: Traits) -> Reading | None:
    exact = traits.key or traits.secret
    for each in inner:
        code = f"U+{ord(each):04X}"
        if each in "\n\r\t\v\f\x85\u2028\u2029":
            what = "a tab" if each == "\t" else "a line break"
            read = kept if exact else repaired
            return read(
                inner,
                "line-break",
                f"has {what} inside ({code})",
                "Put the value on one line (a list: items with ; between).",
            )
        if each != " " and exact and _unseen(each):
            name = unicodedata.name(each, "a control character").lower()
            return kept(
                inner,
                "invisible-character",
                f"has {code} ({name}) inside, which cannot be seen",
                _TYPE_AGAIN,
            )
        if traits.telephonic and not traits.secret and each in _TYPOGRAPHIC:
            name = unicodedata.name(each).lower()
            return kept(
                inner,
                "typographic-character",
                f"has {each} ({code}, {name}) in it",
                "Type a plain - or ' or \" instead.",
            )
    return None


def _trimmed(text: str, inner: str) -> Reading | None:
    if inner == text:
        return None
    read = f'"{visible(inner)}" is read' if inner else "it is read as blank"
    return repaired(
        inner,
        "space-trimmed",
        f'begins or ends with a space or an invisible character ("{visible(text)}"); {read}',
        "Delete the space, if it is none of the value.",
    )


def _unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cf", "Zs", "Zl", "Zp")


def _control(text: str) -> str | None:
    for each in text:
        if unicodedata.category(each) in ("Cc", "Cs") and not each.isspace():
            return f"U+{ord(each):04X}"
        if each in "\ufffe\uffff\x1c\x1d\x1e\x1f":
            return f"U+{ord(each):04X}"
    return None


def _without_edges(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _unseen(text[start]):
        start += 1
    while end > start and _unseen(text[end - 1]):
        end -= 1
    return text[start:end]
