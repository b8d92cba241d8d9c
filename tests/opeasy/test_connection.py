"""Where the client goes and whom it trusts: the URL's rules, certificates (F24), proxies (F23)."""

import contextlib
import datetime as dt
import ipaddress
import select
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.http.reach import user_agent
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection, checked_origin
from xlsx2opeasy.opeasy.errors import CallFailed, Classification
from xlsx2opeasy.secret import Secret

from .conftest import SkippingClock
from .wire import Wire, reply

OPERATION = {"id": "o1", "tasks": {}}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://opeasy.example.com", "https://opeasy.example.com"),
        ("https://opeasy.example.com/", "https://opeasy.example.com"),
        ("HTTPS://OpEasy.Example.com:8443/", "https://opeasy.example.com:8443"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin(url: str, origin: str) -> None:
    assert checked_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opeasy.example.com",
        "//opeasy.example.com",
        "https://",
        "https:///v1",
        "ftp://opeasy.example.com",
        "file:///etc/passwd",
        "http://opeasy.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://0.0.0.0:80",
        "https://canary:canary@opeasy.example.com",
        "https://canary@opeasy.example.com",
        "https://@opeasy.example.com",
        "https://opeasy.example.com/v1/operations",
        "https://opeasy.example.com/v2",
        "https://opeasy.example.com/api",
        "https://opeasy.example.com//",
        "https://opeasy.example.com?x=1",
        "https://opeasy.example.com?",
        "https://opeasy.example.com#x",
        "https://opeasy.example.com:",
        "https://opeasy.example.com:0",
        "https://opeasy.example.com:70000",
        "https://opeasy.example.com:x",
        "https://opeasy example.com",
        "https://opeasy.example.com\n",
        "https://opeasy.example.com\\@evil.example",
        "https://[::1",
        f"https://{'a' * 64}.example.com",
    ],
)
def test_what_is_no_origin_is_wrong_usage_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_origin(url)
    assert "canary" not in caught.value.message + caught.value.hint
    assert "https://" in caught.value.hint


def test_an_origin_with_a_path_is_told_how_it_is_right() -> None:
    with pytest.raises(UsageError) as caught:
        checked_origin("https://opeasy.example.com:8443/v1/operations")
    assert caught.value.hint == "Use https://opeasy.example.com:8443"


@given(st.text(max_size=60))
def test_any_text_is_an_origin_or_wrong_usage(text: str) -> None:
    for url in (text, f"https://{text}", f"http://127.0.0.1{text}"):
        with contextlib.suppress(UsageError):
            origin = checked_origin(url)
            assert checked_origin(origin) == origin


def test_a_connection_needs_an_enterprise_and_a_key() -> None:
    with pytest.raises(UsageError, match="enterprise"):
        Connection("https://a.example", " ", Secret("k"))
    with pytest.raises(UsageError, match="API key"):
        Connection("https://a.example", "e", Secret(" "))
    assert "canary" not in repr(Connection("https://a.example", "e", Secret("canary")))


def test_the_user_agent_names_the_load(wire: Wire, connect: Callable[..., OpEasyClient]) -> None:
    assert user_agent("L42") == f"{user_agent()} load=L42"
    connection = Connection(wire.url, "e", Secret("k"), user_agent=user_agent("L42"))
    wire.on("GET", "/v1/operations/o1", reply(200, OPERATION))
    with OpEasyClient(connection) as client:
        client.get_operation("o1")
    agents = {each.headers["user-agent"] for each in wire.requests}
    assert agents == {user_agent("L42")}
    with pytest.raises(ValueError, match="ASCII"):
        Connection("https://a.example", "e", Secret("k"), user_agent="a\r\nX-Evil: 1")


def test_the_form_field_of_the_enterprise_can_be_renamed(wire: Wire, chunk: Path) -> None:
    connection = Connection(wire.url, "acme", Secret("k"), enterprise_field="enterpriseld")
    wire.on("POST", "/v1/operations", reply(201, OPERATION))
    with OpEasyClient(connection) as client:
        client.create_operation(chunk)
    assert b'name="enterpriseld"' in wire.sent("POST", "/v1/operations")[0].body


def test_cookies_are_not_kept(wire: Wire, client: OpEasyClient) -> None:
    wire.on("GET", "/v1/operations/o1", reply(200, OPERATION, Set_Cookie="a=b; Path=/"))
    client.get_operation("o1")
    client.get_operation("o1")
    assert [request for request in wire.requests if "cookie" in request.headers] == []


