"""States of this machine's jobs in words; the names of the Webex page are for programs (`--json`)."""

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from xlsx2opeasy.cli.output import say_json
from xlsx2opeasy.cli.tables import cell
from xlsx2opeasy.job_model import Job

_WORDS: Final = {
    "completed": ("done", "green"),
    "completedWithErrors": ("done, with errors", "yellow"),
    "rejected": ("rejected by the server", "red"),
    "invalid": ("invalid workbook", "red"),
    "unknown": ("undecided", "magenta"),
    "abandoned": ("given up", ""),
    "running": ("running", "cyan"),
}
_UNFINISHED: Final = ("unfinished", "red")
_ENDED: Final = frozenset(_WORDS) - {"unknown", "running"}
STEP_WORDS: Final = {
    "COMPLETED": "done",
    "COMPLETED_WITH_ERRORS": "done, with errors",
    "FAILED": "failed",
    "STOPPED": "cut off",
    "UNKNOWN": "running",
}
"""By the exit code of a step."""
COUNT_WORDS: Final = {
    "succeeded": "succeeded",
    "skipped": "skipped (succeeded before)",
    "failed": "failed",
    "rejected": "rejected",
    "invalid": "invalid",
    "notSent": "not sent",
    "running": "running",
    "unknown": "unknown",
}


def state_of(job: Job) -> str:
    """`done`, `unfinished`, `running, 55 %` …"""
    return _state(job)[0]


def state_cell(job: Job) -> Text:
    """The same, coloured: green is for success alone."""
    return cell(*_state(job))


def can_be_resumed(job: Job) -> bool:
    """Whether `resume` is the next step: not for what ended, runs, is damaged or was a rehearsal."""
    status = _load_status(job)
    if job.rehearsal or not status:
        return False
    return _waits_at_server(job) if status == "running" else status not in _ENDED


def _waits_at_server(job: Job) -> bool:
    """Whether nothing here works on the job, and the server still does."""
    return _load_status(job) == "running" and bool(job.message)


def _state(job: Job) -> tuple[str, str]:
    status = _load_status(job)
    if not status:
        return "damaged", "red"
    if status == "running":
        where = "running at the server" if _waits_at_server(job) else "running"
        return f"{where}, {job.percentage_complete or 0} %", "cyan"
    if job.rehearsal and status not in _ENDED:
        return "broken off", "red"
    return _WORDS.get(status, _UNFINISHED)


def _load_status(job: Job) -> str:
    return str(job.raw.get("loadStatus", ""))


def rows_of(job: Job) -> str:
    """`55: 50 succeeded, 5 failed`; the total alone where nothing is known of them yet."""
    counts = job.counts or {}
    parts = ", ".join(f"{counts[name]:,} {word}" for name, word in COUNT_WORDS.items() if counts.get(name))
    return f"{counts.get('total', 0):,}: {parts}" if parts else ""


def say_jobs(jobs: Sequence[Job]) -> None:
    """The document of `jobs --json`."""
    say_json({"items": [job.as_json() for job in jobs]})
