"""A certificate for 127.0.0.1, made by `openssl`, for tests that need TLS on a loopback port."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

_REQUEST = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
_EXTENSIONS = "-addext subjectAltName=IP:127.0.0.1 -addext keyUsage=critical,digitalSignature,keyCertSign"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A new self-signed certificate and its key, as PEM files in `folder`; skips where openssl is missing."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = [openssl, *_REQUEST.split(), *_EXTENSIONS.split(), *files]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def serving(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a server needs to serve with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def trusting(certificate: Path) -> ssl.SSLContext:
    """What a client needs to trust the certificate, and nothing else."""
    return ssl.create_default_context(cafile=certificate)
