"""One fast pass over a worksheet part: where its texts are, and every cell that is not a plain text.

It tells what calamine hides (types, formulas, styles, hidden rows, order) by looking at all tags of some
megabytes at once with numpy, not cell by cell. It understands the one plain spelling of a sheet that nearly
all writers use, and raises `NotPlain` for every other; `plain.rewritten` makes that spelling of any sheet.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xlsx2opeasy.ooxml.address import LAST_ROW, letters_of, outside_grid
from xlsx2opeasy.ooxml.byte_arrays import Bools, Ints, read_numbers
from xlsx2opeasy.ooxml.stored_texts import gathered, item_texts, sliced_texts
from xlsx2opeasy.ooxml.tags import (
    STRIDE,
    Cells,
    NotPlain,
    Tags,
    cells_of,
    check_head,
    numbers_after,
    rows_of,
    tags_of,
)

_PIECE = 1 << 20
_HEAD_LIMIT = 64 << 20
_BEFORE_ROW = b'<row r="'
_HIDDEN = re.compile(rb'\shidden="(?:1|true|on)"')
_DATA = re.compile(rb"<sheetData(?:\s[^>]*?)?(/?)>")
_DATA_END = b"</sheetData>"
_DIRECT_TYPES = ("str", "inlineStr")
_NO_INTS = np.empty(0, np.int64)
_NONE = 1 << 62


TOLD = pa.schema(
    [
        ("key", pa.int64()),
        ("kind", pa.string()),
        ("style", pa.int32()),
        ("formula", pa.bool_()),
        ("value", pa.large_string()),
    ]
)
"""Cells that are not plain texts: type (`t`), style (`s`), whether they have a formula, what is in `<v>`."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanned sheet: what stands where.

    `keys` are those of the cells that hold a text (`STRIDE`), sorted; `numbers` say which text: the number
    of a shared one, or below zero, of one in `direct` (-1 is its first). `told` are all other cells, and
    formulas (`TOLD`). `disorder` is the first cell or row that is repeated or out of order, `frame` the part
    without its rows.
    """

    keys: Ints
    numbers: Ints
    direct: pa.LargeStringArray
    told: pa.Table
    hidden_rows: list[int]
    disorder: str | None
    frame: bytes


def scan(stream: IO[bytes]) -> Scan:
    """Scan a worksheet part; raise NotPlain, or WorkbookUnusable for addresses outside the grid."""
    scanner, frame = _Scanner(), list[bytes]()
    for piece in _pieces(stream, frame):
        scanner.feed(piece)
    return Scan(
        np.concatenate([_NO_INTS, *scanner.keys]),
        np.concatenate([_NO_INTS, *scanner.numbers]),
        pa.concat_arrays([pa.array([], pa.large_string()), *scanner.direct]),
        pa.Table.from_batches(scanner.told, TOLD),
        scanner.hidden,
        scanner.disorder,
        b"".join(frame),
    )


def address_of(key: int) -> str:
    """The address of a cell by its key."""
    return f"{letters_of(key % STRIDE + 1)}{key // STRIDE}"


def _pieces(stream: IO[bytes], frame: list[bytes]) -> Iterator[bytes]:
    """The rows in pieces that begin with a row tag each; what is around them goes into `frame`."""
    head = b""
    while (start := _DATA.search(head)) is None:
        if not (more := stream.read(_PIECE)) or len(head) > _HEAD_LIMIT:
            raise NotPlain
        head += more
    check_head(head[: start.start()])
    frame += [head[: start.start()], b"<sheetData/>"]
    rest = head[start.end() :]
    if not start[1]:
        rest = yield from _rows(stream, rest)
    frame += [rest, stream.read()]


def _rows(stream: IO[bytes], rest: bytes) -> Generator[bytes, None, bytes]:
    """The pieces; returns what follows the rows."""
    while (end := rest.find(_DATA_END)) < 0:
        cut = rest.rfind(b"<row")
        if cut > 0:
            yield rest[:cut]
            rest = rest[cut:]
        if not (more := stream.read(_PIECE)):
            raise NotPlain
        rest += more
    yield rest[:end]
    return rest[end + len(_DATA_END) :]


class _Scanner:
    """Takes the pieces in their order and keeps what they hold."""

    def __init__(self) -> None:
        self.keys: list[Ints] = []
        self.numbers: list[Ints] = []
        self.direct: list[pa.LargeStringArray] = []
        self.told: list[pa.RecordBatch] = []
        self.hidden: list[int] = []
        self.disorder: str | None = None
        self._directs = 0
        self._last_key = -1
        self._last_row = 0

    def feed(self, piece: bytes) -> None:
        """Scan one piece, which begins with a row tag."""
        tags = tags_of(piece)
        starts, numbers = self._rows_of(piece, tags)
        cells = cells_of(tags)
        enclosing = np.searchsorted(starts, cells.start) - 1
        if len(cells.start) and (len(starts) == 0 or enclosing[0] < 0):
            raise NotPlain
        strayed = numbers[enclosing] != rows_of(cells.key) if len(starts) else np.empty(0, np.bool_)
        self._check_order(cells.key, strayed)
        self._sort_out(piece, tags, cells)

    def _rows_of(self, piece: bytes, tags: Tags) -> tuple[Ints, Ints]:
        """Where each row begins, and its number, which must be its first attribute."""
        which = np.flatnonzero((tags.first == ord("r")) & (tags.second == ord("o")))
        starts = tags.opens[which]
        numbers = numbers_after(tags.text, starts, _BEFORE_ROW)
        outside = np.flatnonzero((numbers < 1) | (numbers > LAST_ROW))
        if len(outside):
            raise outside_grid(f"row {numbers[outside[0]]}")
        wrong = np.flatnonzero(np.diff(numbers, prepend=self._last_row) <= 0)
        if len(wrong) and self.disorder is None:
            self.disorder = f"row {numbers[wrong[0]]}"
        self._last_row = int(numbers[-1]) if len(numbers) else self._last_row
        if b"hidden" in piece:
            self._keep_hidden(piece, starts, tags.closes[which], numbers)
        return starts, numbers

    def _keep_hidden(self, piece: bytes, starts: Ints, ends: Ints, numbers: Ints) -> None:
        for start, end, row in zip(starts.tolist(), ends.tolist(), numbers.tolist(), strict=True):
            if _HIDDEN.search(piece, start, end):
                self.hidden.append(row)

    def _check_order(self, keys: Ints, strayed: Bools) -> None:
        if not len(keys):
            return
        wrong = np.flatnonzero((np.diff(keys, prepend=self._last_key) <= 0) | strayed)
        if len(wrong) and self.disorder is None:
            self.disorder = address_of(int(keys[wrong[0]]))
        self._last_key = int(keys[-1])

    def _sort_out(self, piece: bytes, tags: Tags, cells: Cells) -> None:
        """Texts by their numbers; everything else with its type, style, formula and value."""
        types = [_type_and_style(attributes) for attributes in cells.attributes]
        meant = np.array([kind == "inlineStr" for kind, _ in types], np.bool_)[cells.group]
        inline = cells.inline & (meant | ~cells.has_value)
        shared = np.array([kind == "s" for kind, _ in types], np.bool_)[cells.group] & ~inline
        stored = np.array([kind in _DIRECT_TYPES for kind, _ in types], np.bool_)[cells.group] & ~inline
        filled = cells.value_end > cells.value_start
        numbers = np.full(len(cells.key), _NONE, np.int64)
        numbers[shared & filled] = _shared_numbers(tags, cells, shared & filled)
        self._keep_direct(numbers, stored & filled, _values(piece, cells, stored & filled))
        self._keep_direct(numbers, inline, item_texts(piece, tags, cells.child[inline]))
        self.keys.append(cells.key[numbers != _NONE])
        self.numbers.append(numbers[numbers != _NONE])
        told = cells.formula | (~shared & ~stored & ~inline & cells.has_value)
        self.told.append(_told(piece, cells, told, types))

    def _keep_direct(self, numbers: Ints, which: Bools, texts: pa.LargeStringArray) -> None:
        self.direct.append(texts)
        numbers[which] = -1 - self._directs - np.arange(len(texts))
        self._directs += len(texts)


def _shared_numbers(tags: Tags, cells: Cells, which: Bools) -> Ints:
    numbers, end = read_numbers(tags.text, cells.value_start[which], ord("0"), 10, 9)
    if not (end == cells.value_end[which]).all():
        raise NotPlain
    return numbers


def _values(piece: bytes, cells: Cells, which: Bools) -> pa.LargeStringArray:
    """Texts that stand in `<v>` itself: values of formulas."""
    start, end = cells.value_start[which], cells.value_end[which]
    return sliced_texts(piece, start, end, trimmed=np.zeros(len(start), np.bool_))


def _told(piece: bytes, cells: Cells, which: Bools, types: list[tuple[str, int]]) -> pa.RecordBatch:
    group = cells.group[which]
    values, _, _ = gathered(piece, cells.value_start[which], cells.value_end[which])
    columns = [
        pa.array(cells.key[which]),
        pa.array([kind for kind, _ in types], pa.string()).take(pa.array(group)),
        pa.array(np.array([style for _, style in types], np.int32)[group]),
        pa.array(cells.formula[which]),
        pc.if_else(pa.array(cells.has_value[which]), values, pa.scalar(None, pa.large_string())),
    ]
    return pa.record_batch(columns, schema=TOLD)


_ATTRIBUTE = re.compile(rb'\s+([A-Za-z:]+)="([^"]*)"')


def _type_and_style(attributes: bytes) -> tuple[str, int]:
    """The type (`t`, 18.18.11) and style (`s`) of a cell from the text of its attributes after `r`."""
    found = dict(_ATTRIBUTE.findall(attributes))
    if _ATTRIBUTE.sub(b"", attributes).strip():
        raise NotPlain
    style = found.get(b"s", b"0")
    kind = found.get(b"t", b"n").decode("ascii", "replace")
    return kind, int(style) if style.isdigit() else 0
