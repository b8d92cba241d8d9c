"""What the answers to the deletion of an operation prove whose start got no answer, and what nothing proves.

A run may be over and cleaned up in the portal before anybody looks. So a refusal that was seen once counts for
ever, and a 404 counts only where a deletion of ours explains it.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from foreign.messages import Answer, Cut, Request, general_error
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling

from .books import outcomes, user_book
from .command import run
from .rig import Rig, kept_promise, on_call

START, DELETE = "/v1/scheduledoperations", "/v1/operations/"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return user_book(tmp_path / "book.xlsx", 3)


def deletions(rig: Rig, *answers: Answer | Cut | None) -> None:
    """What the deletions of operations are answered, one after another; then the server's own answers."""
    left = list(answers)

    def hook(request: Request) -> Answer | Cut | None:
        if request.method == "DELETE" and request.path.startswith(DELETE) and left:
            return left.pop(0)
        return None

    rig.server.settings.before = hook


def lost_start(rig: Rig, book: Path, *answers: Answer | Cut | None) -> LoadResult:
    """A load whose start took effect and got no answer; `answers` are those to its deletions."""
    rig.server.settings.after = on_call("POST", START, Cut())
    rig.server.settings.polls_processing = 10**6
    deletions(rig, *answers)
    return rig.load(book)


def cleaned_up_in_the_portal(rig: Rig) -> None:
    rig.server.state.scheduled.clear()
    rig.server.state.operations.clear()


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(400, b""),
        Answer(409, b""),
        Answer(400, b"<html>no</html>"),
        general_error(400, "Bad Request", "the id is malformed"),
        general_error(409, "Conflict", "try again later"),
    ],
    ids=["400", "409", "html", "other words", "conflict"],
)
def test_a_refused_deletion_outweighs_what_a_person_says_later(rig: Rig, book: Path, refusal: Answer) -> None:
    result = lost_start(rig, book, refusal)
    assert (result.status, outcomes(Path(str(result.results)))) == ("unknown", ["UNKNOWN"] * 3)
    assert re.search(r" was sent at \d\d:\d\d:\d\d UTC; no reliable answer came", result.message)
    cleaned_up_in_the_portal(rig)
    claim = Settling(not_scheduled=result.operations[0])
    for _ in range(2):
        refused = rig.resume(result.job, settling=claim)
        assert (refused.exit_code, refused.rows["unknown"]) == (2, 3)
        assert "was started" in refused.message
        assert "which it does only while a run of the operation exists" in refused.message
        kept_promise(rig.server, refused)
        assert (rig.resume(result.job).status, rig.schedules()) == ("unknown", 1)
    deletions_after = [each for each in rig.server.requests if each.method == "DELETE"]
    assert len(deletions_after) == 1, "a deletion that could only mislead was sent"


