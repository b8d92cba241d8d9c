"""Building the draft of one phase: create, append, verify. A draft in doubt is deleted and built anew.

A draft is inert until it is scheduled, so whatever happens here provisions nothing. What must never happen is
that a draft is believed to be complete which is not: counts and downloaded content must equal what was sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import ServiceFailed
from xlsx2opeasy.load.cutting import cut_smaller
from xlsx2opeasy.load.events import ChunkAccepted, DraftVerified, Listener, Notice
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job import PhaseFacts
from xlsx2opeasy.load.match import match
from xlsx2opeasy.load.open_job import OpenJob
from xlsx2opeasy.load.state import Call, Fact
from xlsx2opeasy.opeasy import (
    CallError,
    Classification,
    OpEasyClient,
    Operation,
    Task,
    ValidationError,
    read_tasks,
    read_validation_errors,
)
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import TaskType

MAX_BUILDS = 3
MAX_UNANSWERED_CREATES = 3

Counts = Mapping[str, int]


class DraftInDoubtError(Exception):
    """What the draft holds is not certain, or not what was sent: it must be deleted and built anew."""


class DraftGoneError(Exception):
    """The server no longer knows the draft (404)."""


class ChunkTooLargeError(Exception):
    """The server refused a chunk file for its size (413)."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A task that the server's validation set aside: its place among the sent tasks of its type."""

    type: str
    index: int
    error_id: str
    messages: tuple[str, ...]


