"""`check`, `plan` and `convert` as a person and a script call them: the installed command, both streams, exit codes."""

import hashlib
import json
import re
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from installed import run
from workbooks import write_workbook
from xlsx2opeasy.cli.main import cli

RIGHT = {
    "Users": """
| command | groupId | user.userId | user.phoneNumberActivation | user.userPassword |
| AddUser | Dallas | john.doe@example.com | activate | Canary-Passw0rd |
| | |
| ModifyUser | | john.doe@example.com | Deactivate | |
""",
    "PhoneNumbers": """
| command | groupId | phoneNumbers |
| Assign | Dallas | 214-555-0100 - 214-555-0149 |
""",
    "Notes": "| anything |\n| at all |",
}
WRONG = {
    "Users": """
| command | groupId | user.userId | user.lastName | user.firstName | user.phoneNumberActivation |
| AddUser | Dallas | john.doe@example.com | Doe | John | Maybe |
| AddUser | Dallas | jane.doe@example.com | Doe | Jane | Perhaps |
| AddUser | Dallas | jack.doe@example.com | Doe | Jack | Never |
| AddUser | Dallas | judy.doe@example.com | Doe | Judy | Never |
| AddUsr | Dallas | joan.doe@example.com | Doe | Joan | |
"""
}


def test_a_right_workbook(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "right.xlsx", RIGHT)
    done = run("check", path)
    assert (done.returncode, done.stderr) == (0, f"Next, as a rehearsal: xlsx2opeasy load {path} --sandbox\n")
    assert done.stdout == f"{path}: 3 rows, 3 valid, no errors\nleft alone: Notes\n"


def test_mistakes_are_told_at_their_cells_and_grouped(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "wrong.xlsx", WRONG)
    done = run("check", path)
    said = f"Next: correct the cells above, then: xlsx2opeasy check {path}\n"
    assert (done.returncode, done.stderr) == (3, said)
    lines = done.stdout.splitlines()
    assert lines[0] == (
        'Users!F2 user.phoneNumberActivation "Maybe" is not one of Activate, Deactivate,'
        " write Activate or Deactivate [one-of]"
    )
    assert lines[3] == "    and 1 error more of this kind: row 5"
    assert lines[4] == 'Users!A6 command "AddUsr" is no command of Users, did you mean AddUser? [command]'
    assert lines[-1] == f"{path}: 5 rows, 0 valid, 5 errors"


def test_json_has_every_problem_in_the_contract_s_shape(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "wrong.xlsx", WRONG)
    done = run("check", path, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 3
    assert document["workbook"] == str(path)
    assert document["rows"] == {"total": 5, "valid": 0, "invalid": 5}
    assert len(document["problems"]) == 5
    assert document["problems"][0] == {
        "sheet": "Users",
        "row": 2,
        "column": "F",
        "cell": "F2",
        "field": "user.phoneNumberActivation",
        "severity": "error",
        "rule": "one-of",
        "value": "Maybe",
        "message": '"Maybe" is not one of Activate, Deactivate',
        "hint": "write Activate or Deactivate",
    }


@pytest.mark.parametrize(
    ("sheets", "code", "words"),
    [
        ({"Sheet1": "| command |\n| AddUser |"}, 3, "Users"),
        ({"Users": "| command | user.userId |"}, 3, "no"),
        ({"Users": "| command | user.lastNam |\n| AddUser | Doe |"}, 3, "user.lastName"),
        ({"Users": "| command | user.userId | User.UserID |\n| AddUser | a | b |"}, 3, "user.userId"),
        ({"Users": "| user.userId |\n| john.doe@example.com |"}, 3, "command"),
    ],
    ids=["no task sheet", "no row", "unknown header", "header twice", "no command header"],
)
def test_a_workbook_that_cannot_be_used(
    tmp_path: Path, sheets: dict[str, str], code: int, words: str
) -> None:
    done = run("check", write_workbook(tmp_path / "bad.xlsx", sheets))
    assert done.returncode == code
    assert words in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "content", [b"", b"name,number\n", b"PK\x03\x04 cut", b"\xd0\xcf\x11\xe0" + bytes(600)]
)
def test_what_is_no_workbook_ends_with_7_and_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.xlsx"
    path.write_bytes(content)
    done = run("check", path)
    assert done.returncode == 7
    assert done.stderr.startswith("error: ")
    assert "no.xlsx" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_that_reads_a_workbook_says_that_it_is_none(tmp_path: Path) -> None:
    path = tmp_path / "no.xlsx"
    path.write_bytes(b"name,number\n")
    for command in (["check", path], ["plan", path], ["convert", path, "--output", tmp_path / "out"]):
        done = run(*command, "--json")
        assert done.returncode == 7
        assert "no.xlsx" in done.stdout
        assert json.loads(done.stdout)
    assert not (tmp_path / "out").exists()


def test_a_missing_workbook(tmp_path: Path) -> None:
    done = run("check", tmp_path / "none.xlsx")
    assert done.returncode == 7
    assert "none.xlsx" in done.stderr


@pytest.mark.parametrize("typed", ["branch", "branch.xls", "brnach.xlsx", "Branch.xlsm"])
def test_the_nearest_workbook_is_told_where_a_name_was_mistyped(tmp_path: Path, typed: str) -> None:
    (tmp_path / "branch.xlsx").touch()
    (tmp_path / "other.xlsx").touch()
    done = run("check", tmp_path / typed)
    assert done.returncode == 7
    assert 'Did you mean "branch.xlsx"?' in done.stderr


