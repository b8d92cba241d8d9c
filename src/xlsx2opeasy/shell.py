"""Commands and settings as a person types them: POSIX shells, PowerShell, or cmd.exe."""

import os
import shlex
import sys
from collections.abc import Iterable
from enum import StrEnum

_PLAIN_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/\\")


class Shell(StrEnum):
    """The kinds of shell whose quoting differs."""

    POSIX = "posix"
    POWERSHELL = "powershell"
    CMD = "cmd"


def shell_in_use() -> Shell:
    """The shell of this system: cmd.exe sets PROMPT, Git Bash sets MSYSTEM; both only on Windows."""
    if sys.platform != "win32" or os.environ.get("MSYSTEM"):
        return Shell.POSIX
    return Shell.CMD if os.environ.get("PROMPT") else Shell.POWERSHELL


def quoted(word: object, shell: Shell | None = None) -> str:
    """`word` as one word of a command line, in quotes where it needs them."""
    text, shell = str(word), shell or shell_in_use()
    if shell is Shell.POSIX:
        return shlex.quote(text)
    if text and _PLAIN_SIGNS.issuperset(text):
        return text
    if shell is Shell.POWERSHELL:
        return "'" + text.replace("'", "''") + "'"
    return '"' + text.replace('"', '""') + '"'


def command_line(words: Iterable[object], shell: Shell | None = None) -> str:
    """A whole command that can be typed."""
    return " ".join(quoted(each, shell) for each in words)


def setting(name: str, value: str, shell: Shell | None = None) -> str:
    """The command that sets an environment variable for the commands that follow in the same window."""
    shell = shell or shell_in_use()
    if shell is Shell.POWERSHELL:
        text = value.replace("'", "''")
        return f"$env:{name} = '{text}'"
    if shell is Shell.CMD:
        return f'set "{name}={value}"'
    return f"export {name}={shlex.quote(value)}"
