"""`rules`, `--allow` and `allow` in a profile, through the installed command."""

import json
import os
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from installed import run
from workbooks import write_workbook
from xlsx2opeasy.registry import RULES

LEAVERS = {
    "Users": """
| command | groupId | user.userId | user.lastName | device.name |
| DeleteUserAndDevices | Dallas | john.doe@example.com | Doe | |
| DeleteUser | | jane.doe@example.com | | |
"""
}
SHORT = {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | ann@example.com |\n"}
EVERY_KIND = {
    "Users": """
| command | groupId | user.userId | userProfile | user.phoneNumber | user.title | user.extension | device.macAddress | user.msTeamsXsiPlugin |
| AddUser | | ann@example.com | MS Teams | 2145550101 to 2145550110 | | 01 | | TRUE |
| AddUser | D | john.doe@example.com | | +1 214 555 0101 | | 01x | | |
| AddUser | D | john.dos@example.com | | 214.555.0101 | | 01 | 00O85D123456 | |
| ModifyUser | | bob@example.com | | tbd | | | | |
| ModifyUser | | carl.doe@example.com | | | | | | |
| Nothing | | | | | | | | |
""",
    "PhoneNumbers": "| command | groupId | phoneNumbers |\n| Assign | D | 2145550101–2145550110 |\n| Modify | | 12345678901234567 |\n",
    "CallForwarding": "| command | userId | callforwarding.callFwdAllActive |\n| Modify | u | TRUE |\n| Modify | v | |\n",
}


def _problems(*arguments: object, code: int) -> list[dict[str, Any]]:
    done = run("check", *arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["problems"]
    return found


def test_every_rule_is_listed_and_explained() -> None:
    listed = json.loads(run("rules", "--json").stdout)["rules"]
    assert [each["rule"] for each in listed] == list(RULES)
    assert {each["severity"] for each in listed} == {"error", "warning"}
    assert all(set(each) == {"rule", "says", "severity", "origin", "allowed"} for each in listed)
    (one,) = json.loads(run("rules", "unused", "--json").stdout)["rules"]
    assert (one["rule"], one["severity"], one["allowed"]) == ("unused", "error", True)
    done = run("rules", "required")
    assert done.returncode == 0
    assert "because the task would have no subject" in done.stdout
    assert all(code in run("rules").stdout for code in RULES)


def test_an_unknown_rule_is_2_also_with_json() -> None:
    done = run("rules", "unusd", "--json")
    assert (done.returncode, json.loads(done.stdout)["rules"]) == (2, [])
    assert "did you mean unused?" in done.stderr


def test_every_problem_is_a_rule_and_the_screen_shows_it_in_brackets(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "wrong.xlsx", EVERY_KIND)
    found = _problems(path, code=3)
    assert {each["rule"] for each in found} <= set(RULES)
    by_cell = {(each["sheet"], each["cell"], each["rule"]): each["severity"] for each in found}
    for expected in (
        ("Users", "B2", "group-missing", "warning"),
        ("Users", "C2", "email-style", "error"),
        ("Users", "E2", "two-numbers", "error"),
        ("Users", "G3", "digits", "error"),
        ("Users", "E4", "given-twice", "warning"),
        ("Users", "H4", "unused", "warning"),
        ("Users", "C5", "email-style", "warning"),
        ("Users", "E5", "placeholder", "warning"),
        ("Users", "C6", "nothing-to-modify", "warning"),
        ("Users", "A7", "command", "error"),
        ("PhoneNumbers", "C2", "two-numbers", "error"),
        ("PhoneNumbers", "C3", "too-many-digits", "error"),
        ("CallForwarding", "C2", "forwarding-without-number", "warning"),
        ("CallForwarding", "B3", "nothing-to-modify", "warning"),
    ):
        assert by_cell.get(expected[:3]) == expected[3], expected
    assert not any(cell == "C2" and rule == "typographic-character" for _, cell, rule in by_cell)
    assert [each["rule"] for each in found if each["sheet"] == "Users" and each["row"] == 7] == ["command"]
    (two,) = [each for each in found if each["sheet"] == "PhoneNumbers" and each["row"] == 2]
    assert two["hint"] == 'write "2145550101 - 2145550110"'
    for line in run("check", path).stdout.splitlines()[:-1]:
        assert line.endswith("]") or line.startswith("    and "), line


def test_unused_cells_are_left_out_where_that_is_allowed(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "leavers.xlsx", LEAVERS)
    assert [each["rule"] for each in _problems(path, code=3)] == ["unused", "unused"]
    found = _problems(path, "--allow", "unused", code=0)
    assert [(each["rule"], each["severity"]) for each in found] == [("unused", "warning")] * 2
    done = run("convert", path, "--output", tmp_path / "tasks", "--allow", "unused")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "tasks" / "manifest.json").read_text())
    tasks = json.loads((tmp_path / "tasks" / manifest["chunks"][0]["file"]).read_text())["tasks"]["Users"]
    assert tasks[0] == {
        "command": "DeleteUserAndDevices",
        "content": {"user": {"userId": "john.doe@example.com"}},
    }


