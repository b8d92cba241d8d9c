"""Every end of the installed command has a sentence, a code, and with `--json` one document."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path

import click
import pytest

import installed
from load.books import user_book
from xlsx2opeasy.cli.documents import EMPTY
from xlsx2opeasy.cli.main import COMMANDS, cli


def leaves(command: click.Command = cli, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that can be called, by the words that call it."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from leaves(inner, *path, name)
    if not isinstance(command, click.Group) or (path and command.invoke_without_command):
        yield path, command


CALLS = {" ".join(path): command for path, command in leaves()}
WITH_JSON = [name for name, command in CALLS.items() if any("--json" in each.opts for each in command.params)]
BROKEN = {
    "a fault of ours": ("raise KeyError('geheim')", "internal error"),
    "no memory": ("raise MemoryError", "not enough memory"),
}
SABOTAGE = """
import sys
class Broken:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            {what}
sys.meta_path.insert(0, Broken())
"""


def run_broken(folder: Path, module: str, what: str, *command: str) -> "subprocess.CompletedProcess[str]":
    """The command, whose import of a module ends as `what` says."""
    code = SABOTAGE.format(module=module, what=what)
    code += f"sys.argv = {['xlsx2opeasy', *command]!r}\nfrom xlsx2opeasy.start import main\nmain()\n"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder
    )


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("name", WITH_JSON)
def test_each_command_gives_its_document_after_an_internal_error(
    tmp_path: Path, name: str, what: str
) -> None:
    raising, words = BROKEN[what]
    path = name.split()
    module = f"xlsx2opeasy.cli.{path[0]}{'_' if iskeyword(path[0]) else ''}"
    done = run_broken(tmp_path, module, raising, *path, "--json")
    assert done.returncode == 5, done.stderr
    document = json.loads(done.stdout)
    assert words in document["message"]
    expected = EMPTY[name] if name in EMPTY else EMPTY[path[0]]
    assert document | {"message": ""} == dict(expected) | {"message": ""}
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stdout + done.stderr


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_even_start_says_so(tmp_path: Path, what: str) -> None:
    done = run_broken(tmp_path, "xlsx2opeasy.cli.output", BROKEN[what][0], "check", "a.xlsx", "--json")
    assert done.returncode == 5
    document = json.loads(done.stdout)
    assert ("not enough memory" if what == "no memory" else "cannot start") in document["message"]
    assert document["rows"] == EMPTY["check"]["rows"]
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stdout + done.stderr


NO_MEMORY = {
    "a module": "raise ImportError('x.so: failed to map segment from shared object')",
    "a module, within": "raise ImportError('y') from ImportError('x.so: cannot allocate memory in static TLS')",
    "a thread": 'raise RuntimeError("can\'t start new thread")',
    "a process": "raise OSError(12, 'Cannot allocate memory')",
}


@pytest.mark.parametrize("module", ["xlsx2opeasy.cli.main", "xlsx2opeasy.cli.check"])
@pytest.mark.parametrize("what", NO_MEMORY)
def test_memory_is_named_also_where_a_library_words_it(tmp_path: Path, what: str, module: str) -> None:
    done = run_broken(tmp_path, module, NO_MEMORY[what], "check", "--json")
    assert done.returncode == 5
    assert "not enough memory" in done.stderr
    assert "not enough memory" in json.loads(done.stdout)["message"]


def test_the_documents_are_of_commands_that_there_are() -> None:
    assert {name.split()[0] for name in EMPTY} <= COMMANDS.keys()
    assert {name for name in EMPTY if " " in name} <= CALLS.keys()


@pytest.mark.parametrize("name", WITH_JSON)
def test_each_command_gives_its_document_where_it_is_misused(name: str) -> None:
    done = installed.run(*name.split(), "--no-such-option", "--json")
    assert done.returncode == 2
    assert "--no-such-option" in json.loads(done.stdout)["message"]


@pytest.mark.parametrize("name", CALLS)
def test_each_command_says_so_where_its_output_is_full(name: str) -> None:
    done = shell(f'"$1" {name} --help >/dev/full')
    assert done.returncode == 0
    assert done.stderr.startswith("warning: standard output could not be written")
    assert len(done.stderr.splitlines()) == 1


def shell(line: str, *values: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", line, "sh", installed.COMMAND, *map(str, values)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )


@pytest.mark.parametrize("kind", ["full", "closed"])
@pytest.mark.parametrize("json_too", ["--json", ""])
def test_a_finished_load_keeps_its_code_where_its_output_is_lost(
    tmp_path: Path, kind: str, json_too: str
) -> None:
    book = user_book(tmp_path / "users.xlsx")
    to = {"full": ">/dev/full", "closed": ">&-"}[kind]
    done = shell(f'"$1" load "$2" --sandbox {json_too} {to}; echo "$?" >&2', book)
    assert done.stderr.splitlines()[-1] == "0", done.stderr
    assert "resume" not in done.stderr
    assert "internal error" not in done.stderr
    assert done.stderr.count("standard output could not be written") == (
        1 if json_too or kind == "closed" else 0
    )


@pytest.mark.parametrize("kind", [">/dev/full", ">&-"])
@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_says_so_where_its_output_is_lost(option: str, kind: str) -> None:
    done = shell(f'"$1" {option} {kind}')
    assert done.returncode == 0
    assert done.stderr.startswith("warning: standard output could not be written")
    assert len(done.stderr.splitlines()) == 1


def test_each_failure_has_a_message_in_its_document() -> None:
    for command in (["webex", "jobs"], ["fields", "NOPE"]):
        done = installed.run(*command, "--json")
        assert done.returncode in (2, 4)
        assert json.loads(done.stdout)["message"] in done.stderr


@pytest.mark.parametrize("option", ["--poll-interval", "--wait"])
def test_what_is_no_number_of_seconds_is_refused(option: str) -> None:
    done = installed.run("load", "a.xlsx", "--sandbox", option, "nan")
    assert done.returncode == 2
    assert "number of seconds" in done.stderr


def test_a_reader_that_has_left_ends_no_load(tmp_path: Path) -> None:
    book = user_book(tmp_path / "users.xlsx")
    done = shell('{ "$1" load "$2" --sandbox --json; echo "$?" >&2; } | true', book)
    assert done.stderr.splitlines()[-1] == "0", done.stderr
    assert done.stderr.count("standard output could not be written: its reader has left") == 1
    assert "resume" not in done.stderr


def test_a_reader_that_has_read_enough_is_not_told_of_it() -> None:
    done = shell('{ "$1" fields --json; echo "$?" >&2; } | head -c 10')
    assert done.stderr.splitlines() == ["0"]


def test_no_file_of_the_program_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    book = user_book(tmp_path / "users.xlsx")
    done = shell('"$1" load "$2" --sandbox <&- >&- 2>&-; echo "$?"', book)
    assert done.stdout.strip() == "0"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no core files")
def test_no_core_file_is_left(tmp_path: Path) -> None:
    code = (
        "import os, signal, ctypes\n"
        "from xlsx2opeasy.cli.main import cli\n"
        "cli.get_command(None, 'load')\n"
        "import resource; print(resource.getrlimit(resource.RLIMIT_CORE), flush=True)\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGSEGV)\n"
    )

    def unlimited() -> None:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        preexec_fn=unlimited,
    )
    assert done.stdout.splitlines()[0] == "(0, 0)"
    if sys.platform == "linux":
        assert done.stdout.splitlines()[1] == "0"
    assert list(tmp_path.iterdir()) == []


HELD_AT = {
    "while the command is imported": "xlsx2opeasy.cli.options",
    "while the reader works": "xlsx2opeasy.workbook.reading.wire",
    "while the rows are checked": "xlsx2opeasy.check.checked",
}
STOPPED = "import os, signal; os.kill(os.getpid(), signal.{name}); import time; time.sleep(60)"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("moment", HELD_AT)
@pytest.mark.parametrize("command", ["check", "plan", "load", "resume"])
def test_an_interrupted_command_says_in_its_document_what_was_interrupted(
    tmp_path: Path, command: str, moment: str, name: str
) -> None:
    book = user_book(tmp_path / "users.xlsx")
    rest = {"load": [str(book), "--sandbox"], "resume": []}.get(command, [str(book)])
    module = "xlsx2opeasy.load.service" if command == "resume" else HELD_AT[moment]
    done = run_broken(tmp_path, module, STOPPED.format(name=name), command, *rest, "--json")
    assert done.returncode == 130, done.stderr
    document = json.loads(done.stdout)
    assert "interrupted" in document["message"]
    assert document.get("status", "interrupted") == "interrupted"
    if command != "resume" and "imported" not in moment:
        assert document["workbook"] == str(book)


def test_after_ctrl_c_no_further_workbook_is_loaded(tmp_path: Path) -> None:
    books = [str(user_book(tmp_path / f"{name}.xlsx")) for name in "ab"]
    stop = STOPPED.format(name="SIGINT")
    done = run_broken(tmp_path, "xlsx2opeasy.check.checked", stop, "load", *books, "--sandbox", "--json")
    assert done.returncode == 130
    loads = json.loads(done.stdout)["loads"]
    assert [(each["workbook"], each["status"]) for each in loads] == [(each, "interrupted") for each in books]


def test_a_state_file_that_cannot_be_read_is_what_the_sandbox_names(tmp_path: Path) -> None:
    done = installed.run("sandbox", "--port", "0", "--state", tmp_path)
    assert done.returncode == 2
    assert f"the state file {tmp_path} cannot be read" in done.stderr


def test_a_pipe_is_named_as_such(tmp_path: Path) -> None:
    book = user_book(tmp_path / "users.xlsx")
    done = shell('cat "$2" | "$1" check /dev/stdin', book)
    assert done.returncode == 7
    assert "is a pipe" in done.stderr
