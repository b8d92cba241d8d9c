"""The server's results on this machine's disk, secrets masked: before anything is deleted at the server."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from xlsx2opeasy.durable import what_helps, why_refused
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.store import result_place
from xlsx2opeasy.load.run.masking import Secrets
from xlsx2opeasy.opeasy import OpEasyClient, TaskResult
from xlsx2opeasy.spec.catalogue import BY_NAME


def save_results(job: OpenJob, phase: PhaseFacts, client: OpEasyClient, interruption: Interruption) -> int:
    """Saves the results of every type that was sent, and gives their number.

    Raises what the client raises, LocalFailure where the disk refuses.
    """
    saved = 0
    for name in job.sent_rows(phase):
        interruption.checkpoint()
        secrets = Secrets(name, job.facts.wire_names)
        scheduled_id = str(job.phase_state(phase).scheduled_id)
        told = client.all_results(scheduled_id, BY_NAME[name], patient=True)
        _put_on_disk(job, _results_name(phase, name), [_kept(each, secrets) for each in told])
        saved += len(told)
    return saved


def _put_on_disk(job: OpenJob, name: str, results: Sequence[Mapping[str, Any]]) -> None:
    try:
        job.stored.write(name, orjson.dumps(results))
    except OSError as error:
        raise LocalFailure(
            f"the results could not be saved as {job.stored.where(name)}: {why_refused(error)}",
            f"nothing was deleted at the server; {what_helps(error, job.stored.where())}",
        ) from error


def _kept(result: TaskResult, secrets: Secrets) -> dict[str, Any]:
    return {
        "command": result.command,
        "status": result.status,
        "errorCode": result.error_code,
        "errorDescription": secrets.hidden_in(result.error_description, result.content),
        "content": secrets.masked(result.content),
    }


def _results_name(phase: PhaseFacts, task_type: str) -> str:
    return result_place(f"phase-{phase.number}-{task_type}.json")


def read_saved(job: OpenJob, phase: PhaseFacts, task_type: str) -> Sequence[dict[str, Any]]:
    """The saved results of one type. Raises LocalFailure where they are damaged."""
    name = _results_name(phase, task_type)
    try:
        found: list[dict[str, Any]] = orjson.loads(job.stored.read(name))
    except (OSError, ValueError) as error:
        raise LocalFailure(
            f"{job.stored.where(name)} is damaged: {error}", "the results must be fetched again"
        ) from error
    return found
