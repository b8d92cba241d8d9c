"""Promises of the contract that a stranger found broken once: each through the installed command."""

from pathlib import Path

import openpyxl

from foreign.server import Answer, Cut, ForeignServer, Request

from .books import outcomes, user_book, write_rows
from .command import run

QUICK = ("--poll-interval", "0.05", "--yes", "--json")
PASSWORD = "Zq9PwCANARY"


def _set(path: Path, header: str, value: str | None) -> None:
    """Types into a column of the sheet Users, as a person would, in every task row."""
    book = openpyxl.load_workbook(path)
    sheet = book["Users"]
    column = [cell.value for cell in sheet[1]].index(header) + 1
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, column).value = value
    book.save(path)


def test_a_refusal_that_repeats_a_password_shows_it_nowhere(
    tmp_path: Path, home: Path, server: ForeignServer, env: dict[str, str]
) -> None:
    def refuse(request: Request) -> Answer | None:
        told = {"errorCode": "400", "message": f"bad password {PASSWORD}"}
        return Answer(400, told) if request.method == "PATCH" else None

    server.settings.before = refuse
    path = user_book(tmp_path / "a.xlsx", 1, **{"user.userPassword": PASSWORD})
    done = run("load", path, *QUICK, env=env)
    assert done.code == 5
    assert "bad password ********" in done.json["message"]
    jobs = run("jobs", "--json", env=env)
    assert PASSWORD not in done.out + done.err + jobs.out
    for kept in home.rglob("*"):
        if kept.is_file() and kept.name != "workbook.xlsx" and "chunk" not in kept.name:
            assert PASSWORD.encode() not in kept.read_bytes(), kept.name


def test_a_success_that_was_typed_by_hand_is_left_alone(
    tmp_path: Path, server: ForeignServer, env: dict[str, str]
) -> None:
    row = {"command": "AddUser", "groupId": "D", "user.userId": "anna.able@example.com", "Result": "SUCCESS"}
    other = {"command": "AddUser", "groupId": "D", "user.userId": "bert.bold@example.com"}
    path = write_rows(tmp_path / "a.xlsx", {"Users": [row, other]})
    done = run("load", path, *QUICK, env=env)
    assert done.code == 0
    assert (done.json["rows"]["skipped"], done.json["rows"]["succeeded"]) == (1, 1)
    assert len(server.state.executed) == 1


def test_who_knows_better_empties_the_result_cells(
    tmp_path: Path, server: ForeignServer, env: dict[str, str]
) -> None:
    def lose_the_answer(request: Request, answer: Answer) -> Cut | None:
        return Cut() if request.method == "POST" and request.path.endswith("scheduledoperations") else None

    server.settings.after = lose_the_answer
    done = run("load", user_book(tmp_path / "a.xlsx", 2), *QUICK, env=env)
    results = Path(done.json["results"])
    assert (done.code, outcomes(results)) == (1, ["UNKNOWN", "UNKNOWN"])
    server.settings.after = lambda request, answer: None
    assert run("load", results, *QUICK, env=env).code == 6
    _set(results, "Result", None)
    undecided = run("load", results, *QUICK, env=env)
    assert (undecided.code, len(server.state.executed)) == (6, 2), "an undecided job outweighs any cell"
    assert run("jobs", "abandon", done.json["job"], "--undecided", "--yes", env=env).code == 0
    assert run("load", results, *QUICK, env=env).code in (0, 1)


def test_a_place_where_no_results_can_be_written_is_found_before_anything_is_sent(
    tmp_path: Path, server: ForeignServer, env: dict[str, str]
) -> None:
    path = user_book(tmp_path / "a.xlsx", 1)
    assert run("load", path, "--output", tmp_path / "none" / "r.xlsx", *QUICK, env=env).code == 7
    assert run("load", path, "--output", tmp_path / "r.csv", *QUICK, env=env).code == 2
    assert server.state.executed == []


def test_no_result_is_guessed_among_rows_that_differ_in_a_password_alone(
    tmp_path: Path, server: ForeignServer, env: dict[str, str]
) -> None:
    base = {"command": "ModifyUser", "user.userId": "anna.able@example.com", "user.title": "x"}
    rows = [{**base, "user.userPassword": "First-1"}, {**base, "user.userPassword": "Second-2"}]
    server.settings.mask = "********"
    server.settings.fail = lambda _, task: (
        ("100", "General Error.") if task["content"]["user"]["userPassword"] == "Second-2" else None
    )
    done = run("load", write_rows(tmp_path / "a.xlsx", {"Users": rows}), *QUICK, env=env)
    assert (done.code, done.json["status"]) == (1, "unknown")
    assert outcomes(Path(done.json["results"])) == ["UNKNOWN", "UNKNOWN"]