class DraftBuilder:
    """Brings the draft of one phase to VERIFIED, from wherever the journal says that it stands."""

    def __init__(
        self,
        job: OpenJob,
        phase: PhaseFacts,
        client: OpEasyClient,
        interruption: Interruption,
        tell: Listener,
    ) -> None:
        self._job = job
        self._phase = phase
        self._number = phase.number
        self._client = client
        self._interruption = interruption
        self._tell = tell
        self._unanswered_creates = 0
        self._counted_here = False

    def build(self) -> None:
        """Raises ServiceFailed where the server does not take the draft as it is sent."""
        problem = ""
        for _ in range(MAX_BUILDS):
            try:
                self._open()
                self._append_all()
                self._verify()
            except DraftGoneError:
                problem = "the server no longer knew the draft"
                self._job.note(self._number, Fact.GONE)
            except DraftInDoubtError as doubt:
                problem = str(doubt)
                self.delete_draft()
            except ChunkTooLargeError:
                self.delete_draft()
                cut_smaller(self._job, self._phase)
                self._tell(Notice("The server refused a file for its size: the chunks were cut in half."))
                return self.build()
            else:
                return None
            self._tell(Notice(f"A draft was given up and is built anew: {problem}."))
        raise ServiceFailed(
            f"the server did not take the tasks as they were sent: {problem}",
            "nothing was scheduled, so nothing was provisioned",
        )

    def delete_draft(self) -> None:
        """Deletes the draft until the server says that it is gone. Raises what the client raises."""
        state = self._job.phase_state(self._phase)
        if (draft := state.operation_id) is not None:
            self._job.mutate(
                self._number, Call.DELETE_DRAFT, lambda _: self._client.delete_operation(draft), id=draft
            )

    # -- opening ------------------------------------------------------------------------------------------

    def _open(self) -> None:
        state = self._job.phase_state(self._phase)
        if state.operation_id is None:
            self._create()
        elif state.rejections_saved:
            raise DraftInDoubtError("it was being cleared of rejected tasks when the load was cut off")
        elif not self._counted_here:
            self._count_again()
        self._counted_here = True

    def _create(self) -> None:
        shell = self._job.folder.chunks / "empty.json"
        if not shell.exists():
            write_file(shell, b'{"tasks":{}}')
        name = f"xlsx2opeasy-{self._job.facts.job}-{self._number}-0000.json"
        while True:
            self._interruption.checkpoint()
            try:
                self._job.mutate(
                    self._number,
                    Call.CREATE,
                    lambda request: self._client.create_operation(shell, filename=name, request_id=request),
                    lambda operation: {"id": operation.id},
                    file=name,
                )
            except CallError as error:
                self._unanswered_creates += error.classification is Classification.UNKNOWN
                unknown = error.classification is Classification.UNKNOWN
                if not unknown or self._unanswered_creates >= MAX_UNANSWERED_CREATES:
                    raise
                self._tell(
                    Notice(
                        "A request to create a draft got no answer: an empty draft may be left at the server"
                        f" (file {name}, request {error.request_id}). It does nothing."
                    )
                )
            else:
                return

    def _count_again(self) -> None:
        """A draft of an earlier run: what the server holds decides whether it can be gone on with."""
        state = self._job.phase_state(self._phase)
        counts = self._received()
        if state.append_in_doubt is not None and counts == self._expected(state.appended + 1):
            self._job.note(self._number, Fact.CONFIRMED)
        elif state.append_in_doubt is not None or counts != self._expected(state.appended):
            raise DraftInDoubtError("its counts are not those of the chunks that were sent")

    # -- appending ----------------------------------------------------------------------------------------

    def _append_all(self) -> None:
        chunks = self._job.chunks(self._phase)
        while (index := self._job.phase_state(self._phase).appended) < len(chunks):
            self._interruption.checkpoint()
            self._append(index, chunks[index].file)
            self._tell(ChunkAccepted(self._number, index + 1, sum(chunks[index].counts.values())))

    def _append(self, index: int, file: str) -> None:
        draft = str(self._job.phase_state(self._phase).operation_id)
        path = self._job.folder.chunks / file
        name = f"xlsx2opeasy-{self._job.facts.job}-{self._number}-{index + 1:04}.json"
        try:
            operation = self._job.mutate(
                self._number,
                Call.APPEND,
                lambda request: self._client.append_tasks(draft, path, filename=name, request_id=request),
                chunk=index,
                file=name,
                id=draft,
            )
        except CallError as error:
            self._after_failed_append(error, index)
        else:
            self._hold_counts(operation, index + 1)

    def _after_failed_append(self, error: CallError, index: int) -> None:
        if error.classification is Classification.UNKNOWN:
            if self._received() != self._expected(index + 1):
                raise DraftInDoubtError("a chunk got no answer, and the counts do not show it") from error
            self._job.note(self._number, Fact.CONFIRMED)
        elif error.http_status == 404:
            raise DraftGoneError from error
        elif error.http_status == 413:
            raise ChunkTooLargeError from error
        elif error.http_status == 409:
            raise DraftInDoubtError("the server called a chunk a conflict") from error
        else:
            raise error

    def _hold_counts(self, operation: Operation, chunks: int) -> None:
        """The answer's counts must be those of what was sent; else the second of two equal looks decides."""
        expected = self._expected(chunks)
        if _received(operation) == expected:
            return
        first, second = self._received(), self._received()
        if first != second or second != expected:
            raise DraftInDoubtError(f"the server counts {_spoken(second)}, sent were {_spoken(expected)}")

    def _expected(self, chunks: int) -> Counts:
        counts: dict[str, int] = {}
        for chunk in self._job.chunks(self._phase)[:chunks]:
            for name, number in chunk.counts.items():
                counts[name] = counts.get(name, 0) + number
        return counts

    def _received(self) -> Counts:
        return _received(self._operation())

    def _operation(self) -> Operation:
        draft = str(self._job.phase_state(self._phase).operation_id)
        try:
            return self._client.get_operation(draft)
        except CallError as error:
            if error.http_status == 404:
                raise DraftGoneError from error
            raise

    # -- verifying ----------------------------------------------------------------------------------------

    def _verify(self) -> None:
        if self._job.phase_state(self._phase).verified:
            return
        self._interruption.checkpoint()
        operation = self._operation()
        expected = self._expected(len(self._job.chunks(self._phase)))
        if _received(operation) != expected:
            counted = _spoken(_received(operation))
            raise DraftInDoubtError(f"the server counts {counted}, sent were {_spoken(expected)}")
        rejections = self._compare(operation)
        if rejections:
            self._keep(rejections)
            if self._job.facts.drop_rejected:
                self._drop(rejections, expected)
        self._job.note(self._number, Fact.VERIFIED, id=operation.id)
        self._tell(DraftVerified(self._number, operation.id, len(rejections)))

    def _compare(self, operation: Operation) -> list[Rejection]:
        """Every task that was sent is at the server, as it was sent, either taken or set aside."""
        rejections: list[Rejection] = []
        for name, ours in self._job.sent_tasks(self._phase).items():
            self._interruption.checkpoint()
            held = self._held(operation, BY_NAME[name])
            set_aside = self._set_aside(operation, BY_NAME[name])
            theirs = [{"command": task.command, "content": task.content} for task in held]
            theirs += [{"command": each.task.command, "content": each.task.content} for each in set_aside]
            found = match(name, ours, theirs)
            if not found.complete:
                raise DraftInDoubtError(self._differences(name, found.pairs, len(found.foreign)))
            for index, other in enumerate(found.pairs):
                if other is not None and other >= len(held):
                    error = set_aside[other - len(held)]
                    rejections.append(Rejection(name, index, error.id, error.messages))
        return rejections

    def _held(self, operation: Operation, task_type: TaskType) -> Sequence[Task]:
        target = self._job.folder.results / f"phase-{self._number}-draft-{task_type.name}.json"
        self._client.download_tasks(operation.id, task_type, target)
        try:
            return read_tasks(target, task_type)
        finally:
            target.unlink(missing_ok=True)  # it holds the tasks' passwords

    def _set_aside(self, operation: Operation, task_type: TaskType) -> Sequence[ValidationError]:
        if not operation.tasks[task_type.name].validation_errors:
            return ()
        target = self._job.folder.results / f"phase-{self._number}-errors-{task_type.name}.json"
        self._client.download_validation_errors(operation.id, task_type, target)
        try:
            return read_validation_errors(target, task_type)
        finally:
            target.unlink(missing_ok=True)

    def _differences(self, name: str, pairs: Sequence[int | None], foreign: int) -> str:
        rows = self._job.sent_rows(self._phase)[name]
        missing = [
            f"{rows[index].sheet} row {rows[index].row}" for index, pair in enumerate(pairs) if pair is None
        ]
        listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        return f"the server does not hold {listed} as sent, and holds {foreign} tasks that were not sent so"

    def _keep(self, rejections: Sequence[Rejection]) -> None:
        kept = [[each.type, each.index, each.error_id, list(each.messages)] for each in rejections]
        write_file(rejections_file(self._job, self._phase), json.dumps(kept).encode())
        self._job.note(self._number, Fact.REJECTIONS, count=len(kept))

    def _drop(self, rejections: Sequence[Rejection], expected: Counts) -> None:
        draft = str(self._job.phase_state(self._phase).operation_id)
        for each in rejections:
            self._interruption.checkpoint()
            self._client.delete_validation_error(draft, BY_NAME[each.type], each.error_id)
        left = dict(expected)
        for each in rejections:
            left[each.type] -= 1
        operation = self._operation()
        if operation.validation_errors or _received(operation) != {k: v for k, v in left.items() if v}:
            raise DraftInDoubtError("the rejected tasks could not be taken out of it")


def rejections_file(job: OpenJob, phase: PhaseFacts) -> Path:
    """Where the server's validation errors of a phase are kept, secrets masked."""
    return job.folder.results / f"phase-{phase.number}-rejections.json"


def read_rejections(job: OpenJob, phase: PhaseFacts) -> list[Rejection]:
    """The validation errors of a phase, where there were any."""
    if not job.phase_state(phase).rejections_saved:
        return []
    raw: list[Any] = json.loads(rejections_file(job, phase).read_bytes())
    return [Rejection(name, index, error_id, tuple(messages)) for name, index, error_id, messages in raw]


def _received(operation: Operation) -> Counts:
    return {name: count.received for name, count in operation.tasks.items() if count.received}


def _spoken(counts: Counts) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "no tasks"