def test_netrc_is_not_read(
    wire: Wire, client: OpEasyClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    wire.on("GET", "/v1/operations/o1", reply(200, OPERATION))
    client.get_operation("o1")
    assert [each.headers.get("authorization") for each in wire.requests] == [None, "canary-token-91bd"]


_USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
_SIGNS = x509.KeyUsage(
    **dict.fromkeys(_USES, False), key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False
)
"""What the authority's key is for: Python from 3.13 on wants to be told."""


class Authority:
    """A certificate authority of our own, with its file at `bundle`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._certificate = self._signed(
            self._name, self._key, x509.BasicConstraints(True, None), _SIGNS, days=30
        )
        self.bundle = folder / "ca.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def _signed(self, name: x509.Name, key: Any, *extensions: Any, days: int) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        start = now - dt.timedelta(days=60)
        builder = x509.CertificateBuilder(
            self._name,
            name,
            key.public_key(),
            x509.random_serial_number(),
            start,
            now + dt.timedelta(days=days),
        )
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(own, critical=False)
        for extension in extensions:
            builder = builder.add_extension(
                extension, critical=isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
            )
        return builder.sign(self._key, hashes.SHA256())

    def context(self, host: str = "127.0.0.1", *, days: int = 30) -> ssl.SSLContext:
        """A server's, with a certificate for `host` that ends in `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            names: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            names = x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._signed(subject, key, x509.SubjectAlternativeName([names]), days=days)
        file = self._folder / f"{host}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def serving(context: ssl.SSLContext) -> Wire:
    return Wire(context).on("GET", "/v1/operations/o1", reply(200, OPERATION))


def test_a_certificate_of_the_bundle_is_trusted(
    authority: Authority, connect: Callable[..., OpEasyClient]
) -> None:
    with serving(authority.context()) as server:
        assert connect(server.url, ca_bundle=authority.bundle).get_operation("o1").id == "o1"


def test_the_operating_systems_store_is_read_without_a_bundle(
    authority: Authority, connect: Callable[..., OpEasyClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    with serving(authority.context()) as server:
        assert connect(server.url).get_operation("o1").id == "o1"


@pytest.mark.parametrize(
    ("host", "days", "with_bundle", "words"),
    [
        ("127.0.0.1", -1, True, "expired"),
        ("other.example", 30, True, "127.0.0.1"),
        ("127.0.0.1", 30, False, "unable to get local issuer certificate"),
    ],
    ids=["expired", "wrong host", "unknown authority"],
)
def test_f24_a_certificate_that_is_not_trusted_stops_at_once(
    authority: Authority,
    connect: Callable[..., OpEasyClient],
    clock: SkippingClock,
    chunk: Path,
    host: str,
    days: int,
    with_bundle: bool,
    words: str,
) -> None:
    with serving(authority.context(host, days=days)) as server:
        client = connect(server.url, ca_bundle=authority.bundle if with_bundle else None)
        with pytest.raises(CallFailed, match=words) as caught:
            client.create_operation(chunk)
        assert server.requests == []
        assert server.connections == 1
    assert caught.value.classification is Classification.NOT_SENT
    assert "--ca-bundle" in caught.value.hint
    assert clock.pauses == []


@pytest.mark.parametrize("own_bundle", [True, False])
def test_every_certificate_is_verified_with_tls_1_2_or_later(authority: Authority, own_bundle: bool) -> None:
    bundle = authority.bundle if own_bundle else None
    context = Connection("https://a.example", "e", Secret("k"), bundle).ssl_context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_tls_1_1_is_not_spoken(authority: Authority, connect: Callable[..., OpEasyClient]) -> None:
    context = authority.context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with serving(context) as server:
        with pytest.raises(CallFailed) as caught:
            connect(server.url, ca_bundle=authority.bundle).get_operation("o1")
        assert server.requests == []
    assert caught.value.classification is Classification.NOT_SENT


def test_a_bundle_that_is_none_is_wrong_usage(connect: Callable[..., OpEasyClient], tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    with pytest.raises(UsageError, match="CA bundle"):
        connect("https://a.example", ca_bundle=bundle)
    bundle.write_text("no certificate")
    with pytest.raises(UsageError, match="CA bundle"):
        connect("https://a.example", ca_bundle=bundle)


class Proxy:
    """A CONNECT proxy: leads every host to `port` here, or refuses with `status`, or hangs up (0)."""

    def __init__(self, status: int = 200, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self.status = status
        self._port = port
        self.heads: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain, self._spoken(plain) as client:
            self.heads.append(client.recv(65536).decode())
            if self.status:
                client.sendall(f"HTTP/1.1 {self.status} Refused by policy\r\n\r\n".encode())
            if self.status == 200:
                with socket.create_connection(("127.0.0.1", self._port)) as server:
                    self._copy(client, server)

    def _spoken(self, plain: socket.socket) -> socket.socket:
        return self._context.wrap_socket(plain, server_side=True) if self._context else plain

    @staticmethod
    def _copy(client: socket.socket, server: socket.socket) -> None:
        """Both ways in one thread, until one of them leaves."""
        while ready := select.select([client, server], [], [], 5)[0]:
            for source in ready:
                if not (data := source.recv(65536)):
                    return
                (server if source is client else client).sendall(data)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Proxy]]:
    made: list[Proxy] = []

    def make(*args: Any, user: str = "", **options: Any) -> Proxy:
        made.append(Proxy(*args, **options))
        scheme = "https" if options.get("context") else "http"
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://{user}{made[-1].address}")
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_environments_proxy_leads_to_the_server(
    proxy: Callable[..., Proxy], authority: Authority, connect: Callable[..., OpEasyClient]
) -> None:
    with serving(authority.context("opeasy.example")) as server:
        used = proxy(port=server.port, user="me:canary@")
        client = connect("https://opeasy.example", ca_bundle=authority.bundle)
        assert client.get_operation("o1").id == "o1"
    assert used.heads[0].startswith("CONNECT opeasy.example:443 HTTP/1.1\r\n")
    assert "proxy-authorization: basic " in used.heads[0].lower()
    assert "canary-token" not in "".join(used.heads)


@pytest.mark.parametrize("own_bundle", [True, False])
def test_a_proxy_may_speak_tls_itself(
    proxy: Callable[..., Proxy],
    authority: Authority,
    connect: Callable[..., OpEasyClient],
    monkeypatch: pytest.MonkeyPatch,
    own_bundle: bool,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    with serving(authority.context("opeasy.example")) as server:
        proxy(port=server.port, context=authority.context())
        client = connect("https://opeasy.example", ca_bundle=authority.bundle if own_bundle else None)
        assert client.get_operation("o1").id == "o1"


@pytest.mark.parametrize(("status", "tries"), [(407, 1), (403, 1), (503, 8), (0, 8)])
def test_f23_a_proxy_that_refuses_is_named_without_its_password_and_nothing_was_sent(
    proxy: Callable[..., Proxy],
    authority: Authority,
    connect: Callable[..., OpEasyClient],
    chunk: Path,
    status: int,
    tries: int,
) -> None:
    with serving(authority.context("opeasy.example")) as server:
        used = proxy(port=server.port, user="me:canary@")
        client = connect("https://opeasy.example", ca_bundle=authority.bundle)
        client.authenticate()
        used.status = status
        with pytest.raises(CallFailed) as caught:
            client.create_operation(chunk)
        assert len(server.requests) == 1
    assert caught.value.classification is Classification.NOT_SENT
    assert f"the proxy http://{used.address}" in caught.value.message
    assert "POST /v1/operations" in caught.value.message
    assert "canary" not in caught.value.message + caught.value.hint
    assert len(used.heads) == 1 + tries


def test_a_loopback_server_and_no_proxy_are_reached_without_the_proxy(
    proxy: Callable[..., Proxy],
    wire: Wire,
    connect: Callable[..., OpEasyClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used = proxy(403)
    monkeypatch.setenv("HTTP_PROXY", f"http://{used.address}")
    wire.on("GET", "/v1/operations/o1", reply(200, OPERATION))
    assert connect(wire.url).get_operation("o1").id == "o1"
    assert used.heads == []
    monkeypatch.setenv("NO_PROXY", "opeasy.example")
    assert Connection("https://opeasy.example", "e", Secret("k")).proxy() is None
    assert Connection("https://other.example", "e", Secret("k")).proxy() is not None


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "http://", "http://a:b:c"])
def test_a_proxy_that_cannot_be_used_is_wrong_usage(
    connect: Callable[..., OpEasyClient], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(UsageError, match="proxy"):
        connect("https://opeasy.example")
