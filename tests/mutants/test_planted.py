"""The planted mutants still fit the code: `make mutants-planted` plays them."""

import pytest

from . import planted


def test_there_are_enough() -> None:
    assert len(planted.patches()) >= 25


@pytest.mark.parametrize("patch", planted.patches(), ids=lambda patch: patch.stem)
def test_it_applies_and_stands_in_the_table(patch: planted.Path) -> None:
    assert planted.applied(patch, planted.ROOT, "--check"), "the code has changed: write the patch anew"
    assert f"| {patch.stem} | {planted.what_it_breaks(patch)} |" in planted.PAGE.read_text(encoding="utf-8")
