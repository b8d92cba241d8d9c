"""What the reading process writes to its parent: Arrow streams one after another, and their reading.

First the workbook's facts with the shared texts, then five for each task sheet: its facts with the hidden
rows, the cells that are no plain texts, where texts are adjacent, which texts these are, and those
that are not shared. Facts are JSON in the schema's metadata, cells are columns. A refusal is the last stream.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any

import numpy as np
import pyarrow as pa

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import Area
from xlsx2opeasy.ooxml.byte_arrays import Ints
from xlsx2opeasy.ooxml.layout import Layout, Table
from xlsx2opeasy.ooxml.relations import Book, SheetPart
from xlsx2opeasy.ooxml.scanned import Scan

SEARCHED_ROWS = 20
"""How many of the first rows are searched for headers."""

PROGRESS = "sheet: "
"""Stands before a sheet's title on the reading process's standard error."""

_FACTS = b"facts"
_REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A task sheet as the reading process gives it.

    The texts of the cells `keys` (`scanned.STRIDE`, sorted) are those of `pool` at `numbers`; the last of the
    pool is "". `typed` are the cells that are no plain texts (`scanned.TYPED`). `disorder` is the first cell
    or row that is repeated or out of order, if any.
    """

    title: str
    layout: Layout
    hidden_rows: list[int]
    disorder: str | None
    typed: pa.Table
    keys: Ints
    numbers: Ints
    pool: pa.LargeStringArray


@dataclass(frozen=True, slots=True)
class RawBook:
    """A workbook as the reading process gives it; `formats` has the number format of each cell style.

    `tops` has the texts of the first rows of each sheet that is no task sheet, by title.
    """

    book: Book
    formats: list[str]
    tops: dict[str, list[list[str]]]
    sheets: list[RawSheet]


def _write(sink: IO[bytes], facts: dict[str, Any], table: pa.Table) -> None:
    described = table.replace_schema_metadata({_FACTS: json.dumps(facts)})
    with pa.ipc.new_stream(sink, described.schema) as writer:
        writer.write_table(described)


def _texts(texts: pa.LargeStringArray) -> pa.Table:
    return pa.table({"text": texts})


def write_refusal(sink: IO[bytes], message: str, hint: str) -> None:
    """Say that the workbook is unusable; an empty message means "not enough memory"."""
    _write(sink, {_REFUSAL: [message, hint]}, _texts(pa.array([], pa.large_string())))


def write_book(
    sink: IO[bytes],
    book: Book,
    formats: Sequence[str],
    tops: Mapping[str, list[list[str]]],
    shared: pa.LargeStringArray,
) -> None:
    """Write what the workbook part and the styles say, the first rows of other sheets, the shared texts."""
    _write(sink, {"book": asdict(book), "formats": formats, "tops": tops}, _texts(shared))


def write_sheet(sink: IO[bytes], title: str, layout: Layout, scanned: Scan) -> None:
    """Write one task sheet."""
    facts = {"title": title, "layout": asdict(layout), "disorder": scanned.disorder}
    _write(sink, facts, pa.table({"row": pa.array(scanned.hidden_rows, pa.int64())}))
    _write(sink, {}, scanned.typed)
    first, count = _runs(scanned.keys)
    _write(sink, {}, pa.table({"first": first, "count": count}))
    _write(sink, {}, pa.table({"number": scanned.numbers.astype(np.int32)}))
    _write(sink, {}, _texts(scanned.direct))


def _runs(keys: Ints) -> tuple[Ints, Ints]:
    """The first key of each run of neighbours, and how many they are: a full row is one run."""
    begins = np.flatnonzero(np.diff(keys, prepend=-1) != 1)
    return keys[begins], np.diff(begins, append=len(keys))


def _keys(first: Ints, count: Ints) -> Ints:
    begins = np.cumsum(count) - count
    keys: Ints = np.repeat(first - begins, count) + np.arange(count.sum())
    return keys


def read_streams(data: bytes) -> RawBook:
    """What the reading process wrote; raise its refusal, and ValueError where the streams break off."""
    source = pa.BufferReader(data)
    facts, shared = _next(source)
    book = facts["book"]
    sheets = tuple(SheetPart(**each) for each in book.pop("sheets"))
    texts = _joined(shared["text"])
    found = []
    while source.tell() < len(data):
        found.append(_sheet(source, texts))
    return RawBook(Book(sheets=sheets, **book), facts["formats"], facts["tops"], found)


def _next(source: pa.BufferReader) -> tuple[dict[str, Any], pa.Table]:
    with pa.ipc.open_stream(source) as reader:
        facts = json.loads(reader.schema.metadata[_FACTS])
        table = reader.read_all()
    if _REFUSAL in facts:
        message, hint = facts[_REFUSAL]
        raise WorkbookUnusable(message, hint) if message else MemoryError
    return facts, table


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _sheet(source: pa.BufferReader, shared: pa.LargeStringArray) -> RawSheet:
    facts, hidden = _next(source)
    _, typed = _next(source)
    _, runs = _next(source)
    _, cells = _next(source)
    _, direct = _next(source)
    numbers = np.asarray(cells["number"]).astype(np.int64)
    numbers = np.where(numbers < 0, len(shared) - 1 - numbers, numbers)
    pool = pa.concat_arrays([shared, _joined(direct["text"]), pa.array([""], pa.large_string())])
    return RawSheet(
        facts["title"],
        _layout(facts["layout"]),
        hidden["row"].to_pylist(),
        facts["disorder"],
        typed,
        _keys(np.asarray(runs["first"]), np.asarray(runs["count"])),
        numbers,
        pool,
    )


def _layout(facts: dict[str, Any]) -> Layout:
    tables = (Table(**each | {"area": Area(*each["area"])}) for each in facts["tables"])
    hidden = ((first, last) for first, last in facts["hidden_columns"])
    return Layout(tuple(Area(*each) for each in facts["merged"]), tuple(tables), tuple(hidden))
