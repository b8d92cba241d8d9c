"""`--notify`: the summary is posted once at the end, and whatever happens to it changes nothing."""

import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from foreign.certificate import make_certificate, serving
from foreign.server import ForeignServer
from xlsx2opeasy.load.job.home import Home
from xlsx2opeasy.load.job.journal import Fact, Record
from xlsx2opeasy.load.results.load_result import LoadResult

from .books import user_book
from .command import Done, run
from .rig import Rig

QUICK = ("--poll-interval", "0.05", "--yes", "--json")


class Receiver:
    """An https server that takes posts, and answers with `answers` one after the other, then with 204."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.socket = serving(certificate, key).wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever)
        self.url = f"https://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return make_certificate(tmp_path)


@pytest.fixture
def receiver(certificate: tuple[Path, Path]) -> Iterator[Receiver]:
    with Receiver(*certificate) as running:
        yield running


def notes(server: ForeignServer, home: Path, done: Done) -> list[Record]:
    """What the journal says of posts."""
    job = LoadResult(done.json["job"], "", 0, "", None, {})
    return [each for each in Rig(server, Home(home)).records(job) if each.call == Fact.NOTIFIED]


def test_the_summary_is_posted_once_and_signed(
    tmp_path: Path,
    home: Path,
    server: ForeignServer,
    env: dict[str, str],
    receiver: Receiver,
    certificate: tuple[Path, Path],
) -> None:
    home.mkdir(exist_ok=True)
    lines = [
        "[profiles.acme]",
        f'notify = "{receiver.url}/hook?token=t0ken"',
        'notify_secret = "s3cret-word"',
    ]
    (home / "config.toml").write_text("\n".join(lines))
    path = user_book(tmp_path / "a.xlsx", 2, **{"user.userPassword": "Zq9Pw-secret"})
    done = run("load", path, *QUICK, "--profile", "acme", "--ca-bundle", certificate[0], env=env)
    assert done.code == 0, done.err
    ((where, headers, body),) = receiver.posts
    assert where == "/hook?token=t0ken"
    assert json.loads(body) == done.json
    expected = hmac.new(b"s3cret-word", body, hashlib.sha256).hexdigest()
    assert headers["X-Xlsx2opeasy-Signature"] == f"sha256={expected}"
    assert headers["Content-Type"] == "application/json"
    (note,) = notes(server, home, done)
    assert (note.detail["delivered"], note.detail["tries"]) == (True, 1)
    shown = run("config", "show", "--profile", "acme", env=env)
    for text in (done.out, done.err, shown.out, body.decode(), json.dumps(dict(note.detail))):
        assert "s3cret-word" not in text
        assert "Zq9Pw-secret" not in text
    assert "t0ken" not in done.out + done.err + json.dumps(dict(note.detail))
    again = run("resume", done.json["job"], "--json", "--profile", "acme", env=env)
    assert again.code == 0
    assert len(receiver.posts) == 1


@pytest.mark.parametrize("answers", [[500, 503], [302, 404]])
def test_it_is_tried_three_times(
    answers: list[int],
    tmp_path: Path,
    home: Path,
    server: ForeignServer,
    env: dict[str, str],
    receiver: Receiver,
    certificate: tuple[Path, Path],
) -> None:
    receiver.answers = answers
    path = user_book(tmp_path / "a.xlsx", 1)
    done = run("load", path, *QUICK, "--notify", receiver.url, "--ca-bundle", certificate[0], env=env)
    assert done.code == 0
    assert [each[0] for each in receiver.posts] == ["/"] * 3
    assert "X-Xlsx2opeasy-Signature" not in receiver.posts[0][1]


def test_an_address_that_never_takes_it_changes_nothing(
    tmp_path: Path, home: Path, server: ForeignServer, env: dict[str, str], receiver: Receiver
) -> None:
    """Its certificate is not trusted here."""
    path = user_book(tmp_path / "a.xlsx", 1)
    done = run("load", path, *QUICK, "--notify", f"{receiver.url}/t0ken", env=env)
    assert (done.code, done.json["status"]) == (0, "completed")
    assert receiver.posts == []
    assert "could not be posted to 127.0.0.1" in done.err
    assert "t0ken" not in done.err
    (note,) = notes(server, home, done)
    assert (note.detail["delivered"], note.detail["tries"]) == (False, 3)


def test_a_load_that_stops_and_its_resume_post_each_their_own(
    tmp_path: Path,
    home: Path,
    server: ForeignServer,
    env: dict[str, str],
    receiver: Receiver,
    certificate: tuple[Path, Path],
) -> None:
    server.settings.polls_processing = 10**6
    path = user_book(tmp_path / "a.xlsx", 1)
    trusted = ("--ca-bundle", certificate[0])
    stopped = run("load", path, *QUICK, "--wait", "0.2", "--notify", receiver.url, *trusted, env=env)
    assert stopped.code == 8
    server.settings.polls_processing = 0
    resumed = run("resume", "--json", "--poll-interval", "0.05", *trusted, env=env)
    assert resumed.code == 0
    assert [json.loads(body)["status"] for _, _, body in receiver.posts] == ["running", "completed"]
    assert run("jobs", "--json", env=env).json["items"][0]["loadStatus"] == "completed"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "ftp://a.example",
        "hooks.example.com",
        "https://",
        "https://u:p4.ss@a.example/",
    ],
)
def test_only_https(url: str, tmp_path: Path, home: Path, server: ForeignServer, env: dict[str, str]) -> None:
    done = run("load", user_book(tmp_path / "a.xlsx", 1), *QUICK, "--notify", url, env=env)
    assert done.code == 2
    assert server.requests == []
    assert "p4.ss" not in done.out + done.err


def test_no_rehearsal_and_no_invalid_workbook_is_posted(
    tmp_path: Path,
    home: Path,
    server: ForeignServer,
    env: dict[str, str],
    receiver: Receiver,
    certificate: tuple[Path, Path],
) -> None:
    with contextlib.suppress(KeyError):
        del env["OPEASY_API_KEY"]
    path = user_book(tmp_path / "a.xlsx", 1)
    rehearsed = run("load", path, "--sandbox", "--json", "--notify", receiver.url, env=env)
    assert rehearsed.code == 0
    invalid = user_book(tmp_path / "b.xlsx", 1, **{"user.userId": "nobody"})
    trusted = ("--ca-bundle", certificate[0])
    assert run("load", invalid, *QUICK, "--notify", receiver.url, *trusted, env=env).code == 3
    assert receiver.posts == []
