"""A workbook as a list of zip entries that can be changed at will, and its bytes, whose zip may lie."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Self
from zipfile import ZIP_DEFLATED, ZipFile

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64, _LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
_DATE = 0x21 | 46 << 9
_DESCRIPTOR, _UTF8 = 0x8, 0x800
_BEYOND = 0xFFFFFFFF


@dataclass
class Entry:
    """One part and how it is packed; `lies` are added to the fields `crc`, `size`, `packed`, `offset` of the directory."""

    name: str
    content: bytes
    deflated: bool = True
    level: int = 6
    descriptor: bool = False
    zip64: bool = False
    lies: dict[str, int] = field(default_factory=dict)


@dataclass
class Book:
    """A workbook's entries, in the order of the file."""

    entries: list[Entry]
    comment: bytes = b""
    before: bytes = b""
    cut: int = 0

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The entries of a package."""
        with ZipFile(io.BytesIO(data)) as package:
            return cls([Entry(each.filename, package.read(each)) for each in package.infolist()])

    def part(self, name: str) -> Entry | None:
        """The first part of that name."""
        return next((each for each in self.entries if each.name == name), None)

    def ending(self, *ends: str) -> list[Entry]:
        """The parts whose names end so."""
        return [each for each in self.entries if each.name.endswith(ends)]

    def packed(self) -> bytes:
        """The bytes of the package."""
        out = io.BytesIO()
        out.write(self.before)
        directory = [_write(out, entry) for entry in self.entries]
        start = out.tell()
        for each in directory:
            out.write(each)
        size, number = out.tell() - start, len(directory)
        if any(entry.zip64 for entry in self.entries):
            end64 = out.tell()
            out.write(_END64 + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, number, number, size, start))
            out.write(_LOCATOR64 + struct.pack("<LQL", 0, end64, 1))
        out.write(_END + struct.pack("<4H2LH", 0, 0, number, number, size, start, len(self.comment)))
        out.write(self.comment)
        data = out.getvalue()
        return data[: len(data) - self.cut] if self.cut else data


def _write(out: io.BytesIO, entry: Entry) -> bytes:
    """Writes an entry; returns its record of the directory."""
    packer = zlib.compressobj(entry.level, zlib.DEFLATED, -15)
    packed = packer.compress(entry.content) + packer.flush() if entry.deflated else entry.content
    crc, size, offset = zlib.crc32(entry.content), len(entry.content), out.tell()
    name = entry.name.encode()
    flags = _UTF8 * (not entry.name.isascii()) | _DESCRIPTOR * entry.descriptor
    method = ZIP_DEFLATED if entry.deflated else zipfile.ZIP_STORED
    version = 45 if entry.zip64 else 20
    told = (0, 0, 0) if entry.descriptor else (crc, len(packed), size)
    extra = b""
    if entry.zip64:
        extra = struct.pack("<2H2Q", 1, 16, *((0, 0) if entry.descriptor else (size, len(packed))))
        told = (told[0], _BEYOND, _BEYOND)
    out.write(_LOCAL + struct.pack("<5H3L2H", version, flags, method, 0, _DATE, *told, len(name), len(extra)))
    out.write(name + extra + packed)
    if entry.descriptor:
        out.write(struct.pack("<4sL2Q" if entry.zip64 else "<4s3L", b"PK\x07\x08", crc, len(packed), size))
    lies = entry.lies
    crc, size = (crc + lies.get("crc", 0)) & _BEYOND, max(size + lies.get("size", 0), 0)
    length, offset = (
        max(len(packed) + lies.get("packed", 0), 0),
        max(offset + lies.get("offset", 0), 0) & _BEYOND,
    )
    extra = struct.pack("<2H2Q", 1, 16, size, length) if entry.zip64 else b""
    shown = (_BEYOND, _BEYOND) if entry.zip64 else (length & _BEYOND, size & _BEYOND)
    fields = (
        version,
        version,
        flags,
        method,
        0,
        _DATE,
        crc,
        *shown,
        len(name),
        len(extra),
        0,
        0,
        0,
        0,
        offset,
    )
    return _CENTRAL + struct.pack("<6H3L5H2L", *fields) + name + extra
