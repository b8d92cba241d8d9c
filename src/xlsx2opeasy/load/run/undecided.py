"""An operation whose start is unknown: what is reported of it, and how it is settled.

Its rows are UNKNOWN until a person decides, with `resume --scheduled-id` or `--not-scheduled`. A run that a
person names is believed only when the server says that it is a run of our operation.

`fence` deletes an operation whose start is in doubt. The specification (page "Delete Operation") refuses
the deletion while a scheduled operation exists. So a refusal proves that the operation was started, and a
deletion proves that it never can be.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xlsx2opeasy.errors import ServiceFailed, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.journal import Call, Fact, Record, Verdict
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import JOB, PROOF_OF_START, UNKNOWN, PhaseState
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.errors import CallError, Classification
from xlsx2opeasy.opeasy.models import Deletion


class Fence(StrEnum):
    """What the deletion proved."""

    DELETED = "it can never run"
    STARTED = "it was started"
    NOT_FOUND = "nothing: the server does not know the operation, and no deletion of ours explains it"


def fence(job: OpenJob, state: PhaseState, client: OpEasyClient) -> Fence:
    """Deletes the phase's operation and records the answer. Raises CallError for one that proves nothing.

    Status 404 is believed only after a deletion of ours that got no answer, 2xx only where the server does
    not know the operation afterwards: something in between may have said it in the server's place. 401, 403,
    429 and 5xx prove nothing. Before the first deletion the operation is looked at: if it is gone already, no
    deletion of ours explains that, also where the answer to one is lost.
    """
    if state.is_proven_started:
        # rare: start proven since an earlier run
        return Fence.STARTED
    operation = str(state.operation_id)
    is_ours = state.may_be_deleted_by_us(operation)
    if not (is_ours or _is_known(operation, client) or _is_known(operation, client)):
        # rare: operation gone before a deletion of ours
        return Fence.NOT_FOUND
    intent = job.intend(state.number, Call.DELETE_DRAFT, id=operation)
    try:
        deletion = client.delete_operation(operation)
        if deletion is Deletion.NOT_FOUND and not is_ours:
            # rare: deletion answered 404, asked once more
            deletion = client.delete_operation(operation)  # asked once more before it is believed
    except CallError as error:
        definite = error.classification is Classification.REJECTED
        verdict = Verdict.REJECTED if definite else Verdict.UNKNOWN
        job.answer(intent, verdict, http=error.http_status, said=error.message)
        if definite and error.http_status in PROOF_OF_START:
            # rare: deletion refused proves the start
            return Fence.STARTED
        # rare: deletion answered with what proves nothing
        raise
    if deletion is Deletion.NOT_FOUND and not is_ours:
        # rare: deletion answered 404, and not explained by ours
        job.answer(intent, Verdict.REJECTED, http=404)
        return Fence.NOT_FOUND
    if deletion is Deletion.DELETED and _is_still_there(job, intent, client):
        # rare: deletion answered as done, and the operation is still there
        job.answer(intent, Verdict.REJECTED, said="answered as done, and the operation is still there")
        raise ServiceFailed(
            f"the deletion of operation {operation} was answered as done, and the server still has it",
            "whether it was started is not known yet, so nothing was repeated",
        )
    job.answer(intent, Verdict.APPLIED)
    return Fence.DELETED


def _is_still_there(job: OpenJob, intent: Record, client: OpEasyClient) -> bool:
    """Whether the server knows the operation after its deletion; where it does not say, nothing is proved."""
    try:
        return _is_known(str(intent.detail["id"]), client)
    except CallError as error:
        job.answer(intent, Verdict.UNKNOWN, http=error.http_status, said=error.message)
        raise


def _is_known(operation: str, client: OpEasyClient) -> bool:
    """Whether the server knows the operation. Raises CallError where it does not say."""
    try:
        client.get_operation(operation)
    except CallError as error:
        if error.http_status == 404:
            return False
        raise
    return True


REFUSES_DELETION = "the server refuses to delete the operation, so it was started"
"""Why an operation is undecided that certainly was started: only the id of its run is not known."""

NOT_KNOWN = "the server no longer knows the operation"
"""Why an operation is undecided that somebody else deleted: it may have run before."""

_NO_RUN = "   it certainly has none            : xlsx2opeasy resume {job} --not-scheduled {operation}"


class UndecidedError(Xlsx2OpeasyError):
    """Whether the operation was scheduled is unknown: its rows are UNKNOWN until a person decides."""

    status = "unknown"


@dataclass(frozen=True)
class Settling:
    """What a person knows of a schedule request that got no answer: the run's id, or that there is none."""

    scheduled_id: str | None = None
    not_scheduled: str | None = None


