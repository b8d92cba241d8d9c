"""A connection made to be looked at: name, port, TLS, certificate, in words. Nothing is sent."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from xlsx2opeasy.errors import ServiceFailed
from xlsx2opeasy.http.reach import tls_context

_EXPIRED, _NOT_YET_VALID = 10, 9
_WRONG_NAME = frozenset({62, 64})
"""OpenSSL's verify codes (X509_V_ERR_…), to which those of the operating systems' stores are translated."""


class CertificateRefused(ServiceFailed):
    """The server was reached, and its certificate is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who answered: the TLS version, and how long the certificate is valid (None where unknown)."""

    tls: str | None = None
    expires: datetime | None = None


def look_at(origin: str, ca_bundle: Path | None, seconds: float) -> Peer:
    """Connects and shakes hands, each in `seconds` at the most.

    Raises CertificateRefused, ServiceFailed where the server is not reached, UsageError for the CA bundle.
    """
    parts = urlsplit(origin)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with _connected(host, port, seconds) as connection:
        if parts.scheme == "http":
            return Peer()
        return _shaken(connection, host, port, tls_context(ca_bundle))


def _connected(host: str, port: int, seconds: float) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout=seconds)
    except socket.gaierror:
        raise ServiceFailed(
            f"the name {host} is not known", "check the spelling of the URL, and whether you need a VPN"
        ) from None
    except ConnectionRefusedError:
        raise ServiceFailed(
            f"{host} is there, and nothing answers at port {port}", "check the port in the URL"
        ) from None
    except TimeoutError:
        raise ServiceFailed(
            f"{host} does not answer at port {port}", "a firewall may be in between: ask who runs the network"
        ) from None
    except OSError as error:
        raise ServiceFailed(
            f"{host} cannot be reached at port {port}: {error.strerror or error}", "check the network"
        ) from None


def _shaken(connection: socket.socket, host: str, port: int, context: ssl.SSLContext) -> Peer:
    try:
        with context.wrap_socket(connection, server_hostname=host) as secured:
            until = (secured.getpeercert() or {}).get("notAfter")
            seconds = None if until is None else ssl.cert_time_to_seconds(str(until))
            return Peer(secured.version(), None if seconds is None else datetime.fromtimestamp(seconds, UTC))
    except ssl.SSLCertVerificationError as error:
        raise CertificateRefused(
            f"the certificate of {host} is not trusted: {error.verify_message}",
            _remedy(error.verify_code, host),
        ) from None
    except (ssl.SSLError, OSError):
        raise ServiceFailed(
            f"{host} does not speak TLS at port {port}", "check the port in the URL: it must be that of https"
        ) from None


def _remedy(code: int, host: str) -> str:
    if code in (_EXPIRED, _NOT_YET_VALID):
        return (
            "check the date of this machine; if it is right, who runs the server must renew the certificate"
        )
    if code in _WRONG_NAME:
        return f"the certificate is for another name than {host}: use the name that it is for in the URL"
    return "if the certificate is from your own authority, give its file: --ca-bundle or OPEASY_CA_BUNDLE"
