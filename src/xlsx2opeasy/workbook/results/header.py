"""The header row of a sheet: which columns hold results already, and how the user's own headers look."""

from collections.abc import Collection
from dataclasses import dataclass

from xlsx2opeasy.ooxml.package_copy import PackageEdits
from xlsx2opeasy.ooxml.shared_strings import shared_texts_at
from xlsx2opeasy.ooxml.stream import Cell
from xlsx2opeasy.ooxml.xml import Element, decimal, parsed
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS

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

    Where a result header stands twice, the first counts; the columns `never_ours` (from 1) are the person's.
    """
    root = parsed(root_tag + row + b"</" + root_tag[1:].split(None, 1)[0].rstrip(b">") + b">", "header row")
    elements = list(root.children[0].all("c"))
    wanted = {number for each in elements if (number := _shared_number(each)) is not None}
    shared = shared_texts_at(edits.package, edits.book.shared_part, wanted)
    found: dict[int, int] = {}
    style = 0
    for cell, element in zip(cells, elements, strict=True):
        text = folded(_text(element, shared))
        if text in _FOLDED and cell.column not in never_ours:
            found.setdefault(_FOLDED[text], cell.column)
        elif text:
            style = decimal(element, "s", 0)
    return Header(found, style)


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
