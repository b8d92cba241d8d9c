"""Hostile requests: none gets in, none changes anything, whatever it says of itself."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from web.page import EXAMPLES, Page, Visitor, running
from xlsx2opeasy.web.gate import LONGEST_FORM

KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
SECURITY = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@pytest.fixture(scope="module")
def home_of_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate-home")


@pytest.fixture(scope="module")
def page(home_of_page: Path) -> Iterator[Page]:
    with running("--sandbox", env={"XLSX2OPEASY_HOME": str(home_of_page), **KEYRING}) as started:
        yield started


@pytest.fixture(scope="module")
def visitor(page: Page) -> Visitor:
    return page.client().upload(EXAMPLES / "new-branch-office.xlsx")


def raw(page: Page, request: bytes, timeout: float = 10) -> bytes:
    """What the server answers to these bytes, until it closes the connection or says nothing for a while."""
    with socket.create_connection(("127.0.0.1", page.port), timeout=timeout) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
                if b"\r\n\r\n" in answer and b"\r\n0\r\n\r\n" in answer:
                    break
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


def head(page: Page, visitor: Visitor | None, method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """A request's head; the cookie of the visitor, where one is given, comes along."""
    lines = {"Host": f"127.0.0.1:{page.port}", "Connection": "close"}
    if visitor is not None:
        lines["Cookie"] = "; ".join(f"{each.name}={each.value}" for each in visitor.http.cookies.jar)
    for name, value in headers.items():
        if value:
            lines[name] = value
        else:
            lines.pop(name, None)
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode("latin-1")


HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1:{port}.evil.example",
    "localhost",
    "localhost.:{port}",
    "[::1]:{port}",
    "0.0.0.0:{port}",
    "127.1:{port}",
    "127.0.0.2:{port}",
    "2130706433:{port}",
    "127.0.0.1:0{port}",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_host_gets_nothing(page: Page, visitor: Visitor, host: str) -> None:
    for path in ("/", f"/?token={page.address.split('=')[1]}", "/static/app.css"):
        answer = raw(page, head(page, visitor, "GET", path, {"Host": host.format(port=page.port)}))
        assert status(answer) in (400, 403), answer[:200]
        assert b"set-cookie" not in answer.lower()
        assert b"Choose a workbook" not in answer


def test_two_hosts_get_nothing(page: Page, visitor: Visitor) -> None:
    request = head(page, visitor, "GET", "/", {}).replace(
        b"Connection", b"Host: evil.example\r\nConnection", 1
    )
    assert status(raw(page, request)) in (400, 403)


ADDRESSES = [
    "/",
    "/jobs",
    "/jobs/L20260101-aaaa/live",
    "/jobs/L20260101-aaaa/results",
    "/jobs/L20260101-aaaa/report",
    "/new",
    "/new/new-workbook.xlsx",
    "/connection",
    "/static/app.js",
    "/workbooks/aaaaaaaaaaaaaaaa/corrected",
    "/nothing",
    "/?token=",
    "/?token=wrong",
    "/?token=%C3%A4",
    "/?token=wrong&token=wrong",
]


@pytest.mark.parametrize("path", ADDRESSES)
def test_without_the_cookie_there_is_nothing(page: Page, path: str) -> None:
    for headers in ({}, {"Cookie": f"xlsx2opeasy-{page.port}=wrong"}, {"Cookie": "\xff=\xff; a"}):
        answer = raw(page, head(page, None, "GET", path, headers))
        assert status(answer) == 403, answer[:200]
        assert b"set-cookie" not in answer.lower()


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "https://127.0.0.1:{port}"},
    {"Origin": "http://localhost:{port}"},
    {"Origin": "http://127.0.0.1:{port}.evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "Same-Origin"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Referer": "http://127.0.0.1:{port}/"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_page_changes_nothing(
    page: Page, visitor: Visitor, home_of_page: Path, headers: Mapping[str, str]
) -> None:
    given = {name: value.format(port=page.port) for name, value in headers.items()}
    before = sorted(home_of_page.rglob("*"))
    address, fields = visitor.form("Rehearse")
    body = f"once={fields['once']}".encode()
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    paths = [
        address.removeprefix(page.origin),
        f"{visitor.path}/stages",
        "/workbooks",
        "/connection",
        "/connection/untried",
        "/jobs/L20260101-aaaa/stop",
        "/jobs/L20260101-aaaa/canary",
    ]
    for path in paths:
        answer = raw(page, head(page, visitor, "POST", path, {**form, **given}) + body)
        assert status(answer) == 403, answer[:200]
    assert sorted(home_of_page.rglob("*")) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Origin": "https://evil.example", "Accept": "text/event-stream"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_another_page_reads_nothing(page: Page, visitor: Visitor, headers: Mapping[str, str]) -> None:
    for path in ("/", "/jobs", "/static/app.js", "/jobs/L20260101-aaaa/live"):
        assert status(raw(page, head(page, visitor, "GET", path, headers))) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/static/../start.html.j2",
        "/static/..%2fstart.html.j2",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/start.html.j2",
        "/static//etc/passwd",
        "/jobs/..%2f..%2fetc/results",
        "/jobs/%2e%2e/report",
        "/workbooks/../../etc/corrected",
        "/workbooks/..%2f..%2f..%2fetc%2fpasswd/corrected",
        "/workbooks/%00/corrected",
        "/runs/%3Cscript%3E",
        "/jobs/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ],
)
def test_no_address_leads_out(page: Page, visitor: Visitor, path: str) -> None:
    answer = raw(page, head(page, visitor, "GET", path, {}))
    assert 400 <= status(answer) < 500, answer[:300]
    for leak in (b"root:", b"[project]", b"{% extends", b"<script>alert", b"Traceback"):
        assert leak not in answer


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused(page: Page, visitor: Visitor, method: str) -> None:
    answer = raw(page, head(page, visitor, method, "/", {"Origin": page.origin}))
    assert status(answer) in (400, 403, 405)


