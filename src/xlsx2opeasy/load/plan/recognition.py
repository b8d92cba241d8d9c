"""Recognises the tasks of a workbook: in Job cells, and in jobs, of this version and of earlier ones."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from xlsx2opeasy.http.names import earlier_enterprise_spellings, earlier_spellings
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.fingerprint import JobCell, enterprise_digits, fingerprint, is_same, without_secrets
from xlsx2opeasy.load.results.row_results import Place
from xlsx2opeasy.masking import SecretFields
from xlsx2opeasy.tasks.build import Task
from xlsx2opeasy.tasks.identity import FingerprintKey, task_hash, workbook_identity


@dataclass(frozen=True)
class Marked:
    """The fingerprints of a workbook's tasks by place, and the identity of all of them together."""

    marks: Mapping[Place, str]
    identity: str


class Recognition:
    """Fingerprints of tasks at one enterprise.

    A rehearsal has no key: its results count nowhere, and the sandbox's key is known to everybody.
    """

    def __init__(self, target: Target, wire_names: Mapping[str, str]) -> None:
        self._target = target
        self._wire_names = wire_names
        self._enterprise = enterprise_digits(target.origin, target.enterprise_id)
        self._secrets: dict[str, SecretFields] = {}

    @cached_property
    def key(self) -> FingerprintKey | None:
        """The key for what depends on secrets; looked for when the first task has some."""
        found = None if self._target.rehearsal else self._target.find_key()
        if found is None:
            return None
        return FingerprintKey.derived(found, self._target.origin, self._target.enterprise_id)

    def marked(self, tasks: Iterable[Task]) -> Marked:
        """The fingerprints of tasks, and the identity of the workbook that they are all of."""
        marks, hashes, whole = {}, [], []
        for task in tasks:
            digits, secret_digits = self._digits(task)
            marks[task.sheet, task.row] = self._mark(digits, secret_digits)
            hashes.append(digits)
            whole.append(secret_digits)
        identity = workbook_identity(hashes)
        if any(whole) and self.key is not None:
            keyed = self.key.digits("\n".join(sorted(whole)).encode())
            identity = f"{identity}-{self.key.name}-{keyed[:32]}"
        return Marked(marks, identity)

    def mark(self, task: Task) -> str:
        """The fingerprint of a task."""
        return self._mark(*self._digits(task))

    def is_of(self, task: Task, mark: str, cell: JobCell) -> bool:
        """Whether a Job cell is of this task, whose fingerprint is `mark`: also one of an earlier version."""
        if cell.key or without_secrets(mark) == cell.mark:
            return is_same(mark, cell.mark)
        return any(
            cell.mark == self._earlier_mark(task, origin, enterprise)
            for origin, enterprise in self._spellings.get(cell.enterprise, ())
        )

    def marks_ever(self, task: Task, mark: str, enterprises: Collection[str]) -> Iterator[str]:
        """What depends on no secret in the marks of a task: the present one, and those of earlier versions.

        The latter where they are of one of these enterprises, given by their six digits.
        """
        yield without_secrets(mark)
        for enterprise in enterprises:
            for spelling in self._spellings.get(enterprise, ()):
                yield self._earlier_mark(task, *spelling)

    def is_here(self, enterprise: str) -> bool:
        """Whether six digits identify this enterprise, in the present or an earlier spelling."""
        return enterprise == self._enterprise or enterprise in self._spellings

    def earlier(self, tasks: Iterable[Task], origin: str, enterprise_id: str) -> Marked:
        """What an earlier version would have kept of the tasks, where the server was spelt so."""
        marks, hashes = {}, []
        for task in tasks:
            digits = task_hash(task, task.content, origin, enterprise_id)
            marks[task.sheet, task.row] = fingerprint(enterprise_digits(origin, enterprise_id), digits)
            hashes.append(digits)
        return Marked(marks, workbook_identity(hashes))

    def _digits(self, task: Task) -> tuple[str, str]:
        """Of the task without its secrets; and, where it has some and a key is at hand, with them."""
        content = task.content
        masked = self._secrets_of(task.type).masked(content)
        digits = task_hash(task, masked, self._target.origin, self._target.enterprise_id)
        if masked is content or self.key is None:
            return digits, ""
        return digits, self.key.task_digits(task, content)

    def _mark(self, digits: str, secret_digits: str) -> str:
        key = self.key.name if secret_digits and self.key is not None else ""
        return fingerprint(self._enterprise, digits, key, secret_digits)

    def _secrets_of(self, task_type: str) -> SecretFields:
        if task_type not in self._secrets:
            self._secrets[task_type] = SecretFields(task_type, self._wire_names)
        return self._secrets[task_type]

    def _earlier_mark(self, task: Task, origin: str, enterprise_id: str) -> str:
        return self.earlier([task], origin, enterprise_id).marks[task.sheet, task.row]

    @cached_property
    def _spellings(self) -> Mapping[str, list[tuple[str, str]]]:
        """By their six digits, the ways in which earlier versions may have spelt server and enterprise."""
        found: dict[str, list[tuple[str, str]]] = {}
        if "://" in self._target.origin:
            for enterprise in earlier_enterprise_spellings(self._target.enterprise_id):
                for origin in earlier_spellings(self._target.origin):
                    pair = (origin, enterprise)
                    found.setdefault(enterprise_digits(*pair), []).append(pair)
        return found
