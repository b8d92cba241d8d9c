"""`xlsx2opeasy jobs follow`: a running load, seen from another terminal. Nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.options import complete_jobs
from xlsx2opeasy.cli.output import complain, tell, tell_lines
from xlsx2opeasy.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from xlsx2opeasy.load.event_log import JobEnded
    from xlsx2opeasy.load.job.store import Store, StoredJob
    from xlsx2opeasy.load.jobs.listing import LocalJob

DIED = 130
"""Exit code where the process that worked on the job is gone without a last word: it can be resumed."""


@click.command(name="follow")
@click.argument("job", required=False, shell_complete=complete_jobs)
def follow(job: str | None) -> NoReturn:
    """Watch JOB, or the latest running one, from another terminal until it ends, and end with its exit code.

    Ctrl-C ends the watching and leaves the load alone.

    \b
    Example:
      xlsx2opeasy jobs follow
    """
    from xlsx2opeasy.settings.store import selected_store

    code = follow_job(selected_store(), job)
    raise SystemExit(code)


def follow_job(store: Store, job: str | None) -> int:
    """Shows the job's events until it ends; gives the exit code of the load.

    Raises UsageError where there is no such job, or none that runs where none is named.
    """
    import time

    from xlsx2opeasy.cli.screen import Screen
    from xlsx2opeasy.load.event_log import JobEnded
    from xlsx2opeasy.load.event_log import follow as events_of
    from xlsx2opeasy.load.jobs.listing import job_of

    stored = store.job(job) if job else _running(store)
    ended: JobEnded | None = None
    try:
        with Screen(quiet=False) as screen:
            for event in events_of(stored, time.sleep):
                if isinstance(event, JobEnded):
                    ended = event
                else:
                    screen(event)
    except KeyboardInterrupt:
        tell(f"Job {stored.job_id} goes on; only the following has ended.")
        return Interrupted.exit_code
    known = job_of(stored)
    return _end_without_a_word(known) if ended is None else _end(known, ended)


def _running(store: Store) -> StoredJob:
    from xlsx2opeasy.load.jobs.listing import list_jobs

    for job in list_jobs(store):
        if (stored := store.job(str(job.id))).is_worked_on():
            return stored
    raise UsageError("no load is running on this machine", "xlsx2opeasy jobs lists those that ended")


def _end(job: LocalJob, ended: JobEnded) -> int:
    from xlsx2opeasy.cli.job_words import show_summary
    from xlsx2opeasy.load.results.load_result import LoadResult

    workbook = str(Path(job.workbook)) if job.workbook else ""
    result = LoadResult(
        job.id, ended.status, ended.exit_code, workbook, ended.results, ended.rows, (), ended.message
    )
    show_summary(result, rehearsal=bool(job.rehearsal))
    return ended.exit_code


def _end_without_a_word(job: LocalJob) -> int:
    """A job of an earlier version of this program, or one whose process died."""
    from xlsx2opeasy.load.job.state import UNKNOWN
    from xlsx2opeasy.load.results.load_result import EXIT_CODES

    finished = job.load_status or ""
    if finished in EXIT_CODES:
        show = tell_lines if finished == UNKNOWN else tell
        show(f"Job {job.id} has ended. {job.message or ''}".rstrip())
        return EXIT_CODES[finished]
    complain(f"nothing works on job {job.id}", job.message or "")
    return DIED
