"""The tables of a store, their version, and how an older version is brought forward."""

from typing import Final

import psycopg
from psycopg import errors

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.store.sealing import KeyRing, wrong_key

SCHEMA_VERSION: Final = 1
_INIT_LOCK: Final = 0x786C7378326F7065
"""Held while tables are made, so that several machines may do it at once."""
_VERSION, _KEY = "schema_version", "key_check"

_CLOSED: Final = """
SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.relname FROM pg_class c
WHERE (starts_with(c.relname, 'xlsx2opeasy_') OR starts_with(c.relname, 'procrastinate_'))
  AND pg_table_is_visible(c.oid) AND CASE c.relkind
    WHEN 'r' THEN NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
    WHEN 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE, UPDATE') ELSE false END
ORDER BY c.relkind = 'S', c.relname LIMIT 1
"""
"""What the role may not use as a load needs it: all four rights on tables, one of two on sequences."""

_MIGRATIONS: Final[dict[int, str]] = {
    1: """
CREATE TABLE xlsx2opeasy_job (
    job text PRIMARY KEY,
    created timestamptz NOT NULL DEFAULT now(),
    begun boolean NOT NULL DEFAULT false,
    rehearsal boolean NOT NULL,
    origin text NOT NULL DEFAULT '',
    enterprise_id text NOT NULL DEFAULT '',
    workbook text NOT NULL DEFAULT '',
    added_by text NOT NULL DEFAULT '',
    epoch bigint NOT NULL DEFAULT 0,
    status text,
    finished boolean NOT NULL DEFAULT false,
    counts jsonb,
    message text NOT NULL DEFAULT '',
    records_key bytea NOT NULL,
    secrets_key bytea,
    results_key bytea,
    results_until timestamptz
);
CREATE INDEX xlsx2opeasy_job_enterprise ON xlsx2opeasy_job (enterprise_id, origin);
CREATE INDEX xlsx2opeasy_job_results ON xlsx2opeasy_job (results_until) WHERE results_until IS NOT NULL;
CREATE TABLE xlsx2opeasy_file (
    job text NOT NULL REFERENCES xlsx2opeasy_job ON DELETE CASCADE,
    name text NOT NULL,
    part integer NOT NULL,
    digest bytea NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (job, name, part)
);
ALTER TABLE xlsx2opeasy_file ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TABLE xlsx2opeasy_record (
    job text NOT NULL REFERENCES xlsx2opeasy_job ON DELETE CASCADE,
    seq bigint NOT NULL,
    at text NOT NULL,
    kind text NOT NULL,
    phase integer NOT NULL,
    call text NOT NULL,
    answers bigint,
    detail bytea NOT NULL,
    detail_digest bytea NOT NULL,
    digest text NOT NULL,
    PRIMARY KEY (job, seq)
);
CREATE TABLE xlsx2opeasy_event (
    id bigserial PRIMARY KEY,
    job text NOT NULL REFERENCES xlsx2opeasy_job ON DELETE CASCADE,
    line bytea NOT NULL,
    digest bytea NOT NULL
);
CREATE INDEX xlsx2opeasy_event_job ON xlsx2opeasy_event (job, id);
CREATE TABLE xlsx2opeasy_item (
    job text PRIMARY KEY REFERENCES xlsx2opeasy_job ON DELETE CASCADE,
    priority integer NOT NULL,
    at timestamptz NOT NULL,
    added timestamptz NOT NULL DEFAULT now(),
    failing_since timestamptz,
    tries integer NOT NULL DEFAULT 0,
    ended boolean NOT NULL DEFAULT false,
    cancelled boolean NOT NULL DEFAULT false,
    exit_code integer,
    options jsonb NOT NULL
);
CREATE INDEX xlsx2opeasy_item_open ON xlsx2opeasy_item (at) WHERE NOT ended;
CREATE TABLE xlsx2opeasy_step (
    id bigserial PRIMARY KEY,
    job text NOT NULL REFERENCES xlsx2opeasy_job ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    what text NOT NULL
);
CREATE INDEX xlsx2opeasy_step_job ON xlsx2opeasy_step (job, id);
""",
}
"""By version, the statements that lead to it from the version before. Versions only go forward."""


