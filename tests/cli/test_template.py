"""`template` as a person calls it, the blank workbooks that are committed, and the way from one to results."""

import shlex
import subprocess
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

import installed
from filling import BRANCH, fill
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS

ROOT = Path(__file__).parent.parent.parent
COMMITTED = ROOT / "templates" / "workbooks"


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return installed.run(*arguments, cwd=folder)


def headers(path: Path) -> dict[str, list[object]]:
    return {
        sheet.title: [cell.value for cell in sheet[1]]
        for sheet in openpyxl.load_workbook(path).worksheets[1:]
    }


def parts(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def recipes() -> list[list[str]]:
    """The arguments with which the Makefile makes the committed workbooks."""
    start = "\t@$(BIN)/xlsx2opeasy template --force "
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    return [shlex.split(line.removeprefix(start)) for line in lines if line.startswith(start)]


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: Path(recipe[0]).stem)
def test_what_is_committed_is_what_the_command_makes(recipe: list[str], tmp_path: Path) -> None:
    """Compared part by part: the packed bytes also depend on the zlib that Python was built with."""
    committed, *options = recipe
    assert run(tmp_path, "template", "made.xlsx", *options).returncode == 0
    assert parts(tmp_path / "made.xlsx") == parts(ROOT / committed), "stale: make templates"


def test_every_committed_one_is_made_by_a_recipe() -> None:
    made = {ROOT / recipe[0] for recipe in recipes()}
    assert made == set(COMMITTED.iterdir())
    assert len(made) == 5


def test_it_says_where_it_is_and_what_next(tmp_path: Path) -> None:
    done = run(tmp_path, "template")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "template.xlsx is ready. Next: fill it in, then: xlsx2opeasy check template.xlsx\n"
    assert [each.name for each in tmp_path.iterdir()] == ["template.xlsx"]
    assert list(headers(tmp_path / "template.xlsx")) == [
        *("Users", "CallCenterAgent", "CallRecording", "CallForwarding", "PhoneNumbers")
    ]


def test_an_existing_file_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "mine.xlsx").write_text("mine")
    done = run(tmp_path, "template", "mine.xlsx")
    assert (done.returncode, done.stdout) == (7, "")
    assert "mine.xlsx exists and is not replaced" in done.stderr
    assert "--force" in done.stderr
    assert (tmp_path / "mine.xlsx").read_text() == "mine"
    assert run(tmp_path, "template", "mine.xlsx", "--force").returncode == 0
    assert headers(tmp_path / "mine.xlsx")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["branch.csv"], 2, "write branch.xlsx"),
        (["x.xlsx", "--command", "AddUsr"], 2, "did you mean AddUser?"),
        (["x.xlsx", "--task-type", "User"], 2, "'User' is not one of"),
        (["missing/x.xlsx"], 7, "missing/x.xlsx cannot be written"),
    ],
)
def test_wrong_usage_writes_nothing(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    done = run(tmp_path, "template", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_is_narrowed_to_commands_and_task_types(tmp_path: Path) -> None:
    run(tmp_path, "template", "delete.xlsx", "--command", "deleteuser")
    assert headers(tmp_path / "delete.xlsx") == {
        "Users": ["command", "user.userId", *RESULT_COLUMNS, "user.pingUserDispositionalState"]
    }
    run(tmp_path, "template", "modify.xlsx", "--task-type", "callrecording", "--command", "Modify")
    assert list(headers(tmp_path / "modify.xlsx")) == ["CallRecording"]
    both = ["--task-type", "Users", "--task-type", "PhoneNumbers", "--command", "SuspendUser"]
    run(tmp_path, "template", "both.xlsx", *both)
    assert headers(tmp_path / "both.xlsx") == {
        "Users": ["command", "user.userId", *RESULT_COLUMNS],
        "PhoneNumbers": ["command", "phoneNumbers", *RESULT_COLUMNS, "groupId", "activated"],
    }


def test_a_blank_one_is_an_invalid_workbook(tmp_path: Path) -> None:
    run(tmp_path, "template", "blank.xlsx")
    for command in (["check"], ["load", "--sandbox", "--yes"]):
        done = run(tmp_path, *command, "blank.xlsx")
        assert done.returncode == 3
        assert "no task row" in done.stdout + done.stderr


def test_a_filled_one_loads_and_its_results_come_into_the_columns_that_are_ready(tmp_path: Path) -> None:
    run(tmp_path, "template", "branch.xlsx")
    fill(tmp_path / "branch.xlsx", BRANCH)
    done = run(tmp_path, "load", "branch.xlsx", "--sandbox", "--yes")
    assert done.returncode == 0, done.stderr
    rehearsed = tmp_path / "branch.rehearsal.xlsx"
    assert headers(rehearsed) == headers(tmp_path / "branch.xlsx")
    book = openpyxl.load_workbook(rehearsed)
    for title, rows in BRANCH.items():
        column = headers(rehearsed)[title].index("Result") + 1
        for number in range(2, len(rows) + 2):
            assert book[title].cell(number, column).value == "SUCCESS"
    before, after = parts(tmp_path / "branch.xlsx"), parts(rehearsed)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"xl/styles.xml", *(f"xl/worksheets/sheet{number}.xml" for number in range(2, 7))}


def test_help_names_the_task_types_as_the_api_spells_them(tmp_path: Path) -> None:
    assert "[Users|CallCenterAgent|" in run(tmp_path, "template", "--help").stdout
    assert "[Users|CallCenterAgent|" in run(tmp_path, "operations", "tasks", "--help").stdout
