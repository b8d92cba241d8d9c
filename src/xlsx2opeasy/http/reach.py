"""How a server is reached: the rules of every URL, TLS, the environment's proxy, who we say we are."""

import ipaddress
import ssl
import urllib.request
from importlib.metadata import version
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx
import truststore

from xlsx2opeasy.errors import UsageError


def user_agent(job: str = "") -> str:
    """The `User-Agent` of every call; with the job, the vendor finds a load's calls in the server's log."""
    program = f"xlsx2opeasy/{version('xlsx2opeasy')}"
    return f"{program} load={job}" if job else program


def checked_url(url: str, right_form: str) -> SplitResult:
    """The parts of an `http` or `https` URL that names a server, without user name, query and fragment.

    Whether its path is right and `http` allowed is for the caller to judge. Raises UsageError with
    `right_form` as its hint, and does not repeat a URL which may hold a password.
    """
    if not url.isprintable() or " " in url or "?" in url or "#" in url or "\\" in url:
        raise UsageError("The URL holds a space, a query or a character that no address has", right_form)
    try:
        parts = urlsplit(url)
        if parts.port == 0 or parts.netloc.endswith(":"):
            raise ValueError
        httpx.URL(url).raw_host.decode().encode("idna")
    except (ValueError, httpx.InvalidURL):
        raise UsageError("The URL cannot be understood", right_form) from None
    if parts.username is not None or parts.password is not None:
        raise UsageError("The URL holds a user name or password", right_form)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise UsageError("The URL must begin with https:// and name a server", right_form)
    return parts


def checked_notify_url(url: str) -> str:
    """An `https` URL to which something is posted. Raises UsageError, and does not repeat the URL."""
    right_form = "give an address such as https://hooks.example.com/loads"
    try:
        if not url.isprintable() or " " in url:
            raise ValueError
        parts = httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise UsageError("the address for --notify cannot be understood", right_form) from None
    if parts.scheme != "https" or not parts.host:
        raise UsageError("the address for --notify must begin with https:// and name a server", right_form)
    if parts.userinfo:
        raise UsageError("the address for --notify holds a user name or password", right_form)
    return url


def require_safe_scheme(parts: SplitResult, right_form: str) -> None:
    """Raises UsageError for `http` to any but a loopback address."""
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UsageError("The URL must begin with https://; http is for a loopback address only", right_form)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its name or address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def tls_context(ca_bundle: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later, always verified: against `ca_bundle`, else the operating system's store."""
    if ca_bundle is None:
        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = _trusting(ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def certificate_error(problem: BaseException | None) -> str | None:
    """Why the server's certificate was not trusted, where that is what `problem` comes from."""
    while problem is not None:
        if isinstance(problem, ssl.SSLCertVerificationError):
            return problem.verify_message or str(problem)
        problem = problem.__cause__ or problem.__context__
    return None


def proxy_to(host: str) -> httpx.Proxy | None:
    """The environment's proxy for this host; never one for a loopback address.

    A key that may go to loopback in clear text must not pass a proxy on its way.
    """
    if is_loopback(host) or urllib.request.proxy_bypass(host):
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