def prepare_schema(connection: psycopg.Connection, keys: KeyRing) -> None:
    """Makes the tables, or brings those of an older version forward; several machines may do it at once.

    Raises UsageError where the tables are of a newer version, or the store was made with another key.
    """
    if _version(connection) != SCHEMA_VERSION:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_INIT_LOCK])
            _bring_forward(connection, keys)
    _require_key(connection, keys)


def usable_version(connection: psycopg.Connection, keys: KeyRing) -> int:
    """The version of the tables, which are not touched; 0 where there are none.

    Raises UsageError where it is a newer one, or the store was made with another key.
    """
    if version := _version(connection):
        _require_key(connection, keys)
    return version


def require_rights(connection: psycopg.Connection) -> None:
    """Raises InsufficientPrivilege where the role may not write to the tables, or not make them."""
    row = connection.execute(_CLOSED).fetchone()
    if row is not None:
        raise errors.InsufficientPrivilege(f"permission denied for {row[0]}")
    if not _version(connection):
        may = connection.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')").fetchone()
        if may is None or not may[0]:
            raise errors.InsufficientPrivilege("permission denied to make tables")


def _version(connection: psycopg.Connection) -> int:
    """The version of the tables; 0 where there are none. Raises UsageError where it is a newer one."""
    there = connection.execute("SELECT to_regclass('xlsx2opeasy_meta') IS NOT NULL").fetchone()
    if there is None or not there[0]:
        return 0
    row = connection.execute("SELECT value FROM xlsx2opeasy_meta WHERE name = %s", [_VERSION]).fetchone()
    found = int(row[0]) if row else 0
    if found > SCHEMA_VERSION:
        raise UsageError(
            f"the store's tables are of version {found}, this program understands {SCHEMA_VERSION}",
            "nothing was done: install the version of xlsx2opeasy that the other machines have",
        )
    return found


def _bring_forward(connection: psycopg.Connection, keys: KeyRing) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS xlsx2opeasy_meta (name text PRIMARY KEY, value text NOT NULL)"
    )
    for version in range(_version(connection) + 1, SCHEMA_VERSION + 1):
        connection.execute(_MIGRATIONS[version])
        put_meta(connection, _VERSION, str(version))
    if get_meta(connection, _KEY) is None:
        put_key_check(connection, keys)


def put_key_check(connection: psycopg.Connection, keys: KeyRing) -> None:
    """Names the key that wraps from now on."""
    put_meta(connection, _KEY, keys.wrap(b"xlsx2opeasy", "", _KEY).hex())


def _require_key(connection: psycopg.Connection, keys: KeyRing) -> None:
    """Raises UsageError where the store was made with another key."""
    check = get_meta(connection, _KEY)
    if check is None or keys.unwrap(bytes.fromhex(check), "", _KEY) != b"xlsx2opeasy":
        raise wrong_key()


def follow_key(connection: psycopg.Connection, keys: KeyRing) -> None:
    """Has keys wrapped by the one that the store names, as soon as the key file of this machine has it.

    Within a transaction, for which an exchange of the store's key waits: it finds what was wrapped before.
    """
    query = "SELECT value FROM xlsx2opeasy_meta WHERE name = %s FOR SHARE"
    row = connection.execute(query, [_KEY]).fetchone()
    if row is not None:
        keys.learn(bytes.fromhex(row[0]))


def get_meta(connection: psycopg.Connection, name: str) -> str | None:
    """What the store knows of itself under a name."""
    row = connection.execute("SELECT value FROM xlsx2opeasy_meta WHERE name = %s", [name]).fetchone()
    return str(row[0]) if row else None


def put_meta(connection: psycopg.Connection, name: str, value: str) -> None:
    """Notes something of the store itself."""
    connection.execute(
        "INSERT INTO xlsx2opeasy_meta (name, value) VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
    )
