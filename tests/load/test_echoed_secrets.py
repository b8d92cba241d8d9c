"""Passwords of the tasks, told by the server in the words of any answer: they are shown and kept nowhere."""

import json
from pathlib import Path

import pytest

from foreign.messages import Answer, Request, general_error
from xlsx2opeasy.load.results.load_result import LoadResult

from .books import read_results, user_book, users, write_rows
from .rig import Rig

PASSWORD = 'Ca"na\\ry-ö&9'
SPELT = (PASSWORD, json.dumps(PASSWORD)[1:-1], json.dumps(PASSWORD, ensure_ascii=False)[1:-1])


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return user_book(tmp_path / "secret.xlsx", user__userPassword=PASSWORD)


def whatever_is_kept(rig: Rig, result: LoadResult) -> str:
    """All that a person or a program may read later; not the private files of a job that goes on."""
    folder = rig.folder(result)
    paths = (
        each for each in folder.path.rglob("*") if each.is_file() and each != folder.path / "workbook.xlsx"
    )
    texts = (
        each.read_bytes().decode(errors="replace") for each in paths if each.parent != folder.path / "chunks"
    )
    return "\n".join([rig.notices, result.message, *texts, str(read_results(Path(str(result.results))))])


def test_a_short_passcode_of_another_row_is_no_secret_in_a_result(rig: Rig, tmp_path: Path) -> None:
    """It is an extension there, which the person has to know."""
    rows = users(2)
    rows[0]["user.voicePortalPasscode"] = "480712"
    rig.server.settings.fail = lambda name, task: ("106", "480712 is in use")
    result = rig.load(write_rows(tmp_path / "a.xlsx", {"Users": rows}))
    own, other = (each[2] for each in read_results(Path(str(result.results))).values())
    assert "480712" not in own
    assert "480712 is in use" in other


@pytest.mark.parametrize(
    ("method", "part", "status"),
    [
        ("POST", "/operations", 422),
        ("GET", "/users", 403),
        ("POST", "/scheduledoperations", 401),
        ("GET", "/status", 400),
        ("DELETE", "", 409),
    ],
)
@pytest.mark.parametrize("told", SPELT)
def test_a_password_in_any_answer_is_masked(
    rig: Rig, book: Path, method: str, part: str, status: int, told: str
) -> None:
    def refuse(request: Request) -> Answer | None:
        if request.method != method or not request.path.endswith(part):
            return None
        return general_error(status, "no", f"the password {told} is refused", told)

    rig.server.settings.before = refuse
    result = rig.load(book)
    kept = whatever_is_kept(rig, result)
    assert "the password ******** is refused" in kept
    assert not [each for each in SPELT if each in kept]


def test_where_it_is_forgotten_what_is_secret_the_server_is_not_quoted(rig: Rig, book: Path) -> None:
    rig.server.settings.before = lambda request: (
        general_error(409, "no", f"the password {PASSWORD} is refused")
        if request.method == "DELETE"
        else None
    )
    done = rig.load(book)
    rig.events.clear()
    rig.resume(done.job)
    assert "409" in rig.notices
    assert "is refused" not in rig.notices


@pytest.mark.parametrize("told", SPELT)
def test_a_password_beside_its_row_is_masked_however_it_is_quoted(rig: Rig, book: Path, told: str) -> None:
    rig.server.settings.fail = lambda task_type, task: ("106", f'weak: "{told}"')
    done = rig.load(book)
    assert done.rows["failed"] == 3
    kept = whatever_is_kept(rig, done)
    assert 'weak: "********"' in kept
    assert not [each for each in SPELT if each in kept]
