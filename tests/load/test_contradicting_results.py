"""More results than rows: the same one twice is fine, results that differ leave the row UNKNOWN."""

import copy
from pathlib import Path
from typing import Any

import pytest

from foreign.messages import Answer, Request

from .books import read_results, user_book, write_rows
from .rig import Rig, executed, kept_promise

FAILED = {"status": "FAILED", "errorCode": "102", "errorDescription": "User already exists."}
OTHER_FAILED = {"status": "FAILED", "errorCode": "103", "errorDescription": "No such device."}
SUCCESS = {"status": "SUCCESS"}
WARNED = {"status": "SUCCESS", "errorCode": "0", "errorDescription": "licence nearly used up"}


def results_of_first(rig: Rig, *results: dict[str, str], last: bool = False, shuffled: bool = False) -> None:
    """The server gives these results for the first task, and its own for the others."""

    def hook(request: Request, answer: Answer) -> Answer | None:
        if not request.path.endswith("/results/users") or not isinstance(answer.body, dict):
            return None
        ((name, listed),) = ((key, value) for key, value in answer.body.items() if isinstance(value, list))
        bare = {"command": listed[0]["command"], "content": listed[0]["content"]}
        made = [copy.deepcopy(bare) | each for each in results]
        body = [*listed[1:], *made] if last else [*made, *listed[1:]]
        return Answer(200, answer.body | {name: body[::-1] if shuffled else body})

    rig.server.settings.after = hook


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(
    ("results", "named"),
    [
        ((FAILED, SUCCESS), ("SUCCESS", "FAILED 102 User already exists.")),
        ((SUCCESS, FAILED), ("SUCCESS", "FAILED 102 User already exists.")),
        ((FAILED, OTHER_FAILED), ("FAILED 102", "FAILED 103 No such device.")),
        ((FAILED, FAILED, SUCCESS), ("SUCCESS", "FAILED 102")),
        ((SUCCESS, {"status": "MAYBE"}), ("SUCCESS", "MAYBE")),
    ],
)
def test_results_that_differ_are_unknown_and_named(
    rig: Rig,
    tmp_path: Path,
    results: tuple[dict[str, str], ...],
    named: tuple[str, ...],
    *,
    last: bool,
    shuffled: bool,
) -> None:
    results_of_first(rig, *results, last=last, shuffled=shuffled)
    result = rig.load(user_book(tmp_path / "book.xlsx", 3))
    assert (result.status, result.exit_code, result.rows["unknown"]) == ("unknown", 1, 1)
    told = read_results(Path(str(result.results)))
    assert [each[0] for each in told.values()] == ["UNKNOWN", "SUCCESS", "SUCCESS"]
    assert all(part in told["Users", 2][2] for part in named)
    assert "belong to no row" not in result.message
    kept_promise(rig.server, result)


@pytest.mark.parametrize("extra", [FAILED, SUCCESS, WARNED])
def test_the_same_result_twice_is_fine(rig: Rig, tmp_path: Path, extra: dict[str, str]) -> None:
    results_of_first(rig, extra, extra, extra)
    result = rig.load(user_book(tmp_path / "book.xlsx", 3))
    told = read_results(Path(str(result.results)))
    assert told["Users", 2][0] == extra["status"]
    assert "belong to no row" not in result.message
    assert result.status == ("completedWithErrors" if extra is FAILED else "completed")


def test_a_retried_row_that_succeeded_is_not_sent_again(rig: Rig, tmp_path: Path) -> None:
    results_of_first(rig, FAILED, SUCCESS)
    result = rig.load(user_book(tmp_path / "book.xlsx", 3))
    rig.server.settings.after = lambda request, answer: None
    with pytest.raises(Exception, match="UNKNOWN"):
        rig.load(Path(str(result.results)))
    assert set(executed(rig.server).values()) == {1}


def test_more_results_than_identical_rows(rig: Rig, tmp_path: Path) -> None:
    """Which of two identical rows the third result is of cannot be determined."""
    row = {"command": "ModifyUser", "user.userId": "john.doe@example.com", "user.title": "Boss"}
    results_of_first(rig, SUCCESS, FAILED)
    result = rig.load(write_rows(tmp_path / "alike.xlsx", {"Users": [row, row]}))
    told = list(read_results(Path(str(result.results))).values())
    assert [each[0] for each in told] == ["UNKNOWN", "UNKNOWN"]
    assert all("SUCCESS" in each[2] and "FAILED 102" in each[2] for each in told)


def test_a_result_to_which_the_server_added_something_contradicts_too(rig: Rig, tmp_path: Path) -> None:
    def with_more(request: Request, answer: Answer) -> Any:
        if not request.path.endswith("/results/users") or not isinstance(answer.body, dict):
            return None
        ((name, listed),) = ((key, value) for key, value in answer.body.items() if isinstance(value, list))
        more = copy.deepcopy(listed[0]) | FAILED
        more["content"]["user"]["internalNumber"] = "17"
        return Answer(200, answer.body | {name: [*listed, more]})

    rig.server.settings.after = with_more
    result = rig.load(user_book(tmp_path / "book.xlsx", 3))
    assert [each[0] for each in read_results(Path(str(result.results))).values()] == [
        "UNKNOWN",
        "SUCCESS",
        "SUCCESS",
    ]


def test_a_success_keeps_its_code_and_text(rig: Rig, tmp_path: Path) -> None:
    results_of_first(rig, WARNED)
    result = rig.load(user_book(tmp_path / "book.xlsx", 2))
    told = read_results(Path(str(result.results)))
    assert told["Users", 2][:3] == ("SUCCESS", "0", "licence nearly used up")
    assert told["Users", 3][:3] == ("SUCCESS", "", "")
    assert (result.status, result.exit_code) == ("completed", 0)
