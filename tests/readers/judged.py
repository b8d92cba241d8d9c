"""What our reader makes of a workbook, and what its judges say of that.

- Nothing but a refusal with a sentence and a remedy ends the reading, the check, and the writing of results.
- Another spelling of the same workbook is read as the workbook.
- The quick scanner and the one that follows every element find the same; so does reading in small blocks.
- What calamine and openpyxl read is what ours reads. Rules by which they may differ: `_may_differ`.
"""

import datetime as dt
import io
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import openpyxl
from python_calamine import CalamineWorkbook, SheetTypeEnum

from reader_at_hand import read_here
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.errors import WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.ooxml import package as packages
from xlsx2opeasy.ooxml.expat_items import expat_shared_texts
from xlsx2opeasy.ooxml.expat_scan import expat_scan
from xlsx2opeasy.ooxml.limits import USUAL
from xlsx2opeasy.ooxml.package import open_package
from xlsx2opeasy.ooxml.relations import read_book
from xlsx2opeasy.ooxml.scan import fast_scan
from xlsx2opeasy.ooxml.scanned import STRIDE, Block, Scan, address_of
from xlsx2opeasy.ooxml.shared_strings import shared_texts
from xlsx2opeasy.ooxml.tags import NotPlain
from xlsx2opeasy.ooxml.text import unescaped
from xlsx2opeasy.ooxml.xml import utf8_blocks
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.annotate.write import write_annotated
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.reading.wire import RawBook, RawSheet
from xlsx2opeasy.workbook.results.write import SheetResults, write_results

_NAME = "book.xlsx"

Cell = tuple[str, Any]
"""A kind (`text`, `number`, `boolean`, `error`, `other`) and a value."""


class Broken(AssertionError):
    """A judge found something."""


@dataclass(frozen=True)
class Reading:
    """A workbook as our reader has it, in a form that can be compared."""

    book: RawBook

    @property
    def facts(self) -> dict[str, Any]:
        """Everything that another spelling of the workbook must not change."""
        sheets = {each.title: self._facts_of(each) for each in self.book.sheets}
        of = self.book.book
        titles = [(each.title, each.hidden) for each in of.sheets]
        return {"titles": titles, "1904": of.date1904, "calculate": of.calculate_on_load} | sheets

    def _facts_of(self, sheet: RawSheet) -> dict[str, Any]:
        return {
            "texts": {address_of(key): text for key, text in self._texts_of(sheet)},
            "typed": [
                (
                    address_of(each["key"]),
                    each["kind"],
                    self._format(each["style"]),
                    each["formula"],
                    each["value"],
                )
                for each in sheet.typed.to_pylist()
            ],
            "hidden": sheet.hidden_rows,
            "disorder": sheet.disorder,
            "layout": astuple(sheet.layout),
        }

    @staticmethod
    def _texts_of(sheet: RawSheet) -> list[tuple[int, str]]:
        """The texts that are not empty, by key."""
        found = []
        for column, cells in sheet.texts.items():
            texts = sheet.pool.take(cells.numbers).to_pylist()
            found += [
                (row * STRIDE + column, text) for row, text in zip(cells.rows.tolist(), texts, strict=True)
            ]
        return sorted(each for each in found if each[1])

    def _format(self, style: int) -> str:
        formats = self.book.formats
        return formats[style] if style < len(formats) else ""

    def cells(self, sheet: RawSheet) -> dict[int, Cell]:
        """By key, the cells that hold something."""
        found: dict[int, Cell] = {key: ("text", text) for key, text in self._texts_of(sheet)}
        for each in sheet.typed.to_pylist():
            if each["value"] not in (None, "") and each["key"] not in found:
                found[each["key"]] = _cell(each["kind"], each["value"])
        return found


def _cell(kind: str, value: str) -> Cell:
    if kind == "n":
        try:
            return "number", float(value)
        except ValueError:
            return "other", value
    if kind == "b" and (truth := value.strip().lower()) in ("0", "1", "false", "true"):
        return "boolean", truth in ("1", "true")
    return "error" if kind == "e" else "other", value


def reading(data: bytes) -> Reading | WorkbookUnusable:
    """All sheets of the workbook, or its refusal, which has a sentence and a remedy."""
    try:
        return Reading(read_here(data, _NAME, USUAL, ["*"]))
    except WorkbookUnusable as error:
        _held(error)
        return error


def _held(error: Xlsx2OpeasyError) -> None:
    """Raises Broken where a refusal is no sentence, or says nothing of what to do."""
    if not error.message.strip().endswith((".", "!", ")")) or not error.hint or "\n" in error.message:
        raise Broken(f"a refusal that is no sentence: {error.message!r} {error.hint!r}")


