"""Adds comments to a sheet: to the parts that it has, else to new parts, related to the sheet.

ECMA-376 part 1, 18.7. Comments of others stay; where one is at a cell already, ours
goes on from it. One that stands in for a thread (its author begins `tc=`) is left alone: Excel shows the
thread instead, and the problem sheet has the words.
"""

import posixpath
from collections.abc import Iterable

from xlsx2opeasy.ooxml.package_copy import PackageEdits
from xlsx2opeasy.ooxml.text import text_element
from xlsx2opeasy.ooxml.xml import Element, parsed, spliced, with_last_child
from xlsx2opeasy.workbook.annotate.drawing import NO_DRAWING, clusters_used, column_widths, with_shapes
from xlsx2opeasy.workbook.annotate.marks import Comment, SheetMarks
from xlsx2opeasy.workbook.annotate.sheet import MarkSurvey, NewDrawing

AUTHOR = "xlsx2opeasy"
LONGEST = 2_000
"""Characters of a comment; the problem sheet has all of them."""

_FONT = (
    '<{0}rPr><{0}sz val="9"/><{0}color indexed="81"/><{0}rFont val="Tahoma"/><{0}family val="2"/></{0}rPr>'
)
_THREAD = "tc="


def no_comments(namespace: str) -> bytes:
    """A comments part without any."""
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return f'{declaration}<comments xmlns="{namespace}"><authors/><commentList/></comments>'.encode()


def with_comments(before: bytes, part: str, ours: Iterable[Comment]) -> tuple[bytes, list[Comment]]:
    """The comments part (UTF-8) with `ours`, and those of them that are new and so need a shape."""
    root = parsed(before, part)
    authors = _authors(root)
    known = AUTHOR in authors
    author = authors.index(AUTHOR) if known else len(authors)
    there = _by_reference(root)
    p, entries = root.prefix, list[str]()
    new, edits = list[Comment](), list[tuple[int, int, bytes]]()
    for each in ours:
        if (own := there.get(each.reference)) is not None:
            edits += _continued(before, own, each, _author(authors, own))
            continue
        new.append(each)
        text = f"<{p}text>{_run(each.words, p)}</{p}text>"
        entries.append(f'<{p}comment ref="{each.reference}" authorId="{author}">{text}</{p}comment>')
    after = spliced(before, edits)
    if not entries:
        return after, new
    after = _appended(after, part, "commentList", "".join(entries))
    return (after if known else _appended(after, part, "authors", f"<{p}author>{AUTHOR}</{p}author>")), new


def _by_reference(root: Element) -> dict[str, Element]:
    """The comments there are, by the address of their cell."""
    comments = root.child("commentList")
    return {each.attributes.get("ref", ""): each for each in (comments.all("comment") if comments else ())}


def _authors(root: Element) -> list[str]:
    authors = root.child("authors")
    return [each.text for each in authors.all("author")] if authors else []


def _author(authors: list[str], comment: Element) -> str:
    index = comment.attributes.get("authorId", "")
    return authors[int(index)] if index.isdecimal() and int(index) < len(authors) else ""


def _continued(data: bytes, comment: Element, ours: Comment, author: str) -> list[tuple[int, int, bytes]]:
    """The edits that let somebody's comment go on with ours; none for a thread's."""
    text = comment.child("text")
    if text is None or author.startswith(_THREAD):
        return []
    run = _run(f"\n\n{AUTHOR}\n{ours.words}", text.prefix).encode()
    if text.end == text.inside:
        opening = data[text.start : text.end].removesuffix(b"/>").rstrip()
        return [(text.start, text.end, opening + b">" + run + f"</{text.prefix}text>".encode())]
    later = (each.start for each in text.children if each.name in {"rPh", "phoneticPr"})
    place = next(later, text.close)
    return [(place, place, run)]


def _appended(data: bytes, part: str, name: str, entries: str) -> bytes:
    """`data` with entries at the end of a child of its root, which is made where it is missing."""
    root = parsed(data, part)
    if (parent := root.child(name)) is not None:
        return with_last_child(data, parent, entries.encode())
    block = f"<{root.prefix}{name}>{entries}</{root.prefix}{name}>".encode()
    return spliced(data, [(root.inside, root.inside, block)])


def _run(text: str, prefix: str) -> str:
    """Text in the font that Excel gives to comments (18.4.4)."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}… (all of it: see the problem sheet)"
    return f"<{prefix}r>{_FONT.format(prefix)}{text_element(shown, prefix)}</{prefix}r>"


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

    def comment(self, sheet_part: str, marks: SheetMarks, found: MarkSurvey) -> NewDrawing | None:
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
