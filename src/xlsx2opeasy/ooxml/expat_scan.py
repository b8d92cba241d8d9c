"""Worksheets in any spelling that XML allows, read element by element with expat.

The slow path of `scan`: comments, CDATA, namespace prefixes, cells without addresses and
the like. It fills the same arrays.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress

import numpy as np
import pyarrow as pa

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import (
    LAST_COLUMN,
    LAST_ROW,
    column_of,
    letters_of,
    outside_grid,
    parse_address,
)
from xlsx2opeasy.ooxml.expat_items import Enough, ItemReader
from xlsx2opeasy.ooxml.package import RESAVE
from xlsx2opeasy.ooxml.scanned import (
    DIRECT_TYPES,
    STRIDE,
    TEXT_TYPES,
    TYPED,
    TYPED_BOOLEANS,
    Block,
    Scan,
    address_of,
    hides_row,
    style_index,
)
from xlsx2opeasy.ooxml.text import XML_SPACE, unescaped
from xlsx2opeasy.ooxml.xml import is_true


def expat_scan(data: bytes, part: str, add: Callable[[Block], None]) -> Scan:
    """Scan a worksheet part (UTF-8), whose cells are one block.

    Raises WorkbookUnusable where it is damaged or outside the grid.
    """
    reader = _SheetReader(part)
    reader.parse([data])
    columns = zip(*reader.typed, strict=True) if reader.typed else [()] * len(TYPED)
    typed = [pa.array(column, kind) for column, kind in zip(columns, TYPED.types, strict=True)]
    add(
        Block(
            np.array(reader.keys, np.int64),
            np.array(reader.numbers, np.int64),
            pa.array(reader.direct, pa.large_string()),
            pa.record_batch(typed, schema=TYPED),
        )
    )
    return Scan(reader.hidden, reader.disorder, data[: reader.rows_start] + data[reader.rows_end :])


def top_texts(blocks: Iterable[bytes], part: str, rows: int, shared: pa.LargeStringArray) -> list[list[str]]:
    """The texts of each of the first rows of a worksheet part (UTF-8); what is below is not read."""
    reader = _SheetReader(part, last_row=rows)
    with suppress(Enough):
        reader.parse(blocks)
    found: dict[int, list[str]] = {}
    for key, number in zip(reader.keys, reader.numbers, strict=True):
        if number < len(shared):
            text = reader.direct[-1 - number] if number < 0 else shared[number].as_py()
            found.setdefault(key // STRIDE, []).append(text)
    return list(found.values())


class _SheetReader(ItemReader):
    """Reads a worksheet; rows and cells without `r` follow the one before (18.3.1.4, 18.3.1.73)."""

    def __init__(self, part: str, last_row: int = LAST_ROW) -> None:
        super().__init__(part)
        self.last_row = last_row
        self.keys: list[int] = []
        self.numbers: list[int] = []
        self.direct: list[str] = []
        self.typed: list[tuple[int, str, int, bool, str | None]] = []
        self.hidden: list[int] = []
        self.disorder: str | None = None
        self.rows_start = self.rows_end = 0
        self._zero_height = False
        self._row = self._column = 0
        self._last_key = -1
        self._attributes: dict[str, str] = {}
        self._value: str | None = None
        self._formula: str | None = None
        self._inline: str | None = None

    def opened(self, state: str, attributes: dict[str, str]) -> None:
        """Take in a cell or row."""
        if state == "cell":
            self._attributes = attributes
            self._value = self._formula = self._inline = None
        elif state == "row":
            self._open_row(attributes)
        elif state == "format":
            self._zero_height = is_true(attributes.get("zeroHeight", ""))

    def closed(self, state: str) -> None:
        """Take in a value, a cell, or the end of the rows."""
        if state == "value":
            self._value = self.taken()
        elif state == "cell":
            self._close_cell()
        elif state == "item":
            self._inline = self.item()
        elif state == "formula":
            self._formula = self.taken()
        elif state == "rows":
            self.rows_end = self.parser.CurrentByteIndex
            self.rows_start = self.rows_start or self.rows_end

    def _open_row(self, attributes: dict[str, str]) -> None:
        self.rows_start = self.rows_start or self.parser.CurrentByteIndex
        number = attributes.get("r", "").strip()
        row = int(number) if number.isdecimal() and len(number) < 10 else self._row + 1
        if not 1 <= row <= LAST_ROW:
            raise outside_grid(f"row {row}")
        if row > self.last_row:
            raise Enough
        if row <= self._row and self.disorder is None:
            self.disorder = f"row {row}"
        self._row, self._column = row, 0
        hidden, height = attributes.get("hidden", ""), attributes.get("ht", "")
        if hides_row(hidden, height, by_default=self._zero_height):
            self.hidden.append(row)

    def _key(self, address: str | None) -> int:
        """The key of a cell at this address, of the next one where it has none."""
        row, column = self._row, self._column + 1
        if address is not None:
            digits = str(row)
            column = column_of(address[: -len(digits)]) if address.endswith(digits) else 0
            if not column or not address[: -len(digits)].isalpha():
                row, column = parse_address(address)
        if column > LAST_COLUMN:
            raise outside_grid(f"{letters_of(column)}{row}")
        self._column = column
        key = row * STRIDE + column - 1
        if (key <= self._last_key or row != self._row) and self.disorder is None:
            self.disorder = address_of(key)
        self._last_key = key
        return key

    def _close_cell(self) -> None:
        attributes, value = self._attributes, self._value
        key = self._key(attributes.get("r"))
        kind = attributes.get("t", "n").strip()
        formula = self._formula is not None and (self._formula, value) not in TYPED_BOOLEANS
        inline = self._inline if kind == "inlineStr" or value is None else None
        if inline is not None:
            self._keep_direct(key, inline)
        elif value and kind in DIRECT_TYPES:
            self._keep_direct(key, unescaped(value))
        elif value and kind == "s" and (number := value.strip(XML_SPACE)):
            self.keys.append(key)
            self.numbers.append(self._shared_number(number))
        if formula or (inline is None and value is not None and kind not in TEXT_TYPES):
            style = style_index(attributes.get("s", ""))
            stored = value and (unescaped(value) if kind in TEXT_TYPES else value.strip(XML_SPACE))
            self.typed.append((key, kind, style, formula, stored))

    def _keep_direct(self, key: int, text: str) -> None:
        self.keys.append(key)
        self.direct.append(text)
        self.numbers.append(-len(self.direct))

    def _shared_number(self, number: str) -> int:
        if not number.isdecimal() or len(number) > 9:
            what = f"a cell refers to the shared text {number[:20]!r}"
            raise WorkbookUnusable(f"The part {self.part} of the workbook is damaged: {what}.", RESAVE)
        return int(number)
