"""Any worksheet part rewritten in the one plain form that the fast scan reads; slow, and seldom needed.

Needed for UTF-16, namespace prefixes, comments, CDATA, cells without addresses and the like.
"""

from collections.abc import Callable
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape, quoteattr

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import letters_of, parse_address

_MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACE = "http://www.w3.org/XML/1998/namespace space"


def rewritten(data: bytes, part: str) -> bytes:
    """The worksheet in plain form, in UTF-8; raise WorkbookUnusable where it is not well-formed."""
    writer = _PlainWriter()
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
    except (ExpatError, LookupError, UnicodeError) as error:
        raise WorkbookUnusable(
            f"The part {part!r} of the workbook is damaged: {error}.",
            "Open the workbook in Excel, let it repair the file, and save it.",
        ) from error
    return "".join(writer.pieces).encode()


def _refuse_doctype(*_arguments: object) -> None:
    raise WorkbookUnusable("A sheet of the workbook has a DOCTYPE.", "Save it in Excel.")


class _PlainWriter:
    """Collects the plain form while expat reads: local names, addresses everywhere, nothing of extensions."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._foreign = 0
        self._open: list[str] = []
        self._row = 0
        self._column = 0
        self._in_data = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Write a start tag, unless it belongs to an extension."""
        namespace, _, tag = name.rpartition(" ")
        if self._foreign or namespace not in _MAIN:
            self._foreign += 1
            return
        self._open.append(tag)
        self.pieces.append(f"<{tag}{self._attributes(tag, attributes)}>")
        self._in_data = self._in_data or tag == "sheetData"

    def end(self, _name: str) -> None:
        """Write the matching end tag."""
        if self._foreign:
            self._foreign -= 1
            return
        tag = self._open.pop()
        self.pieces.append(f"</{tag}>")
        if tag == "sheetData":
            self._in_data = False

    def characters(self, text: str) -> None:
        """Write the text of values and formulas; white space between elements is dropped."""
        if self._foreign or not self._open or (self._in_data and self._open[-1] not in ("v", "f", "t")):
            return
        self.pieces.append(escape(text))

    def _attributes(self, tag: str, attributes: dict[str, str]) -> str:
        special: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
            "row": self._of_row,
            "c": self._of_cell,
        }
        if self._in_data and tag in special:
            return _written(special[tag](attributes))
        if tag == "worksheet":
            return f' xmlns="{_MAIN[0]}" xmlns:r="{_RELATIONS}"'
        kept = {_attribute_name(name): value for name, value in attributes.items()}
        return _written(kept)

    def _of_row(self, attributes: dict[str, str]) -> dict[str, str]:
        number = attributes.get("r", "")
        self._row = int(number) if number.isdecimal() and len(number) < 10 else self._row + 1
        self._column = 0
        return {"r": str(self._row)} | {key: attributes[key] for key in ("hidden",) if key in attributes}

    def _of_cell(self, attributes: dict[str, str]) -> dict[str, str]:
        row, column = self._row, self._column + 1
        if (address := attributes.get("r")) is not None:
            row, column = parse_address(address)
        self._column = column
        style, kind = attributes.get("s", "0"), attributes.get("t", "n")
        return {"r": f"{letters_of(column)}{row}", "s": style, "t": kind}


def _attribute_name(name: str) -> str:
    if name == _SPACE:
        return "xml:space"
    namespace, _, bare = name.rpartition(" ")
    return f"r:{bare}" if namespace else bare


def _written(attributes: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
