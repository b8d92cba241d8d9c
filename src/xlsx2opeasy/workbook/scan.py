"""One fast pass over a worksheet part: where its texts are, and every cell that is not a plain text.

It tells what calamine hides (types, formulas, styles, hidden rows, order) by looking at all tags of some
megabytes at once with numpy, not cell by cell. It understands the one plain spelling of a sheet that nearly
all writers use, and raises `NotPlain` for every other; `plain.rewritten` makes that spelling of any sheet.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import numpy as np

from xlsx2opeasy.workbook.address import LAST_ROW, letters_of, outside_grid
from xlsx2opeasy.workbook.tags import STRIDE, Bools, Cells, Ints, NotPlain, cells_of

_PIECE = 4 << 20
_HEAD_LIMIT = 64 << 20
_ROW = re.compile(rb"<row([\s/>][^>]*)")
_ROW_NUMBER = re.compile(rb'\sr="([0-9]{1,9})"')
_HIDDEN = re.compile(rb'\shidden="(?:1|true|on)"')
_DATA = re.compile(rb"<sheetData(?:\s[^>]*?)?(/?)>")
_DATA_END = b"</sheetData>"
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_TYPES = (b"n", b"s", b"str", b"inlineStr", b"b", b"e", b"d")
_TEXT_TYPES = (b"s", b"str", b"inlineStr")


@dataclass(slots=True)
class Told:
    """Cells that are not plain texts, as parallel lists; `value` stands in `<v>`, None where there is none."""

    key: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    style: list[int] = field(default_factory=list)
    formula: list[bool] = field(default_factory=list)
    value: list[str | None] = field(default_factory=list)


@dataclass(slots=True)
class Scan:
    """A scanned sheet: what stands where.

    `texts` are the sorted keys of the cells that hold a text (`STRIDE`), `hidden_rows` their numbers,
    `disorder` the address of the first cell or row that is repeated or out of order, `frame` the part
    without its rows.
    """

    texts: Ints
    told: Told
    hidden_rows: list[int]
    disorder: str | None
    frame: bytes

    @property
    def extent(self) -> tuple[int, int]:
        """The last row and the widest column that hold anything."""
        keys = np.concatenate([self.texts, np.array(self.told.key, np.int64)])
        return (int(keys.max()) // STRIDE, int((keys % STRIDE).max()) + 1) if len(keys) else (0, 0)


def scan(stream: IO[bytes]) -> Scan:
    """Scan a worksheet part; raise NotPlain, or WorkbookUnusable for addresses outside the grid."""
    scanner, frame = _Scanner(), list[bytes]()
    for piece in _pieces(stream, frame):
        scanner.feed(piece)
    texts = np.concatenate(scanner.texts) if scanner.texts else np.empty(0, np.int64)
    return Scan(texts, scanner.told, scanner.hidden, scanner.disorder, b"".join(frame))


def address_of(key: int) -> str:
    """The address of a cell by its key."""
    return f"{letters_of(key % STRIDE + 1)}{key // STRIDE}"


def _pieces(stream: IO[bytes], frame: list[bytes]) -> Iterator[bytes]:
    """The rows in pieces that begin with a row tag each; what stands around the rows goes into `frame`."""
    head = b""
    while (start := _DATA.search(head)) is None:
        if not (more := stream.read(_PIECE)) or len(head) > _HEAD_LIMIT:
            raise NotPlain
        head += more
    _check_head(head[: start.start()])
    frame += [head[: start.start()], b"<sheetData/>"]
    rest = head[start.end() :]
    if not start[1]:
        rest = yield from _rows(stream, rest)
    frame += [rest, stream.read()]


def _check_head(head: bytes) -> None:
    declared = _DECLARED.search(head)
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise NotPlain
    if b"<!" in head or b"\0" in head:
        raise NotPlain


def _rows(stream: IO[bytes], rest: bytes) -> "Iterator[bytes]":  # a generator that returns what is left
    while (end := rest.find(_DATA_END)) < 0:
        cut = rest.rfind(b"<row")
        if cut > 0:
            yield rest[:cut]
            rest = rest[cut:]
        if not (more := stream.read(_PIECE)):
            raise NotPlain
        rest += more
    yield rest[:end]
    return rest[end + len(_DATA_END) :]


class _Scanner:
    """Takes the pieces in their order and keeps what they hold."""

    def __init__(self) -> None:
        self.texts: list[Ints] = []
        self.told = Told()
        self.hidden: list[int] = []
        self.disorder: str | None = None
        self._last_key = -1
        self._last_row = 0

    def feed(self, piece: bytes) -> None:
        """Scan one piece, which begins with a row tag."""
        starts, numbers = self._rows_of(piece)
        cells = cells_of(piece)
        enclosing = np.searchsorted(starts, cells.start) - 1
        if len(cells.start) and (len(starts) == 0 or enclosing[0] < 0):
            raise NotPlain
        strayed = numbers[enclosing] != cells.key // STRIDE if len(starts) else np.empty(0, np.bool_)
        self._check_order(cells.key, strayed)
        self._sort_out(piece, cells)

    def _rows_of(self, piece: bytes) -> tuple[Ints, Ints]:
        starts, numbers = list[int](), list[int]()
        for tag in _ROW.finditer(piece):
            number = _ROW_NUMBER.search(tag[1])
            if number is None:
                raise NotPlain
            row = int(number[1])
            if not 1 <= row <= LAST_ROW:
                raise outside_grid(f"row {row}")
            if row <= self._last_row and self.disorder is None:
                self.disorder = f"row {row}"
            self._last_row = row
            starts.append(tag.start())
            numbers.append(row)
            if _HIDDEN.search(tag[1]):
                self.hidden.append(row)
        return np.array(starts, np.int64), np.array(numbers, np.int64)

    def _check_order(self, keys: Ints, strayed: Bools) -> None:
        if not len(keys):
            return
        wrong = np.flatnonzero((np.diff(keys, prepend=self._last_key) <= 0) | strayed)
        if len(wrong) and self.disorder is None:
            self.disorder = address_of(int(keys[wrong[0]]))
        self._last_key = int(keys[-1])

    def _sort_out(self, piece: bytes, cells: Cells) -> None:
        """Texts by their keys alone; everything else with its type, style, formula and value."""
        of_attributes = [_type_and_style(attributes) for attributes in cells.attributes]
        text_type = np.array([kind in _TEXT_TYPES for kind, _ in of_attributes], np.bool_)[cells.group]
        filled = (cells.value_end > cells.value_start) | cells.inline
        self.texts.append(cells.key[text_type & filled])
        told = np.flatnonzero(cells.formula | (~text_type & cells.has_value))
        self.told.key += cells.key[told].tolist()
        self.told.formula += cells.formula[told].tolist()
        groups = cells.group[told].tolist()
        self.told.kind += [of_attributes[group][0].decode("ascii", "replace") for group in groups]
        self.told.style += [of_attributes[group][1] for group in groups]
        places = zip(
            cells.has_value[told].tolist(),
            cells.value_start[told].tolist(),
            cells.value_end[told].tolist(),
            strict=True,
        )
        self.told.value += [
            piece[start:end].decode("utf-8", "replace") if has else None for has, start, end in places
        ]


_ATTRIBUTE = re.compile(rb'\s+([A-Za-z:]+)="([^"]*)"')


def _type_and_style(attributes: bytes) -> tuple[bytes, int]:
    """The type (`t`, 18.18.11) and style (`s`) of a cell from the text of its attributes after `r`."""
    found = dict(_ATTRIBUTE.findall(attributes))
    if _ATTRIBUTE.sub(b"", attributes).strip():
        raise NotPlain
    style = found.get(b"s", b"0")
    return found.get(b"t", b"n"), int(style) if style.isdigit() else 0