def test_a_refusal_outweighs_a_kill_right_after_it(rig: Rig, book: Path, monkeypatch: Any) -> None:
    """The process dies between the answer's record and the note that it cannot be told."""
    from xlsx2opeasy.load.run import step

    def die(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(step, "give_up", die)
        with pytest.raises(KeyboardInterrupt):
            lost_start(rig, book, Answer(400))
    cleaned_up_in_the_portal(rig)
    (job,) = [folder.job_id for folder in rig.home.jobs()]
    result = rig.resume(job)
    assert (result.status, rig.schedules()) == ("unknown", 1)
    assert "--not-scheduled" not in result.message
    kept_promise(rig.server, result)


def test_the_run_s_id_settles_it_after_a_refusal(rig: Rig, book: Path) -> None:
    result = lost_start(rig, book, Answer(409))
    (scheduled,) = rig.server.state.scheduled
    rig.server.settings.polls_processing = 1
    done = rig.resume(result.job, settling=Settling(scheduled_id=scheduled))
    assert (done.status, done.exit_code) == ("completed", 0)
    kept_promise(rig.server, done)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_other_answers_prove_nothing(rig: Rig, book: Path, status: int) -> None:
    """After them the operation is deleted; the start had not come, so the load goes on."""
    rig.server.settings.before = on_call("POST", START, Cut())
    before = rig.server.settings.before
    left = [Answer(status, None, {"Retry-After": "1"})] * 40

    def hook(request: Request) -> Answer | Cut | None:
        if request.method == "DELETE" and left:
            return left.pop(0)
        return before(request)

    rig.server.settings.before = hook
    stopped = rig.load(book)
    assert stopped.exit_code in (4, 5)
    assert outcomes(Path(str(stopped.results))) == ["UNKNOWN"] * 3
    left.clear()
    done = rig.resume(stopped.job)
    assert done.status == "completed"
    kept_promise(rig.server, done)


@pytest.mark.parametrize(("status", "is_explained"), [(401, False), (403, False), (429, False), (503, True)])
def test_a_404_is_explained_by_an_unanswered_deletion_only(
    rig: Rig, book: Path, status: int, *, is_explained: bool
) -> None:
    rig.server.settings.before = on_call("POST", START, Cut())
    before = rig.server.settings.before
    left = [Answer(status, None, {"Retry-After": "1"})] * 40

    def hook(request: Request) -> Answer | Cut | None:
        if request.method == "DELETE" and left:
            return left.pop(0)
        return before(request)

    rig.server.settings.before = hook
    stopped = rig.load(book)
    left.clear()
    cleaned_up_in_the_portal(rig)
    result = rig.resume(stopped.job)
    assert result.status == ("completed" if is_explained else "unknown")
    kept_promise(rig.server, result)


def test_what_was_gone_before_our_first_deletion_was_not_deleted_by_us(rig: Rig, book: Path) -> None:
    """The start took effect, the server was away, all was cleaned up, and a deletion's answer is lost."""
    rig.server.settings.after = on_call("POST", START, Cut())
    rig.server.settings.before = lambda _: Answer(503) if rig.schedules() else None
    stopped = rig.load(book)
    assert (stopped.status, stopped.exit_code, rig.schedules()) == ("failed", 5, 1)
    assert outcomes(Path(str(stopped.results))) == ["UNKNOWN"] * 3
    cleaned_up_in_the_portal(rig)
    deletions(rig, Cut(), Cut(), Cut())
    result = rig.resume(stopped.job)
    assert (result.status, rig.schedules()) == ("unknown", 1)
    assert "the server no longer knows the operation" in result.message
    kept_promise(rig.server, result)


@pytest.mark.parametrize("lie", [Answer(200), Answer(204), Answer(202, {})], ids=["200", "204", "202"])
def test_a_deletion_that_something_in_between_answers_is_not_believed(
    rig: Rig, book: Path, lie: Answer
) -> None:
    """The start took effect, and the server never saw the deletion that was answered as done."""
    stopped = lost_start(rig, book, lie)
    assert (stopped.status, stopped.exit_code, rig.schedules()) == ("failed", 5, 1)
    assert "still has it" in stopped.message
    *_, said = (each.detail["said"] for each in rig.records(stopped) if "said" in each.detail)
    assert said == "answered as done, and the operation is still there"
    assert outcomes(Path(str(stopped.results))) == ["UNKNOWN"] * 3
    kept_promise(rig.server, stopped)
    cleaned_up_in_the_portal(rig)
    result = rig.resume(stopped.job)
    assert (result.status, rig.schedules()) == ("unknown", 1)
    kept_promise(rig.server, result)


@pytest.mark.parametrize("status", [400, 403, 409, 500])
def test_what_is_said_when_asked_after_a_deletion_is_no_refusal_of_it(
    rig: Rig, book: Path, status: int
) -> None:
    """The deletion took effect; whether the operation is gone was not answered. The start had not come."""
    before = on_call("POST", START, Cut())
    asked: list[str] = []

    def hook(request: Request) -> Answer | Cut | None:
        is_asked = request.method == "GET" and request.path.startswith(DELETE)
        if is_asked and rig.server.calls("POST", START) and len(asked) < 40:
            asked.append(request.path)
            return Answer(status)
        return before(request)

    rig.server.settings.before = hook
    stopped = rig.load(book)
    assert stopped.exit_code in (4, 5)
    assert outcomes(Path(str(stopped.results))) == ["UNKNOWN"] * 3
    rig.server.settings.before = before
    done = rig.resume(stopped.job)
    assert (done.status, rig.schedules()) == ("completed", 2)
    kept_promise(rig.server, done)


def test_an_operation_that_somebody_removed_is_not_freed_by_a_word(rig: Rig, book: Path) -> None:
    """The start took effect, ran, and was cleaned up before this program could ask."""
    rig.server.settings.after = on_call("POST", START, Cut())

    def clean_up(request: Request) -> None:
        if request.method == "DELETE":
            cleaned_up_in_the_portal(rig)

    rig.server.settings.before = clean_up
    result = rig.load(book)
    assert result.status == "unknown"
    assert "--not-scheduled" not in result.message
    assert "--undecided" in result.message
    refused = rig.resume(result.job, settling=Settling(not_scheduled=result.operations[0]))
    assert (refused.exit_code, refused.rows["unknown"], rig.schedules()) == (2, 3, 1)
    assert f"any more: xlsx2opeasy jobs abandon {result.job} --undecided" in refused.message
    kept_promise(rig.server, refused)


def test_a_word_is_believed_where_the_server_deletes_the_operation(rig: Rig, book: Path) -> None:
    rig.server.settings.before = on_call("POST", START, Cut())
    before = rig.server.settings.before
    left = [Answer(404)] * 2

    def hook(request: Request) -> Answer | Cut | None:
        if request.method == "DELETE" and left:
            return left.pop(0)
        return before(request)

    rig.server.settings.before = hook
    result = rig.load(book)
    assert result.status == "unknown"
    done = rig.resume(result.job, settling=Settling(not_scheduled=result.operations[0]))
    assert (done.status, done.exit_code) == ("completed", 0)
    kept_promise(rig.server, done)


def test_the_command_ends_with_2_and_the_rows_stay(
    rig: Rig, env: dict[str, str], book: Path, tmp_path: Path
) -> None:
    rig.server.settings.after = on_call("POST", START, Cut())
    rig.server.settings.polls_processing = 10**6
    lost = run("load", book, "--json", "--yes", env=env).json
    cleaned_up_in_the_portal(rig)
    claimed = run("resume", lost["job"], "--not-scheduled", lost["operations"][0], "--json", env=env)
    assert (claimed.code, claimed.json["rows"]["unknown"], rig.schedules()) == (2, 3, 1)
    assert "was started" in claimed.err
    assert outcomes(Path(lost["results"])) == ["UNKNOWN"] * 3
