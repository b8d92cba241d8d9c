"""Where the API is and how it is reached: the rules for its URL, TLS, and the environment's proxy."""

import ipaddress
import ssl
import urllib.request
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx
import truststore

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.secret import Secret

_RIGHT_FORM = "Give the server's address alone, for example https://opeasy.example.com"


def user_agent(job: str = "") -> str:
    """The `User-Agent` of every call; with the job, the vendor finds a load's calls in the server's log."""
    program = f"xlsx2opeasy/{version('xlsx2opeasy')}"
    return f"{program} load={job}" if job else program


def checked_origin(url: str) -> str:
    """`url` as an origin (`https://host[:port]`), without the slash at its end.

    Only `https`, and `http` to a loopback address; no user name, path, query or fragment. Raises UsageError
    with a sentence that shows the right form, and that does not repeat a URL which may hold a password.
    """
    parts = _split(url)
    if parts.username is not None or parts.password is not None:
        raise UsageError("The URL holds a user name or password", _RIGHT_FORM)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise UsageError("The URL must begin with https:// and name a server", _RIGHT_FORM)
    origin = f"{parts.scheme}://{parts.netloc.lower()}"
    if parts.query or parts.fragment or parts.path not in ("", "/"):
        where = "The URL holds more than the server's address; /v1 is added by the program"
        raise UsageError(where, f"Use {origin}")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError("The URL must begin with https://; http is for a loopback address only", _RIGHT_FORM)
    return origin


def _split(url: str) -> SplitResult:
    if not url.isprintable() or " " in url or "?" in url or "#" in url or "\\" in url:
        raise UsageError("The URL holds a space, a query or a character that no address has", _RIGHT_FORM)
    try:
        parts = urlsplit(url)
        if parts.port == 0 or parts.netloc.endswith(":"):
            raise ValueError
        httpx.URL(url).raw_host.decode().encode("idna")
    except (ValueError, httpx.InvalidURL):
        raise UsageError("The URL cannot be understood", _RIGHT_FORM) from None
    return parts


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its name or address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything needed to talk to one enterprise at one server; checked when it is made (UsageError).

    `ca_bundle` is a PEM file that is trusted in the place of the operating system's store.
    `enterprise_field` is the form field's name on the wire (readings, 1).
    """

    origin: str
    enterprise_id: str
    api_key: Secret
    ca_bundle: Path | None = None
    user_agent: str = ""
    enterprise_field: str = "enterpriseId"

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", checked_origin(self.origin))
        object.__setattr__(self, "user_agent", self.user_agent or user_agent())
        if not (self.user_agent.isascii() and self.user_agent.isprintable()):
            raise ValueError("a user agent is printable ASCII")
        if not self.enterprise_id.strip():
            raise UsageError("No enterprise id is given", "Set OPEASY_ENTERPRISE_ID or use --enterprise-id")
        if not self.api_key.reveal().strip():
            raise UsageError("No API key is given", "Set OPEASY_API_KEY, or run xlsx2opeasy login")

    @property
    def host(self) -> str:
        """The server's name or address."""
        return urlsplit(self.origin).hostname or ""

    def ssl_context(self) -> ssl.SSLContext:
        """TLS 1.2 or later, always verified: against `ca_bundle`, else the operating system's store."""
        if self.ca_bundle is None:
            context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            context = _trusting(self.ca_bundle)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def proxy(self) -> httpx.Proxy | None:
        """The environment's proxy for this origin; never one for a loopback address.

        A key that may go to loopback in clear text must not pass a proxy on its way.
        """
        if is_loopback(self.host) or urllib.request.proxy_bypass(self.host):
            return None
        configured = urllib.request.getproxies()
        url = configured.get("https") or configured.get("all")
        return _proxy(url) if url else None


def _trusting(ca_bundle: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except (OSError, ssl.SSLError) as problem:
        raise UsageError(
            f"The CA bundle {ca_bundle} cannot be used: {problem.strerror or problem}",
            "It must be a file of certificates in PEM form",
        ) from None


def _proxy(url: str) -> httpx.Proxy:
    try:
        proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
        if proxy.url.scheme not in ("http", "https") or not proxy.url.host:
            raise ValueError
    except (ValueError, httpx.InvalidURL):
        raise UsageError(
            "The environment's proxy (HTTPS_PROXY, ALL_PROXY) cannot be used",
            "It must be http:// or https:// and name a server; SOCKS is not supported",
        ) from None
    return proxy
