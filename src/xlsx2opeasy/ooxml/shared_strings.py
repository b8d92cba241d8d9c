"""The table of shared texts, to which cells of type `s` refer by number (ECMA-376 Part 1, 18.4.9)."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from xlsx2opeasy.ooxml.expat_items import expat_shared_texts
from xlsx2opeasy.ooxml.package import Package
from xlsx2opeasy.ooxml.stored_texts import item_texts
from xlsx2opeasy.ooxml.tags import NotPlain, check_head, tags_of
from xlsx2opeasy.ooxml.xml import utf8_blocks

_ITEM = b"<si"


def shared_texts(package: Package, part: str | None) -> pa.LargeStringArray:
    """All shared texts by number; none where the workbook has no such part."""
    if part is None:
        return pa.array([], pa.large_string())
    try:
        arrays = list(_plain_texts(utf8_blocks(package.blocks(part), part)))
    except NotPlain:
        blocks = utf8_blocks(package.blocks(part), part)
        arrays = [pa.array(expat_shared_texts(blocks, part), pa.large_string())]
    return pa.concat_arrays(arrays) if arrays else pa.array([], pa.large_string())


def _plain_texts(blocks: Iterable[bytes]) -> Iterator[pa.LargeStringArray]:
    """The texts, some megabytes of items at a time; raise NotPlain for other spellings."""
    rest = b""
    for block in blocks:
        rest += block
        cut = rest.rfind(_ITEM)
        if cut > 0:
            yield _texts_of(rest[:cut])
            rest = rest[cut:]
    end = rest.rstrip()
    if not end.endswith(b"</sst>") and not (_ITEM not in end and end.endswith(b"/>")):
        raise NotPlain
    yield _texts_of(end.removesuffix(b"</sst>"))


def _texts_of(piece: bytes) -> pa.LargeStringArray:
    start = piece.find(_ITEM)
    if not piece.startswith(_ITEM):
        check_head(piece[: start if start >= 0 else None], b"sst")
    if start < 0:
        return pa.array([], pa.large_string())
    items = piece[start:]
    tags = tags_of(items)
    which = tags.which("si", "si/")
    return item_texts(items, tags, which)
