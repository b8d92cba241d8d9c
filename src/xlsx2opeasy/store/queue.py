"""Procrastinate, which gives the jobs of the queue to workers: one at a time for each enterprise.

It is never the source of truth: it knows only jobs whose time has come, and whatever it loses or holds too
long is put right from the items and from who holds the jobs' locks. Nothing else knows of it.
"""

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import procrastinate
import psycopg
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job
from procrastinate.schema import SchemaManager

from xlsx2opeasy.store.address import StoreAddress
from xlsx2opeasy.store.connection import NOTICED_THERE, lock_number, noticed_here, noticed_there

QUEUE_FAILURES: Final = (ProcrastinateException, psycopg.Error)
"""What the methods raise where the database cannot be reached."""
_NAME: Final = "xlsx2opeasy"
_VERSION: Final = "procrastinate_migrations"
_INSTALL_LOCK: Final = 0x786C737871756575
_TEND_LOCK: Final = 0x786C737874656E64
_ORPHANED_SECONDS: Final = 1.0
"""How long a job must be without a process that works on it, before another worker takes it up."""
_DEAD_SECONDS: Final = 600.0
_DUE: Final = """
SELECT i.job, j.origin, j.enterprise_id, i.priority
FROM xlsx2opeasy_item i JOIN xlsx2opeasy_job j USING (job)
WHERE NOT i.ended AND NOT j.finished AND i.at <= now() AND NOT EXISTS (
    SELECT 1 FROM procrastinate_jobs p
    WHERE p.queue_name = 'xlsx2opeasy' AND p.status IN ('todo', 'doing') AND p.args ->> 'job' = i.job)
ORDER BY i.priority DESC, i.at, i.added LIMIT 500
"""
_FIRST: Final = 2**31 - 1
"""The priority of a job that has begun: what it left at its server ends before another of its enterprise."""
_RELEASE: Final = """
WITH known AS (
    SELECT p.id, i.at,
        coalesce(NOT i.ended AND NOT j.finished AND (i.at <= now() OR %(keep)s), false) AS again
    FROM procrastinate_jobs p
    LEFT JOIN xlsx2opeasy_item i ON i.job = p.args ->> 'job' LEFT JOIN xlsx2opeasy_job j ON j.job = i.job
    WHERE p.id = %(number)s AND p.status = 'doing' AND p.worker_id IS NOT DISTINCT FROM %(worker)s
    FOR UPDATE OF p
), offered AS (
    UPDATE procrastinate_jobs p
    SET status = 'todo', priority = %(first)s, scheduled_at = k.at, worker_id = NULL, attempts = attempts + 1
    FROM known k WHERE p.id = k.id AND k.again
)
DELETE FROM procrastinate_jobs p USING known k WHERE p.id = k.id AND NOT k.again
"""
"""In one statement, so that no other job of the enterprise comes between; one that waits with a higher
priority keeps the others out, also until its time has come."""
_HELD: Final = """
SELECT (classid::bigint << 32) | objid::bigint AS number FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted
"""


def lacks_rights(error: BaseException) -> bool:
    """Whether the database refused because the role may not do it, which no waiting mends."""
    causes = (error, error.__cause__)
    return any(isinstance(each, psycopg.errors.InsufficientPrivilege) for each in causes)


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that a worker has taken; `number` and `worker` are Procrastinate's own."""

    number: int
    job: str
    worker: int | None


