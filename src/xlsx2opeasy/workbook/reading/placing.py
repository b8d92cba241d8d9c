"""Where the cells of a sheet are among its rows, and those that need no thought."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xlsx2opeasy.ooxml.address import LAST_ROW
from xlsx2opeasy.ooxml.byte_arrays import Bools, Ints
from xlsx2opeasy.ooxml.number_formats import number_format
from xlsx2opeasy.ooxml.scanned import STRIDE, columns_of, rows_of, slices_of
from xlsx2opeasy.workbook.reading.wire import RawSheet, Shorts

_WHOLE_NUMBER = "^(?:0|-?[1-9][0-9]{0,14})$"


def places_of(rows: Ints) -> Shorts:
    """For each row of a sheet its place among `rows`."""
    places = np.zeros(LAST_ROW + 1, np.int32)
    places[rows] = np.arange(len(rows))
    return places


def typed_by_column(sheet: RawSheet, rows: Ints) -> tuple[pa.Table, dict[int, slice]]:
    """The typed cells with their `place` among `rows`, sorted by column, and who is where."""
    keys = np.asarray(sheet.typed["key"])
    first = int(np.searchsorted(keys, rows[0] * STRIDE)) if len(rows) else len(keys)  # below the headers
    columns = columns_of(keys[first:])
    order = np.argsort(columns, kind="stable")
    places = places_of(rows)[rows_of(keys[first:])][order].astype(np.int64)
    cells = sheet.typed.slice(first).take(pa.array(order))
    return cells.append_column("place", pa.array(places)).combine_chunks(), slices_of(columns[order])


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
