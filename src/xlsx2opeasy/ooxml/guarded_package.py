"""A package every byte of which is looked at before it is handed out (S01, S02): sizes, DOCTYPE, counts.

Nothing is believed that the zip directory says: sizes are of the bytes actually inflated. The reading process
opens the package so; each part is inflated once, and what nobody reads of it is looked at all the same.
"""

import io
import re
from typing import IO, Any, Final
from zipfile import ZipFile, ZipInfo

from xlsx2opeasy.ooxml.guard import damage_told, refused
from xlsx2opeasy.ooxml.limits import Limits, too_large

RATIO_LIMIT: Final = 200
_RATIO_GRACE = 1024 * 1024
_STEP = 1024 * 1024
_DOCTYPE = b"<!DOCTYPE"
_WIDE_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-16-le", "utf-16-be"))
_OVERLAP = 2 * len(_DOCTYPE) - 1
_COUNT = re.compile(rb"\s(?:count|uniqueCount)\s*=\s*[\"']\s*([0-9]{6,})")
_COUNTS_WITHIN = 65536


class GuardedPackage(ZipFile):
    """The package of `data`; to read of it raises WorkbookUnusable, which names the part and the limit."""

    def __init__(self, data: bytes, name: str, limits: Limits) -> None:
        self.workbook_name = name
        self.limits = limits
        self.sizes: dict[str, int] = {}
        """Bytes inflated, by the names of the parts that were read to their end."""
        with damage_told(name):
            super().__init__(io.BytesIO(data))

    def open(self, name: Any, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - as in ZipFile, for reading alone
        """The part as a stream."""
        entry = name if isinstance(name, ZipInfo) else self.getinfo(name)
        with damage_told(self.workbook_name):
            return _LookedAt(super().open(entry), entry, self)

    def look_at_the_rest(self) -> None:
        """Looks at the parts that nobody has read to their end."""
        for entry in self.infolist():
            if entry.filename not in self.sizes:
                with self.open(entry) as stream:
                    while stream.read(_STEP):
                        pass


class _LookedAt(io.BufferedIOBase):
    """One part's bytes on their way to whoever reads them."""

    def __init__(self, stream: IO[bytes], entry: ZipInfo, package: GuardedPackage) -> None:
        self._stream = stream
        self._entry = entry
        self._package = package
        self._size = 0
        self._claimed = 0
        self._kept = b""
        self._others = sum(size for part, size in package.sizes.items() if part != entry.filename)

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes, all that are left where it is negative."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_STEP), b""))
        with damage_told(self._package.workbook_name):
            piece = self._stream.read(size)
        if piece:
            self._look_at(piece)
        elif size:
            self._check_claims()
            self._package.sizes[self._entry.filename] = self._size
        return piece

    def close(self) -> None:
        """Lets go of the part."""
        self._stream.close()
        super().close()

    def _look_at(self, piece: bytes) -> None:
        if not self._size:
            claims = _COUNT.findall(piece[:_COUNTS_WITHIN])
            self._claimed = max((int(claim[:20]) for claim in claims), default=0)
        self._size += len(piece)
        self._check_size()
        if _has_doctype(self._kept + piece):
            what = f"its part {self._entry.filename!r} has a DOCTYPE, which no workbook of Excel has"
            raise refused(self._package.workbook_name, what)
        self._kept = piece[-_OVERLAP:]

    def _check_size(self) -> None:
        name, part, limits = self._package.workbook_name, repr(self._entry.filename), self._package.limits
        if self._size > limits.part:
            raise too_large(name, f"its part {part} inflates to more than {limits.part:,} bytes", limits)
        if self._others + self._size > limits.total:
            what = f"with its part {part} it inflates to more than {limits.total:,} bytes"
            raise too_large(name, what, limits)
        if self._size > max(_RATIO_GRACE, RATIO_LIMIT * self._entry.compress_size):
            what = f"its part {part} inflates to more than {RATIO_LIMIT} times its size (a zip bomb?)"
            raise refused(name, what)

    def _check_claims(self) -> None:
        if self._claimed > max(self._size, 1):
            what = f"its part {self._entry.filename!r} claims {self._claimed:,} items in {self._size:,} bytes"
            raise refused(self._package.workbook_name, what)


def _has_doctype(piece: bytes) -> bool:
    """In whatever encoding; the search in those with zero bytes is worth it only where there are any."""
    return _DOCTYPE in piece or (b"\0" in piece and any(doctype in piece for doctype in _WIDE_DOCTYPES))
