"""Workbooks protected with a password: decrypted in memory alone, their copies protected again.

A password that was accepted is remembered by the hash of the file that it opened, and of the files that were
protected with it since, until the process ends or `forget_passwords_but` forgets it; it is stored nowhere.
"""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from xlsx2opeasy.errors import UsageError, WorkbookUnusable
from xlsx2opeasy.ooxml.guard import is_encrypted

Ask = Callable[[str], str]
"""Gives the password for the workbook of this name."""

ATTEMPTS: Final = 3
"""How often a person is asked."""

OPTION: Final = "--workbook-password-file"

_WITHOUT_ASKING: Final = "VelvetSweatshop"
"""The password of workbooks that Excel opens without asking, as they are protected against changes only."""


@dataclass(frozen=True, eq=False, slots=True)
class _Known:
    """A password that opened a file; the same one for all files that were protected because of that."""

    password: str


_passwords: dict[str, _Known] = {}
_asking: list[tuple[Ask, int]] = []


def ask_passwords_with(ask: Ask | None, attempts: int = ATTEMPTS) -> None:
    """Settle who is asked for passwords from now on; nobody where `ask` is None."""
    _asking[:] = [] if ask is None else [(ask, attempts)]


def is_protected(path: Path) -> bool:
    """Whether the file at `path` is a workbook protected with a password; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            return is_encrypted(start + file.read()) if start[:2] == b"\xd0\xcf" else False
    except OSError:
        return False


def unlock(path: Path, name: str) -> None:
    """Ask for the password of a protected workbook now; people know the workbook by `name`."""
    if is_protected(path):
        unprotected(path.read_bytes(), name)


def opens(path: Path, name: str, password: str | None = None) -> bool:
    """Whether the workbook can be read: not protected, or its password is known or this one; nobody is asked.

    A password that opens it is remembered. Raises WorkbookUnusable where the file is damaged.
    """
    if not is_protected(path):
        return True
    data = path.read_bytes()
    digest = _digest(data)
    for each in _candidates(digest, password):
        if _decrypted(data, name, each.password) is not None:
            _passwords[digest] = each
            return True
    return False


def forget_passwords_but(paths: Iterable[Path]) -> None:
    """Forget the passwords of all files but those at `paths`; a file that is not there has none.

    Raises OSError where a file cannot be read: nothing is forgotten then.
    """
    if not _passwords:
        return
    kept = set()
    for path in paths:
        with suppress(FileNotFoundError):
            kept.add(_passwords.get(_digest(path.read_bytes())))
    for digest in [each for each, known in _passwords.items() if known not in kept]:
        del _passwords[digest]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _candidates(digest: str, password: str | None = None) -> list[_Known]:
    """The passwords that may open the file with this hash, in the order in which they are tried."""
    known, others = _passwords.get(digest), (_WITHOUT_ASKING, password)
    return [*([known] if known else []), *(_Known(each) for each in others if each is not None)]


def unprotected(data: bytes, name: str) -> bytes:
    """The package in the file `data`: itself, or decrypted with the password, which is asked for if unknown.

    Raises WorkbookUnusable after wrong passwords, UsageError where nobody can be asked.
    """
    if not is_encrypted(data):
        return data
    digest = _digest(data)
    for each in _candidates(digest):
        if (found := _decrypted(data, name, each.password)) is not None:
            _passwords[digest] = each
            return found
    if not _asking:
        raise UsageError(
            f'"{name}" is protected with a password, and there is no terminal to ask for it',
            f"name a file that holds the password alone: {OPTION} FILE",
        )
    ask, attempts = _asking[0]
    for _ in range(attempts):
        password = ask(name)
        if (found := _decrypted(data, name, password)) is not None:
            _passwords[digest] = _Known(password)
            return found
    raise WorkbookUnusable(
        f'"{name}" is protected with another password.', "Give the one that Excel asks for."
    )


def protected_like(original: bytes, content: bytes) -> bytes:
    """A new workbook, protected with the password of `original`, which was opened before, if that has one."""
    if not is_encrypted(original):
        return content
    known = _passwords[_digest(original)]
    from msoffcrypto.format.ooxml import OOXMLFile

    sealed = BytesIO()
    OOXMLFile(BytesIO(content)).encrypt(known.password, sealed)
    data = sealed.getvalue()
    _passwords[_digest(data)] = known
    return data


def _decrypted(data: bytes, name: str, password: str) -> bytes | None:
    """The package, None where the password is another. Raises WorkbookUnusable where the file is damaged."""
    from msoffcrypto import OfficeFile
    from msoffcrypto.exceptions import InvalidKeyError

    plain = BytesIO()
    try:
        file = OfficeFile(BytesIO(data))
        file.load_key(password=password, verify_password=True)
        file.decrypt(plain)
    except InvalidKeyError:
        return None
    except Exception as error:
        raise WorkbookUnusable(
            f'"{name}" is protected with a password, and cannot be decrypted ({type(error).__name__}).',
            "Remove the password in Excel (File > Info > Protect Workbook), and save it.",
        ) from error
    return plain.getvalue()
