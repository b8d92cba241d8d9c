"""The first and last column of each row of a block, by a look at all its tags at once."""

import numpy as np

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import LAST_COLUMN
from xlsx2opeasy.ooxml.byte_arrays import Bools, Ints, byte_array, followed, read_numbers
from xlsx2opeasy.ooxml.package import RESAVE
from xlsx2opeasy.ooxml.stream import Block, Tags

_AFTER_NAME = np.isin(np.arange(256), np.frombuffer(b" \t\r\n/>", np.uint8))
_DIGIT = np.isin(np.arange(256), np.frombuffer(b"0123456789", np.uint8))


def plain_ends(block: Block, tags: Tags) -> list[tuple[int, int]] | None:
    """The columns of each row's first and last cell; 0 and 0 for a row without cells.

    None where some cell does not begin `<c r="A1"`. `WorkbookUnusable` where cells of a row are out of order,
    repeated or outside the grid.
    """
    text = byte_array(block.masked)
    name = len(tags.cell_start)
    first, second = tags.cell_start[:2]
    cells = np.flatnonzero((text[:-1] == first) & (text[1:] == second))
    cells = followed(text, cells, 2, tags.cell_start[2:])
    cells = cells[_AFTER_NAME[text[cells + name]]]
    plain = len(followed(text, cells, name, tags.plain_cell[name:])) == len(cells)
    columns, ends = read_numbers(text, cells + len(tags.plain_cell), ord("A"), 26, 3)
    if not (plain and columns.all() and _DIGIT[text[ends]].all()):
        return None
    places = np.searchsorted(cells, [*(row.start for row in block.rows), len(block.masked)])
    begins, afters = places[:-1], places[1:]
    filled = begins < afters
    _refuse_disorder(block, columns, begins, filled)
    columns = np.append(columns, 0)
    firsts, lasts = columns[begins] * filled, columns[afters - 1] * filled
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _refuse_disorder(block: Block, columns: Ints, begins: Ints, filled: Bools) -> None:
    steps = np.diff(columns, prepend=0)
    steps[begins[filled]] = 1
    if len(wrong := np.flatnonzero((steps < 1) | (columns > LAST_COLUMN))):
        row = block.rows[int(np.searchsorted(begins, wrong[0], "right")) - 1]
        why = "outside the grid" if columns[wrong[0]] > LAST_COLUMN else "out of order or repeated"
        raise WorkbookUnusable(f"Row {row.number} has cells that are {why}.", RESAVE)
