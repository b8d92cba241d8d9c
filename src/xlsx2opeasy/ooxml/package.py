"""A zip package opened for reading: its entries, and its parts inflated.

`zipfile` reads the directory (it knows zip64, data descriptors, prefixes and comments); isal inflates, twice
as fast as zlib.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

from xlsx2opeasy.errors import WorkbookUnusable

BLOCK = 1 << 20
"""Bytes that are inflated at a time."""

RESAVE = "Open it in Excel, save it as .xlsx under a new name, and use that file."
"""What to do with a workbook that is damaged or unusual."""

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
"""What stands before each entry (APPNOTE.TXT 4.3.7); its last fields are the lengths of name and extra."""

_STORED_PIECE = 1 << 17
_ENCRYPTED = 0x1


class Package:
    """A package opened for reading. Part names are compared as OPC does: no letter case, no leading slash."""

    def __init__(self, archive: zipfile.ZipFile, file: BinaryIO) -> None:
        self.entries = archive.infolist()
        self.comment = archive.comment
        self._file = file
        self._by_name: dict[str, list[zipfile.ZipInfo]] = {}
        for entry in self.entries:
            self._by_name.setdefault(_folded(entry.orig_filename), []).append(entry)

    def __contains__(self, part: str) -> bool:
        return _folded(part) in self._by_name

    def entry(self, part: str) -> zipfile.ZipInfo:
        """The one entry of a part; `WorkbookUnusable` where there is none, or two, or it is encrypted."""
        entries = self._by_name.get(_folded(part), [])
        if not entries:
            raise WorkbookUnusable(f"The workbook lacks its part {part}.", RESAVE)
        if len(entries) > 1:
            raise WorkbookUnusable(f"The workbook holds its part {part} twice.", RESAVE)
        if entries[0].flag_bits & _ENCRYPTED:
            raise WorkbookUnusable(f"The part {part} of the workbook is encrypted.", RESAVE)
        return entries[0]

    def blocks(self, part: str) -> Iterator[bytes]:
        """A part, inflated, in blocks of at most `BLOCK` bytes; size and checksum are verified at the end."""
        entry = self.entry(part)
        crc, size = 0, 0
        for block in filter(None, self._inflated(entry)):
            crc, size = isal_zlib.crc32(block, crc), size + len(block)
            yield block
        if (crc, size) != (entry.CRC, entry.file_size):
            raise _damaged(part, "its checksum is wrong")

    def read(self, part: str) -> bytes:
        """A whole part, inflated; for the small ones."""
        return b"".join(self.blocks(part))

    def local_names(self, entry: zipfile.ZipInfo) -> tuple[bytes, bytes]:
        """The name and the extra fields that stand before an entry's bytes."""
        self._file.seek(entry.header_offset)
        fields = LOCAL_HEADER.unpack(self._file.read(LOCAL_HEADER.size))
        return self._file.read(fields[9]), self._file.read(fields[10])

    def stored(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """An entry's bytes as they stand in the file, mostly deflated, in pieces."""
        place = entry.header_offset + LOCAL_HEADER.size + sum(map(len, self.local_names(entry)))
        end = place + entry.compress_size
        while place < end:
            self._file.seek(place)  # two parts may be read in turn
            if not (piece := self._file.read(min(end - place, _STORED_PIECE))):
                raise _damaged(entry.filename, "the file ends within it")
            yield piece
            place += len(piece)

    def _inflated(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        if entry.compress_type == zipfile.ZIP_STORED:
            yield from self.stored(entry)
            return
        if entry.compress_type != zipfile.ZIP_DEFLATED:
            raise _damaged(entry.filename, "it is compressed in a way that workbooks never are")
        inflate = isal_zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for piece in self.stored(entry):
                yield inflate.decompress(piece, BLOCK)
                while inflate.unconsumed_tail:
                    yield inflate.decompress(inflate.unconsumed_tail, BLOCK)
            yield inflate.flush()
        except isal_zlib.IsalError as error:  # type: ignore[misc]  # isal types the class as an instance
            raise _damaged(entry.filename, str(error)) from error


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Opens the package at `path`; `WorkbookUnusable` where it cannot be read or is no zip file."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise WorkbookUnusable(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
            raise WorkbookUnusable(f"{path.name} is no .xlsx workbook: {error}.", RESAVE) from error
        with archive:
            yield Package(archive, file)


def _damaged(part: str, why: str) -> WorkbookUnusable:
    return WorkbookUnusable(f"The part {part} of the workbook is damaged: {why}.", RESAVE)


def _folded(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").lower()
