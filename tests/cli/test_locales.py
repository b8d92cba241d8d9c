"""No character makes an output fail, whatever the encoding of the standard streams."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import installed
from workbooks import write_workbook

NAME = "Łódź 東京 \U0001f600"
BOOK = {
    "Users": "| command | groupId | user.userId | user.lastName | user.extension |\n"
    f"| AddUser | {NAME} | john.doe@example.com | {NAME} | {NAME} |\n"
}
RIGHT = {
    "Users": "| command | groupId | user.userId | user.lastName |\n"
    f"| AddUser | {NAME} | john.doe@example.com | {NAME} |\n"
}
ENCODINGS = ("cp1252", "cp437", "ascii", "latin-1", "utf-8")


def run(folder: Path, encoding: str, *arguments: object) -> "subprocess.CompletedProcess[bytes]":
    done = subprocess.run(
        [installed.COMMAND, *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert b"internal error" not in done.stderr, done.stderr
    assert b"Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_check_and_its_refusal(tmp_path: Path, encoding: str) -> None:
    write_workbook(tmp_path / "Ł wrong.xlsx", BOOK)
    checked = run(tmp_path, encoding, "check", "Ł wrong.xlsx")
    assert checked.returncode == 3
    assert NAME in checked.stdout.decode("utf-8")
    assert run(tmp_path, encoding, "check", "Ł none.xlsx").returncode == 7


def test_every_command_that_shows_what_a_workbook_says(tmp_path: Path) -> None:
    """In one encoding: all commands print through the same streams."""
    encoding = "cp1252"
    write_workbook(tmp_path / "Ł wrong.xlsx", BOOK)
    write_workbook(tmp_path / "Ł right.xlsx", RIGHT)
    assert run(tmp_path, encoding, "plan", "Ł wrong.xlsx").returncode == 3
    assert run(tmp_path, encoding, "convert", "Ł wrong.xlsx", "--output", "Ł").returncode == 3
    assert run(tmp_path, encoding, "load", "Ł right.xlsx").returncode == 2
    loaded = run(tmp_path, encoding, "load", "Ł right.xlsx", "--sandbox", "--report")
    assert loaded.returncode == 0, loaded.stderr
    assert "Ł right.rehearsal.xlsx" in loaded.stderr.decode("utf-8")
    assert "Ł right.xlsx" in run(tmp_path, encoding, "jobs").stdout.decode("utf-8")
    listed = json.loads(run(tmp_path, encoding, "jobs", "--json").stdout)
    job = listed["items"][0]["id"]
    assert "Ł right.xlsx" in run(tmp_path, encoding, "jobs", "show", job).stdout.decode("utf-8")
    assert run(tmp_path, encoding, "report", job, "--output", "Ł.html").returncode == 0
    assert run(tmp_path, encoding, "undo", job, "--output", "Ł undo.xlsx").returncode == 2
    assert run(tmp_path, encoding, "Ł").returncode == 2
    assert run(tmp_path, encoding, "fields", "Ł").returncode == 2
    assert run(tmp_path, encoding, "doctor").returncode == 2
    assert run(tmp_path, encoding, "config", "set", "Ł", "Ł").returncode == 2
    assert run(tmp_path, encoding, "template", "Ł blank.xlsx").returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="There is no pseudo-terminal on Windows.")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_terminal_that_cannot_show_a_character_shows_its_number(tmp_path: Path, encoding: str) -> None:
    from terminal import Terminal

    book = write_workbook(tmp_path / "book.xlsx", BOOK)
    with Terminal([installed.COMMAND, "check", book], {"PYTHONIOENCODING": encoding}) as terminal:
        assert terminal.end() == 3
        assert "[digits]" in terminal.scrollback
        assert ("\\u0141" in terminal.scrollback) is (encoding != "utf-8")


@pytest.mark.skipif(os.name == "nt", reason="There is no pseudo-terminal on Windows.")
def test_a_load_draws_its_progress_on_a_terminal_of_ascii(tmp_path: Path) -> None:
    from terminal import Terminal

    right = write_workbook(tmp_path / "right.xlsx", RIGHT)
    with Terminal([installed.COMMAND, "load", right, "--sandbox"], {"PYTHONIOENCODING": "ascii"}) as terminal:
        assert terminal.end() == 0
        assert "1 succeeded" in terminal.scrollback


NO_TEXT = {"no UTF-8": ("a\udcff\udcfe", "a\ufffd\ufffd", ""), "ASCII": ("späce ü", "späce ü", "C")}


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="There, names of files are Unicode.")
@pytest.mark.parametrize("kind", NO_TEXT)
def test_a_name_that_the_locale_cannot_read_is_written_everywhere(tmp_path: Path, kind: str) -> None:
    name, shown, locale = NO_TEXT[kind]
    env = os.environ | ({"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} if locale else {})
    write_workbook(tmp_path / "right.xlsx", RIGHT).rename(tmp_path / f"{name}.xlsx")

    def done(*arguments: str) -> str:
        ended = subprocess.run(
            [installed.COMMAND, *arguments], cwd=tmp_path, env=env, capture_output=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.decode()

    done("convert", f"{name}.xlsx", "--output", "tasks")
    assert json.loads((tmp_path / "tasks" / "manifest.json").read_bytes())["workbook"] == f"{shown}.xlsx"
    loaded = json.loads(done("load", f"{name}.xlsx", "--sandbox", "--json", "--report"))
    assert loaded["workbook"].endswith(f"{shown}.xlsx")
    assert loaded["results"].endswith(f"{shown}.rehearsal.xlsx")
    assert shown in (tmp_path / f"{name}.report.html").read_text(encoding="utf-8")
    assert f"{shown}.xlsx" in done("check", f"{name}.xlsx")
    assert json.loads(done("check", f"{name}.xlsx", "--json"))["workbook"] == f"{shown}.xlsx"


def test_a_name_beside_which_none_is_longer(tmp_path: Path) -> None:
    name = f"{'n' * 250}.xlsx"
    write_workbook(tmp_path / "right.xlsx", RIGHT).rename(tmp_path / name)
    for command in (["check"], ["plan"], ["convert", "--output", "tasks"]):
        done = installed.run(command[0], name, *command[1:], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    done = installed.run("load", name, "--sandbox", cwd=tmp_path)
    assert done.returncode == 7
    assert "its name is too long" in done.stderr
    assert "--output FILE" in done.stderr
    done = installed.run("load", name, "--sandbox", "--output", f"{'r' * 250}.xlsx", "--report", cwd=tmp_path)
    assert done.returncode == 0
    assert "report" in done.stderr
    assert "its name is too long" in done.stderr
