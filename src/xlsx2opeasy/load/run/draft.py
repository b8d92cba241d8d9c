"""Building the draft of one phase: create, append, verify. A draft in doubt is deleted and built again.

A draft is inert until it is scheduled, so whatever happens here provisions nothing. What must never happen is
that a draft is believed to be complete which is not: counts and downloaded content must equal what was sent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlsx2opeasy.errors import ServiceFailed
from xlsx2opeasy.load.events import ChunkAccepted, DraftVerified, Notice
from xlsx2opeasy.load.job.chunk_files import chunk_bytes
from xlsx2opeasy.load.job.journal import Call, Fact
from xlsx2opeasy.load.job.store import SHELL
from xlsx2opeasy.load.run.fetch import Rejection, keep_rejections
from xlsx2opeasy.load.run.rechunk import cut_smaller
from xlsx2opeasy.load.run.step import PhaseStep
from xlsx2opeasy.load.run.verify import Counts, DraftInDoubtError, DraftVerifier, in_words, received
from xlsx2opeasy.opeasy.errors import CallError, Classification
from xlsx2opeasy.opeasy.models import Operation
from xlsx2opeasy.operating_system import give_memory_back
from xlsx2opeasy.spec.catalogue import BY_NAME

MAX_BUILDS = 3
MAX_UNANSWERED_CREATES = 3


class DraftGoneError(Exception):
    """The server no longer knows the draft (404)."""


class ChunkTooLargeError(Exception):
    """The server refused a chunk file for its size (413)."""


@dataclass(eq=False)
class DraftBuilder(PhaseStep):
    """Brings the draft of one phase to VERIFIED, from the state that the journal gives."""

    _unanswered_creates: int = 0
    _counted_here: bool = False

    def build(self) -> None:
        """Raises ServiceFailed where the server does not take the draft as it is sent."""
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[None]:
        """The same, a few requests at a time: between two steps somebody else may use the client."""
        problem = ""
        for _ in range(MAX_BUILDS):
            try:
                self._open()
                yield from self._append_all()
                self._verify()
                give_memory_back()
            except DraftGoneError:
                # rare: draft unknown at the server, built again
                problem = "the server no longer knew it"
                self._note(Fact.GONE)
            except DraftInDoubtError as doubt:
                # rare: draft in doubt, deleted and built again
                problem = str(doubt)
                self.delete_draft()
            except ChunkTooLargeError:
                # rare: chunk too large, cut in half
                self.delete_draft()
                cut_smaller(self._job, self._phase)
                self._tell(Notice("The server refused a file for its size: the chunks were cut in half."))
                yield from self.steps()
                return
            else:
                return
            self._tell(Notice(f"A draft was given up and is built again: {problem}."))
        # rare: draft not taken in three builds
        raise ServiceFailed(
            f"the server did not take the tasks as they were sent: {problem}",
            "nothing was scheduled, so nothing was provisioned",
        )

    def delete_draft(self) -> None:
        """Deletes the draft until the server says that it is gone. Raises what the client raises.

        Raises UndecidedError where the operation was to be started before and may have run.
        """
        state = self._state
        draft = state.operation_id
        if draft is not None and state.schedule_request is not None:
            # rare: draft of a start in doubt is to be deleted
            self._fence()
        elif draft is not None:
            self._job.mutate(
                self._number,
                Call.DELETE_DRAFT,
                lambda request: self._client.delete_operation(draft, request_id=request),
                id=draft,
            )

    # -- opening ------------------------------------------------------------------------------------------

    def _open(self) -> None:
        state = self._state
        if state.operation_id is None:
            self._create()
        elif state.stale or state.operation_id in state.delete_attempted:
            # rare: draft half deleted or stale when resumed
            raise DraftInDoubtError("it is not to be gone on with")
        elif state.rejections_saved:
            # rare: cut off while rejected tasks were taken out
            raise DraftInDoubtError("it was being cleared of rejected tasks when the load was cut off")
        elif not self._counted_here:
            self._count_again()
        self._counted_here = True

    def _create(self) -> None:
        name = self._filename(0)
        while True:
            self._interruption.checkpoint()
            try:
                # an empty file, so that a lost draft is an empty one
                with self._job.stored.as_path(SHELL) as shell:
                    self._job.mutate(
                        self._number,
                        Call.CREATE,
                        lambda request: self._client.create_operation(
                            shell, filename=name, request_id=request
                        ),
                        lambda operation: {"id": operation.id},
                        file=name,
                    )
            except CallError as error:
                self._after_failed_create(error, name)
            else:
                return

    def _after_failed_create(self, error: CallError, name: str) -> None:
        if error.classification is not Classification.UNKNOWN:
            raise error
        # rare: create got no answer
        self._tell(
            Notice(
                "A request to create a draft got no answer: an empty draft may be left at the server"
                f" (file {name}, request {error.request_id}). It does nothing."
            )
        )
        self._unanswered_creates += 1
        if self._unanswered_creates >= MAX_UNANSWERED_CREATES:
            # rare: create got no answer three times
            raise error

    def _filename(self, chunk: int) -> str:
        """The name under which a file is sent, for whoever looks for it in the server's log."""
        return f"xlsx2opeasy-{self._job.facts.job}-{self._number}-{chunk:04}.json"

    def _count_again(self) -> None:
        """A draft of an earlier run: what the server holds decides whether it can be gone on with."""
        state = self._state
        counts, known = self._received(), self._expected(state.appended)
        if state.append_in_doubt is not None:
            if counts != self._expected(state.appended + 1):
                # rare: append in doubt when resumed, counts unchanged
                raise DraftInDoubtError("a chunk got no answer, and the counts do not show it")
            # rare: append in doubt when resumed, counts show it
            self._note(Fact.CONFIRMED)
        elif state.last_counts == known and self._holds_further_chunks(counts, state.appended):
            # rare: draft holds chunks that were never sent
            raise ServiceFailed(
                f"operation {state.operation_id} holds {in_words(counts)}, this job sent {in_words(known)}:"
                " somebody else changed it, or this machine's state is an old copy",
                "nothing was done: look in the portal for what became of the operation; where nobody else"
                f" works on it, xlsx2opeasy jobs abandon {self._job.facts.job} deletes it",
            )
        elif counts != known:
            # rare: draft of an earlier run counts differently
            raise DraftInDoubtError(f"the server counts {in_words(counts)}, sent were {in_words(known)}")

    def _holds_further_chunks(self, counts: Counts, appended: int) -> bool:
        """Whether the server holds chunks that, as far as this machine knows, were not sent yet.

        More of anything else (a chunk that a proxy delivered twice) is a draft in doubt like any other.
        """
        further = range(appended + 1, len(self._job.chunks(self._phase)) + 1)
        return any(counts == self._expected(chunks) for chunks in further)

    # -- appending ----------------------------------------------------------------------------------------

    def _append_all(self) -> Iterator[None]:
        chunks = self._job.chunks(self._phase)
        while (index := self._state.appended) < len(chunks):
            self._interruption.checkpoint()
            self._append(index, chunk_bytes(self._job.stored, chunks[index], self._job.digest))
            self._tell(ChunkAccepted(self._number, index + 1, sum(chunks[index].counts.values())))
            yield

    def _append(self, index: int, content: bytes) -> None:
        draft = str(self._state.operation_id)
        name = self._filename(index + 1)
        try:
            operation = self._job.mutate(
                self._number,
                Call.APPEND,
                lambda request: self._client.append_tasks(draft, content, filename=name, request_id=request),
                lambda answer: {"counts": dict(received(answer))},
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
                # rare: append in doubt, counts unchanged
                raise DraftInDoubtError("a chunk got no answer, and the counts do not show it") from error
            # rare: append in doubt, counts show it
            self._note(Fact.CONFIRMED)
        elif error.http_status == 404:
            # rare: append to a draft that is gone
            raise DraftGoneError from error
        elif error.http_status == 413:
            raise ChunkTooLargeError from error
        elif error.http_status == 409:
            # rare: append called a conflict
            raise DraftInDoubtError("the server called a chunk a conflict") from error
        else:
            # rare: append refused
            raise error

    def _hold_counts(self, operation: Operation, chunks: int) -> None:
        """The answer's counts must be those of what was sent; else the second of two equal looks decides."""
        expected = self._expected(chunks)
        if received(operation) == expected:
            return
        # rare: counts after an append differ
        first, second = self._operation(), self._operation()
        if received(first) != received(second):
            raise DraftInDoubtError("its counts change although nothing is sent")
        self._compare(second, expected)

    def _expected(self, chunks: int) -> Counts:
        return self._job.counts(self._phase, chunks)

    def _received(self) -> Counts:
        return received(self._operation())

    def _operation(self) -> Operation:
        draft = str(self._state.operation_id)
        try:
            return self._client.get_operation(draft)
        except CallError as error:
            if error.http_status == 404:
                # rare: draft gone when looked at
                raise DraftGoneError from error
            raise

    def _compare(self, operation: Operation, expected: Counts) -> list[Rejection]:
        verifier = DraftVerifier(self._job, self._phase, self._client, self._interruption, self._tell)
        return verifier.compare(operation, expected)

    # -- verifying ----------------------------------------------------------------------------------------

    def _verify(self) -> None:
        self._interruption.checkpoint()
        operation = self._operation()
        expected = self._expected(len(self._job.chunks(self._phase)))
        rejections = self._compare(operation, expected)
        if rejections:
            # rare: draft has rejected tasks
            keep_rejections(self._job, self._phase, rejections)
            if self._job.facts.drop_rejected:
                # rare: rejected tasks are taken out
                self._drop(rejections, expected)
        self._note(Fact.VERIFIED, id=operation.id)
        self._tell(DraftVerified(self._number, operation.id, len(rejections)))

    def _drop(self, rejections: Sequence[Rejection], expected: Counts) -> None:
        draft = str(self._state.operation_id)
        for each in rejections:
            self._interruption.checkpoint()
            self._client.delete_validation_error(draft, BY_NAME[each.type], each.error_id)
        left = dict(expected)
        for each in rejections:
            left[each.type] -= 1
        operation = self._operation()
        if operation.validation_errors or received(operation) != {k: v for k, v in left.items() if v}:
            raise DraftInDoubtError("the rejected tasks could not be removed from it")
