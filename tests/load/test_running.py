"""RUNNING, what the loop says to it, and the end of a job that nothing can settle any more."""

import os
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from foreign.messages import Answer, Cut, Request
from xlsx2opeasy.errors import LoadRefused, UsageError
from xlsx2opeasy.load.abandon import abandon
from xlsx2opeasy.load.job.home import Home, JobFolder
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.store import ROWS
from xlsx2opeasy.load.jobs.listing import job_of
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling

from .books import numbers_then_users, read_results, user_book
from .command import run
from .rig import Rig, executed, on_call

START = "/v1/scheduledoperations"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return user_book(tmp_path / "book.xlsx", 3)


def still_running(rig: Rig, book: Path) -> LoadResult:
    rig.server.settings.polls_processing = 10**6
    return rig.load(book, wait=2)


def undecided(rig: Rig, book: Path) -> LoadResult:
    rig.server.settings.after = on_call("POST", START, Cut())
    rig.server.settings.polls_processing = 10**6
    return rig.load(book)


def empty(path: Path, *rows: int) -> None:
    """Empties the Result cells of these rows."""
    book = openpyxl.load_workbook(path)
    sheet = book["Users"]
    column = next(cell.column for cell in sheet[1] if cell.value == "Result")
    for row in rows:
        sheet.cell(row, column).value = None
    book.save(path)


def test_rows_of_a_known_run_are_running(rig: Rig, book: Path) -> None:
    result = still_running(rig, book)
    assert (result.status, result.exit_code) == ("running", 8)
    assert (result.rows["running"], result.rows["unknown"], result.rows["total"]) == (3, 0, 3)
    told = read_results(Path(str(result.results)))
    assert {each[0] for each in told.values()} == {"RUNNING"}
    assert all(f"xlsx2opeasy resume {result.job}" in each[2] for each in told.values())
    rig.server.settings.polls_processing = 1
    done = rig.resume(result.job)
    assert (done.status, done.rows["running"], done.rows["succeeded"]) == ("completed", 0, 3)


@pytest.mark.parametrize("options", [{}, {"all_rows": True}, {"again": True}])
def test_a_running_row_is_not_loaded_again(rig: Rig, book: Path, options: dict[str, bool]) -> None:
    result = still_running(rig, book)
    results = Path(str(result.results))
    with pytest.raises(LoadRefused) as refused:
        rig.load(results, **options)
    assert f"xlsx2opeasy resume {result.job}" in refused.value.hint
    assert refused.value.rows is not None
    assert (refused.value.rows["running"], refused.value.rows["total"]) == (3, 3)
    for other in (book, results):
        empty(results, 2, 3, 4)
        with pytest.raises(LoadRefused):
            rig.load(other, **options)
    assert rig.schedules() == 1


def test_on_another_machine_the_message_names_the_machine(rig: Rig, book: Path, tmp_path: Path) -> None:
    result = still_running(rig, book)
    elsewhere = Rig(rig.server, Home(tmp_path / "elsewhere"))
    with pytest.raises(LoadRefused) as refused:
        elsewhere.load(Path(str(result.results)))
    assert os.uname().nodename in refused.value.hint
    assert f"xlsx2opeasy resume {result.job}" in refused.value.hint


def test_a_job_is_closed_only_with_an_answer(rig: Rig, env: dict[str, str], book: Path) -> None:
    result = undecided(rig, book)
    plain = run("jobs", "abandon", result.job, env=env)
    assert plain.code == 6
    asked = run("jobs", "abandon", result.job, "--undecided", env=env)
    assert (asked.code, "--yes" in asked.err) == (2, True)
    assert rig.resume(result.job).status == "unknown"
    closed = run("jobs", "abandon", result.job, "--undecided", "--yes", "--json", env=env)
    assert closed.code == 0
    (job,) = closed.json["items"]
    assert (job["latestExecutionStatus"], job["latestExecutionExitCode"]) == ("FAILED", "STOPPED")
    assert job["counts"]["unknown"] == 3


def test_a_job_whose_run_is_known_is_not_closed(rig: Rig, env: dict[str, str], book: Path) -> None:
    result = still_running(rig, book)
    with pytest.raises(LoadRefused) as refused:
        abandon(str(result.job), rig.around(), undecided=True)
    assert refused.value.hint.startswith(f"xlsx2opeasy resume {result.job}")
    before_the_question = run("jobs", "abandon", result.job, "--undecided", env=env)
    assert (before_the_question.code, "Danger" in before_the_question.err) == (6, False)
    assert run("jobs", "abandon", result.job, "--undecided", "--yes", env=env).code == 6
    assert {each[0] for each in read_results(Path(str(result.results))).values()} == {"RUNNING"}
    rig.server.settings.polls_processing = 1
    assert rig.resume(result.job).rows["succeeded"] == 3


