"""Keys of cells cross the pipe as runs of neighbours; whatever they are, they arrive as they left."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.ooxml.scanned import STRIDE
from xlsx2opeasy.workbook.reading import wire

KEYS = st.lists(st.integers(STRIDE, STRIDE + 30) | st.integers(STRIDE, (1 << 20) * STRIDE + STRIDE - 1))


@given(KEYS)
def test_keys_arrive_as_they_left_in_whatever_order(keys: list[int]) -> None:
    first, count = wire._runs(np.array(keys, np.int64))
    assert wire._keys(first, count).tolist() == keys


def test_a_full_row_is_one_run() -> None:
    first, count = wire._runs(np.arange(2 * STRIDE, 2 * STRIDE + 40))
    assert (first.tolist(), count.tolist()) == ([2 * STRIDE], [40])
