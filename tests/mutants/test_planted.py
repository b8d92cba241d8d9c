"""The planted mutants still fit the code: `make mutants-planted` plays them."""

import re

import pytest

from . import planted


def test_there_are_enough() -> None:
    assert len(planted.patches()) >= 25


@pytest.mark.parametrize("patch", planted.patches(), ids=lambda patch: patch.stem)
def test_it_applies_and_stands_in_the_table(patch: planted.Path) -> None:
    assert planted.applied(patch, planted.ROOT, "--check"), "the code has changed: write the patch again"
    assert f"| {patch.stem} | {planted.what_it_breaks(patch)} |" in planted.PAGE.read_text(encoding="utf-8")


def test_the_story_that_finds_a_mutant_is_a_test_that_can_be_pasted() -> None:
    patch = planted.PATCHES / "refused-deletion-is-no-proof.patch"
    with planted.planted(patch) as tree:
        printed = planted.run(tree, "sim", "--seeds", "1", "--first", "1")
        pasted = re.search(r"^def test_seed_1\(.*?(?=^\S)", printed, re.MULTILINE | re.DOTALL)
        assert pasted, printed
        assert pasted[0].count("Step(") == 1, "the story is not the shortest"
        with (tree / "tests" / "test_sim.py").open("a", encoding="utf-8") as file:
            file.write(f"\n\n{pasted[0]}")
        test = ("pytest", "-q", "-p", "no:cacheprovider", "tests/test_sim.py", "-k", "test_seed_1")
        assert planted.run(tree, *test).endswith("failed"), "it passes with the mutant"
        assert planted.applied(patch, tree, "--reverse")
        passed = planted.run(tree, *test)
        assert not passed.endswith("failed"), passed
