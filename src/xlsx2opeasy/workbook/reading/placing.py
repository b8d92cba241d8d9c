"""The cells of a sheet sorted into its columns, and those that need no thought;"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xlsx2opeasy.ooxml.address import LAST_ROW
from xlsx2opeasy.ooxml.byte_arrays import Bools, Ints
from xlsx2opeasy.ooxml.number_formats import number_format
from xlsx2opeasy.ooxml.scanned import STRIDE, columns_of, rows_of
from xlsx2opeasy.workbook.reading.wire import RawSheet

Shorts: TypeAlias = "npt.NDArray[np.int16]"
_WHOLE_NUMBER = "^(?:0|-?[1-9][0-9]{0,14})$"


def texts_by_column(sheet: RawSheet, rows: Ints) -> tuple[Ints, Ints, dict[int, slice]]:
    """Places among `rows` and numbers in the pool of all text cells, sorted by column, and who is where."""
    first = _first_below(sheet.keys, rows)
    places, columns, order = _placed_keys(sheet.keys[first:], rows)
    return places[order], sheet.numbers[first:][order], _runs(columns[order])


def typed_by_column(sheet: RawSheet, rows: Ints) -> tuple[pa.Table, dict[int, slice]]:
    """The typed cells with their `place` among `rows`, sorted by column, and who is where."""
    keys = np.asarray(sheet.typed["key"])
    first = _first_below(keys, rows)
    places, columns, order = _placed_keys(keys[first:], rows)
    cells = sheet.typed.slice(first).take(pa.array(order))
    return cells.append_column("place", pa.array(places[order])).combine_chunks(), _runs(columns[order])


def _first_below(keys: Ints, rows: Ints) -> int:
    """Where the keys of `rows` begin: below the headers."""
    return int(np.searchsorted(keys, rows[0] * STRIDE)) if len(rows) else len(keys)


def _placed_keys(keys: Ints, rows: Ints) -> tuple[Ints, Shorts, Ints]:
    """The place among `rows` and the column of each key, and the order that sorts them by column."""
    columns = columns_of(keys).astype(np.int16)
    place_of = np.zeros(LAST_ROW + 1, np.int64)
    place_of[rows] = np.arange(len(rows))
    return place_of[rows_of(keys)], columns, np.argsort(columns, kind="stable")


def _runs(columns: Shorts) -> dict[int, slice]:
    """Where each column begins and ends in a sorted array of columns."""
    starts = np.flatnonzero(np.diff(columns, prepend=-1))
    ends = [*starts[1:].tolist(), len(columns)][: len(starts)]  # no run, no end
    found = columns[starts].tolist()
    return {each: slice(start, end) for each, start, end in zip(found, starts.tolist(), ends, strict=True)}


def easy_cells(cells: pa.Table, formats: Sequence[str]) -> Bools:
    """Typed cells whose text is plain whatever the column: whole numbers in plain formats, and booleans."""
    kinds, values = cells["kind"], cells["value"]
    plain = np.array([number_format(code).plain for code in formats])
    style = np.asarray(cells["style"])
    in_plain = plain[np.where(style < len(plain), style, 0)]
    number = pc.and_(pc.equal(kinds, "n"), pc.match_substring_regex(values, _WHOLE_NUMBER))
    boolean = pc.and_(pc.equal(kinds, "b"), pc.is_in(values, pa.array(["0", "1"], pa.large_string())))
    is_number, is_boolean = (np.asarray(pc.fill_null(each, False)) for each in (number, boolean))
    found: Bools = ((is_number & in_plain) | is_boolean) & ~np.asarray(cells["formula"])
    return found


def easy_texts(cells: pa.Table) -> pa.LargeStringArray:
    """The texts of such cells."""
    truth = pc.if_else(pc.equal(cells["value"], "1"), "TRUE", "FALSE").cast(pa.large_string())
    return pc.if_else(pc.equal(cells["kind"], "b"), truth, cells["value"]).combine_chunks()


def placed(texts: pa.LargeStringArray, places: Ints, new: pa.LargeStringArray) -> pa.LargeStringArray:
    """`texts` with those of `new` in `places`."""
    index = np.arange(len(texts), dtype=np.int64)
    index[places] = len(texts) + np.arange(len(places))
    return pa.concat_arrays([texts, new]).take(pa.array(index))
