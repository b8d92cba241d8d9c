"""A workbook that cannot take results: they go into one of our own, which works in its place ever after."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from judges import open_xml_errors
from workbooks import signed
from xlsx2opeasy.load.results.substitute import substitute_bytes
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.read import read_workbook
from xlsx_lint import lint

from .books import read_results, users, write_rows
from .rig import Rig, executed

PASSWORD = "Canary-Passw0rd"


def cells(path: Path, title: str = "Users") -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(path)[title].iter_rows(values_only=True))


def test_results_of_a_signed_workbook_stand_in_one_of_ours_and_the_loop_goes_on(
    rig: Rig, tmp_path: Path
) -> None:
    """Exit 1 as the rows say, not 7; rows and texts stay where they are; SUCCESS is not sent again."""
    rows = users(2, **{"user.userPassword": PASSWORD, "user.extension": "0012", "user.title": "=1+1"})
    rows[1]["user.extension"] = "0013"
    source = write_rows(tmp_path / "branch.xlsx", {"users ": [{}, rows[0], {}, {}, rows[1]]})
    book = openpyxl.load_workbook(source)
    book["users "].insert_rows(1, 2)
    book["users "]["A1"] = "People of the branch"
    book.save(source)
    before = signed(source).read_bytes()
    rig.server.settings.fail = lambda name, task: (
        ("102", "User already exists.") if "0001" in task["content"]["user"]["userId"] else None
    )
    done = rig.load(source)
    beside = tmp_path / "branch.results.xlsx"
    assert (done.exit_code, done.results, source.read_bytes()) == (1, str(beside), before)
    assert "branch.xlsx itself cannot take results: The workbook is digitally signed" in rig.notices
    assert f"They are in {beside}" in rig.notices
    told = read_with_header(beside, 3)
    assert [(row, each["Result"], each["user.extension"], each["user.title"]) for row, each in told] == [
        (5, "SUCCESS", "0012", "=1+1"),
        (8, "FAILED", "0013", "=1+1"),
    ]
    rig.server.settings.fail = lambda name, task: None
    again = rig.load(beside)
    assert (again.exit_code, again.rows["skipped"], again.rows["succeeded"]) == (0, 1, 1)
    assert again.results == str(beside)
    assert executed(rig.server) == {"user0000@example.com": 1, "user0001@example.com": 2}
    settled = rig.load(beside)
    assert (settled.exit_code, settled.rows["skipped"]) == (0, 2)


def read_with_header(path: Path, header_row: int) -> list[tuple[int, dict[str, Any]]]:
    """The task rows of the first sheet by Excel's number, as cells by header."""
    sheet = openpyxl.load_workbook(path).worksheets[0]
    headers = [cell.value for cell in sheet[header_row]]
    lines = sheet.iter_rows(min_row=header_row + 1)
    found = [(line[0].row, dict(zip(headers, (cell.value for cell in line), strict=True))) for line in lines]
    return [(int(row or 0), each) for row, each in found if each["command"]]


@pytest.mark.parametrize(
    ("name", "in_place", "there", "beside"),
    [
        ("branch.xlsm", False, None, "branch.results.xlsx"),
        ("branch.xlsm", True, None, "branch.results.xlsx"),
        ("branch.results.xlsx", True, None, "branch.results-2.xlsx"),
        ("branch.xlsx", False, "branch.results.xlsx", "branch.results-2.xlsx"),
    ],
)
def test_the_signed_workbook_itself_is_never_replaced(
    rig: Rig, tmp_path: Path, name: str, in_place: bool, there: str | None, beside: str
) -> None:
    source = signed(write_rows(tmp_path / name, {"Users": users(1)}))
    before = source.read_bytes()
    if there is not None:
        (tmp_path / there).write_text("somebody's")
    done = rig.load(source, in_place=in_place)
    assert (done.exit_code, done.results, source.read_bytes()) == (0, str(tmp_path / beside), before)
    assert [each[0] for each in read_results(tmp_path / beside).values()] == ["SUCCESS"]
    assert (tmp_path / beside).stat().st_mode == (tmp_path / name).stat().st_mode
    assert done.message == "every row succeeded"


def test_a_row_that_could_not_be_read_wholly_cannot_be_loaded_from_it(rig: Rig, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "branch.xlsx", {"Users": users(2, **{"user.title": "x"})})
    book = openpyxl.load_workbook(source)
    column = [cell.value for cell in book["Users"][1]].index("user.title") + 1
    book["Users"].cell(3, column).value = "#N/A"
    book["Users"].cell(3, column).data_type = "e"
    book.save(source)
    done = rig.load(signed(source), skip_invalid=True)
    beside = Path(str(done.results))
    assert (done.exit_code, [each[0] for each in read_results(beside).values()]) == (
        1,
        ["SUCCESS", "INVALID"],
    )
    header, _, bad = cells(beside)
    told = dict(zip(header, bad, strict=True))
    assert (told["command"], told["user.title"]) == ("?", None)
    assert told["# note"] == "user.title: not as in branch.xlsx; put it right, and the command (AddUser)"
    again = rig.load(beside)
    assert (again.exit_code, again.status, again.rows["invalid"]) == (3, "invalid", 1)
    assert executed(rig.server).total() == 1


def test_columns_that_could_not_be_read_keep_every_row_from_being_loaded_from_it(
    rig: Rig, tmp_path: Path
) -> None:
    source = write_rows(tmp_path / "branch.xlsx", {"Users": users(2, **{"user.tittle": "x"})})
    done = rig.load(signed(source))
    beside = Path(str(done.results))
    assert (done.exit_code, [each[0] for each in read_results(beside).values()]) == (3, ["NOT SENT"] * 2)
    assert [row[0] for row in cells(beside)[1:]] == ["?", "?"]
    assert rig.load(beside).exit_code == 3
    assert rig.server.state.executed == []


def test_it_passes_the_judges_and_carries_earlier_results(tmp_path: Path) -> None:
    """A row that an earlier load settled keeps its result; so do its secrets, because it must load again."""
    earlier = {
        "Result": "SUCCESS",
        "Error code": "",
        "Error detail": "",
        "Job": "L20261121-aaaa 3fa9c1-9f3a0c1b2d4e",
    }
    rows = [{**users(1)[0], "user.userPassword": PASSWORD, **earlier}, *users(2, first=1)]
    frozen = write_rows(tmp_path / "frozen.xlsx", {"Users": rows, "phonenumbers": []})
    results = {
        "Users": {
            3: RowResult(Outcome.FAILED, "102", "=1+1", "L20261122-bbbb"),
            4: RowResult(Outcome.UNKNOWN),
        }
    }
    beside = tmp_path / "beside.xlsx"
    beside.write_bytes(substitute_bytes(frozen, "branch.xlsx", "it is signed", results))
    assert read_results(beside)[("Users", 2)] == tuple(earlier.values())
    assert read_results(beside)[("Users", 3)] == ("FAILED", "102", "=1+1", "L20261122-bbbb")
    before, after = read_workbook(frozen).sheets[0], read_workbook(beside).sheets[0]
    assert after.rows.equals(before.rows)
    assert lint(beside) == set()
    assert open_xml_errors(beside) == []
