"""Shared texts and other string items in any spelling that XML allows, read element by element with expat.

Needs neither numpy nor Arrow, so that who wants a few texts need not load them.
"""

from collections.abc import Iterable
from contextlib import suppress
from xml.parsers import expat

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import RESAVE
from xlsx2opeasy.ooxml.relations import MAIN_NAMESPACES
from xlsx2opeasy.ooxml.text import XML_SPACE, unescaped, visible
from xlsx2opeasy.ooxml.xml import parsing

_SPACE = "http://www.w3.org/XML/1998/namespace space"
_CHILDREN = {
    "": {"worksheet": "worksheet", "sst": "sst"},
    "worksheet": {"sheetFormatPr": "format", "sheetData": "rows"},
    "rows": {"row": "row"},
    "row": {"c": "cell"},
    "cell": {"v": "value", "f": "formula", "is": "item"},
    "sst": {"si": "item"},
    "item": {"t": "text", "r": "run"},
    "run": {"t": "text"},
}
"""What is read within what."""

_READ = frozenset({name for within in _CHILDREN.values() for name in within})

_SKIPPED = {
    "row": {"extLst"},
    "cell": {"extLst"},
    "sst": {"extLst"},
    "item": {"rPh", "phoneticPr"},
    "run": {"rPr"},
}
"""What is skipped there with all that it holds, as foreign elements are; any other may hide a text."""

_STEPS: dict[str, dict[str, str]] = {
    state: {
        f"{space} {name}": to for space in MAIN_NAMESPACES for name, to in _CHILDREN.get(state, {}).items()
    }
    for state in {*_CHILDREN, "format", "value", "formula", "text"}
}


def expat_shared_texts(blocks: Iterable[bytes], part: str, most: int | None = None) -> list[str]:
    """The items of a shared strings part (UTF-8), all or the first; what is below those is not read.

    Raises WorkbookUnusable where the part is damaged.
    """
    reader = _TextReader(part, most)
    with suppress(Enough):
        reader.parse(blocks)
    return reader.texts


class Enough(Exception):
    """Ends the reading of a part early."""


class ItemReader:
    """Follows the elements of `_CHILDREN`, and collects the text of string items (18.4.8)."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.state = ""
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self._outer: list[str] = []
        self._skipped = 0
        self._known = False
        self._pieces: list[str] = []
        self._preserved = False
        self._runs: list[str] = []

    def parse(self, blocks: Iterable[bytes]) -> None:
        """Read the whole part; raise WorkbookUnusable where it is damaged or of another kind."""
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        with parsing(self.parser, self.part):
            for block in blocks:
                self.parser.Parse(block, False)
            self.parser.Parse(b"", True)
        if not self._known:
            raise WorkbookUnusable(f"The part {self.part} of the workbook is not what it should be.", RESAVE)

    def opened(self, state: str, attributes: dict[str, str]) -> None:
        """Take in the start of an element that is read."""

    def closed(self, state: str) -> None:
        """Take in its end."""

    def taken(self) -> str:
        """The text since the last one was taken."""
        text = "".join(self._pieces)
        self._pieces.clear()
        return text

    def item(self) -> str:
        """The text of the item that ends here."""
        text = "".join(self._runs)
        self._runs.clear()
        return text

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        state = None if self._skipped else _STEPS[self.state].get(name)
        if state is None:
            self._check_skipped(name)
            self._skipped += 1
            return
        self._known = True
        self._outer.append(self.state)
        self.state = state
        self._pieces.clear()
        if state == "text":
            self._preserved = attributes.get(_SPACE) == "preserve"
        else:
            self.opened(state, attributes)

    def _check_skipped(self, name: str) -> None:
        """Raise WorkbookUnusable for an element that no workbook has at this place."""
        space, _, local = name.rpartition(" ")
        if self._skipped or not self.state or (self.state == "worksheet" and local != "sheetData"):
            return
        foreign = space not in ("", *MAIN_NAMESPACES) and local not in _READ
        if not foreign and local not in _SKIPPED.get(self.state, ()):
            what = f"an element {visible(local)} where none may be"
            raise WorkbookUnusable(f"The part {self.part} of the workbook is damaged: {what}.", RESAVE)

    def _end(self, _name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        state = self.state
        self.state = self._outer.pop()
        if state == "text":
            text = self.taken()
            self._runs.append(unescaped(text if self._preserved else text.strip(XML_SPACE)))
        else:
            self.closed(state)

    def _characters(self, text: str) -> None:
        if not self._skipped:
            self._pieces.append(text)


class _TextReader(ItemReader):
    """Reads shared texts."""

    def __init__(self, part: str, most: int | None) -> None:
        super().__init__(part)
        self.texts: list[str] = []
        self._most = most

    def closed(self, state: str) -> None:
        """Take in an item's end."""
        if state == "item":
            self.texts.append(self.item())
            if len(self.texts) == self._most:
                raise Enough
