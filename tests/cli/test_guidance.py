"""What the commands say to somebody who does not know them yet: the nearest name, and the next step."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import installed
from workbooks import write_workbook
from xlsx2opeasy.cli.main import cli
from xlsx2opeasy.cli.output import from_here

USER = {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | anna.able@example.com |"}
WRONG = {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | anna |"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chek"], 'there is no command "chek"; did you mean check?'),
        (["xyzzy"], 'there is no command "xyzzy"; xlsx2opeasy --help lists'),
        (["template", "--command", "DeletUser"], 'there is no command "DeletUser"; did you mean DeleteUser?'),
        (["fields", "AddUsr"], "did you mean AddUser?"),
    ],
)
def test_a_mistyped_name_gets_the_nearest(arguments: list[str], told: str) -> None:
    done = installed.run(*arguments)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())


def test_the_fields_of_a_command_say_which_it_needs() -> None:
    lines = run("fields", "AddUserDevice").stdout.splitlines()
    marks = {line.split()[1]: line[0] for line in lines if line[:2] in ("* ", "+ ")}
    assert marks["user.userId"] == "*"
    assert "* needed by this command" in lines
    assert "  user.title" in "\n".join(lines)
    assert not any(line.startswith(("*", "+")) for line in run("fields", "mac").stdout.splitlines())


def test_check_and_plan_say_what_is_next(tmp_path: Path) -> None:
    right = write_workbook(tmp_path / "a branch.xlsx", USER)
    wrong = write_workbook(tmp_path / "wrong.xlsx", WRONG)
    assert f"Next, as a rehearsal: xlsx2opeasy load '{right}' --sandbox" in run("check", right).stderr
    assert f"then: xlsx2opeasy check {wrong}" in run("check", wrong).stderr
    assert "Next" not in run("check", right, "--json").stderr
    assert "nothing was sent" in run("plan", right).stderr


def test_a_manifest_is_not_a_file_of_tasks(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"workbook": "a.xlsx", "sha256": "0", "chunks": []}))
    done = installed.run("import", manifest, "--output", tmp_path / "b.xlsx")
    assert done.returncode == 3
    assert "is the list of a conversion's files" in done.stderr
    assert f"name the task files: {tmp_path / 'operation-*.json'}" in done.stderr


def test_a_workbook_with_a_password_says_how_to_take_it_away(tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    book.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"))
    done = run("check", book)
    assert done.exit_code == 7
    assert '"a.xlsx" is protected with a password' in done.stderr
    assert "Remove the password in Excel" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["template"],
        ["import", "tasks.json", "--output"],
        ["operations", "tasks", "x", "--output"],
        ["webex", "jobs", "--output"],
        ["check", "a.xlsx", "--annotate"],
    ],
)
def test_no_command_replaces_a_file_unless_it_is_told_to(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_workbook(tmp_path / "a.xlsx", USER)
    there = tmp_path / "there.xlsx"
    there.write_bytes(b"mine")
    monkeypatch.setenv("WEBEX_ACCESS_TOKEN", "token")
    done = run(*arguments, there)
    code = getattr(done.exception, "exit_code", done.exit_code)  # else `main` says it
    assert (code, there.read_bytes()) == (7, b"mine")
    assert "exists" in f"{done.stderr}{done.exception}"


def test_a_conversion_says_that_it_replaced_an_earlier_one(tmp_path: Path) -> None:
    book = write_workbook(tmp_path / "a.xlsx", USER)
    said = [run("convert", book, "--output", tmp_path / "tasks").stderr for _ in range(2)]
    assert ["replaced" in each for each in said] == [False, True]


def test_a_load_names_its_files_as_the_person_did(tmp_path: Path) -> None:
    missing = {"Users": "| command | user.userId |\n| DeleteUser | no.body@example.com |"}
    write_workbook(tmp_path / "my branch.xlsx", missing)
    done = installed.run("load", "my branch.xlsx", "--sandbox", cwd=tmp_path)
    assert "Results: my branch.rehearsal.xlsx\n" in done.stderr
    assert "then: xlsx2opeasy load 'my branch.xlsx' --sandbox\n" in done.stderr
    assert str(tmp_path) not in done.stderr
    as_json = installed.run("load", "my branch.xlsx", "--sandbox", "--json", cwd=tmp_path)
    assert json.loads(as_json.stdout)["results"] == str(tmp_path / "my branch.rehearsal-2.xlsx")


def test_a_file_keeps_its_folder_where_its_name_alone_would_be_another_thing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in (f"load {tmp_path}/-x.xlsx", f"load /mnt{tmp_path}/a.xlsx", f"in {tmp_path}"):
        assert from_here(text) == text
    assert from_here(f"load '{tmp_path}/a b.xlsx'; {tmp_path}/c/d.xlsx") == "load 'a b.xlsx'; c/d.xlsx"
    monkeypatch.chdir("/")
    assert from_here("load /tmp/a.xlsx") == "load /tmp/a.xlsx"
