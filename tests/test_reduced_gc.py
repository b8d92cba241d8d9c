"""The garbage collector runs seldom while we work, and as before when we are done: the process is not ours."""

import gc
from pathlib import Path

import pytest

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.library import check
from xlsx2opeasy.reduced_gc import reduced_gc


def test_it_is_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with reduced_gc():
        assert gc.get_threshold()[0] >= 10 * before[0]
        assert gc.isenabled()
    assert gc.get_threshold() == before


def test_a_library_function_that_fails_leaves_it_as_it_was(tmp_path: Path) -> None:
    before = gc.get_threshold()
    within = []

    with pytest.raises(WorkbookUnusable):
        check(tmp_path / "none.xlsx", tell=lambda _: within.append(gc.get_threshold()))
    assert within == [(within[0][0], *before[1:])]
    assert within[0][0] > before[0]
    assert gc.get_threshold() == before
