"""A job's passwords, taken out of whatever the server says: it may echo what it was sent in any answer."""

import contextlib
from collections.abc import Iterator

import orjson

from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.open_job import Connect, OpenJob
from xlsx2opeasy.load.job.store import SHELL
from xlsx2opeasy.load.run.masking import Secrets
from xlsx2opeasy.opeasy import OpEasyClient
from xlsx2opeasy.opeasy.masking import without_values


def hiding(connect: Connect, job: OpenJob) -> Connect:
    """Connects as `connect` does; the client's errors do not tell what is secret in the job's tasks."""
    passwords = _Passwords(job)

    @contextlib.contextmanager
    def connected(facts: JobFacts, interruption: Interruption) -> Iterator[OpEasyClient]:
        with connect(facts, interruption) as client:
            client.hide(passwords.hidden_in)
            yield client

    return connected


class _Passwords:
    """The secret values of all files that the job sends; they are read when the first error has words."""

    def __init__(self, job: OpenJob) -> None:
        self._job = job
        self._values: frozenset[str] | None = None

    def hidden_in(self, text: str) -> str:
        """`text` without them; nothing of it where the files are gone, and nobody knows what is secret."""
        if text and self._values is None:
            try:
                self._values = frozenset(self._read())
            except (OSError, ValueError):
                return ""
        return without_values(text, self._values or ())

    def _read(self) -> Iterator[str]:
        wire_names = self._job.facts.wire_names
        self._job.stored.read(SHELL)  # raises where the files are gone
        for chunk in self._job.stored.names("chunks/"):
            for name, tasks in orjson.loads(self._job.stored.read(chunk))["tasks"].items():
                secrets = Secrets(name, wire_names)
                for task in tasks:
                    yield from secrets.values_in(task["content"])
