"""Replacing a file at once or not at all: a temporary file beside it, fsync, rename, fsync of the folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from xlsx2opeasy.durable import is_full, temporary_beside, why_refused
from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.operating_system import give_like, replace_patiently, sync_folder
from xlsx2opeasy.paths import is_there

_ELSEWHERE = "Close it in other programs, or name another file with --output."


@contextmanager
def replacing(target: Path, like: Path) -> Iterator[BinaryIO]:
    """Yields a new file that takes the place of `target` when the block ends well; else nothing is touched.

    It gets the mode of the file it replaces, else that of `like`. `WorkbookUnusable` where `target` is a
    link, no plain file, open in Excel or LibreOffice, write-protected, or the disk refuses.
    """
    temporary = temporary_beside(target, "tmp")
    try:
        _refuse_unsuitable(target)
        with _created(temporary, target if target.exists() else like) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        replace_patiently(temporary, target)
        with suppress(OSError):  # some file systems cannot sync a folder
            sync_folder(target.parent)
    except OSError as error:
        raise WorkbookUnusable(
            f"{target} cannot be written: {why_refused(error)}.", _way_out(error, target)
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _way_out(error: OSError, target: Path) -> str:
    return f"Free disk space at {target.parent}." if is_full(error) else _ELSEWHERE


def _refuse_unsuitable(target: Path) -> None:
    """Refuses what must not be replaced."""
    if target.is_symlink():
        raise WorkbookUnusable(
            f"{target} is a link; results are not written through links.", "Name the file itself."
        )
    if target.exists() and not target.is_file():
        raise WorkbookUnusable(
            f"{target} is no file that could be replaced.", "Name another file with --output."
        )
    if target.exists() and not os.access(target, os.W_OK):
        raise WorkbookUnusable(f"{target} is write-protected.", _ELSEWHERE)
    owners = (target.with_name(f"~${target.name}"), target.with_name(f".~lock.{target.name}#"))
    if target.exists() and any(map(is_there, owners)):
        raise WorkbookUnusable(f"{target} is open in Excel or LibreOffice.", _ELSEWHERE)


@contextmanager
def _created(path: Path, like: Path) -> Iterator[BinaryIO]:
    """A new file at `path`, never an existing one or a link's, with the mode and owner of `like`."""
    model = like.stat()
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "w+b") as file:
        give_like(file.fileno(), model)
        yield file
