"""Where the API is and how it is reached: one enterprise at one server."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.http.names import canonical_enterprise, canonical_origin
from xlsx2opeasy.http.reach import checked_url, proxy_to, require_safe_scheme, tls_context, user_agent
from xlsx2opeasy.secret import Secret

_RIGHT_FORM = "Give the server's address alone, for example https://opeasy.example.com"


def checked_origin(url: str) -> str:
    """The one spelling of the server's address in `url`; `/` or `/v1` at its end is dropped.

    Only `https`, and `http` to a loopback address; no user name, other path, query or fragment. Raises
    UsageError with a sentence that shows the right form, and that does not repeat a URL which may hold a
    password.
    """
    parts = checked_url(url, _RIGHT_FORM)
    try:
        origin = canonical_origin(url)
    except ValueError:
        raise UsageError("The URL cannot be understood", _RIGHT_FORM) from None
    if parts.query or parts.fragment or parts.path.removesuffix("/") not in ("", "/v1"):
        where = "The URL holds more than the server's address; /v1 is added by the program"
        raise UsageError(where, f"Use {origin}")
    require_safe_scheme(urlsplit(origin), _RIGHT_FORM)
    return origin


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything needed to talk to one enterprise at one server; checked when it is made (UsageError).

    `ca_bundle` is a PEM file that is trusted in the place of the operating system's store.
    `enterprise_field` is the form field's name on the wire, which the specification spells in two ways.
    """

    origin: str
    enterprise_id: str
    api_key: Secret
    ca_bundle: Path | None = None
    user_agent: str = ""
    enterprise_field: str = "enterpriseId"

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", checked_origin(self.origin))
        object.__setattr__(self, "enterprise_id", canonical_enterprise(self.enterprise_id))
        object.__setattr__(self, "user_agent", self.user_agent or user_agent())
        if not (self.user_agent.isascii() and self.user_agent.isprintable()):
            raise ValueError("a user agent is printable ASCII")
        if not self.enterprise_id:
            raise UsageError("No enterprise id is given", "Set OPEASY_ENTERPRISE_ID or use --enterprise-id")
        if not self.api_key.reveal().strip():
            raise UsageError("No API key is given", "Set OPEASY_API_KEY or give --api-key-file")

    @property
    def host(self) -> str:
        """The server's name or address."""
        return urlsplit(self.origin).hostname or ""

    def ssl_context(self) -> ssl.SSLContext:
        """TLS 1.2 or later, always verified: against `ca_bundle`, else the operating system's store."""
        return tls_context(self.ca_bundle)

    def proxy(self) -> httpx.Proxy | None:
        """The environment's proxy for this server; never one for a loopback address."""
        return proxy_to(self.host)
