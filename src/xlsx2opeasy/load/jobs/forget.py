"""Removing old jobs from this machine. What keeps a workbook from being loaded twice stays."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.state import UNKNOWN
from xlsx2opeasy.load.job.store import Store, StoredJob
from xlsx2opeasy.load.jobs.earlier import peek
from xlsx2opeasy.load.results.outcomes import fingerprints_kept
from xlsx2opeasy.spec.outcomes import Outcome


class Kept(StrEnum):
    """Why a job that is old enough is kept."""

    WORKED_ON = "a process works on it now"
    UNFINISHED = "it is not finished; resume or abandon it first"
    UNDECIDED = "it is not known what became of its rows; xlsx2opeasy resume says how that is settled"
    LEFT_OVER = "something of it is left at the server, which xlsx2opeasy resume deletes"
    ONLY_RESULTS = "its results workbook is nowhere else; move it away (xlsx2opeasy jobs show names it) first"
    PROTECTS = "its rows succeeded, or may have, and it keeps their workbook from being loaded twice"
    DAMAGED = "its files are damaged"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The jobs that were removed, and those that are old enough but kept."""

    removed: tuple[str, ...]
    kept: dict[str, Kept]


def forget(store: Store, older_than: timedelta, *, also_done: bool = False) -> Forgotten:
    """Removes the finished jobs that ended longer ago than `older_than`, and rehearsals without a process.

    A job with rows that succeeded is kept unless `also_done`: without it a load of the same workbook is no
    longer refused on this machine. Raises LocalFailure where the disk refuses.
    """
    before = (datetime.now(UTC) - older_than).isoformat(timespec="milliseconds")
    removed: list[str] = []
    kept: dict[str, Kept] = {}
    for stored in sorted(store.jobs(), key=lambda each: each.job_id):
        try:
            ended, why = _judge(stored, also_done=also_done)
        except LocalFailure:
            kept[stored.job_id] = Kept.DAMAGED
            continue
        if ended < before and why is None:
            _remove(stored)
            removed.append(stored.job_id)
        elif ended < before and why is not None:
            kept[stored.job_id] = why
    return Forgotten(tuple(removed), kept)


def _judge(stored: StoredJob, *, also_done: bool) -> tuple[str, Kept | None]:
    """When the job ended (or began), and why it must be kept."""
    facts, state = peek(stored)
    ended = state.finished_at or facts.created
    if stored.is_worked_on():
        return ended, Kept.WORKED_ON
    if (
        state.written
        and state.written == stored.where(name := Path(state.written).name)
        and stored.exists(name)
    ):
        return ended, Kept.ONLY_RESULTS
    if facts.rehearsal:
        return ended, None
    if state.finished is None:
        return ended, Kept.UNFINISHED
    if state.finished == UNKNOWN:
        return ended, Kept.UNDECIDED
    if not state.cleaned:
        return ended, Kept.LEFT_OVER
    kept = fingerprints_kept(stored)
    protects = kept[Outcome.SUCCESS] or kept[Outcome.UNKNOWN]
    return ended, Kept.PROTECTS if protects and not also_done else None


def _remove(stored: StoredJob) -> None:
    try:
        stored.remove()
    except OSError as error:
        raise LocalFailure(
            f"job {stored.job_id} could not be removed: {error.strerror or error}",
            f"look at {stored.where()}",
        ) from error
