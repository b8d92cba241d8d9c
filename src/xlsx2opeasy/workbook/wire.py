"""What the reading process writes to its parent: Arrow streams one after another, and how the parent reads them.

First one that tells of the workbook, then three for each task sheet: its layout, the cells that are no plain
texts, and the texts. Facts stand as JSON in the schema's metadata, cells in the columns. A refusal is the
last stream.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

import pyarrow as pa

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.workbook.address import Area
from xlsx2opeasy.workbook.formats import Shown
from xlsx2opeasy.workbook.layout import Layout, Table
from xlsx2opeasy.workbook.package import Book, SheetPart
from xlsx2opeasy.workbook.scan import Scan

PROGRESS = "sheet: "
"""Stands before a sheet's title on the reading process's standard error."""

_FACTS = b"facts"
_REFUSAL = "refusal"
_DISAGREEING = "disagreeing"
_TOLD = pa.schema(
    [
        ("key", pa.int64()),
        ("kind", pa.dictionary(pa.int8(), pa.string())),
        ("style", pa.int32()),
        ("formula", pa.bool_()),
        ("value", pa.large_string()),
    ]
)


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A task sheet as the reading process gives it.

    `texts` has one column for each column of the sheet and one row for each row from row 1 on; a cell
    without a text is null or "". `told` are the cells that are no plain texts (`scan.Told`), and
    `disagreeing` the keys of those where the two readers differ. `disorder` and `sparse` say why `texts` is
    empty, where it is.
    """

    title: str
    layout: Layout
    hidden_rows: list[int]
    disorder: str | None
    sparse: str | None
    told: pa.Table
    texts: pa.Table
    disagreeing: list[int]


@dataclass(frozen=True, slots=True)
class RawBook:
    """A workbook as the reading process gives it; `styles` says for each cell style what its format does."""

    book: Book
    styles: list[tuple[Shown, int]]
    sheets: list[RawSheet]


def _write(
    sink: IO[bytes], facts: dict[str, Any], schema: pa.Schema, batches: Iterator[pa.RecordBatch]
) -> None:
    described = schema.with_metadata({_FACTS: json.dumps(facts)})
    with pa.ipc.new_stream(sink, described) as writer:
        for batch in batches:
            writer.write_batch(batch)


def write_refusal(sink: IO[bytes], message: str, hint: str) -> None:
    """Say that the workbook is unusable; an empty message stands for "not enough memory"."""
    _write(sink, {_REFUSAL: [message, hint]}, pa.schema([]), iter(()))


def write_book(sink: IO[bytes], book: Book, styles: list[tuple[Shown, int]]) -> None:
    """Write what the workbook part and the styles say."""
    _write(sink, {"book": asdict(book), "styles": styles}, pa.schema([]), iter(()))


def write_layout(sink: IO[bytes], title: str, layout: Layout, scan: Scan, *, sparse: bool) -> None:
    """Write what a sheet says around its cells."""
    rows, columns = scan.extent
    facts = {
        "title": title,
        "layout": asdict(layout),
        "disorder": scan.disorder,
        "sparse": Area(1, 1, rows, columns).words if sparse else None,
    }
    schema = pa.schema([("hidden", pa.int32())])
    _write(sink, facts, schema, iter(pa.table([scan.hidden_rows], schema=schema).to_batches()))


def write_told(sink: IO[bytes], scan: Scan) -> None:
    """Write the cells that are no plain texts."""
    told = scan.told
    table = pa.table([told.key, told.kind, told.style, told.formula, told.value], schema=_TOLD)
    _write(sink, {}, _TOLD, iter(table.to_batches()))


def texts_batch(columns: list[pa.Array], disagreeing: Any) -> pa.RecordBatch:
    """Some rows of texts; the disagreeing keys travel in the batch as a list in its first row."""
    rows = len(columns[0])
    keys = pa.array([disagreeing.tolist(), *[None] * (rows - 1)], pa.list_(pa.int64()))
    return pa.record_batch([*columns, keys], names=[*map(str, range(len(columns))), _DISAGREEING])


def write_texts(sink: IO[bytes], scan: Scan, batches: Iterator[pa.RecordBatch]) -> None:
    """Write the texts, batch by batch as they are read."""
    width = scan.extent[1]
    names = [(str(index), pa.large_string()) for index in range(width)]
    _write(sink, {}, pa.schema([*names, (_DISAGREEING, pa.list_(pa.int64()))]), batches)


def read_streams(data: bytes) -> RawBook:
    """What the reading process wrote; raise its refusal, and ValueError where the streams break off."""
    source = pa.BufferReader(data)
    facts, _ = _next(source)
    book = facts["book"]
    sheets = tuple(SheetPart(**each) for each in book.pop("sheets"))
    styles = [(Shown(shown), digits) for shown, digits in facts["styles"]]
    found = []
    while source.tell() < len(data):
        found.append(_sheet(source))
    return RawBook(Book(sheets=sheets, **book), styles, found)


def _next(source: pa.BufferReader) -> tuple[dict[str, Any], pa.Table]:
    with pa.ipc.open_stream(source) as reader:
        facts = json.loads(reader.schema.metadata[_FACTS])
        table = reader.read_all()
    if _REFUSAL in facts:
        message, hint = facts[_REFUSAL]
        raise WorkbookUnusable(message, hint) if message else MemoryError
    return facts, table


def _sheet(source: pa.BufferReader) -> RawSheet:
    facts, hidden = _next(source)
    _, told = _next(source)
    _, texts = _next(source)
    disagreeing = [key for keys in texts[_DISAGREEING].to_pylist() if keys for key in keys]
    return RawSheet(
        facts["title"],
        _layout(facts["layout"]),
        hidden["hidden"].to_pylist(),
        facts["disorder"],
        facts["sparse"],
        told,
        texts.drop_columns([_DISAGREEING]),
        disagreeing,
    )


def _layout(facts: dict[str, Any]) -> Layout:
    tables = (Table(**each | {"area": Area(*each["area"])}) for each in facts["tables"])
    hidden = ((first, last) for first, last in facts["hidden_columns"])
    return Layout(tuple(Area(*each) for each in facts["merged"]), tuple(tables), tuple(hidden))
