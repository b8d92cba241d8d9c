"""A few seeds of the simulation (`make sim` plays many), the shortening of a story, and a planted fault."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from unittest import mock

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sim import campaign, marks
from sim.campaign import as_test, shortest
from sim.story import Step, play, story_of

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("seed", range(12))
def test_a_seed(tmp_path: Path, seed: int) -> None:
    play(story_of(seed), seed, tmp_path, Counter())


def test_a_broken_promise_is_found_and_its_story_is_shortened() -> None:
    steps = [Step("sort", 0, 1), Step("load", 0, 9, "status: cut"), Step("rename", 0, 2)]
    with mock.patch("sim.story.Story._outcomes", return_value=[]):  # a ledger in which nothing is
        fewer = shortest(steps, 1)
    assert fewer == [Step("load", 0, 9)]
    assert "Step(verb='load', machine=0, seed=9, aim='')" in as_test(fewer, 1)


def test_a_power_cut_takes_no_job_whose_requests_were_sent(tmp_path: Path) -> None:
    """The folders above the first job were lost with it; the workbook could have been loaded again."""
    play([Step("load", 0, 282910751, "delete: power fails")], 248, tmp_path, Counter())


def what_happened(seed: int, folder: Path) -> str:
    """A digest of all that people, wire and disk did in a story, and of the server's ledger."""
    folder.mkdir()
    world = play(story_of(seed), seed, folder, Counter())
    calls = (f"{each.method} {each.path} {each.status}" for each in world.truth.calls)
    text = "\n".join([*world.log, *calls, *map(str, world.truth.applied)])
    return hashlib.sha256(text.replace(str(folder), "").encode()).hexdigest()


def test_a_seed_is_one_story_whatever_the_process(tmp_path: Path) -> None:
    here = [what_happened(seed, tmp_path / str(seed)) for seed in range(40, 46)]
    code = (
        "import sys; from pathlib import Path; from test_sim import what_happened\n"
        "for seed in range(40, 46): print('digest', what_happened(seed, Path(sys.argv[1], str(seed))))"
    )
    for hashes in ("0", "4711"):
        folder = tmp_path / hashes
        folder.mkdir()
        there = subprocess.run(
            (sys.executable, "-c", code, str(folder)),
            check=True,
            cwd=ROOT / "tests",
            env=os.environ | {"PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
        ).stdout
        assert [line.split()[1] for line in there.splitlines() if line.startswith("digest")] == here


def test_rare_branches_have_names_of_their_own() -> None:
    named = marks.every()
    assert len(named) >= 60
    assert [name for name, times in Counter(named).items() if times > 1] == []


def test_a_rare_branch_is_counted_where_its_statement_is_reached() -> None:
    source = "def f(x):\n    if x:\n        # rare: x is true\n        return 1\n    return 2\n"
    reached: list[str] = []
    room = {"_reached": reached.append}
    exec(compile(marks.marked(source, "m.py"), "m.py", "exec"), room)
    f = room["f"]
    assert callable(f)
    assert (f(0), reached) == (2, [])
    assert (f(1), reached) == (1, ["x is true"])
    with pytest.raises(ValueError, match="no statement follows"):
        marks.marked("x = 1\n# rare: nothing comes\n", "m.py")


def test_a_campaign_that_misses_a_rare_branch_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        mock.patch.object(sys, "argv", ["sim", "--seeds", "1"]),
        mock.patch.object(campaign, "ENOUGH", 1),
        mock.patch.object(campaign, "broken_by", return_value=None),
        mock.patch.object(marks, "REACHED", Counter(marks.every()[1:])),
    ):
        assert campaign.main() == 1
        assert f"not reached: {marks.every()[0]}\n" in capsys.readouterr().out
        marks.REACHED[marks.every()[0]] = 1
        assert campaign.main() == 0


def test_a_full_disk_does_not_hide_that_the_server_is_away(tmp_path: Path) -> None:
    play([Step("load", 0, 83971291, "login: long unreached")], 747, tmp_path, Counter())


@pytest.mark.parametrize("seed", [504, 892])
def test_a_disk_that_refuses_what_undo_needs_is_no_broken_promise(tmp_path: Path, seed: int) -> None:
    chances = {504: 75718654, 892: 255000408}
    play([Step("load", 0, chances[seed])], seed, tmp_path, Counter())
