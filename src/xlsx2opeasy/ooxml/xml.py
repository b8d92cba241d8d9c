"""XML as bytes: the position of each element in a part, so that one place can change and the rest stays.

Everything here works on UTF-8; parts in other encodings are turned into UTF-8 on the way in.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.parsers import expat

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import RESAVE

ATTRIBUTES = rb"""(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*"""
"""A pattern for the attributes of a tag, whose values may hold `>`."""

DEEPEST = 100
"""Elements within elements; real parts have a dozen."""

_TAG = re.compile(rb"<[^\s/>]+" + ATTRIBUTES + rb"\s*/?>")
_HIDDEN = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?<\?xml([^?]*)\?>")
_ENCODING = re.compile(rb"""\s+encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_UTF8 = {"", "utf-8", "utf8", "us-ascii", "ascii"}
_UTF16 = ("utf-16", "utf16", "ucs-2", "iso-10646-ucs-2")
_TRUE = ("1", "true", "on")
_MARKS = (
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


@dataclass(slots=True)
class Element:
    """An element and its place: `start` at its `<`, `inside` after that tag, `close` at its end tag, `end`.

    A self-closing one has `inside == close == end`. `prefix` is that of the tag, with its colon; `attributes`
    without prefix have their bare names, others `uri name`.
    """

    namespace: str
    name: str
    prefix: str
    attributes: dict[str, str]
    start: int
    inside: int = 0
    close: int = 0
    end: int = 0
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def child(self, name: str) -> "Element | None":
        """Its first child of that name and of its own namespace."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator["Element"]:
        """Its children of that name and of its own namespace."""
        return (each for each in self.children if each.name == name and each.namespace == self.namespace)


def parsed(data: bytes, part: str, *, until: str = "") -> Element:
    """The tree of a small part with every element's place; `WorkbookUnusable` for no XML, or with a DOCTYPE.

    With `until` the data may break off, and the tree ends with the start tag of the root's child of that
    name; elements still open have `close == end == 0`.
    """
    roots: list[Element] = []
    stack: list[Element] = []
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.namespace_prefixes = True
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        namespace, name, prefix = _split(tag)
        element = Element(namespace, name, prefix, _plain(attributes), parser.CurrentByteIndex)
        element.inside = _tag_end(data, element.start)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)
        if len(stack) > DEEPEST:
            raise WorkbookUnusable(f"The part {part} of the workbook is nested too deeply.", RESAVE)
        if name == until and len(stack) == 2:
            parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None

    def end(_: str) -> None:
        element, position = stack.pop(), parser.CurrentByteIndex
        alone = data.endswith(b"/>", element.start, element.inside)
        element.close = element.inside if alone else position
        element.end = element.inside if alone else data.index(b">", position) + 1

    def text(characters: str) -> None:
        if stack:
            stack[-1].text += characters

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    with parsing(parser, part):
        parser.Parse(data, not until)
    if not roots:
        raise WorkbookUnusable(f"The part {part} of the workbook is empty.", RESAVE)
    return roots[0]


@contextmanager
def parsing(parser: expat.XMLParserType, part: str) -> Iterator[None]:
    """What the parser says of a damaged part, or one with a DOCTYPE, as WorkbookUnusable."""

    def refuse_doctype(*_: object) -> None:
        raise WorkbookUnusable(
            f"The part {part} of the workbook has a DOCTYPE, which no workbook of Excel has.", RESAVE
        )

    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        yield
    except expat.ExpatError as error:
        raise WorkbookUnusable(
            f"The part {part} of the workbook is damaged, no valid XML: {error}.", RESAVE
        ) from error


def is_true(text: str) -> bool:
    """Whether an attribute's text is a true boolean (ST_Boolean, ST_OnOff)."""
    return text.strip().lower() in _TRUE


def flag(element: Element, name: str) -> bool:
    """A boolean attribute; absent is false."""
    return is_true(element.attributes.get(name, ""))


def decimal(element: Element, name: str, default: int) -> int:
    """An attribute that is a whole number, with white space round it or not; `default` where it is none."""
    text = element.attributes.get(name, "").strip()
    return int(text) if text.isdecimal() and len(text) < 10 else default


def spliced(data: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """`data` with each `(start, end, replacement)` done; edits do not overlap."""
    pieces, position = [], 0
    for start, end, replacement in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [data[position:start], replacement]
        position = end
    return b"".join((*pieces, data[position:]))


def with_last_child(data: bytes, parent: Element, child: bytes) -> bytes:
    """`data` with one more child at the end of `parent`, which may have none and be self-closing."""
    if parent.end > parent.inside:
        return spliced(data, [(parent.close, parent.close, child)])
    opening = data[parent.start : parent.end].removesuffix(b"/>").rstrip() + b">"
    name = opening[1:-1].split(None, 1)[0]
    return spliced(data, [(parent.start, parent.end, opening + child + b"</" + name + b">")])


def with_attribute(tag: bytes, name: str, value: str) -> bytes:
    """A start tag with that attribute set; it is added where it was missing."""
    pattern = re.compile(rb"(\s" + name.encode() + rb"""\s*=\s*)(?:"[^"]*"|'[^']*')""")
    if pattern.search(tag):
        return pattern.sub(lambda found: found[1] + b'"' + value.encode() + b'"', tag, count=1)
    end = len(tag) - (2 if tag.endswith(b"/>") else 1)
    return tag[:end].rstrip() + f' {name}="{value}"'.encode() + tag[end:]


def quoted(value: str) -> str:
    """An attribute's value with its quotes."""
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return f'"{escaped}"'


def masked(data: bytes) -> bytes:
    """`data` with comments, CDATA and processing instructions blanked out, at the same length."""
    if not (b"!" in data and b"<!" in data) and not (b"?" in data and b"<?" in data):
        return data  # one byte is looked for ten times faster than two
    return _HIDDEN.sub(lambda found: b" " * len(found[0]), data)


def utf8(data: bytes, part: str) -> bytes:
    """A part as UTF-8, and its XML declaration says so."""
    return b"".join(utf8_blocks([data], part))


def utf8_blocks(blocks: Iterable[bytes], part: str) -> Iterator[bytes]:
    """A part's blocks as UTF-8; those that are UTF-8 already pass untouched."""
    iterator = iter(blocks)
    first = next(iterator, b"")
    name = _encoding(first, part)
    if name is None:
        yield first
        yield from iterator
        return
    decoder = codecs.getincrementaldecoder(name)()
    try:
        decoded = decoder.decode(first).encode()
        _refuse_other_declaration(decoded, name, part)
        yield _DECLARATION.sub(_declared_utf8, decoded, count=1)
        for block in iterator:
            if text := decoder.decode(block):
                yield text.encode()
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise WorkbookUnusable(f"The part {part} of the workbook is no valid {name} text.", RESAVE) from error


def _encoding(first: bytes, part: str) -> str | None:
    """The encoding to decode from, None for UTF-8."""
    for mark, name in _MARKS:
        if first.startswith(mark):
            return name
    name = _declared(first)
    if name.lower() in _UTF8:
        return None
    try:
        "<".encode(name)  # nothing at all has no encoding that could be looked up
    except (LookupError, UnicodeError) as error:
        what = f"The part {part} of the workbook is in the encoding {name}, which is not known."
        raise WorkbookUnusable(what, RESAVE) from error
    return name


def _declared(data: bytes) -> str:
    """The encoding that the XML declaration names; empty where there is none."""
    declaration = _DECLARATION.match(data)
    found = _ENCODING.search(declaration[1]) if declaration else None
    return found[1].decode() if found else ""


def _refuse_other_declaration(data: bytes, name: str, part: str) -> None:
    """Raises WorkbookUnusable where UTF-16, which every reader notices by itself, has another name."""
    declared = _declared(data)
    if name.startswith("utf-16") and declared and not declared.lower().startswith(_UTF16):
        what = f"The part {part} of the workbook is in UTF-16, and says that it is in {declared}."
        raise WorkbookUnusable(what, RESAVE)


def _declared_utf8(declaration: re.Match[bytes]) -> bytes:
    return _ENCODING.sub(b' encoding="UTF-8"', declaration[0])


def _tag_end(data: bytes, start: int) -> int:
    found = _TAG.match(data, start)
    return found.end() if found else len(data)


def _split(tag: str) -> tuple[str, str, str]:
    """Namespace, local name and prefix of an expat name (`uri name prefix`)."""
    parts = tag.split(" ")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], f"{parts[2]}:" if len(parts) > 2 else ""


def _plain(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by `name` or `uri name`."""
    return {" ".join(name.split(" ")[:2]): value for name, value in attributes.items()}
