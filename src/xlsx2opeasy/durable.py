"""Writing files: whole or not at all, also after a power loss, and never over another one unasked."""

import contextlib
import errno
import os
import secrets
from pathlib import Path
from typing import TypeGuard

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.operating_system import HELD_BY_ANOTHER, replace_patiently, sync_folder
from xlsx2opeasy.paths import is_taken

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
    errno.ENOENT: "its folder does not exist",
    errno.ENOTDIR: "its folder does not exist",
    errno.ENAMETOOLONG: "its name is too long",
    errno.EFBIG: "it is larger than the disk allows",
}
_LONGEST_IN_NAME = 200
"""Bytes of a file's name that are taken into that of its temporary file; most systems allow 255."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def why_refused(error: OSError) -> str:
    """Why the disk refused a file, in words."""
    if getattr(error, "winerror", None) in HELD_BY_ANOTHER:
        return "another program holds the file open"
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


def temporary_beside(path: Path, ending: str) -> Path:
    """A name for what is to become `path`, which is no longer than a name may be."""
    name = path.name if len(os.fsencode(path.name)) <= _LONGEST_IN_NAME else ""
    return path.with_name(f".{name}.{secrets.token_hex(8)}.{ending}")


def refuses_to_write(error: Exception) -> TypeGuard[OSError]:
    """Whether the disk refused to write for a reason that has words here, and nothing else is wrong."""
    return isinstance(error, OSError) and error.errno in _REASONS


def is_full(error: OSError) -> bool:
    """Whether the disk has no room."""
    return error.errno in _FULL


def what_helps(error: OSError, folder: Path | str) -> str:
    """What to do where the program's own `folder` was refused: room is not what every disk lacks."""
    if is_full(error):
        return f"free disk space at {folder}"
    return f"see to it that you may write to {folder}, or set XLSX2OPEASY_HOME to a folder of your own"


def make_folder(folder: Path) -> None:
    """Makes `folder` (and those above it) readable by its owner alone; an existing one stays as it is.

    Each that is made is on disk afterwards: what is synced in a folder is lost with a folder that is not.
    """
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
            with contextlib.suppress(PermissionError):  # one may make folders where one may not read
                sync_folder(each.parent)


def write_file(path: Path, content: bytes, *, shared: bool = False) -> None:
    """Writes `path`: temporary file beside it, fsync, rename, fsync of the folder.

    Only its owner reads it (0600), unless it is `shared`: then the umask says who does.

    Raises OSError where the disk refuses; `path` is then as it was.
    """
    temporary = temporary_beside(path, "part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if shared else 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        replace_patiently(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def require_overwritable(
    file: Path,
    *,
    replace: bool,
    inputs: tuple[str | Path | None, ...] = (),
    hint: str = "choose another name, or add --force",
) -> None:
    """Raises WorkbookUnusable where `file` exists and may not be replaced; one of `inputs` never may."""
    if any(each is not None and _same(file, Path(each)) for each in inputs):
        raise WorkbookUnusable(
            f"{file} is what this command reads, and is not replaced", "choose another name"
        )
    if not replace and is_taken(file):
        raise WorkbookUnusable(f"{file} exists and is not replaced", hint)


def _same(file: Path, other: Path) -> bool:
    try:
        return file.samefile(other)
    except OSError:
        return False
