"""What the reading process writes to its parent: Arrow streams one after another, and their reading.

First the workbook's facts with the shared texts; then for each task sheet a stream of its blocks, as they are
scanned, and its facts with the hidden rows; then the end. Where a sheet has to be scanned again, its blocks
come once more before its facts. Facts are JSON in the schema's metadata. A refusal is the last stream.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
import pyarrow as pa

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import Area
from xlsx2opeasy.ooxml.byte_arrays import Ints
from xlsx2opeasy.ooxml.layout import Layout, Table
from xlsx2opeasy.ooxml.relations import Book, SheetPart
from xlsx2opeasy.ooxml.scanned import TYPED, Block, Scan, columns_of, rows_of, slices_of

if TYPE_CHECKING:
    import numpy.typing as npt

Shorts: TypeAlias = "npt.NDArray[np.int32]"

PROGRESS = "sheet: "
"""Stands before a sheet's title on the reading process's standard error."""

_FACTS = b"facts"
_REFUSAL = "refusal"
_BLOCKS = "blocks"
_END = "end"
_BLOCK = pa.schema(
    [
        ("first", pa.list_(pa.int64())),
        ("count", pa.list_(pa.int64())),
        ("number", pa.list_(pa.int32())),
        ("direct", pa.list_(pa.large_string())),
        ("typed", pa.list_(pa.struct(list(TYPED)))),
    ],
    metadata={_FACTS: json.dumps({_BLOCKS: True})},
)
"""A block of a sheet: where texts are adjacent, which they are, those that are not shared, other cells."""


@dataclass(frozen=True, slots=True)
class TextCells:
    """The cells of a column that hold a text: their rows, sorted, and which texts of the pool they are."""

    rows: Shorts
    numbers: Shorts


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A task sheet as the reading process gives it.

    `texts` are the text cells by column (from 0); who reads a column takes it out. The last text of `pool` is
    "". `typed` are the cells that are no plain texts (`scanned.TYPED`). `disorder` is the first cell or row
    that is repeated or out of order, if any.
    """

    title: str
    layout: Layout
    hidden_rows: list[int]
    disorder: str | None
    typed: pa.Table
    texts: dict[int, TextCells]
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


def write_end(sink: IO[bytes]) -> None:
    """Say that all is written."""
    _write(sink, {_END: True}, _texts(pa.array([], pa.large_string())))


class SheetWriter:
    """Writes one task sheet (`scanned.Blocks`), of a workbook with so many shared texts."""

    def __init__(self, sink: IO[bytes], title: str, shared: int) -> None:
        self._sink = sink
        self._title = title
        self._shared = shared
        self._blocks: pa.RecordBatchStreamWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._blocks is not None:
            self._blocks.close()
            self._blocks = None

    def begin(self) -> None:
        """Write the blocks that follow, and forget any before."""
        self.__exit__()
        self._blocks = pa.ipc.new_stream(self._sink, _BLOCK)

    def add(self, block: Block) -> None:
        """Write a block; raise WorkbookUnusable where one of its texts is not there."""
        largest = int(block.numbers.max(initial=-1))
        if largest >= self._shared:
            what = f"a cell refers to shared text {largest}, and there are {self._shared}"
            raise WorkbookUnusable(
                f'The sheet "{self._title}" is damaged: {what}.',
                "Open the workbook in Excel, let it repair the file, and save it.",
            )
        numbers = block.numbers.astype(np.int32)
        columns = [*_runs(block.keys), numbers, block.direct, block.typed.to_struct_array()]
        lists = [
            pa.ListArray.from_arrays(pa.array([0, len(column)], pa.int32()), pa.array(column))
            for column in columns
        ]
        assert self._blocks is not None, "no block precedes the beginning"
        self._blocks.write_batch(pa.record_batch(lists, schema=_BLOCK))

    def end(self, layout: Layout, scanned: Scan) -> None:
        """Write what else there is of the sheet."""
        self.__exit__()
        facts = {"title": self._title, "layout": asdict(layout), "disorder": scanned.disorder}
        _write(self._sink, facts, pa.table({"row": pa.array(scanned.hidden_rows, pa.int64())}))


