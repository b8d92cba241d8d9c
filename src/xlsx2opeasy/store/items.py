"""What is in the queue: workbooks that were put into the store for any worker, and what became of them.

The job's journal is what counts. Here is only what the journal cannot know: priority, time, tries. The state
of an item follows from both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PureWindowsPath
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from xlsx2opeasy.durable import require_overwritable, why_refused, write_file
from xlsx2opeasy.errors import LoadRefused, UsageError, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.load.job.state import ABANDONED, COMPLETED, REJECTED, UNKNOWN, WITH_ERRORS
from xlsx2opeasy.load.jobs.earlier import peek
from xlsx2opeasy.load.jobs.superseded import withdraw
from xlsx2opeasy.load.results.row_results import counts_of, counts_so_far
from xlsx2opeasy.paths import is_file_there
from xlsx2opeasy.shell import quoted
from xlsx2opeasy.store.connection import lock_number
from xlsx2opeasy.store.jobs import RESULTS_KEPT, PostgresJob, PostgresStore

QUEUED, RUNNING, DONE = "queued", "running", "done"
FAILED, CANCELLED, UNDECIDED = "failed", "cancelled", "undecided"
_BY_STATUS: Final[Mapping[str, str]] = {
    COMPLETED: DONE,
    WITH_ERRORS: DONE,
    REJECTED: DONE,
    ABANDONED: CANCELLED,
    UNKNOWN: UNDECIDED,
}
"""By how a job finished; any other end is a failure."""
FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=30)
GIVE_UP_AFTER: Final = timedelta(hours=24)
"""How long a job that cannot reach its server is tried again, with waits that double."""
_COUNTS: Final = tuple(counts_of({}, 0))
BUSY_WAIT: Final = timedelta(seconds=5)
_SELECT: Final = (
    "SELECT i.job, j.enterprise_id, j.workbook, j.added_by, i.priority, i.at, j.counts, j.status, j.finished,"
    " i.ended, i.cancelled, i.tries FROM xlsx2opeasy_item i JOIN xlsx2opeasy_job j USING (job)"
)


@dataclass(frozen=True, slots=True)
class Item:
    """A workbook in the queue; `rows` are its counts, None before it began, `who` is for people alone."""

    job: str
    enterprise: str
    workbook: str
    who: str
    state: str
    priority: int
    at: datetime
    rows: Mapping[str, int] | None

    def as_json(self) -> dict[str, Any]:
        """The item of `queue … --json`."""
        return {
            "job": self.job,
            "enterprise": self.enterprise,
            "workbook": self.workbook,
            "state": self.state,
            "priority": self.priority,
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds"),
            "rows": None if self.rows is None else {name: self.rows[name] for name in _COUNTS},
        }


def add_item(store: PostgresStore, job: str, priority: int, at: datetime, options: Mapping[str, Any]) -> None:
    """Puts a job that was frozen into the queue."""

    def insert(connection: psycopg.Connection) -> None:
        with connection.transaction():
            connection.execute(
                "INSERT INTO xlsx2opeasy_item (job, priority, at, options) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (job) DO NOTHING",
                [job, priority, at, Jsonb(dict(options))],
            )
            _step(connection, job, "added")

    store.session.run(insert)


def list_items(store: PostgresStore) -> list[Item]:
    """All items, the latest added first."""
    query = f"{_SELECT} ORDER BY i.added DESC, i.job DESC"
    rows = store.session.run(lambda connection: connection.execute(query).fetchall())
    held = store.session.held_numbers() if rows else set()
    return [_item(store, row, held) for row in rows]


def item_of(store: PostgresStore, job: str) -> Item:
    """One item. Raises UsageError where the queue has none of that name."""
    query = f"{_SELECT} WHERE i.job = %s"
    row = (
        None
        if "\0" in job
        else store.session.run(lambda connection: connection.execute(query, [job]).fetchone())
    )
    if row is None:
        raise UsageError(f"there is no job {job} in the queue", "xlsx2opeasy queue list lists them")
    return _item(store, row, store.session.held_numbers())


def _item(store: PostgresStore, row: Sequence[Any], held: set[int]) -> Item:
    job, enterprise, workbook, who, priority, at, counts, status, finished, ended, cancelled, tries = row
    is_running = lock_number("job", job) in held
    if is_running or (counts is None and tries):  # its worker was killed before it could note any
        counts = live_counts(store, job) or counts
    if is_running:
        state = RUNNING
    elif finished:
        state = _BY_STATUS.get(status, FAILED)
    elif cancelled:
        state = CANCELLED
    else:
        state = FAILED if ended else QUEUED
    return Item(job, enterprise, PureWindowsPath(workbook).name, who, state, priority, at, counts)


def live_counts(store: PostgresStore, job: str) -> dict[str, int] | None:
    """The counts of a job as its journal has them now; None where that is damaged, or not yet whole."""
    try:
        stored = store.job(job)
        facts, state = peek(stored)
        return counts_so_far(stored, facts, state)
    except Xlsx2OpeasyError:
        return None


def fetch_results(store: PostgresStore, job: str, output: Path, *, replace: bool) -> Item:
    """Writes a job's results workbook to `output`; may be repeated.

    Raises UsageError for an unknown job, another extension or results that are no longer kept, LoadRefused
    where there are none yet, WorkbookUnusable where the file exists with another content and is not replaced.
    """
    stored = store.job(job)
    query = f"{_SELECT.replace(' JOIN', ' RIGHT JOIN')} WHERE job = %s"  # of any load, queued or not
    row = store.session.run(lambda connection: connection.execute(query, [job]).fetchone())
    assert row is not None
    name, enterprise, workbook, who, priority, at, *rest = row
    known = (name or job, enterprise, workbook, who, priority or 0, at or datetime.now(UTC), *rest)
    item = _item(store, known, store.session.held_numbers())
    found = stored.results()
    if found is None:
        if item.state in (QUEUED, RUNNING):
            raise LoadRefused(f"job {job} has no results yet: it is {item.state}", "wait for it to end")
        raise _without_results(stored, item)
    content, suffix = found
    if output.suffix.casefold() != suffix.casefold():
        raise UsageError(f"the results of job {job} cannot be called {output.name}", f"end it in {suffix}")
    if not _holds(output, content):
        require_overwritable(output, replace=replace)
        try:
            write_file(output, content)
        except OSError as error:
            raise WorkbookUnusable(
                f"{output} cannot be written: {why_refused(error)}", "choose another place with --output"
            ) from error
    return item


def _without_results(stored: PostgresJob, item: Item) -> UsageError:
    """Why a job that has ended has no results: it never had any, or they were kept long enough."""
    _, state = peek(stored)
    if item.state == CANCELLED and not any(each.may_be_at_server for each in state.phases.values()):
        return UsageError(
            f"job {item.job} has no results: {state.message}",
            f"to load its workbook after all: xlsx2opeasy queue add {quoted(item.workbook)}",
        )
    return UsageError(
        f"the store has no results of job {item.job}: they are kept for {RESULTS_KEPT.days} days",
        f"what became of its rows is still in its report: xlsx2opeasy report {item.job}",
    )


def _holds(output: Path, content: bytes) -> bool:
    """Whether the file is there already with this content."""
    try:
        return is_file_there(output) and output.read_bytes() == content
    except OSError:
        return False


def steps_of(store: PostgresStore, job: str) -> list[dict[str, str]]:
    """What happened to an item, in order: `at` and `what`."""
    query = "SELECT at, what FROM xlsx2opeasy_step WHERE job = %s ORDER BY id"
    rows = store.session.run(lambda connection: connection.execute(query, [job]).fetchall())
    return [{"at": at.astimezone(UTC).isoformat(timespec="milliseconds"), "what": what} for at, what in rows]


def cancel_item(store: PostgresStore, job: str) -> Item:
    """Takes a job out of the queue. UsageError where there is none, LoadRefused where it has begun."""
    item = item_of(store, job)
    if item.state != QUEUED or not withdraw(PostgresJob(store, job)):
        state = item_of(store, job).state
        if state in (QUEUED, RUNNING):  # also where it waits to be gone on with
            raise LoadRefused(
                f"job {job} has begun, so it cannot be cancelled",
                f"xlsx2opeasy jobs show {job} tells how far it is; once its worker has stopped, xlsx2opeasy"
                f" jobs abandon {job} gives up what was not started",
            )
        raise LoadRefused(
            f"job {job} is {state} already",
            f"xlsx2opeasy jobs show {job} tells what became of it",
        )
    _change(store, job, "cancelled", "ended = true, cancelled = true", [])
    return item_of(store, job)


def options_of(store: PostgresStore, job: str) -> dict[str, Any]:
    """The options of a run that the job's facts do not hold."""
    query = "SELECT options FROM xlsx2opeasy_item WHERE job = %s"
    row = store.session.run(lambda connection: connection.execute(query, [job]).fetchone())
    return dict(row[0]) if row else {}


