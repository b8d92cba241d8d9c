"""What can become of a row, and the columns of the workbook that say it."""

import re
from dataclasses import dataclass
from enum import StrEnum

RESULT_COLUMNS: tuple[str, ...] = ("Result", "Error code", "Error detail", "Job")
"""The headers at the right of the user's own columns, in this order."""


JOB_CELL = re.compile(
    r"(?P<job>[LRS][0-9]{8}-[a-z0-9]{4})"
    r"(?: (?P<enterprise>[0-9a-f]{6})-(?P<task>[0-9a-f]{12})(?:-(?P<key>[0-9a-f]{6})-(?P<secrets>[0-9a-f]{12}))?)?"
)
"""What the Job column says: the job, and where there is a task its fingerprint (`load/job/fingerprint.py`)."""


class Outcome(StrEnum):
    """The words of the Result column."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    INVALID = "INVALID"
    NOT_SENT = "NOT SENT"
    RUNNING = "RUNNING"
    UNKNOWN = "UNKNOWN"


def outcome_of(status: str, code: str) -> Outcome:
    """What a result of the server says of its row; UNKNOWN for a status that is neither and has no code."""
    word = status.strip().casefold()
    if word == "success":
        return Outcome.SUCCESS
    return Outcome.FAILED if word == "failed" or code else Outcome.UNKNOWN


@dataclass(slots=True)  # not frozen: making it would take three times as long, and each row has one
class RowResult:
    """What is written beside one row; `code` and `detail` are the server's own, or empty."""

    outcome: Outcome
    code: str = ""
    detail: str = ""
    job: str = ""
