"""`import` of delimited text, and `map`: from somebody's list to a load, through the installed command."""

import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import installed
from workbooks import write_workbook

LIST = "E-Mail;Vorname;Nachname;Durchwahl\r\njörg.maier@example.com;Jörg;Maier;0101\r\nbob.two@example.com;Bob;Two;0102\r\n"


def run(folder: Path, *arguments: object) -> Any:
    return installed.run(*arguments, cwd=folder, env={"XLSX2OPEASY_HOME": str(folder / "home")})


def imported(folder: Path, data: bytes, name: str = "list.csv") -> tuple[list[tuple[Any, ...]], str]:
    """The rows of the sheet that `import` makes of these bytes, and what it said."""
    (folder / name).write_bytes(data)
    done = run(folder, "import", name)
    assert done.returncode == 0, done.stderr
    book = openpyxl.load_workbook((folder / name).with_suffix(".xlsx"))
    assert book.sheetnames == ["List"]
    cells = [cell for row in book["List"].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}, "every value is a text"
    assert {cell.number_format for cell in cells} == {"@"}
    return list(book["List"].values), done.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_and_encoding_are_found_and_said(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows, said = imported(tmp_path, LIST.replace(";", delimiter).encode(encoding))
    assert rows[0] == ("E-Mail", "Vorname", "Nachname", "Durchwahl")
    assert rows[1] == ("jörg.maier@example.com", "Jörg", "Maier", "0101")
    names = {",": "commas", ";": "semicolons", "\t": "tabs"}
    expected = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    assert f"Read as values separated by {names[delimiter]}, in {expected}." in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A;B\n1,5;2,5\n3,5;4,5\n", [("A", "B"), ("1,5", "2,5"), ("3,5", "4,5")]),
        ('A,B\n"x, y",2\n"say ""hi""",3\n', [("A", "B"), ("x, y", "2"), ('say "hi"', "3")]),
        ('A,B\n"two\nlines",2\n', [("A", "B"), ("two\nlines", "2")]),
        ("sep=;\nA;B\n1;2\n", [("A", "B"), ("1", "2")]),
        ("A,B\n\n1,2\n,\n3\n", [("A", "B"), ("1", "2"), ("3", None)]),
        ("Mail\nann@example.com\n", [("Mail",), ("ann@example.com",)]),
        ("A,B\n=1+1,+1 214\n-5,@x\n", [("A", "B"), ("=1+1", "+1 214"), ("-5", "@x")]),
        ("A,B\n0012,1E5\nTRUE,2026-01-02\n", [("A", "B"), ("0012", "1E5"), ("TRUE", "2026-01-02")]),
    ],
)
def test_values_are_texts_as_they_are_typed(tmp_path: Path, text: str, expected: object) -> None:
    assert imported(tmp_path, text.encode())[0] == expected


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no line with headers"),
        (b"A,B\n1,2,3\n", "list.csv, line 2: 3 values, and the headers are 2"),
        (b'A,B\n"1,2\n', "line 2: "),
        (b"A,B\n\x81,2\n", "line 2: a character is neither UTF-8 nor cp1252"),
        (b"A\0B\n", "no text"),
        (b"PK\x03\x04", "is a workbook"),
        (b"A,B\n" + b"x" * 33_000 + b",2\n", "longer than a cell"),
    ],
)
def test_a_list_that_cannot_be_read_is_a_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "list.csv").write_bytes(data)
    done = run(tmp_path, "import", "list.csv")
    assert done.returncode == 7
    assert said in done.stderr
    assert not (tmp_path / "list.xlsx").exists()


def test_no_file_is_replaced_unless_forced(tmp_path: Path) -> None:
    imported(tmp_path, LIST.encode())
    (tmp_path / "list.toml").write_text("mine", encoding="utf-8")
    assert run(tmp_path, "import", "list.csv").returncode == 7
    assert run(tmp_path, "map", "list.xlsx", "--output", "list.toml").returncode == 7
    assert (tmp_path / "list.toml").read_text(encoding="utf-8") == "mine"
    assert run(tmp_path, "import", "list.csv", "--force").returncode == 0
    assert run(tmp_path, "map", "list.xlsx", "--output", "list.toml", "--force").returncode == 0


def test_from_a_list_to_a_load(tmp_path: Path) -> None:
    imported(tmp_path, LIST.encode("cp1252"))
    assert run(tmp_path, "map", "list.xlsx", "--output", "list.toml").returncode == 0
    text = (tmp_path / "list.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["columns"] == {
        "E-Mail": "user.userId",
        "Vorname": "user.firstName",
        "Nachname": "user.lastName",
        "Durchwahl": "user.extension",
    }
    undecided = run(tmp_path, "check", "list.xlsx", "--mapping", "list.toml")
    assert undecided.returncode == 3, "the command is the person's to choose"
    decided = text.replace('# command = "AddUser"', 'command = "AddUser"').replace("# groupId", "groupId")
    (tmp_path / "list.toml").write_text(decided, encoding="utf-8")
    done = run(tmp_path, "load", "list.xlsx", "--mapping", "list.toml", "--sandbox")
    assert done.returncode == 0, done.stderr


def test_a_mapping_of_several_lists_is_valid_and_each_finds_its_task_type(tmp_path: Path) -> None:
    sheets = {
        "Staff": '| Login | First name | He said "hi" |\n| ann.one@example.com | Ann | x |',
        "Numbers": "| Range | Site | Active |\n| 2145550101 | Dallas | yes |",
        "Users": "| command | user.userId |",
    }
    write_workbook(tmp_path / "two.xlsx", sheets)
    done = run(tmp_path, "map", "two.xlsx")
    assert done.returncode == 0, done.stderr
    found = tomllib.loads(done.stdout)["sheets"]
    assert [(each["sheet"], each["task_type"]) for each in found] == [
        ("Staff", "Users"),
        ("Numbers", "PhoneNumbers"),
    ]
    assert found[1]["columns"] == {"Range": "phoneNumbers", "Site": "groupId", "Active": "activated"}
    assert '# ignore = ["He said \\"hi\\""]' in done.stdout
    assert tomllib.loads(done.stdout.replace("# ignore", "ignore"))["sheets"][0]["ignore"] == ['He said "hi"']


def test_a_text_file_is_mapped_as_the_workbook_that_import_makes_of_it(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    done = run(tmp_path, "map", "list.csv")
    assert tomllib.loads(done.stdout)["sheet"] == "List"


def test_a_workbook_without_a_list_says_so(tmp_path: Path) -> None:
    table = "| command | user.userId |\n| DeleteUser | ann.one@example.com |"
    write_workbook(tmp_path / "usual.xlsx", {"Users": table})
    done = run(tmp_path, "map", "usual.xlsx")
    assert done.returncode == 7
    assert "no list" in done.stderr
