"""`[wire]` of `config.toml`: where a server wants a field, for all task types or for one."""

import json
from pathlib import Path
from typing import Any

import installed
from workbooks import write_workbook

SHEETS = {
    "Users": "| command | groupId | user.userId | user.firstName |\n| ModifyUser | Dallas | ann.one@example.com | Ann |",
    "PhoneNumbers": "| command | groupId | phoneNumbers |\n| Assign | Dallas | 2145550101 |",
}


def sent(folder: Path, wire: str) -> dict[str, Any]:
    """The content of the one task of each type, as `convert` writes it with these lines under [wire]."""
    home = folder / "home"
    home.mkdir()
    (home / "config.toml").write_text(f"[wire]\n{wire}\n", encoding="utf-8")
    workbook = write_workbook(folder / "two.xlsx", SHEETS)
    done = installed.run(
        "convert", workbook, "--output", folder / "tasks", env={"XLSX2OPEASY_HOME": str(home)}
    )
    assert done.returncode == 0, done.stderr
    (chunk,) = (path for path in (folder / "tasks").glob("*.json") if path.name != "manifest.json")
    tasks = json.loads(chunk.read_text(encoding="utf-8"))["tasks"]
    return {name: each[0]["content"] for name, each in tasks.items()}


def test_a_name_with_its_task_type_changes_that_type_alone(tmp_path: Path) -> None:
    contents = sent(
        tmp_path, '"PhoneNumbers.groupId" = "groupId"\n"PhoneNumbers.phoneNumbers" = "numbers.range"'
    )
    assert contents["PhoneNumbers"] == {"groupId": "Dallas", "numbers": {"range": "2145550101"}}
    assert contents["Users"]["groupId"] == "Dallas"


def test_a_name_with_its_task_type_outweighs_the_name_alone(tmp_path: Path) -> None:
    contents = sent(tmp_path, '"groupId" = "group"\n"Users.groupId" = "site.group"')
    assert contents["Users"]["site"] == {"group": "Dallas"}
    assert contents["PhoneNumbers"]["group"] == "Dallas"


def test_a_task_type_that_has_no_such_field_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('[wire]\n"PhoneNumbers.group" = "x"\n', encoding="utf-8")
    done = installed.run("config", "show", env={"XLSX2OPEASY_HOME": str(home)})
    assert done.returncode == 2
    assert "did you mean PhoneNumbers.groupId?" in done.stderr
