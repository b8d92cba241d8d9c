"""Looking after a store: its tables made, what is in it, its key exchanged."""

from typing import Any

import psycopg

from xlsx2opeasy.store.connection import KEEPALIVE, Session
from xlsx2opeasy.store.jobs import RECORDS_KEY, RESULTS_KEY, SECRETS_KEY, PostgresStore
from xlsx2opeasy.store.schema import SCHEMA_VERSION, put_key_check, require_rights, usable_version

_COUNTS = """
SELECT (SELECT count(*) FROM xlsx2opeasy_job WHERE begun),
       (SELECT count(*) FROM xlsx2opeasy_job WHERE begun AND NOT finished),
       (SELECT count(*) FROM xlsx2opeasy_item i JOIN xlsx2opeasy_job j USING (job)
        WHERE NOT i.ended AND NOT j.finished),
       (SELECT count(*) FROM xlsx2opeasy_job WHERE results_key IS NOT NULL),
       (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c
        WHERE c.relkind = 'r' AND (c.relname LIKE 'xlsx2opeasy%' OR c.relname LIKE 'procrastinate%')),
       current_setting('server_version'), current_setting('synchronous_commit'), current_setting('fsync')
"""


def prepare(store: PostgresStore) -> str:
    """Makes the tables where there are none; says what is there now.

    Raises LocalFailure where the role may only read.
    """
    store.session.run(require_rights)  # the session's first use makes the tables
    return f"{store.where()} is ready: its tables are of version {SCHEMA_VERSION}"


def inspect(store: PostgresStore) -> str:
    """The state of a store that can be used now; nothing is changed in it.

    Raises LocalFailure where it cannot be reached or written, UsageError for a pooler in transaction mode,
    tables of a newer version, or another key.
    """
    session = Session(store.address)
    try:
        version = session.run(lambda connection: usable_version(connection, store.keys))
        session.run(require_rights)
    finally:
        session.close()
    if not version:
        return f"{store.where()} answers directly; its tables are made at first use"
    return f"{store.where()} answers directly, its tables are of version {version}, and the key fits"


def status_of(store: PostgresStore) -> dict[str, Any]:
    """What is in the store, by names for people and programs."""
    row = store.session.run(lambda connection: connection.execute(_COUNTS).fetchone())
    assert row is not None
    jobs, unfinished, waiting, results, size, version, commit, fsync = row
    idle, interval, count = KEEPALIVE
    return {
        "store": str(store.address),
        "version": SCHEMA_VERSION,
        "postgresql": version,
        "durable": commit != "off" and fsync == "on",
        "jobs": jobs,
        "unfinished": unfinished,
        "queued": waiting,
        "resultsWaiting": results,
        "bytes": int(size),
        "cutOffSeconds": idle + interval * count,
    }


def rotate(store: PostgresStore) -> int:
    """Wraps every key that the previous key wrapped with the present one; gives their number."""

    def wrap_again(connection: psycopg.Connection) -> int:
        number = 0
        columns = (RECORDS_KEY, SECRETS_KEY, RESULTS_KEY)
        with connection.transaction():
            put_key_check(connection, store.keys)
            rows = connection.execute(
                "SELECT job, records_key, secrets_key, results_key FROM xlsx2opeasy_job FOR UPDATE"
            ).fetchall()
            for job, *wrapped in rows:
                values = []
                for column, old in zip(columns, wrapped, strict=True):
                    new = old
                    if old is not None and not store.keys.is_present(old):
                        new = store.keys.wrap(store.keys.unwrap(old, job, column), job, column)
                        number += 1
                    values.append(new)
                connection.execute(
                    "UPDATE xlsx2opeasy_job SET records_key = %s, secrets_key = %s, results_key = %s"
                    " WHERE job = %s",
                    [*values, job],
                )
        return number

    return store.session.run(wrap_again)
