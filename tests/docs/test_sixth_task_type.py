"""A throw-away sixth task type with a list of objects, added to a copy by the page's recipe, works everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from xlsx2opeasy.sandbox.commands import COMMANDS

ROOT = Path(__file__).parents[2]
CALL_PARK = '''"""Appendix VI, made up: the CallPark sheet."""

from xlsx2opeasy.spec.build import NO_FORMER_VALUE, command, integer, required, text
from xlsx2opeasy.spec.effects import Inverse
from xlsx2opeasy.spec.model import Content, Group, TaskType
from xlsx2opeasy.spec.rules import Between, MaxLength

ALL = frozenset({"Add", "Modify", "Remove"})
SET = ALL - {"Remove"}

CALL_PARK = TaskType(
    name="CallPark",
    appendix="VI",
    description="Call park groups: add, modify, remove.",
    commands=(
        command("Add", "Add a group.", inverse=Inverse("Remove", ("parkId",))),
        command("Modify", "Modify a group.", inverse=NO_FORMER_VALUE),
        command("Remove", "Remove a group."),
    ),
    groups=(Group("slots", "The slots of the group.", SET, many=True, repeat=2),),
    fields=(
        text("parkId", "The group.", ALL, MaxLength(20), required=(required(*ALL),), content=Content.NAME, example="p1"),
        text("slots[n].name", "A slot.", SET, required=(required(*SET),), example="s1"),
        integer("slots[n].seconds", "How long.", SET, Between(1, 60), example="5"),
    ),
)
'''
HANDLERS = '''"""CallPark: Add, Modify, Remove."""


def accept(enterprise, content):
    """Every group is fine."""


COMMANDS = dict.fromkeys(("Add", "Modify", "Remove"), accept)
'''
SERVED = """
import subprocess, sys, os
from xlsx2opeasy.sandbox.serve import serve_in_thread

with serve_in_thread() as sandbox:
    place = {"OPEASY_URL": sandbox.url, "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id, "OPEASY_API_KEY": sandbox.api_key}
    done = subprocess.run([sys.executable, "-m", "xlsx2opeasy", *sys.argv[1:]], env=os.environ | place)
sys.exit(done.returncode)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with the three changes of the recipe."""
    folder = tmp_path_factory.mktemp("sixth")
    for part in ("src", "templates", "docs"):
        shutil.copytree(
            ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    package = folder / "src" / "xlsx2opeasy"
    (package / "spec" / "call_park.py").write_text(CALL_PARK)
    (package / "sandbox" / "commands" / "call_park.py").write_text(HANDLERS)
    for path, changes in (
        (
            "spec/catalogue.py",
            (
                (
                    "from xlsx2opeasy.spec.call_recording",
                    "from xlsx2opeasy.spec.call_park import CALL_PARK\nfrom xlsx2opeasy.spec.call_recording",
                ),
                ("CALL_FORWARDING, PHONE_NUMBERS)", "CALL_FORWARDING, PHONE_NUMBERS, CALL_PARK)"),
                ("    PHONE_NUMBERS,\n)", "    PHONE_NUMBERS,\n    CALL_PARK,\n)"),
            ),
        ),
        (
            "sandbox/commands/__init__.py",
            (
                ("    call_recording,\n", "    call_park,\n    call_recording,\n"),
                ('    "PhoneNumbers": ', '    "CallPark": call_park.COMMANDS,\n    "PhoneNumbers": '),
            ),
        ),
    ):
        text = (package / path).read_text()
        for before, after in changes:
            assert text.count(before) == 1, (path, before)
            text = text.replace(before, after)
        (package / path).write_text(text)
    return folder


def _run(copy: Path, cwd: Path, *arguments: object, code: int = 0) -> str:
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "XLSX2OPEASY_HOME": str(cwd / "home")}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def _command(copy: Path, cwd: Path, *arguments: object, code: int = 0) -> str:
    return _run(copy, cwd, "-m", "xlsx2opeasy", *arguments, code=code)


def test_a_sixth_task_type_is_known_everywhere(copy: Path, tmp_path: Path) -> None:
    assert "CallPark" not in COMMANDS
    _command(copy, tmp_path, "template", "blank.xlsx")
    book = openpyxl.load_workbook(tmp_path / "blank.xlsx")
    sheet = book["CallPark"]
    headers = [cell.value for cell in sheet[1]]
    assert [each for each in headers if each and each.startswith("slots[1]")] == [
        "slots[1].name",
        "slots[1].seconds",
    ]
    filled = {
        "command": "Add",
        "parkId": "p1",
        "slots[0].name": "a",
        "slots[1].name": "b",
        "slots[1].seconds": "5",
    }
    for name, text in filled.items():
        sheet.cell(2, headers.index(name) + 1).value = text
    book.save(tmp_path / "park.xlsx")
    assert json.loads(_command(copy, tmp_path, "check", "park.xlsx", "--json"))["problems"] == []
    _command(copy, tmp_path, "convert", "park.xlsx", "--output", "tasks")
    manifest = json.loads((tmp_path / "tasks" / "manifest.json").read_text())
    (task,) = json.loads((tmp_path / "tasks" / manifest["chunks"][0]["file"]).read_text())["tasks"][
        "CallPark"
    ]
    assert task["content"] == {"parkId": "p1", "slots": [{"name": "a"}, {"name": "b", "seconds": 5}]}
    plan = json.loads(_command(copy, tmp_path, "plan", "park.xlsx", "--json"))
    assert plan["commands"] == [{"type": "CallPark", "command": "Add", "rows": 1}]
    assert "slots[n].seconds" in _command(copy, tmp_path, "fields", "CallPark")
    _run(copy, tmp_path, copy / "docs" / "make.py", tmp_path)
    assert "`slots[n].seconds`" in (tmp_path / "fields.md").read_text(encoding="utf-8")
    _command(copy, tmp_path, "load", "park.xlsx", "--sandbox")
    loaded = json.loads(_run(copy, tmp_path, "-c", SERVED, "load", "park.xlsx", "--yes", "--json"))
    assert (loaded["status"], loaded["rows"]["succeeded"]) == ("completed", 1)
    results = openpyxl.load_workbook(loaded["results"])["CallPark"]
    assert "SUCCESS" in [cell.value for cell in results[2]]
    _command(copy, tmp_path, "undo", loaded["job"], "--output", "undo.xlsx")
    undone = openpyxl.load_workbook(tmp_path / "undo.xlsx")["CallPark"]
    assert [cell.value for cell in undone[2]][:2] == ["Remove", "p1"]
