"""The address of a store: `postgresql://…`, of one server or several, whose password is never shown."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from xlsx2opeasy.errors import UsageError

SCHEMES = ("postgresql", "postgres")
_EXAMPLE = "write it such as postgresql://loads@db.example.com/loads (the password in ~/.pgpass)"
_HOST: Final = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]*)(:([1-9]\d{0,4})?)?")
_PASSWORD_IN_QUERY: Final = re.compile(r"(?i)\b((?:ssl)?password=)[^&]*")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A checked address; its text shows no password."""

    url: str

    def __repr__(self) -> str:
        return f"StoreAddress({self})"

    def __str__(self) -> str:
        return masked(self.url)

    def without_password(self, text: str) -> str:
        """`text` without the address and its password, where a driver repeats them."""
        text = text.replace(self.url, str(self))
        password = urlsplit(self.url).password
        return text.replace(password, "***") if password else text


def checked_address(text: str) -> StoreAddress:
    """The address in `text`. Raises UsageError where it is none; the text is not repeated then."""
    try:
        parts = urlsplit(text.strip())
        hosts = parts.netloc.rpartition("@")[2].split(",")  # a standby may be named behind the primary
        usable = parts.scheme in SCHEMES and all(map(_HOST.fullmatch, hosts))
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("the address of the store is no postgresql:// address", _EXAMPLE)
    return StoreAddress(text.strip())


def masked(url: str) -> str:
    """The address with its password, if any, as `***`; where it cannot be read, its scheme alone."""
    try:
        parts = urlsplit(url)
        return _without_password(parts)
    except ValueError:
        return "postgresql://***"


def _without_password(parts: SplitResult) -> str:
    user, at, host = parts.netloc.rpartition("@")
    if at and ":" in user:
        user = f"{user.partition(':')[0]}:***"
    query = _PASSWORD_IN_QUERY.sub(r"\1***", parts.query)
    return parts._replace(netloc=f"{user}{at}{host}", query=query).geturl()
