"""What can stop a command, each with the exit code of the contract.

    Xlsx2OpeasyError
    +-- UsageError           2  wrong usage or configuration, a URL that redirects
    +-- InvalidWorkbook      3  the workbook breaks the rules; nothing was sent
    +-- AccessDenied         4  authentication or permission
    +-- ServiceFailed        5  the server could not be reached, kept failing or refused a call
    |   +-- NeverReached        it gave no answer at all: nothing is left of the load
    +-- LocalFailure         5  this machine's disk or journal failed
    |   +-- TakenOver        5  another process works on the job by now
    +-- LoadRefused          6  running, unfinished, done or undecided
    +-- WorkbookUnusable     7  the workbook cannot be read or written
    +-- StillRunning         8  --wait ended first
    +-- Interrupted        130  Ctrl-C, SIGTERM, SIGHUP

Every message is a sentence for a person; `hint` says what to do next. Neither ever holds a secret.
"""

import errno
from collections.abc import Mapping
from typing import ClassVar


class Xlsx2OpeasyError(Exception):
    """The root: anything this program stops for on purpose."""

    exit_code: ClassVar[int] = 1
    status: ClassVar[str] = "failed"
    rows: Mapping[str, int] | None = None
    """The counts of `load --json`, where a workbook had been read before this stopped its load."""
    leaves_nothing: bool = False
    """Whether a new load ended before it had reached its server: no job and no results are left of it."""

    def __init__(self, message: str, hint: str = "") -> None:
        """`message` says what is wrong, `hint` what to do next."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(Xlsx2OpeasyError):
    """Wrong usage or configuration."""

    exit_code = 2


class InvalidWorkbook(Xlsx2OpeasyError):
    """The workbook breaks the rules; nothing was sent."""

    exit_code = 3
    status = "invalid"


class AccessDenied(Xlsx2OpeasyError):
    """Authentication or permission (401, 403)."""

    exit_code = 4


class ServiceFailed(Xlsx2OpeasyError):
    """The server could not be reached, kept failing or refused a call; the job can be resumed."""

    exit_code = 5


class NeverReached(ServiceFailed):
    """The server has given no answer at all; nothing is left of the load."""

    leaves_nothing = True


class LocalFailure(Xlsx2OpeasyError):
    """This machine's disk or journal failed; the job can be resumed when it works again."""

    exit_code = 5


class TakenOver(LocalFailure):
    """Another process works on the job by now: this one must not do anything about it any more."""


class LoadRefused(Xlsx2OpeasyError):
    """A load runs here already, or this workbook is unfinished, done or undecided."""

    exit_code = 6
    status = "refused"


class WorkbookUnusable(Xlsx2OpeasyError):
    """The workbook cannot be read or written."""

    exit_code = 7


class StillRunning(Xlsx2OpeasyError):
    """`--wait` ended before the server did."""

    exit_code = 8
    status = "running"


class Interrupted(Xlsx2OpeasyError):
    """Ctrl-C, SIGTERM or SIGHUP; the job can be resumed."""

    exit_code = 130
    status = "interrupted"


def location_of(error: Exception) -> str:
    """Kind and place of an error, without its message, which might hold a secret."""
    import traceback
    from pathlib import Path

    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} in {place}"


GO_ON = "go on with: xlsx2opeasy resume"
"""What to do after an error in the middle of a load."""


_NO_MEMORY = ("failed to map segment", "annot allocate memory", "can't start new thread")


def lacks_memory(error: BaseException | None) -> bool:
    """Whether memory is what failed: also where a library says so of a module or thread that needs some."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        if isinstance(error, ImportError | RuntimeError) and any(each in str(error) for each in _NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


def internal_error(error: Exception, hint: str = "") -> ServiceFailed:
    """An unexpected error as what ends the command, without its message, which might hold a secret."""
    if lacks_memory(error):
        what_helps = "close other programs, or split the workbook"
        return ServiceFailed(
            "not enough memory for this workbook", f"{what_helps}; {hint}" if hint else what_helps
        )
    return ServiceFailed(
        f"this is an internal error of xlsx2opeasy: {location_of(error)}",
        hint or "try once more; if it ends so again, send its developers these words",
    )
