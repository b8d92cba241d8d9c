"""The journal's records folded into a job's state, one by one, without side effects."""

from collections.abc import Iterable, Mapping
from typing import Any

from xlsx2opeasy.load.job.journal import INTENT, NOTE, OUTCOME, Call, Fact, Record, Verdict
from xlsx2opeasy.load.job.state import JOB, PROOF_OF_START, JobState, PhaseState


def fold(records: Iterable[Record]) -> JobState:
    """The state that follows from `records`, in their order."""
    state = JobState()
    for record in records:
        apply(state, record)
    return state


def apply(state: JobState, record: Record) -> None:
    """Takes one more record into `state`."""
    if record.call != Fact.NOTIFIED:
        state.stopped = None
    if record.phase == JOB:
        _of_job(state, record)
    elif record.kind == INTENT:
        state.open_intents[record.seq] = record
        _intended(state.phase(record.phase), record)
    elif record.kind == OUTCOME:
        _answered(state.phase(record.phase), state.open_intents.pop(record.answers or 0), record)
    elif record.kind == NOTE:
        _noted(state.phase(record.phase), record)


def _of_job(state: JobState, record: Record) -> None:
    if record.call == Fact.FINISHED:
        state.finished = str(record.detail["status"])
        state.finished_at = record.at
        state.message = str(record.detail.get("message", ""))
        state.counts = record.detail.get("rows", {})
    elif record.call == Fact.STOPPED:
        state.stopped = str(record.detail["status"])
        state.message = str(record.detail["message"])
    elif record.call == Fact.WRITTEN:
        state.written = str(record.detail["path"])
        state.written_hashes.add(str(record.detail["sha256"]))
    elif record.call == Fact.CLEANED:
        state.cleaned = True
    elif record.call == Fact.CLOSED:
        state.closed = True
    elif record.call == Fact.SETTLED:
        state.finished = None
    elif record.call == Fact.HALTED:
        state.halted = str(record.detail["why"])
    elif record.call == Fact.CANARY_PASSED:
        state.judged_canary = int(record.detail["canary"])
        state.forgiven += int(record.detail["forgiven"])


def _intended(phase: PhaseState, intent: Record) -> None:
    """What must be believed while no outcome follows: that the request may have been carried out."""
    if intent.call == Call.CREATE:
        phase.possible_orphans.append({**intent.detail, "seq": intent.seq})
    elif intent.call == Call.APPEND:
        phase.append_in_doubt = intent.detail
    elif intent.call == Call.SCHEDULE:
        phase.schedule_in_doubt = phase.schedule_request = intent
    else:
        phase.delete_attempted.add(str(intent.detail["id"]))
        phase.unanswered_deletions[intent.seq] = str(intent.detail["id"])


def _answered(phase: PhaseState, intent: Record, outcome: Record) -> None:
    verdict = Verdict(outcome.detail["verdict"])
    if intent.call == Call.DELETE_DRAFT:
        _deletion_answered(phase, intent, verdict, outcome.detail.get("http"))
    if verdict is Verdict.UNKNOWN:
        if intent.call == Call.SCHEDULE:
            phase.evidence = outcome.detail.get("evidence")
        return
    applied = verdict is Verdict.APPLIED
    match intent.call:
        case Call.CREATE:
            phase.possible_orphans = [each for each in phase.possible_orphans if each["seq"] != intent.seq]
            if applied:
                phase.operation_id = str(outcome.detail["id"])
                phase.known_drafts.append(phase.operation_id)
        case Call.APPEND:
            phase.append_in_doubt = None
            phase.appended += applied
            phase.last_counts = outcome.detail.get("counts") if applied else phase.last_counts
        case Call.SCHEDULE:
            phase.schedule_in_doubt = None
            if applied:
                phase.scheduled_id = str(outcome.detail["id"])
        case _ if applied:
            _deleted(phase, intent.call, str(intent.detail["id"]))


def _deletion_answered(phase: PhaseState, intent: Record, verdict: Verdict, http: int | None) -> None:
    """Record what a definite answer proves: this deletion did nothing, or the operation was started."""
    identity = str(intent.detail["id"])
    if verdict is not Verdict.UNKNOWN:
        phase.unanswered_deletions.pop(intent.seq, None)
    refused = verdict is Verdict.REJECTED and http in PROOF_OF_START
    if refused and identity == phase.operation_id and phase.schedule_request is not None:
        phase.proven_started.add(identity)


def _deleted(phase: PhaseState, call: str, identity: str) -> None:
    if call == Call.DELETE_SCHEDULED:
        phase.scheduled_deleted = True
        return
    phase.known_drafts = [each for each in phase.known_drafts if each != identity]
    if call == Call.DELETE_OPERATION:
        phase.operation_deleted = True
    elif phase.operation_id == identity:
        phase.undecided = None  # what is deleted can never run
        phase.forget_draft()


def _noted(phase: PhaseState, note: Record) -> None:
    match note.call:
        case Fact.CONFIRMED:
            phase.append_in_doubt = None
            phase.appended += 1
        case Fact.VERIFIED:
            phase.verified = True
        case Fact.REJECTIONS:
            phase.rejections_saved = True
            phase.rejected = int(note.detail.get("count", 0))
        case Fact.GONE:
            phase.known_drafts = [each for each in phase.known_drafts if each != phase.operation_id]
            phase.forget_draft()
        case Fact.RECHUNKED:
            phase.chunks = tuple(note.detail["chunks"])
            phase.left_out |= {int(place): str(why) for place, why in note.detail["left_out"].items()}
            phase.stale = phase.operation_id is not None
        case _:
            _noted_of_run(phase, note)


def _noted_of_run(phase: PhaseState, note: Record) -> None:
    match note.call:
        case Fact.ENDED:
            phase.ended = str(note.detail["status"])
        case Fact.REOPENED:
            phase.ended = None
        case Fact.RESULTS_SAVED:
            phase.results_saved = True
            phase.results = note.detail.get("rows", {})
        case Fact.UNDECIDED:
            phase.undecided = str(note.detail["why"])
        case Fact.SETTLED:
            _settled(phase, note.detail)


def _settled(phase: PhaseState, detail: Mapping[str, Any]) -> None:
    """The run's id is known; or there certainly is none, then the draft is built again."""
    phase.undecided = None
    phase.schedule_in_doubt = None
    scheduled_id = detail.get("scheduled_id")
    phase.scheduled_id = str(scheduled_id) if scheduled_id else None
    phase.stale = phase.scheduled_id is None and phase.operation_id is not None
