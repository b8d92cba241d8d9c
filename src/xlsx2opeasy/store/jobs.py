"""Jobs in the database: `PostgresStore` is a `Store`, `PostgresJob` a `StoredJob`."""

import contextlib
import errno
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg

from xlsx2opeasy.errors import LoadRefused, LocalFailure, TakenOver, UsageError
from xlsx2opeasy.load.job.home import new_job_id
from xlsx2opeasy.load.job.journal import Record
from xlsx2opeasy.load.job.store import FACTS, WORKBOOK
from xlsx2opeasy.operating_system import user_name
from xlsx2opeasy.store.address import StoreAddress
from xlsx2opeasy.store.connection import Session, lock_number
from xlsx2opeasy.store.journal import PostgresJournal, read_records
from xlsx2opeasy.store.keyfile import new_key
from xlsx2opeasy.store.schema import follow_key, prepare_schema
from xlsx2opeasy.store.scratch import scratch_folder
from xlsx2opeasy.store.sealing import KeyRing, Sealed, seal, unseal

T = TypeVar("T")

PART_BYTES: Final = 1024 * 1024
"""The size of a row of a file at the most."""
FREEZE_SECONDS: Final = 600.0
"""How long a workbook waits for another of its enterprise that is being put into the store."""
RESULTS_KEPT: Final = timedelta(days=30)
RESULTS: Final = "results-workbook"
RECORDS_KEY, SECRETS_KEY, RESULTS_KEY = "records_key", "secrets_key", "results_key"


def _key_of(name: str) -> str:
    """Under which of the job's keys a file is sealed."""
    if name == RESULTS or name.startswith(f"{RESULTS}."):
        return RESULTS_KEY
    return SECRETS_KEY if name == WORKBOOK or name.startswith("chunks/") else RECORDS_KEY


def purge(connection: psycopg.Connection) -> None:
    """Destroys the keys of results workbooks whose time is over, and removes jobs that never came to be."""
    connection.execute(
        "WITH over AS (UPDATE xlsx2opeasy_job SET results_key = NULL, results_until = NULL"
        " WHERE results_until < now() RETURNING job)"
        " DELETE FROM xlsx2opeasy_file f USING over WHERE f.job = over.job AND starts_with(f.name, %s)",
        [RESULTS],
    )
    connection.execute("DELETE FROM xlsx2opeasy_job WHERE NOT begun AND created < now() - interval '1 day'")


class PostgresStore:
    """All jobs in the database. Each thread that uses it has a connection of its own."""

    here = "in this store"

    def __init__(self, address: StoreAddress, keys: KeyRing, scratch: Path) -> None:
        """`scratch` is a folder of this machine for files of the moment."""
        self.address = address
        self.machine = socket.gethostname()
        self.keys = keys
        self.scratch = scratch
        self._of_thread = threading.local()

    @property
    def session(self) -> Session:
        """The connection of this thread; the tables are made, or compared, when it is first used."""
        session: Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = Session(self.address)
            self._prepare(session)
            self._of_thread.session = session
        return session

    def require_usable(self) -> None:
        """Compares tables and key as at the first use: another machine may have changed them since.

        Raises UsageError where they can be used no more, LocalFailure where the store is away.
        """
        self.session.drop_if_broken()
        self._prepare(self.session)

    def _prepare(self, session: Session) -> None:
        session.run(lambda connection: prepare_schema(connection, self.keys))

    def close(self) -> None:
        """Lets go of this thread's connection."""
        session: Session | None = getattr(self._of_thread, "session", None)
        if session is not None:
            session.close()
            del self._of_thread.session

    def where(self) -> str:
        """The store's address without its password."""
        return f"the store {self.address}"

    def new_job(self, *, rehearsal: bool) -> "PostgresJob":
        """Inserts a job, which is one only once its facts are written."""

        def insert(connection: psycopg.Connection) -> str:
            while True:
                job = new_job_id(rehearsal=rehearsal)
                with connection.transaction():
                    follow_key(connection, self.keys)
                    wrapped = [self.keys.new(job, each)[1] for each in (RECORDS_KEY, SECRETS_KEY)]
                    done = connection.execute(
                        "INSERT INTO xlsx2opeasy_job (job, rehearsal, records_key, secrets_key, added_by)"
                        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                        [job, rehearsal, *wrapped, f"{user_name()}@{self.machine}"],
                    )
                if done.rowcount:
                    return job

        self.session.run(purge)
        return PostgresJob(self, self.session.run(insert))

    def job(self, job_id: str) -> "PostgresJob":
        """A job by its name. Raises UsageError where there is none."""
        query = "SELECT 1 FROM xlsx2opeasy_job WHERE job = %s AND begun"
        if "\0" in job_id or not self.session.run(lambda c: c.execute(query, [job_id]).fetchone()):
            raise UsageError(f"there is no job {job_id} in this store", "xlsx2opeasy jobs lists them")
        return PostgresJob(self, job_id)

    def jobs(
        self,
        *,
        enterprise: tuple[str, str] | None = None,
        unfinished: bool = False,
        latest: int | None = None,
    ) -> Iterator["PostgresJob"]:
        """The jobs as they are now; an index finds those of an enterprise."""
        origin, enterprise_id = enterprise or (None, None)
        query = (
            "SELECT job FROM xlsx2opeasy_job WHERE begun"
            " AND (%(id)s::text IS NULL OR (enterprise_id = %(id)s AND origin = %(origin)s))"
            " AND NOT (%(unfinished)s AND finished AND status IS DISTINCT FROM 'unknown')"
            " AND (finished OR %(latest)s::bigint IS NULL) ORDER BY created DESC LIMIT %(latest)s::bigint"
        )
        known = {"id": enterprise_id, "origin": origin, "unfinished": unfinished, "latest": latest}
        for (job,) in self.session.run(lambda connection: connection.execute(query, known).fetchall()):
            yield PostgresJob(self, job)

    @contextlib.contextmanager
    def freeze_lock(self, origin: str, enterprise_id: str) -> Iterator[None]:
        """So that what was loaded, or is queued, is known to whoever freezes a job next."""

        def refuse() -> LoadRefused:
            return LoadRefused(
                f"another workbook is being put into the store for enterprise {enterprise_id}", "try again"
            )

        number = lock_number("freeze", origin, enterprise_id)
        with self.session.holding(number, refuse, patience=FREEZE_SECONDS):
            yield

    @contextlib.contextmanager
    def enterprise_lock(self, origin: str, enterprise_id: str) -> Iterator[None]:
        """Holds the enterprise while the block runs, on all machines of this store."""
        number = lock_number("enterprise", origin, enterprise_id)

        def refuse() -> LoadRefused:
            return LoadRefused(
                f"another load runs at enterprise {enterprise_id} on a machine of this store"
                f"{self.session.holder(number)}",
                "wait for it to end; xlsx2opeasy jobs follow shows how far it is",
            )

        with self.session.holding(number, refuse):
            yield


