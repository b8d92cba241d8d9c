"""The table of shared texts, to which cells of type `s` refer by number (ECMA-376 Part 1, 18.4.9)."""

from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import ParseError
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package_parts import find_part, local
from xlsx2opeasy.ooxml.stored_texts import item_text, item_texts
from xlsx2opeasy.ooxml.tags import NotPlain, check_head, tags_of

_PIECE = 1 << 20
_ITEM = b"<si"


def shared_texts(package: ZipFile, part: str | None) -> pa.LargeStringArray:
    """All shared texts by number; none where the package has no such part."""
    if part is None or (name := find_part(package, part)) is None:
        return pa.array([], pa.large_string())
    try:
        with package.open(name) as stream:
            arrays = list(_plain_texts(stream))
    except NotPlain:
        with package.open(name) as stream:
            arrays = [pa.array(_parsed_texts(stream, name), pa.large_string())]
    return pa.concat_arrays(arrays) if arrays else pa.array([], pa.large_string())


def _plain_texts(stream: IO[bytes]) -> Iterator[pa.LargeStringArray]:
    """The texts, some megabytes of items at a time; raise NotPlain for other spellings."""
    rest = b""
    while more := stream.read(_PIECE):
        rest += more
        cut = rest.rfind(_ITEM)
        if cut > 0:
            yield _texts_of(rest[:cut])
            rest = rest[cut:]
    if b"</sst>" not in rest and b"<sst" not in rest:
        raise NotPlain
    yield _texts_of(rest)


def _texts_of(piece: bytes) -> pa.LargeStringArray:
    start = piece.find(_ITEM)
    check_head(piece[: start if start >= 0 else None])
    if start < 0:
        return pa.array([], pa.large_string())
    items = piece[start:]
    tags = tags_of(items)
    which = np.flatnonzero((tags.first == ord("s")) & (tags.second == ord("i")))
    return item_texts(items, tags, which)


def _parsed_texts(stream: IO[bytes], part: str) -> list[str]:
    texts = []
    try:
        for _, element in iterparse(stream, forbid_dtd=True):
            if local(element.tag) == "si":
                texts.append(item_text(element))
                element.clear()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise WorkbookUnusable(
            f"The part {part!r} of the workbook is damaged: {error}.",
            "Open the workbook in Excel, let it repair the file, and save it.",
        ) from error
    return texts
