"""`login` and `config show`: the installed command, a keyring in a file, servers that know one key."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from foreign.server import ForeignServer
from installed import COMMAND, run
from workbooks import write_workbook
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings
from xlsx2opeasy.sandbox.webex import SimulatedWebex

WRONG = "Canary-Wrong-Key"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    with serve_in_thread(SandboxSettings(), extra_routes=SimulatedWebex().routes()) as running:
        yield running


@pytest.fixture(autouse=True)
def here(server: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("OPEASY_URL", server.url)
    monkeypatch.setenv("OPEASY_ENTERPRISE_ID", server.enterprise_id)


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a keyring that works."""
    use(monkeypatch, "FileRing")
    monkeypatch.setenv("FILE_RING", str(tmp_path / "ring.json"))
    return tmp_path / "ring.json"


def use(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"file_ring.{backend}")


def key_file(tmp_path: Path, key: str) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(f"{key}\n")
    path.chmod(0o600)
    return path


def shown(*arguments: object) -> dict[str, tuple[object, str]]:
    done = run("config", "show", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return {each["name"]: (each["value"], each["source"]) for each in json.loads(done.stdout)["settings"]}


def test_what_login_stores_a_load_finds(ring: Path, server: RunningSandbox, tmp_path: Path) -> None:
    done = run("login", "--api-key-file", key_file(tmp_path, server.api_key))
    assert (done.returncode, done.stdout) == (0, "")
    assert "is stored in the keyring" in done.stderr
    assert server.api_key not in done.stderr
    assert list(json.loads(ring.read_text())) == [f"xlsx2opeasy/{server.enterprise_id}@{server.url}"]
    assert shown()["api_key"] == ("set", "keyring")
    assert run("webhooks", "list", "--url", f"{server.url}/").returncode == 0  # the same origin
    book = write_workbook(
        tmp_path / "one.xlsx",
        {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | ring.one@example.com |"},
    )
    assert run("load", book, "--yes").returncode == 0
    removed = run("login", "--remove")
    assert (removed.returncode, json.loads(ring.read_text())) == (0, {})
    assert "no longer" in removed.stderr
    assert "holds no API key" in run("login", "--remove").stderr
    again = run("webhooks", "list")
    assert again.returncode == 4
    assert "xlsx2opeasy login" in again.stderr


def test_the_key_from_standard_input(ring: Path, server: RunningSandbox) -> None:
    done = subprocess.run(
        [COMMAND, "login", "--stdin"],
        input=f"{server.api_key}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert server.api_key in ring.read_text()
    assert server.api_key not in done.stdout + done.stderr


def test_the_key_asked_for_is_not_echoed(ring: Path, server: RunningSandbox) -> None:
    pty = pytest.importorskip("pty")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(COMMAND, [str(COMMAND), "login"])
    seen = b""
    while b": " not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, f"{server.api_key}\n".encode())
    try:
        while piece := os.read(terminal, 1000):
            seen += piece
    except OSError:
        pass  # the other end is closed
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, seen
    assert server.api_key.encode() not in seen
    assert server.api_key in ring.read_text()


def test_a_key_that_the_server_refuses_is_not_stored(ring: Path, tmp_path: Path) -> None:
    done = run("login", "--api-key-file", key_file(tmp_path, WRONG))
    assert done.returncode == 4
    assert "Nothing was stored" in done.stderr
    assert WRONG not in done.stderr
    assert not ring.exists()
    assert run("login", "--api-key-file", tmp_path / "key.txt", "--no-check").returncode == 0
    assert WRONG in ring.read_text()


def test_the_webex_token(ring: Path, server: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBEX_URL", f"{server.url}/v1")
    done = subprocess.run(
        [COMMAND, "login", "--webex", "--stdin"],
        input="my-token",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(ring.read_text()) == {"xlsx2opeasy/webex": "my-token"}
    assert shown()["webex_token"] == ("set", "keyring")
    assert run("webex", "jobs").returncode == 0
    assert run("login", "--webex", "--remove").returncode == 0
    assert run("webex", "jobs").returncode == 4


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("keyring.backends.fail.Keyring", "no keyring"),
        ("keyring.backends.null.Keyring", "no keyring"),
        ("file_ring.Locked", "is locked"),
        ("file_ring.Broken", "ZeroDivisionError"),
        ("nowhere.Ring", "cannot be used"),
    ],
)
def test_where_no_keyring_can_be_used(
    ring: Path,
    tmp_path: Path,
    server: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    words: str,
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    done = run("login", "--api-key-file", key_file(tmp_path, server.api_key))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Canary" not in done.stderr
    if words != "is locked":
        assert "--api-key-file" in done.stderr
    assert run("webhooks", "list").returncode == 4  # the next source is asked, and there is none
    token = run("login", "--webex", "--stdin")
    assert token.returncode == 2
    assert "WEBEX_ACCESS_TOKEN" in token.stderr
    assert "OPEASY" not in token.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--remove", "--stdin"],
        ["--webex", "--api-key-file", "key.txt"],
        ["--api-key-file", "key.txt", "--stdin"],
        ["--stdin"],
        ["--url", "ftp://example.com", "--no-check", "--stdin"],
    ],
)
def test_wrong_usage(ring: Path, arguments: list[str]) -> None:
    assert run("login", *arguments).returncode == 2
    assert not ring.exists()


def test_a_variable_that_goes_before_the_keyring_is_told(
    ring: Path, tmp_path: Path, server: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPEASY_API_KEY", server.api_key)
    done = run("login", "--api-key-file", key_file(tmp_path, server.api_key))
    assert "OPEASY_API_KEY is set" in done.stderr


def test_config_show_names_each_source(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPEASY_URL")
    monkeypatch.setenv("OPEASY_API_KEY", "Canary-Key")
    file = home / "config.toml"
    file.write_text(
        'default_profile = "acme"\n\n[profiles.acme]\nurl = "https://opeasy.example.com"\n'
        'ca_bundle = "own.pem"\nchunk_tasks = 500\nwire = {"user.userId" = "user.id"}\n\n'
        '[wire]\n"user.userId" = "user.ident"\n"groupId" = "group"\n'
    )
    found = shown("--ca-bundle", "mine.pem")
    profile = f"profile acme in {file}"
    assert found["home"] == (str(home), "environment variable XLSX2OPEASY_HOME")
    assert found["config_file"] == (str(file), "environment variable XLSX2OPEASY_HOME")
    assert found["profile"] == ("acme", f"{file}, line 1")
    assert found["url"] == ("https://opeasy.example.com", f"{profile}, line 4")
    assert found["enterprise_id"][1] == "environment variable OPEASY_ENTERPRISE_ID"
    assert found["ca_bundle"] == ("mine.pem", "option --ca-bundle")
    assert shown()["ca_bundle"] == (str(home / "own.pem"), f"{profile}, line 5")
    assert found["chunk_tasks"] == (500, f"{profile}, line 6")
    assert found["chunk_bytes"] == (900000, "default")
    assert found["wire.user.userId"] == ("user.id", f"{profile}, line 7")
    assert found["wire.groupId"] == ("group", f"{file}, line 11")
    assert found["api_key"] == ("set", "environment variable OPEASY_API_KEY")
    assert found["webex_token"] == (None, "not set")
    table = run("config", "show").stdout
    assert "Canary-Key" not in table
    assert "https://opeasy.example.com" in table


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profiles.acme]\nentreprise_id = 'x'", "did you mean enterprise_id"),
        ("default_profil = 'x'", "did you mean default_profile"),
        ("default_profile = 'nowhere'", "there is no profile nowhere"),
        ("default_profile = 3", "must be a text"),
        ("profiles = 3", "must be a table"),
        ("[profiles]\nacme = 3", "must be a table"),
        ("[profiles.acme]\nchunk_tasks = true", "must be a number"),
        ("[profiles.acme]\nchunk_tasks = 0", "must be a number"),
        ("[profiles.acme]\nurl = 3", "must be a text"),
        ("[wire]\n'user.userid' = 'x'", "did you mean user.userId"),
        ("[wire]\n'user.userId' = 3", "must be a text"),
        ("wire = 'x'", "must be a table"),
        ("= broken", "cannot be read"),
    ],
)
def test_a_wrong_configuration_is_refused_with_the_way_out(home: Path, text: str, words: str) -> None:
    (home / "config.toml").write_text(text)
    done = run("config", "show", "--json")
    assert done.returncode == 2
    assert words in done.stderr
    assert json.loads(done.stdout)["settings"] == []


def test_config_show_asks_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with ForeignServer() as other:
        assert shown("--url", other.url)["url"] == (other.url, "option --url")
        assert other.requests == []
    monkeypatch.delenv("OPEASY_ENTERPRISE_ID")
    assert shown()["api_key"][0] is None
