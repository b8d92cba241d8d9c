"""Jobs and results workbooks that an earlier version wrote, also under another spelling of the server."""

from pathlib import Path

import openpyxl
import pytest

from foreign.messages import Cut
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.job.home import Home

from .books import outcomes, user_book
from .earlier_version import earlier_version, run_earlier
from .rig import Rig, executed, on_call

__all__ = ["earlier_version"]

START = "/v1/scheduledoperations"


def spelt(env: dict[str, str], home: Path, spelling: str) -> dict[str, str]:
    host, _, port = env["OPEASY_URL"].rpartition(":")
    url = f"{host}:0{port}" if "zeros" in spelling else env["OPEASY_URL"]
    around = " " if "blank" in spelling else ""
    return env | {
        "OPEASY_URL": url,
        "OPEASY_ENTERPRISE_ID": env["OPEASY_ENTERPRISE_ID"] + around,
        "XLSX2OPEASY_HOME": str(home),
    }


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return user_book(tmp_path / "book.xlsx", 2, user__userPassword="Summer-2026")


@pytest.mark.parametrize("spelling", ["same", "zeros"])
def test_its_finished_job_and_results_are_recognised(
    rig: Rig, env: dict[str, str], book: Path, tmp_path: Path, earlier_version: Path, spelling: str
) -> None:
    done = run_earlier(earlier_version, "load", book, env=spelt(env, rig.home.path, spelling))
    assert (done["code"], done["rows"]["succeeded"]) == (0, 2)
    with pytest.raises(LoadRefused, match=done["job"]):
        rig.load(user_book(tmp_path / "copy.xlsx", 2, user__userPassword="Summer-2026"))
    elsewhere = Rig(rig.server, Home(tmp_path / "elsewhere"))
    for machine in (rig, elsewhere):
        again = machine.load(Path(done["results"]))
        assert (again.status, again.rows["skipped"]) == ("completed", 2)
    assert set(executed(rig.server).values()) == {1}


def test_a_password_that_was_changed_since_is_sent(
    rig: Rig, env: dict[str, str], book: Path, earlier_version: Path
) -> None:
    done = run_earlier(earlier_version, "load", book, env=spelt(env, rig.home.path, "zeros"))
    changed = openpyxl.load_workbook(done["results"])
    sheet = changed["Users"]
    column = next(cell.column for cell in sheet[1] if cell.value == "user.userPassword")
    sheet.cell(3, column).value = "Winter-2027"
    changed.save(done["results"])
    again = rig.load(Path(done["results"]))
    assert (again.rows["skipped"], again.rows["succeeded"]) == (1, 1)


@pytest.mark.parametrize("spelling", ["same", "zeros"])
def test_its_unfinished_job_is_resumed(
    rig: Rig, env: dict[str, str], book: Path, tmp_path: Path, earlier_version: Path, spelling: str
) -> None:
    rig.server.settings.polls_processing = 10**6
    there = spelt(env, rig.home.path, spelling)
    stopped = run_earlier(earlier_version, "load", book, "--wait", "0.5", env=there)
    assert stopped["code"] == 8
    with pytest.raises(LoadRefused, match="unfinished"):
        rig.load(user_book(tmp_path / "copy.xlsx", 2, user__userPassword="Summer-2026"))
    rig.server.settings.polls_processing = 1
    result = rig.resume(stopped["job"])
    assert (result.status, outcomes(Path(str(result.results)))) == ("completed", ["SUCCESS", "SUCCESS"])
    assert set(executed(rig.server).values()) == {1}


def test_a_refusal_in_its_journal_counts(
    rig: Rig, env: dict[str, str], book: Path, earlier_version: Path
) -> None:
    from xlsx2opeasy.load.run.undecided import Settling

    rig.server.settings.after = on_call("POST", START, Cut())
    rig.server.settings.polls_processing = 10**6
    lost = run_earlier(earlier_version, "load", book, env=spelt(env, rig.home.path, "same"))
    assert lost["status"] == "unknown"
    rig.server.state.scheduled.clear()
    rig.server.state.operations.clear()
    refused = rig.resume(lost["job"], settling=Settling(not_scheduled=lost["operations"][0]))
    assert (refused.exit_code, refused.rows["unknown"], rig.schedules()) == (2, 2, 1)
