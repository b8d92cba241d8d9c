"""Paths of a job within folders that this account may not search: another account's home on this machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import installed
from closed import closed, never_with_overrides
from foreign.server import ForeignServer
from web.page import running
from xlsx2opeasy.errors import LoadRefused

from .books import outcomes, user_book
from .rig import Rig, executed


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """The home of a colleague."""
    folder = tmp_path / "colleague" / "w"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which commands are run."""
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_job_is_resumed_to_its_end_and_its_results_stay_with_it(
    rig: Rig, server: ForeignServer, theirs: Path
) -> None:
    server.settings.polls_processing = 10**6
    job = str(rig.load(user_book(theirs / "a.xlsx", 2), wait=0).job)
    server.settings.polls_processing = 1
    with closed(theirs.parent):
        result = rig.resume(job)
    assert (result.status, result.rows["succeeded"]) == ("completed", 2)
    assert result.results == str(rig.home.job(job).path / "results.xlsx")
    assert outcomes(Path(result.results)) == ["SUCCESS"] * 2
    assert "you may not write there" in rig.notices
    assert set(executed(server).values()) == {1}


def test_the_same_workbook_is_refused_with_the_job_that_loaded_it(rig: Rig, theirs: Path, mine: Path) -> None:
    book = user_book(theirs / "a.xlsx", 2)
    job = rig.load(book).job
    copy = Path(shutil.copy(book, mine))
    with closed(theirs.parent), pytest.raises(LoadRefused, match=f"loaded by job {job}"):
        rig.load(copy)


COMMANDS = {
    "jobs": 0,
    "jobs show JOB": 0,
    "report JOB": 5,
    "report JOB --output r.html": 0,
    "report JOB --output THEIRS/r.html": 5,
    "undo JOB": 0,
    "undo JOB --output THEIRS/u.xlsx": 7,
    "check THEIRS/a.xlsx": 7,
    "check a.xlsx --annotate THEIRS/m.xlsx": 7,
    "plan THEIRS/a.xlsx": 7,
    "plan a.xlsx": 6,
    "load a.xlsx --yes": 6,
    "load a.xlsx --yes --again --output THEIRS/r.xlsx": 7,
    "load a.xlsx --yes --again --mapping THEIRS/m.toml": 2,
    "load a.xlsx --yes --again --api-key-file THEIRS/key": 2,
    "load a.xlsx --yes --again --ca-bundle THEIRS/ca.pem": 2,
    "load a.xlsx --yes --again --report THEIRS/r.html": 7,
    "convert a.xlsx --output THEIRS/c": 7,
    "template THEIRS/t.xlsx": 7,
    "import THEIRS/list.csv --output l.xlsx": 7,
    "support JOB --output THEIRS/s.zip": 7,
}
OF_A_CLOSED_HOME = {
    "jobs": 2,
    "jobs show JOB": 2,
    "resume JOB": 2,
    "config show": 2,
    "config set chunk_tasks 5": 2,
    "doctor": 5,
    "load a.xlsx --yes": 2,
}

OF_CLOSED_JOBS = {"jobs": 5, "jobs show JOB": 5, "resume JOB": 5, "report JOB": 5, "load a.xlsx --yes": 5}


def test_every_command_says_what_is_closed_to_it(
    rig: Rig, env: dict[str, str], theirs: Path, mine: Path
) -> None:
    book = user_book(theirs / "a.xlsx", 2)
    job = str(rig.load(book).job)
    shutil.copy(book, mine)
    with closed(theirs.parent):
        found = {each: run_closed(each, env, JOB=job, THEIRS=str(theirs)) for each in COMMANDS}
    assert {each: code for each, (code, _) in found.items()} == COMMANDS, found
    assert "internal error" not in repr(found)


def test_a_home_that_is_closed_is_named_by_every_command(
    rig: Rig, env: dict[str, str], home: Path, mine: Path
) -> None:
    job = str(rig.load(user_book(mine / "a.xlsx", 2)).job)
    with closed(home):
        found = {each: run_closed(each, env, JOB=job) for each in OF_A_CLOSED_HOME}
    assert {each: code for each, (code, _) in found.items()} == OF_A_CLOSED_HOME, found
    assert "internal error" not in repr(found)
    assert all(str(home) in said for _, said in found.values()), found
    for folder in (home / "loads", home / "loads" / job):
        with closed(folder):
            found = {each: run_closed(each, env, JOB=job) for each in OF_CLOSED_JOBS}
        assert {each: code for each, (code, _) in found.items()} == OF_CLOSED_JOBS, found
        assert "internal error" not in repr(found)
        assert all("cannot be read: Permission denied" in said for _, said in found.values()), found


def test_the_page_shows_a_job_whose_results_are_closed_to_it(
    rig: Rig, env: dict[str, str], theirs: Path
) -> None:
    job = str(rig.load(user_book(theirs / "a.xlsx", 2)).job)
    with closed(theirs.parent), running(env=env, preexec_fn=never_with_overrides) as page:
        visitor = page.client().go(f"/jobs/{job}")
        assert visitor.answer.status_code == 200
        assert "2 succeeded" in visitor.text
        visitor.go(f"/jobs/{job}/results")
        assert visitor.answer.status_code == 422
        assert "not where it was written" in visitor.text
        again = visitor.http.post(f"{page.origin}/jobs/{job}/again")
        assert again.status_code == 422
        assert "internal error" not in again.text


def run_closed(command: str, env: dict[str, str], **words: str) -> tuple[int, str]:
    """Runs it without root's way around permission bits; its exit code, and what it said."""
    for name, word in words.items():
        command = command.replace(name, word)
    done = subprocess.run(
        [installed.COMMAND, *command.split()],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        preexec_fn=never_with_overrides,
    )
    return done.returncode, done.stdout + done.stderr
