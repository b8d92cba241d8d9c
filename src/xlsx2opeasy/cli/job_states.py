"""States of this machine's jobs in words; the names of the Webex page are for programs (`--json`)."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.text import Text

from xlsx2opeasy.cli.output import say_json
from xlsx2opeasy.cli.tables import cell
from xlsx2opeasy.load.jobs.listing import LocalJob

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


def state_of(job: LocalJob) -> str:
    """`done`, `unfinished`, `running, 55 %` …"""
    return _state(job)[0]


def state_cell(job: LocalJob) -> Text:
    """The same, coloured: green is for success alone."""
    return cell(*_state(job))


def _state(job: LocalJob) -> tuple[str, str]:
    status = job.load_status
    if status is None:
        return "damaged", "red"
    if status == "running":
        where = "running at the server" if job.runs_at_server else "running"
        return f"{where}, {job.percentage_complete or 0} %", "cyan"
    if job.rehearsal and not job.is_final:
        return "broken off", "red"
    return _WORDS.get(status, _UNFINISHED)


def counts_in_words(counts: Mapping[str, int]) -> str:
    """`55: 50 succeeded, 5 failed`; nothing where nothing is known of them yet."""
    parts = ", ".join(f"{counts[name]:,} {word}" for name, word in COUNT_WORDS.items() if counts.get(name))
    return f"{counts.get('total', 0):,}: {parts}" if parts else ""


def say_jobs(jobs: Sequence[LocalJob]) -> None:
    """The document of `jobs --json`."""
    say_json({"items": [job.as_json() for job in jobs]})
