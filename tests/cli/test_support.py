"""`support`: what the archive of a job holds, and above all what it does not."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

import installed
from workbooks import write_workbook

CANARY = "Kanari"
SHEETS = {
    "Users": """
        | command | groupId | user.userId | user.firstName | user.userPassword | # Kanari note |
        | AddUser | KanariGroup | kanari.one@example.com | KanariFirst | KanariPass-1 | KanariNote |
        | AddUser | KanariGroup | kanari.two@example.com | KanariSecond | KanariPass-2 | |
        | ModifyUser | KanariGroup | kanari.none@example.com | KanariThird | | |
    """,
    "Kanari sheet": "| KanariHeader |\n| KanariCell |",
}


@pytest.fixture
def archive(tmp_path: Path) -> tuple[dict[str, str], Any]:
    """The files of the archive of a rehearsal with a failed row, and the run that wrote it."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        'default_profile = "KanariProfile"\n[profiles.KanariProfile]\nurl = "https://kanari.example.com"\n'
        'enterprise_id = "KanariEnterprise"\nchunk_tasks = 7\nnotify_secret = "KanariNotify"\n',
        encoding="utf-8",
    )
    env = {"XLSX2OPEASY_HOME": str(home), "OPEASY_API_KEY": "KanariKey", "OPEASY_PROFILE": ""}
    workbook = write_workbook(tmp_path / "kanari-book.xlsx", SHEETS)
    loaded = installed.run("load", workbook, "--sandbox", "--json", cwd=tmp_path, env=env)
    assert loaded.returncode == 1, loaded.stderr
    job = json.loads(loaded.stdout)["job"]
    done = installed.run("support", job, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / f"{job}.support.zip") as package:
        return {name: package.read(name).decode() for name in package.namelist()}, done


def test_it_tells_how_the_job_went(archive: tuple[dict[str, str], Any]) -> None:
    files, _ = archive
    rows = json.loads(files["rows.json"])
    assert {(each["command"], each["result"], each["code"], each["rows"]) for each in rows} == {
        ("AddUser", "SUCCESS", "", 2),
        ("ModifyUser", "FAILED", "101", 1),
    }
    records = [json.loads(line) for line in files["journal.jsonl"].splitlines()]
    assert {"create", "append", "schedule"} <= {each["call"] for each in records}
    assert json.loads(files["versions.json"])["libraries"]["pandas"]
    settings = {each["setting"]: each for each in json.loads(files["settings.json"])}
    assert settings["url"]["set"]
    assert "value" not in settings["url"]
    assert settings["chunk_tasks"]["value"] == 7


def test_nothing_of_the_workbook_the_person_or_a_secret_is_in_it(
    archive: tuple[dict[str, str], Any], tmp_path: Path
) -> None:
    files, _ = archive
    text = "\n".join(files.values()).replace("KanariProfile", "")
    assert not re.search(CANARY, text, flags=re.IGNORECASE)
    assert str(tmp_path) not in text


def test_what_is_in_it_is_shown_first(archive: tuple[dict[str, str], Any]) -> None:
    files, done = archive
    shown = done.stderr
    for name in files:
        assert name == "README.txt" or f"{name}: " in shown
    assert all(f"{name}: " in files["README.txt"] for name in files if name != "README.txt")


def test_an_archive_that_exists_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "L20260101-abcd.support.zip").write_text("mine", encoding="utf-8")
    env = {"XLSX2OPEASY_HOME": str(tmp_path / "home")}
    unknown = installed.run("support", "L20260101-abcd", cwd=tmp_path, env=env)
    assert unknown.returncode == 2
    assert (tmp_path / "L20260101-abcd.support.zip").read_text(encoding="utf-8") == "mine"
