"""The look at the package before any library opens it (S01, S02, S05, S06): sizes, names, DOCTYPE, counts.

Nothing is believed that the zip directory says: sizes are of the bytes actually inflated.
"""

import io
import re
import zlib
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.workbook.reading.container import refuse_other_files, refuse_other_packages
from xlsx2opeasy.workbook.reading.limits import Limits, too_large

ENTRY_LIMIT = 2_000
RATIO_LIMIT = 200
RATIO_GRACE = 1024 * 1024
CONTENT_TYPES = "[Content_Types].xml"

_STEP = 1024 * 1024
_LOCAL_HEADER = 30
_DOCTYPE = b"<!DOCTYPE"
_WIDE_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-16-le", "utf-16-be"))
_OVERLAP = 2 * len(_DOCTYPE) - 1
_COUNT = re.compile(rb"\s(?:count|uniqueCount)\s*=\s*[\"']\s*([0-9]{6,})")
_REBUILD = "If you trust its origin, open it in Excel, copy the cells into a new workbook, and save that."


def open_guarded(data: bytes, name: str, limits: Limits) -> ZipFile:
    """The package of `data`, looked at in full; raise WorkbookUnusable naming the part and the limit."""
    refuse_other_files(data, name)
    try:
        package = ZipFile(io.BytesIO(data))
        entries = package.infolist()
        _check_directory(entries, data, name)
        content_types = package.read(CONTENT_TYPES) if _small(package, CONTENT_TYPES) else None
        refuse_other_packages(package.namelist(), content_types, name)
        _check_parts(package, entries, name, limits)
    except (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise WorkbookUnusable(
            f'"{name}" is damaged, or was not saved to its end ({error}).',
            "Fetch the file again, or save it again in Excel.",
        ) from error
    return package


def _small(package: ZipFile, part: str) -> bool:
    return part in package.NameToInfo and package.getinfo(part).file_size <= _STEP


def _refused(name: str, what: str) -> WorkbookUnusable:
    return WorkbookUnusable(f'"{name}" is refused: {what}.', _REBUILD)


def _check_directory(entries: list[ZipInfo], data: bytes, name: str) -> None:
    """Entry count, part names, duplicates, encryption and overlaps."""
    if len(entries) > ENTRY_LIMIT:
        raise _refused(name, f"it has {len(entries):,} parts, and the limit is {ENTRY_LIMIT:,}")
    seen: set[str] = set()
    for entry in entries:
        _check_entry(entry, name)
        if (folded_name := entry.filename.casefold()) in seen:
            raise _refused(name, f"its part {entry.filename!r} is there twice")
        seen.add(folded_name)
    _check_overlaps(entries, data, name)


def _check_entry(entry: ZipInfo, name: str) -> None:
    part = entry.filename
    pieces = re.split(r"[/\\]", part)
    if part.startswith(("/", "\\")) or ".." in pieces or ":" in part or not part.isprintable():
        raise _refused(name, f"its part {part!r} has a name that leads outside the package")
    if entry.flag_bits & 0x1:
        raise WorkbookUnusable(
            f'"{name}" is a zip archive with a password.', "Save the workbook without a password."
        )
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise _refused(name, f"its part {part!r} is compressed in a way that workbooks never are")


def _check_overlaps(entries: list[ZipInfo], data: bytes, name: str) -> None:
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        start = entry.header_offset
        if start < end:
            raise _refused(name, f"its part {entry.filename!r} overlaps another one")
        names = data[start + 26 : start + _LOCAL_HEADER]
        lengths = int.from_bytes(names[:2], "little") + int.from_bytes(names[2:], "little")
        end = start + _LOCAL_HEADER + lengths + entry.compress_size
        if end > len(data):
            raise _refused(name, f"its part {entry.filename!r} ends outside the file")


def _check_parts(package: ZipFile, entries: list[ZipInfo], name: str, limits: Limits) -> None:
    total = 0
    for entry in entries:
        size, count = _inflate(package, entry, name, limits, before=total)
        total += size
        if count > max(size, 1):
            raise _refused(name, f"its part {entry.filename!r} claims {count:,} items in {size:,} bytes")


def _inflate(package: ZipFile, entry: ZipInfo, name: str, limits: Limits, before: int) -> tuple[int, int]:
    """Inflate one part piece by piece: its real size, and the largest count its first piece claims."""
    size = count = 0
    kept = b""
    with package.open(entry) as stream:
        while piece := stream.read(_STEP):
            if not size:
                count = max((int(claim[:20]) for claim in _COUNT.findall(piece[:65536])), default=0)
            size += len(piece)
            _check_size(entry, size, before, name, limits)
            piece = kept + piece
            if _has_doctype(piece):
                raise _refused(
                    name, f"its part {entry.filename!r} has a DOCTYPE, which no workbook of Excel has"
                )
            kept = piece[-_OVERLAP:]
    return size, count


def _has_doctype(piece: bytes) -> bool:
    """In whatever encoding; the search in those with zero bytes is worth it only where there are any."""
    return _DOCTYPE in piece or (b"\0" in piece and any(doctype in piece for doctype in _WIDE_DOCTYPES))


def _check_size(entry: ZipInfo, size: int, before: int, name: str, limits: Limits) -> None:
    part = repr(entry.filename)
    if size > limits.part:
        raise too_large(name, f"its part {part} inflates to more than {limits.part:,} bytes", limits)
    if before + size > limits.total:
        raise too_large(name, f"with its part {part} it inflates to more than {limits.total:,} bytes", limits)
    if size > RATIO_GRACE and size > RATIO_LIMIT * max(entry.compress_size, 1):
        raise _refused(
            name, f"its part {part} inflates to more than {RATIO_LIMIT} times its size (a zip bomb?)"
        )
