"""Counts work instead of taking its time: calls of functions, and bytes taken out of a package's parts."""

import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import xlsx2opeasy
from xlsx2opeasy.ooxml.package import Package

_OURS = str(Path(xlsx2opeasy.__file__).parent)


class Work:
    """What was done: `calls` of any function, also of C, and those of ours by module and name.

    Of this thread, and of those that begin meanwhile where they are asked for.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.ours: Counter[str] = Counter()

    def _seen(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event == "c_call":
            self.calls += 1
        elif event == "call":
            self.calls += 1
            code = frame.f_code
            if code.co_filename.startswith(_OURS):
                module = code.co_filename[len(_OURS) + 1 : -3].replace("/", ".")
                self.ours[f"{module}.{code.co_qualname}"] += 1


@contextmanager
def counted(*, threads: bool = True) -> Iterator[Work]:
    """The work of this block, with that of `threads` which begin meanwhile or without it."""
    work = Work()
    if threads:
        threading.setprofile(work._seen)
    sys.setprofile(work._seen)
    try:
        yield work
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@contextmanager
def inflated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How many bytes of each part of any package were inflated in this block."""
    found: Counter[str] = Counter()
    read, blocks = zipfile.ZipExtFile.read, Package.blocks

    def reading(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        data = read(self, n)
        found[self.name] += len(data)
        return data

    def inflating(self: Package, part: str) -> Iterator[bytes]:
        for block in blocks(self, part):
            found[part] += len(block)
            yield block

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipExtFile, "read", reading)
        patch.setattr(Package, "blocks", inflating)
        yield found