def give_up(job: OpenJob, phase: PhaseFacts, why: str) -> UndecidedError:
    """Records that it is unknown, and gives the error to raise."""
    job.note(phase.number, Fact.UNDECIDED, why=why)
    return undecided(job, phase)


def undecided(job: OpenJob, phase: PhaseFacts) -> UndecidedError:
    """The error for a phase that is undecided already; its message is the words for the person."""
    return UndecidedError("\n".join(_words(job, phase)))


def require_undecided(job: OpenJob, settling: Settling) -> PhaseState:
    """The phase that can be settled. Raises UsageError where there is none, or it is another operation's."""
    found = next((state for state in job.state.phases.values() if _can_be_settled(state)), None)
    name = job.facts.job
    if job.state.finished not in (None, UNKNOWN):
        raise UsageError(
            f"job {name} is finished ({job.state.finished}): there is nothing to settle",
            f"xlsx2opeasy jobs show {name} shows how it ended",
        )
    if found is None:
        raise UsageError(
            f"job {name} has no operation that is undecided", f"go on with: xlsx2opeasy resume {name}"
        )
    if settling.not_scheduled not in (None, found.operation_id):
        raise UsageError(
            f"the undecided operation of job {name} is {found.operation_id}, not {settling.not_scheduled}",
            "look for that one in the portal",
        )
    return found


def _can_be_settled(state: PhaseState) -> bool:
    return state.undecided is not None or state.schedule_in_doubt is not None or state.is_proven_started


def refuse_disproved(job: OpenJob, settling: Settling) -> None:
    """Raises UsageError for the claim that an operation has no run whose deletion the server refused."""
    state = require_undecided(job, settling)
    if settling.not_scheduled is not None and state.is_proven_started:
        # rare: claim of no run disproved
        raise UsageError(
            f"operation {state.operation_id} was started: the server refused to delete it, which it does"
            " only while a run of the operation exists",
            "its rows stay UNKNOWN; look in the portal for the run's id, and give it with --scheduled-id",
        )


def settle_claim(job: OpenJob, settling: Settling, client: OpEasyClient) -> None:
    """Takes a person's word where the server confirms it: a run's id, or the deletion of the operation.

    Raises UsageError where the server does not confirm it, and what the client raises.
    """
    state = require_undecided(job, settling)
    claimed = settling.scheduled_id
    if claimed is None:
        _confirm_not_scheduled(job, settling, state, client)
    elif not names_our_operation(state, claimed, client):
        # rare: named run is not of this operation
        raise UsageError(
            f"the server does not say that {claimed} is a run of operation {state.operation_id}",
            f"look for the runs of operation {state.operation_id} in the portal",
        )
    # rare: claim of a person confirmed
    job.note(state.number, Fact.SETTLED, scheduled_id=claimed)
    job.note(JOB, Fact.SETTLED)


def _confirm_not_scheduled(job: OpenJob, settling: Settling, state: PhaseState, client: OpEasyClient) -> None:
    """Believed where the server deletes the operation, or a deletion of ours explains that it is gone."""
    if state.scheduled_id is not None:
        # rare: claim of no run, although the run was known
        raise UsageError(
            f"operation {state.operation_id} was started as run {state.scheduled_id}: the server said so",
            "its rows stay UNKNOWN; look in the portal for what became of that run",
        )
    proved = fence(job, state, client)
    if proved is Fence.STARTED:
        # rare: claim of no run, deletion refused
        job.note(state.number, Fact.UNDECIDED, why=REFUSES_DELETION)
        refuse_disproved(job, settling)
    if proved is Fence.NOT_FOUND:
        # rare: claim of no run, operation removed by somebody else
        raise UsageError(
            f"the server does not know operation {state.operation_id}, and no deletion of this program"
            " explains that: somebody else removed it, perhaps after it had run",
            "its rows stay UNKNOWN; where nothing can settle them any more:"
            f" xlsx2opeasy jobs abandon {job.facts.job} --undecided",
        )


