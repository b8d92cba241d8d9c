"""The address of a store: `postgresql://…`, of one server or several, whose password is never shown.

It is shown only where no part of it can be mistaken for another, and by rules that need no library of the
extra `fleet`: within a password, `@ / ? #` end it for one reader and not for another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from xlsx2opeasy.errors import UsageError

SCHEMES = ("postgresql", "postgres")
ENCODED: Final = "write @ / ? # % and blanks within a password as %40 %2F %3F %23 %25 %20"
_EXAMPLE: Final = (
    f"write it such as postgresql://loads@db.example.com/loads (the password in ~/.pgpass); {ENCODED}"
)
_ADDRESS: Final = re.compile(
    rf"(?P<start>({'|'.join(SCHEMES)})://)((?P<user>[^:/?#@\s]*)(:(?P<password>[^/?#@\s]*))?@)?"
    r"(?P<hosts>[^/?#@\s]*)(?P<database>/[^/?#@\s]*)?(\?(?P<query>[^#\s]*))?"
)
_HOST: Final = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]*)(:([1-9]\d{0,4})?)?")
_QUERY: Final = re.compile(r"([A-Za-z_]+=[^&]*(&[A-Za-z_]+=[^&]*)*)?")
_SHOWN: Final = re.compile(
    r"(host(addr)?|port|user|dbname|passfile|service|connect_timeout|application_name|target_session_attrs"
    r"|load_balance_hosts|channel_binding|require_auth|keepalives\w*|tcp_user_timeout|gssencmode|krbsrvname"
    r"|ssl(mode|rootcert|cert|key|crl|crldir|sni|negotiation|compression|_min_protocol_version))=.*"
)
"""The parameters whose values are shown."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A checked address; its text shows no password."""

    url: str

    def __repr__(self) -> str:
        return f"StoreAddress({self})"

    def __str__(self) -> str:
        return masked(self.url)

    @property
    def has_password(self) -> bool:
        """Whether a password is written in it."""
        parts = _parts(self.url)
        return parts is not None and bool(parts["password"] or "password=" in (parts["query"] or "").lower())

    def without_password(self, text: str) -> str:
        """`text` without the address and its password, where a driver repeats them."""
        text = text.replace(self.url, str(self))
        for secret in sorted(set(_secrets(self.url)), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def checked_address(text: str) -> StoreAddress:
    """The address in `text`. Raises UsageError where it is none; the text is not repeated then."""
    if _parts(text.strip()) is None:
        raise UsageError("the address of the store is no postgresql:// address", _EXAMPLE)
    return StoreAddress(text.strip())


def masked(url: str) -> str:
    """The address with its password, if any, as `***`; where it cannot be read, its scheme alone."""
    parts = _parts(url)
    if parts is None:
        scheme = url.partition("://")[0]
        return f"{scheme}://***" if scheme in SCHEMES else "***"
    user, hosts = parts["user"], parts["hosts"]
    at = "" if user is None else f"{user}{'' if parts['password'] is None else ':***'}@"
    query = "" if parts["query"] is None else f"?{'&'.join(map(_shown, parts['query'].split('&')))}"
    return f"{parts['start']}{at}{hosts}{parts['database'] or ''}{query}"


def _parts(url: str) -> re.Match[str] | None:
    """The parts of an address; None where it is none, or one part may be the end of a password."""
    parts = _ADDRESS.fullmatch(url)
    if parts is None or not all(map(_HOST.fullmatch, parts["hosts"].split(","))):
        return None  # a standby may be named behind the primary
    query = parts["query"] or ""
    is_doubtful = "@" in query and (parts["user"] is None or parts["password"] is not None)
    return None if is_doubtful or not _QUERY.fullmatch(query) else parts


def _shown(parameter: str) -> str:
    return parameter if _SHOWN.fullmatch(parameter) else f"{parameter.partition('=')[0]}=***"


def _secrets(url: str) -> Iterator[str]:
    """What is not shown of an address, as it is written there and as it is meant."""
    parts = _parts(url)
    if parts is None:
        return
    hidden = [parts["password"] or ""]
    hidden += [
        each.partition("=")[2] for each in (parts["query"] or "").split("&") if not _SHOWN.fullmatch(each)
    ]
    for each in filter(None, hidden):
        yield each
        yield unquote(each)