def test_convert_writes_what_the_manifest_says(tmp_path: Path) -> None:
    path, folder = write_workbook(tmp_path / "right.xlsx", RIGHT), tmp_path / "tasks"
    done = run("convert", path, "--output", folder, "--json", "--chunk-tasks", 1)
    assert (done.returncode, done.stderr) == (0, "")
    manifest = json.loads(done.stdout)
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sorted(each.name for each in folder.iterdir()) == sorted(
        ["manifest.json", *(chunk["file"] for chunk in manifest["chunks"])]
    )
    for chunk in manifest["chunks"]:
        body = (folder / chunk["file"]).read_bytes()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (chunk["bytes"], chunk["sha256"])
        assert sum(map(len, json.loads(body)["tasks"].values())) == len(chunk["tasks"]) == 1
    assert [each["tasks"][0] for each in manifest["chunks"]] == [
        {"type": "Users", "sheet": "Users", "row": 2},
        {"type": "Users", "sheet": "Users", "row": 4},
        {"type": "PhoneNumbers", "sheet": "PhoneNumbers", "row": 2},
    ]


def test_convert_again_leaves_no_file_of_the_time_before(tmp_path: Path) -> None:
    path, folder = write_workbook(tmp_path / "right.xlsx", RIGHT), tmp_path / "tasks"
    run("convert", path, "--output", folder, "--chunk-tasks", 1)
    (folder / "mine.json").write_text("{}")
    assert run("convert", path, "--output", folder).returncode == 0
    assert sorted(each.name for each in folder.iterdir()) == [
        "manifest.json",
        "mine.json",
        "operation-1-chunk-0001.json",
    ]


def test_an_invalid_workbook_is_not_converted(tmp_path: Path) -> None:
    done = run("convert", write_workbook(tmp_path / "wrong.xlsx", WRONG), "--output", tmp_path / "tasks")
    assert done.returncode == 3
    assert not (tmp_path / "tasks").exists()
    assert "Users!F2" in done.stderr


def test_plan_says_what_a_load_would_do(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "right.xlsx", RIGHT)
    done = run("plan", path)
    assert done.returncode == 0
    assert "Users AddUser: 1 row" in done.stdout
    document = json.loads(run("plan", path, "--json").stdout)
    assert document["rows"] == {"total": 3, "toSend": 3, "invalid": 0, "skipped": 0}
    assert [each["tasks"] for each in document["operations"]] == [3]
    assert "Canary" not in done.stdout + done.stderr + json.dumps(document)


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["load", "a.xlsx", "--nope"], "status"),
        (["load", "a.xlsx", "b.xlsx", "--output", "c.xlsx"], "rows"),
        (["resume", "--wait", "-1"], "operations"),
        (["check"], "problems"),
        (["jobs", "--max", "x"], "items"),
    ],
)
def test_wrong_usage_is_a_json_document_too(arguments: list[str], key: str) -> None:
    done = run(*arguments, "--json")
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert key in document
    assert document["message"]


@pytest.mark.parametrize("arguments", [[], ["check"], ["convert", "a.xlsx"], ["load"], ["chek", "a.xlsx"]])
def test_wrong_usage_ends_with_2_or_help(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == (0 if not arguments else 2) or (not arguments and done.returncode == 2)
    assert "Traceback" not in done.stderr


def test_help_shows_every_command_with_an_example() -> None:
    listed = run("--help").stdout
    commands = re.findall(r"^  ([a-z]+)  ", listed.partition("Every day:")[2], re.MULTILINE)
    assert {"check", "convert", "load", "resume", "sandbox", "jobs"} <= set(commands)
    for name in commands:
        done = CliRunner().invoke(cli, [name, "--help"])
        assert done.exit_code == 0
        assert f"xlsx2opeasy {name}" in done.output, f"{name} has no example"


def test_several_workbooks_are_checked_one_after_the_other(tmp_path: Path) -> None:
    wrong = write_workbook(tmp_path / "wrong.xlsx", WRONG)
    right = write_workbook(
        tmp_path / "right.xlsx",
        {"Users": "| command | groupId | user.userId |\n| AddUser | Dallas | john.doe@example.com |\n"},
    )
    done = run("check", right, wrong)
    assert done.returncode == 3
    assert f"{right}: 1 row, 1 valid, no errors" in done.stdout
    assert f"{wrong}: 5 rows, 0 valid, 5 errors" in done.stdout
    found = run("check", right, tmp_path / "none.xlsx", wrong, "--json")
    checks = json.loads(found.stdout)["checks"]
    assert [each["rows"]["total"] for each in checks] == [1, 0, 5]
    assert found.returncode == 7
    assert run("check", right, wrong, "--annotate", tmp_path / "m.xlsx").returncode == 2


def test_a_cause_in_many_columns_is_told_once(tmp_path: Path) -> None:
    columns = ("user.department", "user.title", "user.lastName", "user.firstName", "user.addressLine1")
    head = "| command | groupId | user.userId | " + " | ".join(columns) + " |\n"
    rows = "".join(
        f"| AddUser | Dallas | john.doe{number}@example.com |" + " `  x` |" * len(columns) + "\n"
        for number in range(3)
    )
    path = tmp_path / "blanks.xlsx"
    write_workbook(path, {"Users": head + rows.replace("`", "")})
    book = openpyxl.load_workbook(path)
    for row in book["Users"].iter_rows(min_row=2, min_col=4):
        for cell in row:
            cell.value = "  stray"
    book.save(path)
    done = run("check", path)
    lines = [line for line in done.stdout.splitlines() if "stray" in line or "of this kind" in line]
    assert len(lines) == 2, done.stdout
    assert "and 14 warnings more of this kind" in lines[1]
    assert "columns E, F, G, H, rows 2-4" in lines[1]