def names_our_operation(state: PhaseState, scheduled_id: str, client: OpEasyClient) -> bool:
    """Whether the server says that this run is of the phase's operation. Raises what the client raises."""
    return _operation_of(scheduled_id, client) == state.operation_id


def is_run_known_again(state: PhaseState, client: OpEasyClient) -> bool:
    """Whether a run whose id came with its start, and which the server did not know later, is there now.

    Raises what the client raises.
    """
    if state.scheduled_id is None:
        return False
    return _operation_of(state.scheduled_id, client) in ("", state.operation_id)


def _operation_of(scheduled_id: str, client: OpEasyClient) -> str | None:
    """The operation of a run, "" where the server does not say it; None where it does not know the run."""
    try:
        return client.status(scheduled_id).operation_id
    except CallError as error:
        if error.classification is Classification.REJECTED and error.http_status in (400, 404):
            return None
        raise


def _words(job: OpenJob, phase: PhaseFacts) -> tuple[str, ...]:
    """What is known, what follows, and how a person decides ("What stays undecidable")."""
    state, name = job.phase_state(phase), job.facts.job
    operation = state.operation_id
    request = state.schedule_request
    tasks = sum(map(len, job.sent_rows(phase).values()))
    sent_at = f" at {_time(request.at)}" if request else ""
    answer = (
        f"it was started as run {state.scheduled_id}" if state.scheduled_id else "no reliable answer came"
    )
    started = _was_started(state)
    evidence = f"request {request.detail.get('request_id')} of {request.at}, " if request else ""
    return (
        "RESULT UNKNOWN - nothing was repeated, on purpose.",
        (
            f"What we know : operation {operation} ({tasks:,} tasks) was complete and verified. The request"
            f" to START it was sent{sent_at}; {answer}, and {state.undecided}."
        ),
        f"So           : {_what_follows(started=started)}",
        "Danger       : loading the workbook again now may provision every row twice.",
        f"Evidence     : {evidence}files xlsx2opeasy-{name}-{phase.number}-*.json (give this to support)",
        f"To decide    : in the portal look for operation {operation}",
        (
            f"   it has a scheduled run with id S : xlsx2opeasy resume {name} --scheduled-id S"
            if state.scheduled_id is None
            else f"   it still has that run            : xlsx2opeasy resume {name}"
        ),
        *((_NO_RUN.format(job=name, operation=operation),) if may_have_no_run(state) else ()),
        f"   nothing can tell any more       : xlsx2opeasy jobs abandon {name} --undecided",
    )


def how_to_settle(state: PhaseState, job: str) -> str:
    """The commands that settle an undecided operation, once a person looked for it in the portal."""
    if state.scheduled_id is not None:
        return f"xlsx2opeasy resume {job}"
    with_id = f"xlsx2opeasy resume {job} --scheduled-id ID"
    if not may_have_no_run(state):
        return with_id
    return f"{with_id} or xlsx2opeasy resume {job} --not-scheduled {state.operation_id}"


def _was_started(state: PhaseState) -> bool:
    return state.scheduled_id is not None or state.is_proven_started or state.undecided == REFUSES_DELETION


def may_have_no_run(state: PhaseState) -> bool:
    """Whether the server could confirm that the operation has no run: it may still know the operation."""
    return not _was_started(state) and state.undecided != NOT_KNOWN


def _what_follows(*, started: bool) -> str:
    if started:
        return "the server may be executing it, or may have done so; which of its runs it is, is not known."
    return "the server may be executing it, may have done so, may start it later, or never will."


def _time(at: str) -> str:
    return datetime.fromisoformat(at).strftime("%H:%M:%S UTC")
