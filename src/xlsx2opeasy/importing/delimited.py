"""Lists of delimited text (.csv, .tsv) as workbooks in which every value is a text, as it is typed."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xlsxwriter import Workbook

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import LAST_COLUMN, LAST_ROW
from xlsx2opeasy.ooxml.limits import USUAL
from xlsx2opeasy.ooxml.text import cut, visible

SHEET: Final = "List"
"""The sheet of the workbook; its row 1 holds the headers."""
_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
_BYTE_ORDER_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_SAMPLE: Final = 200
_WIDEST: Final = 60


@dataclass(frozen=True)
class DelimitedList:
    """A list: its headers, its rows (each as long as the headers), and how the file was understood."""

    headers: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    delimiter: str
    encoding: str

    @property
    def understood(self) -> str:
        """How the file was understood: `values separated by semicolons, in cp1252`."""
        return f"values separated by {_DELIMITERS[self.delimiter]}, in {self.encoding}"


def read_delimited(file: Path) -> DelimitedList:
    """The list in a text file, whose delimiter and encoding are found.

    UTF-8 with or without a byte order mark, UTF-16 with one, else cp1252. Blank lines are left out. Raises
    WorkbookUnusable where the file cannot be read, is no such text, has no headers, or has a line with more
    values than headers.
    """
    data = _bytes_of(file)
    text, encoding = _decoded(file, data)
    separator, text = _named_delimiter(text)
    delimiter = separator or _delimiter(text, file.suffix.lower())
    rows = list(_rows(file, text, delimiter))
    if not rows:
        raise WorkbookUnusable(f"{file} has no line with headers", "put a line with headers above the values")
    headers = [header.strip() for header in rows[0][1]]
    while headers and not headers[-1]:
        headers.pop()
    _refuse_what_does_not_fit(file, headers, rows)
    width = len(headers)
    return DelimitedList(
        tuple(headers),
        [[*row[:width], *[""] * (width - len(row))] for _, row in rows[1:]],
        delimiter,
        encoding,
    )


def _bytes_of(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > USUAL.file:
            raise WorkbookUnusable(
                f"{file} has {size:,} bytes, and {USUAL.file:,} are allowed", "split it into several files"
            )
        return file.read_bytes()
    except OSError as error:
        raise WorkbookUnusable(
            f"{file} cannot be read: {error.strerror or error}", "check the name and the folder"
        ) from error


def _decoded(file: Path, data: bytes) -> tuple[str, str]:
    """The text, and the name of its encoding."""
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise WorkbookUnusable(f"{file} is a workbook, whatever its name says", "map or check it as it is")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode(file, data[len(mark) :], encoding), encoding
    if b"\0" in data:
        raise WorkbookUnusable(f"{file} is no text: it has zero bytes", "save it as CSV UTF-8 in Excel")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode(file, data, "cp1252"), "cp1252"


def _decode(file: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WorkbookUnusable(
            f"{file}, line {line}: a character is neither UTF-8 nor {encoding}",
            "save it as CSV UTF-8 in Excel",
        ) from error


def _named_delimiter(text: str) -> tuple[str, str]:
    """The delimiter that Excel's first line `sep=;` names, "" where there is none; and the lines after it."""
    first, _, rest = text.partition("\n")
    first = first.strip().strip('"')
    return (
        (first[4], rest)
        if len(first) == 5 and first.startswith("sep=") and first[4] in _DELIMITERS
        else ("", text)
    )


def _delimiter(text: str, suffix: str) -> str:
    """The delimiter that gives most lines as many values as the headers have; the name decides a draw."""
    usual = "\t" if suffix in (".tsv", ".tab") else ","

    def fitness(delimiter: str) -> tuple[float, int, bool]:
        widths = [
            len(row) for _, row in zip(range(_SAMPLE), _parsed(text, delimiter), strict=False) if any(row)
        ]
        if not widths or widths[0] < 2:
            return (0, 0, delimiter == usual)
        return (Counter(widths)[widths[0]] / len(widths), widths[0], delimiter == usual)

    return max(_DELIMITERS, key=fitness)


def _parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    """The lines as values; a damaged quotation ends them."""
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        return


def _rows(file: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The number of the line in which each row ends, and its values; blank rows are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(value.strip() for value in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise WorkbookUnusable(
            f"{file}, line {reader.line_num}: {error}", "correct the quotation marks of that line"
        ) from error


def _refuse_what_does_not_fit(
    file: Path, headers: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> None:
    if len(headers) > LAST_COLUMN or len(rows) > LAST_ROW:
        raise WorkbookUnusable(
            f"{file} has {len(rows):,} lines and {len(headers):,} columns, more than a sheet of Excel",
            "split it into several files",
        )
    for line, row in rows:
        if any(value.strip() for value in row[len(headers) :]):
            raise WorkbookUnusable(
                f"{file}, line {line}: {len(row)} values, and the headers are {len(headers)}",
                "put values that hold the delimiter into quotation marks, or add the missing header",
            )
        for value in row:
            if cut(value) != value:
                raise WorkbookUnusable(
                    f"{file}, line {line}: a value is longer than a cell of Excel",
                    "check the quotation marks",
                )


def list_workbook(found: DelimitedList) -> bytes:
    """The list as a workbook: sheet `List`, headers in row 1, every cell a text."""
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet(SHEET)
    heading = book.add_format({"bold": True, "num_format": "@", "bottom": 1})
    text = book.add_format({"num_format": "@", "quote_prefix": True})
    for column, header in enumerate(found.headers):
        sample = (row[column] for row in found.rows[:_SAMPLE])
        widest = max([len(header), *map(len, sample)]) + 2
        page.set_column(column, column, min(widest, _WIDEST), text)
        if header:
            page.write_string(0, column, visible(header), heading)
    for number, row in enumerate(found.rows, 1):
        for column, value in enumerate(row):
            if value:
                page.write_string(number, column, visible(value), text)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, len(found.rows), len(found.headers) - 1)
    page.ignore_errors({"number_stored_as_text": f"A1:XFD{len(found.rows) + 1}"})
    book.close()
    return file.getvalue()
