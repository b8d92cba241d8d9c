"""What a scan of a worksheet finds, whichever scanner did it: where its texts are, and every other cell."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.ooxml.byte_arrays import Ints
from xlsx2opeasy.ooxml.xml import is_true

if TYPE_CHECKING:
    import numpy.typing as npt

STRIDE = 1 << 14  # columns
"""A cell's key is its row times this, plus its column less one: keys sort as the cells of a sheet do."""

_COLUMN_BITS = 14

DIRECT_TYPES = ("str", "inlineStr")
"""Types of cells whose text is in `<v>` itself."""

TEXT_TYPES = ("s", *DIRECT_TYPES)

TYPED = pa.schema(
    [
        ("key", pa.int64()),
        ("kind", pa.string()),
        ("style", pa.int32()),
        ("formula", pa.bool_()),
        ("value", pa.large_string()),
    ]
)
"""Cells that are not plain texts: type (`t`), style (`s`), whether they have a formula, what `<v>` holds."""

TYPED_BOOLEANS = (("TRUE()", "1"), ("FALSE()", "0"))
"""What LibreOffice saves for a typed TRUE or FALSE: formula and value."""

_FALSE = ("0", "false", "off")
_NO_HEIGHT = re.compile(r"\+?(?=\.?0)0*\.?0*")


@dataclass(frozen=True, slots=True)
class Block:
    """The cells of some rows that follow each other.

    `keys` are those of the cells that hold a text (`STRIDE`), sorted; `numbers` say which text: the number
    of a shared one, or below zero, of one in the block's `direct` (-1 is its first). `typed` are all other
    cells, and formulas (`TYPED`).
    """

    keys: Ints
    numbers: Ints
    direct: pa.LargeStringArray
    typed: pa.RecordBatch


class Blocks(Protocol):
    """Takes the blocks of a sheet in their order; `begin` says that the first one follows, perhaps again."""

    def begin(self) -> None:
        """Forget all blocks of the sheet that were added."""

    def add(self, block: Block) -> None:
        """Take in the next block."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What else a scan of a sheet finds, when all blocks are taken.

    `disorder` is the first cell or row that is repeated or out of order, `frame` the part without its rows.
    """

    hidden_rows: list[int]
    disorder: str | None
    frame: bytes


def rows_of(keys: Ints) -> Ints:
    """The row of each key."""
    return keys >> _COLUMN_BITS


def columns_of(keys: Ints) -> Ints:
    """The column of each key, from 0."""
    return keys & (STRIDE - 1)


def slices_of(columns: "npt.NDArray[np.integer[Any]]") -> dict[int, slice]:
    """Where each column begins and ends in a sorted array of columns."""
    starts = np.flatnonzero(np.diff(columns, prepend=-1))
    ends = [*starts[1:].tolist(), len(columns)][: len(starts)]  # no column, no end
    found = columns[starts].tolist()
    return {each: slice(start, end) for each, start, end in zip(found, starts.tolist(), ends, strict=True)}


def address_of(key: int) -> str:
    """The address of a cell by its key."""
    return f"{letters_of(key % STRIDE + 1)}{key // STRIDE}"


def style_index(text: str) -> int:
    """The `s` of a cell (18.3.1.4); 0, as without one, where it is no number that a workbook can have."""
    index = text.strip()
    return int(index) if index.isascii() and index.isdecimal() and len(index) < 10 else 0


def hides_row(hidden: str, height: str, *, by_default: bool) -> bool:
    """Whether a row with these attributes is hidden (`hidden`, `ht`; 18.3.1.73), "" where it has none.

    `by_default` is the sheet's `zeroHeight` (18.3.1.81), which a row with a height of its own overrides.
    """
    if is_true(hidden) or (height.strip() and _NO_HEIGHT.fullmatch(height.strip())):
        return True
    return by_default and hidden.strip().lower() not in _FALSE and not height.strip()
