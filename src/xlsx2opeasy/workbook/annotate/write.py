"""Writes a copy of a workbook with what the check found: marks, comments, and a sheet that lists it all.

Every part is taken over byte for byte but those that the marks must touch: sheets
with wrong cells and their comments, the styles, and the list of sheets.

    marks           which cells
    styles          each format with a fill
    sheet           a sheet with its cells marked
    comments        its comments, and their parts
    drawing         their boxes
    problem_list    the list, here or in a workbook of its own where this one cannot be marked
"""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xlsx2opeasy.durable import require_overwritable
from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.ooxml.package_copy import PackageEdits
from xlsx2opeasy.ooxml.relations import free_sheet_id
from xlsx2opeasy.ooxml.stream import SheetStream
from xlsx2opeasy.ooxml.xml import parsed, quoted, with_last_child
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.workbook.annotate.comments import Commenting
from xlsx2opeasy.workbook.annotate.marks import MOST_COMMENTS, SheetMarks, marks_by_sheet
from xlsx2opeasy.workbook.annotate.problem_list import CONTENT_TYPE, free_title, introduction, problem_sheet
from xlsx2opeasy.workbook.annotate.sheet import marked_sheet, survey
from xlsx2opeasy.workbook.annotate.styles import MarkStyles, Wanted, with_mark_styles
from xlsx2opeasy.workbook.edited_copy import MarkedCopy, edited_copy
from xlsx2opeasy.workbook.own_sheets import problem_lists


@dataclass(frozen=True, slots=True)
class Annotated:
    """What was written: the file, the title of the sheet that lists the problems, how many cells are marked,
    how many of them have a comment, and the parts that are not the source's byte for byte.
    """

    target: Path
    title: str
    marked: int
    commented: int
    changed_parts: tuple[str, ...]


def refuse_target(source: Path, target: Path, *, replace: bool = False) -> None:
    """`WorkbookUnusable` where `target` exists (`source` never may be replaced); `UsageError`: extension."""
    require_overwritable(target, replace=replace, inputs=(source,))
    if target.suffix.casefold() != source.suffix.casefold():
        other = target.with_suffix(source.suffix)
        raise UsageError(f"a copy of {source.name} must end in {source.suffix}", f"write {other}")


def write_annotated(
    source: Path, target: Path, problems: Sequence[Problem], *, replace: bool = False
) -> Annotated:
    """Writes `target`, which does not exist yet or may be replaced: `source` with `problems` marked in it.

    `WorkbookUnusable` where the target is refused or cannot be used, `MarkedCopy` where the source is one,
    `UnwritableWorkbook` where it cannot be marked without harm (a signed package, cells out of order, …):
    then nothing was written.
    """
    refuse_target(source, target, replace=replace)
    with edited_copy(source, target) as edits:
        annotation = _Annotation(edits, problems, source.name)
        title = annotation.prepare()
    marked = sum(sheet.count for sheet in annotation.sheets)
    commented = sum(min(sheet.count, MOST_COMMENTS) for sheet in annotation.sheets)
    return Annotated(target, title, marked, commented, edits.changed_names)


@dataclass
class _Annotation:
    """Settles the new content of every part that changes; sheets are written only as they are asked for."""

    edits: PackageEdits
    problems: Sequence[Problem]
    source: str
    sheets: list[SheetMarks] = field(init=False)

    def __post_init__(self) -> None:
        self.sheets = marks_by_sheet(self.problems)

    def prepare(self) -> str:
        """Makes the edits; gives the title of the sheet that lists the problems."""
        self._refuse_marked_copy()
        parts = [self.edits.sheet(sheet.title).part for sheet in self.sheets]
        surveys = [survey(self._stream(part), sheet) for part, sheet in zip(parts, self.sheets, strict=True)]
        part = self.edits.styles_part()
        wanted = frozenset[Wanted]().union(*(each.wanted for each in surveys))
        after, styles = with_mark_styles(self.edits.text(part), part, wanted)
        self.edits.set(part, after)
        commenting = Commenting(self.edits) if self.sheets else None
        for part, sheet, found in zip(parts, self.sheets, surveys, strict=True):
            assert commenting is not None
            drawing = commenting.comment(part, sheet, found)
            self.edits.stream(part, marked_sheet(self._stream(part), sheet, styles, drawing))
        return self._list(styles)

    def _stream(self, part: str) -> SheetStream:
        return SheetStream(self.edits.package.blocks(part), part)

    def _titles(self) -> list[str]:
        sheets = parsed(self.edits.text(self.edits.book.main), self.edits.book.main).child("sheets")
        return [each.attributes.get("name", "") for each in sheets.all("sheet")] if sheets else []

    def _refuse_marked_copy(self) -> None:
        """Marks upon marks would say of a corrected cell that it is still wrong."""
        if problem_lists(self._titles(), self.edits.package):
            raise MarkedCopy(
                f"{self.source} is itself a marked copy, and its old marks would stay among the new ones.",
                "Correct the workbook that it was made of, and mark that one.",
            )

    def _list(self, styles: MarkStyles) -> str:
        """Adds the sheet that lists the problems, as the last."""
        main = self.edits.book.main
        root = parsed(self.edits.text(main), main)
        sheets = root.child("sheets")
        assert sheets is not None
        there = list(sheets.all("sheet"))
        titles = self._titles()
        title = free_title(titles)
        folder = posixpath.join(posixpath.dirname(main), "worksheets")
        part = self.edits.free_name(folder, "sheetProblems", "xml")
        content = problem_sheet(
            self.edits.book.namespace,
            introduction(self.source, self.problems, self.sheets),
            self.problems,
            frozenset(titles),
            styles,
            frozen=root.child("bookViews") is not None,
        )
        self.edits.stream(part, content)
        self.edits.declare(part, CONTENT_TYPE)
        relation = self.edits.relate(main, "worksheet", part)
        number = free_sheet_id(there)
        namespace = self.edits.id_namespace
        entry = (
            f'<{root.prefix}sheet xmlns:r="{namespace}" name={quoted(title)} sheetId="{number}" '
            f'r:id="{relation}"/>'
        )
        self.edits.set(main, with_last_child(self.edits.text(main), sheets, entry.encode()))
        return title
