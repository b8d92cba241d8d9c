"""`completion`: the scripts in real shells, and PowerShell's protocol by its environment variables."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installed import COMMAND, run
from judges import shell
from xlsx2opeasy.cli.main import COMMANDS

PROGRAM = "xlsx2opeasy"
HEAVY = {"pandas", "numpy", "httpx", "pandera", "openpyxl", "keyring", "rich"}


@pytest.fixture
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]]))


@pytest.fixture
def jobs(home: Path) -> list[str]:
    """Two jobs that the home knows by name."""
    names = ["L20261122-bbbb", "L20261121-aaaa"]
    for name in names:
        (home / "loads" / name).mkdir(parents=True)
        (home / "loads" / name / "job.json").write_text("{}")
    return names


@pytest.fixture
def profiles(home: Path) -> None:
    (home / "config.toml").write_text(
        '[profiles.acme]\nurl = "https://a.example.com"\n[profiles.apex]\n[profiles.zeta]\n'
    )


def asked(monkeypatch: pytest.MonkeyPatch, *words: str, incomplete: str = "") -> list[list[str]]:
    """What PowerShell is answered: kind, value and help of each."""
    monkeypatch.setenv("_XLSX2OPEASY_COMPLETE", "powershell_complete")
    monkeypatch.setenv("COMP_WORDS", "\n".join([PROGRAM, *words, *([incomplete] if incomplete else [])]))
    monkeypatch.delenv("COMP_CWORD", raising=False)
    if incomplete:
        monkeypatch.setenv("COMP_CWORD", incomplete)
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    return [line.split("\t") for line in done.stdout.splitlines() if line]


def values(monkeypatch: pytest.MonkeyPatch, *words: str, incomplete: str = "") -> list[str]:
    return [value for _, value, _ in asked(monkeypatch, *words, incomplete=incomplete)]


def test_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch) == [["plain", name, words] for name, words in COMMANDS.items()]
    assert values(monkeypatch, incomplete="com") == ["completion"]
    assert "--help" in values(monkeypatch, incomplete="--")


def test_options_and_their_values(monkeypatch: pytest.MonkeyPatch, profiles: None) -> None:
    assert values(monkeypatch, "doctor", incomplete="--pro") == ["--profile"]
    assert values(monkeypatch, "doctor", "--profile", incomplete="a") == ["acme", "apex"]
    assert values(monkeypatch, "completion") == ["bash", "zsh", "fish", "powershell"]


def test_jobs(monkeypatch: pytest.MonkeyPatch, jobs: list[str]) -> None:
    assert values(monkeypatch, "jobs", "show") == jobs
    assert values(monkeypatch, "jobs", "follow", incomplete="L20261121") == jobs[1:]
    assert {"show", "follow", "abandon"} <= set(values(monkeypatch, "jobs"))


def test_a_wrong_configuration_is_no_trouble(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "config.toml").write_text("= broken")
    assert values(monkeypatch, "doctor", "--profile") == []


def test_the_first_word_imports_nothing_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_XLSX2OPEASY_COMPLETE", "powershell_complete")
    monkeypatch.setenv("COMP_WORDS", PROGRAM)
    code = (
        "import sys, xlsx2opeasy.start as m\n"
        "try: m.main()\n"
        f"except SystemExit: print(*({HEAVY} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "load" in done.stdout
    assert done.stderr.strip() == ""


def test_bash(on_path: None, profiles: None) -> None:
    script = f"""
eval "$({PROGRAM} completion bash)"
complete -p {PROGRAM} >/dev/null || exit 1
COMP_WORDS=({PROGRAM} doctor --profile a); COMP_CWORD=3
_{PROGRAM}_completion {PROGRAM} a --profile
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        [shell("bash"), "--norc", "--noprofile", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["acme", "apex"], done.stderr


def test_zsh(on_path: None, profiles: None) -> None:
    script = f"""
autoload -U compinit && compinit -u -D
eval "$({PROGRAM} completion zsh)"
[[ $_comps[{PROGRAM}] = _{PROGRAM}_completion ]] || exit 1
compadd() {{ print -rl -- $completions }}
_describe() {{ print -rl -- $completions_with_descriptions }}
words=({PROGRAM} doctor --profile a); CURRENT=4
_{PROGRAM}_completion
"""
    done = subprocess.run([shell("zsh"), "-f", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["acme", "apex"], done.stderr


def test_fish(on_path: None, profiles: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    script = f"{PROGRAM} completion fish | source; complete -C '{PROGRAM} doctor --profile a'"
    done = subprocess.run(
        [shell("fish"), "--no-config", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["acme", "apex"], done.stderr


def test_powershell(on_path: None, profiles: None) -> None:
    script = run("completion", "powershell").stdout
    assert script.count("{") == script.count("}")
    assert "%(" not in script
    if (pwsh := shutil.which("pwsh")) is None:
        return  # cannot be had on Debian: the protocol is tested above
    asking = "$line = 'xlsx2opeasy doctor --profile a'; (TabExpansion2 $line $line.Length).CompletionMatches"
    done = subprocess.run(
        [pwsh, "-NoProfile", "-Command", f"{script}\n{asking}.CompletionText"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["acme", "apex"], done.stderr


def test_an_unknown_shell_is_refused() -> None:
    done = run("completion", "tcsh")
    assert done.returncode == 2
    assert "bash" in done.stderr
