"""The reading process: a line of JSON (what is asked) and the package on stdin, Arrow on stdout.

Run as `python -m xlsx2opeasy.workbook.reading.child`, under limits of memory and time, so that no crafted
file takes the program with it. It writes one Arrow stream after another (`wire`); on standard error it names
the sheet it is at, for the parent's message should it die.
"""

import gc
import json
import sys
from collections.abc import Collection
from typing import IO

import pyarrow as pa

from xlsx2opeasy.errors import WorkbookUnusable, lacks_memory
from xlsx2opeasy.ooxml.expat_scan import top_texts
from xlsx2opeasy.ooxml.layout import read_layout
from xlsx2opeasy.ooxml.limits import Limits
from xlsx2opeasy.ooxml.number_formats import formats_by_style
from xlsx2opeasy.ooxml.package import Package, open_package
from xlsx2opeasy.ooxml.relations import Book, SheetPart, read_book, sheet_part, tree
from xlsx2opeasy.ooxml.scan import scan
from xlsx2opeasy.ooxml.shared_strings import shared_texts
from xlsx2opeasy.ooxml.xml import utf8_blocks
from xlsx2opeasy.operating_system import limit_this_process
from xlsx2opeasy.spec.catalogue import task_type_of_sheet
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.workbook.reading import SEARCHED_ROWS, wire

ALL_SHEETS = "*"


def main() -> None:
    """Read the package from standard input, within the limits that its first line names.

    Refusals go out, too. Where standard input ends before anything is asked, there is nothing to do.
    """
    asked = sys.stdin.buffer.readline()
    if not asked:
        return
    name, lists, numbers = json.loads(asked)
    limits = Limits(*numbers)
    sys.meta_path.insert(0, _WithoutPandas())
    limit_this_process(limits.memory, limits.cpu_seconds)
    gc.disable()
    sink = sys.stdout.buffer
    try:
        read(sys.stdin.buffer.read(), name, limits, sink, lists)
    except WorkbookUnusable as error:
        wire.write_refusal(sink, error.message, error.hint)
    except Exception as error:
        if not lacks_memory(error):
            raise
        wire.write_refusal(sink, "", "")
    sink.flush()


class _WithoutPandas:
    """Says that there is no pandas: pyarrow imports it at its first array, to ask whether that is a Series.

    Nothing here is one, and the import takes longer than a small workbook.
    """

    def find_spec(self, name: str, *_: object) -> None:
        """Leave every other name to the finders that follow."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def read(data: bytes, name: str, limits: Limits, sink: IO[bytes], lists: Collection[str] = ()) -> None:
    """Write the workbook's facts, its shared texts, its task sheets and `lists`; then inflate the rest.

    `lists` are the folded titles of further sheets to read; `*` means all.
    """
    with open_package(data, name, limits) as package:
        book = read_book(package)
        sheets = _sheets_to_read(book, lists)
        styles = tree(package, book.styles_part) if book.styles_part is not None else None
        shared = shared_texts(package, book.shared_part)
        others = [each for each in book.sheets if each not in sheets]
        tops = {each.title: _top_texts(package, each, shared) for each in others}
        wire.write_book(sink, book, formats_by_style(styles), tops, shared)
        known = len(shared)
        del shared  # the parent has them now
        for sheet in sheets:
            sys.stderr.write(f"{wire.PROGRESS}{sheet.title}\n")
            sys.stderr.flush()
            part = sheet_part(package, sheet)
            with wire.SheetWriter(sink, sheet.title, known) as writer:
                scanned = scan(package, part, writer)
                writer.end(read_layout(package, part, scanned.frame), scanned)
        package.check_unread()
    wire.write_end(sink)


def _sheets_to_read(book: Book, lists: Collection[str]) -> list[SheetPart]:
    """The `lists`, and those named like a task type, unless two of them name the same."""
    named = {
        sheet: task_type_of_sheet(sheet.title) for sheet in book.sheets if folded(sheet.title) not in lists
    }
    types = list(named.values())
    once = {
        sheet for sheet, task_type in named.items() if task_type is not None and types.count(task_type) == 1
    }
    return [sheet for sheet in book.sheets if sheet in once or sheet not in named or ALL_SHEETS in lists]


def _top_texts(package: Package, sheet: SheetPart, shared: pa.LargeStringArray) -> list[list[str]]:
    """The first rows of a sheet that is no task sheet; none where it cannot be read, which does no harm."""
    try:
        part = sheet_part(package, sheet)
        return top_texts(utf8_blocks(package.blocks(part), part), part, SEARCHED_ROWS, shared)
    except WorkbookUnusable:
        return []


if __name__ == "__main__":
    main()
