"""Where jobs are kept on this machine, and nothing about what is in them.

Not beside the workbook: network folders and synchronised ones cannot be trusted with locks and fsync.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from xlsx2opeasy.durable import make_folder, sync_folder, what_helps, why_refused
from xlsx2opeasy.errors import LocalFailure, UsageError

HOME_VARIABLE = "XLSX2OPEASY_HOME"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
JOB_FILE = "job.json"


def state_folder() -> Path:
    """`XLSX2OPEASY_HOME`, or the operating system's folder for state."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home).expanduser().absolute()
    return platformdirs.user_state_path("xlsx2opeasy", appauthor=False)


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @property
    def job_id(self) -> str:
        """The folder's name is the job's."""
        return self.path.name

    @property
    def facts(self) -> Path:
        """What the job is; written once, last of all, so that a folder without it never was a job."""
        return self.path / JOB_FILE

    @property
    def rows(self) -> Path:
        """The task rows in the order of sending, and what is known of the others."""
        return self.path / "rows.jsonl"

    @property
    def chunks(self) -> Path:
        """The chunk files: exactly the bytes that are sent."""
        return self.path / "chunks"

    @property
    def shell(self) -> Path:
        """The file without tasks that a draft is created with."""
        return self.chunks / "empty.json"

    @property
    def workbook(self) -> Path:
        """The workbook's own bytes; gone once the job is reconciled."""
        return self.path / "workbook.xlsx"

    @property
    def outcomes(self) -> Path:
        """What became of each row, one line each."""
        return self.path / "outcomes.jsonl"

    @property
    def done(self) -> Path:
        """What took effect, as far as `undo` needs it; no secrets."""
        return self.path / "done.jsonl"

    @property
    def journal(self) -> Path:
        """See `load.journal`."""
        return self.path / "journal.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the process that works on the job."""
        return self.path / "lock"

    @property
    def results(self) -> Path:
        """The server's results and validation errors, secrets masked."""
        return self.path / "results"


@dataclass(frozen=True, slots=True)
class Home:
    """All jobs of this machine's user."""

    path: Path

    @property
    def loads(self) -> Path:
        """One folder a job."""
        return self.path / "loads"

    @property
    def locks(self) -> Path:
        """Lock files; empty but for who holds them."""
        return self.path / "locks"

    def new_job(self, *, rehearsal: bool) -> JobFolder:
        """Makes the folder of a new job: L (R for a rehearsal), the date, and four letters."""
        stem = f"{'R' if rehearsal else 'L'}{datetime.now(UTC):%Y%m%d}"
        try:
            make_folder(self.loads)
            while True:
                folder = self.loads / f"{stem}-{''.join(secrets.choice(_ALPHABET) for _ in range(4))}"
                if not folder.exists():
                    break
            for each in (folder, folder / "chunks", folder / "results"):
                each.mkdir(mode=0o700)
            sync_folder(self.loads)
        except OSError as error:
            raise LocalFailure(
                f"the folder {self.loads} cannot be written: {why_refused(error)}",
                f"nothing was sent; {what_helps(error, self.path)}",
            ) from error
        return JobFolder(folder)

    def job(self, job_id: str) -> JobFolder:
        """The folder of a job. Raises UsageError where there is none of that name."""
        folder = JobFolder(self.loads / job_id)
        if Path(job_id).name != job_id or not folder.facts.exists():
            raise UsageError(f"there is no job {job_id} on this machine", "xlsx2opeasy jobs lists them")
        return folder

    def jobs(self) -> Iterator[JobFolder]:
        """The folders of all jobs, in no particular order. Raises LocalFailure where they cannot be read."""
        try:
            paths = list(self.loads.iterdir()) if self.loads.exists() else []
        except OSError as error:
            raise LocalFailure(
                f"the folder {self.loads} cannot be read: {error.strerror or error}",
                f"set {HOME_VARIABLE} to a folder of your own",
            ) from error
        yield from (JobFolder(path) for path in paths if (path / JOB_FILE).exists())
