"""The summary of a load, posted to an address of the user's at its end. It never changes how the load ended.

The address may hold a token in its path, so it is in no message and not in the journal: there, its host is.
"""

import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.http.reach import user_agent
from xlsx2opeasy.http.transport import post_once
from xlsx2opeasy.load.events import Listener, Notice
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.secret import Secret

SIGNATURE: Final = "X-Xlsx2opeasy-Signature"
PAUSES: Final = (1.0, 2.0)
"""Seconds between the three tries."""
TRY_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Notifier:
    """Where the summary goes, what signs it, and which certificates are trusted there."""

    url: str
    secret: Secret | None = None
    ca_bundle: Path | None = None

    @property
    def host(self) -> str:
        """The server's name or address."""
        return urlsplit(self.url).hostname or ""

    def post(self, body: bytes) -> str:
        """Sends it once; why it was not taken, or "" where the answer was a 2xx."""
        headers = self._headers(body)
        return post_once(self.url, body, headers, ca_bundle=self.ca_bundle, seconds=TRY_SECONDS)

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": user_agent()}
        if self.secret is not None:
            digest = hmac.new(self.secret.reveal().encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        return headers


MakeNotifier = Callable[[JobFacts], Notifier | None]
"""Finds where the summary of a job goes, if anywhere. May raise UsageError for unusable settings."""


def unsigned(facts: JobFacts) -> Notifier | None:
    """The address that the job was begun with, without a signature."""
    return Notifier(facts.notify) if facts.notify else None


def notify(job: OpenJob, result: LoadResult, make: MakeNotifier, tell: Listener) -> None:
    """Posts the summary of a job that was begun, and records that; a rehearsal's is never posted."""
    facts = job.facts
    if facts.rehearsal or facts.stopped or job.state.never_came_to_send:
        return
    try:
        notifier = make(facts)
    except UsageError as error:
        tell(Notice(f"The summary was not posted: {error.message}.", important=True))
        return
    if notifier is None:
        return
    body = json.dumps(result.as_json()).encode()
    why, tries = notifier.post(body), 1
    for pause in PAUSES:
        if not why:
            break
        time.sleep(pause)
        why, tries = notifier.post(body), tries + 1
    if why:
        tell(Notice(f"The summary could not be posted to {notifier.host}: {why}.", important=True))
    with contextlib.suppress(LocalFailure):
        job.note(JOB, Fact.NOTIFIED, host=notifier.host, delivered=not why, tries=tries, why=why)
