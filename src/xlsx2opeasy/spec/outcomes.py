"""What can become of a row, and the columns of the workbook that say it."""

from dataclasses import dataclass
from enum import StrEnum

RESULT_COLUMNS: tuple[str, ...] = ("Result", "Error code", "Error detail", "Job")
"""The headers at the right of the user's own columns, in this order."""


class Outcome(StrEnum):
    """The words of the Result column."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    INVALID = "INVALID"
    NOT_SENT = "NOT SENT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What is written beside one row; `code` and `detail` are the server's own, or empty."""

    outcome: Outcome
    code: str = ""
    detail: str = ""
    job: str = ""
