"""What is removed when a job is finished: its operations at the server, its secrets on this machine.

Only what is this job's own is touched, and only what has completed; results are on disk before. The scheduled
operation goes before its operation (page "Delete Operation").
"""

from collections.abc import Callable
from http import HTTPStatus

from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.journal import Call, Fact
from xlsx2opeasy.load.job.open_job import Connect, OpenJob
from xlsx2opeasy.load.job.state import JOB, PhaseState
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.errors import CallError

Deletion = tuple[Call, str, Callable[[str], object]]
"""The call as the journal names it, the id, and what sends it (with a request id)."""


def clean(job: OpenJob, connect: Connect, interruption: Interruption) -> None:
    """Deletes a finished job's operations, unless they are to be kept; forgets its secrets in any case.

    Not before: until then they are masked in what the server says. Raises what the client raises.
    """
    try:
        if not job.facts.keep:
            delete_at_server(job, connect, interruption)
    finally:
        job.stored.forget_secrets()
    job.note(JOB, Fact.CLEANED)


def delete_at_server(job: OpenJob, connect: Connect, interruption: Interruption) -> None:
    """The same, of a job that is not finished yet; nothing is asked of the server where nothing is there."""
    pending = [state for state in job.state.phases.values() if _to_delete(job, state)]
    if pending:
        with connect(job.facts, interruption) as client:
            for state in pending:
                _delete(job, state, client)


def _delete(job: OpenJob, state: PhaseState, client: OpEasyClient) -> None:
    """A run that was reported as deleted, and blocks its operation all the same, is deleted again."""
    try:
        for call, identity, delete in _deletions(state, client):
            job.mutate(state.number, call, delete, id=identity)
    except CallError as error:
        if error.http_status != HTTPStatus.BAD_REQUEST or not state.scheduled_deleted:
            raise
        # rare: run deleted before, and in the way all the same
        for call, identity, delete in _of_run(state, client):
            job.mutate(state.number, call, delete, id=identity)


def _to_delete(job: OpenJob, state: PhaseState) -> bool:
    if state.results_saved:
        return not job.facts.keep and not (state.scheduled_deleted and state.operation_deleted)
    return bool(state.known_drafts) and not state.may_run


def _deletions(state: PhaseState, client: OpEasyClient) -> list[Deletion]:
    if not state.results_saved:
        return [_of_operation(Call.DELETE_DRAFT, draft, client) for draft in state.known_drafts]
    return _of_run(state, client)[1:] if state.scheduled_deleted else _of_run(state, client)


def _of_run(state: PhaseState, client: OpEasyClient) -> list[Deletion]:
    scheduled = str(state.scheduled_id)
    return [
        (
            Call.DELETE_SCHEDULED,
            scheduled,
            lambda request: client.delete_scheduled_operation(scheduled, request_id=request),
        ),
        _of_operation(Call.DELETE_OPERATION, str(state.operation_id), client),
    ]


def _of_operation(call: Call, operation_id: str, client: OpEasyClient) -> Deletion:
    return call, operation_id, lambda request: client.delete_operation(operation_id, request_id=request)