class Queue:
    """One worker's view of the queue."""

    def __init__(self, address: StoreAddress, worker: int, app: procrastinate.App) -> None:
        self._address = address
        self._worker = worker
        self._app = app
        self._orphaned: dict[Taken, float] = {}

    async def tend(self, mine: Collection[int]) -> int:
        """Offers the jobs whose time has come, and gives back those whose worker is gone.

        `mine` are the numbers that this worker works on. Gives how many were put right.
        """
        given_back = await self._give_back(mine)
        if not await self._all(_DUE):
            return given_back
        lock = await self._one("SELECT pg_try_advisory_lock(%(number)s) AS held", number=_TEND_LOCK)
        if not lock["held"]:
            return given_back
        try:
            due = await self._all(_DUE)  # of which another worker may have offered some since
            if due:
                await self._app.job_manager.batch_defer_jobs_async([_offer(row) for row in due])
        finally:
            await self._one("SELECT pg_advisory_unlock_all()")
        return given_back + len(due)

    async def take(self) -> Taken | None:
        """The most urgent job whose enterprise is free; None where there is none."""
        found = await self._app.job_manager.fetch_job([_NAME], self._worker)
        return (
            None if found is None else Taken(int(found.id or 0), str(found.task_kwargs["job"]), self._worker)
        )

    async def release(self, taken: Taken, *, keep: bool = False) -> None:
        """The worker has done with it. Where it is to go on at once, it goes before others of its enterprise.

        With `keep`, as its operation runs at the server, it does so also where it is to wait.
        Nothing is done where another worker has it by now.
        """
        values = {"number": taken.number, "worker": taken.worker, "keep": keep, "first": _FIRST}
        with contextlib.suppress(*QUEUE_FAILURES):  # it will be given back
            await self._app.connector.execute_query_async(_RELEASE, **values)

    async def heartbeat(self) -> None:
        """Says that this worker lives, and forgets those that do not."""
        await self._app.job_manager.update_heartbeat(self._worker)
        await self._app.job_manager.prune_stalled_workers(_DEAD_SECONDS)

    async def _give_back(self, mine: Collection[int]) -> int:
        """A job is orphaned where no process holds its lock for a while: the worker died, or never began."""
        doing = await self._all(
            "SELECT id, worker_id, args ->> 'job' AS job FROM procrastinate_jobs"
            " WHERE queue_name = 'xlsx2opeasy' AND status = 'doing'"
        )
        others = [row for row in doing if int(row["id"]) not in mine]
        held = {int(row["number"]) for row in await self._all(_HELD)} if others else set()
        now = time.monotonic()
        orphans = {
            Taken(row["id"], row["job"], row["worker_id"])
            for row in others
            if lock_number("job", row["job"]) not in held
        }
        self._orphaned = {each: self._orphaned.get(each, now) for each in orphans}
        over = [each for each, since in self._orphaned.items() if now - since >= _ORPHANED_SECONDS]
        for taken in over:
            await self.release(taken)
        return len(over)

    @property
    def has_orphans(self) -> bool:
        """Whether jobs may be without a worker, which the next look shows."""
        return bool(self._orphaned)

    async def _all(self, query: str, **values: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        return await self._app.connector.execute_query_all_async(query, **values)

    async def _one(self, query: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401
        return await self._app.connector.execute_query_one_async(query, **values)


def _offer(row: dict[str, Any]) -> Job:
    return Job(
        queue=_NAME,
        task_name=_NAME,
        priority=row["priority"],
        lock=str(lock_number("enterprise", row["origin"], row["enterprise_id"])),
        queueing_lock=None,
        task_kwargs={"job": row["job"]},
    )


@contextlib.asynccontextmanager
async def opened_queue(address: StoreAddress) -> AsyncIterator[Queue]:
    """The queue, with its tables made or brought forward. Raises QUEUE_FAILURES."""
    for name in ("psycopg.pool", "procrastinate"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what they have to say is raised as well
    connector = procrastinate.PsycopgConnector(
        conninfo=address.url,
        min_size=1,
        max_size=1,
        timeout=10,
        kwargs=noticed_here(),
        configure=_let_it_notice,
    )
    app = procrastinate.App(connector=connector)
    async with app.open_async():
        await _install(app)
        worker = await app.job_manager.register_worker()
        try:
            yield Queue(address, worker, app)
        finally:
            with contextlib.suppress(*QUEUE_FAILURES):
                await app.job_manager.unregister_worker(worker)


async def _let_it_notice(connection: psycopg.AsyncConnection) -> None:
    """A machine that is cut off while it tends the queue must not keep the others from it."""
    await connection.execute(NOTICED_THERE, noticed_there())
    await connection.commit()


async def _install(app: procrastinate.App) -> None:
    """Makes Procrastinate's tables, or applies those of its migrations that are newer than the tables."""
    run = app.connector.execute_query_async
    ask = app.connector.execute_query_all_async
    await run("SELECT pg_advisory_lock(%(number)s)", number=_INSTALL_LOCK)
    try:
        there = await ask("SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS there")
        files = sorted(each.name for each in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
        known = await ask("SELECT value FROM xlsx2opeasy_meta WHERE name = %(name)s", name=_VERSION)
        if not there[0]["there"]:
            await app.schema_manager.apply_schema_async()
        elif known:
            for name in files:
                if name > known[0]["value"]:
                    text = (Path(SchemaManager.get_migrations_path()) / name).read_text(encoding="utf-8")
                    await run(text.replace("%", "%%"))
        await run(
            "INSERT INTO xlsx2opeasy_meta (name, value) VALUES (%(name)s, %(value)s)"
            " ON CONFLICT (name) DO UPDATE SET value = greatest(xlsx2opeasy_meta.value, excluded.value)",
            name=_VERSION,
            value=files[-1],
        )
    finally:
        await run("SELECT pg_advisory_unlock(%(number)s)", number=_INSTALL_LOCK)