@dataclass
class PostgresJob:
    """One job in the database. Who works on it writes in an epoch, which ends where another takes over."""

    store: PostgresStore
    job_id: str
    epoch: int | None = None
    _records_key: bytes | None = field(default=None, repr=False, compare=False)

    def where(self, name: str = "") -> str:
        """The file and the job, in words."""
        job = f"job {self.job_id} in {self.store.where()}"
        return f"{name} of {job}" if name else job

    @property
    def way_out(self) -> str:
        """None but a backup: nobody takes one job out of a database by hand."""
        return ""

    def read(self, name: str) -> bytes:
        """A file's content, unsealed."""
        purpose = _key_of(name)
        query = (
            f"SELECT digest, content, {purpose} FROM xlsx2opeasy_file JOIN xlsx2opeasy_job USING (job)"  # noqa: S608 - a column
            " WHERE job = %s AND name = %s ORDER BY part"
        )

        def parts(connection: psycopg.Connection) -> list[tuple[bytes, bytes, bytes | None]]:
            with connection.cursor(binary=True) as cursor:
                return cursor.execute(query, [self.job_id, name]).fetchall()

        found = self._run(parts)
        digest, _, wrapped = found[0] if found else (b"", b"", None)
        if wrapped is None:
            raise FileNotFoundError(errno.ENOENT, "it is not in the store any more", name)
        key = self.store.keys.unwrap(wrapped, self.job_id, purpose)
        return unseal(key, self.job_id, name, Sealed(b"".join(each[1] for each in found), digest))

    def write(self, name: str, content: bytes) -> None:
        """Seals a file and puts it into rows, in one transaction."""
        purpose = _key_of(name)
        key = self._key(purpose)
        if key is None:
            raise LocalFailure(f"{self.where(name)} cannot be written: its key is destroyed")
        sealed = seal(key, self.job_id, name, content)
        facts = json.loads(content) if name == FACTS else None

        def put(connection: psycopg.Connection) -> None:
            with self._owning(connection):
                self._put(connection, name, sealed)
                if facts is not None:
                    self._begin(connection, facts)

        self._run(put)

    def _put(self, connection: psycopg.Connection, name: str, sealed: Sealed) -> None:
        connection.execute("DELETE FROM xlsx2opeasy_file WHERE job = %s AND name = %s", [self.job_id, name])
        for part, start in enumerate(range(0, len(sealed.content), PART_BYTES)):
            connection.execute(
                "INSERT INTO xlsx2opeasy_file (job, name, part, digest, content) VALUES (%s, %s, %s, %s, %b)",
                [self.job_id, name, part, sealed.digest, sealed.content[start : start + PART_BYTES]],
            )

    def _begin(self, connection: psycopg.Connection, facts: dict[str, Any]) -> None:
        connection.execute(
            "UPDATE xlsx2opeasy_job SET begun = true, origin = %s, enterprise_id = %s, workbook = %s"
            " WHERE job = %s",
            [facts["origin"], facts["enterprise_id"], facts["workbook"], self.job_id],
        )

    def exists(self, name: str) -> bool:
        """Whether there is a row of the file."""
        query = "SELECT 1 FROM xlsx2opeasy_file WHERE job = %s AND name = %s LIMIT 1"
        return self._run(lambda c: c.execute(query, [self.job_id, name]).fetchone()) is not None

    def names(self, prefix: str) -> list[str]:
        """The names of the job's files that begin so."""
        query = "SELECT DISTINCT name FROM xlsx2opeasy_file WHERE job = %s AND starts_with(name, %s)"
        return sorted(
            row[0] for row in self._run(lambda c: c.execute(query, [self.job_id, prefix]).fetchall())
        )

    @contextlib.contextmanager
    def as_path(self, name: str) -> Iterator[Path]:
        """The content in a file of the moment, which its owner alone can read."""
        with self.scratch() as folder:
            file = folder / Path(name).name
            file.touch(mode=0o600)
            file.write_bytes(self.read(name))
            yield file

    def scratch(self) -> contextlib.AbstractContextManager[Path]:
        """A folder of the moment, removed also where the process dies: by the next one."""
        return scratch_folder(self.store.scratch)

    def share_results(self, content: bytes, suffix: str) -> None:
        """Keeps the results workbook under a key of its own, for a while. Nothing after a take-over."""
        key = new_key()
        name = f"{RESULTS}{suffix}"
        sealed = seal(key, self.job_id, name, content)

        def put(connection: psycopg.Connection) -> None:
            with self._owning(connection, wraps=True):
                wrapped = self.store.keys.wrap(key, self.job_id, RESULTS_KEY)
                connection.execute(
                    "DELETE FROM xlsx2opeasy_file WHERE job = %s AND starts_with(name, %s)",
                    [self.job_id, RESULTS],
                )
                connection.execute(
                    "UPDATE xlsx2opeasy_job SET results_key = %s, results_until = now() + %s WHERE job = %s",
                    [wrapped, RESULTS_KEPT, self.job_id],
                )
                self._put(connection, name, sealed)

        self._run(put)

    def keep_results(self, content: bytes, suffix: str) -> None:
        """They are kept already, for `queue fetch`."""
        if not self.exists(f"{RESULTS}{suffix}"):
            self.share_results(content, suffix)

    def has_results(self) -> bool:
        """Whether there is one, under a key that is not destroyed."""
        return bool(self.names(RESULTS))

    def results(self) -> tuple[bytes, str] | None:
        """The results workbook and its extension; None where there is none, or not any more."""
        names = self.names(RESULTS)
        try:
            return (self.read(names[0]), names[0].removeprefix(RESULTS)) if names else None
        except FileNotFoundError:
            return None

    def forget_secrets(self) -> None:
        """Destroys the key of the chunk files and the workbook's copy, so that backups are unreadable too."""

        def destroy(connection: psycopg.Connection) -> None:
            with self._owning(connection):
                connection.execute(
                    "UPDATE xlsx2opeasy_job SET secrets_key = NULL WHERE job = %s", [self.job_id]
                )
                connection.execute(
                    "DELETE FROM xlsx2opeasy_file WHERE job = %s"
                    " AND (name = %s OR starts_with(name, 'chunks/'))",
                    [self.job_id, WORKBOOK],
                )

        self._run(destroy)

    def remove(self) -> None:
        """Removes the job and all that belongs to it, keys included."""
        self._run(lambda c: c.execute("DELETE FROM xlsx2opeasy_job WHERE job = %s", [self.job_id]))

    def open_journal(self, *, stay_in_log: frozenset[str] = frozenset()) -> PostgresJournal:  # noqa: ARG002 - a commit is on the disk
        """The journal, in the epoch of this process."""
        key = self._key(RECORDS_KEY)
        assert key is not None
        assert self.epoch is not None
        return PostgresJournal(self.store.session, self.job_id, self.epoch, key, self.where())

    def read_journal(self) -> Sequence[Record]:
        """The records so far."""
        key = self._key(RECORDS_KEY)
        assert key is not None
        return read_records(self.store.session, self.job_id, key, self.where())[0]

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Holds the job's lock and begins a new epoch: what a process before is about to write is refused."""

        def refuse() -> LoadRefused:
            return LoadRefused(
                f"another process works on job {self.job_id}{self.store.session.holder(self._lock)}",
                f"wait for it to end; xlsx2opeasy jobs follow {self.job_id} shows how far it is",
            )

        query = "UPDATE xlsx2opeasy_job SET epoch = epoch + 1 WHERE job = %s RETURNING epoch"
        with self.store.session.holding(self._lock, refuse):
            row = self._run(lambda c: c.execute(query, [self.job_id]).fetchone())
            if row is None:
                raise TakenOver(f"job {self.job_id} was removed from {self.store.where()}")
            self.epoch = row[0]
            try:
                yield
            finally:
                self.epoch = None

    def is_worked_on(self) -> bool:
        """Whether a process, on whichever machine, holds the job's lock."""
        return self.store.session.is_held(self._lock)

    def is_queued(self) -> bool:
        """Whether the queue holds it, and it has not ended."""
        query = (
            "SELECT 1 FROM xlsx2opeasy_item JOIN xlsx2opeasy_job USING (job)"
            " WHERE job = %s AND NOT ended AND NOT finished"
        )
        return self._run(lambda c: c.execute(query, [self.job_id]).fetchone()) is not None

    def begin_events(self) -> "_EventRows":
        """Rows that are not waited for."""
        return _EventRows(self)

    def events(self, after: int) -> tuple[list[bytes], int]:
        """The lines whose number is greater."""
        query = "SELECT id, line, digest FROM xlsx2opeasy_event WHERE job = %s AND id > %s ORDER BY id"
        found = self._run(lambda c: c.execute(query, [self.job_id, after]).fetchall())
        key = self._key(RECORDS_KEY) if found else None
        if key is None:
            return [], after
        return [unseal(key, self.job_id, "events", Sealed(*row[1:])) for row in found], found[-1][0]

    @property
    def _lock(self) -> int:
        return lock_number("job", self.job_id)

    @contextlib.contextmanager
    def _owning(self, connection: psycopg.Connection, *, wraps: bool = False) -> Iterator[None]:
        """A transaction that another process which takes the job over has to wait for. Raises TakenOver.

        One that `wraps` a key locks first what names the store's key, then the job, as an exchange does.
        """
        query = "SELECT 1 FROM xlsx2opeasy_job WHERE job = %s AND epoch = %s FOR SHARE"
        with connection.transaction():
            if wraps:
                follow_key(connection, self.store.keys)
            if self.epoch is not None and not connection.execute(query, [self.job_id, self.epoch]).fetchone():
                raise TakenOver(f"another process took over job {self.job_id}")
            yield

    def _key(self, purpose: str) -> bytes | None:
        """One of the job's keys; None where it is destroyed. That of its records lasts as long as the job."""
        if purpose == RECORDS_KEY and self._records_key is not None:
            return self._records_key
        query = "SELECT records_key, secrets_key, results_key FROM xlsx2opeasy_job WHERE job = %s"
        row = self._run(lambda c: c.execute(query, [self.job_id]).fetchone())
        wrapped = row[(RECORDS_KEY, SECRETS_KEY, RESULTS_KEY).index(purpose)] if row else None
        key = None if wrapped is None else self.store.keys.unwrap(wrapped, self.job_id, purpose)
        if purpose == RECORDS_KEY:
            self._records_key = key
        return key

    def _run(self, work: Callable[[psycopg.Connection], T]) -> T:
        return self.store.session.run(work)


_EVENT: Final = (
    "WITH unsynced AS (SELECT set_config('synchronous_commit', 'off', true))"
    " INSERT INTO xlsx2opeasy_event (job, line, digest) SELECT %s, %b, %b FROM unsynced"
)
"""In one statement, since there is one for each step of a load."""


class _EventRows:
    """The events of a run in rows; where the store refuses, the run cannot be followed."""

    def __init__(self, job: PostgresJob) -> None:
        self._job = job
        self._key: bytes | None = None
        query = "DELETE FROM xlsx2opeasy_event WHERE job = %s"
        with contextlib.suppress(LocalFailure):
            job.store.session.run(lambda connection: connection.execute(query, [job.job_id]))
            self._key = job._key(RECORDS_KEY)  # noqa: SLF001 - a part of it

    def write(self, line: str) -> None:
        """Seals a line and puts it into a row."""
        if self._key is None:
            return
        sealed = seal(self._key, self._job.job_id, "events", line.encode())
        values = [self._job.job_id, sealed.content, sealed.digest]
        try:
            self._job.store.session.run(lambda connection: connection.execute(_EVENT, values))
        except TakenOver:
            raise
        except LocalFailure:
            self.close()

    def close(self) -> None:
        """Writes no more."""
        self._key = None
