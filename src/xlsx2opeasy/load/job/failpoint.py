"""For the tests of crashes: the process kills itself at a chosen step of the journal. Off by default.

`XLSX2OPEASY_FAILPOINT=before:7` kills it before the seventh record that it appends is on disk, `after:7`
afterwards.
"""

import os
import signal
from typing import Literal

VARIABLE = "XLSX2OPEASY_FAILPOINT"


class Failpoint:
    """Counts the records of one process."""

    def __init__(self) -> None:
        self._at = os.environ.get(VARIABLE, "")
        self._appended = 0

    def pass_by(self, side: Literal["before", "after"]) -> None:
        """Is called before and after each record; a process that is to die here dies without a last word."""
        self._appended += side == "before"
        if self._at and self._at == f"{side}:{self._appended}":
            os.kill(os.getpid(), signal.SIGKILL)
