"""The parts that hold a sheet's comments: those it has are added to, others are made and related."""

import posixpath

from xlsx2opeasy.ooxml.package_copy import PackageEdits
from xlsx2opeasy.workbook.annotate.comments import no_comments, with_comments
from xlsx2opeasy.workbook.annotate.drawing import NO_DRAWING, clusters_used, column_widths, with_shapes
from xlsx2opeasy.workbook.annotate.marks import Comment, SheetMarks
from xlsx2opeasy.workbook.annotate.sheet import NewDrawing, Survey

_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"


class Commenting:
    """Comments the sheets of one workbook, whose shapes must all have different ids."""

    def __init__(self, edits: PackageEdits) -> None:
        self._edits = edits
        self._folder = posixpath.dirname(edits.book.main)
        package = edits.package
        used = (clusters_used(package.read(name)) for name in package.names if name.lower().endswith(".vml"))
        self._next_cluster = 1 + max(set[int]().union(*used), default=0)

    def comment(self, sheet_part: str, marks: SheetMarks, found: Survey) -> NewDrawing | None:
        """Writes a sheet's comments and their boxes; gives the drawing that the sheet must name, if new."""
        new = self._words(sheet_part, marks)
        if not new:
            return None
        part = self._related(sheet_part, "vmlDrawing", found.drawing)
        before = self._edits.text(part) if part else NO_DRAWING
        widths = column_widths(found.root)
        after, self._next_cluster = with_shapes(before, new, widths, self._next_cluster)
        if part is not None:
            self._edits.set(part, after)
            return None
        part = self._edits.free_name(posixpath.join(self._folder, "drawings"), "vmlDrawing", "vml")
        self._edits.set(part, after)
        self._edits.declare(part, _DRAWING_TYPE)
        return NewDrawing(self._edits.relate(sheet_part, "vmlDrawing", part), self._edits.id_namespace)

    def _words(self, sheet_part: str, marks: SheetMarks) -> list[Comment]:
        """Writes the comments; gives those that need a box."""
        part = self._related(sheet_part, "comments")
        if part is not None:
            after, new = with_comments(self._edits.text(part), part, marks.commented())
            self._edits.set(part, after)
            return new
        part = self._edits.free_name(self._folder, "comments", "xml")
        after, new = with_comments(no_comments(self._edits.book.namespace), part, marks.commented())
        self._edits.set(part, after)
        self._edits.declare(part, _COMMENTS_TYPE)
        self._edits.relate(sheet_part, "comments", part)
        return new

    def _related(self, sheet_part: str, kind: str, identity: str | None = None) -> str | None:
        """The part of that kind, and with that relationship's id if given, that a sheet refers to."""
        for each in self._edits.relations(sheet_part):
            if each.kind == kind and each.part in self._edits.package and identity in (None, each.id):
                return each.part
        return None
