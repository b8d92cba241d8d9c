"""What can be wrong with a connection, a finding each. Nothing is changed at the server."""

import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from xlsx2opeasy.errors import AccessDenied, Interrupted, Xlsx2OpeasyError
from xlsx2opeasy.http.probe import CertificateRefused, look_at
from xlsx2opeasy.http.protocol import RequestEvent
from xlsx2opeasy.http.retry import RetryPolicy
from xlsx2opeasy.load.run.connection import ClockWatch
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallError
from xlsx2opeasy.opeasy.exchange import Timeouts
from xlsx2opeasy.operating_system import HOME_VARIABLE, state_folder
from xlsx2opeasy.paths import is_there
from xlsx2opeasy.session import Dialog
from xlsx2opeasy.settings.keyrings import KeyringTrouble, keyring_kind
from xlsx2opeasy.settings.keys import api_key_source, find_api_key, key_file_is_open
from xlsx2opeasy.settings.resolved import Flags, Settings, read_settings
from xlsx2opeasy.settings.store import is_shared, shared_store

LIBRARIES = ("click", "httpx", "pandas", "pandera", "openpyxl", "keyring")
SECONDS = 10.0
"""How long each step of a connection is waited for."""
LITTLE_SPACE = 200 * 1024 * 1024
SOON = timedelta(days=14)
NO_OPERATION = "00000000000000000000000000000000"
"""An id that no operation has: the answer to it tells whether operations may be read."""


