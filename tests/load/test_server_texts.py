"""What a server says, through the installed command: no credential is kept or shown, no line is made up."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from foreign.messages import Answer, Request, general_error
from foreign.server import ForeignServer

from .books import read_results, user_book
from .command import Done, run

PASSWORD = "Ca;na ry-&9/long"
FORGED = "Done: 4 rows: 4 succeeded"
BREAKS = ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1b[2K\x1b[1G\n", "\u202e\n"]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "URL": lambda text: quote(text, safe=""),
    "quoted in a URL": lambda text: quote(f'"{text}"', safe=""),
    "HTML": lambda text: text.replace("&", "&amp;"),
    "numbers in HTML": lambda text: "".join(
        each if each.isalnum() else f"&#x{ord(each):x};" for each in text
    ),
}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return user_book(tmp_path / "users.xlsx", user__userPassword=PASSWORD)


def secrets_of(server: ForeignServer) -> list[str]:
    return [server.settings.api_key, *server.state.tokens, PASSWORD]


def whatever_is_kept(home: Path, book: Path, done: Done) -> str:
    """Standard output and error, the results, the report, and every file of the home but frozen inputs."""
    paths = [each for each in home.rglob("*") if each.is_file() and each.parent.name != "chunks"]
    texts = [each.read_bytes().decode(errors="replace") for each in paths if each.suffix != ".xlsx"]
    results = book.with_name("users.results.xlsx")
    cells = str(read_results(results)) if results.exists() else ""
    report = [each.read_text() for each in book.parent.glob("*.report.html")]
    return "\n".join([done.out, done.err, cells, *report, *texts])


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_no_credential_and_no_password_is_kept_of_a_result(
    server: ForeignServer, env: dict[str, str], home: Path, book: Path, spelling: Callable[[str], str]
) -> None:
    server.settings.api_key = "k/y-1 (&)-canary"

    def fail(_: str, __: object) -> tuple[str, str]:
        return "106", "refused: " + " / ".join(map(spelling, secrets_of(server)))

    server.settings.fail = fail
    done = run(
        "load", book, "--yes", "--json", "--report", env=env | {"OPEASY_API_KEY": server.settings.api_key}
    )
    assert done.code == 1, done.err
    kept = whatever_is_kept(home, book, done)
    assert f"refused: {spelling('')[: len(spelling('')) // 2]}********" in kept
    for secret in secrets_of(server):
        assert not [each for each in SPELLINGS.values() if each(secret) in kept], secret


@pytest.mark.parametrize("cut", [slice(0, 24), slice(-24, None), slice(8, 30)])
def test_a_cut_token_is_masked_too(
    server: ForeignServer, env: dict[str, str], home: Path, book: Path, cut: slice
) -> None:
    seen: list[str] = []

    def fail(_: str, __: object) -> tuple[str, str]:
        seen.append(next(iter(server.state.tokens))[cut])
        return "106", f"session {seen[-1]} said no"

    server.settings.fail = fail
    kept = whatever_is_kept(home, book, run("load", book, "--yes", env=env))
    assert "session ******** said no" in kept
    assert not [each for each in seen if each in kept]


@pytest.mark.parametrize("where", ["result", "error", "status", "rejection"])
@pytest.mark.parametrize("broken", BREAKS)
def test_no_text_of_a_server_makes_a_line_of_its_own(
    server: ForeignServer, env: dict[str, str], book: Path, where: str, broken: str
) -> None:
    text = f"no{broken}{FORGED}"

    def error(request: Request) -> Answer | None:
        at = {"error": "/operations", "status": "/status"}.get(where, "-")
        if not request.path.endswith(at) or request.method != ("POST" if where == "error" else "GET"):
            return None
        if where == "error":
            return general_error(422, text)
        seen = server.settings.before
        server.settings.before = lambda _: None
        del seen
        run_id = request.path.split("/")[3]
        return Answer(202, {"scheduledOperation": {"id": run_id, "status": text}})

    server.settings.before = error
    if where == "result":
        server.settings.fail = lambda _, __: ("999", text)
    if where == "rejection":
        server.settings.validate = lambda _, __: [text]
    done = run("load", book, "--yes", env=env)
    lines = (done.err + done.out).replace("\r", "\n").splitlines()
    assert not [each for each in lines if each.lstrip().startswith(FORGED)], done.err
    assert not set(done.err + done.out) & set("\x1b\x9b\x85\u2028\u2029\u202e\x0b\x0c\r")
    if where != "status":
        assert FORGED in done.err
    assert done.code == {"status": 0, "error": 5}.get(where, 1)


def test_an_api_key_that_is_a_word_of_the_api_spoils_nothing(
    server: ForeignServer, env: dict[str, str], book: Path
) -> None:
    for word in ("completed", "Users", "SUCCESS", server.settings.enterprise_id):
        server.settings.api_key = word
        done = run("load", book, "--yes", "--again", "--json", env=env | {"OPEASY_API_KEY": word})
        assert done.code == 0, (word, done.err)
