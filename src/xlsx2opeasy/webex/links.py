"""The next page, as the `Link` header names it (RFC 8288), and whether it may be gone to.

httpx's own `Response.links` misses `Rel`, several relations in one `rel`, and addresses with a comma or
semicolon; a page that is missed in silence would be a list that looks complete.
"""

import re
from collections.abc import Sequence

import httpx

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,\"]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)")
_PARAMETER = re.compile(r";\s*([^\s=;,\"]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*))")


def next_link(headers: Sequence[str]) -> str | None:
    """The address of the first link whose relations include `next`; None where there is none."""
    for address, parameters in _LINK.findall(", ".join(headers)):
        relations = [
            quoted or bare
            for name, quoted, bare in _PARAMETER.findall(parameters)
            if name.casefold() == "rel"
        ]
        if relations and "next" in relations[0].casefold().split():
            return str(address).strip()
    return None


def resolved(address: str, page: httpx.URL) -> httpx.URL | None:
    """The address as the page means it; None where it is no address, or is not of the page's own origin.

    A user name in it counts as another origin: it would take the place of the token.
    """
    try:
        target = page.join(address)
    except httpx.InvalidURL:
        return None
    return target.copy_with(fragment=None) if _origin(target) == _origin(page) else None


def _origin(url: httpx.URL) -> tuple[str, str, int | None, bytes]:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, url.host.casefold(), port, url.userinfo
