"""The reading process: `python -m xlsx2opeasy.workbook.child`, package on standard input, Arrow on standard output.

It runs apart, under limits of memory and time, because calamine aborts its process on some crafted files
(S03). It writes one Arrow stream after another (`wire`); on standard error it names the sheet it is at, for
the message of the parent should it die.
"""

import gc
import io
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from zipfile import ZIP_STORED, ZipFile

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.spec.catalogue import task_type_of_sheet
from xlsx2opeasy.workbook import wire
from xlsx2opeasy.workbook.agreement import disagreements
from xlsx2opeasy.workbook.formats import shown_by_style
from xlsx2opeasy.workbook.layout import Layout, read_layout
from xlsx2opeasy.workbook.limits import limit_this_process
from xlsx2opeasy.workbook.package import Book, SheetPart, parsed, part_name, read_book, read_part
from xlsx2opeasy.workbook.plain import rewritten
from xlsx2opeasy.workbook.scan import Scan, scan
from xlsx2opeasy.workbook.tags import NotPlain

_ROWS_AT_ONCE = 4096
_AREA_LIMIT = 20_000_000
_SPARSE = 20


@dataclass(slots=True)
class _Scanned:
    """A task sheet after the scan, before calamine reads it."""

    sheet: SheetPart
    part: str
    scan: Scan
    layout: Layout


def main() -> None:
    """Read the package from standard input; every refusal of it goes out as one stream, too."""
    limit_this_process()
    gc.disable()
    sink = sys.stdout.buffer
    try:
        read(sys.stdin.buffer.read(), sink)
    except WorkbookUnusable as error:
        wire.write_refusal(sink, error.message, error.hint)
    except MemoryError:
        wire.write_refusal(sink, "", "")
    sink.flush()


def read(data: bytes, sink: io.BufferedIOBase) -> None:
    """Scan the task sheets, let calamine read their texts, and write both."""
    package = ZipFile(io.BytesIO(data))
    book = read_book(package)
    replaced: dict[str, bytes] = {}
    sheets = [_scanned(package, sheet, replaced) for sheet in _task_sheets(book)]
    _write_book(package, book, sink)
    texts = _Texts(data, package, replaced)
    for each in sheets:
        _tell(each.sheet.title)
        wire.write_layout(sink, each.sheet.title, each.layout, each.scan, sparse=_sparse(each.scan))
        wire.write_told(sink, each.scan)
        readable = each.scan.disorder is None and not _sparse(each.scan)
        batches = texts.batches(each) if readable else iter(())
        wire.write_texts(sink, each.scan, batches)


def _tell(title: str) -> None:
    sys.stderr.write(f"{wire.PROGRESS}{title}\n")
    sys.stderr.flush()


def _task_sheets(book: Book) -> list[SheetPart]:
    """The sheets to read: those named like a task type, unless two of them name the same."""
    named = [(task_type_of_sheet(sheet.title), sheet) for sheet in book.sheets]
    types = [task_type for task_type, _ in named]
    return [sheet for task_type, sheet in named if task_type is not None and types.count(task_type) == 1]


def _scanned(package: ZipFile, sheet: SheetPart, replaced: dict[str, bytes]) -> _Scanned:
    _tell(sheet.title)
    part = part_name(package, sheet.part)
    try:
        with package.open(part) as stream:
            scanned = scan(stream)
    except NotPlain:
        plain = rewritten(package.read(part), part)
        replaced[part] = rewritten(plain, part, texts_only=True)
        try:
            scanned = scan(io.BytesIO(plain))
        except NotPlain as error:
            raise WorkbookUnusable(
                f"The sheet “{sheet.title}” is not spelt as a worksheet is.",
                "Open the workbook in Excel, let it repair the file, and save it.",
            ) from error
    return _Scanned(sheet, part, scanned, read_layout(package, part, scanned.frame))


def _sparse(scanned: Scan) -> bool:
    """Whether a few cells lie so far apart that calamine's rectangle around them would not fit (S04)."""
    rows, columns = scanned.extent
    filled = len(scanned.texts) + len(scanned.told.key)
    return rows * columns > _AREA_LIMIT and filled * _SPARSE < rows * columns


def _write_book(package: ZipFile, book: Book, sink: io.BufferedIOBase) -> None:
    styles = None
    if book.styles_part is not None:
        styles = parsed(read_part(package, book.styles_part), book.styles_part)
    wire.write_book(sink, book, shown_by_style(styles))


class _Texts:
    """Calamine over the package, in which the sheets it would misread are replaced by plain ones."""

    def __init__(self, data: bytes, package: ZipFile, replaced: dict[str, bytes]) -> None:
        self._package = package
        self._replaced = replaced
        self._book = _opened(_with_parts(package, replaced) if replaced else data)

    def batches(self, of: _Scanned) -> Iterator[pa.RecordBatch]:
        """The texts of a sheet from row 1 on, with what disagrees with the scan."""
        width = of.scan.extent[1]
        rows = self._sheet(of).iter_rows()
        first = 1
        while batch := list(itertools.islice(rows, _ROWS_AT_ONCE)):
            columns = [_texts_of(column) for column in zip(*batch, strict=True)]
            columns += [pa.nulls(len(batch), pa.large_string())] * (width - len(columns))
            yield wire.texts_batch(columns, disagreements(of.scan, columns, first))
            first += len(batch)

    def _sheet(self, of: _Scanned) -> CalamineSheet:
        """The sheet as calamine has it; on a second try with nothing but its texts in it."""
        try:
            return self._book.get_sheet_by_name(of.sheet.title)
        except CalamineError:
            raw = self._package.read(of.part)
            self._replaced[of.part] = rewritten(raw, of.part, texts_only=True)
            self._book = _opened(_with_parts(self._package, self._replaced))
        try:
            return self._book.get_sheet_by_name(of.sheet.title)
        except CalamineError as error:
            raise _damaged(error, f"The sheet “{of.sheet.title}”") from error


def _opened(data: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except CalamineError as error:
        raise _damaged(error, "The workbook") from error


def _damaged(error: CalamineError, what: str) -> WorkbookUnusable:
    return WorkbookUnusable(
        f"{what} is damaged: {error}.", "Open the workbook in Excel, let it repair the file, and save it."
    )


def _with_parts(package: ZipFile, replaced: dict[str, bytes]) -> bytes:
    """The package with some of its parts replaced, in memory."""
    copy = io.BytesIO()
    with ZipFile(copy, "w", ZIP_STORED) as target:
        for name in package.namelist():
            target.writestr(name, replaced[name] if name in replaced else package.read(name))
    return copy.getvalue()


def _texts_of(values: tuple[object, ...]) -> pa.Array:
    """The texts of a column, null where calamine gives something else (the scan knows it better)."""
    try:
        return pa.array(values, pa.large_string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array([each if type(each) is str else None for each in values], pa.large_string())


if __name__ == "__main__":
    main()
