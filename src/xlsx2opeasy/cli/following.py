"""`xlsx2opeasy jobs follow`: a running load, seen from another terminal. Nothing is written."""

import time
from pathlib import Path

from xlsx2opeasy.cli.screen import Screen
from xlsx2opeasy.cli.summary import show_summary
from xlsx2opeasy.cli.words import complain, tell
from xlsx2opeasy.errors import Interrupted, UsageError
from xlsx2opeasy.job_model import Job
from xlsx2opeasy.load.event_log import JobEnded, follow
from xlsx2opeasy.load.job.home import Home, JobFolder
from xlsx2opeasy.load.job.locks import is_worked_on
from xlsx2opeasy.load.jobs.listing import job_of, list_jobs
from xlsx2opeasy.load.results.load_result import EXIT_CODES, LoadResult

DIED = 130
"""Exit code where the process that worked on the job is gone without a last word: it can be resumed."""


def follow_job(home: Home, job: str | None) -> int:
    """Shows the job's events until it ends; gives the exit code of the load.

    Raises UsageError where there is no such job, or none that runs where none is named.
    """
    folder = home.job(job) if job else _running(home)
    ended: JobEnded | None = None
    try:
        with Screen(quiet=False) as screen:
            for event in follow(folder, time.sleep):
                if isinstance(event, JobEnded):
                    ended = event
                else:
                    screen(event)
    except KeyboardInterrupt:
        tell(f"Job {folder.job_id} goes on; only the following has ended.")
        return Interrupted.exit_code
    known = job_of(folder)
    return _end_without_a_word(known) if ended is None else _end(known, ended)


def _running(home: Home) -> JobFolder:
    for job in list_jobs(home):
        folder = JobFolder(home.loads / str(job.id))
        if is_worked_on(folder):
            return folder
    raise UsageError("no load is running on this machine", "xlsx2opeasy jobs lists those that ended")


def _end(job: Job, ended: JobEnded) -> int:
    workbook = str(Path(job.workbook)) if job.workbook else ""
    result = LoadResult(
        job.id, ended.status, ended.exit_code, workbook, ended.results, ended.rows, (), ended.message
    )
    show_summary(result, rehearsal=bool(job.rehearsal))
    return ended.exit_code


def _end_without_a_word(job: Job) -> int:
    """A job of an earlier version of this program, or one whose process died."""
    finished = str(job.raw.get("loadStatus", ""))
    if finished in EXIT_CODES:
        tell(f"Job {job.id} has ended. {job.message or ''}".rstrip())
        return EXIT_CODES[finished]
    complain(f"nothing works on job {job.id}", job.message or "")
    return DIED
