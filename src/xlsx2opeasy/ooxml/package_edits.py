"""Which parts of a workbook change and which are new, collected before the package is copied."""

import itertools
import posixpath
from dataclasses import dataclass, field

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import CONTENT_TYPES, Package, folded
from xlsx2opeasy.ooxml.package_copy import PartContent
from xlsx2opeasy.ooxml.relations import (
    RELATION_TYPES,
    Book,
    Relation,
    SheetPart,
    read_book,
    relations,
    relations_in,
    relations_part,
    sheet_part,
    text_of,
)
from xlsx2opeasy.ooxml.styles import empty_styles
from xlsx2opeasy.ooxml.xml import parsed, quoted, spliced, with_last_child

_NO_RELATIONS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
)
_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_SIGNATURE = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"


@dataclass
class PackageEdits:
    """Edits of one workbook; `changed` and `added` are what `copy_package` takes.

    Small parts are edited as texts, one edit upon the other; sheets are streamed and set once.
    `WorkbookUnusable` where the package is signed.
    """

    package: Package
    book: Book = field(init=False)
    changed: dict[str, PartContent | None] = field(default_factory=dict)
    added: dict[str, PartContent] = field(default_factory=dict)
    _texts: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(each.type == _SIGNATURE for each in relations(self.package, "")):
            raise WorkbookUnusable(
                "The workbook is digitally signed; writing into it would break the signature."
            )
        self.book = read_book(self.package)

    @property
    def changed_names(self) -> tuple[str, ...]:
        """The names of the parts that are not the source's byte for byte."""
        return (*(self.package.entry(part).orig_filename for part in self.changed), *self.added)

    def sheet(self, title: str) -> SheetPart:
        """The worksheet with exactly this title; `WorkbookUnusable` where there is none with a part."""
        for each in self.book.sheets:
            if each.title == title:
                sheet_part(self.package, each)
                return each
        raise WorkbookUnusable(f'The workbook has no sheet "{title}" that can be written.')

    def text(self, part: str) -> bytes:
        """A small part as it is after the edits so far, as UTF-8."""
        return self._texts[part] if part in self._texts else text_of(self.package, part)

    def relations(self, part: str) -> tuple[Relation, ...]:
        """The relationships of a part after the edits so far."""
        name = relations_part(part)
        if name not in self._texts:
            return relations(self.package, part)
        return tuple(relations_in(parsed(self._texts[name], name), part))

    def related(self, kind: str) -> str | None:
        """The part of this kind that the workbook part refers to, if the package has it."""
        found = (each.part for each in self.relations(self.book.main) if each.kind == kind)
        return next((part for part in found if part in self.package), None)

    def set(self, part: str, text: bytes) -> None:
        """Give a small part, old or new, this content; one that stays the same is no edit."""
        if part in self.package and text == self.text(part):
            return
        self._texts[part] = text
        self.stream(part, (text,))

    def stream(self, part: str, content: PartContent) -> None:
        """Give a part, old or new, this content, which is taken when the package is copied."""
        if part in self.package:
            self.changed[part] = content
        else:
            self.added[part] = content

    def remove(self, part: str, kind: str) -> None:
        """Leave out a part that the workbook part refers to as `kind`."""
        self.changed[part] = None
        types = parsed(self.text(CONTENT_TYPES), CONTENT_TYPES).all("Override")
        gone = [each for each in types if folded(each.attributes.get("PartName", "")) == folded(part)]
        self.set(CONTENT_TYPES, spliced(self.text(CONTENT_TYPES), [(e.start, e.end, b"") for e in gone]))
        name = relations_part(self.book.main)
        kinds = {f"{base}/{kind}" for base in RELATION_TYPES}
        links = parsed(self.text(name), name).all("Relationship")
        gone = [each for each in links if each.attributes.get("Type") in kinds]
        self.set(name, spliced(self.text(name), [(each.start, each.end, b"") for each in gone]))

    def declare(self, part: str, content_type: str) -> None:
        """Declare the content type of a new part."""
        root = parsed(self.text(CONTENT_TYPES), CONTENT_TYPES)
        entry = f'<{root.prefix}Override PartName={quoted("/" + part)} ContentType="{content_type}"/>'
        self.set(CONTENT_TYPES, with_last_child(self.text(CONTENT_TYPES), root, entry.encode()))

    def relate(self, source: str, kind: str, target: str) -> str:
        """Add a relationship from one part to another, of the namespace of the others; give its id."""
        name = relations_part(source)
        before = self.text(name) if name in self.package or name in self._texts else _NO_RELATIONS
        root = parsed(before, name)
        there = list(relations_in(root, source))
        taken = {each.id for each in there}
        new = next(f"rIdResults{n}" for n in itertools.count(1) if f"rIdResults{n}" not in taken)
        strict = any(each.type.startswith(RELATION_TYPES[1]) for each in there)
        base = RELATION_TYPES[strict or (self.book.strict and not there)]
        relative = quoted(posixpath.relpath(target, posixpath.dirname(source) or "."))
        entry = f'<{root.prefix}Relationship Id="{new}" Type="{base}/{kind}" Target={relative}/>'
        self.set(name, with_last_child(before, root, entry.encode()))
        return new

    def free_name(self, folder: str, stem: str, extension: str) -> str:
        """A part name that is free: `folder/stem.extension`, else with a number."""
        for number in itertools.chain([""], itertools.count(1)):
            name = posixpath.join(folder, f"{stem}{number}.{extension}")
            if name not in self.package and name not in self.added:
                return name
        raise AssertionError

    def styles_part(self) -> str:
        """The style sheet; a workbook without one gets one."""
        if (part := self.related("styles")) is not None:
            return part
        part = self.free_name(posixpath.dirname(self.book.main), "styles", "xml")
        self.set(part, empty_styles(self.book.namespace))
        self.declare(part, _STYLES_TYPE)
        self.relate(self.book.main, "styles", part)
        return part

    @property
    def id_namespace(self) -> str:
        """The namespace of `r:id` in this workbook."""
        return RELATION_TYPES[self.book.strict]