def test_a_job_with_a_known_run_is_not_closed_for_an_operation_in_doubt(rig: Rig, tmp_path: Path) -> None:
    result = undecided(rig, numbers_then_users(tmp_path / "two.xlsx"))
    with closing(OpenJob(rig.home.job(str(result.job)))) as job:
        job.note(2, Fact.SETTLED, scheduled_id="run-2")
    with pytest.raises(LoadRefused, match="takes effect"):
        abandon(str(result.job), rig.around(), undecided=True)


def test_a_job_whose_run_the_server_lost_is_closed(rig: Rig, book: Path) -> None:
    result = still_running(rig, book)
    rig.server.state.scheduled.clear()
    assert rig.resume(result.job).status == "unknown"
    assert abandon(str(result.job), rig.around(), undecided=True).counts()["unknown"] == 3


def test_a_job_whose_results_the_server_lost_is_closed(rig: Rig, book: Path) -> None:
    rig.server.settings.before = on_call("GET", "/results/users", *[Answer(404)] * 1000)
    result = rig.load(book)
    assert (result.status, result.rows["running"]) == ("failed", 3)
    with pytest.raises(LoadRefused) as refused:
        abandon(str(result.job), rig.around())
    assert "--undecided" in refused.value.hint
    assert abandon(str(result.job), rig.around(), undecided=True).counts()["unknown"] == 3


def test_only_rows_that_a_person_empties_are_sent_after_it_was_closed(
    rig: Rig, book: Path, tmp_path: Path
) -> None:
    result = undecided(rig, book)
    row_results = abandon(str(result.job), rig.around(), undecided=True)
    assert row_results.counts()["unknown"] == 3
    results = Path(str(result.results))
    assert [each[0] for each in read_results(results).values()] == ["UNKNOWN"] * 3
    rig.server.settings.polls_processing = 1
    copy = user_book(tmp_path / "copy.xlsx", 3)
    for again in (False, True):
        for each in (book, copy, results):
            with pytest.raises(LoadRefused, match="UNKNOWN"):
                rig.load(each, again=again)
    empty(results, 2, 3, 4)
    before = executed(rig.server)
    sent = rig.load(results)
    assert (sent.status, sent.rows["succeeded"]) == ("completed", 3)
    assert executed(rig.server) - before == before
    with pytest.raises(LoadRefused):
        rig.load(copy)
    with pytest.raises(UsageError, match="finished"):
        rig.resume(result.job, settling=Settling(scheduled_id="x"))


def test_one_emptied_row_frees_no_other(rig: Rig, book: Path) -> None:
    result = undecided(rig, book)
    abandon(str(result.job), rig.around(), undecided=True)
    results = Path(str(result.results))
    empty(results, 3)
    with pytest.raises(LoadRefused, match="row 2 is UNKNOWN"):
        rig.load(results)


def test_rows_of_an_undecided_job_do_not_go_with_another_workbook(
    rig: Rig, book: Path, tmp_path: Path
) -> None:
    """A copy under another name with one more row is another workbook, and has the same rows."""
    undecided(rig, book)
    rig.server.settings.polls_processing = 1
    with pytest.raises(LoadRefused):
        rig.load(user_book(tmp_path / "more.xlsx", 4))
    other = rig.load(user_book(tmp_path / "other.xlsx", 2, user__title="another"))
    assert other.status == "completed"


def test_rows_of_an_unfinished_job_do_not_go_with_another_workbook(
    rig: Rig, book: Path, tmp_path: Path
) -> None:
    still_running(rig, book)
    with pytest.raises(LoadRefused, match="unfinished"):
        rig.load(user_book(tmp_path / "more.xlsx", 4))


def test_unknown_comes_before_running(rig: Rig, tmp_path: Path) -> None:
    """The first operation has a row without a result when the wait for the second one ends."""

    def hook(request: Request, _: Answer) -> Answer | None:
        if not request.path.endswith("/results/phonenumbers"):
            return None
        rig.server.settings.polls_processing = 10**6
        return Answer(200, {"PhoneNumbers": []})

    rig.server.settings.after = hook
    book = numbers_then_users(tmp_path / "two.xlsx")
    rows = list(read_results(Path(str((result := rig.load(book, wait=3)).results))).values())
    assert sum(result.rows.values()) == 2 * result.rows["total"] == 2 * len(rows)
    assert sorted(each[0] for each in rows) == ["NOT SENT", "RUNNING", "UNKNOWN"]
    assert (result.status, result.exit_code) == ("unknown", 1)


def test_how_far_a_job_is_reads_its_rows_once_however_often_it_is_asked(
    rig: Rig, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = rig.home.job(str(still_running(rig, book).job))
    read: list[str] = []
    reading = JobFolder.read

    def noting(self: JobFolder, name: str) -> bytes:
        read.append(name)
        return reading(self, name)

    monkeypatch.setattr(JobFolder, "read", noting)
    with stored.working():
        counts = [job_of(stored).counts for _ in range(3)]
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] is not None
    assert counts[0]["running"] == counts[0]["total"] > 0
    assert read.count(ROWS) == 1
