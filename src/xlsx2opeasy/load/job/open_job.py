"""A job that this process works on: what is known of it, and its journal."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any, TypeVar
from uuid import uuid4

from xlsx2opeasy.durable import what_helps, why_refused
from xlsx2opeasy.errors import Interrupted, LocalFailure
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import JobFacts, JobRow, read_facts, read_rows, require_begun
from xlsx2opeasy.load.job.fold import apply, fold
from xlsx2opeasy.load.job.journal import Call, Fact, Record, Verdict
from xlsx2opeasy.load.job.known_job import KnownJob
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.errors import CallError

T = TypeVar("T")

_FOUND_OUT = frozenset({Call.APPEND})
"""A draft of which the journal knows too little differs from what was sent: found out, and never started."""

Connect = Callable[[JobFacts, Interruption], AbstractContextManager[OpEasyClient]]
"""Makes the client of a job; its waits must go through the interruption."""


def kept_open(connect: Connect, until: ExitStack) -> Connect:
    """Connects once and keeps the client until the stack ends, so that one run logs in once."""
    made: list[OpEasyClient] = []

    def connect_once(facts: JobFacts, interruption: Interruption) -> AbstractContextManager[OpEasyClient]:
        if not made:
            made.append(until.enter_context(connect(facts, interruption)))
        return nullcontext(made[0])

    return connect_once


class OpenJob(KnownJob):
    """A job that this process works on.

    Facts and rows are read only; everything that becomes known goes through the journal first.
    """

    def __init__(self, stored: StoredJob, rows: Sequence[JobRow] | None = None) -> None:
        """Opens the job; `rows` are its own where this process has just put them on disk.

        Raises LocalFailure where one of its files is damaged.
        """
        facts = read_facts(stored)
        known_rows = read_rows(stored, facts) if rows is None else rows
        self.journal = stored.open_journal(stay_in_log=_FOUND_OUT)
        records = list(self.journal.records())
        super().__init__(stored, facts, known_rows, fold(records))
        try:
            self._require_begun(records)
        except LocalFailure:
            self.journal.close()
            raise

    def _require_begun(self, records: Sequence[Record]) -> None:
        """The journal knows the facts by their hash: where these were changed, nothing is guessed."""
        begun = next((each for each in records if each.call == Fact.BEGUN), None)
        require_begun(self.stored, self.facts, begun)
        if begun is None:  # made by an earlier version, and not begun by it
            self.note(JOB, Fact.BEGUN, facts_sha256=self.facts.sha256)

    def close(self) -> None:
        """Lets go of the journal."""
        self.journal.close()

    def put(self, name: str, content: bytes, meanwhile: str) -> None:
        """Puts a file of the job on disk; `meanwhile` says what was not done for want of it.

        Raises LocalFailure where the disk refuses.
        """
        try:
            self.stored.write(name, content)
        except OSError as error:
            raise LocalFailure(
                f"{self.stored.where(name)} cannot be written: {why_refused(error)}",
                f"{meanwhile}; {what_helps(error, self.stored.where())}",
            ) from error

    def note(self, phase: int, fact: Fact, **detail: Any) -> None:  # noqa: ANN401
        """Puts a fact on disk, then into the state."""
        apply(self.state, self.journal.note(phase, fact, **detail))

    def mutate(
        self,
        phase: int,
        call: Call,
        send: Callable[[str], T],
        learn: Callable[[T], Mapping[str, Any]] = lambda _: {},
        *,
        doubtful: frozenset[int] = frozenset(),
        **detail: Any,  # noqa: ANN401
    ) -> T:
        """Sends a mutating request between its intent and its outcome; `send` takes the request id.

        `learn` takes what must be remembered out of the answer. A refusal with a `doubtful` status is
        recorded as UNKNOWN. Raises what `send` raises. Where a wait was interrupted the request had been
        refused or had not left, so it certainly was not applied.
        """
        request_id = uuid4().hex
        intent = self.intend(phase, call, request_id=request_id, **detail)
        try:
            answer = send(request_id)
        except CallError as error:
            evidence = {} if error.evidence_id is None else {"evidence": error.evidence_id}
            said: dict[str, Any] = {"http": error.http_status, "said": error.message, **evidence}
            doubted = error.http_status in doubtful
            self.answer(intent, Verdict.UNKNOWN if doubted else Verdict(error.classification), **said)
            raise
        except Interrupted:
            self.answer(intent, Verdict.NOT_SENT, said="interrupted between two tries")
            raise
        self.answer(intent, Verdict.APPLIED, held=call in _FOUND_OUT, **learn(answer))
        return answer

    def intend(self, phase: int, call: Call, **detail: Any) -> Record:  # noqa: ANN401
        """Puts the intent of a request on disk, then into the state."""
        intent = self.journal.intent(phase, call, **detail)
        apply(self.state, intent)
        return intent

    def answer(
        self,
        intent: Record,
        verdict: Verdict,
        *,
        held: bool = False,
        **detail: Any,  # noqa: ANN401
    ) -> None:
        """Puts the outcome of a request on disk, where it is `held` with the next record, and into the state.

        Where the disk refuses, the LocalFailure tells the id that would be lost.
        """
        try:
            outcome = self.journal.outcome(intent, verdict, held=held, **detail)
        except LocalFailure as failure:
            what = f"{intent.call} of operation {intent.phase} was {verdict}"
            named = f" with id {detail['id']}" if "id" in detail else ""
            raise LocalFailure(f"{failure.message} ({what}{named}: note it down)", failure.hint) from failure
        apply(self.state, outcome)
