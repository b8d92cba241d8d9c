"""What the server's validation set aside: its messages, kept until the rows get them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xlsx2opeasy.durable import what_helps, why_refused
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import Fact
from xlsx2opeasy.load.job.store import result_place


@dataclass(frozen=True, slots=True)
class Rejection:
    """A task that the server's validation set aside: its place among the sent tasks of its type."""

    type: str
    index: int
    error_id: str
    messages: tuple[str, ...]


def keep_rejections(job: OpenJob, phase: PhaseFacts, rejections: Sequence[Rejection]) -> None:
    """Puts them on disk, secrets masked. Raises LocalFailure where the disk refuses."""
    kept = [[each.type, each.index, each.error_id, list(each.messages)] for each in rejections]
    name = _file_name(phase)
    try:
        job.stored.write(name, json.dumps(kept).encode())
    except OSError as error:
        raise LocalFailure(
            f"{job.stored.where(name)} cannot be written: {why_refused(error)}",
            f"nothing was scheduled; {what_helps(error, job.stored.where())}",
        ) from error
    job.note(phase.number, Fact.REJECTIONS, count=len(kept))


def read_rejections(job: OpenJob, phase: PhaseFacts) -> list[Rejection]:
    """The validation errors of a phase, where there were any. Raises LocalFailure where they are damaged."""
    if not job.phase_state(phase).rejections_saved:
        return []
    name = _file_name(phase)
    try:
        raw: list[Any] = json.loads(job.stored.read(name))
        return [Rejection(name, index, error_id, tuple(said)) for name, index, error_id, said in raw]
    except (OSError, ValueError, TypeError) as error:
        raise LocalFailure(
            f"{job.stored.where(name)} is damaged: {error}", "nothing further was done with this job"
        ) from error


def _file_name(phase: PhaseFacts) -> str:
    return result_place(f"phase-{phase.number}-rejections.json")
