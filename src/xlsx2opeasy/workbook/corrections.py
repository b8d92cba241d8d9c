"""Writes corrected cells into a copy of a workbook; everything else in the package stays byte for byte.

A corrected cell keeps its format and holds the text as typed (an inline string), so that leading zeros stay
and nothing becomes a formula. The header of a table's column changes in the table's part, too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import Area, letters_of, parse_area
from xlsx2opeasy.ooxml.package_copy import PackageEdits
from xlsx2opeasy.ooxml.sheet_edits import CELL_STYLE, CellEdits, Edit, edited_rows, head_with
from xlsx2opeasy.ooxml.stream import Cell, SheetStream
from xlsx2opeasy.ooxml.text import text_element, visible
from xlsx2opeasy.ooxml.xml import parsed, quoted, spliced
from xlsx2opeasy.workbook.edited_copy import edited_copy
from xlsx2opeasy.workbook.results.write import drop_from_calc_chain

Corrections = Mapping[int, Mapping[int, str]]
"""New texts by row and column, both from 1; "" makes a cell blank."""


def write_corrections(source: Path, target: Path, sheets: Mapping[str, Corrections]) -> tuple[str, ...]:
    """Writes `target`: the workbook `source` with these cells, by sheet title; the names of changed parts.

    `WorkbookUnusable` where the target cannot be used, `UnwritableWorkbook` where the cells cannot be
    written into the source without harm (signed package, shared formula): nothing is written then.
    """
    with edited_copy(source, target) as edits:
        package, formulas = edits.package, {}
        for title, cells in sheets.items():
            if cells:
                there = edits.sheet(title)
                part = there.part
                formulas[there.id] = _formulas(SheetStream(package.blocks(part), part), cells)
                _rename_table_columns(edits, part, cells)
                edits.stream(part, _corrected(SheetStream(package.blocks(part), part), cells))
        drop_from_calc_chain(edits, formulas)
    return edits.changed_names


def _corrected(stream: SheetStream, cells: Corrections) -> Iterator[bytes]:
    yield head_with(stream, _area(cells))
    yield from edited_rows(stream, CellEdits(stream, cells, _Texts(stream.tags.prefix, cells)))
    yield stream.tail()


def _area(cells: Corrections) -> Area:
    columns = {column for row in cells.values() for column in row}
    return Area(min(cells), min(columns), max(cells), max(columns))


@dataclass(frozen=True, slots=True)
class _Texts:
    """Makes the cells with their new texts."""

    prefix: bytes
    cells: Corrections

    def new(self, row: int, column: int, style: int) -> bytes:
        """A cell that the row lacked."""
        return self._cell(row, column, b' s="%d"' % style if style else b"")

    def edit(self, data: bytes, row: int, cell: Cell) -> Edit:
        """The cell with its new text in its own format; type, formula and value of before go."""
        style = CELL_STYLE.search(data[cell.start : cell.opened])
        return cell.start, cell.end, self._cell(row, cell.column, style[0] if style else b"")

    def _cell(self, row: int, column: int, style: bytes) -> bytes:
        p, text = self.prefix, self.cells[row][column]
        opening = b'<%bc r="%b%d"%b' % (p, letters_of(column).encode(), row, style)
        if not text:
            return opening + b"/>"
        content = text_element(text, p.decode()).encode(errors="surrogateescape")
        return opening + b' t="inlineStr"><%bis>%b</%bis></%bc>' % (p, content, p, p)


def _formulas(stream: SheetStream, cells: Corrections) -> frozenset[str]:
    """The corrected cells that hold a formula. Refuses one that other cells share or spill from."""
    found = set()
    tags = stream.tags
    for block in stream.rows():
        for row in block.rows:
            if row.number not in cells or block.masked.find(tags.formula_start, row.inside, row.close) < 0:
                continue
            for cell in tags.cells(block.masked, row.inside, row.close):
                formula = tags.formula.search(block.masked, cell.opened, cell.end)
                if formula is None or cell.column not in cells[row.number]:
                    continue
                reference = f"{letters_of(cell.column)}{row.number}"
                if b"ref" in formula[1] and f'"{reference}"'.encode() not in formula[1]:
                    raise WorkbookUnusable(
                        f"{reference} cannot be corrected here: its formula belongs to other cells too.",
                        "Correct it in Excel.",
                    )
                found.add(reference)
    return frozenset(found)


def _rename_table_columns(edits: PackageEdits, sheet: str, cells: Corrections) -> None:
    """Gives the columns of tables their corrected headers: else Excel calls the file damaged (18.5.1.3)."""
    for relation in edits.relations(sheet):
        if relation.kind != "table" or relation.part not in edits.package:
            continue
        text = edits.text(relation.part)
        root = parsed(text, relation.part)
        covered = parse_area(root.attributes.get("ref", ""))
        there = root.child("tableColumns")
        if there is None or root.attributes.get("headerRowCount", "1") == "0":
            continue
        columns = list(there.all("tableColumn"))
        changes: list[Edit] = []
        for column, header in cells.get(covered.top, {}).items():
            if covered.left <= column <= covered.right and column - covered.left < len(columns):
                element = columns[column - covered.left]
                if not header or any(
                    each is not element and each.attributes.get("name", "").casefold() == header.casefold()
                    for each in columns
                ):
                    raise WorkbookUnusable(
                        f"A table of the workbook cannot have the header {header!r} in this column.",
                        "Correct it in Excel.",
                    )
                changes.append(_with_name(text, element.start, element.inside, header))
        if changes:
            edits.set(relation.part, spliced(text, changes))


def _with_name(text: bytes, start: int, end: int, header: str) -> Edit:
    """The edit that gives a table's column this name; line breaks are written as Excel does."""
    tag = text[start:end]
    root = parsed(tag if tag.endswith(b"/>") else tag.removesuffix(b">") + b"/>", "table")
    name = quoted(visible(header).replace("\n", "_x000a_")).encode()
    before = root.attributes.get("name", "")
    place = tag.find(b" name=")
    if place < 0 or not before:
        raise WorkbookUnusable("A table of the workbook has a column without name.", "Correct it in Excel.")
    quote = tag[place + 6 : place + 7]
    close = tag.index(quote, place + 7) + 1
    return start + place + 6, start + close, name
