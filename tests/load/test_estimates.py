"""How long a load may take: from earlier jobs at the same server, and while it runs."""

from pathlib import Path

from foreign.server import ForeignServer
from xlsx2opeasy.load.estimate import Pace, pace_of
from xlsx2opeasy.load.events import LoadEstimated, RunProgress
from xlsx2opeasy.load.plan.staging import Staging, StopAfter

from .books import user_book, users, write_rows
from .command import run
from .rig import Rig


def estimates(rig: Rig) -> list[LoadEstimated]:
    return [each for each in rig.events if isinstance(each, LoadEstimated)]


def test_a_first_load_knows_its_requests_and_the_next_one_its_time(
    rig: Rig, server: ForeignServer, tmp_path: Path
) -> None:
    rig.load(user_book(tmp_path / "a.xlsx", 20))
    (first,) = estimates(rig)
    assert (first.seconds, first.jobs) == (None, 0)
    assert first.requests <= len(server.requests)
    rig.load(write_rows(tmp_path / "b.xlsx", {"Users": users(40, first=100)}))
    second = estimates(rig)[-1]
    assert second.jobs == 1
    assert second.seconds is not None
    assert second.seconds > 0
    assert pace_of(rig.home, "http://elsewhere.example") == Pace()


def test_what_is_done_is_known_and_what_is_left_is_estimated(
    rig: Rig, server: ForeignServer, tmp_path: Path
) -> None:
    rig.load(user_book(tmp_path / "a.xlsx", 40), staging=Staging(5, StopAfter(100, percent=True)))
    seen = [each for each in rig.events if isinstance(each, RunProgress)]
    assert [each.done for each in seen] == sorted(each.done for each in seen)
    assert {each.rows for each in seen} == {40}
    assert (seen[0].done, seen[0].seconds_left) == (0, None)
    assert (seen[-1].done, seen[-1].seconds_left) == (40, 0)
    assert all(each.rate and each.seconds_left is not None for each in seen[1:])


def test_the_screen_says_both(tmp_path: Path, home: Path, server: ForeignServer, env: dict[str, str]) -> None:
    quick = ("--yes", "--poll-interval", "0.05", "--canary", "2")
    first = run("load", user_book(tmp_path / "a.xlsx", 5), *quick, env=env)
    assert "At least 19 requests\n" in first.err, first.err
    assert "2 of 5 rows done" in first.err
    assert "left (estimated)" in first.err
    second = run("load", write_rows(tmp_path / "b.xlsx", {"Users": users(5, first=9)}), *quick, env=env)
    assert "as 1 earlier job at this server went" in second.err