def _runs(keys: Ints) -> tuple[Ints, Ints]:
    """The first key of each run of neighbours, and how many they are: a full row is one run."""
    begins = np.flatnonzero(np.diff(keys, prepend=-1) != 1)
    return keys[begins], np.diff(begins, append=len(keys))


def _keys(first: Ints, count: Ints) -> Ints:
    begins = np.cumsum(count) - count
    keys: Ints = np.repeat(first - begins, count) + np.arange(count.sum())
    return keys


def read_streams(source: IO[bytes]) -> RawBook:
    """What the reading process writes, while it does; raise its refusal, ValueError where it breaks off."""
    try:
        return _book(source)
    except pa.ArrowMemoryError:
        raise
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


def _book(source: IO[bytes]) -> RawBook:
    facts, shared = _next(source)
    book = facts["book"]
    sheets = tuple(SheetPart(**each) for each in book.pop("sheets"))
    texts = pa.chunked_array([*shared["text"].chunks, pa.array([""], pa.large_string())]).combine_chunks()
    found = []
    while (sheet := _sheet(source, texts)) is not None:
        found.append(sheet)
    return RawBook(Book(sheets=sheets, **book), facts["formats"], facts["tops"], found)


def _next(source: IO[bytes]) -> tuple[dict[str, Any], Any]:
    """The facts of the next stream, with its table or, where it has blocks, these."""
    with pa.ipc.open_stream(source) as reader:
        facts = json.loads(reader.schema.metadata[_FACTS])
        table = _Columns(reader) if _BLOCKS in facts else reader.read_all()
    if _REFUSAL in facts:
        message, hint = facts[_REFUSAL]
        raise WorkbookUnusable(message, hint) if message else MemoryError
    return facts, table


def _sheet(source: IO[bytes], shared: pa.LargeStringArray) -> RawSheet | None:
    """The next sheet, None at the end."""
    facts, table = _next(source)
    columns = None
    while _BLOCKS in facts:
        columns = table
        facts, table = _next(source)
    if _END in facts:
        return None
    if columns is None:
        raise ValueError("a sheet without blocks")
    return RawSheet(
        facts["title"],
        _layout(facts["layout"]),
        table["row"].to_pylist(),
        facts["disorder"],
        pa.Table.from_batches(columns.typed, TYPED),
        columns.texts(len(shared)),
        pa.concat_arrays([shared, *columns.direct, shared[-1:]]) if columns.direct else shared,
    )


class _Columns:
    """The blocks of a sheet, each sorted into columns as it comes: while it does the next one is scanned."""

    def __init__(self, blocks: pa.RecordBatchStreamReader) -> None:
        self.typed: list[pa.RecordBatch] = []
        self.direct: list[pa.LargeStringArray] = []
        self._cells: dict[int, list[tuple[Shorts, Shorts]]] = defaultdict(list)
        self._directs = 0
        for block in blocks:
            self._take(block)

    def texts(self, known: int) -> dict[int, TextCells]:
        """The cells of each column; `known` texts precede those of the blocks."""
        found = {}
        for column in sorted(self._cells):
            rows, numbers = map(np.concatenate, zip(*self._cells.pop(column), strict=True))
            found[column] = TextCells(rows, np.where(numbers < 0, known - 1 - numbers, numbers))
        return found

    def _take(self, block: pa.RecordBatch) -> None:
        first, count, numbers, direct, typed = (each.values for each in block.columns)
        keys, numbers = _keys(np.asarray(first), np.asarray(count)), np.asarray(numbers)
        if len(typed):
            self.typed.append(pa.RecordBatch.from_struct_array(typed))
        if len(direct):
            self.direct.append(direct)
            numbers = np.where(numbers < 0, numbers - self._directs, numbers)
            self._directs += len(direct)
        columns = columns_of(keys).astype(np.int16)
        order = np.argsort(columns, kind="stable")
        columns, rows, numbers = columns[order], rows_of(keys).astype(np.int32)[order], numbers[order]
        for column, cells in slices_of(columns).items():
            self._cells[column].append((rows[cells], numbers[cells]))


def _layout(facts: dict[str, Any]) -> Layout:
    tables = (Table(**each | {"area": Area(*each["area"])}) for each in facts["tables"])
    hidden = ((first, last) for first, last in facts["hidden_columns"])
    return Layout(tuple(Area(*each) for each in facts["merged"]), tuple(tables), tuple(hidden))
