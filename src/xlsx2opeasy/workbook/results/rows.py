"""Second pass over a sheet: its XML, block by block, with the cells of each row's result in it.

Besides the rows only `dimension`, `cols` (where columns are new) and merged ranges over result cells change.
"""

import re
from collections.abc import Iterator, Mapping

from xlsx2opeasy.ooxml.address import LAST_COLUMN, Area, letters_of, union
from xlsx2opeasy.ooxml.sheet_edits import Edit, edited_rows
from xlsx2opeasy.ooxml.stream import Block, Cell, Row, SheetStream, Tags
from xlsx2opeasy.ooxml.styles import ResultStyles
from xlsx2opeasy.ooxml.text import text_element
from xlsx2opeasy.ooxml.xml import Element, decimal, parsed, spliced, with_attribute
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, Outcome, RowResult
from xlsx2opeasy.workbook.results.survey import Survey

_WIDTHS = (12, 11, 40, 36)
"""Of the result columns, in characters; of Error detail the least."""

_MARGIN, _WIDEST = 2, 110
_ODD_SPANS = re.compile(rb"""\sspans\s*=\s*(?:"[^"]*"|'[^']*')""")
_SPAN = re.compile(rb"\s*([0-9]{1,5}):([0-9]{1,5})\s*")


class ResultRows:
    """Makes the rows of one sheet that get cells: the header row where columns are new, and all results'.

    `numbers` are these rows, sorted.
    """

    def __init__(
        self,
        tags: Tags,
        layout: Survey,
        styles: ResultStyles,
        header_row: int,
        results: Mapping[int, RowResult],
    ) -> None:
        self.numbers = sorted([*results, *([header_row] if layout.new else ())])
        self._tags, self._layout, self._styles = tags, layout, styles
        self._header_row, self._results = header_row, results
        self._header_style = layout.header_style or styles.header
        self._prefix = tags.prefix.decode()
        columns = sorted((column, place) for place, column in enumerate(layout.columns))
        self._places = [
            (place, column, f'{self._prefix}c r="{letters_of(column)}') for column, place in columns
        ]
        self._ours = frozenset(layout.columns)
        self._all_before = layout.cells is not None and layout.cells.right < min(layout.columns)
        self._spans: dict[bytes, bytes] = {}
        self._outcomes = {each: self._content(each.value, styles.outcomes[each]) for each in Outcome}

    def widths(self) -> dict[int, int]:
        """The widths of the result columns in characters, by number; Error detail has its longest line's."""
        lines = (len(line) for result in self._results.values() for line in result.detail.splitlines())
        detail = min(max(lines, default=0) + _MARGIN, _WIDEST)
        widths = (_WIDTHS[0], _WIDTHS[1], max(_WIDTHS[2], detail), _WIDTHS[3])
        return dict(zip(self._layout.columns, widths, strict=True))

    def absent(self, number: int) -> bytes:
        """A row that the sheet lacks."""
        content = "".join(cell for _, cell in self._cells(number))
        return f'<{self._prefix}row r="{number}">{content}</{self._prefix}row>'.encode()

    def edits(self, block: Block, row: Row) -> Iterator[Edit]:
        """What changes in a row of the sheet: its `spans`, and its bytes from the first result column on."""
        if row.inside == row.end:
            opening = self._widened(block.data[row.start : row.end - 2].rstrip() + b">")
            content = "".join(cell for _, cell in self._cells(row.number))
            yield row.start, row.end, opening + f"{content}</{self._prefix}row>".encode()
            return
        opening = block.data[row.start : row.inside]
        if b"spans" in opening:
            yield row.start, row.inside, self._widened(opening)
        cells = self._cells(row.number)
        place, later = self._later(block, row)
        end = place
        if later:
            end, replaced = later[-1].end, self._replaced(row.number)
            cells += (
                (each.column, self._kept(block, row, each)) for each in later if each.column not in replaced
            )
            cells.sort()
        yield place, end, "".join([cell for _, cell in cells]).encode(errors="surrogateescape")

    def _later(self, block: Block, row: Row) -> tuple[int, list[Cell]]:
        """Where the first result belongs in a row, and the cells from there on; mostly none."""
        masked, tags = block.masked, self._tags
        if self._all_before and masked.endswith(tags.plain_cell_end, row.inside, row.close):
            return row.close, []
        first = min(self._replaced(row.number))
        return tags.from_column(masked, row.inside, row.close, first, plain=self._layout.plain)

    def _replaced(self, number: int) -> frozenset[int]:
        return self._layout.new if number == self._header_row else self._ours

    def _cells(self, number: int) -> list[tuple[int, str]]:
        """The cells to write into a row, by column; empty texts have none."""
        if number == self._header_row:
            return [
                (column, f"<{name}{number}{self._content(RESULT_COLUMNS[place], self._header_style)}")
                for place, column, name in self._places
                if column in self._layout.new
            ]
        result, style = self._results[number], self._styles.text
        texts = ("", result.code, result.detail, result.job)
        cells = []
        for place, column, name in self._places:
            if place == 0:
                cells.append((column, f"<{name}{number}{self._outcomes[result.outcome]}"))
            elif text := texts[place]:
                cells.append((column, f"<{name}{number}{self._content(text, style)}"))
        return cells

    def _content(self, text: str, style: int) -> str:
        """A cell after its row number: an inline string (18.3.1.4), which is never a formula."""
        p = self._prefix
        return f'" s="{style}" t="inlineStr"><{p}is>{text_element(text, p)}</{p}is></{p}c>'

    def _kept(self, block: Block, row: Row, cell: Cell) -> str:
        """A cell right of a result; one without `r` gets it, or it would move."""
        content = block.data[cell.start : cell.end].decode(errors="surrogateescape")
        if cell.has_reference:
            return content
        name = len(self._tags.plain_cell) - len(b' r="')
        reference = f' r="{letters_of(cell.column)}{row.number}"'
        return content[:name] + reference + content[name:]

    def _widened(self, tag: bytes) -> bytes:
        """A row's start tag with `spans` that cover the result columns."""
        before, found, rest = tag.partition(b' spans="')
        if found:
            spans, _, after = rest.partition(b'"')
            return before + self._wider(spans) + after
        return _ODD_SPANS.sub(b"", tag)

    def _wider(self, spans: bytes) -> bytes:
        """`spans` that cover the result columns; none where it has more than one part, for it is optional."""
        if spans not in self._spans:
            span = _SPAN.fullmatch(spans)
            columns = (int(span[1]), int(span[2]), *self._layout.columns) if span else ()
            self._spans[spans] = b' spans="%d:%d"' % (min(columns), max(columns)) if columns else b""
        return self._spans[spans]


