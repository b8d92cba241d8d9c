"""What new users stumbled over in `load` and `resume`: each is told in a plain sentence, and costs nothing."""

import os
from pathlib import Path

import click
import pytest

from xlsx2opeasy.cli.main import COMMANDS, LazyGroup

from .books import outcomes, user_book
from .command import run
from .rig import Rig

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
