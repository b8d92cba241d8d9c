"""What is known of a job: its facts, its rows, its files, and the state that follows from its journal."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Self

from xlsx2opeasy.load.job.chunk_files import ChunkFile, Digest, digest_of, read_chunk, read_texts
from xlsx2opeasy.load.job.facts import JobFacts, JobRow, PhaseFacts, read_facts, read_records, read_rows
from xlsx2opeasy.load.job.fold import fold
from xlsx2opeasy.load.job.state import JobState, PhaseState
from xlsx2opeasy.load.job.store import StoredJob


class KnownJob:
    """To be read only; another process may be working on the job."""

    def __init__(self, stored: StoredJob, facts: JobFacts, rows: Sequence[JobRow], state: JobState) -> None:
        self.stored = stored
        self.facts = facts
        self.rows = rows
        self.state = state

    @classmethod
    def read(cls, stored: StoredJob) -> Self:
        """The job as it is now. Raises LocalFailure where one of its files is damaged."""
        facts = read_facts(stored)
        state = fold(read_records(stored, facts))
        return cls(stored, facts, read_rows(stored, facts), state)

    @cached_property
    def digest(self) -> Digest:
        """How the digests of the job's chunk files and workbooks are made."""
        return digest_of(self.stored, keyed=self.facts.is_keyed)

    @cached_property
    def rows_of_phase(self) -> Mapping[int, Sequence[JobRow]]:
        """The rows of each phase, in the order in which they are sent."""
        return {
            phase.number: [row for row in self.rows if row.phase == phase.number]
            for phase in self.facts.phases
        }

    def phase_state(self, phase: PhaseFacts) -> PhaseState:
        """What is known of the phase's operation."""
        return self.state.phase(phase.number)

    def chunks(self, phase: PhaseFacts) -> tuple[ChunkFile, ...]:
        """The chunk files in force: the plan's, or those that were cut again."""
        cut_again = self.phase_state(phase).chunks
        return phase.chunks if cut_again is None else tuple(ChunkFile(**each) for each in cut_again)

    def counts(self, phase: PhaseFacts, chunks: int) -> dict[str, int]:
        """How many tasks of each type the first `chunks` files in force hold."""
        counts: dict[str, int] = {}
        for chunk in self.chunks(phase)[:chunks]:
            for name, number in chunk.counts.items():
                counts[name] = counts.get(name, 0) + number
        return counts

    def sent_rows(self, phase: PhaseFacts) -> dict[str, list[JobRow]]:
        """By type, the rows whose tasks are in the chunk files in force, in the files' order."""
        left_out = self.phase_state(phase).left_out
        rows = self.rows_of_phase[phase.number]
        if left_out:
            rows = [row for place, row in enumerate(rows) if place not in left_out]
        by_type: dict[str, list[JobRow]] = {}
        for row in rows:
            by_type.setdefault(row.type, []).append(row)
        return by_type

    def sent_tasks(self, phase: PhaseFacts, task_type: str) -> Iterator[Mapping[str, Any]]:
        """The tasks of one type in the chunk files in force; they correspond to `sent_rows` one by one."""
        for chunk in self.chunks(phase):
            if chunk.counts.get(task_type):
                yield from read_chunk(self.stored, chunk, self.digest).get(task_type, ())

    def sent_texts(self, phase: PhaseFacts, task_type: str) -> Iterator[bytes]:
        """The JSON of each of these tasks, byte for byte."""
        for chunk in self.chunks(phase):
            if chunk.counts.get(task_type):
                yield from read_texts(self.stored, chunk, self.digest, task_type)
