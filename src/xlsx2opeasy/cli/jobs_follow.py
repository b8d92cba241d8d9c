"""`xlsx2opeasy jobs follow`: a running load, seen from another terminal. Nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.options import complete_jobs
from xlsx2opeasy.cli.output import complain, tell
from xlsx2opeasy.errors import Interrupted, UsageError, Xlsx2OpeasyError

if TYPE_CHECKING:
    from xlsx2opeasy.job_model import Job
    from xlsx2opeasy.load.event_log import JobEnded
    from xlsx2opeasy.load.job.home import Home, JobFolder

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
    from xlsx2opeasy.load.job.home import Home, state_folder

    try:
        code = follow_job(Home(state_folder()), job)
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        code = error.exit_code
    raise SystemExit(code)


def follow_job(home: Home, job: str | None) -> int:
    """Shows the job's events until it ends; gives the exit code of the load.

    Raises UsageError where there is no such job, or none that runs where none is named.
    """
    import time

    from xlsx2opeasy.cli.screen import Screen
    from xlsx2opeasy.load.event_log import JobEnded
    from xlsx2opeasy.load.event_log import follow as events_of
    from xlsx2opeasy.load.jobs.listing import job_of

    folder = home.job(job) if job else _running(home)
    ended: JobEnded | None = None
    try:
        with Screen(quiet=False) as screen:
            for event in events_of(folder, time.sleep):
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
    from xlsx2opeasy.load.job.home import JobFolder
    from xlsx2opeasy.load.job.locks import is_worked_on
    from xlsx2opeasy.load.jobs.listing import list_jobs

    for job in list_jobs(home):
        folder = JobFolder(home.loads / str(job.id))
        if is_worked_on(folder):
            return folder
    raise UsageError("no load is running on this machine", "xlsx2opeasy jobs lists those that ended")


def _end(job: Job, ended: JobEnded) -> int:
    from xlsx2opeasy.cli.summary import show_summary
    from xlsx2opeasy.load.results.load_result import LoadResult

    workbook = str(Path(job.workbook)) if job.workbook else ""
    result = LoadResult(
        job.id, ended.status, ended.exit_code, workbook, ended.results, ended.rows, (), ended.message
    )
    show_summary(result, rehearsal=bool(job.rehearsal))
    return ended.exit_code


def _end_without_a_word(job: Job) -> int:
    """A job of an earlier version of this program, or one whose process died."""
    from xlsx2opeasy.load.results.load_result import EXIT_CODES

    finished = str(job.raw.get("loadStatus", ""))
    if finished in EXIT_CODES:
        tell(f"Job {job.id} has ended. {job.message or ''}".rstrip())
        return EXIT_CODES[finished]
    complain(f"nothing works on job {job.id}", job.message or "")
    return DIED
