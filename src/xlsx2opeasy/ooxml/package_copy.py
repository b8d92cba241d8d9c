"""Copies a zip package with some parts rewritten and all others byte for byte.

`zipfile` cannot take an entry over without inflating it, so the copy's records are written here (APPNOTE.TXT
4.3.7, 4.3.12, 4.3.16).
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from copy import copy
from typing import BinaryIO

from isal import isal_zlib

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import LOCAL_HEADER, RESAVE, Package

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
