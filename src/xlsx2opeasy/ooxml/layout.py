"""What a worksheet says around its cells: merged areas, tables, hidden columns (ECMA-376 Part 1, 18.3.1)."""

from collections.abc import Iterator
from dataclasses import dataclass

from xlsx2opeasy.ooxml.address import LAST_COLUMN, Area, parse_area
from xlsx2opeasy.ooxml.package import Package
from xlsx2opeasy.ooxml.relations import relations, tree
from xlsx2opeasy.ooxml.xml import Element, decimal, flag, parsed


@dataclass(frozen=True, slots=True)
class Table:
    """An Excel table: its area with header and total rows, and how many of each it has (18.5.1.2)."""

    name: str
    area: Area
    header_rows: int
    total_rows: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Areas are never expanded. `hidden_columns` are spans, both ends included."""

    merged: tuple[Area, ...] = ()
    tables: tuple[Table, ...] = ()
    hidden_columns: tuple[tuple[int, int], ...] = ()


def read_layout(package: Package, part: str, frame: bytes) -> Layout:
    """The layout of the worksheet `part`, whose XML without rows is `frame`."""
    root = parsed(frame, part)
    merged = (each for merges in root.all("mergeCells") for each in merges.all("mergeCell"))
    return Layout(
        tuple(parse_area(each.attributes.get("ref", "")) for each in merged),
        tuple(tables_of(package, part)),
        tuple(_hidden_columns(root)),
    )


def _hidden_columns(root: Element) -> Iterator[tuple[int, int]]:
    """Columns that are hidden, or have no width."""
    for column in (each for columns in root.all("cols") for each in columns.all("col")):
        first, last = decimal(column, "min", 0), decimal(column, "max", 0)
        width = column.attributes.get("width", "1").strip()
        if 0 < first <= last and (flag(column, "hidden") or not width.strip("0.")):
            yield first, min(last, LAST_COLUMN)


def tables_of(package: Package, part: str) -> Iterator[Table]:
    """The tables of a worksheet."""
    for relation in relations(package, part):
        if relation.kind == "table" and relation.part:
            root = tree(package, relation.part)
            yield Table(
                root.attributes.get("displayName") or root.attributes.get("name") or "",
                parse_area(root.attributes.get("ref", "")),
                decimal(root, "headerRowCount", 1),
                decimal(root, "totalsRowCount", 0),
            )
