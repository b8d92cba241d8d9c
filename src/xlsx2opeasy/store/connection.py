"""A connection to the store that is made again where it breaks, with the locks that it held.

An advisory lock lives as long as its connection. So whoever has a connection has its locks: after a restart
of the database they are taken again, before anything else is done, or what needed them ends with TakenOver.
"""

import contextlib
import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import psycopg
from psycopg import errors

from xlsx2opeasy.errors import LocalFailure, TakenOver, UsageError
from xlsx2opeasy.operating_system import user_name
from xlsx2opeasy.store.address import ENCODED, StoreAddress

T = TypeVar("T")

CONNECT_SECONDS: Final = 10
RECONNECT_SECONDS: Final = 90.0
"""How long a load that has begun waits for a database that restarts or fails over."""
KEEPALIVE: Final = (10, 5, 3)
"""Seconds until the first probe, between two, and their number: a machine that is cut off keeps its
enterprise for 25 seconds, whichever side notices."""
NOTICED_THERE: Final = (
    "SELECT set_config('tcp_keepalives_idle', %s, false), set_config('tcp_keepalives_interval', %s, false),"
    " set_config('tcp_keepalives_count', %s, false), set_config('tcp_user_timeout', %s, false)"
)
"""By this the database notices as soon that this machine is cut off, and frees what its connection held."""
RIGHTS: Final = (
    "the role in the address must own the store's tables, or be granted them by their owner: SELECT, INSERT,"
    " UPDATE and DELETE on all tables of the schema, and USAGE on its sequences"
)
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_STARTING: Final = (errors.CannotConnectNow, errors.TooManyConnections)


