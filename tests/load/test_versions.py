"""Jobs of other versions: a newer one is refused by name and version, never called damaged."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.facts import read_facts, read_rows
from xlsx2opeasy.load.run.follow import PollPolicy

from .books import user_book
from .rig import Rig


def changed(path: Path, **more: Any) -> None:
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(raw | more))


@pytest.mark.parametrize("more", [{"schema_version": 99}, {"colour": "red"}])
def test_a_newer_job_is_refused_by_name_and_version(rig: Rig, tmp_path: Path, more: dict[str, Any]) -> None:
    done = rig.load(user_book(tmp_path / "a.xlsx"))
    stored = rig.home.job(str(done.job))
    changed(stored.path / "job.json", tool_version="9.1", **more)
    with pytest.raises(LocalFailure) as refused:
        read_facts(stored)
    assert str(done.job) in refused.value.message
    assert "xlsx2opeasy 9.1" in refused.value.message
    assert "damaged" not in refused.value.message


def test_newer_rows_are_refused_likewise(rig: Rig, tmp_path: Path) -> None:
    done = rig.load(user_book(tmp_path / "a.xlsx"))
    stored = rig.home.job(str(done.job))
    rows = stored.path / "rows.jsonl"
    lines = [json.dumps(json.loads(each) | {"colour": "red"}) for each in rows.read_text().splitlines()]
    rows.write_text("\n".join(lines))
    digest = hashlib.sha256(rows.read_bytes()).hexdigest()
    changed(stored.path / "job.json", tool_version="9.1", rows_sha256=digest)
    with pytest.raises(LocalFailure, match=r"xlsx2opeasy 9\.1"):
        read_rows(stored, read_facts(stored))


@given(st.lists(st.floats(0, 100_000), max_size=30), st.one_of(st.none(), st.floats(0, 1000)))
def test_polls_grow_to_their_bounds_and_wait_as_long_as_the_server_asks(
    times: list[float], asked: float | None
) -> None:
    polls = PollPolicy()
    interval = polls.beginning
    for passed in sorted(times):
        following = polls.following(interval, passed)
        assert following <= (polls.late if passed > polls.late_after else polls.longest)
        interval = following
        for jitter in (lambda low, _: low, lambda _, high: high):
            pause = polls.pause(interval, asked, jitter)
            assert pause >= max(interval / 2, asked or 0)
            assert pause <= max(interval, asked or 0)


def test_an_interval_that_was_asked_for_is_kept() -> None:
    polls = PollPolicy(fixed=5.0)
    assert polls.beginning == 5.0
    assert polls.pause(polls.following(5.0, 9999), None, lambda _, high: high) == 5.0
    assert polls.pause(5.0, 30.0, lambda _, high: high) == 30.0