class Status(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, what to do about it, and the exit code that it means (0 but for FAILED)."""

    name: str
    status: Status
    message: str
    hint: str = ""
    exit_code: int = 0


def diagnose(flags: Flags, dialog: Dialog) -> Iterator[Finding]:
    """The findings, each as soon as it is there."""
    yield _versions()
    yield _home()
    yield _keyring()
    yield _store()
    try:
        settings = read_settings(flags)
        connection = _connection_without_key(settings)
    except Xlsx2OpeasyError as error:
        yield _failed("settings", error)
        yield from _skipped("there is no server to ask", "proxy", "connection", "certificate", *_WITH_KEY)
        return
    where = f"enterprise {settings.enterprise_id} at {connection.origin}, profile {settings.profile}"
    yield Finding("settings", Status.OK, where)
    reached = True
    for finding in _way(connection):
        reached = reached and finding.status is not Status.FAILED
        yield finding
    if reached:
        yield from _with_key(settings, flags, dialog)
    else:
        yield from _skipped("the server is not reached", *_WITH_KEY)


_WITH_KEY = ("api key", "login", "clock", "rights")


def _versions() -> Finding:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    python = f"Python {platform.python_version()} on {platform.system()}"
    return Finding("versions", Status.OK, f"xlsx2opeasy {version('xlsx2opeasy')}, {python}; {libraries}")


def _home() -> Finding:
    """Whether jobs can be kept: in the folder, or where it is to be made."""
    folder = state_folder()
    there = next(each for each in (folder, *folder.parents) if is_there(each))
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
            file.flush()
        free = shutil.disk_usage(there).free
    except OSError as error:
        hint = f"see to it that you may write there, or set {HOME_VARIABLE} to a folder of your own"
        return Finding(
            "folder", Status.FAILED, f"{folder} cannot be written: {error.strerror or error}", hint, 5
        )
    message = f"{folder} can be written, {free // 1024**2:,} MB are free"
    if free < LITTLE_SPACE:
        return Finding("folder", Status.WARNING, message, "free disk space: a load keeps its files there")
    return Finding("folder", Status.OK, message)


def _keyring() -> Finding:
    try:
        return Finding("keyring", Status.OK, f"keys can be stored ({keyring_kind()})")
    except KeyringTrouble as trouble:
        return Finding("keyring", Status.WARNING, trouble.message, trouble.hint)


def _store() -> Finding:
    """Whether the store that several machines share could be used now."""
    try:
        if not is_shared():
            return Finding("store", Status.SKIPPED, "a folder of this machine: no shared store is named")
        store = shared_store()
        from xlsx2opeasy.store.care import inspect  # needs the extra `fleet`

        return Finding("store", Status.OK, inspect(store))
    except Xlsx2OpeasyError as error:
        return _failed("store", error)


def _connection_without_key(settings: Settings) -> Connection:
    """Holds the address to its rules; the key is looked for once the server is reached."""
    from xlsx2opeasy.secret import Secret

    return Connection(settings.url, settings.enterprise_id, Secret("-"), ca_bundle=settings.ca_bundle)


def _way(connection: Connection) -> Iterator[Finding]:
    try:
        proxy = connection.proxy()
    except Xlsx2OpeasyError as error:
        yield _failed("proxy", error)
        return
    if proxy is not None:
        yield Finding("proxy", Status.OK, f"{connection.host} is reached through {proxy.url} (environment)")
        yield from _skipped("the proxy is in between: the login tells", "connection", "certificate")
        return
    yield Finding("proxy", Status.OK, f"none for {connection.host}")
    try:
        peer = look_at(connection.origin, connection.ca_bundle, SECONDS)
    except CertificateRefused as error:
        yield Finding("connection", Status.OK, f"{connection.host} answers")
        yield _failed("certificate", error)
        return
    except Xlsx2OpeasyError as error:
        yield _failed("connection", error)
        yield from _skipped("the server is not reached", "certificate")
        return
    yield Finding("connection", Status.OK, f"{connection.host} answers{f' ({peer.tls})' if peer.tls else ''}")
    yield _certificate(peer.tls, peer.expires)


def _certificate(tls: str | None, expires: datetime | None) -> Finding:
    if tls is None:
        return Finding("certificate", Status.SKIPPED, "http to this machine needs none")
    if expires is None:
        return Finding("certificate", Status.OK, "trusted")
    message = f"trusted, valid until {expires:%Y-%m-%d}"
    if expires - datetime.now(UTC) < SOON:
        return Finding("certificate", Status.WARNING, message, "who runs the server should renew it soon")
    return Finding("certificate", Status.OK, message)


def _with_key(settings: Settings, flags: Flags, dialog: Dialog) -> Iterator[Finding]:
    try:
        typed = dialog.typed_key(settings)
        source = "typed" if typed else api_key_source(settings, flags)
        key = typed or find_api_key(settings, flags, dialog.ask)
        yield _key(source or "asked for", None if typed else flags.api_key_file)
        connection = Connection(settings.url, settings.enterprise_id, key, settings.ca_bundle)
    except Interrupted:
        raise
    except Xlsx2OpeasyError as error:
        yield replace(_failed("api key", error), exit_code=min(error.exit_code, AccessDenied.exit_code))
        yield from _skipped("there is no API key", "login", "clock", "rights")
        return
    yield from _logged_in(connection)


def _key(source: str, file: Path | None) -> Finding:
    if file is not None and key_file_is_open(file):
        hint = f"let nobody else read it: chmod 600 {file}"
        return Finding("api key", Status.WARNING, f"others than you can read {file}", hint)
    return Finding("api key", Status.OK, f"from: {source}")


def _logged_in(connection: Connection) -> Iterator[Finding]:
    dates: list[RequestEvent] = []
    once, short = RetryPolicy(tries=1), Timeouts(connect=SECONDS, read=2 * SECONDS, total=2 * SECONDS)
    with OpEasyClient(connection, timeouts=short, retries=once, on_request=dates.append) as client:
        login = _login(client)
        yield login
        yield _clock(dates)
        if login.status is Status.OK:
            yield _rights(client)
        else:
            yield from _skipped("the login failed", "rights")


def _login(client: OpEasyClient) -> Finding:
    try:
        client.authenticate()
    except CallError as error:
        return _failed("login", error, _hint_of(error))
    return Finding("login", Status.OK, "the server takes the API key")


def _hint_of(error: CallError) -> str:
    answered = error.http_status is not None and error.http_status < 500
    if not error.hint and answered:
        return "another program answers in the API's place: check the URL and its port"
    return error.hint or "try again later; if it stays so, ask who runs the server"


def _clock(events: list[RequestEvent]) -> Finding:
    said: list[str] = []
    watch = ClockWatch(lambda: datetime.now(UTC), said.append)
    for event in events:
        watch(event)
    if said:
        hint = "set the clock that is wrong, else times in results and reports mislead"
        return Finding("clock", Status.WARNING, said[0].removeprefix("warning: "), hint)
    if not any(event.server_date for event in events):
        return Finding("clock", Status.SKIPPED, "the server does not tell its time")
    return Finding("clock", Status.OK, "agrees with the server's")


def _rights(client: OpEasyClient) -> Finding:
    """Asks for an operation that does not exist: the answer shows whether the key may read operations."""
    try:
        client.get_operation(NO_OPERATION)
    except CallError as error:
        if error.http_status not in (400, 404):
            return _failed("rights", error, _hint_of(error))
    return Finding("rights", Status.OK, f"operations of {client.connection.enterprise_id} may be read")


def _failed(name: str, error: Xlsx2OpeasyError, hint: str | None = None) -> Finding:
    return Finding(name, Status.FAILED, error.message, error.hint if hint is None else hint, error.exit_code)


def _skipped(why: str, *names: str) -> Iterator[Finding]:
    return (Finding(name, Status.SKIPPED, f"not looked at: {why}") for name in names)
