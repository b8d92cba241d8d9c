"""Runs the ```console blocks of a page as a reader would: command by command, in one folder, with one home.

A line `$ COMMAND` is a command; the lines after it are what it must print (standard output, then standard error),
where `...` alone stands for any lines and a line that ends in ` ...` for any end. Without such lines only the exit
code counts: 0, unless `$ echo $?` comes next and says another. A line with a question and its answer
(`[y/N]: y`) is answered so, at a terminal. Names of jobs and times differ from run to run and
are compared as words. `https://opeasy.example.com` is a sandbox here.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import installed
import terminal

SERVER = "https://opeasy.example.com:8000"
_FENCE = re.compile(r"^( *)```console\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_VARYING = (
    (re.compile(r"[A-Z]\d{8}-[a-z0-9]{4}"), "L20261122-abcd"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?"), "2026-11-22 10:00"),
    (re.compile(r" +"), " "),
)
_QUESTION = "[y/N]:"
_PLAIN = {"cp", "ls", "mv", "rm"}
"""Commands of the system that a page may use."""


@dataclass(frozen=True)
class Step:
    """A command and the lines that the page shows after it."""

    command: str
    shown: tuple[str, ...]


def steps(page: str) -> Iterator[Step]:
    """The commands of all console blocks of a page, in order."""
    for indent, block in _FENCE.findall(page):
        lines = [line.removeprefix(indent) for line in block.splitlines()]
        assert lines[0].startswith("$ "), f"a console block begins with a command, not with {lines[0]!r}"
        starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            yield Step(lines[start].removeprefix("$ "), tuple(lines[start + 1 : end]))


@dataclass
class Terminal:
    """A folder, an environment and the last exit code."""

    folder: Path
    server: str
    environment: dict[str, str] = field(default_factory=dict)
    code: int = 0
    job: str = ""

    def run(self, step: Step) -> None:
        """Runs one command; raises AssertionError where it printed or ended otherwise than the page says."""
        words = [
            self.job if word == "L20261122-abcd" else word
            for word in shlex.split(step.command, comments=True)
        ]
        if words == ["echo", "$?"]:
            _compare(step, f"{self.code}\n")
            self.code = 0
            return
        assert self.code == 0, f"the command before {step.command!r} ended with {self.code}"
        if words[0] == "export":
            self.environment |= dict(word.split("=", 1) for word in words[1:])
            return
        self._compare(step, *self._done(words, _answer(step)))

    def _done(self, words: list[str], answer: str) -> tuple[str, str]:
        if words[0] == "xlsx2opeasy":
            environment = {
                name: value.replace(SERVER, self.server) for name, value in self.environment.items()
            }
            if answer:
                return self._answered(words, environment, answer)
            done = installed.run(*words[1:], env=environment, cwd=self.folder)
        else:
            assert words[0] in _PLAIN, f"{words[0]} is no command that a page may use"
            done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        self.code = done.returncode
        return done.stdout, done.stderr

    def _answered(self, words: list[str], environment: dict[str, str], answer: str) -> tuple[str, str]:
        """The same at a terminal, with an answer typed once the question is there."""
        command = [installed.COMMAND, *words[1:]]
        with terminal.Terminal(command, environment, columns=200, cwd=self.folder) as window:
            window.wait_for(_QUESTION)
            window.type(f"{answer}\n")
            self.code = window.end()
            return window.scrollback, ""

    def _compare(self, step: Step, out: str, err: str) -> None:
        found = re.findall(r"[A-Z]\d{8}-[a-z0-9]{4}", out + err)
        self.job = found[-1] if found else self.job
        text = (out + err).replace(f"{self.folder}/", "")
        _compare(step, text.replace(self.server, SERVER) if self.server else text)


def _answer(step: Step) -> str:
    asked = [line for line in step.shown if _QUESTION in line]
    return asked[0].rpartition(_QUESTION)[2].strip() if asked else ""


def _compare(step: Step, printed: str) -> None:
    if not step.shown:
        return
    wanted = "".join(_pattern(_plain(line)) for line in step.shown)
    got = "".join(f"{_plain(line)}\n" for line in printed.splitlines())
    assert re.fullmatch(wanted, got), f"$ {step.command}\nprinted:\n{printed}"


def _plain(line: str) -> str:
    for pattern, word in _VARYING:
        line = pattern.sub(word, line)
    return line.rstrip()


def _pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:[^\n]*\n)*?"
    if line.endswith(" ..."):
        return re.escape(line.removesuffix(" ...")) + r"( [^\n]*)?\n"
    return re.escape(line) + r"\n"


def new_folder(folder: Path, examples: Path) -> Path:
    """The scratch folder of a page: as a checkout, it has the example workbooks."""
    shutil.copytree(examples, folder / "example_workbooks")
    return folder
