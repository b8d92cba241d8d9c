"""A worker: takes jobs from the queue and works on each in a thread, with a connection of its own."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType
from typing import Any, Final

from xlsx2opeasy.errors import (
    Interrupted,
    LoadRefused,
    LocalFailure,
    StillRunning,
    TakenOver,
    UsageError,
    Xlsx2OpeasyError,
    location_of,
)
from xlsx2opeasy.load.events import Event, Listener, Notice
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.open_job import Connect
from xlsx2opeasy.load.job.state import UNKNOWN
from xlsx2opeasy.load.notify import MakeNotifier
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.load.service import LoadContext, resume
from xlsx2opeasy.operating_system import ending_signals_handled
from xlsx2opeasy.store import items
from xlsx2opeasy.store.connection import RIGHTS
from xlsx2opeasy.store.jobs import PostgresStore, purge
from xlsx2opeasy.store.queue import QUEUE_FAILURES, Queue, Taken, lacks_rights, opened_queue
from xlsx2opeasy.store.schema import require_rights
from xlsx2opeasy.store.sealing import UnknownStoreKey

POLL_SECONDS: Final = 0.5
FULL_POLL_SECONDS: Final = 2.0
"""Where it works on as many jobs as it may, it looks only after those of others."""
HEARTBEAT_SECONDS: Final = 30.0
RECONNECT_SECONDS: Final = 1.0
_FINAL: Final = (0, 1)
"""The exit codes of a load that no worker takes up again."""


@dataclass
class Worker:
    """Works until it is asked to stop, or, with `drain`, until nothing is left that could begin now."""

    store: PostgresStore
    connect: Connect
    notifier: MakeNotifier
    say: Callable[[str], None]
    concurrency: int = 1
    drain: bool = False
    _stopping: bool = False
    _running: dict[int, Interruption] = field(default_factory=dict)
    _refusal: Xlsx2OpeasyError | None = None

    def __post_init__(self) -> None:
        self._threads = ThreadPoolExecutor(self.concurrency)

    def run(self) -> None:
        """Raises what the store raises where it cannot be used from the beginning, or not any more."""
        self.store.session.run(require_rights)
        self.store.session.run(purge)
        with ending_signals_handled(self._stop), self._threads:
            self.say(f"waits for loads in {self.store.where()}")
            asyncio.run(self._work())
        if self._refusal is not None:
            raise self._refusal

    async def _work(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        try:
            while True:
                try:
                    async with opened_queue(self.store.address) as queue:
                        await self._serve(queue, tasks)
                    break
                except QUEUE_FAILURES as error:
                    if lacks_rights(error):
                        self._end_unusable(
                            LocalFailure(f"{self.store.where()} failed: {error.__cause__ or error}", RIGHTS)
                        )
                    if self._stopping:
                        break
                    await asyncio.sleep(RECONNECT_SECONDS)  # the database restarts, or fails over
            if tasks:
                await asyncio.wait(tasks)
        finally:
            self._ask_to_end()  # none is left, but after a mistake of ours

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Lets the requests under way finish; a second signal leaves at once."""
        if self._stopping:
            os._exit(Interrupted.exit_code)
        self._stopping = True
        self._ask_to_end()

    def _ask_to_end(self) -> None:
        for interruption in list(self._running.values()):
            interruption.ask()

    def _end_unusable(self, refusal: Xlsx2OpeasyError) -> None:
        """Takes no more jobs and leaves its own to others: the store has another key or newer tables now."""
        self._refusal = refusal
        self._stopping = True
        self._ask_to_end()

    async def _serve(self, queue: Queue, tasks: set[asyncio.Task[None]]) -> None:
        beat = 0.0
        loop = asyncio.get_running_loop()
        while not (self._stopping and not tasks):
            if loop.time() >= beat:
                await queue.heartbeat()
                beat = loop.time() + HEARTBEAT_SECONDS
            moved = await queue.tend(self._running)
            taken = await self._take(queue, tasks)
            if self.drain and not (tasks or moved or taken or queue.has_orphans):
                return
            if tasks:
                wait = POLL_SECONDS if len(tasks) < self.concurrency else FULL_POLL_SECONDS
                done, _ = await asyncio.wait(tasks, timeout=wait, return_when="FIRST_COMPLETED")
                tasks -= done
            elif not taken:
                await asyncio.sleep(POLL_SECONDS)

    async def _take(self, queue: Queue, tasks: set[asyncio.Task[None]]) -> bool:
        took = False
        while len(tasks) < self.concurrency and not self._stopping:
            taken = await queue.take()
            if taken is None:
                break
            took = True
            self._running[taken.number] = Interruption()
            if self._stopping:  # since a moment ago
                self._running[taken.number].ask()
            tasks.add(asyncio.create_task(self._one(queue, taken)))
        return took

    async def _one(self, queue: Queue, taken: Taken) -> None:
        interruption = self._running[taken.number]
        runs = False
        try:
            runs = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._load, taken.job, interruption
            )
        finally:
            await queue.release(taken, keep=runs)
            self._running.pop(taken.number, None)

    def _load(self, job: str, interruption: Interruption) -> bool:
        """Works on the job, and notes how that ended; never raises. Whether it still runs at the server."""
        try:
            result = self._noting(job, interruption)
            if result is not None and result.exit_code in _FINAL:
                return False
            return (items.live_counts(self.store, job) or {}).get("running", 0) > 0  # or may run
        except Xlsx2OpeasyError as error:  # the store failed: another look at the queue finds the job again
            self.say(f"{job}: {error.message}")
        except Exception as error:  # noqa: BLE001 - one job must not end the worker
            self._report_mistake(job, location_of(error))
        self.store.close()
        return False

    def _report_mistake(self, job: str, where: str) -> None:
        said = f"internal error of xlsx2opeasy: {where}"
        self.say(f"{job}: {said}")
        with contextlib.suppress(Xlsx2OpeasyError):
            items.note_failing(self.store, job, LocalFailure.exit_code, said)

    def _noting(self, job: str, interruption: Interruption) -> LoadResult | None:
        try:
            self.store.require_usable()
        except UsageError as error:
            self._end_unusable(error)
            return None
        item = items.item_of(self.store, job)
        if item.state != items.QUEUED:
            return None
        options = items.options_of(self.store, job)
        waiting = Waiting(options.get("poll_interval"), options.get("wait"))
        context = LoadContext(
            self._listener(job),
            self.connect,
            waiting,
            interruption,
            notifier=self.notifier,
            store=self.store,
        )
        place = f"{socket.gethostname()} (process {os.getpid()})"
        items.note_begun(self.store, job, place)
        self.say(f"{job}: begins {item.workbook} at enterprise {item.enterprise}")
        try:
            result = resume(job, context)
        except TakenOver as error:
            self.say(f"{job}: {error.message}")
        except LoadRefused as error:
            items.note_again(self.store, job, items.BUSY_WAIT, error.message)
        except UnknownStoreKey as error:  # of the machine that put it in: another worker may have it
            self.say(f"{job}: {error.message}")
            items.note_failing(self.store, job, error.exit_code, error.message)
        except Xlsx2OpeasyError as error:
            self._note_failure(job, error.exit_code, None, error.message)
        else:
            self._note_result(job, result)
            return result
        return None

    def _note_result(self, job: str, result: LoadResult) -> None:
        said = f"{result.status}: {result.message}"
        self.say(f"{job}: {result.status}, {result.rows.get('succeeded', 0)} of {result.rows['total']} rows")
        if result.exit_code == StillRunning.exit_code:
            items.note_again(self.store, job, items.BUSY_WAIT, said)
        elif result.status == "interrupted":
            items.note_again(self.store, job, timedelta(0), said)
        elif result.exit_code in _FINAL or result.status == UNKNOWN:
            items.note_end(self.store, job, result.exit_code, result.rows, said)
        else:
            self._note_failure(job, result.exit_code, result.rows, said)

    def _note_failure(self, job: str, exit_code: int, rows: dict[str, int] | None, said: str) -> None:
        if exit_code == LocalFailure.exit_code:
            items.note_failing(self.store, job, exit_code, said)
        else:
            items.note_end(self.store, job, exit_code, rows, said)

    def _listener(self, job: str) -> Listener:
        def hear(event: Event) -> Any:  # noqa: ANN401
            if isinstance(event, Notice):
                self.say(f"{job}: {event.text}")

        return hear
