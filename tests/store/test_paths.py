"""A path is one file on one machine only: another machine of the store has another workbook there, or the same.

And another account of the machine may not look at it.
"""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from closed import closed, never_with_overrides
from foreign.messages import Answer
from foreign.server import ForeignServer
from load.books import read_results, users, write_rows
from load.rig import Rig, executed
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.store.jobs import PostgresStore

from .fleet import Machine


@pytest.fixture
def on(
    new_store: Callable[[], PostgresStore], server: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Rig]:
    """From now on this process is on the machine of that name."""

    def move(name: str) -> Rig:
        monkeypatch.setattr(socket, "gethostname", lambda: name)
        return Rig(server, new_store())  # type: ignore[arg-type]

    return move


def put(folder: Path, first: int) -> Path:
    """A workbook at the one path, in place of the one of the other machine."""
    (folder / "users.xlsx").unlink(missing_ok=True)
    return write_rows(folder / "users.xlsx", {"Users": users(2, first=first)})


def cut_off(rig: Rig, book: Path) -> str:
    """A load that is left with an operation at the server."""
    rig.server.settings.polls_processing = 10**6
    result = rig.load(book, wait=0)
    rig.server.settings.polls_processing = 1
    assert result.status == "running"
    return str(result.job)


def test_another_workbook_at_the_same_path_of_another_machine_is_another_workbook(
    on: Callable[[str], Rig], server: ForeignServer, tmp_path: Path
) -> None:
    job = cut_off(on("alpha"), put(tmp_path, 1))
    theirs = on("beta").load(put(tmp_path, 10))
    assert (theirs.status, theirs.rows["succeeded"]) == ("completed", 2)
    ours = on("alpha").resume(job)
    assert (ours.status, ours.rows["succeeded"]) == ("completed", 2)
    assert set(executed(server).values()) == {1}


def test_on_its_own_machine_a_workbook_that_was_changed_is_still_that_of_its_unfinished_job(
    on: Callable[[str], Rig], tmp_path: Path
) -> None:
    job = cut_off(on("alpha"), put(tmp_path, 1))
    with pytest.raises(LoadRefused, match=f"job {job} .* with this workbook is unfinished"):
        on("alpha").load(put(tmp_path, 10))


@pytest.mark.parametrize("ends", [False, True], ids=["unfinished", "done"])
@pytest.mark.parametrize("folder", ["same", "other"])
def test_the_same_workbook_is_known_on_any_machine_wherever_it_is(
    on: Callable[[str], Rig], server: ForeignServer, tmp_path: Path, folder: str, *, ends: bool
) -> None:
    job = cut_off(on("alpha"), put(tmp_path, 1))
    if ends:
        on("alpha").resume(job)
    place = tmp_path if folder == "same" else tmp_path / "other"
    place.mkdir(exist_ok=True)
    with pytest.raises(LoadRefused) as refused:
        on("beta").load(put(place, 1))
    assert job in refused.value.message
    if ends:
        assert "users.results.xlsx on alpha" in refused.value.message
        assert f"xlsx2opeasy queue fetch {job} --output FILE" in refused.value.hint
    assert max(executed(server).values()) == 1


def test_a_job_that_sent_nothing_gives_way_to_its_own_workbook_alone(
    on: Callable[[str], Rig], server: ForeignServer, tmp_path: Path
) -> None:
    alpha = on("alpha")
    server.settings.before = lambda request: Answer(401)
    job = str(alpha.load(put(tmp_path, 1)).job)
    server.settings.before = lambda request: None
    assert on("beta").load(put(tmp_path, 10)).status == "completed"
    assert on("alpha").resume(job).status == "completed"
    assert set(executed(server).values()) == {1}


@pytest.mark.parametrize("there", ["shared folder", "another workbook", "nothing"])
def test_results_go_beside_a_workbook_of_another_machine_only_where_it_is_there(
    on: Callable[[str], Rig], tmp_path: Path, there: str
) -> None:
    book = put(tmp_path, 1)
    job = cut_off(on("alpha"), book)
    for each in tmp_path.glob("users.results*"):
        each.unlink()
    if there == "another workbook":
        put(tmp_path, 10)
    elif there == "nothing":
        book.unlink()
    before = sorted(each.name for each in tmp_path.iterdir())
    beta = on("beta")
    result = beta.resume(job)
    assert result.status == "completed"
    assert "was changed since" not in beta.notices
    if there == "shared folder":
        assert result.results == str(tmp_path / "users.results.xlsx")
        assert {row[0] for row in read_results(Path(result.results)).values()} == {"SUCCESS"}
    else:
        assert result.results is None
        assert sorted(each.name for each in tmp_path.iterdir()) == before
        assert "workbook is on alpha" in beta.notices
        assert f"queue fetch {job}" in beta.notices
        assert beta.home.job(job).results() is not None  # type: ignore[attr-defined]


def test_a_worker_of_another_account_of_the_machine_keeps_the_results_for_queue_fetch(
    machine: Callable[[str], Machine], server: ForeignServer, tmp_path: Path
) -> None:
    folder = tmp_path / "colleague"
    folder.mkdir()
    theirs, ours = machine("theirs"), machine("ours")
    theirs.run("queue", "add", put(folder, 1), "--yes")
    job = theirs.json("queue", "list")["items"][0]["job"]
    with closed(folder):
        worker = ours.start("worker", "--drain", preexec_fn=never_with_overrides)
        _, said = worker.communicate(timeout=300)
        assert (worker.returncode, ours.state(job)) == (0, "done"), said
    assert f"queue fetch {job}" in said
    ours.run("queue", "fetch", job, "--output", tmp_path / "fetched.xlsx")
    assert {row[0] for row in read_results(tmp_path / "fetched.xlsx").values()} == {"SUCCESS"}
    assert [each.name for each in folder.iterdir()] == ["users.xlsx"]
    assert set(executed(server).values()) == {1}
