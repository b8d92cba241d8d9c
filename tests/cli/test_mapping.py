"""Lists with headers of their own: `--mapping` on every command that reads a workbook."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import installed
from workbooks import signed, write_workbook

STAFF = """
| E-Mail | First | Name | Ext | Room | Result |
| ann.one@example.com | Ann | One | 0101 | 12 | great |
| bob.two@example.com | Bob | Two | 0102 | 14 | |
"""
MAPPING = """
sheet = "Staff"
task_type = "Users"
ignore = ["Room", "Result"]

[columns]
"e-mail " = "user.userid"
"First" = "user.firstName"
"Name" = "user.lastName"
"Ext" = "user.extension"

[constants]
command = "AddUser"
groupId = "Dallas"
"""


@pytest.fixture
def staff(tmp_path: Path) -> Path:
    (tmp_path / "staff.toml").write_text(MAPPING, encoding="utf-8")
    return write_workbook(tmp_path / "staff.xlsx", {"Staff": STAFF})


def run(folder: Path, *arguments: object) -> Any:
    return installed.run(*arguments, cwd=folder, env={"XLSX2OPEASY_HOME": str(folder / "home")})


def rows(path: Path, title: str = "Staff") -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(path)[title].values)


def test_a_list_becomes_tasks_with_its_constants(staff: Path) -> None:
    done = run(staff.parent, "convert", staff, "--output", "tasks", "--mapping", "staff.toml", "--json")
    assert done.returncode == 0, done.stderr
    manifest = json.loads(done.stdout)
    assert [(task["sheet"], task["row"]) for task in manifest["chunks"][0]["tasks"]] == [
        ("Staff", 2),
        ("Staff", 3),
    ]
    chunk = json.loads((staff.parent / "tasks" / manifest["chunks"][0]["file"]).read_text(encoding="utf-8"))
    assert chunk["tasks"]["Users"][0] == {
        "command": "AddUser",
        "content": {
            "groupId": "Dallas",
            "user": {
                "userId": "ann.one@example.com",
                "firstName": "Ann",
                "lastName": "One",
                "extension": "0101",
            },
        },
    }


def test_results_stand_in_the_persons_own_list_and_the_loop_goes_on(staff: Path) -> None:
    done = run(staff.parent, "load", staff, "--mapping", "staff.toml", "--sandbox", "--output", "done.xlsx")
    assert done.returncode == 0, done.stderr
    header, first, _ = rows(staff.parent / "done.xlsx")
    assert header == (
        "E-Mail",
        "First",
        "Name",
        "Ext",
        "Room",
        "Result",
        "Result",
        "Error code",
        "Error detail",
        "Job",
    )
    assert first[5:7] == ("great", "SUCCESS"), "a column that is ignored is never ours"
    again = run(
        staff.parent, "load", "done.xlsx", "--mapping", "staff.toml", "--sandbox", "--output", "again.xlsx"
    )
    assert again.returncode == 0, again.stderr
    assert rows(staff.parent / "again.xlsx")[0] == header, "our columns are used again"


def test_problems_name_the_lists_sheet_and_the_catalogues_field(staff: Path) -> None:
    book = openpyxl.load_workbook(staff)
    book["Staff"]["D3"] = "01x2"
    book.save(staff)
    done = run(staff.parent, "check", staff, "--mapping", "staff.toml", "--json")
    assert done.returncode == 3
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["sheet"], problem["cell"], problem["field"]) == ("Staff", "D3", "user.extension")


def test_a_row_that_may_be_a_remark_is_an_error_that_can_be_allowed(staff: Path) -> None:
    book = openpyxl.load_workbook(staff)
    book["Staff"].insert_rows(2)
    for cell, text in zip(book["Staff"][2], ["(required)", "Max", "Int"], strict=False):
        cell.value = text
    book.save(staff)
    done = run(staff.parent, "check", staff, "--mapping", "staff.toml", "--json")
    assert done.returncode == 3
    assert (2, "remark-row") in {(each["row"], each["rule"]) for each in json.loads(done.stdout)["problems"]}
    book["Staff"]["A2"] = "max.int@example.com"
    book.save(staff)
    done = run(staff.parent, "check", staff, "--mapping", "staff.toml", "--json")
    assert (done.returncode, json.loads(done.stdout)["rows"]["total"]) == (0, 3)


def test_a_constant_that_breaks_a_rule_has_no_cell(staff: Path) -> None:
    (staff.parent / "staff.toml").write_text(MAPPING.replace("AddUser", "AddUsr"), encoding="utf-8")
    done = run(staff.parent, "check", staff, "--mapping", "staff.toml", "--json")
    problems = json.loads(done.stdout)["problems"]
    assert done.returncode == 3
    assert {(each["row"], each["cell"], each["field"]) for each in problems} == {
        (2, None, "command"),
        (3, None, "command"),
    }


def test_a_header_that_the_mapping_does_not_know_is_an_error_with_the_nearest_field(staff: Path) -> None:
    (staff.parent / "staff.toml").write_text(
        MAPPING.replace('"Ext" = "user.extension"\n', ""), encoding="utf-8"
    )
    book = openpyxl.load_workbook(staff)
    book["Staff"]["D1"] = "Extension"
    book.save(staff)
    done = run(staff.parent, "check", staff, "--mapping", "staff.toml", "--json")
    (problem,) = json.loads(done.stdout)["problems"]
    assert (done.returncode, problem["cell"], problem["rule"]) == (3, "D1", "unknown-header")
    assert "user.extension" in problem["hint"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('sheet = "Staff"', 'sheet = "Staf"', 'did you mean "Staff"?'),
        ('sheet = "Staff"', "", "sheet is missing"),
        ('sheet = "Staff"', "sheet = ", "is no TOML"),
        ('task_type = "Users"', 'task_type = "User"', "did you mean Users?"),
        ('"user.lastName"', '"user.lastNam"', 'did you mean "user.lastName"?'),
        ('"user.lastName"', '"user.firstName"', "user.firstName comes from two places"),
        ('groupId = "Dallas"', '"user.firstName" = "Ann"', "user.firstName comes from two places"),
        ('groupId = "Dallas"', "groupId = []", 'the constant "groupId" is no text'),
        ('"Name" =', '"Surname" =', 'a header that the sheet "Staff" lacks'),
        ('"Name" =', '"Room" =', "mapped and ignored"),
        ("ignore =", "ignored =", "did you mean ignore?"),
        ('["Room", "Result"]', '"Room"', "ignore is no list"),
        ("[constants]", "[[sheets]]", "has no meaning"),
    ],
)
def test_a_mapping_that_is_broken_is_wrong_usage(staff: Path, before: str, after: str, said: str) -> None:
    assert before in MAPPING
    (staff.parent / "staff.toml").write_text(MAPPING.replace(before, after), encoding="utf-8")
    done = run(staff.parent, "load", staff, "--mapping", "staff.toml", "--sandbox")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "staff.toml" in done.stderr or "the mapping takes" in done.stderr
    assert not (staff.parent / "staff.rehearsal.xlsx").exists()


def test_several_lists_of_a_workbook_are_read_at_once_also_of_one_task_type(staff: Path) -> None:
    book = openpyxl.load_workbook(staff)
    leavers = book.create_sheet("Leavers")
    for row in (["Login"], ["cyd.three@example.com"]):
        leavers.append(row)
    book.save(staff)
    one = MAPPING.replace("[columns]", "[sheets.columns]").replace("[constants]", "[sheets.constants]")
    second = '[[sheets]]\nsheet = "Leavers"\ntask_type = "Users"\ncolumns = { Login = "user.userId" }\nconstants = { command = "DeleteUser" }'
    (staff.parent / "staff.toml").write_text(f"[[sheets]]{one}\n{second}\n", encoding="utf-8")
    done = run(staff.parent, "plan", staff, "--mapping", "staff.toml", "--json")
    assert done.returncode == 0, done.stderr
    assert [(each["command"], each["rows"]) for each in json.loads(done.stdout)["commands"]] == [
        ("AddUser", 2),
        ("DeleteUser", 1),
    ]


def test_a_profile_may_name_a_mapping_which_other_workbooks_do_not_need(staff: Path) -> None:
    home = staff.parent / "home"
    home.mkdir()
    (home / "staff.toml").write_text(MAPPING, encoding="utf-8")
    (home / "config.toml").write_text(
        'default_profile = "acme"\n[profiles.acme]\nmapping = "staff.toml"\n', encoding="utf-8"
    )
    assert run(staff.parent, "check", staff).returncode == 0
    table = "| command | groupId | user.userId |\n| AddUser | Dallas | ann.one@example.com |"
    usual = write_workbook(staff.parent / "usual.xlsx", {"Users": table})
    assert run(staff.parent, "check", usual).returncode == 0
    shown = run(staff.parent, "config", "show").stdout
    assert "mapping" in shown
    assert "staff.toml" in shown


def test_a_list_that_takes_no_results_gets_a_workbook_that_loads_without_the_mapping(staff: Path) -> None:
    signed(staff)
    done = run(staff.parent, "load", staff, "--mapping", "staff.toml", "--sandbox")
    assert done.returncode == 0, done.stderr
    made = staff.parent / "staff.rehearsal.xlsx"
    assert rows(made, "Users")[0][:3] == ("command", "user.userId", "user.firstName")
    assert run(staff.parent, "check", made).returncode == 0


def test_a_password_among_the_constants_is_in_no_file_that_a_finished_job_leaves(staff: Path) -> None:
    canary = "Canary-77-Secret"
    text = MAPPING.replace('groupId = "Dallas"', f'groupId = "Dallas"\n"user.userPassword" = "{canary}"')
    (staff.parent / "staff.toml").write_text(text, encoding="utf-8")
    done = run(staff.parent, "load", staff, "--mapping", "staff.toml", "--sandbox")
    assert done.returncode == 0, done.stderr
    assert canary not in done.stdout + done.stderr
    kept = [path for path in (staff.parent / "home").rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if canary.encode() in path.read_bytes()] == []
