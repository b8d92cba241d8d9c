"""What new users stumbled over in `load` and `resume`: each is told in a plain sentence, and costs nothing."""

import json
import os
from datetime import timedelta
from pathlib import Path

import click
import openpyxl
import pytest

from foreign.messages import Answer, Cut, Request, general_error
from foreign.server import ForeignServer
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.cli.main import COMMANDS, LazyGroup
from xlsx2opeasy.errors import NeverReached
from xlsx2opeasy.load.jobs.forget import Kept, forget
from xlsx2opeasy.problems import Severity
from xlsx2opeasy.report.data import report_data
from xlsx2opeasy.workbook.read import read_workbook

from .books import outcomes, read_results, user_book, users, write_rows
from .command import run
from .rig import Rig, on_call

QUICK = ("--poll-interval", "0.05", "--json")


@pytest.mark.parametrize(
    ("what", "said"),
    [("none.txt", "does not exist"), ("folder", "is a folder"), ("empty.txt", "is empty")],
)
def test_an_api_key_file_that_holds_no_key_is_told_before_a_job_begins(
    rig: Rig, env: dict[str, str], tmp_path: Path, what: str, said: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.txt").touch(0o600)
    done = run("load", user_book(tmp_path / "a.xlsx"), "--api-key-file", tmp_path / what, *QUICK, env=env)
    assert (done.code, done.json["status"], done.json["job"]) == (2, "failed", None)
    assert f"{what} {said}" in done.err
    assert "chmod" not in done.err
    assert (list(rig.home.jobs()), rig.server.requests) == ([], [])


def test_a_ca_bundle_that_is_none_is_told_before_a_job_begins(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    bundle = tmp_path / "none.pem"
    done = run("load", user_book(tmp_path / "a.xlsx"), "--ca-bundle", bundle, *QUICK, env=env)
    assert (done.code, done.json["job"], list(rig.home.jobs())) == (2, None, [])
    assert str(bundle) in done.err


def test_a_rehearsal_writes_nothing_into_the_workbook(env: dict[str, str], tmp_path: Path) -> None:
    book = user_book(tmp_path / "a.xlsx")
    before = book.read_bytes()
    done = run("load", book, "--sandbox", "--in-place", env=env)
    assert (done.code, book.read_bytes()) == (2, before)
    assert "a rehearsal writes nothing into your workbook" in done.err


@pytest.mark.parametrize("name", ["check", "plan", "convert", "load"])
def test_a_workbook_that_may_not_be_read_is_7_and_not_wrong_usage(name: str) -> None:
    """Root reads everything, so this looks at what click is told: it must leave the refusal to the reader."""
    command = LazyGroup(commands={each: click.Command(each) for each in COMMANDS}).get_command(
        click.Context(click.Command("x")), name
    )
    assert command is not None
    kinds = [each.type for each in command.params if each.name in ("workbook", "workbooks")]
    assert [kind.readable for kind in kinds if isinstance(kind, click.Path)] == [False]


def test_a_workbook_that_cannot_be_read_is_7(env: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "folder.xlsx"
    folder.mkdir()
    for_a_folder = run("load", folder, *QUICK, env=env)
    assert (for_a_folder.code, for_a_folder.json["job"]) == (7, None)
    assert 'folder.xlsx" is a folder, not a workbook' in for_a_folder.err
    if os.geteuid() != 0:
        closed = user_book(tmp_path / "closed.xlsx")
        closed.chmod(0)
        assert run("check", closed, env=env).code == 7


def test_results_that_cannot_be_written_are_told_before_anything_is_sent(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    """Root may write everywhere, so the name is one that no disk takes."""
    book = user_book(tmp_path / ("n" * 247 + ".xlsx"))
    done = run("load", book, *QUICK, env=env)
    assert (done.code, done.json["status"], done.json["job"]) == (7, "failed", None)
    assert "its name is too long" in done.err
    assert "nothing was sent; name a file for them with --output FILE" in done.err
    assert (rig.server.requests, list(rig.home.loads.glob("*"))) == ([], [])
    assert run("load", book, "--output", tmp_path / "short.xlsx", *QUICK, env=env).code == 0
    assert outcomes(tmp_path / "short.xlsx") == ["SUCCESS"] * 3


def test_a_load_that_could_not_log_in_is_loaded_again_once_that_is_mended(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    book = user_book(tmp_path / "a.xlsx")
    refused = run("load", book, *QUICK, env=env | {"OPEASY_API_KEY": "wrong"})
    assert refused.code == 4
    assert "Nothing was sent. Once that is fixed, load the workbook again" in refused.json["message"]
    elsewhere = run("load", book, *QUICK, env=env | {"OPEASY_ENTERPRISE_ID": "mistyped"})
    assert elsewhere.code == 4
    assert run("load", book, *QUICK, env=env).code == 0
    assert run("resume", env=env).code == 2, "nothing is left to resume"
    jobs = run("jobs", "--json", env=env).json["items"]
    assert [each["latestExecutionExitCode"] for each in jobs] == ["COMPLETED", "STOPPED", "STOPPED"]


def test_results_of_a_mistyped_enterprise_that_saw_no_row_are_loaded_at_the_right_one(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    book = user_book(tmp_path / "a.xlsx")
    refused = run("load", book, *QUICK, env=env | {"OPEASY_ENTERPRISE_ID": "mistyped"})
    assert set(outcomes(Path(refused.json["results"]))) == {"NOT SENT"}
    done = run("load", refused.json["results"], *QUICK, env=env)
    assert (done.code, done.json["rows"]["notSent"], done.json["rows"]["failed"]) == (0, 0, 0)
    elsewhere = run("load", done.json["results"], *QUICK, env=env | {"OPEASY_ENTERPRISE_ID": "mistyped"})
    assert (elsewhere.code, elsewhere.json["status"]) == (6, "refused")


def test_rows_that_succeeded_before_are_told_before_they_are_sent_again(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    book = write_rows(tmp_path / "a.xlsx", {"Users": users(3)})
    first = run("load", book, *QUICK, env=env)
    assert first.code == 0
    write_rows(book, {"Users": users(4)})
    again = run("load", book, "--quiet", *QUICK, env=env)
    assert again.code == 0
    assert f"3 rows of this workbook succeeded in job {first.json['job']} of " in again.err
    assert f"to send only the others, load {tmp_path / 'a.results.xlsx'} instead" in again.err


def test_a_column_of_ones_own_is_not_written_over(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    for name, text in (("Job", "Clerk"), ("Result", "passed")):
        rows = [{**row, name: text} for row in users(2)]
        done = run("load", write_rows(tmp_path / "a.xlsx", {"Users": rows}), *QUICK, env=env)
        assert (done.code, done.json["status"], done.json["job"]) == (3, "invalid", None)
        assert f'Users has a column "{name}" of your own' in done.json["message"]
        assert (list(tmp_path.glob("*results*")), rig.server.requests) == ([], [])


def test_results_go_where_their_names_say(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    """Emptied Result cells, and a rehearsal that is loaded for real, or rehearsed again."""
    book = user_book(tmp_path / "a.xlsx")
    rehearsed = run("load", book, "--sandbox", "--json", env=env)
    again = run("load", rehearsed.json["results"], "--sandbox", "--json", env=env)
    assert again.json["results"] == str(tmp_path / "a.rehearsal-2.xlsx")
    real = run("load", again.json["results"], *QUICK, env=env)
    assert real.json["results"] == str(tmp_path / "a.results.xlsx")
    emptied = openpyxl.load_workbook(real.json["results"])
    for row in emptied["Users"].iter_rows(min_row=2):
        next(cell for cell in row if cell.value == "SUCCESS").value = None
    emptied.save(real.json["results"])
    once_more = run("load", real.json["results"], "--again", *QUICK, env=env)
    assert once_more.json["results"] == real.json["results"]


@pytest.mark.parametrize("name", ["job.json", "journal.sqlite", "outcomes.jsonl"])
def test_a_damaged_rehearsal_keeps_no_workbook_out(
    rig: Rig, env: dict[str, str], tmp_path: Path, name: str
) -> None:
    book = user_book(tmp_path / "a.xlsx")
    assert run("load", book, "--sandbox", "--json", env=env).code == 0
    (rehearsal,) = rig.home.jobs()
    rehearsal.path.joinpath(name).write_bytes(b"{" * 8192)
    done = run("load", book, *QUICK, env=env)
    assert (done.code, done.json["status"]) == (0, "completed"), done.err


def test_a_rehearsal_says_where_to_correct_and_how_to_rehearse_again(
    env: dict[str, str], tmp_path: Path
) -> None:
    book = write_rows(tmp_path / "a.xlsx", {"Users": [*users(2), {**users(1)[0], "user.userId": "short@x"}]})
    done = run("load", book, "--sandbox", "--skip-invalid", "--json", env=env)
    assert done.json["message"] == (
        "1 row did not succeed; correct it in a.xlsx (the results are in a.rehearsal.xlsx),"
        f" then: xlsx2opeasy load {book} --sandbox --skip-invalid"
    )
    well = run("load", user_book(tmp_path / "b.xlsx"), "--sandbox", "--json", env=env)
    assert well.json["message"].endswith(f"To load it: xlsx2opeasy load {tmp_path / 'b.xlsx'}")


def test_an_operation_that_was_started_is_not_offered_as_one_without_a_run(rig: Rig, tmp_path: Path) -> None:
    """The deletion is refused because the operation runs: only which run it is, is not known."""
    rig.server.settings.polls_processing = 10**6
    rig.server.settings.after = on_call("POST", "/v1/scheduledoperations", Cut())
    result = rig.load(user_book(tmp_path / "a.xlsx"))
    assert result.status == "unknown"
    assert "--scheduled-id" in result.message
    assert "--not-scheduled" not in result.message
    assert "never" not in result.message
    details = {each[2] for each in read_results(Path(str(result.results))).values()}
    assert len(details) == 1
    assert "--not-scheduled" not in details.pop()


def test_the_server_s_words_about_a_refused_start_are_told(rig: Rig, tmp_path: Path) -> None:
    text = "the enterprise has no such feature"
    refusals = [general_error(404, text)] * 5
    rig.server.settings.before = on_call("POST", "/v1/scheduledoperations", *refusals)
    result = rig.load(user_book(tmp_path / "a.xlsx"))
    assert (result.exit_code, rig.schedules()) == (5, 1)
    assert text in result.message


def test_a_refused_load_counts_the_rows_of_its_workbook(
    rig: Rig, env: dict[str, str], tmp_path: Path
) -> None:
    book = user_book(tmp_path / "a.xlsx")
    assert run("load", book, *QUICK, env=env).code == 0
    refused = run("load", book, *QUICK, env=env)
    assert refused.code == 6
    assert {name: number for name, number in refused.json["rows"].items() if number} == {
        "total": 3,
        "notSent": 3,
    }


def test_a_row_beyond_the_bytes_of_a_chunk_is_named(rig: Rig, env: dict[str, str], tmp_path: Path) -> None:
    done = run("load", user_book(tmp_path / "a.xlsx"), "--chunk-bytes", "20", "--quiet", *QUICK, env=env)
    assert done.code == 0
    assert "Users row 2 and 2 more rows cannot be made smaller than the 20 bytes of --chunk-bytes" in done.err


def test_the_results_of_somebody_else_s_tasks_keep_no_password(rig: Rig, tmp_path: Path) -> None:
    def with_foreign(request: Request, answer: Answer) -> Answer | None:
        if not request.path.endswith("/results/users") or not isinstance(answer.body, dict):
            return None
        (name, listed), *_ = answer.body.items()
        content = {
            "user": {"userId": "x@example.com", "Password": "Zq9Pw-secret-1"},
            "userPassword": "Zq9Pw-secret-2",
        }
        foreign = {**listed[0], "content": content, "errorDescription": "not Zq9Pw-secret-1"}
        return Answer(answer.status, {name: [*listed, foreign]})

    rig.server.settings.after = with_foreign
    result = rig.load(user_book(tmp_path / "a.xlsx"))
    kept = b"".join(path.read_bytes() for path in rig.folder(result).path.rglob("*") if path.is_file())
    assert b"x@example.com" in kept
    assert b"Zq9Pw-secret" not in kept


@pytest.mark.parametrize("answer", [Answer(500), Answer(200, b"<html>Sign in</html>")])
def test_a_login_that_got_a_strange_answer_is_not_called_unsent(
    rig: Rig, tmp_path: Path, answer: Answer
) -> None:
    rig.server.settings.before = on_call("POST", "/authsessions", *[answer] * 20)
    result = rig.load(user_book(tmp_path / "a.xlsx"))
    assert result.exit_code == 5
    assert result.message.startswith("the login got no answer that can be relied on")
    assert "resume" in result.message


def test_a_server_that_is_not_there_is_told_in_plain_words(rig: Rig, tmp_path: Path) -> None:
    with ForeignServer() as gone:
        pass
    with pytest.raises(NeverReached) as caught:
        Rig(gone, rig.home).load(user_book(tmp_path / "a.xlsx"))
    assert caught.value.exit_code == 5
    said = "the server could not be reached: nothing answers at this address (Connection refused)"
    assert caught.value.message.startswith(said)


def test_forget_keeps_results_that_stand_nowhere_else(rig: Rig, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    book = user_book(folder / "a.xlsx")

    def unplug(request: Request) -> None:
        if request.path.endswith("/scheduledoperations") and folder.exists():
            folder.rename(tmp_path / "gone")

    rig.server.settings.before = unplug
    result = rig.load(book)
    results = Path(str(result.results))
    assert outcomes(results) == ["SUCCESS"] * 3
    assert ".." not in rig.notices
    assert "its folder does not exist" in rig.notices
    kept = forget(rig.home, timedelta(0), also_done=True).kept
    assert kept == {result.job: Kept.ONLY_RESULTS}
    results.rename(tmp_path / "mine.xlsx")
    assert forget(rig.home, timedelta(0), also_done=True).removed == (result.job,)


def test_the_report_has_the_warnings_of_rows(rig: Rig, tmp_path: Path) -> None:
    """The result columns have no room for them: they are the server's."""
    book = write_rows(tmp_path / "a.xlsx", {"Users": users(2, user__firstName="\u200bAnna")})
    result = rig.load(book)
    rows = report_data(rig.folder(result)).rows
    warnings = [each.detail for each in rows]
    checked = check_workbook(read_workbook(book)).problems
    assert [each.severity for each in checked] == [Severity.WARNING] * 2
    assert warnings == [f"warning: {each.cell} {each.field}: {each.words}" for each in checked]
    assert {each[2] for each in read_results(Path(str(result.results))).values()} == {""}


def test_a_plan_says_that_a_load_would_be_refused(env: dict[str, str], tmp_path: Path) -> None:
    book = user_book(tmp_path / "a.xlsx")
    fresh = run("plan", book, env=env)
    assert (fresh.code, "refused" in fresh.err) == (0, False)
    loaded = run("load", book, *QUICK, env=env)
    refused = run("load", book, *QUICK, env=env)
    planned = run("plan", book, env=env)
    assert (loaded.code, refused.code, planned.code) == (0, 6, 6)
    assert "Operation 1: 3 tasks" in planned.out
    (said,) = [line for line in refused.err.splitlines() if line.startswith("error: ")]
    assert said.replace("error: ", "error: a load would be refused: ") in planned.err.splitlines()
    assert json.loads(run("plan", book, "--json", env=env).out)["message"] == said.removeprefix("error: ")
    assert run("plan", tmp_path / "a.results.xlsx", env=env).code == 0
