"""The Job column: which job a row's result is of, and a fingerprint of the task and the enterprise.

`L20261122-k7m2 3fa9c1-9f3a0c1b2d4e`: the job, six digits of the enterprise, twelve of the task. It travels
with the workbook, so that another machine too knows which rows need not be sent again.

The job's letter: L for a load, R for a rehearsal, S for what `scheduled results` fetched from the server.
"""

import hashlib
from dataclasses import dataclass

from xlsx2opeasy.spec.outcomes import JOB_CELL

REHEARSAL_LETTER = "R"


@dataclass(frozen=True, slots=True)
class JobCell:
    """What a Job cell says; `enterprise` and `task` are empty for a row that became no task."""

    job: str
    enterprise: str = ""
    task: str = ""

    @property
    def rehearsal(self) -> bool:
        """Whether the job ran against the sandbox: its results count nowhere."""
        return self.job.startswith(REHEARSAL_LETTER)


def read_cell(text: str) -> JobCell | None:
    """What a Job cell says, or None where it is none of ours."""
    found = JOB_CELL.fullmatch(text.strip())
    return JobCell(found["job"], found["enterprise"] or "", found["task"] or "") if found else None


def enterprise_digits(origin: str, enterprise_id: str) -> str:
    """The six digits that stand for an enterprise at a server."""
    return hashlib.sha256(f"{origin}\n{enterprise_id}".encode()).hexdigest()[:6]


def fingerprint(origin: str, enterprise_id: str, task_hash: str) -> str:
    """What follows the job in its cell."""
    return f"{enterprise_digits(origin, enterprise_id)}-{task_hash[:12]}"
