"""Where jobs are kept, as the rest of the load sees it: protocols, implemented by each kind of store.

`home.py` keeps jobs in folders of this machine. A name is a file's place within its job, such as
`chunks/phase-1-0001.json`.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

from xlsx2opeasy.load.job.journal import Journal, Record

FACTS: Final = "job.json"
JOURNAL_BEGUN: Final = "begun"
"""An empty file beside a journal that has a record: made before the facts, not by earlier versions."""
"""What the job is; written once, last of all, so that files without it never were a job."""
ROWS: Final = "rows.jsonl"
"""The task rows in the order of sending, and what is known of the others."""
SHELL: Final = "chunks/empty.json"
"""The file without tasks that a draft is created with."""
DIGEST_KEY: Final = "chunks/digest.key"
"""The random key of digests of what holds secrets; it goes with the chunks. Earlier versions had none."""
WORKBOOK: Final = "workbook.xlsx"
"""The workbook's own bytes; removed once the job is finished."""
OUTCOMES: Final = "outcomes.jsonl"
"""What became of each row, one line each."""
DONE: Final = "done.jsonl"
"""What took effect, as far as `undo` needs it; no secrets."""


def chunk_place(file: str) -> str:
    """The name of a chunk file: exactly the bytes that are sent."""
    return f"chunks/{file}"


def result_place(file: str) -> str:
    """The name of a file of the server's results and validation errors, secrets masked."""
    return f"results/{file}"


class EventSink(Protocol):
    """Takes the events of a run, one line each; it is for eyes alone, so a failure ends it in silence."""

    def write(self, line: str) -> None:
        """Keeps one line, which holds no line break."""

    def close(self) -> None:
        """Ends it."""


class StoredJob(Protocol):
    """One job: its files, its journal, and who works on it.

    Methods raise OSError where this machine's disk refuses, LocalFailure where a store apart from it does.
    """

    @property
    def job_id(self) -> str:
        """The job's name."""

    def where(self, name: str = "") -> str:
        """The place of a file, or of the job, in the words of a message."""

    @property
    def way_out(self) -> str:
        """What a person may do where the job cannot be read and keeps loads out; empty where nothing."""

    def read(self, name: str) -> bytes:
        """A file's content. FileNotFoundError where there is none of that name, else LocalFailure."""

    def write(self, name: str, content: bytes) -> None:
        """Writes a file durably: wholly or not at all, readable by its owner alone."""

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""

    def names(self, prefix: str) -> Sequence[str]:
        """The names that begin with `prefix`, which ends in a slash, sorted."""

    def as_path(self, name: str) -> AbstractContextManager[Path]:
        """A file's content as a file of this machine while the block runs, to be read only."""

    def scratch(self) -> AbstractContextManager[Path]:
        """A folder of this machine for files of the moment, readable by its owner alone."""

    def share_results(self, content: bytes, suffix: str) -> None:
        """Keeps the results workbook for other machines, where the store is one of several machines."""

    def keep_results(self, content: bytes, suffix: str) -> Path | None:
        """Keeps the results workbook, which no other place took; its place where that is a file."""

    def has_results(self) -> bool:
        """Whether the results workbook is kept for other machines."""

    def results(self) -> tuple[bytes, str] | None:
        """The results workbook that is kept for other machines, and its extension; None where none is."""

    def forget_secrets(self) -> None:
        """Removes the chunk files and the workbook's copy: they hold passwords. Not a secure erasure."""

    def remove(self) -> None:
        """Removes the job: first what makes it one, so that half of one is never seen."""

    def open_journal(self, *, stay_in_log: frozenset[str] = frozenset()) -> Journal:
        """The journal, to append to; made where there is none. The caller is `working` on the job."""

    def read_journal(self) -> Sequence[Record]:
        """The records of the journal, which another process may be working on; nothing is written."""

    def working(self) -> AbstractContextManager[None]:
        """Says that this process works on the job while the block runs. LoadRefused where another does."""

    def is_worked_on(self) -> bool:
        """Whether a living process works on the job now."""

    def is_queued(self) -> bool:
        """Whether a worker will take the job up by itself."""

    def begin_events(self) -> EventSink:
        """Begins the events of a run; those of the run before are dropped."""

    def events(self, after: int) -> tuple[Sequence[bytes], int]:
        """The whole lines of the latest run's events after the position `after` (0: all), and the new one."""


class Store(Protocol):
    """All jobs that this machine knows of, and the enterprises that are being loaded."""

    here: str
    """`on this machine`, or what it is for a message where machines share the store."""
    machine: str
    """The name of this machine, where others share the store; else empty."""

    def where(self) -> str:
        """Which store it is, in the words of a message; no secret."""

    def new_job(self, *, rehearsal: bool) -> StoredJob:
        """Makes room for a new job: L (R for a rehearsal), the date, and four letters."""

    def job(self, job_id: str) -> StoredJob:
        """A job by its name. Raises UsageError where there is none."""

    def jobs(
        self,
        *,
        enterprise: tuple[str, str] | None = None,
        unfinished: bool = False,
        latest: int | None = None,
    ) -> Iterator[StoredJob]:
        """All jobs, or so many of the `latest`, these first. Raises LocalFailure where they cannot be read.

        A store may leave out those of other enterprises than `enterprise` (origin and id), or, where only
        `unfinished` ones are looked for, those that are finished, or else those that are not from the
        `latest`.
        """

    def freeze_lock(self, origin: str, enterprise_id: str) -> AbstractContextManager[None]:
        """Waits until no other process freezes a job of the enterprise; none does while the block runs."""

    def enterprise_lock(self, origin: str, enterprise_id: str) -> AbstractContextManager[None]:
        """Holds the enterprise while the block runs. Raises LoadRefused where another process does."""