def lock_number(*parts: str) -> int:
    """The number of the advisory lock of an enterprise or a job."""
    digest = hashlib.sha256("\n".join(("xlsx2opeasy", *parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class Session:
    """One direct connection of one thread. Its methods raise LocalFailure, TakenOver, UsageError."""

    def __init__(self, address: StoreAddress) -> None:
        self._address = address
        self._held: list[int] = []
        self._connection: psycopg.Connection | None = None

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the connection, and of its locks."""
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.close()
        self._connection = None

    def drop_if_broken(self) -> None:
        """Lets go of a connection that broke while nothing was done: the next use fails at once, or works."""
        try:
            if self._connection is not None:
                self._connection.execute("SELECT 1")
        except psycopg.Error:
            self.close()

    def run(self, work: Callable[[psycopg.Connection], T]) -> T:
        """Does `work`, which may be done twice; again where the connection broke meanwhile."""
        begun = self._connection is not None
        until = time.monotonic() + (RECONNECT_SECONDS if begun else 0.0)
        for pause in _pauses():
            try:
                connection = self._open(wait=begun)
                return work(connection)
            except psycopg.Error as error:
                passing = isinstance(error, errors.ReadOnlySqlTransaction)  # a standby that takes over
                broken = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and (
                    self._connection is None or self._connection.closed
                )
                if not (broken or passing) or not begun or time.monotonic() > until:
                    raise self._failure(error) from None
                self.close()
            time.sleep(pause)
        raise AssertionError

    @contextlib.contextmanager
    def holding(
        self, number: int, refuse: Callable[[], Exception], *, patience: float = 0.0
    ) -> Iterator[None]:
        """Holds an advisory lock while the block runs.

        Raises what `refuse` gives where another still holds it after so many seconds.
        """
        until = time.monotonic() + patience
        for pause in _pauses():
            if number not in self._held and self.run(lambda connection: _try(connection, number)):
                break
            if time.monotonic() >= until:
                raise refuse()
            time.sleep(pause)
        self._held.append(number)
        try:
            yield
        finally:
            self._held.remove(number)
            try:
                if self._connection is not None:
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", [number])
            except psycopg.Error:
                self.close()  # it goes with the connection, and the next use makes another

    def is_held(self, number: int) -> bool:
        """Whether any process holds the lock now; it is not touched."""
        return number in self.held_numbers()

    def held_numbers(self) -> set[int]:
        """The numbers of all advisory locks that processes hold in this database."""
        rows = self.run(
            lambda connection: connection.execute(
                "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory'"
                " AND objsubid = 1 AND granted AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchall()
        )
        return {int(row[0]) for row in rows}

    def holder(self, number: int) -> str:
        """Who holds a lock, in words; empty where the database does not show it."""
        row = self.run(
            lambda connection: connection.execute(
                "SELECT a.application_name, a.backend_start"
                " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted"
                " AND ((l.classid::bigint << 32) | l.objid::bigint) = %s",
                [number],
            ).fetchone()
        )
        return f" ({row[0]}, since {row[1]:%Y-%m-%d %H:%M})" if row and row[0] else ""

    def _open(self, *, wait: bool) -> psycopg.Connection:
        """The connection, made again where it broke, with the locks that it had."""
        if self._connection is None or self._connection.closed:
            connection = connect(self._address)
            try:
                for number in self._held:
                    self._take_again(connection, number, wait=wait)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _take_again(self, connection: psycopg.Connection, number: int, *, wait: bool) -> None:
        """The server may not have noticed yet that the connection before is gone: hence the waiting."""
        until = time.monotonic() + (2 * sum((KEEPALIVE[0], KEEPALIVE[1] * KEEPALIVE[2])) if wait else 0)
        for pause in _pauses():
            if _try(connection, number):
                return
            if time.monotonic() > until:
                raise TakenOver(
                    "the connection to the store was lost, and another process works on it by now",
                    "nothing further was sent from here; xlsx2opeasy jobs shows how the job goes on",
                )
            time.sleep(pause)

    def _failure(self, error: psycopg.Error) -> LocalFailure:
        first = self._address.without_password(str(error)).strip().partition("\n")[0]
        what = f"the store {self._address} failed: {first or type(error).__name__}"
        if isinstance(error, errors.InsufficientPrivilege):
            return LocalFailure(what, RIGHTS)
        return LocalFailure(
            what,
            "nothing is sent that it does not know of; once it works again, go on with: xlsx2opeasy resume",
        )


def connect(address: StoreAddress) -> psycopg.Connection:
    """A direct connection. Raises LocalFailure where the store cannot be reached, UsageError for a pooler."""
    until = time.monotonic() + CONNECT_SECONDS
    for pause in _pauses():
        try:
            connection = psycopg.connect(
                address.url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name=_myself(),
                **noticed_here(),
            )
            break
        except psycopg.ProgrammingError as error:
            said = address.without_password(str(error)).strip()
            raise UsageError(f"the address of the store {address} is wrong: {said}", ENCODED) from None
        except psycopg.OperationalError as error:
            starting = isinstance(error, _STARTING) or "starting up" in str(error)
            if not starting or time.monotonic() > until:
                raise
        time.sleep(pause)
    try:
        _require_writable(connection)
        _require_direct(connection, address)
        connection.execute(NOTICED_THERE, noticed_there())
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET lock_timeout = '30s'")
    except BaseException:
        connection.close()
        raise
    return connection


def noticed_here() -> dict[str, Any]:
    """Options of a connection by which this machine notices, within `KEEPALIVE`, that it is cut off."""
    idle, interval, count = KEEPALIVE
    return {
        "keepalives": 1,
        "keepalives_idle": idle,
        "keepalives_interval": interval,
        "keepalives_count": count,
        "tcp_user_timeout": 1000 * (idle + interval * count),
    }


def noticed_there() -> list[str]:
    """Values of `NOTICED_THERE`."""
    idle, interval, count = KEEPALIVE
    return [str(each) for each in (idle, interval, count, 1000 * (idle + interval * count))]


def _require_writable(connection: psycopg.Connection) -> None:
    """Raises ReadOnlySqlTransaction for a standby: locks that it gives hold nobody else up."""
    if connection.execute("SHOW transaction_read_only").fetchone() != ("off",):
        raise errors.ReadOnlySqlTransaction("it is a standby, or read only, and takes no writes")


def _require_direct(connection: psycopg.Connection, address: StoreAddress) -> None:
    """Raises UsageError where a pooler gives each transaction another connection: a lock would not last.

    A pooler makes up the process id that it names at the beginning. Whether it changes connections shows
    where a second client holds one for a transaction meanwhile.
    """
    first = _backend(connection)
    if first == connection.info.backend_pid:
        return
    try:
        with psycopg.connect(address.url, connect_timeout=CONNECT_SECONDS) as other:
            second = _backend(other)  # begins a transaction, which lasts until the block ends
            lasts = second != first and _backend(connection) == first
    except errors.ProtocolViolation:  # transactions are not allowed at all
        lasts = False
    if not lasts:
        raise UsageError(
            f"between this machine and the store {address} is a pooler in transaction mode, through which no"
            " lock lasts",
            "give the address of PostgreSQL itself, or of a pooler in session mode",
        )


def _backend(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def _try(connection: psycopg.Connection, number: int) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()
    return row is not None and bool(row[0])


def _myself() -> str:
    """This process, as `pg_stat_activity` shows it: 63 bytes at the most."""
    return f"xlsx2opeasy {socket.gethostname()[:30]} {os.getpid()} {user_name()[:10]}"


def _pauses() -> Iterator[float]:
    yield from _PAUSES
    while True:
        yield _PAUSES[-1]
