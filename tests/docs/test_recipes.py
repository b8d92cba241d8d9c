"""The recipes of docs/developers.md: what they add to a copy of the package works everywhere."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "developers.md").read_text(encoding="utf-8")
USERS = "src/xlsx2opeasy/spec/users.py"
LOOKING = """
import json, sys
from pathlib import Path
import openpyxl
import xlsx2opeasy
from xlsx2opeasy.library import check, convert, template
from xlsx2opeasy.sandbox.judge import judge
from xlsx2opeasy.spec.catalogue import BY_NAME

blank = openpyxl.load_workbook(template(Path("blank.xlsx"), commands=["ModifyUser"]))
header = [cell.value for row in blank["Users"].iter_rows() for cell in row if cell.value == "user.nickname"]

def filled(name, nickname):
    book = openpyxl.Workbook()
    book.active.title = "Users"
    book.active.append(["command", "user.userId", "user.nickname"])
    book.active.append(["ModifyUser", "john.doe@example.com", nickname])
    book.save(name)
    return Path(name)

made = convert(filled("right.xlsx", "Jack"), Path("tasks"))
task = json.loads(made.files[0].read_text())["tasks"]["Users"][0]
long = json.loads(json.dumps(task).replace("Jack", "J" * 21))
print(json.dumps({
    "package": xlsx2opeasy.__file__,
    "header": header,
    "problems": [(each.cell, each.rule) for each in check(filled("wrong.xlsx", "J" * 21)).problems],
    "task": task,
    "verdicts": [len(list(judge(BY_NAME["Users"], each))) for each in (task, long)],
}))
"""


def copied(folder: Path) -> Path:
    """The package, its templates and its documents' generator in `folder`."""
    for part in ("src", "templates/docs", "docs"):
        shutil.copytree(
            ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the page's line among the fields of Users."""
    folder = copied(tmp_path_factory.mktemp("copy"))
    (line,) = re.findall(r'```python\n(text\("user\.nickname".*)\n```', PAGE)
    source = (folder / USERS).read_text(encoding="utf-8")
    neighbour = '    text("user.title", '
    assert source.count(neighbour) == 1
    (folder / USERS).write_text(source.replace(neighbour, f"    {line},\n{neighbour}"), encoding="utf-8")
    return folder


def _python(copy: Path, cwd: Path, *arguments: object) -> str:
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "XLSX2OPEASY_HOME": str(cwd / "home")}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_field_is_one_line(copy: Path, tmp_path: Path) -> None:
    seen = json.loads(_python(copy, tmp_path, "-c", LOOKING))
    assert seen["package"].startswith(str(copy)), "the checkout is in the way of the copy"
    assert seen["header"] == ["user.nickname"]
    assert [cell for cell, _ in seen["problems"]] == ["C2"]
    assert seen["task"]["content"]["user"]["nickname"] == "Jack"
    assert seen["verdicts"] == [0, 1]


def test_the_reference_has_the_field_too(copy: Path, tmp_path: Path) -> None:
    _python(copy, tmp_path, copy / "docs" / "make.py", tmp_path)
    assert "| `user.nickname` | Nickname. |" in (tmp_path / "fields.md").read_text(encoding="utf-8")


def test_the_files_that_the_page_names_are_there() -> None:
    named = re.findall(r"`((?:src|spec|cli|check|sandbox|tests)/[\w./]+?/?)`", PAGE)
    assert len(named) > 10
    for name in named:
        places = [ROOT / name, ROOT / "src" / "xlsx2opeasy" / name]
        assert any(each.exists() for each in places) or name == "cli/NAME.py", f"{name} is not there"


def test_an_option_of_load_is_shown_by_jobs(tmp_path: Path) -> None:
    copy = copied(tmp_path / "copy")
    (patch,) = re.findall(r"```diff\n(.*?)```", PAGE, re.DOTALL)
    applied = subprocess.run(
        ["patch", "--strip=1", "--no-backup-if-mismatch"],
        cwd=copy,
        input=patch,
        capture_output=True,
        text=True,
        check=False,
    )
    assert applied.returncode == 0, applied.stderr
    shutil.copy(ROOT / "example_workbooks" / "new-branch-office.xlsx", tmp_path)
    program = ("-m", "xlsx2opeasy")
    book = "new-branch-office.xlsx"
    loaded = json.loads(
        _python(copy, tmp_path, *program, *["load", "--sandbox", "--json", "--ticket", "INC-7"], book)
    )
    (listed,) = json.loads(_python(copy, tmp_path, *program, "jobs", "--json"))["items"]
    assert (listed["id"], listed["ticket"]) == (loaded["job"], "INC-7")
    assert "Ticket:     INC-7" in _python(copy, tmp_path, *program, "jobs", "show", loaded["job"])
    assert "--ticket" in _python(copy, tmp_path, *program, "load", "--help")
