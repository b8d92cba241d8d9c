"""Copies a zip package with some parts rewritten and all others byte for byte.

`zipfile` cannot take an entry over without inflating it, so the copy's records are written here (APPNOTE.TXT
4.3.7, 4.3.12, 4.3.16).

`PackageEdits` collects which parts of a workbook change and which are new, before the package is copied.
"""

import itertools
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import BinaryIO

from isal import isal_zlib

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import CONTENT_TYPES, LOCAL_HEADER, RESAVE, Package, folded
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

_LEVEL = 2
"""Of isal: as small as zlib at its level 4, in a tenth of the time."""

PartContent = Iterable[bytes]

_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_DESCRIPTOR, _UTF8_NAME = 0x8, 0x800
_ZIP64_EXTRA = 0x0001
_LIMIT_32, _LIMIT_16 = 0xFFFF_FFFF, 0xFFFF


def copy_package(
    package: Package,
    target: BinaryIO,
    changed: Mapping[str, PartContent | None],
    added: Mapping[str, PartContent],
) -> None:
    """Writes a copy of `package` to `target`, a new file that can seek.

    Parts named in `changed` get that content (None leaves them out) and parts of `added` follow at the end;
    every other entry keeps its compressed bytes, name, time, attributes and comment. Data descriptors and
    zip64 records are not needed in the copy: sizes are in the local headers. `WorkbookUnusable` beyond
    4 GiB and 65,535 entries.
    """
    rewritten = {package.entry(part).header_offset: content for part, content in changed.items()}
    records = []
    for entry in package.entries:
        if entry.header_offset not in rewritten:
            records.append(_copied(package, entry, target))
        elif (content := rewritten[entry.header_offset]) is not None:
            records.append(_deflated(entry, content, target))
    for name, content in added.items():
        records.append(_deflated(zipfile.ZipInfo(name), content, target))
    _finish(target, records, package.comment)


def _copied(package: Package, entry: zipfile.ZipInfo, target: BinaryIO) -> bytes:
    """Takes one entry over with its compressed bytes; returns its record for the central directory."""
    name, extra = package.local_names(entry)
    offset = target.tell()
    flags = entry.flag_bits & ~_DESCRIPTOR
    target.write(_local(entry, entry.compress_type, flags, name, _without_zip64(extra)))
    target.writelines(package.stored(entry))
    return _central(entry, entry.compress_type, flags, name, offset)


def _deflated(entry: zipfile.ZipInfo, content: PartContent, target: BinaryIO) -> bytes:
    """Writes one entry with new content; returns its record for the central directory."""
    entry = copy(entry)
    entry.CRC = 0
    utf8 = entry.flag_bits & _UTF8_NAME
    name = entry.orig_filename.encode("utf-8" if utf8 else "cp437")
    deflate, crc, inflated = isal_zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS), 0, 0
    offset = target.tell()
    target.write(_local(entry, zipfile.ZIP_DEFLATED, utf8, name, b""))
    start = target.tell()
    for block in content:
        crc, inflated = isal_zlib.crc32(block, crc), inflated + len(block)
        target.write(deflate.compress(block))
    target.write(deflate.flush())
    end = target.tell()
    entry.CRC, entry.file_size, entry.compress_size = crc, inflated, end - start
    target.seek(offset)
    target.write(_local(entry, zipfile.ZIP_DEFLATED, utf8, name, b""))
    target.seek(end)
    return _central(entry, zipfile.ZIP_DEFLATED, utf8, name, offset)


def _local(entry: zipfile.ZipInfo, method: int, flags: int, name: bytes, extra: bytes) -> bytes:
    """A local file header (4.3.7)."""
    sizes = (entry.CRC, _fitting(entry.compress_size), _fitting(entry.file_size))
    needed = max(20, entry.extract_version)
    time, date = _dos_time(entry)
    fields = (b"PK\x03\x04", needed, flags, method, time, date, *sizes, len(name), len(extra))
    return LOCAL_HEADER.pack(*fields) + name + extra


def _central(entry: zipfile.ZipInfo, method: int, flags: int, name: bytes, offset: int) -> bytes:
    """A record of the central directory (4.3.12)."""
    made_by, needed = entry.create_system << 8 | entry.create_version, max(20, entry.extract_version)
    sizes = (entry.CRC, _fitting(entry.compress_size), _fitting(entry.file_size))
    extra = _without_zip64(entry.extra)
    lengths = (len(name), len(extra), len(entry.comment))
    attributes = (0, entry.internal_attr, entry.external_attr)
    time, date = _dos_time(entry)
    fields = (b"PK\x01\x02", made_by, needed, flags, method, time, date, *sizes, *lengths, *attributes)
    return _CENTRAL.pack(*fields, _fitting(offset)) + name + extra + entry.comment


def _finish(target: BinaryIO, records: list[bytes], comment: bytes) -> None:
    """Writes the central directory and its end record (4.3.16)."""
    offset = target.tell()
    directory = b"".join(records)
    if len(records) >= _LIMIT_16:
        raise WorkbookUnusable("The workbook has more than 65,534 parts.", RESAVE)
    count = len(records)
    sizes = (_fitting(len(directory)), _fitting(offset))
    target.write(directory + _END.pack(b"PK\x05\x06", 0, 0, count, count, *sizes, len(comment)) + comment)


def _without_zip64(extra: bytes) -> bytes:
    """Extra fields but for the zip64 sizes, which the copy's own headers hold."""
    kept, position = b"", 0
    while position + 4 <= len(extra):
        tag, size = struct.unpack_from("<HH", extra, position)
        kept += b"" if tag == _ZIP64_EXTRA else extra[position : position + 4 + size]
        position += 4 + size
    return kept + extra[position:]


def _dos_time(entry: zipfile.ZipInfo) -> tuple[int, int]:
    """Time and date of an entry in MS-DOS format."""
    year, month, day, hour, minute, second = entry.date_time
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def _fitting(size: int) -> int:
    """A size or offset as the 32 bits of a plain record."""
    if size >= _LIMIT_32:
        raise WorkbookUnusable("The workbook is larger than 4 GiB.", RESAVE)
    return size


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
