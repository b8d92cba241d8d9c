"""Which parts of a workbook change and which are new, collected before the package is copied.

Called by `results/write.py` and `annotate/write.py`.
"""

import itertools
import posixpath
from dataclasses import dataclass, field

from xlsx2opeasy.ooxml.package_copy import PartContent
from xlsx2opeasy.ooxml.parts import (
    CONTENT_TYPES,
    MAIN_NAMESPACES,
    RELATION_TYPES,
    STYLES_TYPE,
    WorkbookParts,
    relations_part,
    with_override,
    with_relation,
    without_override,
    without_relation,
)
from xlsx2opeasy.ooxml.styles import empty_styles

_NO_RELATIONS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
)
STRICT = next(each for each in MAIN_NAMESPACES if "purl" in each)
"""The strict main namespace."""


@dataclass
class PackageEdits:
    """Edits of one workbook; `changed` and `added` are what `copy_package` takes.

    Small parts are edited as texts, one edit upon the other; sheets are streamed and set once.
    """

    parts: WorkbookParts
    changed: dict[str, PartContent | None] = field(default_factory=dict)
    added: dict[str, PartContent] = field(default_factory=dict)
    _texts: dict[str, bytes] = field(default_factory=dict)

    @property
    def relation_types(self) -> str:
        """What the types of this workbook's relationships begin with, also the namespace of `r:id`."""
        return RELATION_TYPES[self.parts.namespace == STRICT]

    def text(self, part: str) -> bytes:
        """A small part as it stands after the edits so far, as UTF-8."""
        return self._texts[part] if part in self._texts else self.parts.text(part)

    def set(self, part: str, text: bytes) -> None:
        """Gives a small part, old or new, this content; one that stays the same is no edit."""
        if part in self.parts.package and text == self.text(part):
            return
        self._texts[part] = text
        self.stream(part, (text,))

    def stream(self, part: str, content: PartContent) -> None:
        """Gives a part, old or new, this content, which is taken when the package is copied."""
        if part in self.parts.package:
            self.changed[part] = content
        else:
            self.added[part] = content

    def remove(self, part: str, kind: str) -> None:
        """Leaves out a part that the workbook part refers to as `kind`."""
        relations = relations_part(self.parts.main)
        self.changed[part] = None
        self.set(CONTENT_TYPES, without_override(self.text(CONTENT_TYPES), part))
        self.set(relations, without_relation(self.text(relations), relations, kind))

    def declare(self, part: str, content_type: str) -> None:
        """Tells the content type of a new part."""
        self.set(CONTENT_TYPES, with_override(self.text(CONTENT_TYPES), part, content_type))

    def relate(self, source: str, kind: str, target: str) -> str:
        """Adds a relationship from one part to another; gives its id."""
        relations = relations_part(source)
        known = relations in self.parts.package or relations in self._texts
        before = self.text(relations) if known else _NO_RELATIONS
        relative = posixpath.relpath(target, posixpath.dirname(source) or ".")
        strict = self.parts.namespace == STRICT
        after, new = with_relation(before, relations, kind, relative, strict=strict)
        self.set(relations, after)
        return new

    def free_name(self, folder: str, stem: str, extension: str) -> str:
        """A part name that is free: `folder/stem.extension`, else with a number."""
        for number in itertools.chain([""], itertools.count(1)):
            name = posixpath.join(folder, f"{stem}{number}.{extension}")
            if name not in self.parts.package and name not in self.added:
                return name
        raise AssertionError

    def styles_part(self) -> str:
        """The style sheet; a workbook without one gets one."""
        if (part := self.parts.related("styles")) is not None:
            return part
        part = self.free_name(posixpath.dirname(self.parts.main), "styles", "xml")
        self.set(part, empty_styles(self.parts.namespace))
        self.declare(part, STYLES_TYPE)
        self.relate(self.parts.main, "styles", part)
        return part
