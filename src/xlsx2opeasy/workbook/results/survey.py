"""First pass over a sheet: its header row, its rows' first and last columns, and so where the results go.

The header row says which columns hold results already, and how the user's own headers look.
"""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import LAST_COLUMN, Area, areas_of, letters_of
from xlsx2opeasy.ooxml.byte_arrays import Bools, Ints, byte_array, followed, read_numbers
from xlsx2opeasy.ooxml.expat_items import expat_shared_texts
from xlsx2opeasy.ooxml.layout import tables_of
from xlsx2opeasy.ooxml.package import RESAVE
from xlsx2opeasy.ooxml.package_copy import PackageEdits
from xlsx2opeasy.ooxml.stream import Block, Cell, KnownRows, Row, SheetStream, Tags
from xlsx2opeasy.ooxml.xml import Element, decimal, parsed, utf8_blocks
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS

_FIRST_TEXTS = 10_000
_FOLDED = {folded(name): place for place, name in enumerate(RESULT_COLUMNS)}


@dataclass(frozen=True, slots=True)
class Header:
    """A header row: `found` has the column of each result header by its place in `RESULT_COLUMNS`.

    `style` is the cell format of the user's last own header, 0 where it has none.
    """

    found: dict[int, int]
    style: int


def read_header(
    row: bytes, root_tag: bytes, cells: list[Cell], edits: PackageEdits, never_ours: Collection[int] = ()
) -> Header:
    """Read the header row `row`, whose cells are `cells`; `root_tag` is the sheet's, for its namespaces.

    Where a result header occurs twice, the first counts; the columns `never_ours` (from 1) are the person's.
    """
    root = parsed(root_tag + row + b"</" + root_tag[1:].split(None, 1)[0].rstrip(b">") + b">", "header row")
    elements = list(root.children[0].all("c"))
    wanted = {number for each in elements if (number := _shared_number(each)) is not None}
    shared = _shared_texts(edits, wanted)
    found: dict[int, int] = {}
    style = 0
    for cell, element in zip(cells, elements, strict=True):
        text = folded(_text(element, shared))
        if text in _FOLDED and cell.column not in never_ours:
            found.setdefault(_FOLDED[text], cell.column)
        elif text:
            style = decimal(element, "s", 0)
    return Header(found, style)


def _shared_texts(edits: PackageEdits, wanted: Collection[int]) -> dict[int, str]:
    """The shared texts of these numbers, where there are such.

    Those of a header row are nearly always among the first; only for others Arrow is loaded.
    """
    part, end = edits.book.shared_part, max(wanted, default=-1) + 1
    if part is None or not end:
        return {}
    if end <= _FIRST_TEXTS:
        texts = expat_shared_texts(utf8_blocks(edits.package.blocks(part), part), part, end)
    else:
        from xlsx2opeasy.ooxml.shared_strings import shared_texts

        texts = shared_texts(edits.package, part).to_pylist()
    return {number: texts[number] for number in wanted if number < len(texts)}


def _shared_number(cell: Element) -> int | None:
    """The number of a cell's shared string, if it has one."""
    value = cell.child("v")
    text = value.text.strip() if value else ""
    return int(text) if cell.attributes.get("t") == "s" and text.isdecimal() else None


def _text(cell: Element, shared: dict[int, str]) -> str:
    """A cell's text."""
    if (number := _shared_number(cell)) is not None:
        return shared.get(number, "")
    value, inline = cell.child("v"), cell.child("is")
    if inline is None:
        return value.text if value else ""
    runs = (inline, *inline.all("r"))
    return "".join(each.text for run in runs for each in run.all("t"))


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


_ALONE = "the formula of a result cell belongs to other cells too"


@dataclass(frozen=True, slots=True)
class Survey:
    """What the second pass must know.

    `columns` are the result columns' numbers in the order of `RESULT_COLUMNS`, `new` those that are made now;
    `plain` says that every cell begins `<c r="A1"`; `cells` is the area of all cells there were, if any;
    `formulas` are the result cells whose formulas go; `rows` are all rows, by block; `unmerged` are the `ref`
    of merges that go.
    """

    columns: tuple[int, ...]
    new: frozenset[int]
    header_style: int
    plain: bool
    cells: Area | None
    formulas: frozenset[str]
    rows: tuple[KnownRows, ...]
    unmerged: frozenset[str]


