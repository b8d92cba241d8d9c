"""A zip package opened for reading: its directory checked, its parts inflated under limits.

`zipfile` reads the directory (zip64, data descriptors, comments); isal inflates, twice as fast as zlib.
Part names are compared as OPC does: no letter case, slashes either way, percent signs resolved
(ECMA-376 Part 2, 6.2.2).
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote

from isal import isal_zlib

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.guard import check_directory, refuse_other_files, refuse_other_packages, refused
from xlsx2opeasy.ooxml.limits import LARGE, Limits, too_large

BLOCK = 1 << 20
"""Bytes that are inflated at a time."""

CONTENT_TYPES: Final = "[Content_Types].xml"

RESAVE = "Open it in Excel, save it as .xlsx under a new name, and use that file."
"""What to do with a workbook that is damaged or unusual."""

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
"""What precedes each entry (APPNOTE.TXT 4.3.7); its last fields are the lengths of name and extra."""

_RATIO_GRACE = 1 << 20
_STORED_PIECE = 1 << 17
_SMALL = 1 << 20
_XML = (".xml", ".rels", ".vml")
"""Parts that may inflate only so far: pictures are not used, and may be blank paper."""


class Package:
    """A package whose directory was checked; reading of it raises WorkbookUnusable beyond the limits."""

    def __init__(self, archive: zipfile.ZipFile, file: BinaryIO, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.entries = archive.infolist()
        self.comment = archive.comment
        self._file = file
        self._sizes: dict[str, int] = {}
        self._by_name: dict[str, list[zipfile.ZipInfo]] = {}
        for entry in self.entries:
            self._by_name.setdefault(folded(entry.orig_filename), []).append(entry)
        for entries in self._by_name.values():
            if len(entries) > 1:
                raise refused(name, f"its part {entries[0].orig_filename!r} is there twice")

    def __contains__(self, part: str) -> bool:
        return folded(part) in self._by_name

    @property
    def names(self) -> list[str]:
        """The names of all parts as the directory has them."""
        return [entry.orig_filename for entry in self.entries]

    @property
    def has_macros(self) -> bool:
        """Whether it carries macros, which are never run."""
        return any(name.lower().endswith("vbaproject.bin") for name in self.names)

    def entry(self, part: str) -> zipfile.ZipInfo:
        """The entry of a part; raise WorkbookUnusable where there is none."""
        entries = self._by_name.get(folded(part))
        if not entries:
            raise WorkbookUnusable(f"The workbook lacks its part {part}.", RESAVE)
        return entries[0]

    def blocks(self, part: str) -> Iterator[bytes]:
        """A part, inflated, in blocks of at most `BLOCK` bytes; size and checksum are verified at the end."""
        entry = self.entry(part)
        crc, size = 0, 0
        for block in filter(None, self._inflated(entry)):
            crc, size = isal_zlib.crc32(block, crc), size + len(block)
            self._check_size(entry, size)
            yield block
        if (crc, size) != (entry.CRC, entry.file_size):
            raise _damaged(part, "its checksum is wrong")
        self._sizes[folded(part)] = size

    def read(self, part: str) -> bytes:
        """A whole part, inflated; for the small ones."""
        return b"".join(self.blocks(part))

    def check_unread(self) -> None:
        """Inflate the parts that were not read to their end, for their sizes and checksums."""
        for name, entries in self._by_name.items():
            if name not in self._sizes:
                for _ in self.blocks(entries[0].orig_filename):
                    pass

    def local_names(self, entry: zipfile.ZipInfo) -> tuple[bytes, bytes]:
        """The name and the extra fields that precede an entry's bytes."""
        self._file.seek(entry.header_offset)
        header = self._file.read(LOCAL_HEADER.size)
        if len(header) < LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise _damaged(entry.filename, "its local header is missing")
        name, extra = LOCAL_HEADER.unpack(header)[-2:]
        return self._file.read(name), self._file.read(extra)

    def stored(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """An entry's bytes as the file holds them, mostly compressed, in pieces."""
        self.local_names(entry)
        place, left = self._file.tell(), entry.compress_size
        while left:
            self._file.seek(place)
            piece = self._file.read(min(left, _STORED_PIECE))
            if not piece:
                raise _damaged(entry.filename, "it ends too early")
            left -= len(piece)
            place += len(piece)
            yield piece

    def _inflated(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        if entry.compress_type == zipfile.ZIP_STORED:
            yield from self.stored(entry)
            return
        inflate = isal_zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for piece in self.stored(entry):
                yield inflate.decompress(piece, BLOCK)
                while inflate.unconsumed_tail:
                    yield inflate.decompress(inflate.unconsumed_tail, BLOCK)
            yield inflate.flush()
        except isal_zlib.IsalError as error:  # type: ignore[misc]  # isal types the class as an instance
            raise _damaged(entry.filename, str(error)) from error

    def _check_size(self, entry: zipfile.ZipInfo, size: int) -> None:
        part, limits = repr(entry.orig_filename), self.limits
        others = sum(each for name, each in self._sizes.items() if name != folded(entry.orig_filename))
        if size > limits.part:
            what = f"its part {part} inflates to more than {limits.part:,} bytes"
            raise too_large(self.name, what, limits)
        if others + size > limits.total:
            what = f"with its part {part} it inflates to more than {limits.total:,} bytes"
            raise too_large(self.name, what, limits)
        is_xml = entry.orig_filename.lower().endswith(_XML)
        if is_xml and size > max(_RATIO_GRACE, limits.ratio * entry.compress_size):
            what = f"its part {part} inflates to more than {limits.ratio} times its size"
            raise too_large(self.name, what, limits)


@contextmanager
def open_package(source: Path | bytes, name: str = "", limits: Limits = LARGE) -> Iterator[Package]:
    """Open the package at a path or in memory; raise WorkbookUnusable saying what the file is instead."""
    name = name or (source.name if isinstance(source, Path) else "The workbook")
    try:
        file: BinaryIO = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    except OSError as error:
        raise WorkbookUnusable(f"{source!s} cannot be read: {error.strerror}.") from error
    with file:
        refuse_other_files(file, name)
        with damage_reported(name):
            archive = zipfile.ZipFile(file)
        with archive:
            check_directory(archive.infolist(), file, name)
            package = Package(archive, file, name, limits)
            small = CONTENT_TYPES in package and package.entry(CONTENT_TYPES).file_size <= _SMALL
            refuse_other_packages(package.names, package.read(CONTENT_TYPES) if small else None, name)
            yield package


@contextmanager
def damage_reported(name: str) -> Iterator[None]:
    """Turn what the zip library says of a broken package into WorkbookUnusable."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise WorkbookUnusable(
            f'"{name}" is damaged, or was not saved to its end ({error}).',
            "Fetch the file again, or save it again in Excel.",
        ) from error


def folded(part: str) -> str:
    """A part name in the form in which names are compared."""
    return unquote(part).replace("\\", "/").lstrip("/").casefold()


def _damaged(part: str, why: str) -> WorkbookUnusable:
    return WorkbookUnusable(f"The part {part} of the workbook is damaged: {why}.", RESAVE)
