"""The header row of a sheet: which columns hold results already, and how the user's own headers look.

Called by `survey.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import RESAVE
from xlsx2opeasy.ooxml.parts import WorkbookParts
from xlsx2opeasy.ooxml.row_xml import Cell
from xlsx2opeasy.ooxml.xml import Element, parsed, refuse_doctype, utf8_blocks
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS

_FOLDED = {folded(name): place for place, name in enumerate(RESULT_COLUMNS)}


@dataclass(frozen=True, slots=True)
class Header:
    """What a header row tells: `found` has the column of each result header by its place in `RESULT_COLUMNS`.

    `style` is the cell format of the user's last own header, 0 where it has none.
    """

    found: dict[int, int]
    style: int


def read_header(row: bytes, root_tag: bytes, cells: list[Cell], parts: WorkbookParts) -> Header:
    """Reads the header row `row`, whose cells are `cells`; `root_tag` is the sheet's, for its namespaces.

    Where a result header stands twice, the first counts.
    """
    root = parsed(root_tag + row + b"</" + root_tag[1:].split(None, 1)[0].rstrip(b">") + b">", "header row")
    elements = list(root.children[0].all("c"))
    shared = _shared_texts(
        parts, {number for each in elements if (number := _shared_number(each)) is not None}
    )
    found: dict[int, int] = {}
    style = 0
    for cell, element in zip(cells, elements, strict=True):
        text = folded(_text(element, shared))
        if text in _FOLDED:
            found.setdefault(_FOLDED[text], cell.column)
        elif text:
            index = element.attributes.get("s", "0")
            style = int(index) if index.isdecimal() else 0
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


class _AllFound(Exception):
    """Ends the reading of shared strings early."""


def _shared_texts(parts: WorkbookParts, wanted: set[int]) -> dict[int, str]:
    """The shared strings of these numbers; reading ends with the last of them."""
    part = parts.related("sharedStrings")
    if not wanted or part is None:
        return {}
    reader = _SharedStrings(wanted)
    try:
        reader.read(utf8_blocks(parts.package.blocks(part), part))
    except _AllFound:
        pass
    except expat.ExpatError as error:
        raise WorkbookUnusable(
            f"The part {part} of the workbook is no valid XML: {error}.", RESAVE
        ) from error
    return reader.found


class _SharedStrings:
    """Collects some `si` of a shared strings part: their `t`, also in runs, not the phonetic (18.4.8)."""

    def __init__(self, wanted: set[int]) -> None:
        self.found: dict[int, str] = {}
        self._wanted, self._last = wanted, max(wanted)
        self._number, self._path, self._text = -1, list[str](), ""

    def read(self, blocks: Iterable[bytes]) -> None:
        """Reads until the last wanted one was found."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = refuse_doctype
        for block in blocks:
            parser.Parse(block, False)
        parser.Parse(b"", True)

    def _start(self, tag: str, _: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        self._path.append(name)
        if name == "si":
            self._number, self._text = self._number + 1, ""

    def _characters(self, text: str) -> None:
        if self._path[-1] == "t" and "rPh" not in self._path:
            self._text += text

    def _end(self, _: str) -> None:
        if self._path.pop() == "si" and self._number in self._wanted:
            self.found[self._number] = self._text
            if self._number >= self._last:
                raise _AllFound