def survey(
    stream: SheetStream,
    edits: PackageEdits,
    header_row: int,
    rows: Collection[int],
    never_ours: Collection[int] = (),
) -> Survey:
    """Reads a sheet through; `rows` are the numbers of the rows that get a result.

    The columns `never_ours` (from 1) hold no results, whatever their header is.

    `WorkbookUnusable` where results cannot be written rightly: cells out of order, no room at the right, a
    formula shared with other cells, a merged range across the user's columns and ours.
    """
    seen = _Seen(stream, edits, header_row, rows, never_ours)
    known = []
    for block in stream.rows():
        known.append(KnownRows(block.rows))
        for row, (first, last) in zip(block.rows, seen.ends(block), strict=True):
            seen.row(block, row, first, last)
    merges = _merges(stream, stream.tail())
    written = sorted([header_row, *rows])
    ours = frozenset(seen.header.found.values())
    covering = {ref: each for ref, each in merges.items() if _touches(each, written)}
    unmerged = {ref for ref, each in covering.items() if ours & set(range(each.left, each.right + 1))}
    for ref in unmerged:
        if not set(range(covering[ref].left, covering[ref].right + 1)) <= ours:
            raise WorkbookUnusable(f"The merged cells {ref} cover result cells.", "Unmerge them in Excel.")
    tables = (each.area for each in tables_of(edits.package, stream.part))
    edge = max((seen.used, *(each.right for each in (*tables, *covering.values()))))
    columns = _columns(seen.header.found, edge)
    return Survey(
        columns,
        frozenset(columns) - ours,
        seen.header.style,
        seen.plain,
        seen.cells(),
        frozenset(seen.formulas),
        tuple(known),
        frozenset(unmerged),
    )


def _columns(found: dict[int, int], edge: int) -> tuple[int, ...]:
    """The columns of the four headers: those found, the others right of `edge`."""
    missing = iter(range(edge + 1, edge + 1 + len(RESULT_COLUMNS)))
    columns = tuple(found[place] if place in found else next(missing) for place in range(len(RESULT_COLUMNS)))
    if max(columns) > LAST_COLUMN:
        raise WorkbookUnusable(
            "There is no room for the result columns at the right of the sheet.",
            f"Delete what is in column {letters_of(edge)}.",
        )
    return columns


def _merges(stream: SheetStream, tail: bytes) -> dict[str, Area]:
    """The merged ranges by their `ref`."""
    if b"mergeCell" not in tail:
        return {}
    root = parsed(stream.around_tail + tail, stream.part)
    refs = (
        each.attributes.get("ref", "")
        for merged in root.all("mergeCells")
        for each in merged.all("mergeCell")
    )
    return areas_of(refs)


def _touches(merged: Area, rows: list[int]) -> bool:
    """Whether a range meets one of these rows (sorted)."""
    place = bisect_left(rows, merged.top)
    return place < len(rows) and rows[place] <= merged.bottom


@dataclass(slots=True)
class _Seen:
    """What has been seen of the rows so far. `used` is the rightmost column that holds anything."""

    stream: SheetStream
    edits: PackageEdits
    header_row: int
    rows: Collection[int]
    never_ours: Collection[int]
    header: Header = field(default_factory=lambda: Header({}, 0))
    plain: bool = True
    used: int = 0
    formulas: set[str] = field(default_factory=set)
    _top: int = 0
    _bottom: int = 0
    _left: int = LAST_COLUMN
    _right: int = 0

    def cells(self) -> Area | None:
        """The area of all cells, those without a value too."""
        return Area(self._top, self._left, self._bottom, self._right) if self._right else None

    def ends(self, block: Block) -> list[tuple[int, int]]:
        """The columns of each row's first and last cell; 0 and 0 for a row without cells."""
        if (found := plain_ends(block, self.stream.tags)) is not None:
            return found
        self.plain = False
        return [self._ends(block, row) for row in block.rows]

    def _ends(self, block: Block, row: Row) -> tuple[int, int]:
        cells = self.stream.tags.cells(block.masked, row.inside, row.close)
        return (cells[0].column, cells[-1].column) if cells else (0, 0)

    def row(self, block: Block, row: Row, first: int, last: int) -> None:
        """Takes one row in, whose cells are in these columns."""
        if last:
            self._top, self._bottom = self._top or row.number, row.number
            self._left, self._right = min(self._left, first), max(self._right, last)
        if last > self.used:
            self.used = max(self.used, self._last_used(block, row))
        if row.number == self.header_row:
            self._read_header(block, row)
        elif self.header.found and row.number in self.rows:
            self._find_formulas(block, row)

    def _last_used(self, block: Block, row: Row) -> int:
        tags = self.stream.tags
        if self.plain:
            return tags.last_used(block.masked, row.inside, row.close)
        cells = tags.cells(block.masked, row.inside, row.close)
        return max((cell.column for cell in cells if not cell.empty), default=0)

    def _read_header(self, block: Block, row: Row) -> None:
        cells = self.stream.tags.cells(block.masked, row.inside, row.close)
        content = block.data[row.start : row.end]
        self.header = read_header(content, self.stream.root_tag, cells, self.edits, self.never_ours)

    def _find_formulas(self, block: Block, row: Row) -> None:
        """Notes the formulas of result cells, which results replace."""
        tags = self.stream.tags
        if block.masked.find(tags.formula_start, row.inside, row.close) < 0:
            return
        ours = self.header.found.values()
        _, cells = tags.from_column(block.masked, row.inside, row.close, min(ours), plain=self.plain)
        for cell in cells:
            formula = tags.formula.search(block.masked, cell.opened, cell.end)
            if formula is None or cell.column not in ours:
                continue
            reference = f"{letters_of(cell.column)}{row.number}"
            if b"ref" in formula[1] and f'"{reference}"'.encode() not in formula[1]:
                raise WorkbookUnusable(f"{reference} cannot be written: {_ALONE}.", "Delete it in Excel.")
            self.formulas.add(reference)
