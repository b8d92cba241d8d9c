"""The parts of a workbook that writing results touches, found by their relationships as OPC demands.

ECMA-376 part 2 (relationships, content types) and part 1, 12.3; transitional and strict namespaces alike.
Called by `results/write.py`.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import RESAVE, Package
from xlsx2opeasy.ooxml.xml import Element, parsed, quoted, spliced, utf8, with_last_child

CONTENT_TYPES = "[Content_Types].xml"
STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
MAIN_NAMESPACES = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
}
RELATION_TYPES = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_SIGNATURE = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship: its id, its full type, and the part it leads to ("" outside the package)."""

    id: str
    type: str
    part: str

    def is_a(self, kind: str) -> bool:
        """Whether its type is this one (`styles`) of the office document namespaces."""
        return self.type in {f"{base}/{kind}" for base in RELATION_TYPES}


class WorkbookParts:
    """The parts of one workbook; `WorkbookUnusable` where the package is signed or is no workbook of XML."""

    def __init__(self, package: Package) -> None:
        self.package = package
        roots = list(self.relations(""))
        if any(each.type == _SIGNATURE for each in roots):
            raise WorkbookUnusable(
                "The workbook is digitally signed; writing into it would break the signature."
            )
        mains = [each.part for each in roots if each.is_a("officeDocument")]
        if len(mains) != 1 or not mains[0].lower().endswith(".xml"):
            raise WorkbookUnusable("The file is no .xlsx or .xlsm workbook.", RESAVE)
        self.main = mains[0]

    @cached_property
    def main_relations(self) -> tuple[Relation, ...]:
        """The workbook part's relationships."""
        return tuple(self.relations(self.main))

    @cached_property
    def namespace(self) -> str:
        """The namespace of the workbook part, transitional or strict."""
        return self.tree(self.main).namespace

    def text(self, part: str) -> bytes:
        """A small part, as UTF-8."""
        return utf8(self.package.read(part), part)

    def tree(self, part: str) -> Element:
        """A small part, parsed."""
        return parsed(self.text(part), part)

    def relations(self, part: str) -> Iterator[Relation]:
        """The relationships of a part ("" for the package's own); none where it has no such part."""
        name = relations_part(part)
        if name not in self.package:
            return
        for each in self.tree(name).all("Relationship"):
            outside = each.attributes.get("TargetMode") == "External"
            target = "" if outside else _resolved(part, each.attributes.get("Target", ""))
            yield Relation(each.attributes.get("Id", ""), each.attributes.get("Type", ""), target)

    def related(self, kind: str) -> str | None:
        """The part of this kind that the workbook part refers to, if any."""
        return next((each.part for each in self.main_relations if each.is_a(kind) and each.part), None)

    def sheet(self, title: str) -> tuple[str, str]:
        """The part and the sheet id of the worksheet with exactly this title."""
        workbook = self.tree(self.main)
        sheets = workbook.child("sheets")
        for each in sheets.all("sheet") if sheets else ():
            if each.attributes.get("name") == title:
                ids = {each.attributes.get(f"{base} id") for base in RELATION_TYPES} - {None}
                part = next((one.part for one in self.main_relations if one.id in ids), "")
                if part:
                    return part, each.attributes.get("sheetId", "")
        raise WorkbookUnusable(f'The workbook has no sheet "{title}" that can be written.', RESAVE)

    def tables(self, sheet_part: str) -> Iterator[str]:
        """The `ref` of each table on a sheet."""
        for each in self.relations(sheet_part):
            if each.is_a("table") and each.part:
                yield self.tree(each.part).attributes.get("ref", "")


def relations_part(part: str) -> str:
    """The name of the part that holds a part's relationships."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def with_override(content_types: bytes, part: str, content_type: str) -> bytes:
    """The content types with an Override for a new part."""
    root = parsed(content_types, CONTENT_TYPES)
    entry = f'<{root.prefix}Override PartName={quoted("/" + part)} ContentType="{content_type}"/>'
    return with_last_child(content_types, root, entry.encode())


def without_override(content_types: bytes, part: str) -> bytes:
    """The content types without the Override of a part that is left out."""
    root = parsed(content_types, CONTENT_TYPES)
    gone = [
        each
        for each in root.all("Override")
        if each.attributes.get("PartName", "").lower() == f"/{part}".lower()
    ]
    return spliced(content_types, [(each.start, each.end, b"") for each in gone])


def with_relation(
    relations: bytes, part: str, kind: str, target: str, *, strict: bool = False
) -> tuple[bytes, str]:
    """A relationships part with one more, and the id of that one, which is new.

    Its type is of the namespace of the others; where there are none, `strict` says which.
    """
    root = parsed(relations, part)
    there = list(root.all("Relationship"))
    taken = {each.attributes.get("Id") for each in there}
    new = next(name for number in range(1, len(taken) + 2) if (name := f"rIdResults{number}") not in taken)
    types = {each.attributes.get("Type", "") for each in there}
    base = RELATION_TYPES[any(each.startswith(RELATION_TYPES[1]) for each in types) or (strict and not there)]
    entry = f'<{root.prefix}Relationship Id="{new}" Type="{base}/{kind}" Target={quoted(target)}/>'
    return with_last_child(relations, root, entry.encode()), new


def without_relation(relations: bytes, part: str, kind: str) -> bytes:
    """A relationships part without those of one kind."""
    root = parsed(relations, part)
    types = {f"{base}/{kind}" for base in RELATION_TYPES}
    gone = [each for each in root.all("Relationship") if each.attributes.get("Type") in types]
    return spliced(relations, [(each.start, each.end, b"") for each in gone])


def _resolved(part: str, target: str) -> str:
    """A relationship's target as a part name without leading slash."""
    target = unquote(target).replace("\\", "/")
    base = "/" + posixpath.dirname(part)
    return posixpath.normpath(posixpath.join(base, target)).lstrip("/")
