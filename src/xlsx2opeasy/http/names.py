"""One name for one server and for one enterprise, however they are spelt.

Locks, fingerprints, keyring entries and jobs are found by these names. Earlier versions kept an origin as it
was typed, in lower case: `earlier_spellings` gives what they may have written.
"""

import contextlib
import ipaddress
import itertools
import re
import socket
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

_FILLERS = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
"""Letters and marks that show nothing."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_IPV4 = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}")
_ZEROS_BEFORE_A_PORT = ("", "0", "00")
_AROUND_AN_ID = ("", " ", "\t", "\n", "\r\n", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}", "\ufeff")


def canonical_origin(url: str) -> str:
    """`scheme://host[:port]` of a URL that has a host: what lies behind them is dropped.

    Lower case, A-labels, no dot at the end, addresses in their shortest form, no default port, no zeros
    before a port. Raises ValueError where it has no host, or no valid one.
    """
    parts = urlsplit(url)
    host = canonical_host(parts.hostname or "")
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}"


def canonical_host(host: str) -> str:
    """A server's name or address without brackets. Raises ValueError where it is none."""
    host = host.lower()
    if not host.isascii():
        host = _a_labels(host)
    host = host.removesuffix(".")
    if not host:
        raise ValueError("there is no host")
    if _IPV4.fullmatch(host):
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError as error:
            raise ValueError(f"{host} is no address") from error
    with contextlib.suppress(ValueError):
        address = ipaddress.IPv6Address(host)
        return str(address.ipv4_mapped or address)
    return host


def canonical_enterprise(enterprise_id: str) -> str:
    """An enterprise's id without white space and invisible characters around it."""
    first, last = 0, len(enterprise_id)
    while first < last and _is_blank(enterprise_id[first]):
        first += 1
    while last > first and _is_blank(enterprise_id[last - 1]):
        last -= 1
    return enterprise_id[first:last]


def earlier_spellings(origin: str) -> tuple[str, ...]:
    """A canonical origin, and how earlier versions may have written it; the likely ones first."""
    parts = urlsplit(origin)
    ports = [f":{zeros}{parts.port}" for zeros in _ZEROS_BEFORE_A_PORT]
    if parts.port is None:
        default = _DEFAULT_PORTS.get(parts.scheme, 0)
        ports = ["", *(f":{zeros}{default}" for zeros in _ZEROS_BEFORE_A_PORT)]
    hosts = _host_spellings(parts.hostname or "")
    return tuple(dict.fromkeys(f"{parts.scheme}://{host}{port}" for host in hosts for port in ports))


def earlier_enterprise_spellings(enterprise_id: str) -> Iterator[str]:
    """A canonical id, and with what may have been typed or pasted around it; the likely ones first."""
    for before, after in sorted(
        itertools.product(_AROUND_AN_ID, repeat=2), key=lambda each: len("".join(each))
    ):
        yield f"{before}{enterprise_id}{after}"


def _a_labels(host: str) -> str:
    import httpx  # only where it is needed: it takes long to import

    try:
        return httpx.URL(f"https://{host}").raw_host.decode()
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None


def _is_blank(character: str) -> bool:
    if character.isspace() or character in _FILLERS or "\ufe00" <= character <= "\ufe0f":
        return True
    return unicodedata.category(character) in ("Cf", "Cc", "Zs", "Zl", "Zp")


def _host_spellings(host: str) -> list[str]:
    if ":" in host:
        address = ipaddress.IPv6Address(host)
        without_zeros = ":".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))
        return [f"[{each}]" for each in (host, address.exploded, without_zeros)]
    names = [host]
    if "xn--" in host:
        import httpx  # as above

        names.append(httpx.URL(f"https://{host}").host)
    return [*names, *(f"{name}." for name in names)]
