"""`load --webhook-url`: callbacks wake the polling. What they say is never believed; polling stays the truth.

The receiver is registered when the load connects and removed at its end. A registration that fails costs
nothing but speed, so it is reported and the load goes on.
"""

import secrets
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.events import Listener, Notice
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.open_job import Connect
from xlsx2opeasy.load.webhook.receiver import Receiver, tls_of
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallError, Classification
from xlsx2opeasy.opeasy.models import ScheduledOperation

HINT_SECONDS: Final = 5.0
"""How long a callback is waited for where the request to start an operation got no answer."""

_MARK: Final = "xlsx2opeasy-"


class WebhookWaking:
    """Wraps a `Connect`: while the context lasts, callbacks wake the load that it connects.

    `url` is where the server reaches this machine (https); its port is listened on. Raises UsageError where
    the URL, the certificate or the port cannot be used, before anything is sent.
    """

    def __init__(self, connect: Connect, url: str, certificate: Path, key: Path, tell: Listener) -> None:
        parts = _checked(url)
        self._connect_plainly = connect
        self._tell = tell
        self._base = url.rstrip(".") + f"/{_MARK}"
        self._url = self._base + secrets.token_urlsafe(24)
        self._interruption: Interruption | None = None
        self._facts: JobFacts | None = None
        self._registered: str | None = None
        self._tried = False
        path = urlsplit(self._url).path
        tls = tls_of(certificate, key)
        self._receiver = Receiver(_host(parts), parts.port or 443, path, tls, self._wake)

    def __enter__(self) -> Self:
        self._receiver.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._remove()
        self._receiver.__exit__(kind, error, at)

    def connect(self, facts: JobFacts, interruption: Interruption) -> OpEasyClient:
        """A client for the job; the first one registers the receiver."""
        self._facts, self._interruption = facts, interruption
        with self._connect_plainly(facts, interruption) as plain:
            connection = plain.connection
        client = _HintedClient(connection, _FullSleep(interruption), self._receiver)
        if not self._tried:
            self._tried = True
            self._register(client)
        return client

    def _wake(self) -> None:
        if self._interruption is not None:
            self._interruption.wake()

    def _register(self, client: OpEasyClient) -> None:
        try:
            for old in client.webhooks():
                if old.url.startswith(self._base):  # of a load that was killed: only we can listen there
                    client.remove_webhook(old.id)
            self._registered = client.register_webhook(self._url).id
        except CallError as error:
            self._tell(
                Notice(f"No webhook, so the server is asked now and then: {error.message.rstrip('.')}.")
            )

    def _remove(self) -> None:
        if self._registered is None or self._facts is None or self._interruption is None:
            return
        try:
            with self._connect_plainly(self._facts, self._interruption) as client:
                client.remove_webhook(self._registered)
        except Xlsx2OpeasyError as error:
            later = f"xlsx2opeasy webhooks remove {self._registered}"
            self._tell(Notice(f"The webhook receiver is still registered ({error.message}): {later}"))


class _HintedClient(OpEasyClient):
    """A client whose unanswered request to start an operation takes a hint from a callback.

    The hint is stored where an id from a broken answer would be: `evidence_id`, which the load confirms.
    """

    def __init__(self, connection: Connection, clock: "_FullSleep", receiver: Receiver) -> None:
        super().__init__(connection, clock=clock)
        self._receiver = receiver

    def schedule(self, operation_id: str, *, request_id: str | None = None) -> ScheduledOperation:
        """As `OpEasyClient.schedule`."""
        try:
            return super().schedule(operation_id, request_id=request_id)
        except CallError as error:
            unknown = error.classification is Classification.UNKNOWN
            if not unknown or error.evidence_id is not None:
                raise
            hint = self._receiver.hint(operation_id, HINT_SECONDS)
            raise type(error)(replace(error.failure, evidence_id=hint), error.hint) from None


class _FullSleep:
    """The interruption as the client's clock: a callback wakes the polling, not a wait that was ordered."""

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._interruption.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits all of it; raises Interrupted."""
        end = self.monotonic() + seconds
        while (left := end - self.monotonic()) > 0:
            self._interruption.sleep(left)

    def wall(self) -> datetime:
        """The time of day."""
        return self._interruption.wall()


def _checked(url: str) -> SplitResult:
    hint = (
        "give a URL such as https://loads.example.com:8443/opeasy, by which the server reaches this machine"
    )
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or parts.password:
        raise UsageError("--webhook-url is no https URL without user, query and fragment", hint)
    return parts


def _host(parts: SplitResult) -> str:
    """Loopback stays loopback; otherwise every address, since the name may be that of a machine before us."""
    return "127.0.0.1" if parts.hostname in ("127.0.0.1", "localhost") else ""
