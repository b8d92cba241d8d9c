"""`init`, `config set` and `config unset`: from nothing to a load without options or environment."""

import json
import os
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import installed
from workbooks import write_workbook
from xlsx2opeasy.sandbox.serve import RunningSandbox, serve_in_thread
from xlsx2opeasy.sandbox.settings import SandboxSettings

if sys.platform == "win32":
    pytest.skip("There is no pseudo-terminal on Windows.", allow_module_level=True)

from terminal import Terminal

BOOK = {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | john.doe@example.com |\n"}


@pytest.fixture
def server() -> Iterator[RunningSandbox]:
    with serve_in_thread(SandboxSettings(processing_seconds=0.2)) as running:
        yield running


@pytest.fixture
def ring(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a keyring."""
    path = tmp_path_factory.mktemp("ring") / "ring.json"
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "file_ring.FileRing")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("FILE_RING", str(path))
    return path


def answered(
    answers: dict[str, str], *arguments: str, code: int = 0, env: dict[str, str] | None = None
) -> str:
    """The screen of a command whose questions, each found by a part of it, were answered."""
    with Terminal([installed.COMMAND, *arguments], env) as terminal:
        for question, answer in answers.items():
            terminal.wait_for(question)
            terminal.type(f"{answer}\n")
        assert terminal.end() == code, terminal.scrollback
        return terminal.scrollback


def config(home: Path) -> Any:
    return tomllib.loads((home / "config.toml").read_text())


def answers(server: RunningSandbox) -> dict[str, str]:
    return {
        "Server, such as": server.url,
        "Enterprise id": server.enterprise_id,
        "API key for": server.api_key,
    }


def test_from_nothing_to_a_load(server: RunningSandbox, ring: Path, home: Path, tmp_path: Path) -> None:
    screen = answered(answers(server), "init")
    assert server.api_key not in screen
    assert server.api_key in ring.read_text()
    assert config(home) == {
        "default_profile": "default",
        "profiles": {"default": {"url": server.url, "enterprise_id": server.enterprise_id}},
    }
    book = write_workbook(tmp_path / "branch.xlsx", BOOK)
    answered({"[y/N]:": "y"}, "load", str(book), "--poll-interval", "0.1")
    assert (tmp_path / "branch.results.xlsx").exists()


def test_a_refused_key_is_not_stored(server: RunningSandbox, ring: Path, home: Path) -> None:
    screen = answered(answers(server) | {"API key for": "wrong-key"}, "init", code=4)
    assert "Nothing was stored" in screen
    assert not ring.exists()
    assert not (home / "config.toml").exists()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 5)])
def test_an_unreachable_server_is_a_question(ring: Path, home: Path, answer: str, code: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    given = {"Server, such as": url, "Enterprise id": "acme", "API key for": "key", "all the same?": answer}
    answered(given, "init", code=code)
    assert (home / "config.toml").exists() is (code == 0)
    assert ring.exists() is (code == 0)


def test_a_profile_and_a_key_are_replaced_after_a_question_only(
    server: RunningSandbox, ring: Path, home: Path
) -> None:
    answered(answers(server), "init")
    before = (home / "config.toml").read_text()
    answered({"Profile default exists": "n"}, "init", code=6)
    given = {"Profile default exists": "y", "Server, such as": "", "Enterprise id": "", "holds a key": "n"}
    answered(given, "init", code=6)
    assert (home / "config.toml").read_text() == before
    answered({**given, "holds a key": "y", "API key for": server.api_key}, "init")
    assert config(home)["profiles"]["default"]["url"] == server.url


def test_a_second_profile_is_the_default_from_then_on(server: RunningSandbox, ring: Path, home: Path) -> None:
    (home / "config.toml").write_text('# mine\n[profiles.old] # first\nurl = "https://a.example.com"\n')
    answered(answers(server), "init", "--profile", "acme")
    found = config(home)
    assert (found["default_profile"], set(found["profiles"])) == ("acme", {"old", "acme"})
    assert "# mine" in (home / "config.toml").read_text()


def test_without_a_keyring_it_says_which_file_to_make(server: RunningSandbox, home: Path) -> None:
    screen = answered(answers(server), "init")
    for words in ("api-key.txt", "chmod 600", "--api-key-file"):
        assert words in screen
    assert config(home)["profiles"]["default"]["enterprise_id"] == server.enterprise_id
    assert not (home / "api-key.txt").exists()


def test_a_wrong_server_is_asked_for_again(ring: Path, home: Path) -> None:
    with Terminal([installed.COMMAND, "init"]) as terminal:
        for number in range(1, 4):
            terminal.wait_for("Server, such as", times=number)
            terminal.type("http://plain.example.com\n")
        assert terminal.end() == 6
    assert not (home / "config.toml").exists()


def test_without_a_terminal_it_ends_with_2(home: Path) -> None:
    assert installed.run("init").returncode == 2
    assert not (home / "config.toml").exists()


def test_config_set_keeps_comments_and_takes_what_a_load_takes(home: Path, tmp_path: Path) -> None:
    file = home / "config.toml"
    file.write_text('# of the team\n[profiles.default]\nurl = "https://a.example.com" # the first\n')
    assert installed.run("config", "set", "enterprise_id", "acme").returncode == 0
    assert installed.run("config", "set", "url", "https://B.example.com:443/v1/").returncode == 0
    assert installed.run("config", "set", "chunk_tasks", "500").returncode == 0
    assert installed.run("config", "set", "wire.user.userId", "userName").returncode == 0
    text = file.read_text()
    assert "# of the team" in text
    assert "# the first" in text
    assert config(home)["profiles"]["default"] == {
        "url": "https://b.example.com",
        "enterprise_id": "acme",
        "chunk_tasks": 500,
        "wire": {"user.userId": "userName"},
    }
    shown = installed.run("config", "show").stdout
    assert "https://b.example.com" in shown
    assert installed.run("config", "unset", "chunk_tasks").returncode == 0
    assert "chunk_tasks" not in file.read_text()
    assert "was not set" in installed.run("config", "unset", "chunk_tasks").stderr


def test_config_set_takes_a_store_without_a_password(home: Path) -> None:
    store = "postgresql://me@db.example.com/jobs"
    assert installed.run("config", "set", "store", store).returncode == 0
    assert config(home)["store"] == store
    (shown,) = (
        each
        for each in json.loads(installed.run("config", "show", "--json").stdout)["settings"]
        if each["name"] == "store"
    )
    assert shown["value"] == store
    assert installed.run("config", "unset", "store").returncode == 0
    assert "store" not in config(home)


def test_config_set_knows_each_name_that_config_show_prints(home: Path) -> None:
    for each in json.loads(installed.run("config", "show", "--json").stdout)["settings"]:
        done = installed.run("config", "set", each["name"], "")
        assert done.returncode == 2
        assert "is no setting\n" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", "http://a.example.com"),
        ("url", "https://user:pass@a.example.com"),
        ("enterprise_id", "  "),
        ("chunk_tasks", "0"),
        ("chunk_bytes", "many"),
        ("ca_bundle", "/nothing/there.pem"),
        ("mapping", "/nothing/there.toml"),
        ("notify", "http://a.example.com"),
        ("wire.user.userid", "x"),
        ("api_key", "secret-canary"),
        ("notify_secret", "secret-canary"),
        ("webex_token", "secret-canary"),
        ("home", "/tmp"),
        ("urll", "https://a.example.com"),
        ("profile", "none"),
        ("store", "postgresql://me:secret-canary@db/x"),
    ],
)
def test_config_set_refuses_what_a_load_would_not_take(home: Path, name: str, value: str) -> None:
    file = home / "config.toml"
    file.write_text('[profiles.default]\nurl = "https://a.example.com"\n')
    done = installed.run("config", "set", name, value)
    assert done.returncode == 2, done.stderr
    assert "secret-canary" not in done.stderr
    assert file.read_text() == '[profiles.default]\nurl = "https://a.example.com"\n'
    assert [each.name for each in home.iterdir()] == ["config.toml"]


def test_a_new_config_is_readable_by_its_owner_alone(home: Path) -> None:
    assert installed.run("config", "set", "url", "https://a.example.com").returncode == 0
    assert stat.S_IMODE((home / "config.toml").stat().st_mode) == 0o600


def test_a_profile_that_is_not_there_is_refused(home: Path) -> None:
    done = installed.run("config", "set", "url", "https://a.example.com", "--profile", "none")
    assert done.returncode == 2
    assert not (home / "config.toml").exists()


def test_a_key_file_with_blanks_at_its_end_works_and_says_so(server: RunningSandbox, tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text(f"{server.api_key} \n")
    key.chmod(0o600)
    done = subprocess.run(
        [installed.COMMAND, "webhooks", "list", "--api-key-file", key],
        env=os.environ | {"OPEASY_URL": server.url, "OPEASY_ENTERPRISE_ID": server.enterprise_id},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "blank" in done.stderr