def test_a_large_form_is_refused(page: Page, visitor: Visitor) -> None:
    own = {"Origin": page.origin, "Content-Type": "application/x-www-form-urlencoded"}
    length = {**own, "Content-Length": str(LONGEST_FORM + 1)}
    assert status(raw(page, head(page, visitor, "POST", "/connection", length))) == 413
    for wrong in ("-1", "1e9", "99999999999999999999999", "0x10"):
        answer = raw(page, head(page, visitor, "POST", "/connection", {**own, "Content-Length": wrong}))
        assert status(answer) in (0, 400, 413)
    chunked = head(page, visitor, "POST", "/connection", {**own, "Transfer-Encoding": "chunked"})
    block = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    try:
        answer = raw(page, chunked + block * 8)
    except (ConnectionResetError, BrokenPipeError):
        answer = b""
    assert status(answer) in (0, 413)


def test_a_huge_upload_is_refused_before_it_is_read(page: Page, visitor: Visitor, home_of_page: Path) -> None:
    kind = "multipart/form-data; boundary=x"
    own = {"Origin": page.origin, "Content-Type": kind, "Content-Length": str(300 * 1024 * 1024)}
    before = sorted((home_of_page / "web").glob("*"))
    answer = raw(page, head(page, visitor, "POST", "/workbooks", own), timeout=60)
    assert status(answer) == 413
    assert b"209,715,200" in answer
    assert sorted((home_of_page / "web").glob("*")) == before


def test_a_slow_body_ends(page: Page, visitor: Visitor) -> None:
    own = {
        "Origin": page.origin,
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": "1000",
    }
    began = time.monotonic()
    answer = raw(page, head(page, visitor, "POST", "/connection", own) + b"url=", timeout=40)
    assert status(answer) in (0, 408)
    assert time.monotonic() - began < 35


def test_a_large_upload_that_is_no_file_is_refused(page: Page, visitor: Visitor) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", ""):
        own = {"Origin": page.origin, "Content-Type": kind, "Content-Length": str(LONGEST_FORM + 1)}
        assert status(raw(page, head(page, visitor, "POST", "/workbooks", own))) == 413


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site"])
def test_a_header_that_is_there_twice_is_not_believed(page: Page, visitor: Visitor, name: str) -> None:
    good = {"Origin": page.origin, "Sec-Fetch-Site": "same-origin"}[name]
    for first, second in ((good, "https://evil.example"), ("cross-site", good)):
        request = head(page, visitor, "POST", "/connection/check", {name: first, "Content-Length": "0"})
        line = f"{name}: {second}\r\n\r\n".encode()
        assert status(raw(page, request.removesuffix(b"\r\n") + line)) == 403


@pytest.mark.parametrize(
    "address", ["http://evil.example/", "http://evil.example:{port}/jobs", "//evil.example/", "*"]
)
def test_an_address_of_another_server_leads_nowhere(page: Page, visitor: Visitor, address: str) -> None:
    answer = raw(page, head(page, visitor, "GET", address.format(port=page.port), {}))
    assert 400 <= status(answer) < 500
    assert b"Choose a workbook" not in answer


