"""`check --annotate` through its door: the copy, exit codes, one JSON document, masked secrets."""

import json
import zipfile
from pathlib import Path

import openpyxl

from installed import run
from workbooks import signed, write_workbook

WRONG = {
    "Users": """
| command | groupId | user.userId | user.userPassword | user.extension |
| AddUser | Dallas | x | Canary-Passw0rd-that-is-far-longer-than-any-password-may-ever-be-in-OpEasy-so-that-it-is-wrong | 12a |
| AddUsr | Dallas | john.doe@example.com | | |
"""
}


def test_the_marked_copy_agrees_with_json_cell_by_cell(tmp_path: Path) -> None:
    path, target = write_workbook(tmp_path / "wrong.xlsx", WRONG), tmp_path / "marked.xlsx"
    done = run("check", path, "--annotate", target, "--json")
    assert done.returncode == 3
    problems = json.loads(done.stdout)["problems"]
    assert str(target) in done.stderr
    book = openpyxl.load_workbook(target)
    commented = {cell.coordinate for row in book["Users"] for cell in row if cell.comment}
    assert commented == {problem["cell"] for problem in problems} >= {"C2", "E2", "A3"}
    listed = [[cell.value for cell in row] for row in book["Problems"].iter_rows(min_row=4)]
    keys = ("severity", "sheet", "cell", "field", "value", "message", "hint")
    assert listed == [[problem[key] or None for key in keys] for problem in problems]


def test_no_secret_gets_into_what_is_written_beside_its_cell(tmp_path: Path) -> None:
    path, target = write_workbook(tmp_path / "wrong.xlsx", WRONG), tmp_path / "marked.xlsx"
    run("check", path, "--annotate", target)
    before = set(zipfile.ZipFile(path).namelist())
    with zipfile.ZipFile(target) as archive:
        for name in archive.namelist():
            if name not in before or "comments" in name:
                assert b"Canary" not in archive.read(name)
        assert any("Problems" in name for name in archive.namelist())


def test_a_file_that_exists_is_refused_with_7(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "wrong.xlsx", WRONG)
    before = path.read_bytes()
    done = run("check", path, "--annotate", path)
    assert (done.returncode, done.stdout) == (7, "")
    assert done.stderr.startswith(f"error: {path} is what this command reads, and is not replaced")
    as_json = run("check", path, "--annotate", path, "--json")
    assert as_json.returncode == 7
    assert "is not replaced" in json.loads(as_json.stdout)["problems"][0]["message"]
    assert path.read_bytes() == before


def test_an_earlier_copy_is_replaced_by_force_alone(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "wrong.xlsx", WRONG)
    target = tmp_path / "marked.xlsx"
    target.write_bytes(b"old")
    refused = run("check", path, "--annotate", target)
    assert refused.returncode == 7
    assert "choose another name, or add --force" in refused.stderr
    assert target.read_bytes() == b"old"
    forced = run("check", path, "--annotate", target, "--force")
    assert forced.returncode == 3
    assert zipfile.is_zipfile(target)
    lines = forced.stderr.splitlines()
    assert lines[0].startswith("Marked copy: ")
    assert lines[1].startswith("Next: ")


def test_a_folder_that_does_not_exist_ends_with_7_and_tells_the_findings(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "wrong.xlsx", WRONG)
    done = run("check", path, "--annotate", tmp_path / "none" / "marked.xlsx")
    assert done.returncode == 7
    assert "its folder does not exist" in done.stderr
    assert "Users!E2" in done.stdout


def test_a_right_workbook_gets_a_copy_too(tmp_path: Path) -> None:
    table = "| command | groupId | user.userId |\n| AddUser | Dallas | john.doe@example.com |"
    path, target = write_workbook(tmp_path / "right.xlsx", {"Users": table}), tmp_path / "marked.xlsx"
    assert run("check", path, "--annotate", target).returncode == 0
    assert openpyxl.load_workbook(target)["Problems"]["A1"].value == "right.xlsx: 0 errors, 0 warnings"


def test_a_signed_workbook_s_problems_stand_in_a_workbook_of_ours(tmp_path: Path) -> None:
    path, target = signed(write_workbook(tmp_path / "wrong.xlsx", WRONG)), tmp_path / "marked.xlsx"
    before = path.read_bytes()
    done = run("check", path, "--annotate", target, "--json")
    assert (done.returncode, path.read_bytes()) == (3, before)
    signature = "The workbook is digitally signed; writing into it would break the signature"
    assert done.stderr == (
        f"wrong.xlsx itself cannot be marked: {signature}. What was found is listed in {target}.\n"
    )
    (sheet,) = openpyxl.load_workbook(target).worksheets
    rows = list(sheet.iter_rows(values_only=True))
    assert (sheet.title, rows[0][0], rows[2][0]) == (
        "Problems",
        f"wrong.xlsx: {len(rows) - 4} errors, 0 warnings",
        "Correct wrong.xlsx and check it again.",
    )
    problems = json.loads(done.stdout)["problems"]
    keys = ("severity", "sheet", "cell", "field", "value", "message", "hint")
    assert [list(row) for row in rows[4:]] == [[each[key] or None for key in keys] for each in problems]
    assert "Canary" not in str(rows)
    refused = run("check", target)
    assert refused.returncode == 3
    assert "no row" in refused.stdout + refused.stderr or "no task" in refused.stdout + refused.stderr