def same_facts(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The first difference between two readings, "" where there is none."""
    for name in [*one, *(each for each in other if each not in one)]:
        here, there = one.get(name), other.get(name)
        if here == there:
            continue
        if isinstance(here, dict) and isinstance(there, dict):
            return f"{name}: {same_facts(here, there)}"
        if isinstance(here, list) and isinstance(there, list):
            pair = next(
                ((a, b) for a, b in zip(here, there, strict=False) if a != b), (len(here), len(there))
            )
            return f"{name}: {pair[0]!r} was {pair[1]!r}"
        return f"{name}: {str(here)[:300]!r} was {str(there)[:300]!r}"
    return ""


def scanners_agree(data: bytes) -> None:
    """The quick scanners against the ones that follow every element, on each worksheet and the shared texts."""
    with open_package(data, _NAME, USUAL) as package:
        book = read_book(package)
        for part in {each.part for each in book.sheets if each.part in package}:
            blocks = list(utf8_blocks(package.blocks(part), part))
            try:
                quick = _scanned(partial(fast_scan, iter(blocks)))
            except NotPlain:
                continue
            _agree(part, quick, partial(_scanned, partial(expat_scan, b"".join(blocks), part)))
        if book.shared_part is not None:
            part = book.shared_part
            whole = b"".join(utf8_blocks(package.blocks(part), part))
            _agree(
                part,
                {"texts": shared_texts(package, part).to_pylist()},
                lambda: {"texts": expat_shared_texts([whole], part)},
            )


def _agree(part: str, quick: dict[str, Any], slow: Any) -> None:
    try:
        followed = slow()
    except WorkbookUnusable as error:
        raise Broken(f"{part}: the quick scanner takes what the other refuses: {error.message}") from error
    if told := same_facts(quick, followed):
        raise Broken(f"{part}: the quick scanner says {told}")


def _scanned(scan: Callable[[Callable[[Block], None]], Scan]) -> dict[str, Any]:
    blocks: list[Block] = []
    found = scan(blocks.append)
    cells: list[tuple[int, Any]] = []
    for block in blocks:
        texts = block.direct.to_pylist()
        numbers = [texts[-1 - each] if each < 0 else each for each in block.numbers.tolist()]
        cells += zip(block.keys.tolist(), numbers, strict=True)
    return {
        # A cell of an empty text is one without text.
        "cells": {address_of(key): each for key, each in cells if each != ""},
        "typed": [each for block in blocks for each in block.typed.to_pylist()],
        "hidden": found.hidden_rows,
        "disorder": found.disorder,
    }


def blocks_agree(data: bytes, read: Reading, size: int) -> None:
    """The same in blocks of another size, whose ends are elsewhere."""
    with mock.patch.object(packages, "BLOCK", size):
        again = reading(data)
    told = again.message if isinstance(again, WorkbookUnusable) else same_facts(again.facts, read.facts)
    if told:
        raise Broken(f"in blocks of {size} bytes: {told}")


def doors_hold(path: Path) -> str:
    """Reading, checking, marking and writing results end, or refuse with a sentence; how far it came.

    Raises Broken where the results are not what was written, or where a row is lost.
    """
    try:
        book = read_workbook(path)
        checked = check_workbook(book)
    except Xlsx2OpeasyError as error:
        _held(error)
        return "refused"
    target = path.with_name("marked.xlsx")
    try:
        write_annotated(path, target, checked.problems, replace=True)
        _reads_again(path, target)
    except WorkbookUnusable as error:
        _held(error)
    results = [
        SheetResults(
            sheet.title,
            sheet.header_row,
            {row: RowResult(Outcome.FAILED, "101", "a < b", "job") for row in sheet.rows.index},
            sheet.never_ours,
        )
        for sheet in book.sheets
    ]
    target = path.with_name("results.xlsx")
    try:
        write_results(path, target, results)
    except WorkbookUnusable as error:
        _held(error)
        return "read, not writable"
    _reads_again(path, target)
    found = {sheet.title: sheet.earlier_results for sheet in read_workbook(target).sheets}
    for each in results:
        if {*found.get(each.title, {})} != {*each.results}:
            raise Broken(
                f"{each.title}: results of rows {sorted(each.results)} are those of {sorted(found.get(each.title, {}))}"
            )
    return "written"


def _reads_again(path: Path, target: Path) -> None:
    """The rows of a written copy are those of its source."""
    before, after = read_workbook(path), read_workbook(target)
    for one, other in zip(before.sheets, after.sheets, strict=True):
        if not one.rows.equals(other.rows):
            raise Broken(f"{one.title}: the rows of {target.name} are not those of its source")


def others_agree(data: bytes, read: Reading) -> Iterator[str]:
    """How calamine and openpyxl differ: a rule for each difference; raises Broken for one without a rule."""
    calamine, openpyxl_ = _by_calamine(data), _by_openpyxl(data)
    if calamine is None and openpyxl_ is None:
        yield "both others refuse"
        return
    for sheet in read.book.sheets:
        ours = read.cells(sheet)
        theirs = [
            each[sheet.title] for each in (calamine, openpyxl_) if each is not None and sheet.title in each
        ]
        if not theirs or [each.title for each in read.book.sheets].count(sheet.title) > 1:
            continue
        formulas = {each["key"] for each in sheet.typed.to_pylist() if each["formula"]}
        for key in sorted({*ours, *(key for each in theirs for key in each)}):
            mine = ours.get(key)
            seen = [each.get(key) for each in theirs]
            if any(_alike(mine, each) for each in seen):
                if not all(_alike(mine, each) for each in seen):
                    yield "one other agrees"
                continue
            rule = _may_differ(sheet, mine, seen, formula=key in formulas)
            if not rule and openpyxl_ is None and _VALUE_IN_PIECES.search(_part_of(data, sheet.title)):
                rule = "calamine alone reads it, and takes one piece of a value for the whole"
            if not rule:
                raise Broken(f"{sheet.title}!{address_of(key)} is {mine!r}, the others read {seen!r}")
            yield rule


_VALUE_IN_PIECES = re.compile(rb"<(?:\w+:)?[vt](?:\s[^>]*)?>[^<]*(?:&#|<[!?])")


def _part_of(data: bytes, title: str) -> bytes:
    """The sheet's XML in UTF-8."""
    with open_package(data, _NAME, USUAL) as package:
        part = next(each.part for each in read_book(package).sheets if each.title == title)
        return b"".join(utf8_blocks(package.blocks(part), part))


def _may_differ(sheet: RawSheet, mine: Cell | None, seen: list[Cell | None], *, formula: bool) -> str:
    """The rule by which ours may differ from all others, "" where there is none."""
    kinds = {"" if each is None else each[0] for each in seen}
    if sheet.disorder is not None:
        return "rows or cells out of order: an error of ours (D37)"
    if formula:
        return "a formula, whose missing value is an error of ours (D18)"
    if mine is not None and mine[0] == "text" and kinds <= {"", "text"}:
        texts = [each[1] for each in seen if each is not None]
        if all(_plain(text) in _plain(mine[1]) for text in texts):
            return "ours has more of a text whose spelling is odd, and drops nothing in silence"
    if mine is not None and mine[0] in ("error", "other"):
        return "no value of its type: an error of ours (D16, D44)"
    if mine is not None and mine[0] == "number" and "date" in kinds:
        return "a number shown as a date: told with what Excel shows (D09)"
    return ""


def _alike(mine: Cell | None, theirs: Cell | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    if mine[0] == theirs[0] == "number":
        return math.isclose(mine[1], theirs[1], rel_tol=1e-14)
    if mine[0] == theirs[0] == "text":
        # The others leave escapes here and there.
        return _plain(mine[1]) in (_plain(theirs[1]), _plain(unescaped(theirs[1])))
    return mine == theirs


def _plain(text: str) -> str:
    """Calamine trims, openpyxl leaves line ends."""
    return text.replace("\r", "").replace("\n", "").strip()


def _value(value: Any) -> Cell | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, (int, float, Decimal)):
        return "number", float(value)
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return "date", value
    return "text", str(value)


def _cells(rows: Iterator[tuple[int, list[Any]]]) -> dict[int, Cell]:
    found = {}
    for row, values in rows:
        for column, value in enumerate(values):
            if (cell := _value(value)) is not None and (cell[0] != "text" or _plain(cell[1])):
                found[row * STRIDE + column] = cell
    return found


def _by_calamine(data: bytes) -> dict[str, dict[int, Cell]] | None:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        titles = [each.name for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
        found = {}
        for title in titles:
            sheet = book.get_sheet_by_name(title)
            if sheet.end is not None and (sheet.end[0] + 1) * (sheet.end[1] + 1) > 3_000_000:
                return None
            found[title] = _cells(enumerate(sheet.to_python(skip_empty_area=False), 1))
    except Exception:  # noqa: BLE001 - whatever it says, it does not read this
        return None
    return found


def _by_openpyxl(data: bytes) -> dict[str, dict[int, Cell]] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book: Any = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        found = {}
        for sheet in book.worksheets:
            cells = {
                cell.row * STRIDE + cell.column - 1: value
                for cell in sheet._cells.values()
                if (value := _value(cell.value)) is not None and (value[0] != "text" or _plain(value[1]))
            }
            found[sheet.title] = cells
    except Exception:  # noqa: BLE001 - as above
        return None
    return found
