"""A few seeds of the simulation (`make sim` plays many), the shortening of a story, and a planted fault."""

import sys
from collections import Counter
from pathlib import Path
from unittest import mock

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sim.__main__ import as_test, shortest
from sim.story import Step, play, story_of


@pytest.mark.parametrize("seed", range(12))
def test_a_seed(tmp_path: Path, seed: int) -> None:
    play(story_of(seed), seed, tmp_path, Counter())


def test_a_broken_promise_is_found_and_its_story_is_shortened() -> None:
    steps = [Step("sort", 0, 1), Step("load", 0, 9), Step("rename", 0, 2)]
    with mock.patch("sim.story.Story._outcomes", return_value=[]):  # a ledger in which nothing is
        fewer = shortest(steps, 1)
    assert fewer == [Step("load", 0, 9)]
    assert "Step(verb='load', machine=0, seed=9)" in as_test(fewer, 1)
