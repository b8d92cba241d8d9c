"""The server's results on this machine's disk, secrets masked: before anything is deleted at the server."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from xlsx2opeasy.durable import what_helps, why_refused, write_file
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.open_job import OpenJob
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
        _put_on_disk(job, results_file(job, phase, name), [_kept(each, secrets) for each in told])
        saved += len(told)
    return saved


def _put_on_disk(job: OpenJob, path: Path, results: Sequence[Mapping[str, Any]]) -> None:
    try:
        for half in path.parent.glob(f".{path.name}.*"):  # of a process that died while it wrote
            half.unlink()
        write_file(path, orjson.dumps(results))
    except OSError as error:
        raise LocalFailure(
            f"the results could not be saved in {path.parent}: {why_refused(error)}",
            f"nothing was deleted at the server; {what_helps(error, job.folder.path)}",
        ) from error


def _kept(result: TaskResult, secrets: Secrets) -> dict[str, Any]:
    return {
        "command": result.command,
        "status": result.status,
        "errorCode": result.error_code,
        "errorDescription": secrets.hidden_in(result.error_description, result.content),
        "content": secrets.masked(result.content),
    }


def results_file(job: OpenJob, phase: PhaseFacts, task_type: str) -> Path:
    """Where the results of one type are kept."""
    return job.folder.results / f"phase-{phase.number}-{task_type}.json"


def read_saved(job: OpenJob, phase: PhaseFacts, task_type: str) -> Sequence[dict[str, Any]]:
    """The saved results of one type. Raises LocalFailure where they are damaged."""
    path = results_file(job, phase, task_type)
    try:
        found: list[dict[str, Any]] = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise LocalFailure(f"{path} is damaged: {error}", "the results must be fetched again") from error
    return found
