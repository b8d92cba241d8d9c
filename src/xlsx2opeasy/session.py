"""From settings to the engine: how a load, a rehearsal, a resumed job or a single call reaches its server.

The command line and the page share it. It asks no question and prints nothing by itself: both go through
`Dialog`. Heavy modules are imported in the functions that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx2opeasy.errors import AccessDenied, LoadRefused, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.settings.config import ENTERPRISE_FIELD
from xlsx2opeasy.settings.keys import (
    find_api_key,
    key_file_remarks,
    key_of_profile,
    validate_key_and_ca_files,
)
from xlsx2opeasy.settings.resolved import Flags, Settings, profile_naming, read_settings
from xlsx2opeasy.tasks.limits import ChunkLimits

if TYPE_CHECKING:
    from xlsx2opeasy.load.interrupt import Interruption
    from xlsx2opeasy.load.job.facts import JobFacts, Target
    from xlsx2opeasy.load.job.open_job import Connect
    from xlsx2opeasy.load.notify import MakeNotifier
    from xlsx2opeasy.load.results.load_result import LoadResult
    from xlsx2opeasy.opeasy.client import OpEasyClient
    from xlsx2opeasy.opeasy.connection import Connection
    from xlsx2opeasy.secret import Secret

INTERACTIVE_TRIES = 4
INTERACTIVE_SECONDS = 60.0
"""For a single call a person waits: fewer tries than a load makes."""
KEY_TEST_SECONDS = 20.0
"""How long the server is tried with a key that is to be stored."""


def _ignore(_: str) -> None:
    pass


def _none_typed(_: Settings) -> Secret | None:
    return None


@dataclass(frozen=True)
class Dialog:
    """How the person is reached: `ask` for a secret (None without a terminal or page), `notify` with a line.

    `typed_key` gives a key that the person typed beforehand; it goes before every other.
    """

    ask: Callable[[str], str] | None = None
    notify: Callable[[str], None] = _ignore
    typed_key: Callable[[Settings], Secret | None] = _none_typed


@dataclass(frozen=True)
class Destination:
    """Where workbooks are sent, and how a client for it is made.

    `require_key` looks for the API key, once, and asks for it where it must be: before a job is begun.
    """

    target: Target
    connect: Connect
    spoken: str
    require_key: Callable[[], object] = lambda: None
    limits: ChunkLimits = field(default_factory=ChunkLimits)
    wire_names: dict[str, str] = field(default_factory=dict)
    notify: str = ""


def server(flags: Flags, dialog: Dialog) -> Destination:
    """The server that the settings name. Raises UsageError where they or the files they name are unusable."""
    from xlsx2opeasy.load.job.facts import Target
    from xlsx2opeasy.opeasy.connection import checked_origin

    settings = read_settings(flags)
    validate_key_and_ca_files(settings, flags)
    origin = checked_origin(settings.url)
    connection = cache(partial(_connection, settings, flags, dialog))
    return Destination(
        Target(origin, settings.enterprise_id, find_key=partial(_key_of, connection)),
        _connector(connection, dialog),
        f"enterprise {settings.enterprise_id} at {origin}",
        connection,
        settings.limits,
        _pinned_wire_names(settings),
        settings.notify,
    )


@contextmanager
def rehearsal(state_file: Path | None = None, enterprise_id: str | None = None) -> Iterator[Destination]:
    """A simulated OpEasy that lives as long as the block. Raises UsageError for an unusable state file."""
    from xlsx2opeasy.http.reach import user_agent
    from xlsx2opeasy.load.job.facts import REHEARSAL_ORIGIN, Target
    from xlsx2opeasy.opeasy.client import OpEasyClient
    from xlsx2opeasy.opeasy.connection import Connection
    from xlsx2opeasy.sandbox.serve import serve_in_thread
    from xlsx2opeasy.sandbox.settings import SandboxSettings
    from xlsx2opeasy.sandbox.state import State, StateFileError, read_state
    from xlsx2opeasy.secret import Secret

    try:
        state = read_state(state_file) if state_file else State()
    except (StateFileError, OSError) as error:
        raise UsageError(
            f"the state file {state_file} cannot be used: {error}", "see xlsx2opeasy sandbox --help"
        ) from error
    with serve_in_thread(SandboxSettings(state=state)) as sandbox:
        enterprise = enterprise_id or sandbox.enterprise_id

        def connect(facts: JobFacts, interruption: Interruption) -> OpEasyClient:
            key = Secret(sandbox.api_key)
            connection = Connection(sandbox.url, enterprise, key, user_agent=user_agent(facts.job))
            return OpEasyClient(connection, clock=interruption)

        yield Destination(Target(REHEARSAL_ORIGIN, enterprise, rehearsal=True), connect, "the sandbox")


@contextmanager
def with_webhook(
    destination: Destination, url: str, certificate: Path, key: Path, dialog: Dialog
) -> Iterator[Destination]:
    """The destination with a receiver of callbacks, which wake the polling, while the block runs."""
    from xlsx2opeasy.load.events import Event, Notice
    from xlsx2opeasy.load.webhook.waking import WebhookWaking

    def tell(event: Event) -> None:
        if isinstance(event, Notice):
            dialog.notify(event.text)

    with WebhookWaking(destination.connect, url, certificate, key, tell) as waking:
        yield replace(destination, connect=waking.connect)


def connect_as_pinned(
    flags: Flags, dialog: Dialog, *, sends_tasks: bool = True, key: Secret | None = None
) -> Connect:
    """A job stays at the server and enterprise it began with; key, certificates and proxy may change.

    The client's maker raises LoadRefused where flags name another server or enterprise, UsageError where the
    configured wire names differ from the job's and tasks would be sent.
    """
    from xlsx2opeasy.opeasy.connection import checked_origin

    def connect(facts: JobFacts, interruption: Interruption) -> AbstractContextManager[OpEasyClient]:
        settings = _settings_of(flags, facts)
        asked = (checked_origin(settings.url), settings.enterprise_id)
        if asked != (facts.origin, facts.enterprise_id):
            raise LoadRefused(
                f"job {facts.job} belongs to enterprise {facts.enterprise_id} at {facts.origin}",
                "leave --url and --enterprise-id out",
            )
        if sends_tasks and _pinned_wire_names(settings) != dict(facts.wire_names):
            raise UsageError(
                f"the wire names of the configuration are not those that job {facts.job} began with",
                "restore [wire] in config.toml, or abandon the job",
            )
        return _connector(partial(_connection, settings, flags, dialog, key), dialog)(facts, interruption)

    return connect


def connect_by_profile(flags: Flags, dialog: Dialog) -> Connect:
    """Connections for jobs of many enterprises, each with the settings of the profile that names it.

    The key is that of the profile, else the one that a single connection would use; no question is asked.
    """

    def connect(facts: JobFacts, interruption: Interruption) -> AbstractContextManager[OpEasyClient]:
        pinned = _by_profile(flags, facts)
        known = replace(pinned, url=facts.origin, enterprise_id=facts.enterprise_id)
        key = key_of_profile(read_settings(known)) if pinned.profile else None
        return connect_as_pinned(pinned, dialog, key=key)(facts, interruption)

    return connect


def notifier(flags: Flags) -> MakeNotifier:
    """Where summaries of jobs go: to the address that a job was begun with, else to that of the profile."""
    from xlsx2opeasy.http.reach import checked_notify_url
    from xlsx2opeasy.load.notify import Notifier

    def make(facts: JobFacts) -> Notifier | None:
        settings = _settings_of(flags, facts)
        url = facts.notify or settings.notify
        if not url:
            return None
        return Notifier(checked_notify_url(url), settings.notify_secret, settings.ca_bundle)

    return make


def notifier_by_profile(flags: Flags) -> MakeNotifier:
    """The same for jobs of many enterprises, each with the settings of the profile that names it."""
    return lambda facts: notifier(_by_profile(flags, facts))(facts)


def _settings_of(flags: Flags, facts: JobFacts) -> Settings:
    """The settings for a job, at its own server and enterprise unless flags name another."""
    url, enterprise_id = flags.url or facts.origin, flags.enterprise_id or facts.enterprise_id
    return read_settings(replace(flags, url=url, enterprise_id=enterprise_id))


def _by_profile(flags: Flags, facts: JobFacts) -> Flags:
    return replace(flags, profile=profile_naming(facts.origin, facts.enterprise_id) or flags.profile)


@contextmanager
def client(settings: Settings, flags: Flags, dialog: Dialog) -> Iterator[OpEasyClient]:
    """A client for single calls at the enterprise that the settings name; Ctrl-C ends its waits."""
    from xlsx2opeasy.http.retry import RetryPolicy
    from xlsx2opeasy.load.interrupt import Interruption
    from xlsx2opeasy.opeasy.client import OpEasyClient

    connection = _connection(settings, flags, dialog)
    interruption, retries = Interruption(), RetryPolicy(tries=INTERACTIVE_TRIES, seconds=INTERACTIVE_SECONDS)
    with interruption.listening(), OpEasyClient(connection, clock=interruption, retries=retries) as made:
        yield made


def try_key(settings: Settings, key: Secret) -> None:
    """Logs in with the key. Raises AccessDenied where it is refused, ServiceFailed without an answer."""
    from xlsx2opeasy.http.retry import RetryPolicy
    from xlsx2opeasy.opeasy.client import OpEasyClient
    from xlsx2opeasy.opeasy.connection import Connection

    connection = Connection(settings.url, settings.enterprise_id, key, ca_bundle=settings.ca_bundle)
    with OpEasyClient(connection, retries=RetryPolicy(tries=2, seconds=KEY_TEST_SECONDS)) as made:
        made.authenticate()


def not_begun(workbook: Path | str, error: Xlsx2OpeasyError) -> LoadResult:
    """The result of a load that ended before it became a job."""
    from xlsx2opeasy.load.results.load_result import LoadResult
    from xlsx2opeasy.load.results.row_results import counts_of
    from xlsx2opeasy.load.results.status import as_sentence

    message = f"{error.message.rstrip('.')}. {as_sentence(error.hint)}" if error.hint else error.message
    rows = dict(error.rows or counts_of({}, 0))
    return LoadResult(None, error.status, error.exit_code, str(workbook), None, rows, (), message)


def _key_of(connection: Callable[[], Connection]) -> Secret | None:
    """The API key of a connection; None where there is none, which the first call to the server reports."""
    try:
        return connection().api_key
    except AccessDenied:
        return None


def key_at_hand(settings: Settings, flags: Flags) -> Secret | None:
    """The API key where it is found without a question, else None."""
    return _key_of(partial(_connection, settings, flags, Dialog()))


def _connector(connection: Callable[[], Connection], dialog: Dialog) -> Connect:
    """Makes clients for a job; `connection` is made when it is first needed, which may ask for the key."""
    from xlsx2opeasy.http.reach import user_agent
    from xlsx2opeasy.load.run.connection import ClockWatch
    from xlsx2opeasy.opeasy.client import OpEasyClient

    def connect(facts: JobFacts, interruption: Interruption) -> OpEasyClient:
        watch = ClockWatch(interruption.wall, dialog.notify)
        own = replace(connection(), user_agent=user_agent(facts.job))
        return OpEasyClient(own, clock=interruption, on_request=watch)

    return connect


def _connection(settings: Settings, flags: Flags, dialog: Dialog, key: Secret | None = None) -> Connection:
    from xlsx2opeasy.opeasy.connection import Connection

    if flags.api_key_file is not None:
        for remark in key_file_remarks(flags.api_key_file):
            dialog.notify(remark)
    return Connection(
        settings.url,
        settings.enterprise_id,
        key or dialog.typed_key(settings) or find_api_key(settings, flags, dialog.ask),
        ca_bundle=settings.ca_bundle,
        enterprise_field=settings.enterprise_field,
    )


def _pinned_wire_names(settings: Settings) -> dict[str, str]:
    """The wire names a job is pinned to: those of fields, and of the form's field where it is renamed."""
    form = settings.enterprise_field
    return {**settings.wire_names, **({} if form == ENTERPRISE_FIELD else {ENTERPRISE_FIELD: form})}
