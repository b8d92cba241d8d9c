"""What a row's Job and Detail cells name: its job, a fingerprint of the task and the enterprise, the machine.

`L20261122-k7m2 3fa9c1-9f3a0c1b2d4e`: the job, six digits of the enterprise, twelve of the task. Where the
task has secrets these are left out of the twelve, and `-a41f07-0c55d1e9a2b3` follows: the short name of a key
that is derived from the API key, and twelve digits of the whole task under that key. It travels with the
workbook, so that another machine too knows which rows need not be sent again. Earlier versions had the twelve
digits of the whole task, without a key.

The job's letter: L for a load, R for a rehearsal, S for what `scheduled results` fetched from the server.

The detail of a row whose result is still to come names the machine where the job must be resumed.
"""

import hashlib
import re
import socket
from dataclasses import dataclass

from xlsx2opeasy.spec.outcomes import JOB_CELL

REHEARSAL_LETTER, SERVER_LETTER = "R", "S"
_BARE = len("3fa9c1-9f3a0c1b2d4e")


@dataclass(frozen=True, slots=True)
class JobCell:
    """What a Job cell says; `enterprise` and `task` are empty for a row that became no task.

    `key` and `secrets` are the second part, of a task that has secrets.
    """

    job: str
    enterprise: str = ""
    task: str = ""
    key: str = ""
    secrets: str = ""

    @property
    def rehearsal(self) -> bool:
        """Whether the job ran against the sandbox: its results count nowhere."""
        return self.job.startswith(REHEARSAL_LETTER)

    @property
    def mark(self) -> str:
        """The fingerprint, as written in the cell."""
        return "-".join(filter(None, (self.enterprise, self.task, self.key, self.secrets)))

    @property
    def text(self) -> str:
        """The whole cell."""
        return f"{self.job} {self.mark}".rstrip()


def read_cell(text: str) -> JobCell | None:
    """What a Job cell says, or None where it is none of ours."""
    found = JOB_CELL.fullmatch(text.strip())
    return JobCell(**{name: part or "" for name, part in found.groupdict().items()}) if found else None


def enterprise_digits(origin: str, enterprise_id: str) -> str:
    """The six digits that identify an enterprise at a server."""
    return hashlib.sha256(f"{origin}\n{enterprise_id}".encode()).hexdigest()[:6]


def fingerprint(enterprise: str, task_hash: str, key: str = "", secrets: str = "") -> str:
    """What follows the job in its cell."""
    return "-".join(filter(None, (enterprise, task_hash[:12], key, secrets[:12])))


def key_of(mark: str) -> str:
    """The short name of the key that a fingerprint was made with; empty where it has none."""
    return mark[_BARE + 1 : _BARE + 7]


def without_secrets(mark: str) -> str:
    """The part of a fingerprint that depends on no secret."""
    return mark[:_BARE]


def is_same(one: str, other: str) -> bool:
    """Whether two fingerprints are of the same task, as far as their keys let it be compared."""
    if key_of(one) == key_of(other):
        return one == other
    return without_secrets(one) == without_secrets(other)


_NAMED = re.compile(r" on machine (\S+?)[;,:.]? ")


def on_machine() -> str:
    """` on machine NAME`, for the detail of a row."""
    return f" on machine {socket.gethostname()}"


def machine_in(detail: str) -> str:
    """The name in a row's detail; empty where there is none."""
    found = _NAMED.search(f"{detail} ")
    return found[1] if found else ""