def test_an_allowed_value_goes_out_as_typed_and_the_load_says_so(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "short.xlsx", SHORT)
    home = os.environ | {"XLSX2OPEASY_HOME": str(tmp_path / "home")}
    assert run("plan", path, env=home).returncode == 3
    assert run("plan", path, "--allow", "email-style", env=home).returncode == 0
    done = run("load", path, "--sandbox", "--allow", "email-style", env=home)
    assert "Rules allowed: email-style" in done.stderr
    sheet = openpyxl.load_workbook(tmp_path / "short.rehearsal.xlsx")["Users"]
    assert sheet.cell(2, 4).value in ("SUCCESS", "REJECTED")  # the server decides
    facts = [json.loads(each.read_text()) for each in (tmp_path / "home").rglob("job.json")]
    assert [each["allowed"] for each in facts] == [["email-style"]]


@pytest.mark.parametrize(
    ("rule", "says"), [("required", "cannot be allowed"), ("emailstyle", 'there is no rule "emailstyle"')]
)
@pytest.mark.parametrize("command", ["check", "plan", "load"])
def test_what_cannot_be_allowed_is_2(tmp_path: Path, command: str, rule: str, says: str) -> None:
    path = write_workbook(tmp_path / "short.xlsx", SHORT)
    more = ["--sandbox"] if command == "load" else []
    done = run(command, path, *more, "--allow", rule, env=os.environ | {"XLSX2OPEASY_HOME": str(tmp_path)})
    assert done.returncode == 2
    assert says in done.stderr


def test_a_profile_allows_rules_for_all_commands(tmp_path: Path) -> None:
    home = os.environ | {"XLSX2OPEASY_HOME": str(tmp_path), "OPEASY_PROFILE": "acme"}
    path = write_workbook(tmp_path / "leavers.xlsx", LEAVERS)
    (tmp_path / "config.toml").write_text('[profiles.acme]\nallow = ["unused"]\n')
    assert run("check", path, env=home).returncode == 0
    assert run("plan", path, env=home).returncode == 0
    assert "unused" in run("config", "show", env=home).stdout
    for wrong in ('allow = ["required"]', 'allow = "unused"', 'allow = ["none"]'):
        (tmp_path / "config.toml").write_text(f"[profiles.acme]\n{wrong}\n")
        done = run("check", path, env=home)
        assert (done.returncode, "allow" in done.stderr) == (2, True), done.stderr


def test_what_is_no_boolean_or_integer_goes_out_as_typed_where_that_is_allowed(tmp_path: Path) -> None:
    agents = "| command | agentId | callCenterInfo[0].callCenterId | callCenterInfo[0].join | callCenterInfo[0].skillLevel |\n"
    rows = "| Assign | a | c | maybe | 21 |\n| Assign | b | c | TRUE | high |\n| Assign | d | c | no | 5 |\n"
    path = write_workbook(tmp_path / "agents.xlsx", {"CallCenterAgent": agents + rows})
    assert run("convert", path, "--output", tmp_path / "tasks").returncode == 3
    allowed = ("--allow", "boolean", "--allow", "between")
    assert run("convert", path, "--output", tmp_path / "tasks", *allowed).returncode == 0
    manifest = json.loads((tmp_path / "tasks" / "manifest.json").read_text())
    content = json.loads((tmp_path / "tasks" / manifest["chunks"][0]["file"]).read_text())["tasks"]
    sent = [each["content"]["callCenterInfo"][0] for each in content["CallCenterAgent"]]
    assert [(each["join"], each["skillLevel"]) for each in sent] == [
        ("maybe", 21),
        (True, "high"),
        (False, 5),
    ]


@pytest.mark.parametrize(
    ("rule", "field", "typed"),
    [
        ("line-break", "user.extension", "1\n2"),
        ("invisible-character", "device.name", "DAL\u00a01"),
        ("typographic-character", "user.phoneNumber", "214–555–0101"),
        ("space-around-secret", "user.userPassword", "S3cret "),
        ("max-length", "user.lastName", "x" * 31),
        ("one-of", "user.endpointType", "Device"),
    ],
)
def test_what_may_be_allowed_is_sent_as_it_was_typed(
    tmp_path: Path, rule: str, field: str, typed: str
) -> None:
    command = "AddDevice" if field.startswith("device") else "ModifyUser"
    subject = {"device.name": typed} if command == "AddDevice" else {"user.userId": "john.doe@example.com"}
    row = {"command": command, "groupId": "Dallas", **subject, field: typed}
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Users"
    sheet.append(list(row))
    sheet.append(list(row.values()))
    book.save(tmp_path / "typed.xlsx")
    errors = [each for each in _problems(tmp_path / "typed.xlsx", code=3) if each["severity"] == "error"]
    assert rule in {each["rule"] for each in errors}
    allow = [text for each in {each["rule"] for each in errors} | {"digits"} for text in ("--allow", each)]
    done = run("convert", tmp_path / "typed.xlsx", "--output", tmp_path / "tasks", *allow)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "tasks" / "manifest.json").read_text())
    (task,) = json.loads((tmp_path / "tasks" / manifest["chunks"][0]["file"]).read_text())["tasks"]["Users"]
    outer, _, inner = field.partition(".")
    assert task["content"][outer][inner] == typed