_PADDING = 0.7109375
"""What Excel adds to a width for the margins of a cell (18.3.1.13, at the default font)."""


def rewritten(stream: SheetStream, layout: Survey, rows: ResultRows) -> Iterator[bytes]:
    """The sheet with its results, as UTF-8."""
    yield _head(stream, layout, rows)
    yield from edited_rows(stream, rows)
    yield _tail(stream, layout)


def _head(stream: SheetStream, layout: Survey, rows: ResultRows) -> bytes:
    """The part before the rows, with a true `dimension` and with widths for new columns."""
    edits: list[Edit] = []
    dimension, numbers = stream.root.child("dimension"), rows.numbers
    if dimension and numbers:
        ours = Area(numbers[0], min(layout.columns), numbers[-1], max(layout.columns))
        reference = union([layout.cells, ours]).reference
        tag = stream.head[dimension.start : dimension.inside]
        edits.append((dimension.start, dimension.inside, with_attribute(tag, "ref", reference)))
    if layout.new:
        edits.append(_columns(stream, layout, rows.widths()))
    return spliced(stream.head, edits)


def _columns(stream: SheetStream, layout: Survey, widths: dict[int, int]) -> tuple[int, int, bytes]:
    """The edit that gives the new columns their widths; other columns keep theirs (18.3.1.13, 18.3.1.17)."""
    prefix = stream.root.prefix
    there = stream.root.child("cols")
    ranges = list(there.all("col")) if there else []
    pieces: list[tuple[int, bytes]] = []
    for each in ranges:
        pieces += _uncovered(stream.head, each, layout.new)
    for column in layout.new:
        style = next((f' style="{style}"' for each in ranges if (style := _style_at(each, column))), "")
        place = f'min="{column}" max="{column}" width="{widths[column] + _PADDING}"{style} customWidth="1"'
        pieces.append((column, f"<{prefix}col {place}/>".encode()))
    content = b"".join(piece for _, piece in sorted(pieces))
    if there and there.inside < there.end:
        return there.inside, there.close, content
    block = f"<{prefix}cols>".encode() + content + f"</{prefix}cols>".encode()
    return (there.start, there.end, block) if there else (len(stream.head), len(stream.head), block)


def _uncovered(head: bytes, element: Element, new: frozenset[int]) -> Iterator[tuple[int, bytes]]:
    """A `col` without the new columns: itself, or its parts at their left and right, each with its first."""
    first, last = _range(element)
    tag = head[element.start : element.end]
    if not any(first <= column <= last for column in new):
        yield first, tag
        return
    for start, end in ((first, min(new) - 1), (max(new) + 1, last)):
        if start <= end:
            yield start, with_attribute(with_attribute(tag, "min", str(start)), "max", str(end))


def _style_at(element: Element, column: int) -> str:
    """The format that a `col` gives to a column, "" for none."""
    first, last = _range(element)
    return element.attributes.get("style", "") if first <= column <= last else ""


def _range(element: Element) -> tuple[int, int]:
    return decimal(element, "min", 1), decimal(element, "max", LAST_COLUMN)


def _tail(stream: SheetStream, layout: Survey) -> bytes:
    """The part after the rows, without the merged ranges that would hide results."""
    tail = stream.tail()
    if not layout.unmerged:
        return tail
    data = stream.around_tail + tail
    edits: list[Edit] = []
    for merges in parsed(data, stream.part).all("mergeCells"):
        cells = list(merges.all("mergeCell"))
        gone = [each for each in cells if each.attributes.get("ref", "") in layout.unmerged]
        if len(gone) == len(cells):
            edits.append((merges.start, merges.end, b""))
            continue
        tag = with_attribute(data[merges.start : merges.inside], "count", str(len(cells) - len(gone)))
        edits += [(merges.start, merges.inside, tag), *((each.start, each.end, b"") for each in gone)]
    return spliced(data, edits)[len(stream.around_tail) :]
