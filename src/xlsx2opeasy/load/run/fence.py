"""The deletion of an operation whose start is in doubt, and what each answer to it proves.

The specification (page "Delete Operation") refuses the deletion while a scheduled operation exists. So a
refusal proves that the operation was started, and a deletion proves that it never can be.
"""

from enum import StrEnum

from xlsx2opeasy.load.job.journal import Verdict
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import PROOF_OF_START, Call, PhaseState
from xlsx2opeasy.opeasy import CallError, Classification, Deletion, OpEasyClient


class Fence(StrEnum):
    """What the deletion proved."""

    DELETED = "it can never run"
    STARTED = "it was started"
    NOT_FOUND = "nothing: the server does not know the operation, and no deletion of ours explains it"


def fence(job: OpenJob, state: PhaseState, client: OpEasyClient) -> Fence:
    """Deletes the phase's operation and records the answer. Raises CallError for one that proves nothing.

    Status 404 is believed only after a deletion of ours that got no answer. 401, 403, 429 and 5xx prove
    nothing.
    """
    if state.is_proven_started:
        return Fence.STARTED
    operation = str(state.operation_id)
    is_ours = state.may_be_deleted_by_us(operation)
    intent = job.intend(state.number, Call.DELETE_DRAFT, id=operation)
    try:
        deletion = client.delete_operation(operation)
        if deletion is Deletion.NOT_FOUND and not is_ours:
            deletion = client.delete_operation(operation)  # asked once more before it is believed
    except CallError as error:
        definite = error.classification is Classification.REJECTED
        verdict = Verdict.REJECTED if definite else Verdict.UNKNOWN
        job.answer(intent, verdict, http=error.http_status, said=error.message)
        if definite and error.http_status in PROOF_OF_START:
            return Fence.STARTED
        raise
    if deletion is Deletion.NOT_FOUND and not is_ours:
        job.answer(intent, Verdict.REJECTED, http=404)
        return Fence.NOT_FOUND
    job.answer(intent, Verdict.APPLIED)
    return Fence.DELETED
