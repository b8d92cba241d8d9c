"""Rows that were sorted without their result columns, as a table's or filter's arrows do: nothing goes out twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foreign.server import ForeignServer
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.job.home import Home

from .books import read_results, user_book
from .earlier_version import earlier_version, run_earlier
from .rig import Rig, executed, kept_promise, subjects

__all__ = ["earlier_version"]

ROWS = 5


@pytest.fixture
def failing(rig: Rig) -> set[str]:
    """Users whom the server refuses."""
    users = {"user0001@example.com", "user0004@example.com"}
    rig.server.settings.fail = lambda _, task: (
        ("102", "No.") if task["content"]["user"]["userId"] in users else None
    )
    return users


def sorted_apart(results: Path, order: Callable[[list[list[Any]]], list[list[Any]]]) -> None:
    """Sorts the person's own columns alone."""
    workbook = openpyxl.load_workbook(results)
    sheet = workbook["Users"]
    own = [cell.value for cell in sheet[1]].index("Result")
    rows = [[cell.value for cell in row[:own]] for row in sheet.iter_rows(min_row=2)]
    for number, values in enumerate(order(rows), 2):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value
    workbook.save(results)


def backwards(rows: list[list[Any]]) -> list[list[Any]]:
    return rows[::-1]


def said(results: Path) -> dict[str, str]:
    """By user, the Result beside the row."""
    told = read_results(results)
    return {user: told[place][0] for place, user in subjects(results).items()}


def loaded(rig: Rig, path: Path, **fields: str) -> Path:
    return Path(str(rig.load(user_book(path, ROWS, **fields)).results))


@pytest.fixture(params=["same machine", "another machine"])
def later(request: pytest.FixtureRequest, rig: Rig, tmp_path: Path) -> Rig:
    """Who loads the sorted workbook."""
    return rig if request.param == "same machine" else Rig(rig.server, Home(tmp_path / "another"))


def test_what_failed_is_sent_and_each_result_stands_beside_its_row_again(
    rig: Rig, later: Rig, failing: set[str], tmp_path: Path
) -> None:
    results = loaded(rig, tmp_path / "book.xlsx")
    assert sorted(said(results).values()) == ["FAILED"] * 2 + ["SUCCESS"] * 3
    sorted_apart(results, backwards)
    failed = failing.copy()
    failing.clear()
    again = later.load(results)
    assert (again.status, again.rows["skipped"], again.rows["succeeded"]) == ("completed", 3, 2)
    assert set(said(results).values()) == {"SUCCESS"}
    assert executed(rig.server) == {user: 1 + (user in failed) for user in said(results)}
    assert "sorted without its result columns" in later.notices
    assert later.load(results).rows["skipped"] == ROWS
    assert {
        user for user, (*_, job) in zip(said(results), read_results(results).values(), strict=True) if job
    }


def test_where_all_succeeded_nothing_is_sent(rig: Rig, later: Rig, tmp_path: Path) -> None:
    results = loaded(rig, tmp_path / "book.xlsx", user__userPassword="Summer-2026")
    sorted_apart(results, backwards)
    again = later.load(results)
    assert (again.exit_code, again.rows["skipped"]) == (0, ROWS)
    kept_promise(rig.server, again)


def test_a_row_that_was_edited_too_would_lose_a_success_and_is_refused(
    rig: Rig, later: Rig, failing: set[str], tmp_path: Path
) -> None:
    results = loaded(rig, tmp_path / "book.xlsx", user__title="Clerk")
    sorted_apart(results, lambda rows: [[*rows[0][:-1], "Chief"], *rows[:0:-1]])
    before = results.read_bytes()
    with pytest.raises(
        LoadRefused, match=r"Users row \d has its result in row \d, .*sorted without its result"
    ):
        later.load(results)
    assert results.read_bytes() == before
    assert set(executed(rig.server).values()) == {1}


def test_a_row_that_was_mistyped_too_is_not_forgotten(
    rig: Rig, later: Rig, failing: set[str], tmp_path: Path
) -> None:
    results = loaded(rig, tmp_path / "book.xlsx")
    sorted_apart(results, lambda rows: [["AddUsr", *rows[0][1:]], *rows[:0:-1]])
    assert later.load(results).status == "invalid"
    with pytest.raises(LoadRefused, match="sorted without its result columns"):
        later.load(results, skip_invalid=True)
    sorted_apart(results, lambda rows: [["AddUser", *rows[0][1:]], *rows[1:]])
    again = later.load(results)
    assert (again.rows["skipped"], again.rows["failed"]) == (3, 2)


def test_a_row_that_only_changed_is_sent_as_before(rig: Rig, later: Rig, tmp_path: Path) -> None:
    results = loaded(rig, tmp_path / "book.xlsx", user__title="Clerk")
    sorted_apart(results, lambda rows: [[*rows[0][:-1], "Chief"], *rows[1:]])
    again = later.load(results)
    assert (again.rows["skipped"], again.rows["succeeded"]) == (ROWS - 1, 1)
    assert "sorted" not in later.notices


def test_results_of_an_earlier_version_are_brought_back_too(
    rig: Rig, env: dict[str, str], tmp_path: Path, earlier_version: Path
) -> None:
    done = run_earlier(earlier_version, "load", user_book(tmp_path / "book.xlsx", ROWS), env=env)
    sorted_apart(Path(done["results"]), backwards)
    again = Rig(rig.server, Home(tmp_path / "another")).load(Path(done["results"]))
    assert again.rows["skipped"] == ROWS
    assert set(executed(rig.server).values()) == {1}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(ROWS)), failing=st.sets(st.integers(0, ROWS - 1)))
def test_whatever_the_order_no_row_that_succeeded_is_sent(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], failing: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("sorted")
    with ForeignServer() as server:
        rig = Rig(server, Home(folder / "home"))
        users = {f"user{number:04}@example.com" for number in failing}
        server.settings.fail = lambda _, task: (
            ("102", "No.") if task["content"]["user"]["userId"] in users else None
        )
        results = loaded(rig, folder / "book.xlsx")
        sorted_apart(results, lambda rows: [rows[place] for place in order])
        server.settings.fail = lambda *_: None
        rig.load(results)
        assert set(said(results).values()) == {"SUCCESS"}
        assert executed(server) == {user: 1 + (user in users) for user in said(results)}


def test_a_results_workbook_whose_results_are_gone_is_not_advised_to_be_loaded(
    rig: Rig, tmp_path: Path
) -> None:
    results = loaded(rig, tmp_path / "book.xlsx")
    workbook = openpyxl.load_workbook(results)
    sheet = workbook["Users"]
    sheet.delete_cols([cell.value for cell in sheet[1]].index("Result") + 1)
    workbook.save(results)
    with pytest.raises(LoadRefused, match="its results were in this workbook") as refused:
        rig.load(results)
    assert "xlsx2opeasy load" not in refused.value.hint
    assert "xlsx2opeasy report" in refused.value.hint
    assert set(executed(rig.server).values()) == {1}
