"""Jobs of other versions: a newer one is refused by name and version, never called damaged."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.errors import LocalFailure, Xlsx2OpeasyError
from xlsx2opeasy.load.job.facts import read_facts, read_rows
from xlsx2opeasy.load.job.home import JobFolder
from xlsx2opeasy.load.jobs.forget import forget
from xlsx2opeasy.load.jobs.listing import job_of
from xlsx2opeasy.load.run.follow import PollPolicy
from xlsx2opeasy.report.data import report_data
from xlsx2opeasy.support import pieces
from xlsx2opeasy.undo.workbook import undo_of

from .books import user_book
from .rig import Rig, executed


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


class Later(StrEnum):
    MAYBE = "MAYBE"


def later_line(path: Path) -> None:
    """One more value in the first line, as a later version might write it."""
    first, *others = path.read_text().splitlines()
    more = first.rstrip("]}") + (', "more"]' if first.endswith("]") else ', "more": 1}')
    path.write_text("\n".join([more, *others]))


def later_word(path: Path) -> None:
    path.write_text(path.read_text().replace('"SUCCESS"', '"PARTIAL"'))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def report_of(rig: Rig, stored: JobFolder, book: Path) -> object:
    return report_data(stored)


def archive_of(rig: Rig, stored: JobFolder, book: Path) -> object:
    return pieces(stored)


def loaded_again(rig: Rig, stored: JobFolder, book: Path) -> object:
    return rig.load(book)


def resumed(rig: Rig, stored: JobFolder, book: Path) -> object:
    return list(rig.resume(stored.job_id).failures())


def undone(rig: Rig, stored: JobFolder, book: Path) -> object:
    return undo_of(stored)


def forgotten(rig: Rig, stored: JobFolder, book: Path) -> object:
    return forget(rig.home, timedelta(0))


def listed(rig: Rig, stored: JobFolder, book: Path) -> object:
    return job_of(stored)


Use = Callable[[Rig, JobFolder, Path], object]
USES: tuple[Use, ...] = (report_of, archive_of, loaded_again, resumed, undone, forgotten, listed)


def said_by(use: Use, *arguments: Any) -> str:
    """The refusal of a use; "" where it found a way."""
    try:
        use(*arguments)
    except Xlsx2OpeasyError as refused:
        return f"{refused.exit_code} {refused.message}"
    return ""


@pytest.mark.parametrize("name", ["outcomes.jsonl", "done.jsonl", "rows.jsonl", "job.json"])
@pytest.mark.parametrize("change", [later_line, later_word, cut])
def test_no_use_of_a_changed_file_is_a_mistake_or_loads_a_row_twice(
    rig: Rig, tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    book = user_book(tmp_path / "a.xlsx")
    stored = rig.home.job(str(rig.load(book).job))
    sent = executed(rig.server)
    change(stored.path / name)
    for use in USES:
        assert said_by(use, rig, stored, book)[:2] in ("", "5 ", "6 "), use
    assert executed(rig.server) == sent


@pytest.mark.parametrize("kind", ["note", "call", "verdict"])
def test_a_record_of_a_later_version_is_named_and_nothing_is_sent(
    rig: Rig, tmp_path: Path, kind: str
) -> None:
    book = user_book(tmp_path / "a.xlsx")
    stored = rig.home.job(str(rig.load(book).job))
    with stored.working():
        journal = stored.open_journal()
        if kind == "note":
            journal.note(1, "teleported")
        elif kind == "call":
            journal.intent(1, "merge")
        else:
            journal.outcome(journal.intent(1, "append"), Later.MAYBE)  # type: ignore[arg-type]
        journal.close()
    sent = executed(rig.server)
    for use in USES:
        said = said_by(use, rig, stored, book)
        if use in (loaded_again, resumed):
            assert stored.job_id in said
            assert "a later version went on with the job" in said
    assert "a later version" in str(job_of(stored).message)
    assert stored.exists("job.json")
    assert executed(rig.server) == sent


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


def test_a_pause_is_half_of_the_interval_and_by_chance_up_to_the_whole() -> None:
    polls = PollPolicy()
    assert [polls.pause(8.0, None, chance) for chance in (min, max)] == [4.0, 8.0]
    assert [polls.pause(8.0, 7.0, chance) for chance in (min, max)] == [7.0, 8.0]


def test_an_interval_that_was_asked_for_is_kept() -> None:
    polls = PollPolicy(fixed=5.0)
    assert polls.beginning == 5.0
    assert polls.pause(polls.following(5.0, 9999), None, lambda _, high: high) == 5.0
    assert polls.pause(5.0, 30.0, lambda _, high: high) == 30.0
