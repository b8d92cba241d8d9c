"""The state of a job: what is known of it, and of each phase; `fold.py` makes it of the journal's records.

A phase is one operation at the server. Its draft can be built several times (each under a new operation id);
a schedule request that got no definite answer is never forgotten, whatever happens afterwards.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xlsx2opeasy.load.job.journal import Record
from xlsx2opeasy.spec.outcomes import Outcome

COMPLETED: Final = "completed"
WITH_ERRORS: Final = "completedWithErrors"
REJECTED: Final = "rejected"
INVALID: Final = "invalid"
UNKNOWN: Final = "unknown"
ABANDONED: Final = "abandoned"
FAILED: Final = "failed"
"""How a job finished, or (`failed`) how a run of it stopped."""

JOB = 0
"""The phase number of records about the whole job."""

PROOF_OF_START = frozenset({400, 409})
"""Answers to the deletion of an operation whose start is in doubt that prove the start, whatever they say."""


@dataclass
class PhaseState:
    """What is known of one phase's operation at the server."""

    number: int
    operation_id: str | None = None
    appended: int = 0
    append_in_doubt: Mapping[str, Any] | None = None
    last_counts: Mapping[str, int] | None = None
    """What the server counted in its last answer to an append."""
    possible_orphans: list[Mapping[str, Any]] = field(default_factory=list)
    known_drafts: list[str] = field(default_factory=list)
    stale: bool = False
    """The draft is not to be gone on with: it must be deleted before another is built."""
    verified: bool = False
    rejections_saved: bool = False
    rejected: int = 0
    schedule_request: Record | None = None
    """The last request to start the present operation, whatever became of it."""
    schedule_in_doubt: Record | None = None
    evidence: str | None = None
    """An id that arrived although the request to start got no answer to rely on: to be confirmed."""
    scheduled_id: str | None = None
    ended: str | None = None
    results_saved: bool = False
    results: Mapping[str, int] = field(default_factory=dict)
    """How many results say what; empty where an earlier version saved them."""
    undecided: str | None = None
    delete_attempted: set[str] = field(default_factory=set)
    unanswered_deletions: dict[int, str] = field(default_factory=dict)
    """By intent, the operations that a request of ours may have deleted: it got no definite answer."""
    proven_started: set[str] = field(default_factory=set)
    """Operations whose deletion was refused after a request to start them; nothing takes this back."""
    scheduled_deleted: bool = False
    operation_deleted: bool = False
    chunks: tuple[Mapping[str, Any], ...] | None = None
    """The chunk files in place of the plan's, where these had to be cut again."""
    left_out: dict[int, str] = field(default_factory=dict)
    """Places in the phase's rows that are not sent after all -> why."""

    @property
    def is_proven_started(self) -> bool:
        """Whether the present operation certainly was started, although the id of its run may be unknown."""
        return self.operation_id in self.proven_started

    def may_be_deleted_by_us(self, operation_id: str) -> bool:
        """Whether a deletion of ours explains that the server no longer knows the operation."""
        return operation_id in self.unanswered_deletions.values()

    @property
    def may_run(self) -> bool:
        """Whether the operation was started, or it cannot be determined that it was not."""
        doubts = (self.scheduled_id, self.schedule_in_doubt, self.undecided)
        return self.is_proven_started or any(each is not None for each in doubts)

    @property
    def may_be_at_server(self) -> bool:
        """Whether a draft or more of it is at the server, or may be."""
        drafts = (self.operation_id, *self.known_drafts, *self.possible_orphans)
        return self.may_run or self.results_saved or any(drafts)

    def forget_draft(self) -> None:
        """The draft is gone at the server: the next one is built from the first chunk on."""
        self.operation_id = None
        self.stale = False
        self.schedule_request = None
        self.evidence = None
        self.appended = 0
        self.append_in_doubt = None
        self.last_counts = None
        self.verified = False
        self.rejections_saved = False
        self.rejected = 0
        self.schedule_in_doubt = None


@dataclass
class JobState:
    """The state of a whole job."""

    phases: dict[int, PhaseState] = field(default_factory=dict)
    finished: str | None = None
    finished_at: str | None = None
    stopped: str | None = None
    """How the last run ended, where the job is not finished and nothing happened since."""
    message: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    written: str | None = None
    written_hashes: set[str] = field(default_factory=set)
    """Of every results workbook that this job put somewhere: such a file may be replaced."""
    cleaned: bool = False
    halted: str | None = None
    """Why the budget of failures lets nothing further start."""
    judged_canary: int = 0
    """The last canary (its phase's number) after which the load was found to go on."""
    forgiven: int = 0
    """How many failures count no longer."""
    closed: bool = False
    """Rows without a result stay UNKNOWN; only those whose Result a person empties may be sent."""
    open_intents: dict[int, Record] = field(default_factory=dict)

    @property
    def never_came_to_send(self) -> bool:
        """Whether its run stopped at an error with nothing of it at the server: no connection, or login."""
        anything = any(phase.may_be_at_server for phase in self.phases.values())
        return self.finished is None and self.stopped == FAILED and not anything

    @property
    def results_so_far(self) -> Counter[str]:
        """How many rows have which Result, by what the server has said until now."""
        found = Counter[str]()
        for phase in self.phases.values():
            found.update({**phase.results, Outcome.REJECTED: phase.rejected})
        return +found

    def phase(self, number: int) -> PhaseState:
        """The state of phase `number`, from 1."""
        return self.phases.setdefault(number, PhaseState(number))
