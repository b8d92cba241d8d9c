"""Whether both readers see texts in the same cells: calamine's values against the scan's addresses."""

import numpy as np
import pyarrow as pa

from xlsx2opeasy.workbook.scan import Scan
from xlsx2opeasy.workbook.tags import STRIDE, Bools, Ints


def disagreements(scan: Scan, columns: list[pa.Array], first_row: int) -> Ints:
    """Keys of the cells in which calamine has a text and the scan has none.

    The opposite (a text that calamine says is empty) is told by `emptied`. `columns` are the values of some
    rows, the first of which is `first_row`.
    """
    rows = len(columns[0]) if columns else 0
    seen = _seen(columns, rows)
    low, high = np.searchsorted(scan.texts, [first_row * STRIDE, (first_row + rows) * STRIDE])
    expected = np.zeros_like(seen)
    keys = scan.texts[low:high]
    expected[keys // STRIDE - first_row, keys % STRIDE] = True
    row, column = np.nonzero(seen & ~expected)
    found: Ints = (row + first_row) * STRIDE + column
    return found[~np.isin(found, scan.told.key)] if len(found) else found


def _seen(columns: list[pa.Array], rows: int) -> Bools:
    seen = np.zeros((rows, len(columns)), np.bool_)
    for index, column in enumerate(columns):
        if column.null_count < rows:
            offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset : column.offset + rows + 1]
            seen[:, index] = np.diff(offsets) > 0
    return seen
