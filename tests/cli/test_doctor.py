"""`doctor`: the installed command against the sandbox, and against servers that are wrong in one way each."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from foreign.certificate import make_certificate, serving
from foreign.messages import Answer
from foreign.server import ForeignServer
from installed import COMMAND, run
from xlsx2opeasy.sandbox.serve import serve_in_thread

NAMES = [
    "versions",
    "folder",
    "keyring",
    "store",
    "settings",
    "proxy",
    "connection",
    "certificate",
    "api key",
    "login",
    "clock",
    "rights",
]
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForeignServer]:
    """A stranger's server that the environment points at."""
    with ForeignServer() as running:
        point_at(running, monkeypatch)
        yield running


def point_at(running: ForeignServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEASY_URL", running.url)
    monkeypatch.setenv("OPEASY_ENTERPRISE_ID", running.settings.enterprise_id)
    monkeypatch.setenv("OPEASY_API_KEY", running.settings.api_key)


def doctor(*arguments: object, code: int = 0) -> dict[str, dict[str, Any]]:
    done = run("doctor", *arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    checks = json.loads(done.stdout)["checks"]
    assert [each["name"] for each in checks] == NAMES
    return {each["name"]: each for each in checks}


def only_failure(found: dict[str, dict[str, Any]], name: str) -> str:
    """The words of the one check that failed, with what to do about it."""
    assert [each for each, check in found.items() if check["status"] == "failed"] == [name]
    assert found[name]["hint"]
    return f"{found[name]['message']}\n{found[name]['hint']}"


def test_all_is_well_with_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_in_thread() as running:
        monkeypatch.setenv("OPEASY_API_KEY", running.api_key)
        found = doctor("--url", running.url, "--enterprise-id", running.enterprise_id)
        assert {each["status"] for each in found.values()} <= {"ok", "skipped", "warning"}
        assert [found[name]["status"] for name in ("login", "clock", "rights")] == ["ok"] * 3
        told = run("doctor", "--url", running.url, "--enterprise-id", running.enterprise_id)
    assert told.returncode == 0
    assert "✓ login:" in told.stdout
    assert running.api_key not in told.stdout + told.stderr + json.dumps(found)
    assert not running.truth.applied


def test_nothing_but_reading_is_asked_of_the_server(server: ForeignServer) -> None:
    doctor()
    assert [each.method for each in server.requests if not each.path.endswith("/authsessions")] == ["GET"]


def test_nothing_is_set() -> None:
    assert "no server is named" in only_failure(doctor(code=2), "settings")


def test_a_wrong_key(server: ForeignServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEASY_API_KEY", "Canary-Key")
    words = only_failure(doctor(code=4), "login")
    assert "Check the API key" in words
    assert "Canary-Key" not in words


def test_no_key(server: ForeignServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPEASY_API_KEY")
    assert "there is no API key" in only_failure(doctor(code=4), "api key")


def test_a_key_file_that_others_read(server: ForeignServer, tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_text(server.settings.api_key)
    path.chmod(0o644)
    assert "chmod 600" in doctor("--api-key-file", path)["api key"]["hint"]


def test_a_wrong_host_and_a_wrong_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEASY_ENTERPRISE_ID", "acme")
    assert "is not known" in only_failure(doctor("--url", "https://opeasy.invalid", code=5), "connection")
    with ForeignServer() as gone:
        url = gone.url
    assert "check the port" in only_failure(doctor("--url", url, code=5), "connection")


@pytest.mark.parametrize(
    ("answer", "name", "code", "words"),
    [
        (Answer(302, headers={"Location": "https://elsewhere.example.com/"}), "login", 2, "redirect"),
        (Answer(503), "login", 5, "try again later"),
        (Answer(403), "login", 4, "Check the API key"),
    ],
)
def test_what_the_server_answers_to_the_login(
    server: ForeignServer, answer: Answer, name: str, code: int, words: str
) -> None:
    server.settings.before = lambda request: answer
    assert words in only_failure(doctor(code=code), name)


def test_a_page_of_something_else(server: ForeignServer) -> None:
    server.settings.before = lambda request: Answer(
        200, b"<html>Welcome</html>", headers={"Content-Type": "text/html"}
    )
    assert "another program answers" in only_failure(doctor(code=5), "login")


def test_a_key_that_may_not_read_operations(server: ForeignServer) -> None:
    server.settings.before = lambda request: Answer(403) if request.method == "GET" else None
    assert "may not do this" in only_failure(doctor(code=4), "rights")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_wrong(server: ForeignServer, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    monkeypatch.setattr("foreign.server._Handler.date_time_string", lambda handler: date)
    clock = doctor()["clock"]
    assert clock["status"] == "warning"
    assert f"60 minutes {'behind' if hours > 0 else 'ahead of'}" in clock["message"]


def test_a_self_signed_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make_certificate(tmp_path)
    with ForeignServer(ssl_context=serving(certificate, key)) as server:
        point_at(server, monkeypatch)
        assert "--ca-bundle" in only_failure(doctor(code=5), "certificate")
        trusted = doctor("--ca-bundle", certificate)["certificate"]
        assert trusted["status"] == "warning"  # of two days only
        assert "valid until" in trusted["message"]
        elsewhere = server.url.replace("127.0.0.1", "localhost")
        wrong_name = doctor("--url", elsewhere, "--ca-bundle", certificate, code=5)
        assert "for another name" in only_failure(wrong_name, "certificate")


def test_an_expired_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make_certificate(tmp_path)
    expire(certificate, key)
    with ForeignServer(ssl_context=serving(certificate, key)) as server:
        point_at(server, monkeypatch)
        words = only_failure(doctor("--ca-bundle", certificate, code=5), "certificate")
    assert "must renew" in words


def expire(certificate: Path, key: Path) -> None:
    """Makes the certificate anew so that it ended yesterday."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    old = x509.load_pem_x509_certificate(certificate.read_bytes())
    builder = x509.CertificateBuilder(
        old.issuer,
        old.subject,
        old.public_key(),
        old.serial_number,
        datetime.now(UTC) - timedelta(days=9),
        datetime.now(UTC) - timedelta(days=1),
        list(old.extensions),
    )
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    new = builder.sign(private, hashes.SHA256())  # type: ignore[arg-type]
    certificate.write_bytes(new.public_bytes(serialization.Encoding.PEM))


def test_https_where_only_http_is_spoken(server: ForeignServer) -> None:
    words = only_failure(doctor("--url", server.url.replace("http:", "https:"), code=5), "connection")
    assert "does not speak TLS" in words


def test_a_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with ForeignServer() as proxy:  # knows no CONNECT
        address = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:Canary-Word@{address}")
        monkeypatch.setenv("OPEASY_API_KEY", "key")
        found = doctor("--url", "https://opeasy.example.com", "--enterprise-id", "acme", code=5)
    assert address in found["proxy"]["message"]
    assert "Canary-Word" not in json.dumps(found)
    assert found["login"]["status"] == "failed"


def test_a_folder_that_cannot_be_written(
    server: ForeignServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("XLSX2OPEASY_HOME", str(tmp_path / "file"))
    else:
        tmp_path.chmod(0o500)
        monkeypatch.setenv("XLSX2OPEASY_HOME", str(tmp_path / "home"))
    assert "XLSX2OPEASY_HOME" in only_failure(doctor(code=5), "folder")


def test_a_pipe_whose_encoding_has_no_ticks(server: ForeignServer, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([COMMAND, "doctor"], env=environment, capture_output=True, check=False)
    assert done.returncode == 0
    assert "✓ login:".encode() in done.stdout, "UTF-8, where the encoding has no such sign"
