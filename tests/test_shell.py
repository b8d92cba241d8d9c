"""Commands and settings as they are typed in each kind of shell."""

import sys

import pytest

from xlsx2opeasy.shell import Shell, command_line, quoted, setting, shell_in_use


@pytest.mark.parametrize(
    ("word", "posix", "powershell", "cmd"),
    [
        ("branch.xlsx", "branch.xlsx", "branch.xlsx", "branch.xlsx"),
        ("my branch.xlsx", "'my branch.xlsx'", "'my branch.xlsx'", '"my branch.xlsx"'),
        ("it's.xlsx", "'it'\"'\"'s.xlsx'", "'it''s.xlsx'", '"it\'s.xlsx"'),
        ("a$b.xlsx", "'a$b.xlsx'", "'a$b.xlsx'", '"a$b.xlsx"'),
        ("", "''", "''", '""'),
    ],
)
def test_a_word(word: str, posix: str, powershell: str, cmd: str) -> None:
    assert quoted(word, Shell.POSIX) == posix
    assert quoted(word, Shell.POWERSHELL) == powershell
    assert quoted(word, Shell.CMD) == cmd
    assert command_line(["load", word], Shell.CMD) == f"load {cmd}"


def test_a_setting() -> None:
    assert setting("A", "b c", Shell.POSIX) == "export A='b c'"
    assert setting("A", "b c", Shell.POWERSHELL) == "$env:A = 'b c'"
    assert setting("A", "b c", Shell.CMD) == 'set "A=b c"'


@pytest.mark.parametrize(
    ("variables", "shell"),
    [
        ({}, Shell.POWERSHELL),
        ({"PROMPT": "$P$G"}, Shell.CMD),
        ({"PROMPT": "$P$G", "MSYSTEM": "MINGW64"}, Shell.POSIX),
    ],
)
def test_the_shell_on_windows(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], shell: Shell
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    for name in ("PROMPT", "MSYSTEM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert shell_in_use() is shell