def test_headers_of_a_proxy_change_nothing(page: Page, visitor: Visitor) -> None:
    forwarded = {"X-Forwarded-Host": f"127.0.0.1:{page.port}", "X-Forwarded-For": "127.0.0.1"}
    host = {"Host": "evil.example", "Forwarded": f"host=127.0.0.1:{page.port}"}
    assert status(raw(page, head(page, visitor, "GET", "/", {**forwarded, **host}))) == 403


def test_too_many_fields_and_files_are_refused(page: Page, visitor: Visitor) -> None:
    many = visitor.http.post(f"{page.origin}/connection", files={f"f{n}": b"x" for n in range(3)})
    assert 400 <= many.status_code < 500
    odd = visitor.http.post(
        f"{page.origin}/workbooks", content=b"x" * 10, headers={"Content-Type": "multipart/form-data"}
    )
    assert 400 <= odd.status_code < 500
    plain = visitor.http.post(f"{page.origin}/workbooks", data={"workbook": "/etc/passwd"})
    assert plain.status_code == 422
    assert "root:" not in plain.text


def test_a_bomb_is_refused_as_by_check(page: Page, visitor: Visitor, tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(EXAMPLES / "new-branch-office.xlsx") as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in source.namelist():
            bomb.writestr(name, source.read(name))
        with bomb.open("xl/media/zeros.bin", "w") as zeros:
            for _ in range(320):
                zeros.write(bytes(1 << 20))
    answer = visitor.http.post(
        f"{page.origin}/workbooks", files={"workbook": ("bomb.xlsx", path.read_bytes())}
    )
    assert 400 <= answer.status_code < 500
    assert "bomb.xlsx" in answer.text


@pytest.mark.parametrize(
    "path",
    ["/", "/static/app.css", "/jobs", "/new/new-workbook.xlsx", "/nothing", "/jobs/L20260101-aaaa/live"],
)
def test_every_answer_has_the_headers(page: Page, visitor: Visitor, path: str) -> None:
    for client in (visitor.http, None):
        answer = raw(page, head(page, visitor if client else None, "GET", path, {}))
        lines = answer.split(b"\r\n\r\n")[0].decode("latin-1").lower()
        for name, value in SECURITY.items():
            assert f"{name}: {value}" in lines
        assert "content-security-policy: default-src 'self'" in lines
        assert "unsafe" not in lines


def test_the_cookie_is_strict_and_carries_the_port(page: Page) -> None:
    answer = raw(page, head(page, None, "GET", page.address.removeprefix(page.origin), {}))
    lines = answer.split(b"\r\n\r\n")[0].decode("latin-1").lower()
    assert status(answer) in (302, 303, 307)
    assert "location: /\r\n" in lines + "\r\n"
    cookie = next(line for line in lines.splitlines() if line.startswith("set-cookie:"))
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert str(page.port) in cookie.split("=")[0]
    assert page.address.split("=")[1].lower() not in cookie


def test_the_browser_is_opened_through_a_file_of_the_owner_that_is_removed(tmp_path: Path) -> None:
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}.part\nmv {seen}.part {seen}\n')
    browser.chmod(0o755)
    env = {"XLSX2OPEASY_HOME": str(tmp_path / "home"), **KEYRING, "BROWSER": str(browser)}
    with running("--sandbox", env=env, opens_browser=True) as page:
        _until(seen.exists)
        assert seen.read_text().startswith("file://")
        file = Path(seen.read_text().removeprefix("file://"))
        assert file.stat().st_mode & 0o777 == 0o600
        assert page.address in file.read_text()
        assert "Choose a workbook" in page.client().text
        _until(lambda: not file.parent.exists())


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_cookie_of_another_run_is_worth_nothing(page: Page, visitor: Visitor, tmp_path: Path) -> None:
    with running(env={"XLSX2OPEASY_HOME": str(tmp_path), **KEYRING}) as other:
        cookie = "; ".join(f"{each.name}={each.value}" for each in visitor.http.cookies.jar)
        for name in (str(page.port), str(other.port)):
            renamed = {"Cookie": cookie.replace(str(page.port), name)}
            assert status(raw(other, head(other, None, "GET", "/", renamed))) == 403
        token = page.address.removeprefix(page.origin)
        assert status(raw(other, head(other, None, "GET", token, {}))) == 403


def test_no_page_has_anything_inline_or_from_outside(page: Page, visitor: Visitor) -> None:
    import re

    for path in ("/", "/jobs", "/new", "/connection", visitor.path, f"{visitor.path}/plan"):
        text = visitor.http.get(f"{page.origin}{path}").text
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text)
