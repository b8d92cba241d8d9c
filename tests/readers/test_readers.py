"""A seeded share of `make fuzz-readers`, in this process; what the campaign found is tested where it belongs."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from load.crash import Frozen
from load.fuzz import frozen_jobs
from readers.answer_seeds import play_commands, play_load
from readers.answers import DAMAGE, SPELLINGS, slots
from readers.bases import BASES, bases
from readers.judged import Broken, same_facts
from readers.packages import Book
from readers.workbook_seeds import Plan, facts, judged, play
from xlsx2opeasy.ooxml import tags

BOOKS = bases(programs=False)


@pytest.fixture(scope="module")
def before() -> Mapping[str, Mapping[str, Any]]:
    return facts(BOOKS)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> list[Frozen]:
    return frozen_jobs(tmp_path_factory.mktemp("readers") / "jobs")


@pytest.mark.parametrize("first", range(0, 40, 8))
def test_workbooks(before: Mapping[str, Mapping[str, Any]], first: int) -> None:
    played = 0
    for seed in range(first, first + 8):
        plan = Plan.of(seed)
        if (base := BOOKS[plan.base]) is not None:
            data, _ = plan.made(base)
            played += len(list(judged(before[plan.base], data, plan)))
    assert played


@pytest.mark.parametrize("seed", [1, 4, 5, 9])
def test_answers_to_a_load(jobs: list[Frozen], tmp_path: Path, seed: int) -> None:
    play_load(seed, jobs, tmp_path, Counter())


@pytest.mark.parametrize("seed", range(8))
def test_answers_to_commands(tmp_path: Path, seed: int) -> None:
    play_commands(seed, tmp_path, Counter())


def test_a_reader_that_takes_any_order_of_tags_is_found(
    before: Mapping[str, Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ours did before the campaign."""
    monkeypatch.setattr(tags, "_MAY_FOLLOW", np.ones(1 << 10, np.bool_))
    found = []
    for seed in range(120):
        plan = Plan.of(seed)
        if (base := BOOKS[plan.base]) is None or plan.harmless:
            continue
        try:
            list(judged(before[plan.base], plan.made(base)[0], plan))
        except Broken as error:
            found.append(str(error))
            break
    assert found
    assert "the quick scanner" in found[0]


def test_a_seed_makes_the_same_workbook_again() -> None:
    for seed in range(30):
        plan = Plan.of(seed)
        assert plan == Plan.of(seed)
        if (base := BOOKS[plan.base]) is not None:
            assert plan.made(base) == plan.made(base)


def test_a_package_that_is_not_changed_is_read_as_before(before: Mapping[str, Mapping[str, Any]]) -> None:
    from readers.judged import Reading, reading

    for name in BASES:
        if (base := BOOKS[name]) is not None:
            again = reading(Book.of(base).packed())
            assert isinstance(again, Reading)
            assert same_facts(again.facts, before[name]) == ""


def test_other_spellings_of_an_answer_say_the_same() -> None:
    import json

    body = {"id": "a/b", "items": [{"task": {"content": {"user": {"userId": "ü"}}}}, {}], "size": 1}
    for change in SPELLINGS:
        for seed in range(10):
            made, _ = change(json.loads(json.dumps(body)), Random(seed))
            read = json.loads(made.decode("utf-8-sig"))
            for each in [read, *(where[key] for where, key in slots(read))]:
                if isinstance(each, dict):
                    for name in ("zz", "x-new", "links", "metadata"):
                        each.pop(name, None)
            assert read == body, change.__name__


def test_damage_is_always_bytes() -> None:
    for change in DAMAGE:
        for body in ({"a": [1, {"b": None}]}, [], {}, None, 1):
            content, told = change(body, Random(1))
            assert isinstance(content, bytes)
            assert told


def test_a_seed_is_held_in_a_process_of_its_own(before: Mapping[str, Mapping[str, Any]]) -> None:
    plan = next(plan for plan in map(Plan.of, range(100)) if plan.harmless and plan.base == "google")
    assert play(plan, BOOKS, before).counted[:1] == ("read",)
