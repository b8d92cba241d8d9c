"""A job's own connection: its passwords are masked in what the server says, delays become events.

And the clocks are compared.
"""

import contextlib
import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import orjson

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.http.protocol import RequestEvent
from xlsx2opeasy.http.retry import Delay
from xlsx2opeasy.load.events import CallDelayed, Listener, ServerUnreached
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.open_job import Connect, OpenJob
from xlsx2opeasy.load.job.store import SHELL
from xlsx2opeasy.masking import SecretFields, SecretValues
from xlsx2opeasy.opeasy.client import OpEasyClient

LEAST_LIST_BYTES: Final = 64 * 2**20
MOST_LIST_RATIO: Final = 20
"""A list of the server may have so many bytes, and so many times those that were sent."""


def of_job(connect: Connect, job: OpenJob, tell: Listener) -> Connect:
    """Connects as `connect` does; the client's errors show nothing that is secret in the job's tasks.

    Nor does the client change anything at the server where another process may work on the job by now.
    `tell` hears of each pause before another try: that the server cannot be reached, or what it answered.
    """
    passwords = Passwords(job)

    def report(delay: Delay) -> None:
        if delay.unreached:
            tell(ServerUnreached(delay.reason, round(delay.left)))
        else:
            tell(CallDelayed(delay.reason, math.ceil(delay.seconds)))

    @contextlib.contextmanager
    def connected(facts: JobFacts, interruption: Interruption) -> Iterator[OpEasyClient]:
        with connect(facts, interruption) as client:
            client.hide(passwords.hidden_in)
            client.report_delays(report)
            client.before_change(job.journal.require_ownership)
            client.expect_files_of(_most_bytes(facts))
            yield client

    return connected


def _most_bytes(facts: JobFacts) -> int:
    """The largest list that the server can have of an operation: each task again, with words about it."""
    sent = max((sum(chunk.bytes for chunk in phase.chunks) for phase in facts.phases), default=0)
    return LEAST_LIST_BYTES + MOST_LIST_RATIO * sent


class Passwords:
    """The secret values of all files that the job sends; they are read when the first text is masked."""

    def __init__(self, job: OpenJob) -> None:
        self._job = job
        self._values: SecretValues | None = None

    def hidden_in(self, text: str, *, long_only: bool = False) -> str:
        """`text` without them; nothing of it where the files are gone, and it is not known what is secret.

        `long_only` keeps what is short, for the results of rows: it is an extension there, rather than a
        passcode of another row.
        """
        if not text:
            return text
        if self._values is None:
            try:
                self._values = SecretValues(self._read())
            except (OSError, LocalFailure, ValueError):
                return ""
        return self._values.masked(text, long_only=long_only)

    def _read(self) -> Iterator[str]:
        wire_names = self._job.facts.wire_names
        self._job.stored.read(SHELL)  # raises where the files are gone
        for chunk in self._job.stored.names("chunks/"):
            if not chunk.endswith(".json"):
                continue
            for name, tasks in orjson.loads(self._job.stored.read(chunk))["tasks"].items():
                secrets = SecretFields(name, wire_names)
                for task in tasks:
                    yield from secrets.values_in(task["content"])


TOLERANCE: Final = timedelta(minutes=5)


class ClockWatch:
    """Listens to a client's requests, and warns once where the clocks differ by more than five minutes.

    Nothing depends on this machine's clock, but times in words mislead.
    """

    def __init__(self, now: Callable[[], datetime], warn: Callable[[str], None]) -> None:
        self._now = now
        self._warn = warn
        self._warned = False

    def __call__(self, event: RequestEvent) -> None:
        """Takes a request in, as `OpEasyClient`'s `on_request` gives it; never raises."""
        if self._warned or event.server_date is None:
            return
        try:
            ahead = self._now() - parsedate_to_datetime(event.server_date)
        except (ValueError, TypeError):
            return  # no date, or one without a zone: nothing can be said
        if abs(ahead) > TOLERANCE:
            self._warned = True
            minutes = round(abs(ahead) / timedelta(minutes=1))
            where = "ahead of" if ahead > timedelta(0) else "behind"
            self._warn(f"warning: this machine's clock is {minutes} minutes {where} the server's")
