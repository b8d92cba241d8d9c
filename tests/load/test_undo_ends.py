"""`undo` of jobs that did not end well: what is not known, and what is not finished."""

from pathlib import Path

import pytest

from foreign.messages import Answer, Cut, Request
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.abandon import abandon
from xlsx2opeasy.undo.workbook import undo_of

from .books import numbers_then_users, outcomes, user_book
from .rig import Rig, on_call


def test_an_unfinished_job_is_refused_with_what_goes_on_with_it(rig: Rig, tmp_path: Path) -> None:
    rig.server.settings.polls_processing = 10**6
    running = rig.load(user_book(tmp_path / "branch.xlsx", 1), wait=0.1)
    with pytest.raises(LoadRefused, match="is not finished") as refused:
        undo_of(rig.folder(running))
    assert (refused.value.exit_code, refused.value.hint) == (
        6,
        f"first go on with it: xlsx2opeasy resume {running.job}",
    )


def test_a_job_of_which_nothing_is_known_is_refused(rig: Rig, tmp_path: Path) -> None:
    rig.server.settings.after = on_call("POST", "/scheduledoperations", Cut())
    undecided = rig.load(user_book(tmp_path / "branch.xlsx", 1))
    with pytest.raises(LoadRefused, match="it is not known what became of job") as refused:
        undo_of(rig.folder(undecided))
    assert f"xlsx2opeasy resume {undecided.job}" in refused.value.hint


def test_a_job_that_was_closed_undecided_is_refused_without_a_way_to_settle_it(
    rig: Rig, tmp_path: Path
) -> None:
    rig.server.settings.after = on_call("POST", "/scheduledoperations", Cut())
    closed = rig.load(user_book(tmp_path / "branch.xlsx", 1))
    abandon(str(closed.job), rig.around(), undecided=True)
    with pytest.raises(LoadRefused, match=r"nothing of it can be undone$") as refused:
        undo_of(rig.folder(closed))
    assert "closed undecided" in refused.value.hint
    assert "resume" not in refused.value.hint


def test_a_row_without_a_result_is_left_alone_and_said(rig: Rig, tmp_path: Path) -> None:
    def lose(request: Request, answer: Answer) -> Answer | None:
        body = answer.body
        if isinstance(body, dict) and "Users" in body and "/results/" in request.path:
            return Answer(200, {**body, "Users": body["Users"][:-1]})
        return None

    rig.server.settings.after = lose
    done = rig.load(user_book(tmp_path / "branch.xlsx", 3))
    assert outcomes(Path(str(done.results))) == ["SUCCESS", "SUCCESS", "UNKNOWN"]
    undo = undo_of(rig.folder(done))
    users = [row.cells["user.userId"] for sheet in undo.inverted.sheets() for row in sheet.rows]
    assert users == ["user0001@example.com", "user0000@example.com"]
    (left,) = undo.inverted.not_undone
    assert (left.of.row, left.kind.value, left.about) == (4, "not known", "user0002@example.com")


def test_what_a_job_did_before_it_was_abandoned_can_be_undone(rig: Rig, tmp_path: Path) -> None:
    """The first of two operations ran; the second was refused, and the job given up."""
    refusal = Answer(403, {"errorCode": "403", "message": "no more"})
    rig.server.settings.before = on_call("POST", "/scheduledoperations", None, refusal)
    stopped = rig.load(numbers_then_users(tmp_path / "branch.xlsx"))
    assert stopped.rows["succeeded"] == 1
    abandon(str(stopped.job), rig.around())
    undo = undo_of(rig.folder(stopped))
    assert [(row.command, dict(row.cells)) for sheet in undo.inverted.sheets() for row in sheet.rows] == [
        ("Unassign", {"groupId": "Dallas", "phoneNumbers": "214-555-0100 - 214-555-0109"})
    ]
    assert undo.inverted.not_undone == []
