"""Writes results into a workbook: a copy of the package in which only the result cells have changed.

Every part is taken over byte for byte but the touched sheets, `styles.xml` where formats are added, and the
calc chain where a result takes a formula's place.

    survey                first pass over a sheet: where the results go
    rows                  second pass: the sheet with its results
    ooxml/package_copy    the package around them
    ooxml/replace         all at once, or not at all

A calc chain (ECMA-376 part 1, 18.6) that names a formula which is gone makes Excel call the file damaged.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package_copy import PackageEdits
from xlsx2opeasy.ooxml.stream import KnownRows, SheetStream
from xlsx2opeasy.ooxml.styles import ResultStyles, with_result_styles
from xlsx2opeasy.ooxml.xml import parsed, spliced, with_attribute
from xlsx2opeasy.spec.outcomes import RowResult
from xlsx2opeasy.workbook.edited_copy import edited_copy
from xlsx2opeasy.workbook.results.rows import ResultRows, rewritten
from xlsx2opeasy.workbook.results.survey import Survey, survey


def drop_from_calc_chain(edits: PackageEdits, gone: Mapping[str, frozenset[str]]) -> None:
    """Takes replaced formulas, by sheet id, out of the calc chain; one that is left empty goes."""
    part = edits.related("calcChain")
    if part is None or not any(gone.values()):
        return
    chain = without_formulas(edits.text(part), part, gone)
    if chain is None:
        edits.remove(part, "calcChain")
    else:
        edits.set(part, chain)


def without_formulas(chain: bytes, part: str, gone: Mapping[str, frozenset[str]]) -> bytes | None:
    """The calc chain without the cells `gone`, by sheet id; None where nothing is left of it.

    An entry without `i` is on the sheet of the entry before, so that it gets its own where that one goes.
    """
    root = parsed(chain, part)
    edits: list[tuple[int, int, bytes]] = []
    sheet, named, left = "0", "0", 0
    for entry in root.all("c"):
        sheet = entry.attributes.get("i", sheet)
        if entry.attributes.get("r", "") in gone.get(sheet, frozenset()):
            edits.append((entry.start, entry.end, b""))
            continue
        left += 1
        if "i" not in entry.attributes and named != sheet:
            tag = with_attribute(chain[entry.start : entry.inside], "i", sheet)
            edits.append((entry.start, entry.inside, tag))
        named = sheet
    return spliced(chain, edits) if left else None


@dataclass(frozen=True, slots=True)
class SheetResults:
    """The results of one sheet: its title as in the workbook, its header row, results by Excel's row number.

    Rows without an entry keep what they have. A sheet without results is left as it is. The columns
    `never_ours` (from 1) are the person's own, although they have the header of a result column.
    """

    title: str
    header_row: int
    results: Mapping[int, RowResult]
    never_ours: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the file, and the names of the parts that are not the source's byte for byte."""

    target: Path
    changed_parts: tuple[str, ...]


def write_results(source: Path, target: Path, sheets: Sequence[SheetResults]) -> Written:
    """Writes `target`: the workbook `source` with `sheets` in it; both may be the same file.

    The four result columns are found by their headers and used again, else made at the right of everything on
    the sheet. `target` is replaced at once, and has the mode of the file it replaces, else of `source`.
    `WorkbookUnusable` where target cannot be used, `UnwritableWorkbook` where results cannot be written into
    the source without harm (a signed package, rows out of order, …): then nothing was touched. `ValueError`
    for a sheet named twice, or a row that is not below its header.
    """
    _refuse_nonsense(sheets)
    if not source.is_file():
        raise WorkbookUnusable(f"{source} does not exist.")
    with edited_copy(source, target) as edits:
        changes = _Changes(edits)
        for sheet in sheets:
            if sheet.results:
                changes.survey(sheet)
        changes.prepare()
    return Written(target, edits.changed_names)


def _refuse_nonsense(sheets: Sequence[SheetResults]) -> None:
    """Refuses what only a slip in the calling code can ask for."""
    if len({sheet.title for sheet in sheets}) < len(sheets):
        raise ValueError("a sheet is named twice")
    if any(row <= sheet.header_row for sheet in sheets for row in sheet.results):
        raise ValueError("a result belongs to a row that is not below the header row")


@dataclass
class _Changes:
    """Settles the new content of every part that changes; sheets are written only as they are asked for."""

    edits: PackageEdits
    _sheets: dict[str, tuple[SheetResults, Survey]] = field(default_factory=dict)
    _formulas: dict[str, frozenset[str]] = field(default_factory=dict)

    def survey(self, sheet: SheetResults) -> None:
        """Looks a sheet through."""
        there = self.edits.sheet(sheet.title)
        found = survey(
            self._stream(there.part), self.edits, sheet.header_row, sheet.results, sheet.never_ours
        )
        self._sheets[there.part] = sheet, found
        self._formulas[there.id] = found.formulas

    def prepare(self) -> None:
        """Makes the edits."""
        if not self._sheets:
            return
        part = self.edits.styles_part()
        after, styles = with_result_styles(self.edits.text(part), part)
        self.edits.set(part, after)
        drop_from_calc_chain(self.edits, self._formulas)
        for sheet_part, (sheet, found) in self._sheets.items():
            self.edits.stream(sheet_part, self._sheet(sheet_part, sheet, found, styles))

    def _stream(self, part: str, known: Iterable[KnownRows] = ()) -> SheetStream:
        return SheetStream(self.edits.package.blocks(part), part, known)

    def _sheet(self, part: str, sheet: SheetResults, found: Survey, styles: ResultStyles) -> Iterator[bytes]:
        stream = self._stream(part, found.rows)
        rows = ResultRows(stream.tags, found, styles, sheet.header_row, sheet.results)
        return rewritten(stream, found, rows)
