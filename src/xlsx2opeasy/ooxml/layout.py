"""What a worksheet says around its cells: merged areas, tables, hidden columns (ECMA-376 Part 1, 18.3.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from xlsx2opeasy.ooxml.address import LAST_COLUMN, Area, parse_area
from xlsx2opeasy.ooxml.package_parts import children, flag, parsed, read_part, relations


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


def read_layout(package: ZipFile, part: str, frame: bytes) -> Layout:
    """The layout of the worksheet `part`, whose XML without rows is `frame`."""
    root = parsed(frame, part)
    return Layout(
        tuple(parse_area(each.get("ref", "")) for each in children(root, "mergeCells", "mergeCell")),
        tuple(_tables(package, part)),
        tuple(_hidden_columns(root)),
    )


def _hidden_columns(root: Element) -> Iterator[tuple[int, int]]:
    for column in children(root, "cols", "col"):
        first, last = column.get("min", ""), column.get("max", "")
        if flag(column, "hidden") and first.isdecimal() and last.isdecimal() and len(first + last) < 12:
            yield int(first), min(int(last), LAST_COLUMN)


def _tables(package: ZipFile, part: str) -> Iterator[Table]:
    for relation in relations(package, part).values():
        if relation.kind == "table":
            root = parsed(read_part(package, relation.target), relation.target)
            yield Table(
                root.get("displayName") or root.get("name") or "",
                parse_area(root.get("ref", "")),
                _rows(root.get("headerRowCount"), 1),
                _rows(root.get("totalsRowCount"), 0),
            )


def _rows(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 8 else default
