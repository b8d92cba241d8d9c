"""`undo` through its door: what a person types, reads and gets, on a sandbox of its own."""

from pathlib import Path

import pytest

from installed import run
from workbooks import write_workbook
from xlsx2opeasy.sandbox.serve import serve_in_thread

BOOK = {
    "Users": """
| command | groupId | user.userId | user.title |
| AddUser | Dallas | john.doe@example.com | |
| AddUser | Dallas | jane.doe@example.com | |
| ModifyUser | | jane.doe@example.com | Boss |
"""
}


def test_load_undo_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    book = write_workbook(tmp_path / "my branch.xlsx", BOOK)
    with serve_in_thread() as sandbox:
        env = {
            "OPEASY_URL": sandbox.url,
            "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id,
            "OPEASY_API_KEY": sandbox.api_key,
            "NO_COLOR": "1",
        }
        assert run("load", book, "--yes", env=env).returncode == 0
        job = run("jobs", "--json", env=env).stdout.partition('"id": "')[2][:14]
        assert f"Undo:       xlsx2opeasy undo {job}\n" in run("jobs", "show", job).stdout
        done = run("undo", job)
        target = tmp_path / "my branch.undo.xlsx"
        assert (done.returncode, done.stdout) == (0, f"2 tasks written to {target}. Nothing was sent.\n")
        assert done.stderr.splitlines() == [
            'Sheet "Not undone": 1 undone with another row',
            f"Next: look at it, then: xlsx2opeasy load '{target}'",
        ]
        assert sorted(sandbox.enterprise().users) == ["jane.doe@example.com", "john.doe@example.com"]
        assert run("check", target).returncode == 0
        chosen = run("undo", job, "--output", "my branch.undo.xlsx")
        assert (chosen.returncode, "exists and is not replaced" in chosen.stderr) == (7, True)
        forced = run("undo", job, "--output", "my branch.undo.xlsx", "--force")
        assert (forced.returncode, forced.stdout) == (0, done.stdout)
        assert run("undo", job, "--output", book, "--force").returncode == 7
        assert run("load", target, "--yes", env=env).returncode == 0
        assert sandbox.enterprise().users == {}
        assert run("load", book, "--again", "--yes", env=env).returncode == 0
        assert len(sandbox.enterprise().users) == 2


def test_what_has_no_undo_says_why(tmp_path: Path) -> None:
    unknown = run("undo", "L20261122-none")
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (
        2,
        "error: there is no job L20261122-none on this machine",
    )
    assert run("load", write_workbook(tmp_path / "branch.xlsx", BOOK), "--sandbox").returncode == 0
    job = run("jobs", "--json").stdout.partition('"id": "')[2][:14]
    rehearsed = run("undo", job, "--output", tmp_path / "undo.xlsx")
    assert rehearsed.returncode == 2
    assert f"job {job} was a rehearsal: it changed nothing but a sandbox that is gone" in rehearsed.stderr
    assert not (tmp_path / "undo.xlsx").exists()
