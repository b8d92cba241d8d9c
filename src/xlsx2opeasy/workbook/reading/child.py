"""The reading process: package on standard input, Arrow on standard output.

`reader_process` starts it (`python -m xlsx2opeasy.workbook.reading.child`). It runs apart, under limits of
memory and time, so that no crafted file takes the program with it. It writes one Arrow stream after another
(`wire`); on standard error it names the sheet it is at, for the parent's message should it die.
"""

import gc
import io
import sys
from typing import IO
from zipfile import ZipFile

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.guarded_package import GuardedPackage
from xlsx2opeasy.ooxml.layout import read_layout
from xlsx2opeasy.ooxml.limits import Limits, limit_this_process
from xlsx2opeasy.ooxml.number_formats import shown_by_style
from xlsx2opeasy.ooxml.package_parts import Book, SheetPart, parsed, part_name, read_book, read_part
from xlsx2opeasy.ooxml.plain import rewritten
from xlsx2opeasy.ooxml.scan import Scan, scan
from xlsx2opeasy.ooxml.shared_strings import shared_texts
from xlsx2opeasy.ooxml.tags import NotPlain
from xlsx2opeasy.spec.catalogue import task_type_of_sheet
from xlsx2opeasy.workbook.reading import wire


def main() -> None:
    """Read the package from standard input, within the limits of the arguments. Refusals go out, too."""
    name, *numbers = sys.argv[1:]
    limits = Limits(*map(int, numbers))
    limit_this_process(limits)
    gc.disable()
    sink = sys.stdout.buffer
    try:
        read(sys.stdin.buffer.read(), name, limits, sink)
    except WorkbookUnusable as error:
        wire.write_refusal(sink, error.message, error.hint)
    except MemoryError:
        wire.write_refusal(sink, "", "")
    sink.flush()


def read(data: bytes, name: str, limits: Limits, sink: IO[bytes]) -> None:
    """Write the workbook's facts, its shared texts and its task sheets; then look at what was not read."""
    package = GuardedPackage(data, name, limits)
    book = read_book(package)
    sheets = _task_sheets(book)
    styles = None
    if book.styles_part is not None:
        styles = parsed(read_part(package, book.styles_part), book.styles_part)
    shared = shared_texts(package, book.shared_part if sheets else None)
    wire.write_book(sink, book, shown_by_style(styles), shared)
    for sheet in sheets:
        sys.stderr.write(f"{wire.PROGRESS}{sheet.title}\n")
        sys.stderr.flush()
        part = part_name(package, sheet.part)
        scanned = _scanned(package, sheet.title, part)
        _check_numbers(scanned, sheet.title, len(shared))
        wire.write_sheet(sink, sheet.title, read_layout(package, part, scanned.frame), scanned)
    package.look_at_the_rest()


def _task_sheets(book: Book) -> list[SheetPart]:
    """The sheets to read: those named like a task type, unless two of them name the same."""
    named = [(task_type_of_sheet(sheet.title), sheet) for sheet in book.sheets]
    types = [task_type for task_type, _ in named]
    return [sheet for task_type, sheet in named if task_type is not None and types.count(task_type) == 1]


def _scanned(package: ZipFile, title: str, part: str) -> Scan:
    """The scan of a worksheet part, rewritten first where it is not in plain form."""
    try:
        with package.open(part) as stream:
            return scan(stream)
    except NotPlain:
        plain = rewritten(package.read(part), part)
    try:
        return scan(io.BytesIO(plain))
    except NotPlain as error:
        raise _damaged(title, "its cells are not written as cells of a worksheet are") from error


def _check_numbers(scanned: Scan, title: str, known: int) -> None:
    if len(scanned.numbers) and int(scanned.numbers.max()) >= known:
        raise _damaged(title, f"a cell refers to shared text {scanned.numbers.max()}, and there are {known}")


def _damaged(title: str, what: str) -> WorkbookUnusable:
    return WorkbookUnusable(
        f'The sheet "{title}" is damaged: {what}.',
        "Open the workbook in Excel, let it repair the file, and save it.",
    )


if __name__ == "__main__":
    main()