def note_begun(store: PostgresStore, job: str, where: str) -> None:
    """A worker has taken the job up."""
    _change(store, job, f"taken up by {where}", "tries = tries + 1", [])


def note_end(
    store: PostgresStore, job: str, exit_code: int, rows: Mapping[str, int] | None, said: str
) -> None:
    """The job came to a final end."""
    if rows is not None:
        query = "UPDATE xlsx2opeasy_job SET counts = %s WHERE job = %s AND NOT finished"
        store.session.run(lambda connection: connection.execute(query, [Jsonb(dict(rows)), job]))
    _change(store, job, said, "ended = true, exit_code = %s", [exit_code])


def note_again(store: PostgresStore, job: str, wait: timedelta, said: str) -> None:
    """The job waits for another try, through no fault of its server."""
    _change(store, job, said, "at = greatest(at, now() + %s)", [wait])


def note_failing(store: PostgresStore, job: str, exit_code: int, said: str) -> bool:
    """The server could not be reached: again after a wait that doubles; False where that is over."""
    query = "SELECT failing_since, tries FROM xlsx2opeasy_item WHERE job = %s"
    row = store.session.run(lambda connection: connection.execute(query, [job]).fetchone())
    since, tries = row or (None, 1)
    if since is not None and datetime.now(UTC) - since > GIVE_UP_AFTER:
        note_end(store, job, exit_code, None, said)
        return False
    wait = min(FIRST_WAIT * 2 ** min(max(tries - 1, 0), 20), LONGEST_WAIT)
    change = "at = now() + %s, failing_since = coalesce(failing_since, now())"
    _change(store, job, said, change, [wait])
    return True


def _change(store: PostgresStore, job: str, said: str, change: str, values: Sequence[object]) -> None:
    def update(connection: psycopg.Connection) -> None:
        with connection.transaction():
            statement = f"UPDATE xlsx2opeasy_item SET {change} WHERE job = %s"  # noqa: S608 - constants of this module
            connection.execute(statement, [*values, job])
            _step(connection, job, said)

    store.session.run(update)


def _step(connection: psycopg.Connection, job: str, what: str) -> None:
    connection.execute("INSERT INTO xlsx2opeasy_step (job, what) VALUES (%s, %s)", [job, what])
